/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* String instructions with REP that reach a page where they fault: what is done is done, the
 * registers count it, and the rest follows when the page is repaired (SDM volume 2, REP). */
#include "user.h"

#define AREA 0x60000000u /* two pages, of which one is spoiled */
#define OTHER 0x60010000u
#define COUNT 96u

enum { STOS, MOVS_TO, MOVS_FROM, LODS, SCAS, CMPS, KINDS };

static const char *const names[KINDS] = { "rep stos", "rep movs to it", "rep movs from it",
					  "rep lods", "repne scas",     "repe cmps" };

struct registers {
	uint32_t esi, edi, ecx;
};

static volatile unsigned faults;
static uint32_t bad_page;
static volatile uint32_t fault_at;
static struct registers at_fault;
static uint8_t before[2 * PAGE];

static void on_fault(int signal, uint32_t at, struct context *c)
{
	(void)signal;
	at_fault = (struct registers){ c->esi, c->edi, c->ecx };
	fault_at = at;
	if (faults++ > 3)
		leave(5);
	check_equal(c->trapno, TRAP_PF, "the exception of a string instruction");
	protect(bad_page, PAGE, PROT_RW);
}

/* clang-format off */
#define STRING(prefix, op)                                                                         \
	do {                                                                                       \
		if (down)                                                                          \
			__asm__ volatile("std\n\t" prefix " " op "\n\tcld" : "+S"(r.esi), "+D"(r.edi), "+c"(r.ecx), "+a"(eax) : : "memory", "cc"); \
		else                                                                               \
			__asm__ volatile(prefix " " op : "+S"(r.esi), "+D"(r.edi), "+c"(r.ecx), "+a"(eax) : : "memory", "cc"); \
	} while (0)
#define SIZES(prefix, op)                                                                          \
	do {                                                                                       \
		if (size == 1)                                                                     \
			STRING(prefix, op "b");                                                    \
		else if (size == 2)                                                                \
			STRING(prefix, op "w");                                                    \
		else                                                                               \
			STRING(prefix, op "l");                                                    \
	} while (0)
/* clang-format on */

static struct registers run(unsigned kind, struct registers r, unsigned size, bool down)
{
	uint32_t eax = 0xa5a5a5a5;

	switch (kind) {
	case STOS:
		SIZES("rep", "stos");
		break;
	case MOVS_TO:
	case MOVS_FROM:
		SIZES("rep", "movs");
		break;
	case LODS:
		SIZES("rep", "lods");
		break;
	case SCAS:
		SIZES("repne", "scas");
		break;
	case CMPS:
		SIZES("repe", "cmps");
		break;
	}
	return r;
}

static bool by_edi(unsigned kind)
{
	return kind == STOS || kind == MOVS_TO || kind == SCAS;
}

static bool writes(unsigned kind)
{
	return kind == STOS || kind == MOVS_TO;
}

/* Elements before the one that reaches the bad page. */
static uint32_t whole(uint32_t start, unsigned size, bool down)
{
	uint32_t n = 0;

	for (; n < COUNT; n++) {
		uint32_t first = down ? start - n * size : start + n * size;

		if (first / PAGE == bad_page / PAGE || (first + size - 1) / PAGE == bad_page / PAGE)
			break;
	}
	return n;
}

static void fill(void)
{
	protect(AREA, 2 * PAGE, PROT_RW);
	memset((void *)AREA, 0x11, 2 * PAGE);
	memset((void *)OTHER, 0x11, 4 * PAGE);
}

static void check_partial(unsigned kind, struct registers from, unsigned size, bool down)
{
	uint32_t start = by_edi(kind) ? from.edi : from.esi, n = whole(start, size, down);
	uint32_t way = n * (down ? -size : size);
	uint32_t first = start + way;

	check_equal(at_fault.ecx, from.ecx - n, names[kind]);
	if (kind != LODS)
		check_equal(at_fault.edi, from.edi + way, names[kind]);
	if (kind != STOS && kind != SCAS)
		check_equal(at_fault.esi, from.esi + way, names[kind]);
	check_equal(fault_at, first < bad_page ? bad_page : first, names[kind]);
}

static void try(unsigned kind, unsigned size, bool down, uint32_t start, int protection)
{
	struct registers from = { OTHER + 2 * PAGE, OTHER + 2 * PAGE, COUNT }, to, again;
	bool bad = protection == PROT_NONE || writes(kind);

	*(by_edi(kind) ? &from.edi : &from.esi) = start;
	fill();
	to = run(kind, from, size, down);
	memcpy(before, (void *)AREA, sizeof(before));
	fill();
	bad_page = down ? AREA : AREA + PAGE;
	protect(bad_page, PAGE, protection);
	faults = 0;
	again = run(kind, from, size, down);
	protect(bad_page, PAGE, PROT_RW);
	check_equal(faults, bad, names[kind]);
	if (faults)
		check_partial(kind, from, size, down);
	check(!memcmp(&to, &again, sizeof(to)), names[kind]);
	check(!memcmp(before, (void *)AREA, sizeof(before)), names[kind]);
}

void check_strings(void)
{
	area("strings");
	on_signal(SIGSEGV, on_fault);
	map_at(AREA, 2 * PAGE, PROT_RW);
	map_at(OTHER, 4 * PAGE, PROT_RW);
	for (unsigned round = 0; round < 4; round++)
		for (unsigned kind = 0; kind < KINDS; kind++)
			for (unsigned size = 1; size <= 4; size *= 2)
				for (uint32_t odd = 0; odd < 5; odd++) {
					try(kind, size, false, AREA + PAGE - 80 - odd, PROT_NONE);
					try(kind, size, true, AREA + PAGE + 80 + odd, PROT_NONE);
					try(kind, size, false, AREA + PAGE - 80 - odd, PROT_READ);
					try(kind, size, true, AREA + PAGE + 80 + odd, PROT_READ);
				}
	on_signal(SIGSEGV, NULL);
}
