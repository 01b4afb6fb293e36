/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors and segment registers. Intel SDM volume 3, chapters 3.4, 3.5 and 5. */
#ifndef INTERP_SEGMENT_H
#define INTERP_SEGMENT_H

#include "memory.h"

struct descriptor {
	uint32_t low, high;
};

static inline bool selector_null(uint32_t selector)
{
	return !(selector & TSR_SELECTOR_ENTRY);
}
static inline unsigned selector_rpl(uint32_t selector)
{
	return selector & TSR_SELECTOR_RPL;
}
static inline unsigned desc_dpl(const struct descriptor *d)
{
	return d->high >> (8 + TSR_SEG_DPL_SHIFT) & 3;
}
static inline bool desc_present(const struct descriptor *d)
{
	return d->high & TSR_DESC(TSR_SEG_P);
}
static inline unsigned desc_type(const struct descriptor *d)
{
	return d->high >> 8 & TSR_SEG_TYPE;
}
/* All of these bits of the access. */
static inline bool desc_has(const struct descriptor *d, uint32_t access)
{
	return (d->high & TSR_DESC(access)) == TSR_DESC(access);
}
static inline bool desc_is_system(const struct descriptor *d)
{
	return !(d->high & TSR_DESC(TSR_SEG_S));
}
static inline bool desc_is_code(const struct descriptor *d)
{
	return desc_has(d, TSR_SEG_S | TSR_SEG_CODE);
}
static inline bool desc_is_conforming(const struct descriptor *d)
{
	return desc_has(d, TSR_SEG_S | TSR_SEG_CODE | TSR_SEG_C);
}
static inline bool desc_is_writable_data(const struct descriptor *d)
{
	return desc_has(d, TSR_SEG_S | TSR_SEG_W) && !desc_has(d, TSR_SEG_CODE);
}
static inline bool desc_is_readable(const struct descriptor *d)
{
	return desc_has(d, TSR_SEG_S) && (!desc_has(d, TSR_SEG_CODE) || desc_has(d, TSR_SEG_R));
}
static inline uint32_t desc_limit(const struct descriptor *d)
{
	uint32_t limit = (d->low & 0xffff) | (d->high & TSR_DESC_LIMIT_HIGH);

	return d->high & TSR_DESC(TSR_SEG_G) ? limit << 12 | 0xfff : limit;
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
/* Sets bits of the access byte (accessed, busy) or clears them, here and in the table. */
void desc_mark(cpu *c, uint16_t selector, struct descriptor *d, uint32_t set, uint32_t clear);
void desc_to_segment(struct tsr_x86_segment *g, uint16_t selector, const struct descriptor *d);

/* A load by MOV, POP, LDS, with all checks. */
void segment_load(cpu *c, unsigned segment, uint16_t selector);
/* Checks an SS for a stack of privilege `cpl`; faults are `vector` (#GP or #TS), #SS when absent.
 */
void segment_check_stack(cpu *c, uint16_t selector, unsigned cpl, int vector, struct descriptor *d);
/* Marks it accessed. */
void segment_use_stack(cpu *c, uint16_t selector, struct descriptor *d,
		       struct tsr_x86_segment *out);
/* Real and virtual-8086 mode: what a load of `selector` gives. */
void segment_paragraph(cpu *c, unsigned segment, uint16_t selector, struct tsr_x86_segment *out);
void segment_set(cpu *c, unsigned segment, const struct tsr_x86_segment *g);
void segment_set_null(cpu *c, unsigned segment, uint16_t selector);

static inline _Noreturn void fault_selector(cpu *c, int vector, uint16_t selector)
{
	fault_code(c, vector, selector & TSR_SELECTOR_ENTRY);
}

/* A stack that may become the current one. */
struct new_stack {
	struct descriptor descriptor; /* of new_stack_from_tss */
	struct tsr_x86_segment ss;
	uint32_t esp;
	unsigned view;
	uint16_t code; /* of #SS: 0 for the current stack */
};
void new_stack_current(cpu *c, struct new_stack *stack);
/* SS:ESP of the TSS for privilege `cpl`, checked; the segment is not accessed before
 * new_stack_mark. */
void new_stack_from_tss(cpu *c, unsigned cpl, struct new_stack *stack);
void new_stack_push(cpu *c, struct new_stack *stack, uint32_t value, unsigned size);
/* After the pushes, before any state changes: it may fault. */
void new_stack_mark(cpu *c, struct new_stack *stack);
void new_stack_commit(cpu *c, const struct new_stack *stack);

#endif
