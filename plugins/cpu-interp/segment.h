/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors and segment registers. Intel SDM volume 3, chapters 3.4, 3.5 and 5. */
#ifndef INTERP_SEGMENT_H
#define INTERP_SEGMENT_H

#include "memory.h"

struct descriptor {
	uint32_t low, high;
};

enum system_type {
	SYS_TSS16 = 1, SYS_LDT = 2, SYS_TSS16_BUSY = 3, SYS_CALL16 = 4, SYS_TASK_GATE = 5, SYS_INT16 = 6, SYS_TRAP16 = 7,
	SYS_TSS32 = 9, SYS_TSS32_BUSY = 11, SYS_CALL32 = 12, SYS_INT32 = 14, SYS_TRAP32 = 15,
};

static inline bool selector_null(uint32_t selector)
{
	return (selector & 0xfffc) == 0;
}
static inline unsigned selector_rpl(uint32_t selector)
{
	return selector & 3;
}
static inline unsigned desc_dpl(const struct descriptor *d)
{
	return d->high >> 13 & 3;
}
static inline bool desc_present(const struct descriptor *d)
{
	return d->high & 0x8000;
}
static inline unsigned desc_type(const struct descriptor *d)
{
	return d->high >> 8 & 15;
}
static inline bool desc_is_system(const struct descriptor *d)
{
	return !(d->high & 0x1000);
}
static inline bool desc_is_code(const struct descriptor *d)
{
	return (d->high & 0x1800) == 0x1800;
}
static inline bool desc_is_conforming(const struct descriptor *d)
{
	return (d->high & 0x1c00) == 0x1c00;
}
static inline bool desc_is_writable_data(const struct descriptor *d)
{
	return (d->high & 0x1a00) == 0x1200;
}
static inline bool desc_is_readable(const struct descriptor *d)
{
	return (d->high & 0x1000) && (d->high & 0x0a00) != 0x0800;
}
static inline uint32_t desc_limit(const struct descriptor *d)
{
	uint32_t limit = (d->low & 0xffff) | (d->high & 0xf0000);

	return d->high & 0x800000 ? limit << 12 | 0xfff : limit;
}
static inline uint32_t desc_base(const struct descriptor *d)
{
	return d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000);
}
/* Of a gate. */
static inline uint16_t gate_selector(const struct descriptor *d)
{
	return (uint16_t)(d->low >> 16);
}
static inline uint32_t gate_offset(const struct descriptor *d)
{
	return (d->low & 0xffff) | (d->high & 0xffff0000);
}

/* The descriptor of a selector; false: beyond its table. */
bool desc_find(cpu *c, uint16_t selector, struct descriptor *d);
/* The same, or the fault `vector` with the selector as its error code. */
void desc_read(cpu *c, uint16_t selector, struct descriptor *d, int vector);
/* Its second dword's byte 5 as in memory: sets bits (accessed, busy) or clears them. */
void desc_mark(cpu *c, uint16_t selector, struct descriptor *d, uint32_t set, uint32_t clear);
void desc_to_segment(struct tsr_x86_segment *g, uint16_t selector, const struct descriptor *d);

/* Loads by MOV, POP, LDS: all checks. */
void segment_load(cpu *c, unsigned segment, uint16_t selector);
/* Checks an SS for a stack of privilege `cpl`; faults are `vector` (#GP or #TS), #SS when absent. */
void segment_check_stack(cpu *c, uint16_t selector, unsigned cpl, int vector, struct descriptor *d);
/* Sets it accessed. */
void segment_use_stack(cpu *c, uint16_t selector, struct descriptor *d, struct tsr_x86_segment *out);
/* Real and virtual-8086 mode: what a load of `selector` gives. */
void segment_paragraph(cpu *c, unsigned segment, uint16_t selector, struct tsr_x86_segment *out);
void segment_set(cpu *c, unsigned segment, const struct tsr_x86_segment *g);
void segment_set_null(cpu *c, unsigned segment, uint16_t selector);

static inline _Noreturn void fault_selector(cpu *c, int vector, uint16_t selector)
{
	fault_code(c, vector, selector & 0xfffc);
}

/* A stack that is not the current one yet. */
struct new_stack {
	struct descriptor descriptor; /* of new_stack_from_tss */
	struct tsr_x86_segment ss;
	uint32_t esp;
	unsigned view;
	uint16_t code; /* of #SS: 0 for the current stack */
};
void new_stack_current(cpu *c, struct new_stack *stack);
/* SS:ESP of the TSS for privilege `cpl`, checked; the segment is not accessed before new_stack_mark. */
void new_stack_from_tss(cpu *c, unsigned cpl, struct new_stack *stack);
void new_stack_push(cpu *c, struct new_stack *stack, uint32_t value, unsigned size);
/* After the pushes, before any state changes: it may fault. */
void new_stack_mark(cpu *c, struct new_stack *stack);
void new_stack_commit(cpu *c, const struct new_stack *stack);

#endif
