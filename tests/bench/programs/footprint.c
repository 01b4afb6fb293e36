/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Code of KIB KiB: functions of 64 bytes that the program writes and then calls one after the
 * other, a unit of work being as many calls for each size. In a function there are ten instructions
 * that i386 and x86-64 have in common. */
#include "bench.h"

#ifdef __x86_64__
enum { SYS_mprotect = 10 };
#else
enum { SYS_mprotect = 125 };
#endif

#define CALLS 1048576u /* for a unit: each function of the largest size once */
#define FUNCTIONS (KIB * 1024u / 64)
#define ALL 7 /* PROT_READ | PROT_WRITE | PROT_EXEC */

static uint8_t code[FUNCTIONS][64] __attribute__((aligned(4096)));

static void put(uint8_t **at, uint8_t opcode, uint8_t operand, uint32_t constant)
{
	*(*at)++ = opcode;
	if (operand)
		*(*at)++ = operand;
	__builtin_memcpy(*at, &constant, sizeof(constant));
	*at += sizeof(constant);
}

/* ADD, XOR, SUB EAX, imm32 and ROL EAX, 7, and RET. */
static void write_function(uint8_t *at, uint32_t seed)
{
	for (unsigned i = 0; i < 3; i++) {
		put(&at, 0x05, 0, next_random(&seed));
		put(&at, 0x81, 0xf0, next_random(&seed));
		put(&at, 0x2d, 0, next_random(&seed));
		*at++ = 0xc1;
		*at++ = 0xc0;
		*at++ = 7;
	}
	*at = 0xc3;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	if (linux_call(SYS_mprotect, (long)code, sizeof(code), ALL, 0) < 0)
		return 0;
	for (unsigned i = 0; i < FUNCTIONS; i++)
		write_function(code[i], i);
	while (count--)
		for (unsigned i = 0; i < CALLS; i++)
			__asm__ volatile("call *%1"
					 : "+a"(sum)
					 : "r"(code[i % FUNCTIONS])
					 : "cc", "memory");
	return sum;
}
