/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A byte-code interpreter with computed goto: the inner loop of many scripting languages. */
#include "bench.h"

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, XOR, AND, SHR, LESS, ELEMENT, PUT, JUMP, BRANCH, END };
enum { I, N, X, Y, VARIABLES };

/* while (i < n) { a[i & 63] ^= x; x = x * 5 + i; y = x & 4 ? y + (a[i & 63] >> 3) : y - x; i++; }
 * The numbers are the offsets of the lines; BRANCH jumps where it pops 0. */
/* clang-format off */
static const uint8_t program[] = {
	/*  0 */ LOAD, I, LOAD, N, LESS, BRANCH, 71,
	/*  7 */ LOAD, I, PUSH, 63, AND, LOAD, I, PUSH, 63, AND, ELEMENT, LOAD, X, XOR, PUT,
	/* 22 */ LOAD, X, PUSH, 5, MUL, LOAD, I, ADD, STORE, X,
	/* 32 */ LOAD, X, PUSH, 4, AND, BRANCH, 55,
	/* 39 */ LOAD, Y, LOAD, I, PUSH, 63, AND, ELEMENT, PUSH, 3, SHR, ADD, STORE, Y, JUMP, 62,
	/* 55 */ LOAD, Y, LOAD, X, SUB, STORE, Y,
	/* 62 */ LOAD, I, PUSH, 1, ADD, STORE, I, JUMP, 0,
	/* 71 */ END,
};
/* clang-format on */

static uint32_t array[64];

#define NEXT goto *labels[*at++]
#define BINARY(operation) \
	top--; \
	top[-1] = top[-1] operation top[0]; \
	NEXT

static uint32_t run(const uint8_t *code, uint32_t variables[VARIABLES])
{
	static const void *const labels[] = { &&push,    &&load, &&store, &&add,    &&sub,
					      &&mul,     &&xor,  &&and,   &&shr,    &&less,
					      &&element, &&put,  &&jump,  &&branch, &&end };
	uint32_t stack[16], *top = stack;
	const uint8_t *at = code;

	NEXT;
push:
	*top++ = *at++;
	NEXT;
load:
	*top++ = variables[*at++];
	NEXT;
store:
	variables[*at++] = *--top;
	NEXT;
add:
	BINARY(+);
sub:
	BINARY(-);
mul:
	BINARY(*);
	xor : BINARY(^);
	and : BINARY(&);
shr:
	BINARY(>>);
less:
	BINARY(<);
element:
	top[-1] = array[top[-1]];
	NEXT;
put:
	top -= 2;
	array[top[0]] = top[1];
	NEXT;
jump:
	at = code + *at;
	NEXT;
branch:
	at = *--top ? at + 1 : code + *at;
	NEXT;
end:
	return variables[X] ^ variables[Y];
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 1;

	while (count--) {
		uint32_t variables[VARIABLES] = { [N] = 10000, [X] = sum };

		sum = mix(sum, run(program, variables));
	}
	return sum;
}
