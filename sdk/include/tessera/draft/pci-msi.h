/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Message signalled interrupts and the function level reset of PCI functions. No core
 * provides tessera.pci-msi/1 yet: a machine with an 8259A alone has nobody who takes messages. The
 * core will keep the capabilities' registers in the function's configuration space, as it does with
 * BARs; a function finds a capability's place by walking the list, as its guest does.
 *
 * A message is a write of `data` to `address`. Whoever provides tessera.msi-target/1 takes it:
 * local APICs, by an address within FEE00000h to FEEFFFFFh; an address elsewhere is a plain write
 * to memory, which the core does.
 *
 * MSI is off after a reset: while it is, `raise` is false and the function uses its pin
 * (tsr_pci.set_intx). While it is on, the pin is low. A function has no level to hold: it raises a
 * vector when a cause comes. A vector that is masked becomes pending, and its message is sent when
 * the guest takes the mask off. Enable, mask and pending bits are in the configuration space, which
 * the core saves.
 *
 * Checked on paper against: PCI Local Bus Specification 3.0, 6.8.1 (MSI capability: message
 * control, address and data, mask and pending bits; fewer vectors than asked for) and 6.8.3 (a pin
 * that is not used with MSI); Advanced Capabilities for Conventional PCI ECN, 2006 (AF capability:
 * TP and FLR); Intel Software Developer's Manual 3, "Message Signalled Interrupts" (address and
 * data of local APICs); as users: AHCI 1.3 (one vector, or one for each port), e1000 (82545: one
 * vector). MSI-X is left out: it needs a table in a BAR, and no chip of this list has it.
 */
#ifndef TESSERA_DRAFT_PCI_MSI_H
#define TESSERA_DRAFT_PCI_MSI_H

#include "../pci.h"
#include "draft.h"

enum tsr_pci_msi_flags {
	TSR_PCI_MSI_64_BIT = 1,   /* addresses above 4 GiB */
	TSR_PCI_MSI_MASKABLE = 2, /* a mask and a pending bit for each vector */
};

/* "tessera.pci-msi/1", a table of the host. A function without it has its pin alone. */
#define TSR_PCI_MSI "tessera.pci-msi/1"
struct tsr_pci_msi {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds the MSI capability with
	 * 1, 2, 4, 8, 16 or 32 vectors, at the end of the function's list; flags: enum
	 * tsr_pci_msi_flags. False and error when it has one, or there is no room. [main &
	 * !running]
	 */
	bool (*add)(const struct tsr_host *host, struct tsr_pci_function *f, unsigned vectors,
		    unsigned flags, struct tsr_error *error);
	/* A cause of vector `vector` has come. The guest may have allowed fewer than there are:
	 * vectors above those use the last. True: a message was sent, or is pending; false: MSI is
	 * off. [locked] */
	bool (*raise)(struct tsr_pci_function *f, unsigned vector);
	/* A pending vector's cause is gone before it was unmasked. [locked] */
	void (*withdraw)(struct tsr_pci_function *f, unsigned vector);
	/* How many vectors the guest has allowed; 0: MSI is off. [locked] */
	unsigned (*enabled)(struct tsr_pci_function *f);
	/* Adds the AF capability with FLR. When the guest writes its reset bit, the core resets the
	 * function's configuration space as tsr_pci.reset does, and calls `reset` with `self`,
	 * which puts the rest to its values after a reset; DMA under way ends before it returns.
	 * False and error as `add`. [main & !running] */
	bool (*add_reset)(const struct tsr_host *host, struct tsr_pci_function *f,
			  void (*reset)(void *self), void *self, struct tsr_error *error);
};

/* "tessera.msi-target/1", provided by an interrupt controller that takes messages; one in a
 * machine. */
#define TSR_MSI_TARGET "tessera.msi-target/1"
struct tsr_msi_target {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Takes a message. False: the address is not the controller's, and the core writes the four
	 * bytes of `data` to memory. [locked] */
	bool (*deliver)(void *self, tsr_gpa address, uint32_t data);
};

#endif
