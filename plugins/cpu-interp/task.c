/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hardware task switches. Intel SDM volume 3, 7.3. Faults before the commit point occur in the old
 * task; after it, in the new one (its registers are loaded; segment registers hold selectors that
 * are not valid yet).
 */
#include "derived.h"
#include "system.h"
#include "task.h"

struct task_image {
	uint32_t cr3, eip, eflags, gpr[8];
	uint16_t selector[TSR_SEGMENTS], ldt, back_link;
	bool debug_trap;
};

static void image_read32(cpu *c, tsr_gla base, struct task_image *t)
{
	uint32_t w[(TSR_TSS32_LIMIT + 1) / 4];

	memory_read_bytes(c, base, w, sizeof(w), TSR_VIEW_SUPERVISOR);
	t->cr3 = w[TSR_TSS32_CR3 / 4];
	t->eip = w[TSR_TSS32_EIP / 4];
	t->eflags = w[TSR_TSS32_EFLAGS / 4];
	memcpy(t->gpr, w + TSR_TSS32_EAX / 4, sizeof(t->gpr));
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		t->selector[i] = (uint16_t)w[TSR_TSS32_ES / 4 + i];
	t->ldt = (uint16_t)w[TSR_TSS32_LDT / 4];
	t->debug_trap = w[TSR_TSS32_TRAP / 4] & 1;
}

static void image_read16(cpu *c, tsr_gla base, struct task_image *t)
{
	uint16_t w[(TSR_TSS16_LIMIT + 1) / 2];

	memory_read_bytes(c, base, w, sizeof(w), TSR_VIEW_SUPERVISOR);
	t->cr3 = c->s->cr3;
	t->eip = w[TSR_TSS16_IP / 2];
	t->eflags = w[TSR_TSS16_FLAGS / 2];
	for (unsigned i = 0; i < 8; i++)
		t->gpr[i] = w[TSR_TSS16_AX / 2 + i] | 0xffff0000;
	for (unsigned i = 0; i < 4; i++)
		t->selector[i] = w[TSR_TSS16_ES / 2 + i];
	t->selector[TSR_FS] = t->selector[TSR_GS] = 0;
	t->ldt = w[TSR_TSS16_LDT / 2];
	t->debug_trap = false;
}

static void save_old(cpu *c, uint32_t eip, uint32_t eflags)
{
	const struct tsr_x86_state *s = c->s;

	if (s->tr.access & TSR_SEG_32) {
		uint32_t w[10]; /* EIP to EDI */

		w[0] = eip;
		w[1] = eflags;
		memcpy(w + 2, s->gpr, sizeof(s->gpr));
		memory_write_bytes(c, s->tr.base + TSR_TSS32_EIP, w, sizeof(w),
				   TSR_VIEW_SUPERVISOR);
		for (unsigned i = 0; i < TSR_SEGMENTS; i++)
			memory_write16(c, s->tr.base + TSR_TSS32_ES + 4 * i, s->segment[i].selector,
				       TSR_VIEW_SUPERVISOR);
	} else {
		uint16_t w[14]; /* IP to DS */

		w[0] = (uint16_t)eip;
		w[1] = (uint16_t)eflags;
		for (unsigned i = 0; i < 8; i++)
			w[2 + i] = (uint16_t)s->gpr[i];
		for (unsigned i = 0; i < 4; i++)
			w[10 + i] = s->segment[i].selector;
		memory_write_bytes(c, s->tr.base + TSR_TSS16_IP, w, sizeof(w), TSR_VIEW_SUPERVISOR);
	}
}

/* -- after the commit point: LDTR, CS, SS and the data segments, faults are #TS in the new task */
static void load_ldt(cpu *c, uint16_t selector)
{
	struct descriptor d;

	c->s->ldtr = (struct tsr_x86_segment){ .selector = selector };
	if (selector_null(selector))
		return;
	if ((selector & TSR_SELECTOR_TI) || !desc_find(c, selector, &d) || !desc_is_system(&d) ||
	    desc_type(&d) != TSR_SYS_LDT || !desc_present(&d))
		fault_selector(c, TSR_VECTOR_TS, selector);
	desc_to_segment(&c->s->ldtr, selector, &d);
}

static void load_code(cpu *c, uint16_t selector)
{
	struct descriptor d;
	struct tsr_x86_segment g;
	unsigned rpl = selector_rpl(selector);

	if (selector_null(selector))
		fault_code(c, TSR_VECTOR_TS, 0);
	desc_read(c, selector, &d, TSR_VECTOR_TS);
	if (!desc_is_code(&d) ||
	    (desc_is_conforming(&d) ? desc_dpl(&d) > rpl : desc_dpl(&d) != rpl))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	desc_mark(c, selector, &d, TSR_SEG_A, 0);
	desc_to_segment(&g, selector, &d);
	segment_set(c, TSR_CS, &g);
}

static void load_data(cpu *c, unsigned segment, uint16_t selector)
{
	struct descriptor d;
	struct tsr_x86_segment g;

	if (selector_null(selector))
		return;
	desc_read(c, selector, &d, TSR_VECTOR_TS);
	if (!desc_is_readable(&d))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (!desc_is_conforming(&d) &&
	    (selector_rpl(selector) > desc_dpl(&d) || c->s->cpl > desc_dpl(&d)))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (!desc_present(&d))
		fault_selector(c, TSR_VECTOR_NP, selector);
	desc_mark(c, selector, &d, TSR_SEG_A, 0);
	desc_to_segment(&g, selector, &d);
	segment_set(c, segment, &g);
}

static void load_segments(cpu *c, const struct task_image *t)
{
	struct tsr_x86_segment g;
	struct descriptor d;

	/* SS' privilege is checked against CS' RPL, which is the CPL by now. */
	load_code(c, t->selector[TSR_CS]);
	segment_check_stack(c, t->selector[TSR_SS], c->s->cpl, TSR_VECTOR_TS, &d);
	segment_use_stack(c, t->selector[TSR_SS], &d, &g);
	segment_set(c, TSR_SS, &g);
	load_data(c, TSR_ES, t->selector[TSR_ES]);
	load_data(c, TSR_DS, t->selector[TSR_DS]);
	load_data(c, TSR_FS, t->selector[TSR_FS]);
	load_data(c, TSR_GS, t->selector[TSR_GS]);
}

static void enter_selectors(cpu *c, const struct task_image *t)
{
	struct tsr_x86_segment g;

	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (v86_mode(c)) {
			segment_paragraph(c, i, t->selector[i], &g);
			segment_set(c, i, &g);
		} else {
			segment_set_null(c, i, t->selector[i]);
		}
	}
}

/* The new page tables. PDPTEs with reserved bits set are not reported: their pages are not present.
 */
static void load_cr3(cpu *c, uint32_t cr3)
{
	c->s->cr3 = cr3;
	if (c->s->cr4 & TSR_CR4_PAE)
		system_load_pdptes(c, cr3, c->s->pdpte);
}

static void enter_new(cpu *c, uint16_t selector, const struct descriptor *d,
		      const struct task_image *t, uint32_t eflags)
{
	struct tsr_x86_state *s = c->s;

	desc_to_segment(&s->tr, selector, d);
	s->tr.access |= TSR_SEG_BUSY;
	s->cr0 |= TSR_CR0_TS;
	s->dr[7] &= ~TSR_DR7_LOCAL;
	if (desc_has(d, TSR_SEG_32) && (s->cr0 & TSR_CR0_PG))
		load_cr3(c, t->cr3);
	cpu_set_context(c);
	memcpy(s->gpr, t->gpr, sizeof(s->gpr));
	s->eip = t->eip;
	c->next_eip = t->eip;
	s->eflags = TSR_FLAG_FIXED;
	cpu_set_eflags(c, eflags);
	cpu_set_cpl(c, v86_mode(c) ? 3 : selector_rpl(t->selector[TSR_CS]));
	enter_selectors(c, t);
	c->keep_rf = true;
	c->trap_lost = true;
}

static void push_error_code(cpu *c, bool wide, uint32_t code)
{
	struct new_stack stack;

	new_stack_current(c, &stack);
	new_stack_push(c, &stack, code, wide ? 4 : 2);
	c->s->gpr[TSR_ESP] = stack.esp;
}

/* Everything that will be written must be writable before anything changes. */
static void check_writes(cpu *c, tsr_gla base, bool nested)
{
	if (c->s->tr.access & TSR_SEG_32)
		memory_check_write(c, c->s->tr.base + TSR_TSS32_EIP,
				   TSR_TSS32_LDT - 2 - TSR_TSS32_EIP, TSR_VIEW_SUPERVISOR);
	else
		memory_check_write(c, c->s->tr.base + TSR_TSS16_IP, TSR_TSS16_LDT - TSR_TSS16_IP,
				   TSR_VIEW_SUPERVISOR);
	if (nested)
		memory_check_write(c, base + TSR_TSS_LINK, 2, TSR_VIEW_SUPERVISOR);
}

/* Saves the old task in its TSS; JMP and IRET leave it available. */
static void leave_old(cpu *c, enum task_reason reason)
{
	/* A fault or interrupt returns to the instruction itself, JMP, CALL and INT n to the next
	 * one. */
	uint32_t eip = reason == TASK_GATE && c->ext && !c->icebp ? c->s->eip : c->next_eip,
		 eflags = c->s->eflags;
	uint16_t selector = c->s->tr.selector;
	struct descriptor d;

	if (reason == TASK_IRET)
		eflags &= ~TSR_FLAG_NT;
	if (reason == TASK_GATE && c->ext && c->delivering_fault)
		eflags |= TSR_FLAG_RF;
	if ((reason == TASK_JMP || reason == TASK_IRET) && desc_find(c, selector, &d))
		desc_mark(c, selector, &d, 0, TSR_SEG_BUSY);
	save_old(c, eip, eflags);
}

/* EFLAGS bits that a TSS can set. */
static uint32_t eflags_mask(bool wide)
{
	uint32_t mask = TSR_FLAGS_ARITHMETIC | TSR_FLAG_TF | TSR_FLAG_IF | TSR_FLAG_DF |
			TSR_FLAG_IOPL | TSR_FLAG_NT;

	if (wide)
		mask |= TSR_FLAG_RF | TSR_FLAG_VM | TSR_FLAG_AC | TSR_FLAG_ID | TSR_FLAG_VIF |
			TSR_FLAG_VIP;
	return mask;
}

/* After the commit point: faults occur in the new task, at its first instruction. */
static void start_new(cpu *c, const struct task_image *t, bool wide, bool has_code, uint32_t code)
{
	load_ldt(c, t->ldt);
	if (!v86_mode(c))
		load_segments(c, t);
	if (has_code)
		push_error_code(c, wide, code);
	if (c->next_eip > c->s->segment[TSR_CS].limit)
		fault_gp0(c);
	if (t->debug_trap) {
		c->s->debug_pending |= TSR_DR6_BT;
		cpu_refresh_attention(c);
	}
}

void task_switch(cpu *c, uint16_t selector, const struct descriptor *target,
		 enum task_reason reason, bool has_code, uint32_t code)
{
	struct descriptor d = *target;
	bool wide = desc_has(&d, TSR_SEG_32), nested = reason == TASK_CALL || reason == TASK_GATE;
	uint16_t old_selector = c->s->tr.selector;
	uint32_t base = desc_base(&d);
	struct task_image t;

	if (desc_limit(&d) < (wide ? TSR_TSS32_LIMIT : TSR_TSS16_LIMIT))
		fault_selector(c, TSR_VECTOR_TS, selector);
	if (wide)
		image_read32(c, base, &t);
	else
		image_read16(c, base, &t);
	check_writes(c, base, nested);
	leave_old(c, reason);
	if (nested)
		memory_write16(c, base + TSR_TSS_LINK, old_selector, TSR_VIEW_SUPERVISOR);
	if (reason != TASK_IRET)
		desc_mark(c, selector, &d, TSR_SEG_BUSY, 0);
	enter_new(c, selector, &d, &t,
		  (t.eflags & eflags_mask(wide)) | (nested ? TSR_FLAG_NT : 0) | TSR_FLAG_FIXED);
	start_new(c, &t, wide, has_code, code);
}
