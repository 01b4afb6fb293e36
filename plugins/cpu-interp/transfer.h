/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What far transfers, interrupts and task switches share. */
#ifndef INTERP_TRANSFER_H
#define INTERP_TRANSFER_H

#include "task.h"

/* Loads CS from a checked descriptor, sets it accessed, and makes `cpl` the current privilege. */
void transfer_set_cs(cpu *c, uint16_t selector, struct descriptor *d, unsigned cpl);
void transfer_check_offset(cpu *c, const struct descriptor *d, uint32_t offset);
/* The code segment that a far RET or IRET names. */
void transfer_check_return_code(cpu *c, uint16_t selector, struct descriptor *d);
void transfer_drop_segments(cpu *c);
/* The rest of a return to an outer ring. */
void transfer_outer(cpu *c, uint16_t cs, struct descriptor *d, uint32_t eip, uint16_t ss,
		    uint32_t esp, unsigned size, uint32_t release);
void transfer_task_gate(cpu *c, const struct descriptor *gate, enum task_reason reason,
			bool has_code, uint32_t code);

#endif
