/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of the mode without a call of C: SYSENTER and SYSEXIT between ring 3 and ring 0, writes
 * of CR0 that change TS alone, and loads of data segment registers in ring 0. The function in C
 * that does one notes what became of the mode, in one row for each kind; the code here does it
 * again as long as all that the function looked at is as it was:
 * - the tag, which stands for the old mode (mode.c), and so for CPL, PE, VM, DF, TF and RF, and the
 *   kinds of segments. A request to leave is another tag word.
 * - the number of the fetch translations of the view that it leads to, if that is another one;
 * - what the instruction depends on: IA32_SYSENTER_CS; IOPL, AC and VIP, which matter in ring 3
 *   only; CR0 and the operand; the parts of CR4 and of the FP state that are in the mode; the
 *   selector, GDTR and the descriptor in memory.
 * Everything else that the mode's change brings (tsr_bt_retag_as) is a function of these, or read
 * anew. If something is not as it was, the bridge to the function takes over, with nothing done.
 *
 * Rows are forgotten where tags and maps of targets are (bt_crossings_forget). No row is noted in
 * runs with a budget, nor for a mode with SIMD exceptions unmasked, which has words of its own.
 *
 * In all of this code: the guest's EAX is in r10, its arithmetic flags are in AX; r11 is free, r8
 * and r9 are the bridge's, r13 is the block's unless it is left.
 */
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/jump.h"
#include "code/returns.h"
#include "runtime/crossing.h"
#include "runtime/descriptor.h"
#include "runtime/mode.h"

#define FIELD(member) BT_AT(offsetof(struct tsr_bt, member))
#define ROW(kind, member) \
	BT_AT(offsetof(struct tsr_bt, hot.crossings) + (kind) * sizeof(struct bt_crossing) + \
	      offsetof(struct bt_crossing, member))
#define VCPU(member, view) \
	HOST_MEM(R13, offsetof(struct tsr_mmu_vcpu, member) + 8 * (unsigned)(view))
#define RETURNS(member, view) \
	BT_AT(offsetof(struct tsr_bt, returns.member) + \
	      (view) * sizeof(((struct bt_returns *)0)->member[0]))
#define STATUS_AND_CONTROL BT_AT(offsetof(struct tsr_bt, state.fx))
#define MXCSR BT_AT(offsetof(struct tsr_bt, state.fx) + offsetof(struct tsr_x86_fx, mxcsr))
_Static_assert(offsetof(struct tsr_x86_fx, fcw) == 0 && offsetof(struct tsr_x86_fx, fsw) == 2, "");

/* Both are compared with zero at once. */
_Static_assert(offsetof(struct bt_hot, fp_data) == offsetof(struct bt_hot, fp_code) + 4, "");

/* Flags that make a difference for the mode of ring 3. */
#define RING3_FLAGS (TSR_FLAG_IOPL | TSR_FLAG_AC | TSR_FLAG_VIP)

/* -- code that compares */

static void flags_away(struct emitter *e)
{
	emit_mov64(e, R10, RAX);
	emit_flags_to_ax(e);
}

static void flags_back(struct emitter *e)
{
	emit_flags_from_ax(e);
	emit_mov64(e, RAX, R10);
}

/* The way to the bridge, to be emitted before what jumps there. */
static uint32_t emit_slow(struct emitter *e, uint32_t bridge)
{
	uint32_t at = emit_here(e);

	flags_back(e);
	emit_jmp(e, bridge);
	return at;
}

static void must_equal(struct emitter *e, bool w, struct host_mem a, struct host_mem b,
		       uint32_t slow)
{
	emit_rm(e, w, OP_MOV_GV_EV, R11, a);
	emit_rm(e, w, ALU_CMP << 3 | OP_ALU_GV_EV, R11, b);
	emit_jcc(e, CC_NE, slow);
}

static void must_be_zero(struct emitter *e, bool w, struct host_mem m, uint32_t slow)
{
	emit_rm(e, w, OP_ALU_EV_IB, ALU_CMP, m);
	emit_u8(e, 0);
	emit_jcc(e, CC_NE, slow);
}

static void copy(struct emitter *e, bool w, struct host_mem to, struct host_mem from)
{
	emit_rm(e, w, OP_MOV_GV_EV, R11, from);
	emit_rm(e, w, OP_MOV_EV_GV, R11, to);
}

/* -- what all of them do */

/* The tag and the map of targets of the row, without the bytes of a request: one that has come
 * since the tag word was compared stays there, and is seen by the next look-up (requests.c). First
 * of all that is written, since that look-up waits until this and what was written before are done.
 */
static void emit_new_words(struct emitter *e, enum bt_crossing_kind kind)
{
	struct host_mem to = ROW(kind, to), targets = ROW(kind, targets);

	to.disp += BT_TAG_AT;
	targets.disp += BT_TARGETS_AT;
	copy(e, false, FIELD(hot.tag_bytes[BT_TAG_AT]), to);
	copy(e, false, FIELD(hot.targets_bytes[BT_TARGETS_AT]), targets);
}

/* The rest of the row's mode. */
static void emit_new_mode(struct emitter *e, enum bt_crossing_kind kind)
{
	copy(e, false, FIELD(mode.word), ROW(kind, mode));
	copy(e, false, FIELD(mode.tag), ROW(kind, tag));
	copy(e, false, FIELD(hot.jump_offset), ROW(kind, jump_offset));
	copy(e, true, FIELD(targets.current), ROW(kind, targets));
	emit_rm(e, true, OP_GROUP5, GROUP5_INC, FIELD(stats.crossings));
}

/* -- SYSENTER, SYSEXIT */

static void copy_segment(struct emitter *e, unsigned segment, struct host_mem from)
{
	struct host_mem to = BT_AT(offsetof(struct tsr_bt, state.segment) +
				   segment * sizeof(struct tsr_x86_segment));

	_Static_assert(sizeof(struct tsr_x86_segment) == 12, "");
	copy(e, true, to, from);
	to.disp += 8;
	from.disp += 8;
	copy(e, false, to, from);
}

static void emit_view(const struct tsr_bt *bt, struct emitter *e, enum tsr_mmu_view view)
{
	emit_store64(e, RETURNS(rsp, !view), RSP);
	emit_load64(e, RSP, RETURNS(rsp, view));
	emit_store_imm(e, FIELD(returns.view), view);
	emit_mov_imm64(e, R11, (uintptr_t)tsr_bt_returns_top(bt, view));
	emit_store64(e, FIELD(hot.code_stack), R11);
	emit_load64(e, R14, VCPU(base, view));
	emit_store64(e, FIELD(hot.view_base), R14);
	if (bt->options.windows)
		copy(e, true, FIELD(hot.window_base), VCPU(window_base, view));
}

static void emit_registers(struct emitter *e, bool enter)
{
	if (enter) {
		emit_rm(e, false, OP_ALU_EV_IZ, ALU_AND, FIELD(state.eflags));
		emit_u32(e, ~(uint32_t)TSR_FLAG_IF);
		emit_load(e, R12, FIELD(state.sysenter_esp));
		emit_load(e, R8, FIELD(state.sysenter_eip));
	} else {
		emit_mov(e, R12, RCX);
		emit_mov(e, R8, RDX);
	}
	emit_store_imm(e, FIELD(state.cpl), enter ? 0 : 3);
	emit_store_imm(e, FIELD(state.shadow), 0);
	emit_store_imm(e, FIELD(mode.cs_limit), UINT32_MAX);
}

/* Reached by a jump, with what the bridge `bail` wants in r8d and r9d. */
static uint32_t emit_fast_call(const struct tsr_bt *bt, struct emitter *e, bool enter)
{
	enum bt_crossing_kind kind = enter ? BT_CROSSING_SYSENTER : BT_CROSSING_SYSEXIT;
	enum tsr_mmu_view view = enter ? TSR_VIEW_SUPERVISOR : TSR_VIEW_USER;
	uint32_t slow = emit_slow(e, bt->rt.bail), at = emit_here(e);

	flags_away(e);
	must_equal(e, true, FIELD(hot.tag_word), ROW(kind, from), slow);
	emit_load64(e, R13, FIELD(board.vcpu));
	must_equal(e, true, VCPU(fetch_tag, view), ROW(kind, fetch), slow);
	must_equal(e, false, FIELD(state.sysenter_cs), ROW(kind, key), slow);
	must_equal(e, false, RETURNS(tag, view), ROW(kind, tag), slow);
	must_be_zero(e, true, FIELD(hot.fp_code), slow);
	if (!enter) {
		emit_rm(e, false, OP_UNARY_EV, UNARY_TEST, FIELD(state.eflags));
		emit_u32(e, RING3_FLAGS);
		emit_jcc(e, CC_NE, slow);
	}
	emit_new_words(e, kind);
	emit_registers(e, enter);
	copy_segment(e, TSR_CS, ROW(kind, cs));
	copy_segment(e, TSR_SS, ROW(kind, ss));
	emit_view(bt, e, view);
	emit_new_mode(e, kind);
	flags_back(e);
	tsr_bt_jump_end(e, tsr_bt_jump_begin(bt, e));
	return at;
}

/* The new mode, r13 = where the call returns, and a stack of returns that is empty: what lay on it
 * was the old tag's. */
static void emit_leave_return(struct emitter *e, enum bt_crossing_kind kind)
{
	emit_new_words(e, kind);
	emit_pop(e, R13);
	copy(e, false, RETURNS(tag, TSR_VIEW_SUPERVISOR), ROW(kind, tag));
	emit_new_mode(e, kind);
	emit_load64(e, RSP, FIELD(hot.code_stack));
}

/* To the function, with the words that were noted for it. */
static uint32_t emit_slow_with_operand(const struct tsr_bt *bt, struct emitter *e)
{
	uint32_t at = emit_here(e);

	emit_load64(e, R8, FIELD(hot.saved_r8));
	emit_load64(e, R11, FIELD(hot.saved_r11));
	emit_slow(e, bt->rt.helper);
	return at;
}

static void note_words(struct emitter *e)
{
	emit_store64(e, FIELD(hot.saved_r8), R8);
	emit_store64(e, FIELD(hot.saved_r11), R11);
}

/* -- CR0.TS: reached by a call that stands for one of `helper`, with what that wants in r8d and r9d
 * and the operand in r11d */

static void emit_ts_to(struct emitter *e, bool set, uint32_t slow)
{
	enum bt_crossing_kind kind = set ? BT_CROSSING_TS_SET : BT_CROSSING_TS_CLEAR;

	emit_rm(e, false, ALU_CMP << 3 | OP_ALU_GV_EV, R11, ROW(kind, cr0));
	emit_jcc(e, CC_NE, slow);
	must_equal(e, true, FIELD(hot.tag_word), ROW(kind, from), slow);
	must_equal(e, false, FIELD(state.cr0), ROW(kind, key), slow);
	must_be_zero(e, true, FIELD(hot.fp_code), slow);
	if (!set) {
		must_equal(e, false, STATUS_AND_CONTROL, ROW(kind, x87), slow);
		must_equal(e, false, MXCSR, ROW(kind, mxcsr), slow);
		must_equal(e, false, FIELD(state.cr4), ROW(kind, cr4), slow);
	}
	emit_leave_return(e, kind);
	copy(e, false, FIELD(state.cr0), ROW(kind, cr0));
	emit_push(e, R13);
	flags_back(e);
	emit_ret(e);
}

static uint32_t emit_ts(const struct tsr_bt *bt, struct emitter *e)
{
	uint32_t slow = emit_slow_with_operand(bt, e), at = emit_here(e), set;

	flags_away(e);
	note_words(e);
	emit_rm(e, false, OP_ALU_EV_IB, ALU_CMP, FIELD(hot.fp_loaded));
	emit_u8(e, 0);
	emit_jcc(e, CC_NE, slow);
	emit_rr(e, false, OP_UNARY_EV, UNARY_TEST, R11);
	emit_u32(e, TSR_CR0_TS);
	set = emit_jcc(e, CC_NE, 0);
	emit_ts_to(e, false, slow);
	emit_patch32(e, set, emit_here(e));
	emit_ts_to(e, true, slow);
	return at;
}

/* -- MOV and POP to a data segment register in ring 0: the selector is in r11, the rest as for TS.
 * The descriptor is read anew, and has to be what it was. */

static void must_be_same_descriptor(const struct tsr_bt *bt, struct emitter *e,
				    enum bt_crossing_kind kind, uint32_t slow)
{
	uint32_t null;

	emit_rr(e, false, OP_UNARY_EV, UNARY_TEST, R11);
	emit_u32(e, TSR_SELECTOR_ENTRY);
	null = emit_jcc8(e, CC_E);
	must_equal(e, true, FIELD(state.gdtr), ROW(kind, gdtr), slow);
	emit_load(e, R8, ROW(kind, gla));
	emit_mov(e, R11, R8);
	emit_shift_imm(e, false, SHIFT_SHR, R11, TSR_PAGE_SHIFT);
	emit_load64(e, R11, HOST_SIB(R14, R11, 3, (int32_t)bt->board.layout->read_table));
	emit_test64(e, R11, R11);
	emit_jcc(e, CC_E, slow);
	emit_load64(e, R11, HOST_SIB(R11, R8, 0, 0));
	emit_rm(e, true, ALU_CMP << 3 | OP_ALU_GV_EV, R11, ROW(kind, descriptor));
	emit_jcc(e, CC_NE, slow);
	emit_land8(e, null);
}

static uint32_t emit_segment(const struct tsr_bt *bt, struct emitter *e, unsigned segment, bool pop)
{
	enum bt_crossing_kind kind = BT_CROSSING_SEGMENT + 2 * segment + pop;
	uint32_t slow = emit_slow_with_operand(bt, e), at = emit_here(e), same;

	flags_away(e);
	note_words(e);
	emit_movzx16(e, R11, R11);
	emit_rm(e, false, ALU_CMP << 3 | OP_ALU_GV_EV, R11, ROW(kind, key));
	emit_jcc(e, CC_NE, slow);
	must_be_same_descriptor(bt, e, kind, slow);
	must_equal(e, true, FIELD(hot.tag_word), ROW(kind, from), slow);
	must_be_zero(e, true, FIELD(hot.fp_code), slow);
	emit_load64(e, R11, ROW(kind, to));
	emit_rm(e, true, ALU_CMP << 3 | OP_ALU_GV_EV, R11, ROW(kind, from));
	same = emit_jcc(e, CC_E, 0);
	emit_leave_return(e, kind);
	copy_segment(e, segment, ROW(kind, cs));
	flags_back(e);
	emit_lea64(e, R13,
		   HOST_MEM(R13, BT_SKIP)); /* a RET would be predicted to return to the call */
	emit_jmp_reg(e, R13);
	emit_patch32(e, same, emit_here(e));
	copy_segment(e, segment, ROW(kind, cs));
	flags_back(e);
	emit_ret(e);
	return at;
}

/* After the bridges. */
void tsr_bt_crossings_emit(struct tsr_bt *bt, struct emitter *e)
{
	bt->rt.sysenter = emit_fast_call(bt, e, true);
	bt->rt.sysexit = emit_fast_call(bt, e, false);
	bt->rt.ts = emit_ts(bt, e);
	for (unsigned i = 0; i < 2 * TSR_SEGMENTS; i++) /* those of CS and SS are not used */
		bt->rt.segment[i] = emit_segment(bt, e, i / 2, i % 2);
}

/* -- rows */

static bool possible(const struct tsr_bt *bt, const struct bt_mode *from)
{
	const uint32_t never = BT_MODE_SSE_UNMASKED | BT_MODE_CS_WRITE | BT_MODE_STEP;

	/* the second tag may have come from numbers that started again */
	return from->tag <= tsr_bt_last_tag(bt) &&
	       (from->tag != bt->mode.tag || from->word == bt->mode.word) && !bt->budget.counted &&
	       !((from->word | bt->mode.word) & never);
}

/* What the mode's change from that one has led to. */
static struct bt_crossing *note(struct tsr_bt *bt, enum bt_crossing_kind kind,
				const struct bt_mode *from, enum tsr_mmu_view view)
{
	struct bt_crossing *c = &bt->hot.crossings[kind];

	c->from = (uint64_t)from->tag << 32;
	c->to = (uint64_t)bt->mode.tag << 32;
	c->tag = bt->mode.tag;
	c->mode = bt->mode.word;
	c->fetch = bt->board.vcpu->fetch_tag[view];
	c->targets = bt->targets.current;
	c->jump_offset = bt->hot.jump_offset;
	return c;
}

/* SYSENTER or SYSEXIT was done under the mode `from`. */
void tsr_bt_crossing_note(struct tsr_bt *bt, enum bt_crossing_kind kind, const struct bt_mode *from)
{
	bool enter = kind == BT_CROSSING_SYSENTER;
	struct bt_crossing *c;

	if (!possible(bt, from) || (enter && !(from->word & BT_MODE_USER)) ||
	    (!enter && bt->state.eflags & RING3_FLAGS))
		return;
	c = note(bt, kind, from, enter ? TSR_VIEW_SUPERVISOR : TSR_VIEW_USER);
	c->key = bt->state.sysenter_cs;
	c->cs = bt->state.segment[TSR_CS];
	c->ss = bt->state.segment[TSR_SS];
}

/* CR0 was that, and what was to be written `operand`, under the mode `from`, in ring 0. */
void tsr_bt_crossing_note_ts(struct tsr_bt *bt, const struct bt_mode *from, uint32_t cr0,
			     uint32_t operand)
{
	bool set = bt->state.cr0 & TSR_CR0_TS;
	struct bt_crossing *c;

	if (!possible(bt, from) || (cr0 ^ bt->state.cr0) != TSR_CR0_TS ||
	    operand != bt->state.cr0 || bt->hot.fp_loaded)
		return;
	c = note(bt, set ? BT_CROSSING_TS_SET : BT_CROSSING_TS_CLEAR, from, TSR_VIEW_SUPERVISOR);
	c->key = cr0;
	c->cr0 = bt->state.cr0;
	c->cr4 = bt->state.cr4;
	memcpy(&c->x87, bt->state.fx, sizeof(c->x87));
	memcpy(&c->mxcsr, bt->state.fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(c->mxcsr));
}

/* A data segment register was loaded with its selector in ring 0, under the mode `from`. */
void tsr_bt_crossing_note_segment(struct tsr_bt *bt, const struct bt_mode *from, unsigned segment,
				  bool pop)
{
	const struct tsr_x86_segment *new = &bt->state.segment[segment];
	uint32_t gla = bt->state.gdtr.base + (new->selector &TSR_SELECTOR_INDEX);
	struct bt_crossing *c;
	uint64_t descriptor = 0;

	if (!possible(bt, from) || !(from->word & BT_MODE_CPL0) ||
	    (new->selector &TSR_SELECTOR_ENTRY &&
	     (new->selector &TSR_SELECTOR_TI ||
	      !tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, gla, &descriptor, sizeof(descriptor)))))
		return;
	c = note(bt, BT_CROSSING_SEGMENT + 2 * segment + pop, from, TSR_VIEW_SUPERVISOR);
	c->key = new->selector;
	c->cs = *new;
	c->gla = gla;
	c->descriptor = descriptor;
	memcpy(&c->gdtr, &bt->state.gdtr, sizeof(c->gdtr));
}
