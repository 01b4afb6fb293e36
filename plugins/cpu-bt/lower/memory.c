/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory operands. The linear address goes to r8d; a check leaves in r9 what must be added to it,
 * from the view's table or from a slow path; then comes the guest's own instruction on [r9 + r8].
 * Most code runs a few times, so a check is a call of a routine for its size and access
 * (runtime/checks.c). Blocks that are seen to be hot have it inline:
 *
 *   flags dead                               flags live (r10 keeps guest RCX)
 *      lea  r8d, EA                             lea  r8d, EA
 *      test r8b, 3                              mov  r10, rcx
 *      jnz  1f                                  mov  r9d, 30
 *      shrx r9d, r8d, r15d    ; by 12           shlx ecx, r8d, r9d       ; zero: aligned
 *      mov  r9, [r14 + r9*8 + table]            jrcxz 2f
 *      test r9, r9                           1: mov  rcx, r10
 *      jnz  2f                                  call check
 *   1: call retry                               jmp  3f
 *   2: OP   [r9 + r8]                        2: shrx r9d, r8d, r15d
 *                                               mov  rcx, [r14 + r9*8 + table]
 *                                               jrcxz 1b
 *                                               mov  r9, rcx
 *                                               mov  rcx, r10
 *                                            3: OP   [r9 + r8]
 *
 * A call goes on to the slow path if it must, which knows the site by the return address
 * (runtime/miss.c). Operands of more than 4 bytes compare the pages of their first and last byte
 * instead of the test for alignment. Without BMI2 the shift is a MOV and a SHR, and where flags are
 * live the check is always a call.
 */
#include "lower/flag-source.h"
#include "lower/islands.h"
#include "lower/memory.h"

/* The site's row for what few sites have. */
struct bt_site_more *tsr_bt_site_more(struct bt_tx *tx, struct bt_site *s)
{
	struct bt_cache *c = &tx->bt->cache;
	bool room = c->more_count < c->more_max - 1; /* the last takes what the table has no room
							for */

	if (!s->more) {
		tx->full |= !room;
		s->more = room ? c->more_count++ : c->more_max - 1;
		memset(&c->mores[s->more], 0, sizeof(*c->mores));
	}
	return &c->mores[s->more];
}

/* What a slow path must know of flags that a check has clobbered. */
static void record_flags(struct bt_tx *tx, struct bt_site *s)
{
	const struct flag_source *source = &tx->sources[tx->index];
	struct bt_site_more *m;

	if (source->kind == BT_RECOVER_NONE)
		return;
	m = tsr_bt_site_more(tx, s);
	m->source = *source;
	m->flags_kept = tsr_bt_flags_kept(tx->insn, source);
}

/* What a slow path must know of the x87's pointers. */
static void record_fp(struct bt_tx *tx, struct bt_site *s)
{
	struct bt_site_more *m;

	if (!(tx->fp_code | tx->fp_data | tx->fp_own))
		return;
	m = tsr_bt_site_more(tx, s);
	m->fp_code = tx->fp_code;
	m->fp_data = tx->fp_data;
	m->fp_own = tx->fp_own;
}

/* What a slow path must know of the groups that are alive. */
static void record_groups(struct bt_tx *tx, struct bt_site *s)
{
	struct bt_site_more *m;

	for (unsigned i = 0; i < TX_POINTERS; i++) {
		const struct group *g = &tx->groups[i];

		if (!g->used || !g->write)
			continue;
		m = tsr_bt_site_more(tx, s);
		m->group_base[i] = (uint8_t)(g->ea.base + 1);
		m->group_offset[i] = g->low - g->delta;
	}
}

/* The last site has all it will have. If its row is like the one before, it goes without one of its
 * own. */
static void seal(struct bt_cache *c)
{
	struct bt_site *s = c->sites + c->site_count - 1;
	const struct bt_site_more *m = c->mores + c->more_count - 1;

	if (!c->site_count || !s->more || s->more != c->more_count - 1 ||
	    memcmp(m, m - 1, sizeof(*m)) != 0)
		return;
	s->more--;
	c->more_count--;
}

/* A row for a call that stands before here, or will; it says nothing of an instruction. */
uint32_t tsr_bt_site_row(struct bt_tx *tx, unsigned size, unsigned access)
{
	struct bt_cache *c = &tx->bt->cache;
	bool room = c->site_count < c->site_max - 1; /* the last takes what the table has no room
							for */
	struct bt_site *s;
	uint32_t site;

	seal(c);
	site = room ? c->site_count++ : c->site_max - 1;
	s = &c->sites[site];
	tx->full |= !room;
	memset(s, 0, sizeof(*s));
	s->host = tx_host(tx);
	s->block = tx->block;
	s->size = size & (2 * TSR_PAGE_SIZE - 1);
	s->access = access & (BT_READ | BT_WRITE | BT_EXACT);
	return site;
}

uint32_t tsr_bt_site(struct bt_tx *tx, unsigned size, unsigned access)
{
	uint32_t site = tsr_bt_site_row(tx, size, access);
	struct bt_site *s = &tx->bt->cache.sites[site];

	tx_window_forget(tx);
	s->eip = (tx->insn->eip - tx->insns[0].eip) & 1023;
	s->insn = tx->index & 127;
	tx->clobbered |= !tsr_bt_flags_live(tx);
	if (tx->clobbered)
		record_flags(tx, s);
	record_groups(tx, s);
	record_fp(tx, s);
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
	return tx->flags_live[tx->index];
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
	struct host_mem limit = BT_AT(offsetof(struct tsr_bt, state.segment) +
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
		  BT_AT(offsetof(struct tsr_bt, state.segment) +
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

/* r9 = page of r8; flags are lost without BMI2 */
static void page_index(struct bt_tx *tx)
{
	struct emitter *e = &tx->e;

	if (tx->bt->host_cpu.bmi2) {
		emit_shrx(e, false, R9, R8, R15);
	} else {
		emit_mov(e, R9, R8);
		emit_shift_imm(e, false, SHIFT_SHR, R9, TSR_PAGE_SHIFT);
	}
}

static void check_called(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	enum bt_check kind = bt_check_kind(size, aligned);

	if (kind == BT_CHECK_ANY)
		emit_mov_imm(&tx->e, R9, size - 1);
	emit_call(&tx->e, tx->bt->rt.checks[!!(access & BT_WRITE)][kind]);
}

/* RCX becomes zero unless the operand may cross a page, or is not aligned though it must be. */
static void crossing_live(struct emitter *e, unsigned size, bool aligned)
{
	if (size == 2 || size == 4 || aligned) {
		emit_mov_imm(e, R9, size == 2 ? 31 : size == 4 ? 30 : 28);
		emit_shlx(e, false, RCX, R8, R9);
		return;
	}
	emit_lea(e, RCX, HOST_MEM(R8, size - 1));
	emit_shrx(e, false, RCX, RCX, R15);
	emit_not(e, false, RCX);
	emit_shrx(e, false, R9, R8, R15);
	emit_lea(e, RCX, HOST_SIB(RCX, R9, 0, 1));
}

/* Returns the buffer offset after the call. */
static uint32_t check_live(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	struct emitter *e = &tx->e;
	uint32_t over, slow, done, site;

	emit_mov64(e, R10, RCX);
	if (size > 1) {
		crossing_live(e, size, aligned);
		over = emit_jrcxz(e);
	} else {
		over = emit_jmp8(e);
	}
	slow = emit_here(e);
	emit_mov64(e, RCX, R10);
	check_called(tx, size, access, aligned);
	site = emit_here(e);
	done = emit_jmp8(e);
	emit_land8(e, over);
	emit_shrx(e, false, R9, R8, R15);
	emit_load64(e, RCX, table_entry(tx, access));
	emit_patch8(e, emit_jrcxz(e), slow);
	emit_mov64(e, R9, RCX);
	emit_mov64(e, RCX, R10);
	emit_land8(e, done);
	return site;
}

/* Jumps where the operand may cross a page. Returns the place of the rel8, 0: none. */
static uint32_t check_crossing(struct bt_tx *tx, unsigned size)
{
	struct emitter *e = &tx->e;

	if (size == 1)
		return 0;
	if (size == 2 || size == 4) {
		emit_test8_imm(e, R8, (uint8_t)(size - 1));
	} else {
		emit_lea(e, R9, HOST_MEM(R8, size - 1));
		emit_alu(e, false, ALU_XOR, R9, R8);
		emit_shift_imm(e, false, SHIFT_SHR, R9, TSR_PAGE_SHIFT);
	}
	return emit_jcc8(e, CC_NE);
}

/* Returns the buffer offset after the call. */
static uint32_t check_dead(struct bt_tx *tx, unsigned size, unsigned access)
{
	struct emitter *e = &tx->e;
	const struct bt_runtime *rt = &tx->bt->rt;
	uint32_t crosses = check_crossing(tx, size), found;

	page_index(tx);
	emit_load64(e, R9, table_entry(tx, access));
	emit_test64(e, R9, R9);
	found = emit_jcc8(e, CC_NE);
	if (crosses)
		emit_land8(e, crosses);
	emit_call(e, size == 2 || size == 4 ? rt->retries[!!(access & BT_WRITE)][size == 4]
					    : rt->miss);
	emit_land8(e, found);
	return emit_here(e);
}

/* Returns the buffer offset after the call of the slow path. */
static uint32_t emit_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	bool live = aligned || tsr_bt_flags_live(tx);

	if (tx->hot && !live)
		return check_dead(tx, size, access);
	if (tx->hot && tx->bt->host_cpu.bmi2)
		return check_live(tx, size, access, aligned);
	check_called(tx, size, access, aligned);
	return emit_here(&tx->e);
}

/* The linear address is in r8d: makes r9 so that [r9 + r8] is the operand. Returns its site. */
static uint32_t memory_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	uint32_t site = tsr_bt_site(tx, size, access), call;

	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_CHECK);
	tx->may_bail = true;
	call = emit_check(tx, size, access, aligned);
	tx->bt->cache.sites[site].host = (uint16_t)(call - tx->start);
	tx->bt->cache.sites[site].aligned = aligned;
	tx_part(tx, BT_PART_ACCESS);
	return site;
}

/* What follows, up to tsr_bt_memory_stored or the instruction's end, is its access. */
struct host_mem tsr_bt_memory_check(struct bt_tx *tx, unsigned size, unsigned access, bool aligned)
{
	uint32_t site = memory_check(tx, size, access, aligned);

	tx->open = access & BT_WRITE ? (int)site : -1;
	return HOST_SIB(R9, R8, 0, 0);
}

void tsr_bt_memory_stored(struct bt_tx *tx, enum bt_store store, uint32_t value)
{
	struct bt_site *s;

	if (tx->open < 0)
		return;
	s = &tx->bt->cache.sites[tx->open];
	tx->open = -1;
	s->store = store & 7;
	s->store_value = value;
}

/* The same for a group: r9 + r8 is its first byte. */
struct bt_site *tsr_bt_group_check(struct bt_tx *tx, unsigned size, unsigned access)
{
	struct bt_site *s = &tx->bt->cache.sites[memory_check(tx, size, access, false)];

	tx->open = -1;
	s->group = true;
	return s;
}
