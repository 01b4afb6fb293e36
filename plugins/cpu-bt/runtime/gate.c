/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Delivery through a 32-bit interrupt or trap gate to ring 0, from ring 0 or from an outer ring,
 * onto a flat stack: what kernels have on every system call, page fault and interrupt. Intel SDM
 * volume 3, 6.12.1. Everything else, and whatever faults, is left to the interpreter.
 */
#include <tessera/draft/x86-facts.h>

#include "runtime/descriptor.h"
#include "runtime/gate.h"

#define FRAME_MAX 6 /* dwords */

/* The interrupt or trap gate, if the event may use it. */
static bool read_gate(const struct tsr_bt *bt, const struct bt_event *e, uint32_t gate[2])
{
	const uint32_t wanted = TSR_DESC(TSR_SEG_P | TSR_SYS_INT32);

	return e->vector * 8u + 7 <= bt->state.idtr.limit &&
	       tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, bt->state.idtr.base + e->vector * 8u, gate,
			   8) &&
	       /* bit 0 of the type is free: interrupt or trap gate */
	       (gate[1] & TSR_DESC(TSR_SEG_P | TSR_SEG_S | (TSR_SEG_TYPE & ~1u))) == wanted &&
	       (e->kind != BT_GATE_INT || bt_descriptor_dpl(gate[1]) >= bt->state.cpl);
}

/* Ring 0 code, not conforming. */
static bool read_code(const struct tsr_bt *bt, const uint32_t gate[2], uint32_t offset,
		      struct tsr_x86_segment *cs)
{
	uint32_t high, selector = gate[0] >> 16 & TSR_SELECTOR_ENTRY;

	if (!selector || !tsr_bt_descriptor(bt, (uint16_t)(gate[0] >> 16), cs, &high) ||
	    (high & TSR_DESC(TSR_SEG_CODE | TSR_SEG_C)) != TSR_DESC(TSR_SEG_CODE) ||
	    bt_descriptor_dpl(high) || offset > cs->limit)
		return false;
	cs->selector = (uint16_t)selector;
	return true;
}

/* The stack that the handler runs on: the present one, or ring 0's of the TSS. */
static bool read_stack(const struct tsr_bt *bt, struct tsr_x86_segment *ss, uint32_t *esp)
{
	const struct tsr_x86_segment *tr = &bt->state.tr;
	uint32_t raw[2];

	if (bt->state.cpl) {
		if (!(tr->access & TSR_SEG_32) || tr->limit < TSR_TSS32_ESP0 + 5u ||
		    !tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, tr->base + TSR_TSS32_ESP0, raw, 8) ||
		    !tsr_bt_stack_for(bt, (uint16_t)raw[1], 0, ss))
			return false;
		*esp = raw[0];
	} else {
		*ss = bt->state.segment[TSR_SS];
		*esp = bt->state.gpr[TSR_ESP];
	}
	return ss->access & TSR_SEG_P && ss->access & TSR_SEG_DB && ss->access & TSR_SEG_W &&
	       !(ss->access & (TSR_SEG_CODE | TSR_SEG_E)) && !ss->base && ss->limit == UINT32_MAX;
}

/* From the lowest address on. Returns how many dwords. */
static unsigned build_frame(const struct tsr_bt *bt, const struct bt_event *e,
			    uint32_t frame[FRAME_MAX])
{
	unsigned n = 0;

	if (e->has_error_code)
		frame[n++] = e->error_code;
	frame[n++] = e->eip;
	frame[n++] = bt->state.segment[TSR_CS].selector;
	frame[n++] = e->eflags;
	if (bt->state.cpl) {
		frame[n++] = bt->state.gpr[TSR_ESP];
		frame[n++] = bt->state.segment[TSR_SS].selector;
	}
	return n;
}

/* With breakpoints, alignment checks and traps that are pending the memory accesses of the delivery
 * itself have effects. */
static bool plain(const struct tsr_x86_state *s)
{
	return s->cr0 & TSR_CR0_PE && !(s->eflags & (TSR_FLAG_VM | TSR_FLAG_AC)) &&
	       !(s->dr[7] & TSR_DR7_ENABLES) && !s->debug_pending;
}

bool tsr_bt_gate(struct tsr_bt *bt, const struct bt_event *e)
{
	struct tsr_x86_state *s = &bt->state;
	uint32_t gate[2], frame[FRAME_MAX], offset, esp, size;
	struct tsr_x86_segment cs, ss;

	if (!plain(s) || !read_gate(bt, e, gate))
		return false;
	offset = (gate[0] & 0xffff) | (gate[1] & 0xffff0000);
	if (!read_code(bt, gate, offset, &cs) || !read_stack(bt, &ss, &esp))
		return false;
	size = 4 * build_frame(bt, e, frame);
	if (!tsr_bt_poke(bt, TSR_VIEW_SUPERVISOR, esp - size, frame, size))
		return false;
	bt->stats.gates[e->kind][s->cpl != 0]++;
	s->segment[TSR_CS] = cs;
	s->segment[TSR_SS] = ss;
	s->gpr[TSR_ESP] = esp - size;
	s->cpl = 0;
	s->eflags &= ~(uint32_t)(TSR_FLAG_TF | TSR_FLAG_NT | TSR_FLAG_RF);
	if (!(gate[1] & TSR_DESC(1))) /* an interrupt gate */
		s->eflags &= ~(uint32_t)TSR_FLAG_IF;
	s->eip = offset;
	s->shadow = 0;
	return true;
}
