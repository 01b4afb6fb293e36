/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The receiving side of interrupt lines: controllers, and the processor's cycle that asks
 * one for a vector. Local APICs and several processors will change it. Devices that raise an
 * interrupt need tessera.irq/1 of host.h only.
 */
#ifndef TESSERA_DRAFT_INTERRUPTS_H
#define TESSERA_DRAFT_INTERRUPTS_H

#include "../abi.h"
#include "draft.h"

/* "tessera.irq-inputs/1", provided by interrupt controllers and others with inputs. */
#define TSR_IRQ_INPUTS "tessera.irq-inputs/1"
struct tsr_irq_inputs {
	uint32_t size;
	unsigned count; /* of inputs */
	/* The level of an input changed to 0 or 1; called only for changes. [locked] */
	void (*set)(void *self, unsigned input, int level);
};
/* "tessera.intack/1", provided by the interrupt controller that answers the processor. */
#define TSR_INTACK "tessera.intack/1"
struct tsr_intack {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The INTA cycle: returns the vector (0-255) of the request with the highest priority,
	 * which becomes in service. [locked] */
	int (*acknowledge)(void *self);
};

#endif
