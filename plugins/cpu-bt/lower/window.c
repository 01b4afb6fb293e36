/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory operands in the MMU's window, in hot blocks: the valid byte of the operand's page, or of
 * that of a group of operands (groups.c), is compared with zero; then the guest's own instruction
 * works on r13, the window, plus the guest's address:
 *
 *   flags dead                               flags live
 *      lea  r8d, EA                             mov    r10, rcx
 *      shrx r9d, r8d, r15d    ; by 12           lea    r8d, EA
 *      cmp  byte [r14 + r9 + bytes], 0          shrx   r9d, r8d, r15d
 *      jne  stub                                movzx  ecx, byte [r14 + r9 + bytes]
 *      test r8b, 3                              mov    r9d, 30
 *      jne  the jne above                       shlx   r9d, r8d, r9d     ; zero: aligned
 *   1: OP   [r13 + r8]                          lea    rcx, [rcx + r9]
 *                                               jrcxz  1f
 *                                               jmp    stub
 *                                            1: mov    rcx, r10
 *                                               OP     [r13 + r8]
 *
 * Blocks of user level at first do neither: they use the exact window, where an access that is not
 * allowed is a signal (runtime/unchecked.c). The signal's handler finds the instruction by its
 * place, and has translated code leave the block before it; where more must be done for that, such
 * as to make flags again, there is a stub. So nothing of an instruction may be done before its last
 * access; other instructions than those of names_registers have checks by the tables.
 *
 * An operand off a register with a small displacement needs no r8: it is [r13 + register + disp].
 * Nor does one in a table whose page is known (bounded.c), which is checked like a constant
 * address, nor, without checks, any off one register: a sum beyond 32 bits, which the guest would
 * have cut, is where nothing is mapped, and its block gets the form that cuts them. Groups, and
 * operands that were often not aligned, look at the page of their last byte instead.
 *
 * The stub calls a routine (runtime/checks.c) that looks at both pages. If they are not valid, the
 * block is left before the instruction, for a block at the same EIP that checks by the tables
 * (BT_MODE_PLAIN). One of options.promote such calls asks the MMU for the pages, or has the block
 * translated in another form (runtime/promote.c). So code that uses the window has no slow path:
 * what it does cannot fault, and needs nobody to be told.
 */
#include "lower/bounded.h"
#include "lower/count.h"
#include "lower/exits.h"
#include "lower/flag-restore.h"
#include "lower/fp-sites.h"
#include "lower/groups.h"
#include "lower/islands.h"
#include "lower/memory.h"
#include "lower/window.h"

#define OPERAND_MAX 64 /* bytes */
/* A displacement that the sum with a register may have without being wrapped at 4 GiB. */
#define DISP_MAX (TSR_MMU_WINDOW_SLACK - 64)

static struct host_mem bytes_at(const struct bt_tx *tx, bool write, uint8_t page, int32_t number)
{
	const struct tsr_mmu_layout *l = tx->bt->board.layout;
	int64_t at = (write ? l->write_valid : l->read_valid) + number;

	return page == NOREG ? HOST_MEM(R14, (int32_t)at) : HOST_SIB(R14, page, 0, (int32_t)at);
}

static void load_window(struct bt_tx *tx)
{
	if (!tx->window_loaded)
		emit_load64(&tx->e, R13,
			    tx->unchecked ? BT_FIELD(hot.exact.base) : BT_FIELD(hot.window_base));
	tx->window_loaded = true;
}

static bool is_constant(const struct bt_ea *ea)
{
	return ea->base == NOREG && ea->index == NOREG;
}

/* r8d = the address at displacement `disp`; flags kept */
static void address(struct bt_tx *tx, const struct bt_ea *ea, int32_t disp)
{
	struct host_mem m = { .base = ea->base == NOREG ? NOREG : tx_gpr(ea->base),
			      .index = ea->index == NOREG ? NOREG : tx_gpr(ea->index),
			      .scale = ea->scale,
			      .disp = disp };

	if (is_constant(ea))
		emit_mov_imm(&tx->e, R8, (uint32_t)disp);
	else if (m.index == NOREG && !disp)
		emit_mov(&tx->e, R8, m.base);
	else
		emit_lea(&tx->e, R8, m);
}

static struct stub *new_stub(struct bt_tx *tx, const struct group *g, bool live)
{
	struct stub *s = tx_stub(tx, STUB_WINDOW);

	s->live = live;
	s->clobbered = tx->clobbered;
	s->source = tx->sources[tx->index];
	s->ea = g->ea;
	s->ea.disp = g->low;
	s->size = (uint16_t)(g->high - g->low);
	s->write = g->write;
	tx->loop_broken |= tx->strided && tx->in_body && !tx->saved_in_body && s->clobbered &&
			   s->source.kind == BT_RECOVER_SAVED;
	return s;
}

/* The first page of a constant address is known. Returns the register of its number, or NOREG. */
static uint8_t page_register(struct bt_tx *tx, const struct group *g, int32_t *number)
{
	*number = 0;
	if (is_constant(&g->ea)) {
		*number = (int32_t)((uint32_t)g->low >> TSR_PAGE_SHIFT);
		return NOREG;
	}
	address(tx, &g->ea, g->low);
	emit_shrx(&tx->e, false, R9, R8, R15);
	return R9;
}

/* Of a constant address in page `number`. */
static bool crosses(const struct group *g, int32_t number)
{
	return (uint32_t)(g->high - 1) >> TSR_PAGE_SHIFT != (uint32_t)number;
}

/* Is it aligned whatever its index is, and so within one page? Such are the elements of an array
 * that has no other base than its address. */
static bool is_aligned(const struct group *g)
{
	int32_t size = g->high - g->low;

	return g->ea.base == NOREG && g->ea.index != NOREG && size <= 1 << g->ea.scale &&
	       !(size & (size - 1)) && !(g->low & (size - 1));
}

static bool by_alignment(const struct bt_tx *tx, int32_t size)
{
	return tx->window_form == BT_WINDOW_ALIGNED && (size == 2 || size == 4);
}

/* The page of the last byte, to r9d. */
static void last_page(struct bt_tx *tx, int32_t size)
{
	emit_lea(&tx->e, R9, HOST_MEM(R8, size - 1));
	emit_shrx(&tx->e, false, R9, R9, R15);
}

/* CMP byte [valid byte of the page], 0 */
static void compare_byte(struct bt_tx *tx, const struct stub *s, uint8_t page, int32_t number)
{
	emit_rm(&tx->e, false, OP_ALU_EB_IB, ALU_CMP, bytes_at(tx, s->write, page, number));
	emit_u8(&tx->e, 0);
}

/* It may reach another page, which r8d and its size tell. */
static void compare_end(struct bt_tx *tx, const struct stub *s, int32_t size)
{
	if (by_alignment(tx, size)) {
		emit_test8_imm(&tx->e, R8, (uint8_t)(size - 1));
	} else {
		last_page(tx, size);
		compare_byte(tx, s, R9, 0);
	}
}

/* A second comparison that fails jumps back to the first one's jump, which is longer. */
void tsr_bt_window_check(struct bt_tx *tx, const struct group *g)
{
	int32_t number, size = g->high - g->low;
	uint8_t page = page_register(tx, g, &number);
	struct emitter *e = &tx->e;
	bool second = page == NOREG ? crosses(g, number) : size > 1 && !is_aligned(g);
	uint32_t first;
	struct stub *s;

	tx->clobbered = true;
	s = new_stub(tx, g, false);
	compare_byte(tx, s, page, number);
	first = emit_here(e);
	tx_stub_jump(tx, s, emit_jcc(e, CC_NE, 0));
	if (second && page == NOREG)
		compare_byte(tx, s, NOREG, number + 1);
	else if (second)
		compare_end(tx, s, size);
	if (second)
		emit_patch8(e, emit_jcc8(e, CC_NE), first);
	s->back = emit_here(e);
}

/* Adds to RCX what is not zero if the operand reaches another page that is not valid, or is not
 * aligned. r8d = its first byte. */
static void add_last(struct bt_tx *tx, const struct group *g)
{
	struct emitter *e = &tx->e;
	int32_t size = g->high - g->low;

	if (by_alignment(tx, size)) {
		emit_mov_imm(e, R9, size == 2 ? 31 : 30);
		emit_shlx(e, false, R9, R8, R9);
	} else {
		last_page(tx, size);
		emit_rm(e, false, OP2_MOVZX_EB, R9, bytes_at(tx, g->write, R9, 0));
	}
	emit_lea64(e, RCX, HOST_SIB(RCX, R9, 0, 0));
}

static void check_live(struct bt_tx *tx, const struct group *g)
{
	struct emitter *e = &tx->e;
	struct stub *s = new_stub(tx, g, true);
	int32_t number;
	uint32_t valid;
	uint8_t page;

	emit_mov64(e, R10, RCX);
	page = page_register(tx, g, &number);
	if (page == NOREG && crosses(g, number)) /* both bytes */
		emit_load16(e, RCX, bytes_at(tx, g->write, page, number));
	else
		emit_rm(e, false, OP2_MOVZX_EB, RCX, bytes_at(tx, g->write, page, number));
	if (page != NOREG && !is_aligned(g) && g->high - g->low > 1)
		add_last(tx, g);
	valid = emit_jrcxz(e);
	tx_stub_jump(tx, s, emit_jmp(e, 0));
	emit_land8(e, valid);
	s->back = emit_here(e);
	emit_mov64(e, RCX, R10);
}

static void check(struct bt_tx *tx, const struct group *g)
{
	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_WINDOW);
	load_window(tx);
	if (tsr_bt_flags_live(tx))
		check_live(tx, g);
	else
		tsr_bt_window_check(tx, g);
}

/* Does the instruction use its operand before it changes a register that the operand names? */
static bool names_registers(const struct bt_insn *i)
{
	switch (i->kind) {
	case BT_COPY:
		return i->reg_kind != BT_OP_GPR8 || bt_modrm_reg(i) < 4; /* AH is rotated first */
	case BT_FP:
	case BT_PUSH:
	case BT_POP:
	case BT_LEAVE:
	case BT_CALL:
	case BT_RET:
	case BT_JMP:
		return true;
	default:
		return false;
	}
}

/* Is it off one register, and used at whatever their sum is? */
static bool reaches(const struct bt_tx *tx, const struct bt_ea *ea)
{
	return tx->unchecked && tx->window_form == BT_WINDOW_UNCHECKED &&
	       (ea->base == NOREG) != (ea->index == NOREG);
}

/* Without a look at its sum. */
static struct host_mem off_register(const struct bt_tx *tx, const struct bt_ea *ea)
{
	if (ea->base == NOREG)
		return HOST_SIB(R13, tx_gpr(ea->index), ea->scale, ea->disp);
	return HOST_SIB(R13, tx_gpr(ea->base), 0,
			ea->disp + (ea->base == TSR_ESP ? tx->esp_ahead : 0));
}

/* r8d may be the operand's address already, if that is `known`. An operand in a table has one
 * register, and if the displacement is not negative, a sum below 4 GiB. */
static struct host_mem operand(struct bt_tx *tx, const struct bt_ea *ea, bool table, bool known)
{
	bool direct = names_registers(tx->insn);

	tx_part(tx, BT_PART_ACCESS);
	if (direct && is_constant(ea) && ea->disp >= 0)
		return HOST_MEM(R13, ea->disp);
	if (direct && ((table && ea->disp >= 0) || reaches(tx, ea)))
		return off_register(tx, ea);
	if (direct && ea->base != NOREG && ea->index == NOREG && ea->disp >= -DISP_MAX &&
	    ea->disp <= DISP_MAX)
		return off_register(tx, ea);
	if (!known || is_constant(ea))
		address(tx, ea, ea->disp);
	return HOST_SIB(R13, R8, 0, 0);
}

bool tsr_bt_window_possible(const struct bt_tx *tx, const struct bt_ea *ea, unsigned size)
{
	return tx->windowed && !ea->addr16 && size <= TSR_PAGE_SIZE &&
	       (ea->base == NOREG || ea->base <= TSR_EDI) &&
	       bt_segment_kind(tx->mode, ea->segment) == BT_SEGMENT_FLAT &&
	       !tsr_bt_after_sti(tx, tx->index) && ea->disp <= INT32_MAX - 4096;
}

/* What must be done on the way out, if the access fails. */
static void note_fault(struct bt_tx *tx)
{
	struct stub *s;

	if (!tx->clobbered && !tx->fp_code && !tx->fp_data && !tx->esp_ahead)
		return;
	s = tx_stub(tx, STUB_FAULT);
	s->esp_ahead = tx->esp_ahead;
	s->clobbered = tx->clobbered;
	s->source = tx->sources[tx->index];
}

/* One that uses an MMX register sets the top of the x87's stack to 0, and the host does that before
 * the access that fails. */
static bool uses_mmx(const struct bt_insn *i)
{
	if (i->kind != BT_FP || i->map != 1)
		return false;
	if (i->opcode == OP_0F_CVT_INT_TO_FP || i->opcode == OP_0F_CVTT_FP_TO_INT ||
	    i->opcode == OP_0F_CVT_FP_TO_INT)
		return i->mandatory != PREFIX_REPNE && i->mandatory != PREFIX_REP;
	return i->isa == BT_ISA_MMX || (i->opcode >= OP_0F_MMX_FIRST && !i->mandatory &&
					i->opcode != OP_0F_FP_CMP && i->opcode != OP_0F_SHUFP);
}

static bool unchecked_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size,
			      struct host_mem *out)
{
	struct bt_ea at;
	bool table = tsr_bt_bounded(tx, tx->index, ea, &at, &size);

	if (!names_registers(tx->insn) || uses_mmx(tx->insn))
		return false;
	load_window(tx);
	note_fault(tx);
	*out = operand(tx, ea, table, false);
	return true;
}

bool tsr_bt_window_operand(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access,
			   struct host_mem *out)
{
	struct bt_ea at = *ea;
	struct group *g;
	bool table;

	if (size > OPERAND_MAX || !tsr_bt_window_possible(tx, ea, size))
		return false;
	if (tx->unchecked)
		return unchecked_operand(tx, ea, size, out);
	table = tsr_bt_bounded(tx, tx->index, ea, &at, &size);
	g = tsr_bt_group_covering(tx, &at, size, access);
	if (g) {
		load_window(tx);
		*out = operand(tx, ea, table, false);
		return true;
	}
	g = tsr_bt_group_ahead(tx, &at, size, access);
	check(tx, g);
	*out = operand(tx, ea, table, !table && g->low == ea->disp);
	return true;
}

/* -- before a loop */

static void hoist(struct bt_tx *tx, const struct steady *o)
{
	struct group *g = tsr_bt_group_ahead(tx, &o->ea, o->size, o->access);

	load_window(tx);
	if (tx->strided || (tx->flags_saved && tx->start_overwritten))
		tsr_bt_window_check(tx, g);
	else
		check_live(tx, g);
}

/* Checks what a round uses at the same address as the one before. */
void tsr_bt_window_hoist(struct bt_tx *tx)
{
	struct steady o;

	tx_part(tx, BT_PART_WINDOW);
	for (unsigned n = 0; n < tx->count && !tx->unchecked; n++)
		for (unsigned k = 0; k < tsr_bt_operands(tx, n); k++)
			if (tsr_bt_operand_steady(tx, n, k, &o) && !o.step &&
			    tsr_bt_window_possible(tx, &o.ea, o.size) &&
			    !tsr_bt_group_covering(tx, &o.ea, o.size, o.access) &&
			    !tsr_bt_groups_full(tx))
				hoist(tx, &o);
	load_window(tx);
}

/* -- out of line */

/* Before the instruction: to the block that checks by the tables, or to the interpreter. */
static void leave(struct bt_tx *tx, const struct stub *s)
{
	struct emitter *e = &tx->e;

	if (s->clobbered)
		tsr_bt_flags_remake(tx, &s->source);
	tsr_bt_fp_store(tx, s->fp_code, s->fp_data);
	if (tx->lowered > s->done)
		tsr_bt_count_return(tx, s->done);
	if (tx->bt->options.lockstep) {
		emit_mov_imm(e, R8, s->eip);
		emit_mov_imm(e, R9, s->mnemonic);
		emit_jmp(e, tx->bt->rt.bail);
	} else {
		emit_call(e, tx->bt->rt.chain);
		tsr_bt_plain_exit(tx, s->eip);
	}
}

/* The routine returns to the jump back if the pages of the first and of the last byte are valid,
 * with guest RCX in r10 too; else behind it. */
void tsr_bt_window_stub(struct bt_tx *tx, const struct stub *s)
{
	struct emitter *e = &tx->e;
	uint32_t site;

	if (s->live)
		emit_mov64(e, RCX, R10);
	if (is_constant(&s->ea)) /* else it is in r8d */
		address(tx, &s->ea, s->ea.disp);
	emit_mov_imm(e, R9, s->size - 1u);
	emit_call(e, tx->bt->rt.window[s->write]);
	site = tsr_bt_site_row(tx, s->size, s->write ? BT_WRITE : BT_READ);
	tx->bt->cache.sites[site].host = tx_host(tx);
	emit_jmp(e, s->back);
	leave(tx, s);
}

/* The handler of the signal comes here (runtime/unchecked.c), by a row without an access. */
void tsr_bt_window_fault(struct bt_tx *tx, const struct stub *s)
{
	struct emitter *e = &tx->e;
	uint32_t row = tsr_bt_site_row(tx, 0, 0);

	tx->bt->cache.sites[row].insn = s->done & 127;
	if (s->esp_ahead)
		emit_lea(e, R12, HOST_MEM(R12, s->esp_ahead));
	if (s->clobbered)
		tsr_bt_flags_remake(tx, &s->source);
	tsr_bt_fp_store(tx, s->fp_code, s->fp_data);
	emit_mov_imm(e, R8, s->eip);
	emit_mov_imm(e, R9, s->mnemonic);
	emit_jmp(e, tx->bt->rt.bail);
}
