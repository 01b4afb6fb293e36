/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The x87's last-instruction pointers: FIP, FCS, FOP of the last non-control instruction, FDP and FDS of the last memory operand
 * (SDM volume 1, 8.1.8 and 8.1.9). The host's own cannot serve: they are addresses of translated code, and AMD's processors save
 * them only with an exception pending. MMX instructions leave them alone (9.5.1, 9.6.2).
 *
 * Each such instruction has a site, a row that says what it would leave. Translated code stores the site's number, and the
 * operand's offset, which only the registers know: not behind each instruction, but once before the block ends, or before the
 * operand's registers change. What leaves the block earlier knows by its own row which sites are still to be noted: stubs
 * store them, slow paths in C take them from struct bt_site. tsr_bt_fp_commit makes the architectural fields of it before
 * anybody looks, or a segment register changes.
 *
 *   fldl (%esi)     ; site 1: code 1, data 1 pending
 *   faddl 8(%esi)   ; site 2: code 2, data 2 pending; what misses here has noted site 1
 *   fxch            ; site 3: code 3, data 2 pending
 *   add $16, %esi   ; before it: fp_data = 2, fp_data_offset = esi + 8
 *   jmp             ; before it: fp_code = 3
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "tx.h"

/* Offsets in the FXSAVE image, SDM volume 1, 10.5.1 */
enum { FOP = 6, FIP = 8, FCS = 12, FDP = 16, FDS = 20 };

/* -- translating */

/* Of the instructions that are translated at all: D8 to DF, less the control instructions that keep the pointers. */
bool tsr_bt_fp_keeps_pointers(const struct bt_insn *i)
{
	if (i->kind != BT_FP || i->map || (i->opcode & 0xf8) != 0xd8)
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
	bool room = bt->fp_site_count < bt->fp_site_max - 1; /* the last takes what the table has no room for */
	uint32_t site = room ? bt->fp_site_count++ : bt->fp_site_max - 1;

	tx->full |= !room;
	bt->fp_sites[site] = (struct bt_fp_site){
		.eip = i->eip, .fop = (uint16_t)((i->opcode & 7) << 8 | i->modrm), .base = i->ea.base, .index = i->ea.index,
		.scale = i->ea.scale, .segment = i->ea.segment, .disp = i->ea.disp, .addr16 = i->ea.addr16, .memory = i->memory,
		.clear = i->mnemonic == ZYDIS_MNEMONIC_FNINIT
	};
	return site;
}

static void store_data(struct bt_tx *tx, uint32_t site)
{
	const struct bt_fp_site *s = &tx->bt->fp_sites[site];
	struct emitter *e = &tx->e;
	struct host_mem m = { .base = s->base == NOREG ? NOREG : tx_gpr(s->base),
			      .index = s->index == NOREG ? NOREG : tx_gpr(s->index), .scale = s->scale, .disp = s->disp };

	emit_store_imm(e, BT_FIELD(fp_data), site);
	if (s->clear)
		return;
	if (m.base == NOREG && m.index == NOREG) {
		emit_store_imm(e, BT_FIELD(fp_data_offset), s->addr16 ? (uint16_t)s->disp : (uint32_t)s->disp);
		return;
	}
	emit_lea(e, R9, m);
	if (s->addr16)
		emit_movzx16(e, R9, R9);
	emit_store(e, BT_FIELD(fp_data_offset), R9);
}

/* Code that notes two sites, 0: none. r9 is lost; flags kept. */
void tsr_bt_fp_store(struct bt_tx *tx, uint32_t code, uint32_t data)
{
	if (code)
		emit_store_imm(&tx->e, BT_FIELD(fp_code), code);
	if (data)
		store_data(tx, data);
}

void tsr_bt_fp_flush(struct bt_tx *tx)
{
	if (!tx->fp_code && !tx->fp_data)
		return;
	tsr_bt_island_check(tx);
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
	const struct bt_fp_site *s = &tx->bt->fp_sites[tx->fp_data];
	unsigned written = i->gpr_written;

	if (i->kind == BT_PUSH || i->kind == BT_POP || i->kind == BT_SEGMENT_STORE)
		written |= 1u << TSR_ESP;
	return (s->base != NOREG && written >> s->base & 1) || (s->index != NOREG && written >> s->index & 1);
}

void tsr_bt_fp_begin(struct bt_tx *tx)
{
	const struct bt_insn *i = tx->insn;

	tx->fp_own = 0;
	if (!leaves_by_site(i) || (tx->index + 1 == tx->count && tsr_bt_fp_keeps_pointers(i)))
		tsr_bt_fp_flush(tx);
	if (tx->fp_data && changes_operand(tx, i)) {
		tsr_bt_island_check(tx);
		store_data(tx, tx->fp_data);
		tx->fp_data = 0;
		tsr_bt_island_check(tx);
	}
	if (!tsr_bt_fp_keeps_pointers(i))
		tx->fp_own = new_site(tx, i);
}

void tsr_bt_fp_end(struct bt_tx *tx)
{
	const struct bt_fp_site *s = &tx->bt->fp_sites[tx->fp_own];

	if (!tx->fp_own)
		return;
	tx->fp_code = tx->fp_own;
	if (s->memory || s->clear)
		tx->fp_data = tx->fp_own;
}

/* -- running */

static void note_data(struct tsr_bt *bt, uint32_t site)
{
	const struct bt_fp_site *s = &bt->fp_sites[site];
	uint32_t offset = (uint32_t)s->disp;

	if (s->base != NOREG)
		offset += bt->state.gpr[s->base];
	if (s->index != NOREG)
		offset += bt->state.gpr[s->index] << s->scale;
	bt->fp_data = site;
	bt->fp_data_offset = s->addr16 ? (uint16_t)offset : offset;
}

/* The block is left, or might be, before the instruction of that site. */
void tsr_bt_fp_before(struct tsr_bt *bt, const struct bt_site *s)
{
	if (s->fp_code)
		bt->fp_code = s->fp_code;
	if (s->fp_data)
		note_data(bt, s->fp_data);
}

/* The block will be left behind it. */
void tsr_bt_fp_after(struct tsr_bt *bt, const struct bt_site *s)
{
	tsr_bt_fp_before(bt, s);
	if (!s->fp_own)
		return;
	bt->fp_code = s->fp_own;
	if (bt->fp_sites[s->fp_own].memory)
		note_data(bt, s->fp_own);
}

static void put16(struct tsr_bt *bt, unsigned at, uint16_t value)
{
	memcpy(bt->state.fx + at, &value, sizeof(value));
}

static void put32(struct tsr_bt *bt, unsigned at, uint32_t value)
{
	memcpy(bt->state.fx + at, &value, sizeof(value));
}

void tsr_bt_fp_commit(struct tsr_bt *bt)
{
	const struct bt_fp_site *code = &bt->fp_sites[bt->fp_code], *data = &bt->fp_sites[bt->fp_data];

	if (bt->fp_code) {
		put16(bt, FOP, code->clear ? 0 : code->fop);
		put32(bt, FIP, code->clear ? 0 : code->eip);
		put32(bt, FCS, code->clear ? 0 : bt->state.segment[TSR_CS].selector);
	}
	if (bt->fp_data) {
		put32(bt, FDP, data->clear ? 0 : bt->fp_data_offset);
		put32(bt, FDS, data->clear ? 0 : bt->state.segment[data->segment].selector);
	}
	bt->fp_code = bt->fp_data = 0;
}
