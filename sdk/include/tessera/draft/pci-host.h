/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. PCI as the chipset has it (PCI Local Bus Specification 2.1): the host bridge plugin turns
 * its own configuration mechanism into pci-host calls, another chip routes INTx, and chips of the
 * board have fixed places. Functions need tessera.pci/1 of pci.h only.
 */
#ifndef TESSERA_DRAFT_PCI_HOST_H
#define TESSERA_DRAFT_PCI_HOST_H

#include "../host.h"
#include "../pci.h"
#include "draft.h"

/* "tessera.pci-host/1": for the host bridge. */
#define TSR_PCI_HOST "tessera.pci-host/1"
struct tsr_pci_host {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Configuration accesses. bdf: bus << 8 | device << 3 | function; `offset`: below 256, a
	 * multiple of `width` (1, 2, 4 bytes). Reads of an absent function give all ones. [locked]
	 */
	uint32_t (*config_read)(const struct tsr_host *host, unsigned bdf, unsigned offset,
				unsigned width);
	void (*config_write)(const struct tsr_host *host, unsigned bdf, unsigned offset,
			     uint32_t value, unsigned width);
};

/* "tessera.pci-fixed/1": for chips of the board. What they add is used with tessera.pci/1. */
#define TSR_PCI_FIXED "tessera.pci-fixed/1"
struct tsr_pci_fixed {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds a function as tsr_pci.add, at a device and function number that the chip has fixed,
	 * whatever the machine manifest says. NULL and error when there is no such address or it is
	 * taken. [main & !running] */
	struct tsr_pci_function *(*add)(const struct tsr_host *host, unsigned device,
					unsigned function, const struct tsr_pci_id *id,
					const struct tsr_pci_ops *ops, void *self,
					struct tsr_error *error);
};

/* "tessera.pci-router/1", provided by the chip that routes INTx (PIIX3). */
#define TSR_PCI_ROUTER "tessera.pci-router/1"
struct tsr_pci_router {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The level of a pin changed. `device`: 0 to 31; `pin`: 0 (INTA#) to 3. The core ORs the
	 * functions of one device that share a pin. [locked] */
	void (*set)(void *self, unsigned device, unsigned pin, int level);
};

#endif
