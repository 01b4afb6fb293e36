/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FP sites: what translated code notes of the x87's last instruction, and when. fp-pointers.c has
 * the scheme. */
#include <Zydis/Zydis.h>

#include "lower/fp-sites.h"
#include "lower/islands.h"

/* Of the instructions that are translated at all: D8 to DF, less the control instructions that keep
 * the pointers. */
bool tsr_bt_fp_keeps_pointers(const struct bt_insn *i)
{
	if (i->kind != BT_FP || i->map || (i->opcode & 0xf8) != OP_X87)
		return true;
	switch (i->mnemonic) {
	case ZYDIS_MNEMONIC_FNCLEX:
	case ZYDIS_MNEMONIC_FNSTCW:
	case ZYDIS_MNEMONIC_FNSTSW:
	case ZYDIS_MNEMONIC_FENI8087_NOP:
	case ZYDIS_MNEMONIC_FDISI8087_NOP:
	case ZYDIS_MNEMONIC_FSETPM287_NOP:
		return true;
	default:
		return false;
	}
}

static uint32_t new_site(struct bt_tx *tx, const struct bt_insn *i)
{
	struct tsr_bt *bt = tx->bt;
	bool room = bt->cache.fp_site_count <
		    bt->cache.fp_site_max - 1; /* the last takes what the table has no room for */
	uint32_t site = room ? bt->cache.fp_site_count++ : bt->cache.fp_site_max - 1;

	tx->full |= !room;
	/* clang-format off */
	bt->cache.fp_sites[site] = (struct bt_fp_site){
		.eip = i->eip, .fop = (uint16_t)((i->opcode & 7) << 8 | i->modrm), .base = i->ea.base, .index = i->ea.index,
		.scale = i->ea.scale, .segment = i->ea.segment, .disp = i->ea.disp, .addr16 = i->ea.addr16, .memory = i->memory,
		.clear = i->mnemonic == ZYDIS_MNEMONIC_FNINIT
	};
	/* clang-format on */
	return site;
}

static void store_data(struct bt_tx *tx, uint32_t site)
{
	const struct bt_fp_site *s = &tx->bt->cache.fp_sites[site];
	struct emitter *e = &tx->e;
	struct host_mem m = { .base = s->base == NOREG ? NOREG : tx_gpr(s->base),
			      .index = s->index == NOREG ? NOREG : tx_gpr(s->index),
			      .scale = s->scale,
			      .disp = s->disp };

	emit_store_imm(e, BT_FIELD(hot.fp_data), site);
	if (s->clear)
		return;
	if (m.base == NOREG && m.index == NOREG) {
		emit_store_imm(e, BT_FIELD(hot.fp_data_offset),
			       s->addr16 ? (uint16_t)s->disp : (uint32_t)s->disp);
		return;
	}
	emit_lea(e, R9, m);
	if (s->addr16)
		emit_movzx16(e, R9, R9);
	emit_store(e, BT_FIELD(hot.fp_data_offset), R9);
}

/* Code that notes two sites, 0: none. r9 is lost; flags kept. */
void tsr_bt_fp_store(struct bt_tx *tx, uint32_t code, uint32_t data)
{
	if (code)
		emit_store_imm(&tx->e, BT_FIELD(hot.fp_code), code);
	if (data)
		store_data(tx, data);
}

void tsr_bt_fp_flush(struct bt_tx *tx)
{
	if (!tx->fp_code && !tx->fp_data)
		return;
	tsr_bt_island_check(tx);
	tx_part(tx, BT_PART_FP_NOTE);
	tsr_bt_fp_store(tx, tx->fp_code, tx->fp_data);
	tx->fp_code = tx->fp_data = 0;
	tsr_bt_island_check(tx);
}

/* Stays in translated code, or leaves it by a stub or a struct bt_site. */
static bool leaves_by_site(const struct bt_insn *i)
{
	switch (i->kind) {
	case BT_COPY:
	case BT_FP:
	case BT_FLDCW:
	case BT_LDMXCSR:
	case BT_LEA:
	case BT_NOP:
	case BT_PUSH:
	case BT_POP:
	case BT_DIV:
	case BT_BIT:
	case BT_XLAT:
	case BT_SEGMENT_STORE:
		return true;
	default:
		return false;
	}
}

static bool changes_operand(const struct bt_tx *tx, const struct bt_insn *i)
{
	const struct bt_fp_site *s = &tx->bt->cache.fp_sites[tx->fp_data];
	unsigned written = i->gpr_written;

	if (i->kind == BT_PUSH || i->kind == BT_POP || i->kind == BT_SEGMENT_STORE)
		written |= 1u << TSR_ESP;
	return (s->base != NOREG && written >> s->base & 1) ||
	       (s->index != NOREG && written >> s->index & 1);
}

void tsr_bt_fp_begin(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	tx->fp_own = 0;
	if (!leaves_by_site(i) || (tx->index + 1 == tx->count && tsr_bt_fp_keeps_pointers(i)))
		tsr_bt_fp_flush(tx);
	if (tx->fp_data && changes_operand(tx, i)) {
		tsr_bt_island_check(tx);
		tx_part(tx, BT_PART_FP_NOTE);
		store_data(tx, tx->fp_data);
		tx->fp_data = 0;
		tsr_bt_island_check(tx);
		tx_part(tx, BT_PART_BODY);
	}
	if (!tsr_bt_fp_keeps_pointers(i))
		tx->fp_own = new_site(tx, i);
}

void tsr_bt_fp_end(struct bt_tx *tx)
{
	const struct bt_fp_site *s = &tx->bt->cache.fp_sites[tx->fp_own];

	if (!tx->fp_own)
		return;
	tx->fp_code = tx->fp_own;
	if (s->memory || s->clear)
		tx->fp_data = tx->fp_own;
}
