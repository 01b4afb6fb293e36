/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hardware task switches. */
#ifndef INTERP_TASK_H
#define INTERP_TASK_H

#include "segment.h"

enum task_reason { TASK_JMP, TASK_CALL, TASK_IRET, TASK_GATE };
/* To the task of the TSS descriptor `d` of `selector`, which the caller has checked; `code`: an
 * error code for its stack. */
void task_switch(cpu *c, uint16_t selector, const struct descriptor *d, enum task_reason reason,
		 bool has_code, uint32_t code);

#endif
