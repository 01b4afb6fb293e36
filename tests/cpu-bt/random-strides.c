/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Loops over arrays, as compilers make them: pointers in EBX, ESI and EDI move by constants, up and
 * down, before and after they are used; operands of all sizes lie at pointers, at pointers with an
 * index, and at an index and a constant; the loop ends by a counter, or by a comparison of a
 * pointer, with flags of all kinds alive around it.
 */
#include <string.h>

#include <tessera/draft/x86-state.h>

#include "random-strides.h"

#define INDEX TSR_EDX
#define COUNT TSR_ECX

struct loop {
	uint8_t *code;
	unsigned length;
	uint32_t data;
	uint32_t (*below)(uint32_t);
};

static const uint8_t pointers[] = { TSR_EBX, TSR_ESI, TSR_EDI };

static void put(struct loop *l, uint8_t byte)
{
	l->code[l->length++] = byte;
}

static void put32(struct loop *l, uint32_t value)
{
	memcpy(l->code + l->length, &value, 4);
	l->length += 4;
}

static uint8_t pointer(const struct loop *l)
{
	return pointers[l->below(3)];
}

/* ModRM, SIB and displacement of an operand in the arrays. */
static void operand(struct loop *l, uint8_t reg)
{
	uint8_t scale = (uint8_t)l->below(4);

	switch (l->below(3)) {
	case 0: /* [pointer + disp8] */
		put(l, 0x40 | (uint8_t)(reg << 3) | pointer(l));
		put(l, (uint8_t)l->below(256));
		break;
	case 1: /* [index * scale + disp32] */
		put(l, 0x04 | (uint8_t)(reg << 3));
		put(l, (uint8_t)(scale << 6) | INDEX << 3 | 5);
		put32(l, l->data + l->below(0x3000));
		break;
	default: /* [pointer + index * scale + disp8] */
		put(l, 0x44 | (uint8_t)(reg << 3));
		put(l, (uint8_t)(scale << 6) | INDEX << 3 | pointer(l));
		put(l, (uint8_t)l->below(256));
	}
}

/* An instruction with an operand in the arrays and one in EAX or EBP. */
static void access(struct loop *l)
{
	static const uint8_t opcodes[] = { 0x8b, 0x8b, 0x89, 0x89, 0x8a, 0x88, 0x03, 0x01,
					   0x33, 0x31, 0x3b, 0x39, 0x13, 0x11, 0x85 };
	uint8_t reg = l->below(2) ? TSR_EAX : TSR_EBP;

	switch (l->below(8)) {
	case 0: /* MOVZX, MOVSX */
		put(l, 0x0f);
		put(l, l->below(2) ? 0xb6 : 0xbf);
		operand(l, reg);
		break;
	case 1: /* ADD, ADC, CMP and the like of an immediate */
		put(l, 0x83);
		operand(l, (uint8_t)l->below(8));
		put(l, (uint8_t)l->below(256));
		break;
	case 2: /* INC, DEC: CF stays */
		put(l, 0xff);
		operand(l, (uint8_t)l->below(2));
		break;
	default:
		if (!l->below(4))
			put(l, 0x66);
		put(l, opcodes[l->below(sizeof(opcodes))]);
		operand(l, reg);
	}
}

/* A pointer or the index moves. */
static void move(struct loop *l, uint8_t reg)
{
	switch (l->below(5)) {
	case 0:
		put(l, (uint8_t)((l->below(2) ? 0x40 : 0x48) + reg)); /* INC, DEC */
		break;
	case 1:
		put(l, 0x8d); /* LEA: flags stay */
		put(l, (uint8_t)(0x40 | reg << 3 | reg));
		put(l, (uint8_t)(4 * l->below(5) - 8));
		break;
	default:
		put(l, 0x83); /* ADD, SUB */
		put(l, (uint8_t)((l->below(2) ? 0xc0 : 0xe8) | reg));
		put(l, (uint8_t)(l->below(3) ? 1u << l->below(4) : l->below(128)));
	}
}

/* What is between: flags are used, or made; the loop is left; a pointer is pushed. */
static void other(struct loop *l)
{
	switch (l->below(6)) {
	case 0:
		put(l, 0x83); /* ADC EAX, 1 */
		put(l, 0xd0);
		put(l, 1);
		break;
	case 1:
		put(l, 0x0f); /* SETcc AL */
		put(l, (uint8_t)(0x90 | l->below(16)));
		put(l, 0xc0);
		break;
	case 2:
		put(l, 0x31); /* XOR EBP, EAX */
		put(l, 0xc5);
		break;
	case 3:
		put(l, 0x3d); /* CMP EAX, imm32; JE past the end, or to it */
		put32(l, l->below(256));
		put(l, 0x74);
		put(l, 0x7f);
		break;
	case 4:
		put(l, 0x50); /* PUSH EAX; POP EBP */
		put(l, 0x5d);
		break;
	default:
		put(l, 0x8d); /* LEA EAX, [EAX + EBP] */
		put(l, 0x04);
		put(l, 0x28);
	}
}

/* EAX becomes small: MOVZX EAX, AL; AND EAX, imm; or SHR EAX, imm8 */
static void make_small(struct loop *l)
{
	switch (l->below(4)) {
	case 0:
		put(l, 0x25);
		put32(l, (2u << l->below(12)) - 1);
		break;
	case 1:
		put(l, 0x83);
		put(l, 0xe0);
		put(l, (uint8_t)l->below(256));
		break;
	case 2:
		put(l, 0xc1);
		put(l, 0xe8);
		put(l, (uint8_t)(20 + l->below(14)));
		break;
	default:
		put(l, 0x0f);
		put(l, 0xb6);
		put(l, 0xc0);
	}
}

/* In a table, wherever EAX leads: MOV EBP, or XCHG with it, [EAX * scale + disp32]; now and then
 * with something between that may change EAX. */
static void look_up(struct loop *l)
{
	make_small(l);
	if (!l->below(4))
		other(l);
	put(l, l->below(2) ? 0x8b : 0x87);
	put(l, 0x04 | TSR_EBP << 3);
	put(l, (uint8_t)(l->below(4) << 6) | TSR_EAX << 3 | 5);
	put32(l, l->data + l->below(0x4000));
}

/* Back to the start while the count lasts, or until a pointer is where it may never be. */
static void back(struct loop *l)
{
	uint8_t cc = 0x85;

	switch (l->below(5)) {
	case 0:
		put(l, 0x48 + COUNT); /* DEC */
		break;
	case 1:
		put(l, 0x83); /* SUB ECX, 1 */
		put(l, 0xe9);
		put(l, 1);
		break;
	case 2:
		put(l, 0x8d); /* LEA ECX, [ECX - 1]; TEST ECX, ECX */
		put(l, 0x49);
		put(l, 0xff);
		put(l, 0x85);
		put(l, 0xc9);
		break;
	case 3:
		put(l, 0x81); /* CMP pointer, imm32; JB or JAE */
		put(l, (uint8_t)(0xf8 | pointer(l)));
		put32(l, l->data + l->below(0x5000));
		cc = l->below(2) ? 0x82 : 0x83;
		break;
	default:
		put(l, 0x83); /* ADD ECX, -1; JS is never, JNS for long */
		put(l, 0xc1);
		put(l, 0xff);
		cc = 0x89;
	}
	put(l, 0x0f);
	put(l, cc);
	put32(l, 0u - (l->length + 4));
}

unsigned random_strides(uint8_t *code, uint32_t gpr[8], uint32_t data, uint32_t (*below)(uint32_t))
{
	struct loop l = { .code = code, .data = data, .below = below };
	unsigned items = 1 + below(8);

	for (unsigned i = 0; i < 8; i++)
		if (i != TSR_ESP)
			gpr[i] = data + below(0x4000);
	gpr[INDEX] = below(4) ? below(0x400) : 0u - below(0x400);
	gpr[COUNT] = below(4) ? below(2000) : 1 + below(20);
	for (unsigned i = 0; i < items; i++) {
		unsigned kind = below(8);

		if (!below(6))
			look_up(&l);
		else if (kind < 4)
			access(&l);
		else if (kind < 7)
			move(&l, below(2) ? INDEX : pointer(&l));
		else
			other(&l);
	}
	back(&l);
	return l.length;
}
