/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The runtime: entry to and exit from translated code, and the bridges from it to C. Emitted once
 * at the start of the code cache, so that translated code reaches it with rel32 and no assembler
 * file has to repeat the struct's offsets.
 *
 * A bridge saves the guest's registers to the state and its flags by lahf and seto (4 cycles;
 * pushf and popf cost 18), saves xmm0-7 if the guest's are loaded, calls a function of type
 *   struct bt_outcome f(struct tsr_bt *bt, uint32_t r8, uint32_t r9)
 * and resumes by outcome.skip. The x87 registers and MXCSR are still the guest's in such a
 * function: it must call tsr_bt_fp_unload before it runs other floating-point code.
 */
#include <tessera/draft/x86-facts.h>

#include "code/cache.h"
#include "code/emit.h"
#include "runtime/checks.h"
#include "runtime/crossing.h"
#include "runtime/dispatch.h"
#include "runtime/helper.h"
#include "runtime/miss.h"
#include "runtime/promote.h"
#include "runtime/runtime.h"
#include "runtime/system.h"

#define FIELD(member) BT_AT(offsetof(struct tsr_bt, member))
#define GPR(n) BT_AT(offsetof(struct tsr_bt, state.gpr) + 4 * (n))
#define XMM(n) \
	BT_AT(offsetof(struct tsr_bt, state.fx) + offsetof(struct tsr_x86_fx, xmm) + 16 * (n))

typedef struct bt_outcome (*bridge_function)(struct tsr_bt *bt, uint32_t r8, uint32_t r9);

static uint8_t host_gpr(unsigned guest)
{
	return guest == TSR_ESP ? R12 : (uint8_t)guest;
}

static void movups(struct emitter *e, bool load, unsigned xmm)
{
	emit_rm(e, false, load ? OP2_MOVUPS_LOAD : OP2_MOVUPS_STORE, (uint8_t)xmm, XMM(xmm));
}

static void each_xmm_if_loaded(struct emitter *e, bool load)
{
	uint32_t none;

	emit_rm(e, false, OP_ALU_EV_IB, ALU_CMP, FIELD(hot.fp_loaded));
	emit_u8(e, 0);
	none = emit_jcc8(e, CC_E);
	for (unsigned i = 0; i < 8; i++)
		movups(e, load, i);
	emit_land8(e, none);
}

static void save_guest(struct emitter *e)
{
	for (unsigned i = 0; i < 8; i++)
		emit_store(e, GPR(i), host_gpr(i));
	emit_flags_to_ax(e);
	emit_store16(e, FIELD(hot.flags_ax), RAX);
	each_xmm_if_loaded(e, false);
}

static void restore_guest(struct emitter *e)
{
	each_xmm_if_loaded(e, true);
	emit_load64(e, R14, FIELD(hot.view_base));
	emit_load16(e, RAX, FIELD(hot.flags_ax));
	emit_flags_from_ax(e);
	for (unsigned i = 0; i < 8; i++)
		emit_load(e, host_gpr(i), GPR(i));
	emit_load64(e, RSP, FIELD(hot.code_rsp));
}

/* On the thread's stack. */
static void call_c(struct emitter *e, bridge_function function)
{
	uint64_t address;

	memcpy(&address, &function, sizeof(address));
	emit_store64(e, FIELD(hot.code_rsp), RSP);
	emit_load64(e, RSP, FIELD(hot.host_rsp));
	emit_lea64(e, RDI, BT_AT(0));
	emit_mov(e, RSI, R8);
	emit_mov(e, RDX, R9);
	emit_mov_imm64(e, RAX, address);
	emit_call_reg(e, RAX);
}

static const uint8_t callee_saved[] = { RBX, RBP, R12, R13, R14, R15 };

/* void enter(struct tsr_bt *bt, const uint8_t *host) */
static void emit_enter(struct emitter *e)
{
	for (unsigned i = 0; i < 6; i++)
		emit_push(e, callee_saved[i]);
	emit_alu_imm(e, true, ALU_SUB, RSP,
		     8); /* 7 pushes with the return address: now 16-aligned */
	emit_lea64(e, R15, HOST_MEM(RDI, BT_BASE));
	emit_store64(e, FIELD(hot.host_rsp), RSP);
	emit_store64(e, FIELD(hot.target), RSI);
	restore_guest(e);
	emit_jmp_mem(e, FIELD(hot.target));
}

/* The guest is saved; back to the caller of enter. */
static void emit_leave(struct emitter *e)
{
	emit_load64(e, RSP, FIELD(hot.host_rsp));
	emit_alu_imm(e, true, ALU_ADD, RSP, 8);
	for (unsigned i = 6; i-- > 0;)
		emit_pop(e, callee_saved[i]);
	emit_ret(e);
}

/* Reached by a jump: r8d = EIP to resume at, r9d = argument. The function finds code, or leaves. */
static void emit_jump_bridge(struct emitter *e, bridge_function function, uint32_t leave)
{
	save_guest(e);
	call_c(e, function);
	emit_test64(e, RDX, RDX);
	emit_jcc(e, CC_S, leave);
	emit_store64(e, FIELD(hot.target), RAX);
	restore_guest(e);
	emit_jmp_mem(e, FIELD(hot.target));
}

/* Reached by a call that stands for a jump: r9d = its return address, the lower half. */
static void emit_tail_bridge(struct emitter *e, bridge_function function, uint32_t leave)
{
	emit_pop(e, R9);
	emit_jump_bridge(e, function, leave);
}

/* The same, with guest RCX in r10. */
static void emit_poll_bridge(struct emitter *e, bridge_function function, uint32_t leave)
{
	emit_mov64(e, RCX, R10);
	emit_tail_bridge(e, function, leave);
}

/* Reached by a call: r8d, r9d = arguments; returns outcome.skip bytes after the call, with r9 =
 * outcome.value. */
static void emit_call_bridge(struct emitter *e, bridge_function function, uint32_t leave)
{
	save_guest(e);
	emit_store64(e, FIELD(hot.saved_r8), R8);
	emit_store64(e, FIELD(hot.saved_r10), R10);
	emit_store64(e, FIELD(hot.saved_r11), R11);
	emit_pop_mem(e, FIELD(hot.code_return));
	call_c(e, function);
	emit_test64(e, RDX, RDX);
	emit_jcc(e, CC_S, leave);
	emit_rm(e, true, OP_ADD_EV_GV, RDX, FIELD(hot.code_return));
	emit_mov64(e, R9, RAX);
	restore_guest(e);
	emit_load64(e, R8, FIELD(hot.saved_r8));
	emit_load64(e, R10, FIELD(hot.saved_r10));
	emit_load64(e, R11, FIELD(hot.saved_r11));
	emit_rm(e, false, OP_GROUP5, GROUP5_PUSH, FIELD(hot.code_return));
	emit_ret(e);
}

/* Reached by a call of a site: r8d = argument; the other is the return address, the lower half. */
static void emit_site_bridge(struct emitter *e, bridge_function function, uint32_t leave)
{
	emit_load(e, R9, HOST_MEM(RSP, 0));
	emit_call_bridge(e, function, leave);
}

/* clang-format off */
static const struct {
	size_t at; /* in struct bt_runtime */
	void (*emit)(struct emitter *e, bridge_function function, uint32_t leave);
	bridge_function function;
} bridges[] = {
	{ offsetof(struct bt_runtime, lookup), emit_jump_bridge, tsr_bt_lookup },
	{ offsetof(struct bt_runtime, target), emit_jump_bridge, tsr_bt_target },
	{ offsetof(struct bt_runtime, chain), emit_tail_bridge, tsr_bt_chain },
	{ offsetof(struct bt_runtime, diverted), emit_tail_bridge, tsr_bt_diverted },
	{ offsetof(struct bt_runtime, poll), emit_poll_bridge, tsr_bt_poll },
	{ offsetof(struct bt_runtime, spent), emit_jump_bridge, tsr_bt_spent },   /* r9d: instructions taken */
	{ offsetof(struct bt_runtime, miss), emit_site_bridge, tsr_bt_miss },     /* r8d: linear address */
	{ offsetof(struct bt_runtime, promote), emit_site_bridge, tsr_bt_promote }, /* r8d: linear address */
	{ offsetof(struct bt_runtime, helper), emit_call_bridge, tsr_bt_helper }, /* r8d: word, r9d: site */
	{ offsetof(struct bt_runtime, bail), emit_jump_bridge, tsr_bt_bail },     /* r9d: mnemonic */
};
/* clang-format on */

/* r8d = EIP: the block is done, back to C (unchained mode) */
static void emit_done(struct emitter *e, uint32_t leave)
{
	save_guest(e);
	emit_store(e, FIELD(state.eip), R8);
	emit_store_imm(e, FIELD(hot.exit_reason), BT_EXIT_BLOCK);
	emit_jmp(e, leave);
}

/* A RET to r8d has found nothing on the stack but the address of this, which it stays. */
static void emit_returned(const struct tsr_bt *bt, struct emitter *e)
{
	emit_lea64(e, RSP, HOST_MEM(RSP, -8));
	emit_jmp(e, bt->rt.jump);
}

/* Where a map of targets leads that does not know r8d, or while an exit is requested: to the jump
 * cache, and one in options.targets to C. */
static void emit_unmapped(const struct tsr_bt *bt, struct emitter *e)
{
	uint32_t now;

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, FIELD(hot.until_target));
	emit_lea(e, RCX, HOST_MEM(RCX, -1));
	emit_store(e, FIELD(hot.until_target), RCX);
	now = emit_jrcxz(e);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, bt->rt.jump);
	emit_land8(e, now);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, bt->rt.target);
}

/* Loads the guest's FP state, r8d: enum bt_fp_loaded. Touches neither flags nor registers. */
static void emit_fp_load(struct emitter *e, const struct host_mem *mxcsr)
{
	emit_rm(e, false, OP2_GROUP15, GROUP15_FXRSTOR, FIELD(state.fx));
	if (mxcsr)
		emit_rm(e, false, OP2_GROUP15, GROUP15_LDMXCSR, *mxcsr);
	emit_store(e, FIELD(hot.fp_loaded), R8);
	emit_ret(e);
}

bool tsr_bt_runtime_emit(struct tsr_bt *bt, struct tsr_error *error)
{
	struct emitter e = { .base = bt->cache.rw,
			     .p = bt->cache.rw,
			     .end = bt->cache.rw + bt->cache.size };
	uint32_t unmapped = emit_jmp(&e, 0); /* at offset 0: code/targets.c */

	bt->rt.enter = emit_here(&e);
	emit_enter(&e);
	bt->rt.leave = emit_here(&e);
	emit_leave(&e);
	for (size_t i = 0; i < sizeof(bridges) / sizeof(*bridges); i++) {
		uint32_t at = emit_here(&e);

		memcpy((uint8_t *)&bt->rt + bridges[i].at, &at, sizeof(at));
		bridges[i].emit(&e, bridges[i].function, bt->rt.leave);
	}
	bt->rt.done = emit_here(&e);
	emit_done(&e, bt->rt.leave);
	tsr_bt_checks_emit(bt, &e);
	tsr_bt_crossings_emit(bt, &e);
	bt->rt.returned = emit_here(&e);
	emit_returned(bt, &e);
	emit_patch32(&e, unmapped, emit_here(&e));
	emit_unmapped(bt, &e);
	bt->rt.fp_load = emit_here(&e);
	emit_fp_load(&e, NULL);
	bt->rt.fp_load_x87 = emit_here(&e);
	emit_fp_load(&e, &FIELD(hot.host_mxcsr));
	bt->rt.fp_load_masked = emit_here(&e);
	emit_fp_load(&e, &FIELD(hot.masked_mxcsr));
	if (e.overreach || e.overflow)
		return tsr_error_set(
			error, TSR_ERROR_FAILED,
			"a code cache of %zu bytes is too small; set the property cache higher",
			bt->cache.size);
	bt->cache.start = (emit_here(&e) + 63) & ~63u;
	tsr_bt_cache_flush(bt);
	bt->stats.flushes = 0;
	return true;
}

void tsr_bt_runtime_enter(struct tsr_bt *bt, const uint8_t *host)
{
	void (*enter)(struct tsr_bt *, const uint8_t *);
	const uint8_t *address = bt->cache.rx + bt->rt.enter;

	memcpy(&enter, &address, sizeof(enter));
	enter(bt, host);
}
