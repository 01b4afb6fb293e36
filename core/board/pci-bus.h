/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI bus 0. */
#ifndef TSR_BOARD_PCI_BUS_H
#define TSR_BOARD_PCI_BUS_H

#include <tessera-glib/machine.h>
#include <tessera/pci.h>
#include <tessera/state.h>

struct tsr_pci_bus;

struct tsr_pci_bus *tsr_pci_bus_new(TsrMachine *m);
void tsr_pci_bus_free(struct tsr_pci_bus *pci);
gboolean tsr_pci_bus_connect(struct tsr_pci_bus *pci, GError **error);
void tsr_pci_bus_reset(struct tsr_pci_bus *pci);
bool tsr_pci_function_is_master(const struct tsr_pci_function *f);
void tsr_pci_bus_put_state(struct tsr_pci_bus *pci, struct tsr_state_writer *out);
void tsr_pci_bus_get_state(struct tsr_pci_bus *pci, struct tsr_state_reader *in);
extern const struct tsr_pci tsr_pci_table;
extern const struct tsr_pci_host tsr_pci_host_table;

#endif
