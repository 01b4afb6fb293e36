/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes random instructions of the 386, 486 and P6 integer sets, with their length (SDM volume 2,
 * chapter 2 and appendix A). */
#include "random.h"

#define CF 1u
#define PF_ 4u
#define AF 0x10u
#define ZF 0x40u
#define SF 0x80u
#define OF_ 0x800u
#define ALL (CF | PF_ | AF | ZF | SF | OF_)

static uint32_t state;

void random_seed(uint32_t seed)
{
	state = seed * 2654435761u ^ 0x9e3779b9u;
	if (!state)
		state = 1;
	for (unsigned i = 0; i < 8; i++)
		random_word();
}

uint32_t random_word(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

uint32_t random_below(uint32_t n)
{
	return (random_word() >> 8) % n;
}

uint32_t random_value(void)
{
	static const uint32_t edges[] = { 0,          1,          2,          0x7f,
					  0x80,       0xff,       0x100,      0x7fff,
					  0x8000,     0xfffe,     0xffff,     0x10000,
					  0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	uint32_t value = random_word();

	switch (random_below(8)) {
	case 0:
		return edges[random_below(16)];
	case 1:
		return value & 0xff;
	case 2:
		return value | 0xffffff00;
	case 3:
	case 4:
		return value & 0xffff;
	case 5:
		return value & 0x3f;
	default:
		return value;
	}
}

/* -- Opcodes */

static bool has_modrm(uint16_t op)
{
	if (op >> 8) {
		uint8_t b = (uint8_t)op;

		return b <= 3 || (b >= 0x18 && b <= 0x23) || (b >= 0x40 && b <= 0x4f) ||
		       (b >= 0x90 && b <= 0x9f) || (b >= 0xa3 && b <= 0xa5) ||
		       (b >= 0xab && b <= 0xad) || (b >= 0xaf && b <= 0xb7) ||
		       (b >= 0xba && b <= 0xc1) || b == 0xc7;
	}
	if (op < 0x40)
		return (op & 7) < 4;
	return op == 0x62 || op == 0x63 || op == 0x69 || op == 0x6b || (op >= 0x80 && op <= 0x8f) ||
	       op == 0xc0 || op == 0xc1 || (op >= 0xc4 && op <= 0xc7) ||
	       (op >= 0xd0 && op <= 0xd3) || op == 0xf6 || op == 0xf7 || op >= 0xfe;
}

static unsigned immediate(const struct instruction *in)
{
	unsigned op = in->opcode, z = in->data32 ? 4 : 2;

	if (op >> 8) {
		op &= 0xff;
		return op >= 0x80 && op <= 0x8f ? z : op == 0xa4 || op == 0xac || op == 0xba;
	}
	if (op < 0x40)
		return (op & 7) == 4 ? 1 : (op & 7) == 5 ? z : 0;
	if ((op >= 0x70 && op <= 0x7f) || (op >= 0xb0 && op <= 0xb7) || (op >= 0xe0 && op <= 0xe7))
		return 1;
	if (op >= 0xb8 && op <= 0xbf)
		return z;
	if (op >= 0xa0 && op <= 0xa3)
		return in->address32 ? 4 : 2;
	switch (op) {
	case 0x6a:
	case 0x6b:
	case 0x80:
	case 0x82:
	case 0x83:
	case 0xa8:
	case 0xc0:
	case 0xc1:
	case 0xc6:
	case 0xcd:
	case 0xd4:
	case 0xd5:
	case 0xeb:
		return 1;
	case 0x68:
	case 0x69:
	case 0x81:
	case 0xa9:
	case 0xc7:
	case 0xe8:
	case 0xe9:
		return z;
	case 0x9a:
	case 0xea:
		return z + 2;
	case 0xc2:
	case 0xca:
		return 2;
	case 0xc8:
		return 3;
	case 0xf6:
		return in->modrm >> 3 & 6 ? 0 : 1;
	case 0xf7:
		return in->modrm >> 3 & 6 ? 0 : z;
	default:
		return 0;
	}
}

/* Bytes of SIB and displacement; puts a SIB byte after the ModR/M byte. */
static unsigned displacement(struct instruction *in)
{
	unsigned mod = in->modrm >> 6, rm = in->modrm & 7, length = 0;

	if (mod == 3 || (in->opcode >= 0x0f20 && in->opcode <= 0x0f23))
		return 0;
	if (!in->address32)
		return mod == 0 ? (rm == 6 ? 2 : 0) : mod;
	if (rm == 4) {
		uint8_t sib = (uint8_t)random_word();

		in->bytes[in->length++] = sib;
		if ((sib & 7) == 5 && mod == 0)
			return 4;
	} else if (rm == 5 && mod == 0) {
		return 4;
	}
	length += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	return length;
}

/* What a mode cannot try: what would change the harness, wait, or ask the machine around the
 * processor. */
static bool excluded(uint16_t op, uint8_t modrm, enum mode mode)
{
	unsigned reg = modrm >> 3 & 7;

	if (op >= 0xd8 && op <= 0xdf)
		return true;
	switch (op) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
	case 0x0f:
	case 0x9b:
	case 0xf1:
		return true;
	case 0x6c:
	case 0x6d:
	case 0x6e:
	case 0x6f:
	case 0xe4:
	case 0xe5:
	case 0xe6:
	case 0xe7:
	case 0xec:
	case 0xed:
	case 0xee:
	case 0xef:
	case 0xf4:
	case 0x0f06:
	case 0x0f08:
	case 0x0f09:
	case 0x0f30:
	case 0x0f32:
	case 0x0f20:
	case 0x0f21:
	case 0x0f22:
	case 0x0f23:
		return mode == REAL;
	case 0x0f01:
		return modrm >= 0xc0
			       ? reg != 4 && reg != 6
			       : mode == REAL && (reg == 2 || reg == 3 || reg == 6 || reg == 7);
	case 0x17:
	case 0x0fb2: /* a stack anywhere is a frame anywhere, in the harness too */
		return mode == REAL;
	case 0x8e:
		return reg == 2 && mode == REAL;
	case 0x0fbc:
	case 0x0fbd: /* a result of 1, 3 or 5 in SP leaves no room for a trap's frame */
		return reg == 4 && mode == REAL;
	case 0x0fb8:
	case 0x0fb9:
	case 0x0f24:
	case 0x0f25:
	case 0x0f26:
	case 0x0f27:
		return true;
	case 0x0fc7:
		return reg == 6 || reg == 7 || reg == 3 || reg == 4 || reg == 5;
	}
	if (op >> 8) {
		uint8_t b = (uint8_t)op;

		return !has_modrm(op) && b != 0x05 && b != 0x06 && b != 0x08 && b != 0x09 &&
		       b != 0x0b && b != 0x30 && b != 0x32 && !(b >= 0x80 && b <= 0x8f) &&
		       b != 0xa0 && b != 0xa1 && b != 0xa8 && b != 0xa9 &&
		       !(b >= 0xc8 && b <= 0xcf);
	}
	return false;
}

static void prefixes(struct instruction *in, bool wide)
{
	static const uint8_t segments[6] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };

	in->data32 = in->address32 = wide;
	for (unsigned i = random_below(3) ? random_below(4) : 0; i; i--) {
		uint8_t byte = 0x66;

		switch (random_below(8)) {
		case 0:
		case 1:
		case 2:
			in->data32 = !wide;
			break;
		case 3:
			byte = 0x67;
			in->address32 = !wide;
			break;
		case 4:
		case 5:
			byte = segments[random_below(6)];
			break;
		case 6:
			byte = random_below(2) ? 0xf2 : 0xf3;
			in->repeated = true;
			break;
		default:
			byte = random_below(4) ? 0x3e : 0xf0;
		}
		in->bytes[in->length++] = byte;
	}
	if (!random_below(200))
		while (in->length < 13)
			in->bytes[in->length++] = 0x2e;
	in->prefixes = in->length;
}

void random_instruction(struct instruction *in, enum mode mode)
{
	unsigned rest;

	*in = (struct instruction){ 0 };
	prefixes(in, mode == RING3_32);
	do {
		in->opcode = (uint16_t)(random_below(256) | (random_below(4) ? 0 : 0x0f00));
		in->modrm = (uint8_t)random_word();
	} while (excluded(in->opcode, in->modrm, mode));
	if (in->opcode >> 8)
		in->bytes[in->length++] = 0x0f;
	in->bytes[in->length++] = (uint8_t)in->opcode;
	rest = 0;
	if (has_modrm(in->opcode)) {
		in->bytes[in->length++] = in->modrm;
		rest = displacement(in);
	}
	for (unsigned i = 0; i < rest; i++)
		in->bytes[in->length++] =
			rest == 4 && i >= 2 && random_below(8) ? 0 : (uint8_t)random_word();
	rest = immediate(in);
	for (uint32_t value = random_value(); rest;
	     rest--, value = rest == 2 ? random_value() : value >> 8)
		in->bytes[in->length++] = (uint8_t)value;
}

/* Moves of SSE and MMX: mandatory prefix, opcode. */
static const uint16_t moves[] = { 0x0010, 0x0011, 0x0012, 0x0013, 0x0016, 0x0017, 0x0028, 0x0029,
				  0x002b, 0x006e, 0x006f, 0x007e, 0x007f, 0x00c3, 0x00e7, 0x00f7,
				  0x6610, 0x6611, 0x6612, 0x6613, 0x6628, 0x6629, 0x666e, 0x666f,
				  0x667e, 0x667f, 0x66d6, 0x66e7, 0x66f7, 0xf310, 0xf311, 0xf36f,
				  0xf37e, 0xf37f, 0xf210, 0xf211, 0x00ae, 0x00ae, 0x00ae, 0x00ae };

void random_float(struct instruction *in, enum mode mode)
{
	unsigned reg = random_below(8), rest;
	uint16_t move = moves[random_below(sizeof(moves) / sizeof(moves[0]))];

	*in = (struct instruction){ 0 };
	in->data32 = in->address32 = mode == RING3_32;
	if (!random_below(4)) {
		in->address32 = !in->address32;
		in->bytes[in->length++] = 0x67;
	}
	in->modrm = (uint8_t)((random_below(3) << 6) | reg << 3 | random_below(8));
	if (random_below(3)) {
		if (!random_below(4))
			in->bytes[in->length++] = 0x66;
		in->prefixes = in->length;
		in->opcode = (uint16_t)(0xd8 + random_below(8));
		if (reg == 1 && in->opcode & 1 && in->opcode > 0xd9) /* FISTTP: models differ */
			in->opcode = 0xd9;
	} else {
		if (move >> 8)
			in->bytes[in->length++] = (uint8_t)(move >> 8);
		in->prefixes = in->length;
		in->opcode = 0x0f00 | (uint8_t)move;
		if ((uint8_t)move == 0xf7)
			in->modrm |= 0xc0;
		in->bytes[in->length++] = 0x0f;
	}
	if ((uint8_t)in->opcode == 0xae)
		in->modrm &= (uint8_t)~0x20; /* FXSAVE, FXRSTOR, LDMXCSR, STMXCSR */
	in->bytes[in->length++] = (uint8_t)in->opcode;
	in->bytes[in->length++] = in->modrm;
	rest = displacement(in);
	for (unsigned i = 0; i < rest; i++)
		in->bytes[in->length++] = rest == 4 && i >= 2 ? 0 : (uint8_t)random_word();
}

/* -- What is defined */

static bool is_shift(const struct instruction *in)
{
	return in->opcode == 0xc0 || in->opcode == 0xc1 ||
	       (in->opcode >= 0xd0 && in->opcode <= 0xd3);
}

static unsigned shift_count(const struct instruction *in, uint32_t ecx)
{
	return (in->opcode <= 0xc1 ? in->bytes[in->length - 1] : in->opcode <= 0xd1 ? 1 : ecx) & 31;
}

static uint32_t shift_flags(const struct instruction *in, uint32_t ecx)
{
	unsigned count = shift_count(in, ecx), reg = in->modrm >> 3 & 7,
		 width = in->opcode & 1 ? in->data32 ? 32 : 16 : 8;
	uint32_t flags = ALL;

	if (count > 1)
		flags &= ~OF_;
	if (reg >= 4 && count)
		flags &= ~AF;
	if (reg >= 4 && reg != 7 && count >= width)
		flags &= ~CF;
	return flags;
}

uint32_t defined_flags(const struct instruction *in, uint32_t ecx)
{
	unsigned op = in->opcode, reg = in->modrm >> 3 & 7;

	if (op < 0x40 && (op & 7) < 6)
		return (op & 0x38) == 8 || (op & 0x38) == 0x20 || (op & 0x38) == 0x30 ? ALL & ~AF
										      : ALL;
	if (op >= 0x80 && op <= 0x83)
		return reg == 1 || reg == 4 || reg == 6 ? ALL & ~AF : ALL;
	if (is_shift(in))
		return shift_flags(in, ecx);
	switch (op) {
	case 0x84:
	case 0x85:
	case 0xa8:
	case 0xa9:
		return ALL & ~AF;
	case 0x27:
	case 0x2f:
		return ALL & ~OF_;
	case 0x37:
	case 0x3f:
		return AF | CF;
	case 0xd4:
	case 0xd5:
		return SF | ZF | PF_;
	case 0x69:
	case 0x6b:
	case 0x0faf:
		return CF | OF_;
	case 0xf6:
	case 0xf7:
		return reg < 2 ? ALL & ~AF : reg == 4 || reg == 5 ? CF | OF_ : reg >= 6 ? 0 : ALL;
	case 0x0fa3:
	case 0x0fab:
	case 0x0fb3:
	case 0x0fbb:
	case 0x0fba:
		return CF | ZF;
	case 0x0fbc:
	case 0x0fbd:
		return ZF;
	case 0x0fa4:
	case 0x0fac:
	case 0x0fa5:
	case 0x0fad: {
		unsigned count = (op & 1 ? ecx : in->bytes[in->length - 1]) & 31;

		return !count ? ALL : count == 1 ? ALL & ~AF : ALL & ~(AF | OF_);
	}
	}
	return ALL;
}

bool undefined_result(const struct instruction *in, uint32_t ecx)
{
	if (in->opcode == 0x0fa4 || in->opcode == 0x0fac)
		return !in->data32 && (in->bytes[in->length - 1] & 31) > 16;
	return (in->opcode == 0x0fa5 || in->opcode == 0x0fad) && !in->data32 && (ecx & 31) > 16;
}

bool may_loop(const struct instruction *in)
{
	unsigned op = in->opcode;
	bool near = (op >= 0x70 && op <= 0x7f) || (op >= 0xe0 && op <= 0xe3) ||
		    (op >= 0xe8 && op <= 0xeb) || (op >= 0x0f80 && op <= 0x0f8f);

	return near && in->bytes[in->length - 1] >= 0xf0;
}

bool is_far_transfer(const struct instruction *in)
{
	unsigned reg = in->modrm >> 3 & 7;

	return in->opcode == 0x9a || in->opcode == 0xea || in->opcode == 0xca ||
	       in->opcode == 0xcb || in->opcode == 0xcf ||
	       (in->opcode == 0xff && (reg == 3 || reg == 5));
}
