/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors, segment registers and the instructions that load, store and test them.
 * Intel SDM volume 2 (operation sections) and volume 3, chapter 5. A null selector leaves base and
 * limit zero. In real mode a load changes only selector and base, so limits set in protected mode
 * stay ("big real mode").
 */
#include "derived.h"
#include "segment.h"
#include "instructions.h"

bool desc_find(cpu *c, uint16_t selector, struct descriptor *d)
{
	uint32_t base = c->s->gdtr.base, limit = c->s->gdtr.limit,
		 at = selector & TSR_SELECTOR_INDEX;
	uint64_t raw;

	if (selector & TSR_SELECTOR_TI) {
		if (!(c->s->ldtr.access & TSR_SEG_P))
			return false;
		base = c->s->ldtr.base;
		limit = c->s->ldtr.limit;
	}
	if (at + 7 > limit)
		return false;
	raw = memory_read64(c, base + at, TSR_VIEW_SUPERVISOR);
	*d = (struct descriptor){ .low = (uint32_t)raw, .high = (uint32_t)(raw >> 32) };
	return true;
}

void desc_read(cpu *c, uint16_t selector, struct descriptor *d, int vector)
{
	if (!desc_find(c, selector, d))
		fault_selector(c, vector, selector);
}

void desc_mark(cpu *c, uint16_t selector, struct descriptor *d, uint32_t set, uint32_t clear)
{
	uint32_t high = (d->high | TSR_DESC(set)) & ~TSR_DESC(clear);
	uint32_t base = selector & TSR_SELECTOR_TI ? c->s->ldtr.base : c->s->gdtr.base;

	if (high == d->high)
		return;
	d->high = high;
	memory_write8(c, base + (selector & TSR_SELECTOR_INDEX) + 5, (uint8_t)(high >> 8),
		      TSR_VIEW_SUPERVISOR);
}

void desc_to_segment(struct tsr_x86_segment *g, uint16_t selector, const struct descriptor *d)
{
	g->selector = selector;
	g->access = (uint16_t)(d->high >> 8 & TSR_SEG_KEPT);
	g->limit = desc_limit(d);
	g->base = desc_base(d);
}

void segment_set(cpu *c, unsigned segment, const struct tsr_x86_segment *g)
{
	c->s->segment[segment] = *g;
	cpu_refresh_segment(c, segment);
}

void segment_set_null(cpu *c, unsigned segment, uint16_t selector)
{
	segment_set(c, segment, &(struct tsr_x86_segment){ .selector = selector });
}

void segment_paragraph(cpu *c, unsigned segment, uint16_t selector, struct tsr_x86_segment *out)
{
	*out = c->s->segment[segment];
	if (v86_mode(c)) {
		out->limit = 0xffff;
		out->access = TSR_SEG_V86;
	} else if (!(out->access & TSR_SEG_P)) {
		out->limit = 0xffff;
		out->access = TSR_SEG_RESET;
	} else if (segment == TSR_CS) {
		out->access = (out->access & 0xff00) | TSR_SEG_RESET;
	}
	out->selector = selector;
	out->base = (uint32_t)selector << 4;
}

void segment_check_stack(cpu *c, uint16_t selector, unsigned cpl, int vector, struct descriptor *d)
{
	if (selector_null(selector))
		fault_code(c, vector, 0);
	desc_read(c, selector, d, vector);
	if (selector_rpl(selector) != cpl || !desc_is_writable_data(d) || desc_dpl(d) != cpl)
		fault_selector(c, vector, selector);
	if (!desc_present(d))
		fault_selector(c, TSR_VECTOR_SS, selector);
}

void segment_use_stack(cpu *c, uint16_t selector, struct descriptor *d, struct tsr_x86_segment *out)
{
	desc_mark(c, selector, d, TSR_SEG_A, 0);
	desc_to_segment(out, selector, d);
}

static void load_data(cpu *c, unsigned segment, uint16_t selector)
{
	struct tsr_x86_segment g;
	struct descriptor d;

	if (selector_null(selector)) {
		segment_set_null(c, segment, selector);
		return;
	}
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (!desc_is_readable(&d))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_is_conforming(&d) &&
	    (selector_rpl(selector) > desc_dpl(&d) || c->s->cpl > desc_dpl(&d)))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	desc_mark(c, selector, &d, TSR_SEG_A, 0);
	desc_to_segment(&g, selector, &d);
	segment_set(c, segment, &g);
}

void segment_load(cpu *c, unsigned segment, uint16_t selector)
{
	struct tsr_x86_segment g;
	struct descriptor d;

	if (paragraph_mode(c)) {
		segment_paragraph(c, segment, selector, &g);
		segment_set(c, segment, &g);
	} else if (segment == TSR_SS) {
		segment_check_stack(c, selector, c->s->cpl, TSR_VECTOR_GP, &d);
		segment_use_stack(c, selector, &d, &g);
		segment_set(c, segment, &g);
	} else {
		load_data(c, segment, selector);
	}
}

/* -- stacks of other privileges */
void new_stack_current(cpu *c, struct new_stack *stack)
{
	stack->ss = c->s->segment[TSR_SS];
	stack->esp = c->s->gpr[TSR_ESP];
	stack->view = c->view;
	stack->code = 0;
}

void new_stack_from_tss(cpu *c, unsigned cpl, struct new_stack *stack)
{
	const struct tsr_x86_segment *tr = &c->s->tr;
	bool wide = tr->access & TSR_SEG_32;
	uint32_t at = wide ? TSR_TSS32_ESP0 + 8 * cpl : TSR_TSS16_SP0 + 4 * cpl,
		 last = at + (wide ? 5 : 3);
	uint16_t selector;

	if (last > tr->limit)
		fault_selector(c, TSR_VECTOR_TS, tr->selector);
	if (wide) {
		stack->esp = memory_read32(c, tr->base + at, TSR_VIEW_SUPERVISOR);
		selector = memory_read16(c, tr->base + at + 4, TSR_VIEW_SUPERVISOR);
	} else {
		stack->esp = memory_read16(c, tr->base + at, TSR_VIEW_SUPERVISOR);
		selector = memory_read16(c, tr->base + at + 2, TSR_VIEW_SUPERVISOR);
	}
	segment_check_stack(c, selector, cpl, TSR_VECTOR_TS, &stack->descriptor);
	desc_to_segment(&stack->ss, selector, &stack->descriptor);
	if (!(stack->ss.access & TSR_SEG_DB)) /* a 16-bit stack changes the low word of ESP only */
		stack->esp = (c->s->gpr[TSR_ESP] & 0xffff0000) | (stack->esp & 0xffff);
	stack->view = cpl == 3 ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	stack->code = selector & TSR_SELECTOR_ENTRY;
}

static uint32_t new_stack_mask(const struct new_stack *stack)
{
	return stack->ss.access & TSR_SEG_DB ? 0xffffffff : 0xffff;
}

void new_stack_push(cpu *c, struct new_stack *stack, uint32_t value, unsigned size)
{
	uint32_t mask = new_stack_mask(stack), at = (stack->esp - size) & mask;

	if (!memory_inside_limit(&stack->ss, at, size))
		fault_code(c, TSR_VECTOR_SS, stack->code);
	memory_write(c, stack->ss.base + at, value, size, stack->view);
	stack->esp = (stack->esp & ~mask) | at;
}

void new_stack_mark(cpu *c, struct new_stack *stack)
{
	segment_use_stack(c, stack->ss.selector, &stack->descriptor, &stack->ss);
}

void new_stack_commit(cpu *c, const struct new_stack *stack)
{
	segment_set(c, TSR_SS, &stack->ss);
	c->s->gpr[TSR_ESP] = stack->esp;
}

/* -- MOV, POP, LDS ... */
void op_mov_from_sreg(cpu *c, const struct op *op)
{
	uint16_t selector = c->s->segment[op->reg].selector;

	if (op->flags & OP_MEM)
		operand_write(c, op, 2, selector);
	else
		reg_set(c, op->rm, op->size, selector);
}

static void load_and_shadow(cpu *c, unsigned segment, uint16_t selector)
{
	segment_load(c, segment, selector);
	if (segment == TSR_SS) {
		c->s->shadow |= TSR_SHADOW_SS;
		cpu_refresh_attention(c);
	}
}

void op_mov_to_sreg(cpu *c, const struct op *op)
{
	load_and_shadow(c, op->reg, (uint16_t)operand_read(c, op, 2));
}

/* Only the lower half of a 32-bit slot is read, as PUSH writes it. */
void op_pop_sreg(cpu *c, const struct op *op)
{
	uint32_t esp = c->s->gpr[TSR_ESP], mask = c->stack_mask, popped = esp + op->size;
	uint16_t selector = (uint16_t)stack_peek(c, 0, 2);

	load_and_shadow(c, op->reg, selector);
	c->s->gpr[TSR_ESP] = (esp & ~mask) | (popped & mask);
}

/* op->imm2: the segment; op->reg: the register. */
void op_load_far_pointer(cpu *c, const struct op *op)
{
	tsr_gla gla = memory_operand(c, op, op->size + 2, false);
	uint32_t offset = memory_read(c, gla, op->size, c->view);

	segment_load(c, op->imm2, memory_read16(c, gla + op->size, c->view));
	reg_set(c, op->reg, op->size, offset);
}

/* -- tests of descriptors */
static void need_protected(cpu *c)
{
	if (paragraph_mode(c))
		fault_ud(c);
}

static void set_zf(cpu *c, bool value)
{
	c->s->eflags = (c->s->eflags & ~TSR_FLAG_ZF) | (value ? TSR_FLAG_ZF : 0);
}

/* May the current program see the descriptor? */
static bool visible(cpu *c, uint16_t selector, struct descriptor *d)
{
	if (selector_null(selector) || !desc_find(c, selector, d))
		return false;
	if (!desc_is_system(d) && desc_is_conforming(d))
		return true;
	return c->s->cpl <= desc_dpl(d) && selector_rpl(selector) <= desc_dpl(d);
}

#define TYPE_BIT(t) (1u << (t))

void op_lar(cpu *c, const struct op *op)
{
	const uint32_t known = TYPE_BIT(TSR_SYS_TSS16) | TYPE_BIT(TSR_SYS_LDT) |
			       TYPE_BIT(TSR_SYS_TSS16_BUSY) | TYPE_BIT(TSR_SYS_CALL16) |
			       TYPE_BIT(TSR_SYS_TASK_GATE) | TYPE_BIT(TSR_SYS_TSS32) |
			       TYPE_BIT(TSR_SYS_TSS32_BUSY) | TYPE_BIT(TSR_SYS_CALL32);
	struct descriptor d;
	bool ok;

	need_protected(c);
	ok = visible(c, (uint16_t)operand_read(c, op, 2), &d);
	ok = ok && (!desc_is_system(&d) || known >> desc_type(&d) & 1);
	if (ok)
		reg_set(c, op->reg, op->size, d.high & (op->size == 2 ? 0xff00 : 0x00ffff00));
	set_zf(c, ok);
}

void op_lsl(cpu *c, const struct op *op)
{
	const uint32_t known = TYPE_BIT(TSR_SYS_TSS16) | TYPE_BIT(TSR_SYS_LDT) |
			       TYPE_BIT(TSR_SYS_TSS16_BUSY) | TYPE_BIT(TSR_SYS_TSS32) |
			       TYPE_BIT(TSR_SYS_TSS32_BUSY);
	struct descriptor d;
	bool ok;

	need_protected(c);
	ok = visible(c, (uint16_t)operand_read(c, op, 2), &d);
	ok = ok && (!desc_is_system(&d) || known >> desc_type(&d) & 1);
	if (ok)
		reg_set(c, op->reg, op->size, desc_limit(&d));
	set_zf(c, ok);
}

void op_verr(cpu *c, const struct op *op)
{
	struct descriptor d;

	need_protected(c);
	set_zf(c, visible(c, (uint16_t)operand_read(c, op, 2), &d) && desc_is_readable(&d));
}

void op_verw(cpu *c, const struct op *op)
{
	struct descriptor d;

	need_protected(c);
	set_zf(c, visible(c, (uint16_t)operand_read(c, op, 2), &d) && desc_is_writable_data(&d));
}

/* The destination must be writable when it is written: SDM volume 2, ARPL, writes only if the RPL
 * rises. */
void op_arpl(cpu *c, const struct op *op)
{
	uint32_t d, s;

	need_protected(c);
	d = operand_read(c, op, 2);
	s = reg_get(c, op->reg, 2);
	if (selector_rpl(d) < selector_rpl(s)) {
		operand_write(c, op, 2, (d & TSR_SELECTOR_ENTRY) | selector_rpl(s));
		set_zf(c, true);
	} else {
		set_zf(c, false);
	}
}

/* -- table registers */
static void need_cpl0(cpu *c)
{
	if (c->s->cpl)
		fault_gp0(c);
}

/* All 32 bits of the base whatever the operand size, as the P6 and AMD do. A word, then a
 * doubleword (SDM volume 3, 3.5.1). */
static void store_table(cpu *c, const struct op *op, uint32_t base, uint32_t limit)
{
	tsr_gla gla = memory_operand(c, op, 6, true);
	uint64_t image = (uint64_t)base << 16 | (limit & 0xffff);

	memory_check_alignment(c, gla, 2, c->view);
	memory_check_alignment(c, gla + 2, 4, c->view);
	memory_write_bytes(c, gla, &image, 6, c->view);
}

void op_sgdt(cpu *c, const struct op *op)
{
	store_table(c, op, c->s->gdtr.base, c->s->gdtr.limit);
}

void op_sidt(cpu *c, const struct op *op)
{
	store_table(c, op, c->s->idtr.base, c->s->idtr.limit);
}

static uint64_t load_table(cpu *c, const struct op *op)
{
	uint64_t image = 0;

	need_cpl0(c);
	memory_read_bytes(c, memory_operand(c, op, 6, false), &image, 6, c->view);
	return op->size == 2 ? image & 0xffffffffff : image;
}

void op_lgdt(cpu *c, const struct op *op)
{
	uint64_t image = load_table(c, op);

	c->s->gdtr.base = (uint32_t)(image >> 16);
	c->s->gdtr.limit = image & 0xffff;
}

void op_lidt(cpu *c, const struct op *op)
{
	uint64_t image = load_table(c, op);

	c->s->idtr.base = (uint32_t)(image >> 16);
	c->s->idtr.limit = image & 0xffff;
}

static void store_selector(cpu *c, const struct op *op, uint16_t selector)
{
	need_protected(c);
	operand_write(c, op, op->flags & OP_MEM ? 2 : op->size, selector);
}

void op_sldt(cpu *c, const struct op *op)
{
	store_selector(c, op, c->s->ldtr.selector);
}

void op_str(cpu *c, const struct op *op)
{
	store_selector(c, op, c->s->tr.selector);
}

void op_lldt(cpu *c, const struct op *op)
{
	struct descriptor d;
	uint16_t selector;

	need_protected(c);
	need_cpl0(c);
	selector = (uint16_t)operand_read(c, op, 2);
	if (selector_null(selector)) {
		c->s->ldtr = (struct tsr_x86_segment){ .selector = selector };
		return;
	}
	if (selector & TSR_SELECTOR_TI)
		fault_selector(c, TSR_VECTOR_GP, selector);
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (!desc_is_system(&d) || desc_type(&d) != TSR_SYS_LDT)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	desc_to_segment(&c->s->ldtr, selector, &d);
}

void op_ltr(cpu *c, const struct op *op)
{
	struct descriptor d;
	uint16_t selector;

	need_protected(c);
	need_cpl0(c);
	selector = (uint16_t)operand_read(c, op, 2);
	if (selector_null(selector))
		fault_gp0(c);
	if (selector & TSR_SELECTOR_TI)
		fault_selector(c, TSR_VECTOR_GP, selector);
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (!desc_is_system(&d) ||
	    (desc_type(&d) != TSR_SYS_TSS16 && desc_type(&d) != TSR_SYS_TSS32))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	desc_mark(c, selector, &d, TSR_SEG_BUSY, 0);
	desc_to_segment(&c->s->tr, selector, &d);
}
