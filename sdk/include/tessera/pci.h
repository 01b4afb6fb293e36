/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI (PCI Local Bus Specification 2.1). A function declares itself; the core keeps its configuration space, decodes
 * BARs, the command register and INTx. The host bridge plugin turns its own configuration mechanism into pci-host calls.
 */
#ifndef TESSERA_PCI_H
#define TESSERA_PCI_H

#include "host.h"

struct tsr_pci_function;

enum tsr_pci_bar_kind { TSR_PCI_BAR_NONE, TSR_PCI_BAR_IO, TSR_PCI_BAR_MEMORY };

struct tsr_pci_id {
	uint16_t vendor, device;
	uint32_t class_code; /* base class << 16 | sub class << 8 | programming interface */
	uint8_t revision;
	uint8_t header_type; /* bit 7: multi-function */
	uint16_t subsystem_vendor, subsystem;
	uint8_t interrupt_pin; /* 0 none, 1 INTA# .. 4 INTD# */
};

struct tsr_pci_ops {
	uint32_t size;
	/* After the core stored a configuration write under the write mask. `width` bytes at `offset`. May be NULL. [locked] */
	void (*config_written)(void *self, unsigned offset, unsigned width);
	/* Before a configuration read, to bring bytes up to date. May be NULL. [locked] */
	void (*config_read)(void *self, unsigned offset, unsigned width);
};

/* "tessera.pci/1": for functions. The bus address comes from the machine manifest's `address=DD.F` key. */
#define TSR_PCI "tessera.pci/1"
struct tsr_pci {
	uint32_t size;
	struct tsr_pci_function *(*add)(const struct tsr_host *host, const struct tsr_pci_id *id,
					const struct tsr_pci_ops *ops, void *self, struct tsr_error *error); /* [main & !running] */
	/* As add, at a fixed function number of the same device as the instance (multi-function chips). */
	struct tsr_pci_function *(*add_at)(const struct tsr_host *host, unsigned device, unsigned function,
					   const struct tsr_pci_id *id, const struct tsr_pci_ops *ops, void *self,
					   struct tsr_error *error);
	/* A BAR with handlers. `length` is a power of two >= 4 (I/O) or >= 16 (memory). [main & !running] */
	bool (*bar_io)(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind, uint32_t length,
		       const struct tsr_io_ops *ops, void *self, struct tsr_error *error);
	/* A memory BAR of plain memory; *region for the dirty log. [main & !running] */
	bool (*bar_memory)(struct tsr_pci_function *f, unsigned bar, uint32_t length, bool prefetchable, unsigned memory_flags,
			   uint8_t **bytes, struct tsr_region **region, struct tsr_error *error);
	/* The option ROM's image (copied; padded to a power of two). [main & !running] */
	bool (*rom)(struct tsr_pci_function *f, const void *image, size_t length, struct tsr_error *error);
	/* The 256 bytes of configuration space, which bits of each byte the guest can write, and which it clears
	 * by writing one. Owned by the core; the function may change them at any time. [locked] */
	uint8_t *(*config)(struct tsr_pci_function *f);
	uint8_t *(*write_mask)(struct tsr_pci_function *f);
	uint8_t *(*clear_mask)(struct tsr_pci_function *f);
	/* Back to the reset values of command, BARs, interrupt line. The core does this itself at machine reset. [locked] */
	void (*reset)(struct tsr_pci_function *f);
	void (*set_intx)(struct tsr_pci_function *f, int level); /* the function's pin, active high [locked] */
	/* DMA as this function: obeys bus-master enable. Pass to tsr_dma instead of the instance's host. */
	const struct tsr_host *(*dma_host)(struct tsr_pci_function *f);
	/* bus << 8 | device << 3 | function. [any] */
	unsigned (*address)(struct tsr_pci_function *f);
};

/* "tessera.pci-host/1": for the host bridge. */
#define TSR_PCI_HOST "tessera.pci-host/1"
struct tsr_pci_host {
	uint32_t size;
	/* bdf: bus << 8 | device << 3 | function; offset within 256, aligned to width (1, 2, 4). Absent: all ones. [locked] */
	uint32_t (*config_read)(const struct tsr_host *host, unsigned bdf, unsigned offset, unsigned width);
	void (*config_write)(const struct tsr_host *host, unsigned bdf, unsigned offset, uint32_t value, unsigned width);
};

/* Provided by the chip that routes INTx (PIIX3): "tessera.pci-router/1". */
#define TSR_PCI_ROUTER "tessera.pci-router/1"
struct tsr_pci_router {
	uint32_t size;
	/* device 0-31, pin 0 (INTA#) - 3; called on a change of that function pin's level. Functions of one
	 * device sharing a pin are ORed by the core before. [locked] */
	void (*set)(void *self, unsigned device, unsigned pin, int level);
};

#endif
