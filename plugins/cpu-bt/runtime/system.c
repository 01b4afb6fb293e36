/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System instructions. The interpreter can do all of them; those that kernels execute on every
 * system call, interrupt and context switch have their common case here, flat protected mode, as
 * the manual's operation sections have it (Intel SDM volume 2). Whatever is not common, and every
 * fault, is left to the interpreter with nothing done.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/cache.h"
#include "code/calls.h"
#include "code/decode.h"
#include "code/flags.h"
#include "runtime/budget.h"
#include "runtime/crossing.h"
#include "runtime/descriptor.h"
#include "runtime/device.h"
#include "runtime/dispatch.h"
#include "runtime/fp-pointers.h"
#include "runtime/gate.h"
#include "runtime/interpret.h"
#include "runtime/mode.h"
#include "runtime/outcome.h"
#include "runtime/requests.h"
#include "runtime/system.h"
#include "runtime/unchecked.h"
#include "runtime/wait.h"

/* -- MOV and POP to DS, ES, FS, GS */

static bool paragraph_segment(const struct tsr_bt *bt, unsigned segment, uint16_t selector,
			      struct tsr_x86_segment *out)
{
	*out = bt->state.segment[segment];
	if (!(out->access & TSR_SEG_P))
		return false;
	out->selector = selector;
	out->base = (uint32_t)selector << 4;
	if (bt->state.eflags & TSR_FLAG_VM) {
		out->limit = 0xffff;
		out->access = TSR_SEG_V86;
	}
	return true;
}

static bool protected_segment(const struct tsr_bt *bt, uint16_t selector,
			      struct tsr_x86_segment *out)
{
	uint32_t high;

	if (!(selector & TSR_SELECTOR_ENTRY)) {
		*out = (struct tsr_x86_segment){ .selector = selector };
		return true;
	}
	if (!tsr_bt_descriptor(bt, selector, out, &high))
		return false;
	if (high & TSR_DESC(TSR_SEG_CODE) &&
	    (!(high & TSR_DESC(TSR_SEG_R)) || high & TSR_DESC(TSR_SEG_C)))
		return false;
	return bt_descriptor_dpl(high) >= (selector & TSR_SELECTOR_RPL) &&
	       bt_descriptor_dpl(high) >= bt->state.cpl;
}

/* The selector is in r11. Skips when the mode has changed. */
struct bt_outcome tsr_bt_segment_load(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	unsigned segment = BT_CALL_SEGMENT(word);
	uint16_t selector = (uint16_t)bt->hot.saved_r11;
	bool paragraph = !(bt->state.cr0 & TSR_CR0_PE) || bt->state.eflags & TSR_FLAG_VM;
	struct tsr_x86_segment new;
	struct bt_mode from = bt->mode;
	uint32_t mode;

	bt->stats.system++;
	tsr_bt_fp_commit(bt);
	if (!(paragraph ? paragraph_segment(bt, segment, selector, &new)
			: protected_segment(bt, selector, &new)))
		return bt_leave_to_interpreter(bt, s);
	bt->state.segment[segment] = new;
	mode = tsr_bt_mode_segment(bt, segment);
	if (mode != from.word)
		tsr_bt_retag_as(bt, mode);
	tsr_bt_crossing_note_segment(bt, &from, segment, word & BT_SEGMENT_POP);
	return mode == from.word ? bt_go_on() : bt_skip_with(0);
}

/* -- RDTSC, IN, OUT */

struct bt_outcome tsr_bt_rdtsc(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	uint64_t tsc;

	if (bt->state.cr4 & TSR_CR4_TSD && bt->state.cpl)
		return bt_leave_to_interpreter(bt, s);
	bt->state.eip = bt_site_eip(bt, s);
	tsc = bt->board.cpu_host->tsc(bt->board.host) + bt->state.tsc_offset;
	bt->state.gpr[TSR_EAX] = (uint32_t)tsc;
	bt->state.gpr[TSR_EDX] = (uint32_t)(tsc >> 32);
	return tsr_bt_waits(bt) ? tsr_bt_wait(bt, s) : bt_go_on();
}

static struct bt_outcome after_device(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_block *b = &bt->cache.blocks[s->block];

	tsr_bt_cache_untrace(bt);
	if (b->valid)
		return bt_go_on();
	bt->state.eip = bt_site_eip(bt, s) + bt_insn_length(bt, b, s->insn);
	return bt_leave(bt, BT_EXIT_LOOKUP);
}

static inline uint16_t port_of(const struct tsr_bt *bt, uint32_t word)
{
	return (uint16_t)(word & BT_PORT_DX ? bt->state.gpr[TSR_EDX] : word);
}

static inline uint32_t port_mask(uint32_t word)
{
	return (uint32_t)((1ull << 8 * BT_PORT_WIDTH(word)) - 1);
}

struct bt_outcome tsr_bt_in(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	bool loaded = tsr_bt_device_begin(bt, s);
	uint32_t mask = port_mask(word), *eax = &bt->state.gpr[TSR_EAX], value;

	bt->stats.system++;
	value = bt->board.cpu_host->port_read(bt->board.host, port_of(bt, word),
					      BT_PORT_WIDTH(word));
	*eax = (*eax & ~mask) | (value & mask);
	tsr_bt_device_end(bt, loaded);
	return after_device(bt, s);
}

struct bt_outcome tsr_bt_out(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	bool loaded = tsr_bt_device_begin(bt, s);

	bt->stats.system++;
	bt->board.cpu_host->port_write(bt->board.host, port_of(bt, word),
				       bt->state.gpr[TSR_EAX] & port_mask(word),
				       BT_PORT_WIDTH(word));
	tsr_bt_device_end(bt, loaded);
	return after_device(bt, s);
}

/* -- SYSENTER, SYSEXIT, IRET */

static void flat_segment(struct tsr_x86_segment *s, uint32_t selector, uint16_t access)
{
	*s = (struct tsr_x86_segment){ .selector = (uint16_t)selector,
				       .access = access,
				       .limit = UINT32_MAX };
}

static void do_sysenter(struct tsr_x86_state *s, uint32_t cs)
{
	s->eflags &= ~(uint32_t)(TSR_FLAG_VM | TSR_FLAG_IF | TSR_FLAG_RF);
	s->cpl = 0;
	flat_segment(&s->segment[TSR_CS], cs, TSR_SEG_FLAT_CODE);
	flat_segment(&s->segment[TSR_SS], cs + 8, TSR_SEG_FLAT_DATA);
	s->gpr[TSR_ESP] = s->sysenter_esp;
	s->eip = s->sysenter_eip;
}

static void do_sysexit(struct tsr_x86_state *s, uint32_t cs)
{
	s->cpl = 3;
	flat_segment(&s->segment[TSR_CS], (cs + 16) | TSR_SELECTOR_RPL,
		     TSR_SEG_FLAT_CODE | TSR_SEG_DPL);
	flat_segment(&s->segment[TSR_SS], (cs + 24) | TSR_SELECTOR_RPL,
		     TSR_SEG_FLAT_DATA | TSR_SEG_DPL);
	s->gpr[TSR_ESP] = s->gpr[TSR_ECX];
	s->eip = s->gpr[TSR_EDX];
}

/* Both leave the arithmetic flags alone, so these stay where translated code has them. */
static bool fast_call(struct tsr_bt *bt, uint32_t mnemonic)
{
	struct tsr_x86_state *s = &bt->state;
	uint32_t cs = s->sysenter_cs & TSR_SELECTOR_ENTRY;
	bool enter = mnemonic == ZYDIS_MNEMONIC_SYSENTER;
	struct bt_mode from = bt->mode;

	if (!(bt->model.isa & BT_ISA_SEP) || !(s->cr0 & TSR_CR0_PE) || !cs || (!enter && s->cpl))
		return false;
	if (bt->hot.fp_code | bt->hot.fp_data)
		tsr_bt_fp_commit(bt);
	if (enter)
		do_sysenter(s, cs);
	else
		do_sysexit(s, cs);
	tsr_bt_retag_as(bt, tsr_bt_mode_flat(bt));
	tsr_bt_crossing_note(bt, enter ? BT_CROSSING_SYSENTER : BT_CROSSING_SYSEXIT, &from);
	return true;
}

/* Data segments that the outer ring may not use become null. */
static void drop_segments(struct tsr_bt *bt)
{
	struct tsr_x86_state *s = &bt->state;

	static const uint8_t data[] = { TSR_ES, TSR_DS, TSR_FS, TSR_GS };
	const unsigned conforming = TSR_SEG_S | TSR_SEG_CODE | TSR_SEG_C;

	for (unsigned i = 0; i < sizeof(data); i++) {
		struct tsr_x86_segment *g = &s->segment[data[i]];

		if (g->access & TSR_SEG_P && (g->access & conforming) != conforming &&
		    (g->access >> TSR_SEG_DPL_SHIFT & 3) < s->cpl) {
			*g = (struct tsr_x86_segment){ 0 };
			bt->mode.word = tsr_bt_mode_segment(bt, data[i]);
		}
	}
}

#define IRET_FLAGS \
	(TSR_FLAGS_ARITHMETIC | TSR_FLAG_TF | TSR_FLAG_IF | TSR_FLAG_DF | TSR_FLAG_IOPL | \
	 TSR_FLAG_NT | TSR_FLAG_RF | TSR_FLAG_AC | TSR_FLAG_ID)

/* What handled a fault returns to the instruction, with RF set. Without breakpoints that matters
 * only for the image of an interrupt before it is done, and none is taken there: the run loop
 * (../run.c) has it done first. So it need not be single-stepped. */
static void restart(struct tsr_bt *bt)
{
	struct tsr_x86_state *s = &bt->state;

	if (!(s->eflags & TSR_FLAG_RF) || s->dr[7] & TSR_DR7_ENABLES || bt->budget.counted ||
	    tsr_bt_wanted(bt))
		return;
	s->eflags &= ~(uint32_t)TSR_FLAG_RF;
	bt->run.restarted = true;
	bt->run.restarted_at = s->eip;
}

/* IRETD at CPL 0 with a flat stack, to the same ring or out of it, not to virtual-8086 mode, not a
 * task's end. */
static bool do_iretd(struct tsr_bt *bt)
{
	struct tsr_x86_state *s = &bt->state;
	struct tsr_x86_segment cs, ss = s->segment[TSR_SS];
	uint32_t frame[5], high, cpl, esp = s->gpr[TSR_ESP];

	if (!(s->cr0 & TSR_CR0_PE) || s->cpl || s->eflags & (TSR_FLAG_VM | TSR_FLAG_NT) ||
	    bt_segment_kind(bt->mode.word, TSR_SS) != BT_SEGMENT_FLAT ||
	    !(bt->mode.word & BT_MODE_STACK32) ||
	    !tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, esp, frame, 12))
		return false;
	cpl = frame[1] & TSR_SELECTOR_RPL;
	if (frame[2] & (TSR_FLAG_VM | TSR_FLAG_NT | TSR_FLAG_TF | TSR_FLAG_VIF | TSR_FLAG_VIP) ||
	    !(frame[1] & TSR_SELECTOR_ENTRY) ||
	    !tsr_bt_descriptor(bt, (uint16_t)frame[1], &cs, &high) ||
	    (high & TSR_DESC(TSR_SEG_CODE | TSR_SEG_C)) != TSR_DESC(TSR_SEG_CODE) ||
	    bt_descriptor_dpl(high) != cpl || frame[0] > cs.limit)
		return false;
	if (cpl && (!tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, esp + 12, frame + 3, 8) ||
		    !tsr_bt_stack_for(bt, (uint16_t)frame[4], cpl, &ss)))
		return false;
	s->cpl = cpl;
	s->segment[TSR_CS] = cs;
	s->segment[TSR_SS] = ss;
	s->gpr[TSR_ESP] = cpl ? frame[3] : esp + 12;
	if (cpl)
		drop_segments(bt);
	s->eflags = (s->eflags & ~(uint32_t)(IRET_FLAGS | TSR_FLAG_VIF | TSR_FLAG_VIP)) |
		    (frame[2] & IRET_FLAGS) | TSR_FLAG_FIXED;
	s->nmi_blocked = 0;
	s->eip = frame[0];
	restart(bt);
	return true;
}

/* -- INT n, division by a register that is zero: short encodings in one page, without prefixes */

static bool code_bytes(const struct tsr_bt *bt, uint8_t bytes[2])
{
	enum tsr_mmu_view view = bt->mode.word & BT_MODE_USER ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;

	return bt_segment_kind(bt->mode.word, TSR_CS) == BT_SEGMENT_FLAT &&
	       bt->mode.word & BT_MODE_CODE32 && tsr_bt_peek(bt, view, bt->state.eip, bytes, 2);
}

static bool do_int(struct tsr_bt *bt)
{
	uint8_t code[2];

	if (!code_bytes(bt, code) || code[0] != 0xcd)
		return false;
	return tsr_bt_gate(bt, &(struct bt_event){ .kind = BT_GATE_INT,
						   .vector = code[1],
						   .eip = bt->state.eip + 2,
						   .eflags = bt->state.eflags & ~TSR_FLAG_RF });
}

/* F7 /6 and /7: DIV and IDIV. */
static bool do_divide(struct tsr_bt *bt)
{
	uint8_t code[2];

	if (!code_bytes(bt, code) || code[0] != 0xf7 || (code[1] & 0xf0) != 0xf0 ||
	    bt->state.gpr[code[1] & 7])
		return false;
	return tsr_bt_gate(bt, &(struct bt_event){ .kind = BT_GATE_DIVIDE,
						   .vector = TSR_VECTOR_DE,
						   .eip = bt->state.eip,
						   .eflags = bt->state.eflags | TSR_FLAG_RF });
}

/* What is done here changes CS, SS, CPL and EFLAGS, and perhaps data segments, whose part of the
 * mode is up to date then. */
static bool do_here(struct tsr_bt *bt, uint32_t mnemonic)
{
	switch (mnemonic) {
	case ZYDIS_MNEMONIC_INT:
		return do_int(bt);
	case ZYDIS_MNEMONIC_DIV:
	case ZYDIS_MNEMONIC_IDIV:
		return do_divide(bt);
	case ZYDIS_MNEMONIC_IRETD:
		return do_iretd(bt);
	default:
		return false;
	}
}

/* Back to translated code after an instruction, if that is possible. */
static struct bt_outcome resume(struct tsr_bt *bt)
{
	if (bt->state.shadow || bt->state.debug_pending || bt->mode.word & BT_MODE_STEP ||
	    tsr_bt_wanted(bt) || tsr_bt_budget_over(bt))
		return bt_leave(bt, BT_EXIT_LOOKUP);
	return tsr_bt_resume(bt);
}

static void done_here(struct tsr_bt *bt)
{
	bt->stats.system++;
	bt->state.shadow = 0; /* it was the instruction after an STI */
	bt->state.instructions += bt->budget.counted;
	tsr_bt_budget_in(bt);
}

/* An instruction that is not translated: done here, or by the interpreter. */
static struct bt_outcome do_one(struct tsr_bt *bt, uint32_t mnemonic)
{
	tsr_bt_budget_out(bt);
	tsr_bt_flags_out(bt);
	tsr_bt_fp_commit(bt);
	if (do_here(bt, mnemonic)) {
		done_here(bt);
		tsr_bt_flags_in(bt);
		tsr_bt_retag_as(bt, tsr_bt_mode_privilege(bt));
		return resume(bt);
	}
	bt->fallbacks[mnemonic]++;
	bt->run.stop = tsr_bt_interpret(bt, 1, NULL);
	tsr_bt_budget_in(bt);
	tsr_bt_flags_in(bt);
	if (bt->run.stop != TSR_X86_DONE || bt->state.halted)
		return bt_leave(bt, BT_EXIT_STOP);
	tsr_bt_retag(bt);
	tsr_bt_unchecked_filled(bt, bt->unchecked.page << TSR_PAGE_SHIFT);
	return resume(bt);
}

/* Then translated code is resumed if that is possible. */
struct bt_outcome tsr_bt_bail(struct tsr_bt *bt, uint32_t eip, uint32_t mnemonic)
{
	bool fast = mnemonic == ZYDIS_MNEMONIC_SYSENTER || mnemonic == ZYDIS_MNEMONIC_SYSEXIT;

	bt->state.eip = eip;
	bt->hot.exit_value = mnemonic;
	if (bt->options.lockstep)
		return bt_leave(bt, BT_EXIT_BAIL);
	if (tsr_bt_budget_over(bt))
		return bt_leave(bt, BT_EXIT_LOOKUP);
	if (!fast || !fast_call(bt, mnemonic))
		return do_one(bt, mnemonic);
	tsr_bt_budget_out(bt);
	done_here(bt);
	return resume(bt);
}
