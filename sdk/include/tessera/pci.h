/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PCI (PCI Local Bus Specification 2.1). A function declares itself; the core keeps its
 * configuration space, decodes BARs, the command register and INTx. What host bridges and
 * interrupt routers have is in draft/pci-host.h.
 */
#ifndef TESSERA_PCI_H
#define TESSERA_PCI_H

#include "host.h"

struct tsr_pci_function; /* owned by the core, freed at detach */

enum tsr_pci_bar_kind { TSR_PCI_BAR_NONE, TSR_PCI_BAR_IO, TSR_PCI_BAR_MEMORY };

struct tsr_pci_id {
	uint32_t size;
	uint32_t class_code; /* base class << 16 | sub class << 8 | programming interface */
	uint16_t vendor, device;
	uint16_t subsystem_vendor, subsystem;
	uint8_t revision;
	uint8_t header_type;   /* bit 7: multi-function */
	uint8_t interrupt_pin; /* 0 none, 1 INTA# .. 4 INTD# */
	uint8_t reserved;      /* 0 */
};

struct tsr_pci_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Called after the core stored a configuration write of `width` bytes at `offset`, as the
	 * write mask allows. May be NULL. [locked] */
	void (*config_written)(void *self, unsigned offset, unsigned width);
	/* Called before a configuration read, to bring the bytes up to date. May be NULL. [locked]
	 */
	void (*config_read)(void *self, unsigned offset, unsigned width);
};

/* "tessera.pci/1": for functions. The bus address comes from the machine manifest's `address=DD.F`
 * key. */
#define TSR_PCI "tessera.pci/1"
struct tsr_pci {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds a function at the instance's address, or at the first free device if the machine
	 * manifest gives none. `id` is copied; `ops` may be NULL. NULL and error when the address
	 * is wrong or taken. [main & !running] */
	struct tsr_pci_function *(*add)(const struct tsr_host *host, const struct tsr_pci_id *id,
					const struct tsr_pci_ops *ops, void *self,
					struct tsr_error *error);
	/* DEPRECATED DRAFT, for plugins that are older than tsr_pci_fixed of draft/pci-host.h: its
	 * `add`. NULL and error as above. The member is NULL in the first stable version of the
	 * ABI. [main & !running] */
	struct tsr_pci_function *(*add_at)(const struct tsr_host *host, unsigned device,
					   unsigned function, const struct tsr_pci_id *id,
					   const struct tsr_pci_ops *ops, void *self,
					   struct tsr_error *error);
	/* A BAR with handlers. `length` is a power of two, at least 4 (I/O) or 16 (memory) bytes.
	 * False and error when it cannot be. [main & !running] */
	bool (*bar_io)(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
		       uint32_t length, const struct tsr_io_ops *ops, void *self,
		       struct tsr_error *error);
	/* A BAR of plain memory of `length` bytes, zeroed: *bytes is its host address, *region
	 * serves for the dirty log; both are valid until detach. `memory_flags`: enum
	 * tsr_memory_flags. False and error when it cannot be. [main & !running] */
	bool (*bar_memory)(struct tsr_pci_function *f, unsigned bar, uint32_t length,
			   bool prefetchable, unsigned memory_flags, uint8_t **bytes,
			   struct tsr_region **region, struct tsr_error *error);
	/* The option ROM's image of `length` bytes, which is copied and padded to a power of two.
	 * False and error when it is too long. [main & !running] */
	bool (*rom)(struct tsr_pci_function *f, const void *image, size_t length,
		    struct tsr_error *error);
	/* DEPRECATED, for plugins that are older than config_get, config_set and config_bits, which
	 * do the same without pointers into the core. 256 bytes each: the configuration space; the
	 * bits of each byte that the guest can write; the bits that it clears by writing one. They
	 * belong to the core, and are valid until detach; never NULL. The members are NULL in the
	 * first stable version of the ABI. [locked] */
	uint8_t *(*config)(struct tsr_pci_function *f);
	uint8_t *(*write_mask)(struct tsr_pci_function *f);
	uint8_t *(*clear_mask)(struct tsr_pci_function *f);
	/* Puts command register, BARs and interrupt line to their values after a reset. The core
	 * does it itself when the machine is reset. [locked] */
	void (*reset)(struct tsr_pci_function *f);
	/* The level of the function's interrupt pin; 1 is active. [locked] */
	void (*set_intx)(struct tsr_pci_function *f, int level);
	/* The host to pass to tsr_dma instead of the instance's, so that DMA obeys the function's
	 * bus-master bit. Valid until detach; never NULL. [any] */
	const struct tsr_host *(*dma_host)(struct tsr_pci_function *f);
	/* The function's address: bus << 8 | device << 3 | function. [any] */
	unsigned (*address)(struct tsr_pci_function *f);
	/* Since ABI 1.2. A register of the configuration space, as the guest reads it. `offset` is
	 * in bytes, `width` 1, 2 or 4 of them, little-endian; the same for the next two. Beyond 256
	 * bytes there is nothing: all ones. [locked] */
	uint32_t (*config_get)(struct tsr_pci_function *f, unsigned offset, unsigned width);
	/* Since ABI 1.2. Sets a register, whatever the guest may write of it. What it says of BARs
	 * and of the command register holds at once; config_written is not called. [locked] */
	void (*config_set)(struct tsr_pci_function *f, unsigned offset, unsigned width,
			   uint32_t value);
	/* Since ABI 1.2. Which bits of a register the guest can write, and which it clears by
	 * writing one; the rest it cannot change. [locked] */
	void (*config_bits)(struct tsr_pci_function *f, unsigned offset, unsigned width,
			    uint32_t writable, uint32_t cleared);
	/* Since ABI 1.2. Adds a capability (PCI 2.2, 6.7) of `length` bytes with this identifier,
	 * whose bytes behind the pointer are 0 until config_set, and whose bits the guest cannot
	 * write until config_bits. Its place is *offset, from 40h on. False and error when there is
	 * no room: functions with registers of their own from 40h on say so by config_bits or
	 * config_set first. [main & !running] */
	bool (*add_capability)(struct tsr_pci_function *f, uint8_t id, unsigned length,
			       unsigned *offset, struct tsr_error *error);
	/* Since ABI 1.2. Takes the function and its BARs off the bus before detach does: the
	 * pointer is not valid any more, nor are those of its regions and its dma_host. [main &
	 * !running] */
	void (*remove)(struct tsr_pci_function *f);
};

/* Copies `length` bytes of the configuration space from `offset` on. [locked] */
static inline void tsr_pci_get_bytes(const struct tsr_pci *pci, struct tsr_pci_function *f,
				     unsigned offset, uint8_t *to, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		to[i] = (uint8_t)pci->config_get(f, offset + i, 1);
}

/* Sets `length` bytes of the configuration space from `offset` on. [locked] */
static inline void tsr_pci_set_bytes(const struct tsr_pci *pci, struct tsr_pci_function *f,
				     unsigned offset, const uint8_t *from, unsigned length)
{
	for (unsigned i = 0; i < length; i++)
		pci->config_set(f, offset + i, 1, from[i]);
}

#endif
