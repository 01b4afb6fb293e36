/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zydis takes 1,500 host instructions for one of the guest's. Nearly all that it says depends on
 * prefixes, opcode and ModRM alone, and programs use a few thousand combinations of them. So each
 * combination is a row, made from what tsr_bt_decode said about its first occurrence; what is
 * different each time (SIB, displacement, immediate, length, address) is read here. A row is
 * entered only if this file, by the new row, comes to the same result as Zydis. Encodings that do
 * not fit the scheme never agree, or have no row: two immediates, repeated prefixes, VEX, 3DNow!.
 * test-bt-decode compares all opcodes with all ModRM bytes.
 */
#include <stdlib.h>

#include "code/decode-cache.h"
#include "code/emit.h"

#define ROWS 8192
#define PREFIXES_MAX 4

/* What was read of an instruction before its row is known. */
struct head {
	uint32_t key; /* not 0 */
	uint8_t prefixes, opcode_length, modrm;
	bool has_modrm, addr16;
	int8_t segment; /* of an override; -1: none */
};

struct row {
	uint32_t key;        /* 0: empty */
	uint8_t immediate;   /* bytes */
	bool sign, relative; /* of the immediate */
	bool by_count;       /* a shift, whose flags are others if the count is 0 */
	struct bt_insn insn;
};

struct bt_decode_cache {
	bool no_modrm[2][256]; /* by map and opcode, of those that were seen */
	bool modrm[2][256];
	struct row rows[ROWS];
};

/* Bits of a key */
enum {
	KEY_VALID = 1 << 31,
	KEY_0F = 1 << 16,
	KEY_CODE32 = 1 << 17,
	KEY_66 = 1 << 18,
	KEY_67 = 1 << 19,
	KEY_LOCK = 1 << 20,
	KEY_REPNE = 1 << 21,
	KEY_REP = 1 << 22,
	KEY_SEGMENT_SHIFT = 23, /* segment + 1, three bits */
};

/* The key bit of a prefix, or that of a segment override; 0: not a prefix. */
static uint32_t prefix_key(uint8_t byte)
{
	switch (byte) {
	case 0x26:
		return (TSR_ES + 1) << KEY_SEGMENT_SHIFT;
	case 0x2e:
		return (TSR_CS + 1) << KEY_SEGMENT_SHIFT;
	case 0x36:
		return (TSR_SS + 1) << KEY_SEGMENT_SHIFT;
	case 0x3e:
		return (TSR_DS + 1) << KEY_SEGMENT_SHIFT;
	case 0x64:
		return (TSR_FS + 1) << KEY_SEGMENT_SHIFT;
	case 0x65:
		return (TSR_GS + 1) << KEY_SEGMENT_SHIFT;
	case PREFIX_OPERAND_SIZE:
		return KEY_66;
	case 0x67:
		return KEY_67;
	case PREFIX_LOCK:
		return KEY_LOCK;
	case PREFIX_REPNE:
		return KEY_REPNE;
	case PREFIX_REP:
		return KEY_REP;
	default:
		return 0;
	}
}

#define SEGMENT_KEYS (7u << KEY_SEGMENT_SHIFT)

/* Up to ModRM. False: not of the scheme. */
static bool read_head(const struct bt_decode_cache *c, uint32_t mode, const uint8_t *bytes,
		      size_t length, struct head *h)
{
	uint32_t key = KEY_VALID | (mode & BT_MODE_CODE32 ? KEY_CODE32 : 0), prefix;
	unsigned map = 0, at = 0;
	uint8_t opcode;

	for (; at < length && (prefix = prefix_key(bytes[at])); at++) {
		uint32_t kind = prefix & SEGMENT_KEYS ? SEGMENT_KEYS : prefix;

		if (key & kind || at == PREFIXES_MAX)
			return false;
		key |= prefix;
	}
	if (key & KEY_REP && key & KEY_REPNE) /* their order matters */
		return false;
	h->prefixes = (uint8_t)at;
	if (at < length && bytes[at] == 0x0f) {
		map = 1;
		key |= KEY_0F;
		at++;
	}
	if (at >= length)
		return false;
	opcode = bytes[at++];
	h->opcode_length = (uint8_t)(1 + map);
	h->has_modrm = c->modrm[map][opcode];
	h->modrm = 0;
	if (h->has_modrm) {
		if (at >= length)
			return false;
		h->modrm = bytes[at];
	} else if (!c->no_modrm[map][opcode]) {
		return false;
	}
	h->key = key | (uint32_t)opcode << 8 | h->modrm;
	h->addr16 = !(key & KEY_67) == !(key & KEY_CODE32);
	h->segment = (int8_t)((int)(key >> KEY_SEGMENT_SHIFT & 7) - 1);
	return true;
}

static struct row *row_of(struct bt_decode_cache *c, uint32_t key)
{
	return &c->rows[(key * 0x9e3779b1u) >> 19 & (ROWS - 1)];
}

/* -- what is different each time */

static uint32_t little_endian(const uint8_t *bytes, unsigned length)
{
	uint32_t value = 0;

	memcpy(&value, bytes, length);
	return value;
}

static int32_t read_displacement(const uint8_t *bytes, unsigned length)
{
	uint32_t value = little_endian(bytes, length);

	return length == 1 ? (int8_t)value : length == 2 ? (int16_t)value : (int32_t)value;
}

/* SDM volume 2, table 2-1. */
static unsigned displacement16(uint8_t modrm, struct bt_ea *ea)
{
	static const uint8_t base[] = { TSR_EBX, TSR_EBX, TSR_EBP, TSR_EBP,
					TSR_ESI, TSR_EDI, TSR_EBP, TSR_EBX };
	static const uint8_t index[] = { TSR_ESI, TSR_EDI, TSR_ESI, TSR_EDI,
					 NOREG,   NOREG,   NOREG,   NOREG };
	unsigned mod = modrm >> 6, rm = modrm & 7;

	ea->base = mod == 0 && rm == 6 ? NOREG : base[rm];
	ea->index = index[rm];
	return mod == 1 ? 1 : mod == 2 || ea->base == NOREG ? 2 : 0;
}

/* Tables 2-2 and 2-3. `sib` is what follows ModRM. */
static unsigned displacement32(uint8_t modrm, uint8_t sib, struct bt_ea *ea)
{
	unsigned mod = modrm >> 6;

	ea->base = modrm & 7;
	if (ea->base == TSR_ESP) {
		ea->base = sib & 7;
		ea->index = (sib >> 3 & 7) == TSR_ESP ? NOREG : sib >> 3 & 7;
		ea->scale = ea->index == NOREG ? 0 : sib >> 6;
	}
	if (mod == 0 && ea->base == TSR_EBP)
		ea->base = NOREG;
	return mod == 1 ? 1 : mod == 2 || ea->base == NOREG ? 4 : 0;
}

/* The operand that ModRM names, from ModRM on. Returns how many bytes it takes, 0: too many. */
static unsigned read_operand(const struct head *h, const uint8_t *bytes, size_t length,
			     struct bt_insn *out)
{
	unsigned used = 1, disp;
	struct bt_ea ea;

	if (h->modrm >> 6 == 3)
		return used;
	memset(&ea, 0, sizeof(ea)); /* what is between its members, too: rows are compared */
	ea.index = NOREG;
	ea.addr16 = h->addr16;
	if (h->addr16) {
		disp = displacement16(h->modrm, &ea);
	} else {
		used += (h->modrm & 7) == TSR_ESP;
		if (length < used)
			return 0;
		disp = displacement32(h->modrm, bytes[1], &ea);
	}
	if (length < used + disp)
		return 0;
	ea.disp = read_displacement(bytes + used, disp);
	if (h->segment >= 0)
		ea.segment = (uint8_t)h->segment;
	else
		ea.segment =
			ea.base == TSR_EBP || (ea.base == TSR_ESP && !h->addr16) ? TSR_SS : TSR_DS;
	if (out->memory)
		out->ea = ea;
	return used + disp;
}

static void read_immediate(const struct row *r, const uint8_t *bytes, struct bt_insn *out)
{
	uint32_t value = little_endian(bytes, r->immediate);

	memset(out->immediate, 0, sizeof(out->immediate));
	memcpy(out->immediate, bytes, r->immediate);
	if (r->sign)
		value = (uint32_t)read_displacement(bytes, r->immediate);
	out->imm = value;
	if (!r->relative)
		return;
	out->target = out->eip + out->length + value;
	if (out->operand_size == 2)
		out->target &= 0xffff;
}

/* False: the bytes end before the instruction, or the row is not about it. */
static bool read_rest(const struct row *r, const struct head *h, const uint8_t *bytes,
		      size_t length, uint32_t eip, struct bt_insn *out)
{
	unsigned at = h->prefixes + h->opcode_length, used = 0;

	*out = r->insn;
	out->eip = eip;
	if (h->has_modrm) {
		used = read_operand(h, bytes + at, length - at, out);
		if (!used)
			return false;
	}
	at += used;
	if (length < at + r->immediate)
		return false;
	out->length = (uint8_t)(at + r->immediate);
	if (r->immediate)
		read_immediate(r, bytes + at, out);
	return !r->by_count || out->imm & 31;
}

/* -- new rows */

/* A shift by an immediate: it leaves the flags alone if the count is 0. */
static bool by_count(const struct bt_insn *i)
{
	if (i->map == 1)
		return i->opcode == OP_0F_SHLD_IB || i->opcode == OP_0F_SHRD_IB;
	return i->map == 0 && (i->opcode == OP_SHIFT_EB_IB || i->opcode == OP_SHIFT_EV_IB);
}

static void learn_form(struct bt_decode_cache *c, const struct bt_raw *raw)
{
	if (raw->map > 1 || !raw->legacy)
		return;
	if (raw->has_modrm)
		c->modrm[raw->map][raw->opcode] = true;
	else
		c->no_modrm[raw->map][raw->opcode] = true;
}

/* Both were cleared as a whole, padding too; if the compiler changed some, nothing is learned. */
static bool same(const struct bt_insn *a, const struct bt_insn *b)
{
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	return !memcmp(a, b, sizeof(*a));
}

/* A row from what Zydis said, if the row says the same. */
static void learn(struct bt_decode_cache *c, uint32_t mode, const uint8_t *bytes,
		  const struct bt_insn *insn, const struct bt_raw *raw)
{
	struct row r = { .immediate = raw->immediate,
			 .sign = raw->sign,
			 .relative = raw->relative,
			 .by_count = by_count(insn) };
	struct bt_insn again;
	struct head h;

	learn_form(c, raw);
	if (!raw->legacy || raw->two_immediates || !read_head(c, mode, bytes, insn->length, &h) ||
	    h.has_modrm != raw->has_modrm)
		return;
	if (h.key & KEY_0F && raw->opcode == 0x0f) /* 3DNow!: the opcode is an immediate */
		return;
	if (insn->kind == BT_LEA && h.segment >= 0) /* Zydis gives it a segment by its base */
		return;
	r.key = h.key;
	memcpy(&r.insn, insn, sizeof(r.insn));
	memset(&again, 0, sizeof(again));
	if (read_rest(&r, &h, bytes, insn->length, insn->eip, &again) && same(&again, insn))
		*row_of(c, r.key) = r;
}

bool tsr_bt_decode_cached(struct bt_decode_cache *c, uint32_t mode, const uint8_t *memory,
			  size_t length, uint32_t eip, struct bt_insn *out)
{
	uint8_t bytes[BT_INSN_MAX];
	struct bt_raw raw;
	struct head h;
	const struct row *r;

	length = tsr_bt_copy_code(bytes, memory, length);
	if (read_head(c, mode, bytes, length, &h)) {
		r = row_of(c, h.key);
		if (r->key == h.key && read_rest(r, &h, bytes, length, eip, out))
			return true;
	}
	if (!tsr_bt_decode_raw(mode, bytes, length, eip, out, &raw))
		return false;
	learn(c, mode, bytes, out, &raw);
	return true;
}

bool tsr_bt_decode_known(struct bt_decode_cache *c, uint32_t mode, const uint8_t *bytes,
			 size_t length)
{
	struct head h;

	return read_head(c, mode, bytes, length, &h) && row_of(c, h.key)->key == h.key;
}

struct bt_decode_cache *tsr_bt_decode_cache_new(void)
{
	return calloc(1, sizeof(struct bt_decode_cache));
}

void tsr_bt_decode_cache_free(struct bt_decode_cache *c)
{
	free(c);
}
