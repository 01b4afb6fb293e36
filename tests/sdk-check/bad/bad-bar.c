/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A base address register of 48 bytes.
 * fails: attach
 * core: attach
 * says: bad BAR 0 of 48 bytes
 */
#define ON_ATTACH(d) \
	do { \
		static const struct tsr_pci_id id = { .size = sizeof(id), \
						      .vendor = 1, \
						      .device = 1 }; \
		const struct tsr_pci *pci = host->get(host, TSR_PCI); \
		struct tsr_pci_function *f = pci->add(host, &id, NULL, d, error); \
		if (!f || !pci->bar_io(f, 0, TSR_PCI_BAR_IO, 48, &bad_ops, d, error)) \
			return false; \
	} while (0)
#include "../device.h"
