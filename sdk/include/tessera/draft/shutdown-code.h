/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. What the guest has told the firmware to do after a reset of the processor alone. On the AT
 * it is the shutdown code in byte 0Fh of the CMOS memory (IBM PC AT Technical Reference, "Real-Time
 * Clock": shutdown status byte). The core asks when the guest's reset may end the run: a reset that
 * the guest uses to leave protected mode is not the end of it.
 */
#ifndef TESSERA_DRAFT_SHUTDOWN_CODE_H
#define TESSERA_DRAFT_SHUTDOWN_CODE_H

#include "../host.h"
#include "draft.h"

#define TSR_SHUTDOWN_CODE "tessera.shutdown-code/1"
struct tsr_shutdown_code {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Whether the firmware will resume the guest, or go on with its own self test, rather than
	 * start it anew. [locked] */
	bool (*resumes)(void *self);
};

#endif
