/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Far JMP and CALL, call gates, far RET, SYSENTER, SYSEXIT. Intel SDM volume 2 (operation
 * sections), volume 3, 5.8. */
#include "derived.h"
#include "instructions.h"
#include "transfer.h"

void transfer_set_cs(cpu *c, uint16_t selector, struct descriptor *d, unsigned cpl)
{
	struct tsr_x86_segment g;

	desc_mark(c, selector, d, TSR_SEG_A, 0);
	desc_to_segment(&g, (uint16_t)((selector & TSR_SELECTOR_ENTRY) | cpl), d);
	cpu_set_cpl(c, cpl);
	segment_set(c, TSR_CS, &g);
}

void transfer_check_offset(cpu *c, const struct descriptor *d, uint32_t offset)
{
	if (offset > desc_limit(d))
		fault_gp0(c);
}

/* The code segment of a direct far JMP or CALL. */
static void check_direct(cpu *c, uint16_t selector, const struct descriptor *d)
{
	unsigned cpl = c->s->cpl, dpl = desc_dpl(d);
	bool allowed =
		desc_is_conforming(d) ? dpl <= cpl : selector_rpl(selector) <= cpl && dpl == cpl;

	if (!allowed)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(d))
		fault_selector(c, TSR_VECTOR_NP, selector);
}

static void far_paragraph(cpu *c, uint16_t selector, uint32_t offset, unsigned size, bool call)
{
	struct tsr_x86_segment g;

	if (offset > c->s->segment[TSR_CS].limit)
		fault_gp0(c);
	if (call) {
		struct new_stack stack;

		new_stack_current(c, &stack);
		new_stack_push(c, &stack, c->s->segment[TSR_CS].selector, size);
		new_stack_push(c, &stack, c->next_eip, size);
		c->s->gpr[TSR_ESP] = stack.esp;
	}
	segment_paragraph(c, TSR_CS, selector, &g);
	segment_set(c, TSR_CS, &g);
	c->next_eip = offset;
}

/* Same privilege: the return address on the current stack, then the new CS:EIP. */
static void enter_same(cpu *c, uint16_t selector, struct descriptor *d, uint32_t offset,
		       unsigned size, bool call)
{
	transfer_check_offset(c, d, offset);
	if (call) {
		struct new_stack stack;

		new_stack_current(c, &stack);
		new_stack_push(c, &stack, c->s->segment[TSR_CS].selector, size);
		new_stack_push(c, &stack, c->next_eip, size);
		transfer_set_cs(c, selector, d, c->s->cpl);
		c->s->gpr[TSR_ESP] = stack.esp;
	} else {
		transfer_set_cs(c, selector, d, c->s->cpl);
	}
	c->next_eip = offset;
}

/* A call gate to an inner ring: the stack of the TSS, the parameters, SS:ESP and CS:EIP. */
static void enter_inner(cpu *c, const struct descriptor *gate, uint16_t selector,
			struct descriptor *d, uint32_t offset, unsigned size)
{
	uint32_t parameter[TSR_GATE_COUNT], esp = c->s->gpr[TSR_ESP];
	unsigned count = gate->high & TSR_GATE_COUNT, cpl = desc_dpl(d);
	uint16_t old_ss = c->s->segment[TSR_SS].selector, old_cs = c->s->segment[TSR_CS].selector;
	struct new_stack stack;

	new_stack_from_tss(c, cpl, &stack);
	for (unsigned i = 0; i < count; i++)
		parameter[i] = stack_peek(c, i * size, size);
	transfer_check_offset(c, d, offset);
	new_stack_push(c, &stack, old_ss, size);
	new_stack_push(c, &stack, esp, size);
	for (unsigned i = count; i-- > 0;)
		new_stack_push(c, &stack, parameter[i], size);
	new_stack_push(c, &stack, old_cs, size);
	new_stack_push(c, &stack, c->next_eip, size);
	new_stack_mark(c, &stack);
	transfer_set_cs(c, selector, d, cpl);
	new_stack_commit(c, &stack);
	c->next_eip = offset;
}

static void through_call_gate(cpu *c, const struct descriptor *gate, bool call)
{
	uint16_t selector = gate_selector(gate);
	bool wide = desc_type(gate) == TSR_SYS_CALL32;
	uint32_t offset = wide ? gate_offset(gate) : gate_offset(gate) & 0xffff;
	unsigned size = wide ? 4 : 2;
	struct descriptor d;

	if (selector_null(selector))
		fault_gp0(c);
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (!desc_is_code(&d) || desc_dpl(&d) > c->s->cpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!call && !desc_is_conforming(&d) && desc_dpl(&d) != c->s->cpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	if (call && !desc_is_conforming(&d) && desc_dpl(&d) < c->s->cpl)
		enter_inner(c, gate, selector, &d, offset, size);
	else
		enter_same(c, selector, &d, offset, size, call);
}

void transfer_task_gate(cpu *c, const struct descriptor *gate, enum task_reason reason,
			bool has_code, uint32_t code)
{
	uint16_t selector = gate_selector(gate);
	struct descriptor d;

	if ((selector & TSR_SELECTOR_TI) || !desc_find(c, selector, &d))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_is_system(&d) ||
	    (desc_type(&d) != TSR_SYS_TSS16 && desc_type(&d) != TSR_SYS_TSS32))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	task_switch(c, selector, &d, reason, has_code, code);
}

static void far_system(cpu *c, uint16_t selector, struct descriptor *d, bool call)
{
	enum task_reason reason = call ? TASK_CALL : TASK_JMP;
	unsigned type = desc_type(d);
	bool gate = type == TSR_SYS_CALL16 || type == TSR_SYS_CALL32 || type == TSR_SYS_TASK_GATE;

	if (!gate && type != TSR_SYS_TSS16 && type != TSR_SYS_TSS32)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (desc_dpl(d) < c->s->cpl || desc_dpl(d) < selector_rpl(selector))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!gate && (selector & TSR_SELECTOR_TI))
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	if (type == TSR_SYS_TASK_GATE)
		transfer_task_gate(c, d, reason, false, 0);
	else if (gate)
		through_call_gate(c, d, call);
	else
		task_switch(c, selector, d, reason, false, 0);
}

static void far_transfer(cpu *c, uint16_t selector, uint32_t offset, unsigned size, bool call)
{
	struct descriptor d;

	if (size == 2)
		offset &= 0xffff;
	if (paragraph_mode(c)) {
		far_paragraph(c, selector, offset, size, call);
		return;
	}
	if (selector_null(selector))
		fault_gp0(c);
	desc_read(c, selector, &d, TSR_VECTOR_GP);
	if (desc_is_system(&d)) {
		far_system(c, selector, &d, call);
		return;
	}
	if (!desc_is_code(&d))
		fault_selector(c, TSR_VECTOR_GP, selector);
	check_direct(c, selector, &d);
	enter_same(c, selector, &d, offset, size, call);
}

void op_jmp_far_imm(cpu *c, const struct op *op)
{
	far_transfer(c, op->imm2, op->imm, op->size, false);
}

void op_call_far_imm(cpu *c, const struct op *op)
{
	far_transfer(c, op->imm2, op->imm, op->size, true);
}

static void far_memory(cpu *c, const struct op *op, bool call)
{
	tsr_gla gla = memory_operand(c, op, op->size + 2, false);
	uint32_t offset = memory_read(c, gla, op->size, c->view);

	far_transfer(c, memory_read16(c, gla + op->size, c->view), offset, op->size, call);
}

void op_jmp_far_mem(cpu *c, const struct op *op)
{
	far_memory(c, op, false);
}

void op_call_far_mem(cpu *c, const struct op *op)
{
	far_memory(c, op, true);
}

/* -- returns */
void transfer_check_return_code(cpu *c, uint16_t selector, struct descriptor *d)
{
	unsigned rpl = selector_rpl(selector);

	if (selector_null(selector))
		fault_gp0(c);
	desc_read(c, selector, d, TSR_VECTOR_GP);
	if (!desc_is_code(d) || rpl < c->s->cpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (desc_is_conforming(d) ? desc_dpl(d) > rpl : desc_dpl(d) != rpl)
		fault_selector(c, TSR_VECTOR_GP, selector);
	if (!desc_present(d))
		fault_selector(c, TSR_VECTOR_NP, selector);
}

/* Data segments that the outer ring may not use become null. */
void transfer_drop_segments(cpu *c)
{
	static const uint8_t data[] = { TSR_ES, TSR_DS, TSR_FS, TSR_GS };

	for (unsigned i = 0; i < sizeof(data); i++) {
		const struct tsr_x86_segment *g = &c->s->segment[data[i]];
		const unsigned code = TSR_SEG_S | TSR_SEG_CODE | TSR_SEG_C;
		bool conforming = (g->access & code) == code;

		if ((g->access & TSR_SEG_P) && !conforming &&
		    (g->access >> TSR_SEG_DPL_SHIFT & 3) < c->s->cpl)
			segment_set_null(c, data[i], 0);
	}
}

void transfer_outer(cpu *c, uint16_t cs, struct descriptor *d, uint32_t eip, uint16_t ss,
		    uint32_t esp, unsigned size, uint32_t release)
{
	unsigned cpl = selector_rpl(cs);
	struct tsr_x86_segment stack;
	struct descriptor stack_descriptor;

	segment_check_stack(c, ss, cpl, TSR_VECTOR_GP, &stack_descriptor);
	transfer_check_offset(c, d, eip);
	segment_use_stack(c, ss, &stack_descriptor, &stack);
	transfer_set_cs(c, cs, d, cpl);
	segment_set(c, TSR_SS, &stack);
	/* Only the low word of ESP changes for a 16-bit stack segment. */
	if (stack.access & TSR_SEG_DB)
		c->s->gpr[TSR_ESP] = esp + release;
	else
		reg_set(c, TSR_ESP * 4, 2, esp + release);
	transfer_drop_segments(c);
	c->next_eip = eip;
}

static void ret_paragraph(cpu *c, const struct op *op)
{
	uint32_t eip = stack_peek(c, 0, op->size);
	uint16_t selector = (uint16_t)stack_peek(c, op->size, op->size);
	struct tsr_x86_segment g;

	if (eip > c->s->segment[TSR_CS].limit)
		fault_gp0(c);
	stack_set_pointer(c, c->s->gpr[TSR_ESP] + 2 * op->size + (op->imm & 0xffff));
	segment_paragraph(c, TSR_CS, selector, &g);
	segment_set(c, TSR_CS, &g);
	c->next_eip = eip;
}

void op_ret_far(cpu *c, const struct op *op)
{
	unsigned n = op->size;
	uint32_t release = op->imm & 0xffff, eip;
	uint16_t selector;
	struct descriptor d;

	if (paragraph_mode(c)) {
		ret_paragraph(c, op);
		return;
	}
	eip = stack_peek(c, 0, n);
	selector = (uint16_t)stack_peek(c, n, n);
	transfer_check_return_code(c, selector, &d);
	if (selector_rpl(selector) == c->s->cpl) {
		transfer_check_offset(c, &d, eip);
		transfer_set_cs(c, selector, &d, c->s->cpl);
		stack_set_pointer(c, c->s->gpr[TSR_ESP] + 2 * n + release);
		c->next_eip = eip;
	} else {
		uint32_t esp = stack_peek(c, 2 * n + release, n);
		uint16_t ss = (uint16_t)stack_peek(c, 3 * n + release, n);

		transfer_outer(c, selector, &d, eip, ss, esp, n, release);
	}
}

/* -- SYSENTER, SYSEXIT: flat segments from the MSR; descriptors are not read */
static void set_flat(cpu *c, unsigned segment, uint32_t selector, uint16_t access)
{
	segment_set(c, segment,
		    &(struct tsr_x86_segment){ .selector = (uint16_t)selector,
					       .access = access,
					       .limit = 0xffffffff,
					       .base = 0 });
}

void op_sysenter(cpu *c, const struct op *op)
{
	uint32_t cs = c->s->sysenter_cs;

	if (!protected_mode(c) || selector_null(cs))
		fault_gp0(c);
	cpu_set_eflags(c, c->s->eflags & ~(TSR_FLAG_VM | TSR_FLAG_IF | TSR_FLAG_RF));
	cpu_set_cpl(c, 0);
	set_flat(c, TSR_CS, cs & TSR_SELECTOR_ENTRY, TSR_SEG_FLAT_CODE);
	set_flat(c, TSR_SS, (cs & TSR_SELECTOR_ENTRY) + 8, TSR_SEG_FLAT_DATA);
	c->s->gpr[TSR_ESP] = c->s->sysenter_esp;
	c->next_eip = c->s->sysenter_eip;
}

void op_sysexit(cpu *c, const struct op *op)
{
	uint32_t cs = c->s->sysenter_cs;

	if (!protected_mode(c) || selector_null(cs) || c->s->cpl)
		fault_gp0(c);
	cpu_set_cpl(c, 3);
	set_flat(c, TSR_CS, ((cs & TSR_SELECTOR_ENTRY) + 16) | 3, TSR_SEG_FLAT_CODE | TSR_SEG_DPL);
	set_flat(c, TSR_SS, ((cs & TSR_SELECTOR_ENTRY) + 24) | 3, TSR_SEG_FLAT_DATA | TSR_SEG_DPL);
	c->s->gpr[TSR_ESP] = c->s->gpr[TSR_ECX];
	c->next_eip = c->s->gpr[TSR_EDX];
}
