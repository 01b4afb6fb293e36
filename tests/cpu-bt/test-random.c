/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Random programs on cpu-bt against cpu-interp: registers, flags, FP state, memory, device writes
 * and the fault they end with must be the same. Usage: test-bt-random [SEED [COUNT [INSTRUCTIONS
 * [OPTIONS]]]]; without, a fixed seed. SEED "fresh": another one each time, printed. COUNT "60s":
 * programs for so many seconds; "10M": until so many instructions were executed. A word "loop"
 * among the options (rig.h has the others): programs run many times over, in blocks that are
 * linked; "runs": some instructions are there up to 80 times, so that blocks have the greatest
 * length; "calls": they call functions, which return in good and in odd ways; "strides": loops over
 * arrays instead (random-strides.c). random-program.c makes the programs.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "random-program.h"
#include "rig.h"

#define PAGE_DIRECTORY 0x40000u
#define PAGE_TABLE 0x41000u
#define PAGE_TABLES 0x2000u /* bytes of both */

/* -- state and memory */
static uint32_t random_value(void)
{
	static const uint32_t edges[] = {
		0,      1,      2,      0x7f,       0x80,       0xff,
		0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff
	};

	static const uint32_t selectors[] = { 0x10, 0x20, 0x23, 0x18, 0x1b, 3 };

	switch (below(5)) {
	case 4:
		return (rnd() & 0xffff0000) | selectors[below(6)];
	case 0:
		return edges[below(12)];
	case 1:
		return below(32);
	default:
		return rnd();
	}
}

static uint32_t random_pointer(void)
{
	switch (below(8)) {
	case 0:
		return DATA + 0x1000 * below(5) - below(16);
	case 1:
		return RIG_IO_BASE + below(0x2000);
	case 2:
		return CODE + below(0x1200);
	default:
		return DATA + below(0x4000);
	}
}

/* Numbers of all kinds, some registers empty, now and then unmasked exceptions. */
static void random_x87(struct tsr_x86_state *s)
{
	static const uint16_t exponents[] = { 0x3fff, 0x4000, 0xbffe, 0x7fff,
					      0,      0x0001, 0x7ffe, 0x401e };
	uint16_t fcw = 0x37f, fsw = (uint16_t)(below(8) << 11);
	uint32_t mxcsr = 0x1f80;

	if (below(3) == 0)
		fcw = (uint16_t)((rnd() & 0xf3f) | 0x40 | (below(2) ? 0x20 : 0));
	if (below(3) == 0)
		mxcsr = (rnd() & 0xffff) | (below(3) ? 0x800 : 0);
	memcpy(s->fx, &fcw, sizeof(fcw));
	memcpy(s->fx + 2, &fsw, sizeof(fsw));
	memcpy(s->fx + 24, &mxcsr, sizeof(mxcsr));
	s->fx[4] = below(4) ? 0xff : (uint8_t)rnd();
	for (unsigned i = 0; i < 8; i++) {
		uint64_t mantissa = (uint64_t)rnd() << 32 | rnd();
		uint16_t exponent = below(4) ? exponents[below(8)] : (uint16_t)rnd();

		if (below(2))
			mantissa = UINT64_C(1) << 63 | (uint64_t)below(8) << 60;
		memcpy(s->fx + 32 + 16 * i, &mantissa, sizeof(mantissa));
		memcpy(s->fx + 40 + 16 * i, &exponent, sizeof(exponent));
	}
}

static void random_state(struct tsr_x86_state *s, const struct program *p)
{
	/* of single and of double precision */
	static const uint32_t numbers[] = { 0,          0x80000000, 1,          0x3f800000,
					    0x3ff00000, 0x40080000, 0x7f800000, 0x7ff00000,
					    0x7f7fffff, 0x00800000 };

	if (p->fp && below(4))
		random_x87(s);
	for (unsigned i = 0; i < 8; i++)
		s->gpr[i] = (below(4) ? random_pointer() : random_value()) &
			    (p->fp && below(2) ? ~15u : ~0u);
	if (below(2))
		s->gpr[TSR_ECX] = below(64);
	s->gpr[TSR_ECX] &= 0xfffff; /* REP takes its time */
	s->gpr[TSR_ESP] = STACK + 0x1000 - 64 + 4 * below(30) - (below(8) ? 0 : below(4));
	s->eflags = 2 | (rnd() & (TSR_FLAGS_ARITHMETIC | (below(4) ? 0 : TSR_FLAG_DF)));
	if (p->strided) {
		memcpy(s->gpr, p->gpr, sizeof(s->gpr));
		s->gpr[TSR_ESP] = STACK + 0x800;
		s->eflags &= ~TSR_FLAG_DF;
	}
	s->eip = p->start;
	for (unsigned i = 0; i < 512 - 160 - 224; i++)
		s->fx[160 + i] = (uint8_t)rnd();
	for (unsigned i = 160; i < 288; i += 4)
		if (p->fp && below(2))
			memcpy(s->fx + i, &numbers[below(10)], 4);
	if (p->user) {
		s->cpl = 3;
		s->eflags |= 3 << 12;
		for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
			s->segment[i].selector = i == TSR_CS ? 0x1b : 0x23;
			s->segment[i].access |= 0x60;
		}
	}
	if (!p->code32) {
		s->segment[TSR_CS].access &= (uint16_t)~TSR_SEG_DB;
		if (below(2))
			s->segment[TSR_SS].access &= (uint16_t)~TSR_SEG_DB;
	}
	s->segment[TSR_FS].base = below(2) ? 0x100 : 0xfffff000;
	if (p->limited) {
		s->segment[TSR_DS].base = 0x1000;
		s->segment[TSR_DS].limit = DATA + 0x1fff;
		s->segment[TSR_DS].access &= (uint16_t)~TSR_SEG_G;
		s->segment[TSR_ES].limit = DATA + 0x2fff;
		s->segment[TSR_GS].access &= below(2) ? 0xfffd : 0xffff;
	}
	if (p->paging) {
		s->cr0 |= TSR_CR0_PG | TSR_CR0_WP;
		s->cr3 = PAGE_DIRECTORY;
	}
}

static void put32(struct rig *rig, uint32_t at, uint32_t value)
{
	memcpy(rig->ram + at, &value, 4);
}

/* What set_up writes to PAGE_DIRECTORY and to PAGE_TABLE, which follows it. */
static const uint32_t *page_tables(const struct program *p)
{
	static uint32_t entry[PAGE_TABLES / 4];
	uint32_t *table = entry + 1024;

	entry[0] = PAGE_TABLE | 7;
	for (uint32_t i = 0; i < 1024; i++)
		table[i] = i << 12 | 7;
	table[(DATA + 0x4000) >> 12] = 0;
	table[(DATA + 0x3000) >> 12] = (DATA + 0x3000) | (p->user ? 5 : 1);
	table[(STACK + 0x1000) >> 12] = 0;
	return entry;
}

static void set_up(struct rig *rig, const struct program *p, const struct tsr_x86_state *s,
		   const uint8_t *data)
{
	struct tsr_error error;
	struct tsr_x86_state own;

	memcpy(rig->ram + DATA - 0x1000, data, 0x6000);
	memcpy(rig->ram + STACK, data + 0x6000, 0x1000);
	put32(rig, ROUNDS, p->loop ? 50 : 0);
	memset(rig->ram + CODE, 0xf4, 0x2000);
	memcpy(rig->ram + p->start, p->code, p->length);
	memcpy(rig->ram + PAGE_DIRECTORY, page_tables(p), PAGE_TABLES);
	rig->listener->written(rig->mmu.self, 0, RIG_RAM);
	rig_flat(rig, &own);
	rig->io_hash = 0;
	rig->cpu->set_state(rig->cpu_self, s, &error);
}

/* -- comparing */
static const char *const names[8] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };

static bool same_fp(const struct tsr_x86_state *a, const struct tsr_x86_state *b)
{
	if (memcmp(a->fx, b->fx, 5) || memcmp(a->fx + 6, b->fx + 6, 22) ||
	    memcmp(a->fx + 160, b->fx + 160, 128))
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(a->fx + 32 + 16 * i, b->fx + 32 + 16 * i, 10))
			return false;
	return true;
}

static bool same(struct rig *a, struct rig *b, uint32_t flags_mask, bool print)
{
	struct tsr_x86_state x, y;
	bool ok;

	x.size = sizeof(x);
	a->cpu->get_state(a->cpu_self, &x);
	y.size = sizeof(y);
	b->cpu->get_state(b->cpu_self, &y);
	ok = !memcmp(x.gpr, y.gpr, sizeof(x.gpr)) && x.eip == y.eip &&
	     !((x.eflags ^ y.eflags) & flags_mask) && x.cr2 == y.cr2 && same_fp(&x, &y) &&
	     a->io_hash == b->io_hash &&
	     !memcmp(a->ram + 0x5000, b->ram + 0x5000, RIG_RAM - 0x5000);
	if (ok || !print)
		return ok;
	for (unsigned i = 0; i < 8; i++)
		printf("  %s %08x %08x%s\n", names[i], x.gpr[i], y.gpr[i],
		       x.gpr[i] != y.gpr[i] ? " <--" : "");
	printf("  eip %08x %08x, eflags %08x %08x, cr2 %08x %08x, io %d, fp %d\n", x.eip, y.eip,
	       x.eflags, y.eflags, x.cr2, y.cr2, a->io_hash == b->io_hash, same_fp(&x, &y));
	for (uint32_t i = 0x5000, shown = 0; i < RIG_RAM && shown < 8; i++)
		if (a->ram[i] != b->ram[i])
			printf("  [%08x] %02x %02x\n", i, a->ram[i], b->ram[i]), shown++;
	if (!same_fp(&x, &y))
		for (unsigned i = 0; i < 288; i++)
			if (x.fx[i] != y.fx[i])
				printf("  fx[%u] %02x %02x\n", i, x.fx[i], y.fx[i]);
	return false;
}

/* A fault's frame holds the flags, undefined ones as well: made the same in both. */
static void forget_undefined_flags(struct rig *rig, uint32_t defined)
{
	struct tsr_x86_state s;
	uint32_t flags;

	s.size = sizeof(s);
	rig->cpu->get_state(rig->cpu_self, &s);
	if (s.eip < 0x3000 || s.eip >= 0x4000 || s.gpr[TSR_ESP] > RIG_RAM - 16)
		return;
	for (uint32_t at = s.gpr[TSR_ESP] + 8; at <= s.gpr[TSR_ESP] + 12;
	     at += 4) { /* without and with an error code */
		memcpy(&flags, rig->ram + at, sizeof(flags));
		flags &= defined;
		memcpy(rig->ram + at, &flags, sizeof(flags));
	}
}

static struct rig *running;

static void on_alarm(int signal)
{
	running->cpu->kick(running->cpu_self);
}

/* A REP over 4 GiB takes minutes: it is kicked out. */
static enum tsr_cpu_exit run_limited(struct rig *rig, uint64_t budget)
{
	struct itimerval limit = { .it_value.tv_usec = 300000 }, off = { 0 };
	enum tsr_cpu_exit exit;

	running = rig;
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
	exit = rig->cpu->run(rig->cpu_self, budget);
	setitimer(ITIMER_VIRTUAL, &off, NULL);
	return exit;
}

/* How far a REP that overwrites itself gets before it is fetched again is a matter of interrupts.
 */
static bool overwrites_itself(struct rig *rig, const struct program *p)
{
	bool rep = false;

	for (unsigned i = 1; i < p->length; i++) {
		bool string =
			(p->code[i] & 0xfc) == 0xa4 || (p->code[i] >= 0xaa && p->code[i] <= 0xaf);

		for (unsigned k = 1; string && k <= 3 && k <= i; k++)
			rep |= p->code[i - k] == 0xf3 || p->code[i - k] == 0xf2;
	}
	return rep && memcmp(rig->ram + p->start, p->code, p->length);
}

/* A wild store into the page tables, without INVLPG: when it takes effect is the engine's choice
 * (Intel SDM volume 3, 4.10.2.3). A and D (bits 5 and 6) are the processor's. */
static bool overwrites_page_tables(struct rig *rig, const struct program *p)
{
	const uint32_t *before = page_tables(p),
		       *after = (const uint32_t *)(rig->ram + PAGE_DIRECTORY);

	for (unsigned i = 0; p->paging && i < PAGE_TABLES / 4; i++)
		if ((before[i] ^ after[i]) & ~0x60u)
			return true;
	return false;
}

static uint64_t executed(struct rig *rig)
{
	struct tsr_x86_state s;

	s.size = sizeof(s);
	rig->cpu->get_state(rig->cpu_self, &s);
	return s.instructions;
}

/* Both with the same budgets: exactly so many instructions, wherever that is in a block. False:
 * they differ. *halted: to the end. */
static bool run_sliced(struct rig *a, struct rig *b, uint32_t flags_mask, bool *halted)
{
	*halted = false;
	for (unsigned slices = 0; slices < 200 && !*halted; slices++) {
		uint64_t budget = 1 + rnd() % 20;
		enum tsr_cpu_exit exit = run_limited(b, budget), other = run_limited(a, budget);

		if (exit == TSR_CPU_KICKED || other == TSR_CPU_KICKED)
			return true;
		if (other != exit || executed(a) != executed(b) || !same(a, b, flags_mask, false))
			return false;
		*halted = exit == TSR_CPU_HALTED;
	}
	return true;
}

static bool one(struct rig *a, struct rig *b, uint64_t seed, unsigned insns, const char *options,
		uint64_t *total)
{
	static uint8_t data[0x7000];
	static struct program p;
	struct tsr_x86_state s;
	bool good, halted = true, sliced = strstr(options, "budget");
	uint64_t before;

	rnd_start(seed);
	if (strstr(options, "strides"))
		make_strides(&p);
	else
		make_program(&p, insns, options);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] =
			p.fp && i % 16 / 2 == 5 ? 0 : (uint8_t)rnd(); /* a good MXCSR for FXRSTOR */
	for (unsigned i = 0; i < 4; i++) /* control words that unmask nothing */
		data[environments[i] - (DATA - 0x1000)] |= 0x3f;
	rig_flat(b, &s);
	random_state(&s, &p);
	set_up(a, &p, &s, data);
	set_up(b, &p, &s, data);
	before = executed(b);
	good = !sliced || run_sliced(a, b, defined_flags(&p), &halted);
	/* wild stores may make a program that never ends */
	if (good && (sliced ? !halted
			    : run_limited(a, UINT64_MAX) != TSR_CPU_HALTED ||
				      run_limited(b, UINT64_MAX) != TSR_CPU_HALTED)) {
		memcpy(a->ram, b->ram, RIG_RAM);
		return true;
	}
	before = executed(b) - before;
	forget_undefined_flags(a, defined_flags(&p));
	forget_undefined_flags(b, defined_flags(&p));
	*total += before < 100 * insns
			  ? before
			  : 100 * insns; /* a few that go round for long do not count for all */
	if (good && same(a, b, defined_flags(&p), false))
		return true;
	good = overwrites_itself(b, &p) || overwrites_page_tables(a, &p) ||
	       overwrites_page_tables(b, &p);
	if (!good) {
		printf("seed %llu differs (cpu-bt, cpu-interp):\n", (unsigned long long)seed);
		print_program(&p);
		same(a, b, defined_flags(&p), true);
	}
	memcpy(a->ram, b->ram,
	       RIG_RAM); /* what lies there would be a difference of the next program */
	return good;
}

/* When is it enough? */
struct limit {
	uint64_t programs, instructions;
	time_t until;
};

static struct limit limit_of(const char *text)
{
	struct limit l = { .programs = UINT64_MAX,
			   .instructions = UINT64_MAX,
			   .until = time(NULL) + (365 << 16) };
	char *unit;
	uint64_t n = strtoull(text, &unit, 0);

	if (*unit == 's')
		l.until = time(NULL) + (time_t)n;
	else if (*unit == 'M')
		l.instructions = n * 1000000;
	else
		l.programs = n;
	return l;
}

int main(int argc, char **argv)
{
	bool fresh = argc > 1 && !strcmp(argv[1], "fresh");
	uint64_t seed = fresh      ? (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid()
			: argc > 1 ? strtoull(argv[1], NULL, 0)
				   : 1;
	struct limit limit = limit_of(argc > 2 ? argv[2] : "1500");
	unsigned insns = argc > 3 ? (unsigned)atoi(argv[3]) : 12, failures = 0;
	const char *options = argc > 4 ? argv[4] : "";
	struct rig *a = rig_new(true, options), *b = rig_new(false, "");
	uint64_t programs = 0, instructions = 0;

	if (!a || !b)
		return 1;
	printf("seed %llu, %u instructions, %s\n", (unsigned long long)seed, insns,
	       *options ? options : "no options");
	fflush(stdout);
	signal(SIGVTALRM, on_alarm);
	for (; programs < limit.programs && instructions < limit.instructions && failures < 3 &&
	       time(NULL) < limit.until;
	     programs++) {
		if (!one(a, b, seed + programs, insns, options, &instructions))
			failures++;
	}
	printf("%llu programs, %llu instructions, %u differ\n", (unsigned long long)programs,
	       (unsigned long long)instructions, failures);
	if (strstr(options, "unchecked")) {
		uint64_t signals = rig_stat(a, "signals of code without checks");

		printf("%llu signals of code without checks, %llu blocks\n",
		       (unsigned long long)signals,
		       (unsigned long long)rig_stat(a, "blocks without checks"));
		failures += !signals;
	}
	rig_free(a);
	rig_free(b);
	return failures != 0;
}
