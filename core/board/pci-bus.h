/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PCI bus 0. */
#ifndef TSR_BOARD_PCI_BUS_H
#define TSR_BOARD_PCI_BUS_H

#include <tessera-glib/machine.h>
#include <tessera/draft/pci-host.h>
#include <tessera/pci.h>
#include <tessera/state.h>

#include "instance/instance.h"

struct tsr_pci_bus;

struct tsr_pci_bus *tsr_pci_bus_new(TsrMachine *m);
void tsr_pci_bus_free(struct tsr_pci_bus *pci);
gboolean tsr_pci_bus_connect(struct tsr_pci_bus *pci, GError **error);
void tsr_pci_bus_reset(struct tsr_pci_bus *pci);
bool tsr_pci_function_is_master(const struct tsr_pci_function *f);
void tsr_pci_bus_put_state(struct tsr_pci_bus *pci, struct tsr_state_writer *out);
void tsr_pci_bus_get_state(struct tsr_pci_bus *pci, struct tsr_state_reader *in);
/* The level of a function's interrupt pin, whose number (1: INTA#) and owner are told; 0: it has
 * none, or its level stays while its instance is replaced. [locked] */
int tsr_pci_function_get_intx(const struct tsr_pci_function *f, unsigned *pin,
			      const TsrInstance **owner);

/* -- For recordings [locked] */

/* What a function calls. */
struct tsr_pci_target {
	const struct tsr_pci_ops *ops;
	void *self;
};
/* An instance's functions, by their addresses. (transfer container) */
GPtrArray *tsr_pci_bus_list(struct tsr_pci_bus *pci, const TsrInstance *owner);
/* Its 256 bytes, and the level of its pin. */
const uint8_t *tsr_pci_function_look(const struct tsr_pci_function *f, int *intx);
/* Replaces what it calls; returns what it called. */
struct tsr_pci_target tsr_pci_function_set_target(struct tsr_pci_function *f,
						  struct tsr_pci_target target);

extern const struct tsr_pci tsr_pci_table;
extern const struct tsr_pci_fixed tsr_pci_fixed_table;
extern const struct tsr_pci_host tsr_pci_host_table;

#endif
