/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Shared tails of translated code, emitted once: memory checks that it calls, and the look-up in
 * the jump cache that it jumps to. Neither changes flags or the guest's registers.
 *
 * A check has the linear address in r8d and returns with what must be added to it in r9, or goes on
 * to the slow path `miss`, which finds the site by the return address. r10 is lost. One call in
 * BT_SAMPLE_EVERY goes there too: that is how hot blocks are found, at the price that they cause.
 */
#include "code/jump.h"
#include "runtime/checks.h"

static const uint8_t check_sizes[BT_CHECKS] = {
	[BT_CHECK_1] = 1, [BT_CHECK_2] = 2,   [BT_CHECK_4] = 4,
	[BT_CHECK_8] = 8, [BT_CHECK_16] = 16, [BT_CHECK_ALIGNED] = 16,
};

static struct host_mem table_entry(const struct tsr_bt *bt, bool write)
{
	int64_t at = write ? bt->board.layout->write_table : bt->board.layout->read_table;

	return HOST_SIB(R14, R9, 3, (int32_t)at);
}

/* The address of the operand's last byte. */
static struct host_mem last_byte(enum bt_check kind)
{
	return kind == BT_CHECK_ANY ? HOST_SIB(R8, R9, 0, 0) : HOST_MEM(R8, check_sizes[kind] - 1);
}

/* RCX becomes zero unless the operand crosses a page, or is not aligned though it must be; r9 its
 * page. */
static void crossing(struct emitter *e, enum bt_check kind)
{
	if (kind == BT_CHECK_ALIGNED) {
		emit_mov_imm(e, RCX, 28);
		emit_shlx(e, false, RCX, R8, RCX);
		emit_shrx(e, false, R9, R8, R15);
		return;
	}
	emit_lea(e, RCX, last_byte(kind));
	emit_shrx(e, false, RCX, RCX, R15);
	emit_shrx(e, false, R9, R8, R15);
	emit_not(e, false, RCX);
	emit_lea(e, RCX, HOST_SIB(RCX, R9, 0, 1));
}

static void check(const struct tsr_bt *bt, struct emitter *e, bool write, enum bt_check kind)
{
	const size_t until_sample = offsetof(struct tsr_bt, hot.until_sample);
	uint32_t one_page, misses, sample;

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_AT(until_sample));
	emit_lea(e, RCX, HOST_MEM(RCX, -1));
	emit_store(e, BT_AT(until_sample), RCX);
	sample = emit_jrcxz(e);
	if (kind == BT_CHECK_1) {
		emit_shrx(e, false, R9, R8, R15);
	} else {
		crossing(e, kind);
		one_page = emit_jrcxz(e);
		emit_mov64(e, RCX, R10);
		emit_jmp(e, bt->rt.miss);
		emit_land8(e, one_page);
	}
	emit_load64(e, RCX, table_entry(bt, write));
	misses = emit_jrcxz(e);
	emit_mov64(e, R9, RCX);
	emit_mov64(e, RCX, R10);
	emit_ret(e);
	emit_land8(e, misses);
	emit_land8(e, sample);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, bt->rt.miss);
}

static void page_index(const struct tsr_bt *bt, struct emitter *e)
{
	if (bt->host_cpu.bmi2) {
		emit_shrx(e, false, R9, R8, R15);
	} else {
		emit_mov(e, R9, R8);
		emit_shift_imm(e, false, SHIFT_SHR, R9, TSR_PAGE_SHIFT);
	}
}

/* r9 = the entry, or a jump to where ZF leads. Flags are lost. Returns the places of two rel8, 0:
 * none. */
static void look_up(const struct tsr_bt *bt, struct emitter *e, bool write, enum bt_check kind,
		    uint32_t fails[2])
{
	fails[0] = 0;
	if (kind == BT_CHECK_ALIGNED) {
		emit_test8_imm(e, R8, 15);
		fails[0] = emit_jcc8(e, CC_NE);
	} else if (kind != BT_CHECK_1) {
		emit_lea(e, R9, last_byte(kind));
		emit_alu(e, false, ALU_XOR, R9, R8);
		emit_shift_imm(e, false, SHIFT_SHR, R9, TSR_PAGE_SHIFT);
		fails[0] = emit_jcc8(e, CC_NE);
	}
	page_index(bt, e);
	emit_load64(e, R9, table_entry(bt, write));
	emit_test64(e, R9, R9);
	fails[1] = emit_jcc8(e, CC_E);
}

static void land(struct emitter *e, const uint32_t fails[2])
{
	if (fails[0])
		emit_land8(e, fails[0]);
	emit_land8(e, fails[1]);
}

/* The same on a host without BMI2. */
static void check_plain(const struct tsr_bt *bt, struct emitter *e, bool write, enum bt_check kind)
{
	uint32_t fails[2], sample;

	emit_pushfq(e);
	emit_rm(e, false, OP_GROUP5, GROUP5_DEC, BT_AT(offsetof(struct tsr_bt, hot.until_sample)));
	sample = emit_jcc8(e, CC_E);
	look_up(bt, e, write, kind, fails);
	emit_popfq(e);
	emit_ret(e);
	land(e, fails);
	emit_land8(e, sample);
	emit_popfq(e);
	emit_jmp(e, bt->rt.miss);
}

/* An operand that is not aligned: it may still lie in one page. Flags are lost. */
static void retry(const struct tsr_bt *bt, struct emitter *e, bool write, enum bt_check kind)
{
	uint32_t fails[2];

	look_up(bt, e, write, kind, fails);
	emit_ret(e);
	land(e, fails);
	emit_jmp(e, bt->rt.miss);
}

/*
 * REP MOVS and STOS, upwards, 32-bit addresses, flat segments: done if each side lies in one page
 * that is in its table. Otherwise nothing is done and ECX stays; it is not 0 then, which the caller
 * looks at. r8 to r11 are lost.
 */

/* Where the elements of one side lie: r9 = addend of the page of `reg`. Guest RCX is in r10 and r11
 * is the number of bytes - 1. Jumps to `slow` if they cross the page or it is not in the table; RCX
 * is lost. */
static void rep_side(const struct tsr_bt *bt, struct emitter *e, uint8_t reg, bool write,
		     uint32_t slow)
{
	uint32_t one_page;

	emit_lea64(e, RCX, HOST_SIB(reg, R11, 0, 0));
	emit_shrx(e, true, RCX, RCX, R15);
	emit_shrx(e, false, R9, reg, R15);
	emit_not(e, true, RCX);
	emit_lea64(e, RCX, HOST_SIB(RCX, R9, 0, 1));
	one_page = emit_jrcxz(e);
	emit_jmp(e, slow);
	emit_land8(e, one_page);
	emit_load64(e, RCX, table_entry(bt, write));
	emit_mov64(e, R9, RCX);
	emit_patch8(e, emit_jrcxz(e), slow);
}

/* The elements: RSI and RDI are host addresses. */
static void rep_elements(struct emitter *e, uint8_t opcode, unsigned shift)
{
	emit_u8(e, PREFIX_REP);
	if (shift == 1)
		emit_u8(e, PREFIX_OPERAND_SIZE);
	emit_u8(e, shift ? opcode + 1u : opcode);
}

static void rep(const struct tsr_bt *bt, struct emitter *e, uint8_t opcode, unsigned shift)
{
	bool movs = opcode == OP_MOVS;
	uint32_t slow, some;

	some = emit_jmp8(e);
	slow = emit_here(e);
	emit_mov64(e, RCX, R10);
	emit_ret(e);
	emit_land8(e, some);
	emit_mov64(e, R10, RCX);
	emit_patch8(e, emit_jrcxz(e), slow);
	emit_lea64(e, R11, (struct host_mem){ NOREG, RCX, (uint8_t)shift, -1 });
	if (movs) {
		rep_side(bt, e, RSI, false, slow);
		emit_mov64(e, R8, R9);
	}
	rep_side(bt, e, RDI, true, slow);
	emit_mov64(e, RCX, R10);
	emit_lea(e, R10, HOST_SIB(RSI, R11, 0, 1)); /* where the sides end */
	emit_lea(e, R11, HOST_SIB(RDI, R11, 0, 1));
	if (movs)
		emit_lea64(e, RSI, HOST_SIB(RSI, R8, 0, 0));
	emit_lea64(e, RDI, HOST_SIB(RDI, R9, 0, 0));
	rep_elements(e, opcode, shift);
	if (movs)
		emit_mov64(e, RSI, R10);
	emit_mov64(e, RDI, R11);
	emit_ret(e);
}

/* r9 = valid byte of the page of r9d. */
static void valid_byte(const struct tsr_bt *bt, struct emitter *e, bool write, uint8_t to)
{
	const struct tsr_mmu_layout *l = bt->board.layout;

	emit_rm(e, false, OP2_MOVZX_EB, to,
		HOST_SIB(R14, R9, 0, (int32_t)(write ? l->write_valid : l->read_valid)));
}

/*
 * A hot block has found a valid byte at r8d that is not 0; r9d: size - 1. Returns if the pages of
 * the first and of the last byte are valid; else past the jump that follows the call. One call of
 * options.promote goes on to the bridge `promote`, which does the same. Flags are kept; r10 = guest
 * RCX; r9 is lost.
 */
static void window(const struct tsr_bt *bt, struct emitter *e, bool write)
{
	const size_t until = offsetof(struct tsr_bt, hot.until_promote);
	uint32_t now, valid;

	emit_mov64(e, R10, RCX);
	emit_load(e, RCX, BT_AT(until));
	emit_lea(e, RCX, HOST_MEM(RCX, -1));
	emit_store(e, BT_AT(until), RCX);
	now = emit_jrcxz(e);
	emit_lea(e, R9, HOST_SIB(R8, R9, 0, 0));
	emit_shrx(e, false, R9, R9, R15);
	valid_byte(bt, e, write, RCX);
	emit_shrx(e, false, R9, R8, R15);
	valid_byte(bt, e, write, R9);
	emit_lea(e, RCX, HOST_SIB(RCX, R9, 0, 0));
	valid = emit_jrcxz(e);
	emit_pop(e, RCX);
	emit_lea64(e, R9, HOST_MEM(RCX, BT_SKIP));
	emit_mov64(e, RCX, R10);
	emit_push(e, R9);
	emit_ret(e);
	emit_land8(e, valid);
	emit_mov64(e, RCX, R10);
	emit_ret(e);
	emit_land8(e, now);
	emit_mov64(e, RCX, R10);
	emit_jmp(e, bt->rt.promote);
}

static uint32_t align(struct emitter *e)
{
	while (emit_here(e) & 15 && !e->overflow)
		emit_u8(e, OP_NOP);
	return emit_here(e);
}

/* After the bridges `miss`, `promote` and `lookup`. */
void tsr_bt_checks_emit(struct tsr_bt *bt, struct emitter *e)
{
	bt->rt.jump = align(e);
	tsr_bt_jump_end(e, tsr_bt_jump_begin(bt, e));
	for (unsigned write = 0; write < 2 && bt->options.windows; write++) {
		bt->rt.window[write] = align(e);
		window(bt, e, write);
	}
	bt->rt.checks_start = align(e);
	for (unsigned write = 0; write < 2; write++) {
		for (unsigned kind = 0; kind < BT_CHECKS; kind++) {
			bt->rt.checks[write][kind] = align(e);
			(bt->host_cpu.bmi2 ? check : check_plain)(bt, e, write, kind);
		}
		for (unsigned k = 0; k < 2; k++) {
			bt->rt.retries[write][k] = align(e);
			retry(bt, e, write, k ? BT_CHECK_4 : BT_CHECK_2);
		}
	}
	bt->rt.checks_end = emit_here(e);
	for (unsigned shift = 0; shift < 3 && bt->host_cpu.bmi2; shift++) {
		bt->rt.movs[shift] = align(e);
		rep(bt, e, OP_MOVS, shift);
		bt->rt.stos[shift] = align(e);
		rep(bt, e, OP_STOS, shift);
	}
}
