/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI bus 0 from within. */
#ifndef TSR_BOARD_PCI_PRIVATE_H
#define TSR_BOARD_PCI_PRIVATE_H

#include <tessera/draft/pci-host.h>
#include <tessera/pci.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"

#define DEVICES 32
#define FUNCTIONS 8
#define BARS 7 /* six and the expansion ROM */
#define ROM_BAR 6

struct bar {
	enum tsr_pci_bar_kind kind;
	uint32_t length;
	struct tsr_region *region;
};

struct tsr_pci_function {
	struct tsr_pci_bus *bus;
	TsrInstance *instance;
	struct tsr_host_record record; /* for DMA */
	unsigned device, function;
	const struct tsr_pci_ops *ops;
	void *self;
	unsigned pin; /* 1-4, 0: none */
	int intx;
	bool is_frozen; /* its instance is being replaced: the level of the pin stays */
	struct bar bars[BARS];
	uint8_t config[256], write_mask[256], clear_mask[256], reset_value[256];
};

struct tsr_pci_bus {
	TsrMachine *machine;
	struct tsr_pci_function *at[DEVICES][FUNCTIONS];
	unsigned high[DEVICES][4]; /* functions that pull the pin */
	bool keeps_values;         /* reset_value of all functions is complete */
	const struct tsr_pci_router *router;
	void *router_self;
};

/* Before the first reset: what the functions have set while the machine was built is what their
 * registers have after RST# (PCI 2.1, chapter 2.2.1). */
void tsr_pci_function_keep_reset_values(struct tsr_pci_function *f);
/* Its regions are where its base address registers say. [locked] */
void tsr_pci_function_decode(struct tsr_pci_function *f);

#endif
