/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The A20 gate, which the keyboard controller's output port and port 92h open and close.
 * There is one in a machine: the last one who sets it decides.
 */
#ifndef TESSERA_DRAFT_A20_H
#define TESSERA_DRAFT_A20_H

#include "../host.h"
#include "draft.h"

/* "tessera.a20/1": for those who drive the gate. */
#define TSR_A20 "tessera.a20/1"
struct tsr_a20 {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Opens or closes the gate: while it is closed (false), bit 20 of each physical address of
	 * the processor is zero. DMA does not pass it. [locked] */
	void (*set)(const struct tsr_host *host, bool enabled);
	/* True while the gate is open, as it is when the machine is switched on; false while it is
	 * closed. [locked] */
	bool (*get)(const struct tsr_host *host);
};

#endif
