/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random bytes as code, random descriptors, random states in every mode: nothing may crash, and a
 * shadow run must leave the machine alone and end where the real run does. Arguments: seed, rounds.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../plugins/cpu-interp/run.h"
#include "../../plugins/cpu-interp/shadow.h"
#include "machine.h"
#include "unit.h"

static struct machine *m;
static struct tsr_x86_state *s;
static uint64_t rng, rounds = 2000;

static uint64_t rnd(void)
{
	rng ^= rng << 13;
	rng ^= rng >> 7;
	rng ^= rng << 17;
	return rng * 0x2545f4914f6cdd1du;
}

static void random_memory(void)
{
	for (unsigned i = 0; i < 4096; i++) {
		uint64_t value = rnd();

		memcpy(m->ram + (rnd() & 0xfffff), &value, 8);
	}
}

/* Descriptors that are often nearly right. */
static void random_tables(void)
{
	for (unsigned i = 1; i < 64; i++) {
		unsigned table = rnd() & 4, access = (unsigned)rnd();

		if (rnd() & 1)
			access = (access & 0xc060) | 0x80 |
				 (rnd() & 1 ? 0x13 + (access >> 16 & 12) : access >> 24 & 15);
		machine_descriptor(m, i * 8 | table, rnd() & 1 ? 0 : (uint32_t)rnd() & 0xfffff,
				   rnd() & 1 ? 0xfffff : (uint32_t)rnd(), access);
	}
	for (unsigned v = 0; v < 256; v++)
		machine_idt(m, v, (unsigned)rnd() & 0x7f, (uint32_t)rnd() & 0xfffff,
			    (unsigned)(0x80 | (rnd() & 0x6f)));
}

static void random_state(void)
{
	unsigned mode = rnd() % 4;

	if (mode == 0) {
		machine_real(m);
		for (unsigned i = 0; i < TSR_SEGMENTS; i++)
			s->segment[i].base = (rnd() & 0xffff) << 4;
	} else {
		machine_flat(m, mode == 1 ? 0 : 3);
		machine_tables(m);
		random_tables();
		if (mode == 3) {
			s->eflags |= TSR_FLAG_VM;
			for (unsigned i = 0; i < TSR_SEGMENTS; i++)
				s->segment[i] =
					(struct tsr_x86_segment){ (uint16_t)rnd(), 0xf3, 0xffff,
								  (rnd() & 0xffff) << 4 };
		} else if (rnd() & 1) {
			s->segment[TSR_CS].access &= ~TSR_SEG_DB;
		}
		s->cr4 |= rnd() & (TSR_CR4_VME | TSR_CR4_PVI | TSR_CR4_DE | TSR_CR4_TSD);
	}
	for (unsigned i = 0; i < 8; i++)
		s->gpr[i] = rnd() & 1 ? (uint32_t)rnd() : (uint32_t)rnd() & 0xfffff;
	s->gpr[TSR_ECX] &= 0xfff; /* REP would take its time */
	s->eflags |= (uint32_t)rnd() &
		     (0x50dd5u | (rnd() & 1 ? TSR_FLAG_IOPL : 0) | (rnd() % 8 ? 0 : TSR_FLAG_TF));
	s->cr0 |= rnd() % 4 ? 0
			    : (uint32_t)rnd() & (TSR_CR0_TS | TSR_CR0_EM | TSR_CR0_MP | TSR_CR0_AM);
	s->eip = mode == 0 || mode == 3 ? (uint32_t)rnd() & 0xffff : (uint32_t)rnd() & 0xfffff;
	if (rnd() % 8 == 0) {
		s->dr[0] = (uint32_t)rnd() & 0xfffff;
		s->dr[7] = 0x400 | ((uint32_t)rnd() & 0xffff00ff);
	}
	for (unsigned i = 0; i < 288; i++)
		s->fx[i] = (uint8_t)rnd();
	s->fx[25] &= 0x7f;
	s->fx[26] = s->fx[27] = 0;
	if (rnd() & 1)
		s->fx[0] |= 0x3f, s->fx[2] &= 0x40, s->fx[24] |= 0x80, s->fx[25] |= 0x1f;
	m->c->has_pins = false; /* a service gives way in long REPs */
	m->c->pins = (uint32_t)rnd() & (1u << TSR_CPU_IGNNE);
	m->c->intack = NULL;
	s->debug_pending = 0;
}

static void run_round(void)
{
	random_memory();
	random_state();
	for (unsigned i = 0; i < 8; i++)
		machine_set_page(m, (tsr_gla)(rnd() & 0xff) << TSR_PAGE_SHIFT,
				 (enum page_kind)(rnd() % 5));
	for (unsigned i = 0; i < 20; i++) {
		struct tsr_x86_fault fault = { .vector = (int)(rnd() & 0xff),
					       .has_error_code = rnd() & 1 };

		machine_refresh(m);
		if (rnd() % 16 == 0)
			cpu_deliver(m->c, (enum tsr_x86_event)(rnd() % 3), &fault);
		else if (cpu_step(m->c, rnd() % 64, NULL) == TSR_X86_SHUTDOWN)
			break;
		s->halted = 0;
	}
	for (unsigned i = 0; i < 256; i++)
		machine_set_page(m, i << TSR_PAGE_SHIFT, PAGE_RAM);
}

static void test_no_crash(void)
{
	for (uint64_t i = 0; i < rounds; i++)
		run_round();
}

static unsigned mismatch_at(const uint8_t *a, const uint8_t *b, size_t length)
{
	unsigned i = 0;

	while (i < length && a[i] == b[i])
		i++;
	return i;
}

/* One instruction in the shadow, then for real. */
static void test_shadow_agrees(void)
{
	static uint8_t before[0x100000];
	unsigned agreed = 0;

	for (uint64_t i = 0; i < rounds / 4; i++) {
		struct tsr_x86_state copy;
		struct tsr_x86_fault fault;
		uint64_t executed;
		enum tsr_x86_stop stop;

		random_memory();
		random_state();
		s->eflags &= ~(TSR_FLAG_TF | TSR_FLAG_RF);
		s->dr[7] = 0x400;
		m->c->has_pins = false;
		machine_refresh(m);
		memcpy(before, m->ram, sizeof(before));
		copy = *s;
		stop = shadow_steps(m->c, &copy, 1, NULL, NULL, &executed, &fault);
		CU_ASSERT_FATAL(!memcmp(before, m->ram, sizeof(before)));
		if (stop != TSR_X86_DONE)
			continue;
		machine_refresh(m);
		cpu_step(m->c, 1, NULL);
		copy.shadow = s->shadow;
		if (memcmp(&copy, s, sizeof(copy)))
			printf("differs at byte %u\n",
			       (unsigned)(mismatch_at((uint8_t *)&copy, (uint8_t *)s,
						      sizeof(copy))));
		CU_ASSERT_FATAL(!memcmp(&copy, s, sizeof(copy)));
		agreed++;
	}
	printf(" %u instructions ", agreed);
	CU_ASSERT(agreed > rounds / 40);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "nothing crashes", test_no_crash },
		{ "shadow runs agree", test_shadow_agrees },
		CU_TEST_INFO_NULL,
	};

	rng = argc > 1 ? strtoull(argv[1], NULL, 0) : (uint64_t)time(NULL);
	if (argc > 2)
		rounds = strtoull(argv[2], NULL, 0);
	printf("seed %llu\n", (unsigned long long)rng);
	rng = rng * 0x9e3779b97f4a7c15u | 1;
	m = machine_new(NULL);
	s = &m->state;
	int status = unit_run("random code", tests);

	machine_free(m);
	return status;
}
