/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory operands. The form: linear address to r8d, look-up of its page in the view's table, then
 * the guest's own instruction on [r9 + r8]. Whatever is not an access of plain memory within one
 * page goes out of line (stubs.c).
 *
 *   flags dead                        flags live (r10 keeps guest RCX)
 *   lea  r8d, EA                      lea  r8d, EA
 *   test r8b, 3                       mov  r10, rcx
 *   jnz  cross                        mov  r9d, 30
 *   mov  r9d, r8d                     shlx ecx, r8d, r9d         ; zero: aligned
 *   shr  r9d, 12                      jrcxz 1f
 *   mov  r9, [r14 + r9*8 + table]     jmp  cross
 *   test r9, r9                       2: jmp miss
 *   jz   miss                         1: mov r9d, 12
 *   OP   [r9 + r8]                    shrx r9d, r8d, r9d
 *                                     mov  rcx, [r14 + r9*8 + table]
 *                                     jrcxz 2b
 *                                     mov  r9, rcx
 *                                     mov  rcx, r10
 *                                     OP   [r9 + r8]
 * Operands of more than 4 bytes that need no alignment compare the pages of their first and last
 * byte instead. Without BMI2 the first form stands between pushfq and popfq where flags are live.
 */
#include "lower/flag-source.h"
#include "lower/islands.h"
#include "lower/memory.h"

/* What a slow path must know of the groups that are alive. */
static void record_groups(const struct bt_tx *tx, struct bt_site *s)
{
	for (unsigned i = 0; i < TX_GROUPS; i++) {
		const struct group *g = &tx->groups[i];

		if (!g->used || !g->write)
			continue;
		s->group_base[i] = (uint8_t)(g->base + 1);
		s->group_offset[i] = g->low - g->delta;
	}
}

uint32_t tsr_bt_site(struct bt_tx *tx, unsigned size, unsigned access)
{
	struct tsr_bt *bt = tx->bt;
	bool room = bt->cache.site_count <
		    bt->cache.site_max - 1; /* the last takes what the table has no room for */
	uint32_t site = room ? bt->cache.site_count++ : bt->cache.site_max - 1;
	struct bt_site *s = &bt->cache.sites[site];

	tx->full |= !room;
	memset(s, 0, sizeof(*s));
	s->eip = tx->insn->eip;
	s->block = tx->block;
	s->size = (uint16_t)size;
	s->access = (uint8_t)access;
	s->insn = (uint8_t)tx->index;
	tx->clobbered |= !tsr_bt_flags_live(tx);
	if (tx->clobbered)
		s->source = tx->sources[tx->index];
	s->flags_kept = tsr_bt_flags_kept(tx->insn, &s->source);
	record_groups(tx, s);
	s->fp_code = tx->fp_code;
	s->fp_data = tx->fp_data;
	s->fp_own = tx->fp_own;
	return site;
}

/* May translated code make this access at all? */
bool tsr_bt_memory_possible(const struct bt_tx *tx, const struct bt_ea *ea, unsigned access)
{
	if (bt_segment_kind(tx->mode, ea->segment) == BT_SEGMENT_SLOW)
		return false;
	return ea->segment != TSR_CS || !(access & BT_WRITE) || tx->mode & BT_MODE_CS_WRITE;
}

bool tsr_bt_flags_live(const struct bt_tx *tx)
{
	return tx->flags_live[tx->index] != 0;
}

static void jump_to_bail(struct bt_tx *tx, unsigned cc, bool live, bool flags_pushed)
{
	struct stub *s = tx_stub(tx, STUB_BAIL);

	s->live = live;
	s->flags_pushed = flags_pushed;
	tx_stub_jump(tx, s, cc == NOREG ? emit_jmp(&tx->e, 0) : emit_jcc(&tx->e, cc, 0));
}

/* Are r8d and `size` within the segment's limit? Otherwise the interpreter raises the fault. */
static void check_limit(struct bt_tx *tx, unsigned segment, unsigned size)
{
	struct emitter *e = &tx->e;
	struct host_mem limit = HOST_MEM(R15, offsetof(struct tsr_bt, state.segment) +
						      segment * sizeof(struct tsr_x86_segment) +
						      offsetof(struct tsr_x86_segment, limit));
	uint32_t over;

	if (!tx->bt->host_cpu.bmi2) {
		emit_pushfq(e);
		emit_load(e, R9, limit);
		emit_alu_imm(e, true, ALU_SUB, R9, (int32_t)size - 1);
		emit_alu(e, true, ALU_CMP, R9, R8);
		jump_to_bail(tx, CC_L, false, true);
		emit_popfq(e);
		return;
	}
	emit_load(e, R9, limit);
	emit_mov64(e, R10, RCX);
	emit_mov64(e, RCX, R8);
	emit_not(e, true, RCX);
	emit_lea64(e, RCX,
		   HOST_SIB(RCX, R9, 0, 2 - (int32_t)size)); /* limit - offset - (size - 1) */
	emit_mov_imm(e, R9, 63);
	emit_shrx(e, true, RCX, RCX, R9);
	over = emit_jrcxz(e);
	jump_to_bail(tx, NOREG, true, false);
	tsr_bt_island(tx);
	emit_land8(e, over);
	emit_mov64(e, RCX, R10);
}

static void add_base(struct bt_tx *tx, unsigned segment)
{
	emit_load(&tx->e, R9,
		  HOST_MEM(R15, offsetof(struct tsr_bt, state.segment) +
					segment * sizeof(struct tsr_x86_segment) +
					offsetof(struct tsr_x86_segment, base)));
	emit_lea(&tx->e, R8, HOST_SIB(R8, R9, 0, 0));
}

static void effective_address(struct bt_tx *tx, const struct bt_ea *ea)
{
	struct emitter *e = &tx->e;
	struct host_mem m = { .base = ea->base == NOREG ? NOREG : tx_gpr(ea->base),
			      .index = ea->index == NOREG ? NOREG : tx_gpr(ea->index),
			      .scale = ea->scale,
			      .disp = ea->disp };

	if (m.base == NOREG && m.index == NOREG) {
		emit_mov_imm(e, R8, ea->addr16 ? (uint16_t)ea->disp : (uint32_t)ea->disp);
		return;
	}
	if (m.index == NOREG && !m.disp)
		emit_mov(e, R8, m.base);
	else
		emit_lea(e, R8, m);
	if (ea->addr16)
		emit_movzx16(e, R8, R8);
}

/* Leaves the linear address of the operand in r8d; r9, r10 are lost; flags and all else kept. */
void tsr_bt_linear(struct bt_tx *tx, const struct bt_ea *ea, unsigned size, unsigned access)
{
	enum bt_segment_kind kind = bt_segment_kind(tx->mode, ea->segment);

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_ADDRESS);
	effective_address(tx, ea);
	if (kind == BT_SEGMENT_LIMITED)
		check_limit(tx, ea->segment, size);
	if (kind != BT_SEGMENT_FLAT)
		add_base(tx, ea->segment);
}

static struct host_mem table_entry(const struct bt_tx *tx, unsigned access)
{
	int64_t at = access & BT_WRITE ? tx->bt->board.layout->write_table
				       : tx->bt->board.layout->read_table;

	return HOST_SIB(R14, R9, 3, (int32_t)at);
}

/* Alignment that spares the exact check: 0: none does. */
static unsigned natural_shift(unsigned size, bool aligned)
{
	if (aligned)
		return 28;
	return size == 2 ? 31 : size == 4 ? 30 : 0;
}

/* r9 = page of r8; flags kept */
static void page_index(struct bt_tx *tx)
{
	emit_mov_imm(&tx->e, R9, 12);
	emit_shrx(&tx->e, false, R9, R8, R9);
}

static void check_live(struct bt_tx *tx, struct stub *s, unsigned size, unsigned access,
		       bool aligned)
{
	struct emitter *e = &tx->e;
	unsigned shift = natural_shift(size, aligned);
	uint32_t over, island = 0;

	emit_mov64(e, R10, RCX);
	if (size > 1) {
		if (shift) {
			emit_mov_imm(e, R9, shift);
			emit_shlx(e, false, RCX, R8, R9);
		} else {
			emit_lea(e, RCX, HOST_MEM(R8, size - 1));
			emit_mov_imm(e, R9, 12);
			emit_shrx(e, false, RCX, RCX, R9);
			emit_not(e, false, RCX);
			emit_shrx(e, false, R9, R8, R9);
			emit_lea(e, RCX, HOST_SIB(RCX, R9, 0, 1));
		}
		over = emit_jrcxz(e);
		tx_stub_cross(tx, s, emit_jmp(e, 0));
		island = emit_here(e);
		tx_stub_jump(tx, s, emit_jmp(e, 0));
		tsr_bt_island(tx);
		emit_land8(e, over);
	}
	s->lookup = emit_here(e);
	if (size == 1 || shift)
		page_index(tx);
	emit_load64(e, RCX, table_entry(tx, access));
	if (island)
		emit_patch8(e, emit_jrcxz(e), island);
	else
		tsr_bt_island_wait(tx, emit_jrcxz(e), s);
	emit_mov64(e, R9, RCX);
	emit_mov64(e, RCX, R10);
	s->live = true;
}

static void exact_cross(struct bt_tx *tx, struct stub *s, unsigned size)
{
	struct emitter *e = &tx->e;

	emit_mov(e, R9, R8);
	emit_alu_imm(e, false, ALU_AND, R9, TSR_PAGE_MASK);
	emit_alu_imm(e, false, ALU_CMP, R9, (int32_t)(TSR_PAGE_SIZE - size));
	tx_stub_jump(tx, s, emit_jcc(e, CC_A, 0));
}

static void check_dead(struct bt_tx *tx, struct stub *s, unsigned size, unsigned access,
		       bool aligned)
{
	struct emitter *e = &tx->e;

	if (size > 1 && natural_shift(size, aligned) && !s->flags_pushed) {
		emit_test8_imm(e, R8, (uint8_t)(size - 1));
		tx_stub_cross(tx, s, emit_jcc(e, CC_NE, 0));
	} else if (aligned) {
		emit_test8_imm(e, R8, (uint8_t)(size - 1));
		tx_stub_cross(tx, s, emit_jcc(e, CC_NE, 0));
	} else if (size > 1) {
		exact_cross(tx, s, size);
	}
	s->lookup = emit_here(e);
	emit_mov(e, R9, R8);
	emit_shift_imm(e, false, SHIFT_SHR, R9, TSR_PAGE_SHIFT);
	emit_load64(e, R9, table_entry(tx, access));
	emit_test64(e, R9, R9);
	tx_stub_jump(tx, s, emit_jcc(e, CC_E, 0));
}

/*
 * The linear address is in r8d: makes r9 so that [r9 + r8] is the operand. What follows up to
 * tsr_bt_memory_end is the instruction's access, position-independent; it may be executed on a copy
 * of the operand instead.
 */
static struct stub *memory_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	bool live = tsr_bt_flags_live(tx);
	struct stub *s = tx_stub(tx, STUB_MISS);

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_CHECK);
	s->size = (uint16_t)size;
	s->aligned = aligned;
	s->site = tsr_bt_site(tx, size, access);
	if (live && tx->bt->host_cpu.bmi2) {
		check_live(tx, s, size, access, aligned);
	} else {
		s->flags_pushed = live;
		if (live)
			emit_pushfq(&tx->e);
		check_dead(tx, s, size, access, aligned);
		if (live)
			emit_popfq(&tx->e);
	}
	s->back = emit_here(&tx->e);
	tx_part(tx, BT_PART_ACCESS);
	tx->open = access & BT_WRITE ? (int)(s - tx->stubs) : -1;
	return s;
}

struct host_mem tsr_bt_memory_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	memory_check(tx, size, access, aligned);
	return HOST_SIB(R9, R8, 0, 0);
}

void tsr_bt_memory_end(struct bt_tx *tx)
{
	struct stub *s;

	if (tx->open < 0)
		return;
	s = &tx->stubs[tx->open];
	s->op_start = s->back;
	s->op_end = emit_here(&tx->e);
	tx->open = -1;
}

/* The same for a group: r9 + r8 is its first byte. */
struct bt_site *tsr_bt_group_check(struct bt_tx *tx, unsigned size, unsigned access)
{
	const struct stub *stub =
		memory_check(tx, size == 2 || size == 4 ? size + 1 : size, access, false);
	struct bt_site *s = &tx->bt->cache.sites[stub->site];

	tx->open = -1;
	s->group = true;
	return s;
}
