/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Delivery through the IVT and IDT, the INT family, and IRET in all its forms.
 * Intel SDM volume 2 (INT n, IRET) and volume 3, chapters 6, 7 and 20.
 * Error codes name the IDT entry (vector * 8 + 2) or the selector; fault_code adds EXT (bit 0) as
 * c->ext says.
 */
#include "cpuid.h"
#include "debug.h"
#include "derived.h"
#include "instructions.h"
#include "interrupt.h"
#include "transfer.h"

struct delivery {
	unsigned vector;
	enum interrupt_kind kind;
	bool has_code;
	uint32_t code;
	uint32_t eip;    /* to return to */
	uint32_t eflags; /* as pushed */
};

static _Noreturn void fault_idt(cpu *c, int vector, const struct delivery *it)
{
	fault_code(c, vector, it->vector * 8 + TSR_CODE_IDT);
}

static void deliver_paragraph(cpu *c, const struct delivery *it)
{
	struct tsr_x86_segment g;
	struct new_stack stack;
	uint32_t entry;

	if (it->vector * 4 + 3 > c->s->idtr.limit)
		fault_raise(c, TSR_VECTOR_GP);
	entry = memory_read32(c, c->s->idtr.base + it->vector * 4, TSR_VIEW_SUPERVISOR);
	if ((entry & 0xffff) > c->s->segment[TSR_CS].limit)
		fault_raise(c, TSR_VECTOR_GP);
	new_stack_current(c, &stack);
	new_stack_push(c, &stack, it->eflags, 2);
	new_stack_push(c, &stack, c->s->segment[TSR_CS].selector, 2);
	new_stack_push(c, &stack, it->eip, 2);
	c->s->gpr[TSR_ESP] = stack.esp;
	segment_paragraph(c, TSR_CS, (uint16_t)(entry >> 16), &g);
	segment_set(c, TSR_CS, &g);
	cpu_set_eflags(c, c->s->eflags & ~(TSR_FLAG_IF | TSR_FLAG_TF | TSR_FLAG_AC | TSR_FLAG_RF));
	c->next_eip = entry & 0xffff;
}

static void push_frame(cpu *c, struct new_stack *stack, const struct delivery *it, unsigned size)
{
	new_stack_push(c, stack, it->eflags, size);
	new_stack_push(c, stack, c->s->segment[TSR_CS].selector, size);
	new_stack_push(c, stack, it->eip, size);
	if (it->has_code)
		new_stack_push(c, stack, it->code, size);
}

static void push_v86_segments(cpu *c, struct new_stack *stack, unsigned size)
{
	static const uint8_t order[] = { TSR_GS, TSR_FS, TSR_DS, TSR_ES };

	for (unsigned i = 0; i < sizeof(order); i++)
		new_stack_push(c, stack, c->s->segment[order[i]].selector, size);
}

static void null_v86_segments(cpu *c)
{
	segment_set_null(c, TSR_GS, 0);
	segment_set_null(c, TSR_FS, 0);
	segment_set_null(c, TSR_DS, 0);
	segment_set_null(c, TSR_ES, 0);
}

static void deliver_inner(cpu *c, const struct delivery *it, uint16_t selector,
			  struct descriptor *d, uint32_t offset, unsigned size)
{
	unsigned cpl = desc_dpl(d);
	bool v86 = v86_mode(c);
	struct new_stack stack;

	if (v86 && cpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	new_stack_from_tss(c, cpl, &stack);
	transfer_check_offset(c, d, offset);
	if (v86)
		push_v86_segments(c, &stack, size);
	new_stack_push(c, &stack, c->s->segment[TSR_SS].selector, size);
	new_stack_push(c, &stack, c->s->gpr[TSR_ESP], size);
	push_frame(c, &stack, it, size);
	new_stack_mark(c, &stack);
	desc_mark(c, selector, d, TSR_SEG_A, 0);
	c->s->eflags &= ~TSR_FLAG_VM;
	transfer_set_cs(c, selector, d, cpl);
	new_stack_commit(c, &stack);
	if (v86)
		null_v86_segments(c);
}

static void deliver_same(cpu *c, const struct delivery *it, uint16_t selector, struct descriptor *d,
			 uint32_t offset, unsigned size)
{
	struct new_stack stack;

	new_stack_current(c, &stack);
	transfer_check_offset(c, d, offset);
	push_frame(c, &stack, it, size);
	transfer_set_cs(c, selector, d, c->s->cpl);
	c->s->gpr[TSR_ESP] = stack.esp;
}

static void deliver_gate(cpu *c, const struct delivery *it, const struct descriptor *gate)
{
	unsigned type = desc_type(gate), size = type & TSR_SEG_32 ? 4 : 2;
	uint16_t selector = gate_selector(gate);
	uint32_t offset = size == 4 ? gate_offset(gate) : gate_offset(gate) & 0xffff;
	uint32_t clear = TSR_FLAG_TF | TSR_FLAG_NT | TSR_FLAG_VM | TSR_FLAG_RF;
	struct descriptor d;

	if (selector_null(selector))
		fault_gp0(c);
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (!desc_is_code(&d) || desc_dpl(&d) > c->s->cpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	if (!desc_is_conforming(&d) && desc_dpl(&d) < c->s->cpl)
		deliver_inner(c, it, selector, &d, offset, size);
	else if (v86_mode(c))
		fault_selector(c, TSR_VECTOR_GP, selector);
	else
		deliver_same(c, it, selector, &d, offset, size);
	if (type == TSR_SYS_INT16 || type == TSR_SYS_INT32)
		clear |= TSR_FLAG_IF;
	cpu_set_eflags(c, c->s->eflags & ~clear);
	c->next_eip = offset;
}

static void deliver_protected(cpu *c, const struct delivery *it)
{
	struct descriptor gate;
	unsigned type;
	uint64_t raw;

	if (it->vector * 8 + 7 > c->s->idtr.limit)
		fault_idt(c, TSR_VECTOR_GP, it);
	raw = memory_read64(c, c->s->idtr.base + it->vector * 8, TSR_VIEW_SUPERVISOR);
	gate = (struct descriptor){ .low = (uint32_t)raw, .high = (uint32_t)(raw >> 32) };
	type = desc_type(&gate);
	/* Interrupt and trap gates of both sizes have the two bits of the 16-bit interrupt gate. */
	if (!desc_is_system(&gate) ||
	    (type != TSR_SYS_TASK_GATE && (type & TSR_SYS_INT16) != TSR_SYS_INT16))
		fault_idt(c, TSR_VECTOR_GP, it);
	if (it->kind == INT_SOFT && desc_dpl(&gate) < c->s->cpl)
		fault_idt(c, TSR_VECTOR_GP, it);
	if (!desc_present(&gate))
		fault_idt(c, TSR_VECTOR_NP, it);
	if (type == TSR_SYS_TASK_GATE)
		transfer_task_gate(c, &gate, TASK_GATE, it->has_code, it->code);
	else
		deliver_gate(c, it, &gate);
}

/*
 * The handler returns to the current EIP: state->eip for faults and external interrupts, next_eip
 * for the INT family. On return c->next_eip is the handler's. RF in the pushed image: set by faults
 * other than #DB, clear for the INT family (SDM volume 3, 17.3.1.1).
 */
void interrupt_deliver(cpu *c, unsigned vector, enum interrupt_kind kind, bool has_code,
		       uint32_t code)
{
	bool instruction = kind == INT_SOFT || kind == INT_ICEBP;

	if (instruction)
		c->s->eflags &= ~(uint32_t)TSR_FLAG_RF;
	/* clang-format off */
	struct delivery it = {
		.vector = vector, .kind = kind, .has_code = has_code, .code = code, .eflags = c->s->eflags,
		.eip = instruction ? c->next_eip : c->s->eip,
	};
	/* clang-format on */

	if (kind == INT_FAULT && vector != TSR_VECTOR_DB)
		it.eflags |= TSR_FLAG_RF;
	if (kind == INT_EXTERNAL && c->rep_started)
		it.eflags |= TSR_FLAG_RF; /* between two iterations */
	c->rep_started = false;
	c->ext = kind != INT_SOFT;
	c->icebp = kind == INT_ICEBP;
	c->trap_lost = true;
	if (protected_mode(c))
		deliver_protected(c, &it);
	else
		deliver_paragraph(c, &it);
	c->ext = false;
}

/* -- INT n and its relatives */

/* VME: a software interrupt in virtual-8086 mode whose bit in the TSS's redirection map is clear is
 * handled by the 8086 program. */
static bool vme_redirects(cpu *c, unsigned vector)
{
	const struct tsr_x86_segment *tr = &c->s->tr;
	uint32_t map, at;

	if (!(c->s->cr4 & TSR_CR4_VME) || !(tr->access & TSR_SEG_32) || tr->limit < TSR_TSS32_LIMIT)
		return false;
	map = memory_read16(c, tr->base + TSR_TSS32_IO_MAP, TSR_VIEW_SUPERVISOR);
	at = map - TSR_TSS_INT_MAP_BYTES + vector / 8;
	if (map < TSR_TSS_INT_MAP_BYTES || at > tr->limit)
		return false;
	return !(memory_read8(c, tr->base + at, TSR_VIEW_SUPERVISOR) >> (vector & 7) & 1);
}

static void vme_deliver(cpu *c, unsigned vector)
{
	uint32_t entry = memory_read32(c, vector * 4, c->view), image = c->s->eflags,
		 clear = TSR_FLAG_TF | TSR_FLAG_RF;
	struct tsr_x86_segment g;
	struct new_stack stack;

	if (iopl(c) < 3) {
		image = (image & ~TSR_FLAG_IF) | TSR_FLAG_IOPL |
			(image & TSR_FLAG_VIF ? TSR_FLAG_IF : 0);
		clear |= TSR_FLAG_VIF;
	} else {
		clear |= TSR_FLAG_IF;
	}
	new_stack_current(c, &stack);
	new_stack_push(c, &stack, image, 2);
	new_stack_push(c, &stack, c->s->segment[TSR_CS].selector, 2);
	new_stack_push(c, &stack, c->next_eip, 2);
	c->s->gpr[TSR_ESP] = stack.esp;
	segment_paragraph(c, TSR_CS, (uint16_t)(entry >> 16), &g);
	segment_set(c, TSR_CS, &g);
	cpu_set_eflags(c, c->s->eflags & ~clear);
	c->next_eip = entry & 0xffff;
	c->trap_lost = true;
}

static void soft_interrupt(cpu *c, unsigned vector)
{
	interrupt_deliver(c, vector, INT_SOFT, false, 0);
}

void op_int(cpu *c, const struct op *op)
{
	unsigned vector = op->imm & 0xff;

	if (v86_mode(c)) {
		if (vme_redirects(c, vector)) {
			vme_deliver(c, vector);
			return;
		}
		if (iopl(c) < 3)
			fault_gp0(c);
	}
	soft_interrupt(c, vector);
}

void op_int3(cpu *c, const struct op *op)
{
	soft_interrupt(c, TSR_VECTOR_BP);
}

void op_into(cpu *c, const struct op *op)
{
	if (c->s->eflags & TSR_FLAG_OF)
		soft_interrupt(c, TSR_VECTOR_OF);
}

void op_int1(cpu *c, const struct op *op)
{
	debug_report(c, c->s->debug_pending); /* a breakpoint that MOV SS holds back is reported
						 together with it, not after it */
	c->s->debug_pending = 0;
	interrupt_deliver(c, TSR_VECTOR_DB, INT_ICEBP, false, 0);
}

/* -- IRET */
#define IRET_ALWAYS (TSR_FLAGS_ARITHMETIC | TSR_FLAG_TF | TSR_FLAG_DF | TSR_FLAG_NT)

static uint32_t iret_mask(const cpu *c, unsigned size)
{
	return size == 4 ? IRET_ALWAYS | TSR_FLAG_RF | cpuid_eflags_mask(c) : IRET_ALWAYS;
}

static void iret_flags(cpu *c, uint32_t image, uint32_t change)
{
	cpu_set_eflags(c, (c->s->eflags & ~change) | (image & change));
	c->keep_rf = true;
}

static void iret_paragraph(cpu *c, const struct op *op)
{
	unsigned n = op->size;
	uint32_t eip = stack_peek(c, 0, n), image, change = iret_mask(c, n) | TSR_FLAG_IF;
	uint16_t selector = (uint16_t)stack_peek(c, n, n);
	struct tsr_x86_segment g;

	image = stack_peek(c, 2 * n, n);
	if (!v86_mode(c))
		change |= TSR_FLAG_IOPL;
	if (eip > c->s->segment[TSR_CS].limit)
		fault_gp0(c);
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + 3 * n);
	segment_paragraph(c, TSR_CS, selector, &g);
	segment_set(c, TSR_CS, &g);
	iret_flags(c, image, change);
	c->next_eip = eip;
}

/* VME, IOPL < 3, 16-bit: IF of the image goes to VIF. */
static void iret_vme(cpu *c)
{
	uint32_t eip = stack_peek(c, 0, 2), image = stack_peek(c, 4, 2),
		 change = IRET_ALWAYS | TSR_FLAG_VIF;
	uint16_t selector = (uint16_t)stack_peek(c, 2, 2);
	struct tsr_x86_segment g;

	if ((image & TSR_FLAG_TF) || ((image & TSR_FLAG_IF) && (c->s->eflags & TSR_FLAG_VIP)))
		fault_gp0(c);
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + 6);
	segment_paragraph(c, TSR_CS, selector, &g);
	segment_set(c, TSR_CS, &g);
	iret_flags(c, image & TSR_FLAG_IF ? image | TSR_FLAG_VIF : image, change);
	c->next_eip = eip;
}

static void iret_to_v86(cpu *c, uint32_t eip, uint32_t cs, uint32_t image)
{
	static const uint8_t order[] = { TSR_ES, TSR_DS, TSR_FS, TSR_GS };
	uint32_t esp = stack_peek(c, 12, 4), selector[6];
	struct tsr_x86_segment g;

	selector[TSR_SS] = stack_peek(c, 16, 4);
	for (unsigned i = 0; i < sizeof(order); i++)
		selector[order[i]] = stack_peek(c, 20 + 4 * i, 4);
	selector[TSR_CS] = cs;
	if ((eip & 0xffff) != eip)
		fault_gp0(c);
	cpu_set_eflags(c, (image & (iret_mask(c, 4) | TSR_FLAG_IF | TSR_FLAG_IOPL | TSR_FLAG_VIF |
				    TSR_FLAG_VIP)) |
				  TSR_FLAG_VM | TSR_FLAG_FIXED);
	cpu_set_cpl(c, 3);
	for (unsigned i = 0; i < 6; i++) {
		segment_paragraph(c, i, (uint16_t)selector[i], &g);
		segment_set(c, i, &g);
	}
	c->s->gpr[TSR_ESP] = esp;
	c->keep_rf = true;
	c->next_eip = eip;
}

static void iret_task(cpu *c)
{
	uint16_t selector = memory_read16(c, c->s->tr.base + TSR_TSS_LINK, TSR_VIEW_SUPERVISOR);
	struct descriptor d;

	if ((selector & TSR_SELECTOR_TI) || !desc_find(c, selector, &d))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (!desc_is_system(&d) ||
	    (desc_type(&d) != TSR_SYS_TSS16_BUSY && desc_type(&d) != TSR_SYS_TSS32_BUSY))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	task_switch(c, selector, &d, TASK_IRET, false, 0);
}

/* What IRET may change in ring `cpl`. */
static uint32_t iret_change(const cpu *c, unsigned cpl, unsigned size)
{
	uint32_t change = iret_mask(c, size);

	if (cpl == 0)
		change |= TSR_FLAG_IOPL | (size == 4 ? TSR_FLAG_VIF | TSR_FLAG_VIP : 0);
	if (cpl <= iopl(c))
		change |= TSR_FLAG_IF;
	return change;
}

static void iret_protected(cpu *c, const struct op *op)
{
	unsigned n = op->size, cpl = c->s->cpl;
	uint32_t eip = stack_peek(c, 0, n), image = stack_peek(c, 2 * n, n), change;
	uint16_t selector = (uint16_t)stack_peek(c, n, n);
	struct descriptor d;

	if (n == 4 && (image & TSR_FLAG_VM) && cpl == 0) {
		iret_to_v86(c, eip, selector, image);
		return;
	}
	transfer_check_return_code(c, selector, &d);
	change = iret_change(c, cpl, n);
	if (selector_rpl(selector) == cpl) {
		transfer_check_offset(c, &d, eip);
		transfer_set_cs(c, selector, &d, cpl);
		stack_set_pointer(c, c->s->gpr[TSR_ESP] + 3 * n);
		c->next_eip = eip;
	} else {
		uint32_t esp = stack_peek(c, 3 * n, n);
		uint16_t ss = (uint16_t)stack_peek(c, 4 * n, n);

		transfer_outer(c, selector, &d, eip, ss, esp, n, 0);
	}
	iret_flags(c, image, change);
}

/* NMIs are unblocked even if it faults (SDM volume 3, 6.7.1 and 25.3). */
void op_iret(cpu *c, const struct op *op)
{
	c->s->nmi_blocked = 0;
	if (c->s->nmi_pending)
		cpu_refresh_attention(c);
	if (v86_mode(c) && iopl(c) < 3) {
		if (op->size != 2 || !(c->s->cr4 & TSR_CR4_VME))
			fault_gp0(c);
		iret_vme(c);
	} else if (paragraph_mode(c)) {
		iret_paragraph(c, op);
	} else if (c->s->eflags & TSR_FLAG_NT) {
		iret_task(c);
	} else {
		iret_protected(c, op);
	}
}
