/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of PCI of an instance that is replaced are set aside, with the level of their pins,
 * which stays while the newcomer adds its own. All [locked]. */
#ifndef TSR_BOARD_PCI_REPLACE_H
#define TSR_BOARD_PCI_REPLACE_H

#include "board/pci-bus.h"

GPtrArray *tsr_pci_bus_set_aside(struct tsr_pci_bus *pci, const TsrInstance *owner);
/* Whether the guest finds what it has found: the same functions with the same BARs. */
bool tsr_pci_bus_compare(struct tsr_pci_bus *pci, const GPtrArray *aside, const TsrInstance *new,
			 struct tsr_error *error);
/* The newcomer has set what its registers have after a reset. */
void tsr_pci_bus_keep_reset_values(struct tsr_pci_bus *pci, const TsrInstance *new);
/* Configuration as the old one's is, decoded. */
void tsr_pci_bus_inherit(struct tsr_pci_bus *pci, const GPtrArray *aside);
/* Both free the list: the newcomer's functions have the pins from now on; or they are gone. The
 * regions of BARs are dropped, or put back, with their map. */
void tsr_pci_bus_take_over(struct tsr_pci_bus *pci, GPtrArray *aside);
void tsr_pci_bus_put_back(struct tsr_pci_bus *pci, GPtrArray *aside, const TsrInstance *new);

#endif
