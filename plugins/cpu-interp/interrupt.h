/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Delivery of interrupts and exceptions. */
#ifndef INTERP_INTERRUPT_H
#define INTERP_INTERRUPT_H

#include "interp.h"

enum interrupt_kind { INT_EXTERNAL, INT_SOFT, INT_ICEBP, INT_FAULT };
/* On return c->next_eip is the handler's. Faults met on the way leave by fault.h. */
void interrupt_deliver(cpu *c, unsigned vector, enum interrupt_kind kind, bool has_code,
		       uint32_t code);

#endif
