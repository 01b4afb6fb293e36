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

enum { PCI_COMMAND = 0x04, PCI_STATUS = 0x06, PCI_BAR0 = 0x10, PCI_ROM = 0x30 };
enum { COMMAND_IO = 1, COMMAND_MEMORY = 2, COMMAND_MASTER = 4 };

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
	bool is_capability[256]; /* which bytes capabilities have */
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

/* -- pci-decode.c */

/* Its regions are where its base address registers say. [locked] */
void tsr_pci_function_decode(struct tsr_pci_function *f);
/* The command register or base address registers may have changed there: decodes them. [locked] */
void tsr_pci_function_changed(struct tsr_pci_function *f, unsigned offset, unsigned width);
/* The offset of a BAR's register. */
unsigned tsr_pci_bar_register(unsigned bar);

/* -- Little-endian registers */

/* What is read where nothing is. */
static inline uint32_t tsr_pci_all_ones(unsigned width)
{
	return width >= 4 ? 0xffffffffu : (1u << (8 * width)) - 1;
}
static inline void tsr_pci_put(uint8_t *p, uint32_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		p[i] = (uint8_t)(value >> (8 * i));
}

#endif
