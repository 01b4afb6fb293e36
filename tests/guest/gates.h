/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probes of the delivery through gates: one instruction in a ring with given flags, and what the
 * handler, and the code after its IRET, found. */
#ifndef GATES_H
#define GATES_H

#define PATTERN 0x13572460         /* EAX of a probe; other registers count up from it; ECX is 0 */
#define PAGE_ADDRESS 0x40000010    /* that page_read, page_write and page_fetch access */
#define PAGE_TABLE_GLA 0x40000000u /* linear addresses of gates_table */

#ifndef __ASSEMBLER__
#include "guest.h"

#define CF 1u
#define ARITHMETIC 0x8d5u
#define TF 0x100u
#define IF 0x200u
#define DIRECTION 0x400u
#define IOPL(n) ((uint32_t)(n) << 12)
#define NT 0x4000u
#define RF 0x10000u
#define ALIGNMENT 0x40000u

#define PAGE 4096u
#define PAGE_P 1u
#define PAGE_RW 2u
#define PAGE_US 4u
#define PAGE_A 0x20u

struct probe {
	uint32_t eip, cs, eflags, esp, ss;
};

struct seen {
	uint32_t vector, eflags, esp, cs, ss, cr2, frame[6], count;
};

struct after {
	uint32_t esp, eflags, eax, ebx, ecx, edx, esi, edi, ebp;
};

/* What the SDM says a delivery leaves. No error code: NONE. */
struct wanted {
	unsigned vector;
	uint32_t error, eip;
	bool fault; /* RF in the pushed image */
	uint32_t cr2;
};
#define NONE UINT32_MAX

typedef void action(void);
extern action int_90, int_91, int_92, int_93, int_94, int_95, divide, divide_signed, page_read,
	page_write, page_fetch, wait_for_interrupt, probe_done, probe_leave, sysenter_target,
	entry16, stack_task_body;
extern const uint8_t gate_entries[];
extern uint8_t probe_stack[1024];
extern volatile struct seen seen;
extern volatile struct after after;
/* Called by the handler with the frame, error code first; may change it. */
extern void (*volatile gate_fix)(uint32_t *frame);
extern uint32_t *const gates_table;

void probe_enter(const struct probe *probe);
/* Runs the action in ring 0 or 3 with these EFLAGS. */
void probe_run(unsigned ring, action *action, uint32_t eflags, uint32_t esp);
/* How many words of frame, handler state and state after IRET are not as the SDM has them. */
unsigned probe_differences(unsigned ring, const struct wanted *w);
void gates_set(unsigned vector, uint16_t selector, uint8_t access);
void gates_map(unsigned page, uint32_t entry);
/* Frames to probe_done: fix functions. */
void fix_skip(uint32_t *frame);
void fix_skip_error(uint32_t *frame);

/* The task that stack_task_body is notes these, and calls stack_task_fix. */
extern volatile uint32_t task_error, task_cr2, task_runs;
void stack_task_fix(void);

void gates_refused(void);

#endif
#endif
