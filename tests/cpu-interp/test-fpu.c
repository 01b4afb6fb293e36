/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* x87, MMX and SSE without arithmetic (which test-host.c has): exceptions, environments,
 * device-not-available, images. */
#include <CUnit/Basic.h>

#include "../../plugins/cpu-interp/fpu.h"
#include "machine.h"
#include "unit.h"

#define CODE 0x1000u
#define HANDLER 0x2000u
#define STACK 0x30000u
#define DATA 0x5000u
#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))

static struct machine *m;
static struct tsr_x86_state *s;
static struct tsr_x86_fx *fx;
static int ferr_calls, ferr_level;

static void on_ferr(void *user, int level)
{
	ferr_calls++;
	ferr_level = level;
}

static void setup(const char *code)
{
	machine_flat(m, 0);
	machine_tables(m);
	for (unsigned v = 0; v < 32; v++)
		machine_idt(m, v, SEL_CODE0, HANDLER + 16 * v, 0x8e);
	s->segment[TSR_CS].selector = SEL_CODE0;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (i != TSR_CS)
			s->segment[i].selector = SEL_DATA0;
	}
	s->eip = CODE;
	s->gpr[TSR_ESP] = STACK;
	m->c->ferr = on_ferr;
	m->c->has_pins = false;
	m->c->ferr_level = false;
	ferr_calls = ferr_level = 0;
	memset(m->ram + CODE, 0x90, 64);
	memset(m->ram + DATA, 0xcc, 1024);
	machine_code(m, CODE, code);
}

static bool at(unsigned vector)
{
	return s->eip == HANDLER + 16 * vector;
}

static void test_load_and_pointers(void)
{
	setup("DD05 00500000 D9E8 DEC1"); /* fld qword [5000]; fld1; faddp */
	machine_poke(m, DATA, 0, 4);
	machine_poke(m, DATA + 4, 0x40000000, 4); /* 2.0 */
	machine_step(m, 1);
	EQ(fx->fip, CODE);
	EQ(fx->fcs, SEL_CODE0);
	EQ(fx->fdp, DATA);
	EQ(fx->fds, SEL_DATA0);
	EQ(fx->fop, 0x505);
	machine_step(m, 2);
	EQ(fx->fip, CODE + 8);
	EQ(fx->fdp, DATA);
	EQ(fx->fop, 0x6c1);
	EQ(*(uint64_t *)fx->st[0], 0xc000000000000000);
	EQ(*(uint16_t *)(fx->st[0] + 8), 0x4000); /* 3.0 */
}

static void test_zero_divide_deferred(void)
{
	setup("D9E8 D9EE DEF9 DBE2 9B"); /* fld1; fldz; fdivp; fnclex; fwait */
	fx->fcw = 0x37b;
	machine_step(m, 3);
	EQ(s->eip, CODE + 6);
	CU_ASSERT(fx->fsw & TSR_FSW_ES);
	machine_step(m, 2);
	EQ(s->eip, CODE + 9); /* FNCLEX does not wait */
	EQ(fx->fsw & 0x80ff, 0);
	setup("D9E8 D9EE DEF9 D9E8");
	fx->fcw = 0x37b;
	machine_step(m, 4);
	CU_ASSERT(at(TSR_VECTOR_MF));
	EQ(machine_peek(m, s->gpr[TSR_ESP], 4), CODE + 6);
	EQ(fx->fip, CODE + 4);
}

static void test_ferr_without_ne(void)
{
	setup("D9E8 D9EE DEF9 D9E8 90");
	fx->fcw = 0x37b;
	s->cr0 &= ~TSR_CR0_NE;
	machine_step(m, 3);
	EQ(ferr_calls, 0);
	machine_step(m, 1);
	EQ(ferr_level, 1);
	EQ(s->eip, CODE + 6); /* stands still */
	m->c->pins = 1u << TSR_CPU_IGNNE;
	machine_step(m, 1);
	EQ(s->eip, CODE + 8);
	m->c->pins = 0;
	machine_code(m, CODE + 8, "DBE2");
	machine_step(m, 1);
	EQ(ferr_level, 0);
}

static void test_not_available(void)
{
	/* clang-format off */
	static const struct {
		const char *code;
		uint32_t cr0, cr4_clear;
		int vector; /* -1: none */
	} rows[] = {
		{ "D9E8", TSR_CR0_EM, 0, TSR_VECTOR_NM },   { "D9E8", TSR_CR0_TS, 0, TSR_VECTOR_NM },
		{ "9B", TSR_CR0_TS, 0, -1 },                { "9B", TSR_CR0_TS | TSR_CR0_MP, 0, TSR_VECTOR_NM },
		{ "9B", TSR_CR0_EM, 0, -1 },                { "0FEFC0", TSR_CR0_EM, 0, TSR_VECTOR_UD },
		{ "0FEFC0", TSR_CR0_TS, 0, TSR_VECTOR_NM }, { "0F58C0", TSR_CR0_EM, 0, TSR_VECTOR_UD },
		{ "0F58C0", TSR_CR0_TS, 0, TSR_VECTOR_NM }, { "0F58C0", 0, TSR_CR4_OSFXSR, TSR_VECTOR_UD },
		{ "0FEFC0", 0, TSR_CR4_OSFXSR, -1 },        { "0F2AC0", 0, TSR_CR4_OSFXSR, TSR_VECTOR_UD },
		{ "F20FF0 00", 0, 0, TSR_VECTOR_UD } /* LDDQU: SSE3 */,
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup(rows[i].code);
		s->cr0 |= rows[i].cr0;
		s->cr4 &= ~rows[i].cr4_clear;
		machine_step(m, 1);
		CU_ASSERT(rows[i].vector < 0 ? s->eip > CODE && s->eip < CODE + 8
					     : at((unsigned)rows[i].vector));
		if (rows[i].vector < 0 ? s->eip >= HANDLER : !at((unsigned)rows[i].vector))
			printf("row %u: eip %x\n", i, s->eip);
	}
}

static void test_fstenv_layouts(void)
{
	setup("D9E8 D935 00500000"); /* fld1; fnstenv [5000] */
	machine_step(m, 2);
	EQ(machine_peek(m, DATA, 4), 0xffff037f);
	EQ(machine_peek(m, DATA + 4, 4), 0xffff3800);
	EQ(machine_peek(m, DATA + 8, 4), 0xffff3fff);
	EQ(machine_peek(m, DATA + 12, 4), CODE);
	EQ(machine_peek(m, DATA + 16, 4), SEL_CODE0 | 0x1e8 << 16);
	EQ(machine_peek(m, DATA + 28, 4), 0xcccccccc);
	EQ(fx->fcw, 0x37f);
	setup("D9E8 66D935 00500000");
	machine_step(m, 2);
	EQ(machine_peek(m, DATA + 4, 2), 0x3fff);
	EQ(machine_peek(m, DATA + 6, 2), CODE);
	EQ(machine_peek(m, DATA + 8, 2), SEL_CODE0);
	EQ(machine_peek(m, DATA + 14, 2), 0xcccc);
}

static void test_fstenv_real_mode(void)
{
	machine_real(m);
	s->segment[TSR_CS] = (struct tsr_x86_segment){ 0x100, 0x93, 0xffff, 0x1000 };
	s->eip = 0;
	memset(m->ram + DATA, 0xcc, 64);
	machine_code(m, CODE, "D9E8 D936 0050");
	machine_step(m, 2);
	EQ(machine_peek(m, DATA + 6, 2), 0x1000); /* linear */
	EQ(machine_peek(m, DATA + 8, 2), 0x1e8);
	EQ(machine_peek(m, DATA + 14, 2), 0xcccc);
}

/* What FLDENV takes from the real-mode layouts, 16 and 32 bits (SDM volume 1, figures 8-11 and
 * 8-12). */
static void test_fldenv_real_mode(void)
{
	static const uint16_t small[7] = { 0x37f, 0, 0xffff, 0x2345, 0x16ed, 0x6789, 0xa000 };
	static const uint32_t large[7] = { 0x37f, 0, 0xffff, 0x2345, 0x1def6ed, 0x6789, 0xabcd000 };

	for (unsigned wide = 0; wide < 2; wide++) {
		machine_real(m);
		s->segment[TSR_CS] = (struct tsr_x86_segment){ 0x100, 0x93, 0xffff, 0x1000 };
		s->eip = 0;
		if (wide)
			memcpy(m->ram + DATA, large, sizeof(large));
		else
			memcpy(m->ram + DATA, small, sizeof(small));
		machine_code(m, CODE, wide ? "66D926 0050" : "D926 0050");
		machine_step(m, 1);
		EQ(fx->fop, 0x6ed);
		EQ(fx->fip, wide ? 0x1def2345 : 0x12345);
		EQ(fx->fdp, wide ? 0xabcd6789 : 0xa6789);
		EQ(fx->fcs, 0);
		EQ(fx->fds, 0);
	}
}

static void test_fsave_frstor(void)
{
	uint8_t before[512];

	setup("D9E8 D9EB DD35 00500000 DD25 00500000"); /* fld1; fldpi; fnsave; frstor */
	memset(fx->xmm, 0x77, sizeof(fx->xmm)); /* right after the registers that are loaded */
	machine_step(m, 2);
	memcpy(before, s->fx, sizeof(before));
	machine_step(m, 1);
	EQ(fx->ftw, 0);
	EQ(fx->fcw, 0x37f);
	EQ(fx->fip, 0);
	EQ(machine_peek(m, DATA + 108, 4), 0xcccccccc);
	machine_step(m, 1);
	CU_ASSERT(!memcmp(before, s->fx, sizeof(before)));
}

static void test_frstor_raises_pending(void)
{
	setup("DD25 00500000 9B");
	memset(m->ram + DATA, 0, 108);
	machine_poke(m, DATA, 0x37b, 4);
	machine_poke(m, DATA + 4, 4, 4); /* ZE, unmasked */
	machine_step(m, 2);
	CU_ASSERT(at(TSR_VECTOR_MF));
}

static void test_fxsave_fxrstor(void)
{
	uint8_t before[512];

	setup("0FAE05 00500000 0FAE0D 00500000");
	for (unsigned i = 0; i < 256; i++)
		s->fx[32 + i] = (i & 15) < 10 || i >= 128 ? (uint8_t)i : 0;
	fx->fip = 0x1234;
	memcpy(before, s->fx, sizeof(before));
	machine_step(m, 1);
	CU_ASSERT(!memcmp(m->ram + DATA + 32, before + 32, 256));
	EQ(machine_peek(m, DATA + 8, 4), 0x1234);
	EQ(machine_peek(m, DATA + 28, 4), 0xffff);
	EQ(machine_peek(m, DATA + 288, 4), 0xcccccccc);
	memset(s->fx + 32, 0, 256);
	machine_step(m, 1);
	CU_ASSERT(!memcmp(before + 32, s->fx + 32, 256));
	setup("0FAE05 08500000");
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_GP));
}

static void test_sse_unmasked(void)
{
	setup("0F5EC1"); /* divps xmm0, xmm1 */
	memset(fx->xmm[0], 0, 16);
	memset(fx->xmm[1], 0, 16);
	((float *)fx->xmm[0])[0] = 1.0f;
	((float *)fx->xmm[1])[1] = ((float *)fx->xmm[1])[2] = ((float *)fx->xmm[1])[3] = 1.0f;
	fx->mxcsr = 0x1f80 & ~0x200u; /* ZM clear */
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_XM));
	EQ(fx->mxcsr, 0x1d84);
	CU_ASSERT(((float *)fx->xmm[0])[0] == 1.0f);
	setup("0F5EC1");
	s->cr4 &= ~TSR_CR4_OSXMMEXCPT;
	fx->mxcsr = 0x1d80;
	((float *)fx->xmm[0])[0] = 1.0f;
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_UD));
}

static void test_sse_alignment(void)
{
	setup("0F2805 08500000"); /* movaps xmm0, [5008] */
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_GP));
	setup("0F1005 08500000");
	machine_step(m, 1);
	EQ(s->eip, CODE + 7);
}

static void test_ldmxcsr_reserved(void)
{
	setup("0FAE15 00500000");
	machine_poke(m, DATA, 0x11f80, 4);
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_GP));
}

static void test_mmx_needs_clean_x87(void)
{
	setup("0FEFC0");
	fx->fcw = 0x37b;
	fx->fsw = 0x8084;
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_MF));
	setup("0FEFC0");
	fx->fsw = 0x1800;
	machine_step(m, 1);
	EQ(fx->ftw, 0xff);
	EQ(fx->fsw & 0x3800, 0);
	EQ(*(uint16_t *)(fx->st[0] + 8), 0xffff);
}

static void test_maskmov(void)
{
	setup("660FF7C1"); /* maskmovdqu xmm0, xmm1 */
	s->gpr[TSR_EDI] = DATA;
	memset(fx->xmm[0], 0x11, 16);
	memset(fx->xmm[1], 0, 16);
	fx->xmm[1][3] = 0x80;
	machine_step(m, 1);
	EQ(machine_peek(m, DATA, 4), 0x11cccccc);
	EQ(machine_peek(m, DATA + 4, 4), 0xcccccccc);
	setup("0FF7C1"); /* maskmovq mm0, mm1: TOP 3 before */
	s->gpr[TSR_EDI] = DATA;
	fx->fsw = 3 << 11;
	memset(fx->st[5], 0x22, 8); /* mm0 is st(5) with TOP 3 */
	memset(fx->st[6], 0xff, 8);
	machine_step(m, 1);
	EQ(machine_peek(m, DATA, 4), 0x22222222);
	EQ(fx->fsw & 0x3800, 0);
}

static void test_store_fault_leaves_state(void)
{
	setup("D9E8 DD1D 00700000"); /* fld1; fstp qword [7000] */
	machine_set_page(m, 0x7000, PAGE_READ_ONLY);
	machine_step(m, 2);
	CU_ASSERT(at(TSR_VECTOR_PF));
	EQ(s->cr2, 0x7000);
	EQ(fx->fsw & 0x3800, 0x3800); /* not popped */
	machine_set_page(m, 0x7000, PAGE_RAM);
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(test_load_and_pointers), UNIT_ROW(test_zero_divide_deferred), UNIT_ROW(test_ferr_without_ne), UNIT_ROW(test_not_available),
		UNIT_ROW(test_fstenv_layouts), UNIT_ROW(test_fstenv_real_mode), UNIT_ROW(test_fldenv_real_mode), UNIT_ROW(test_fsave_frstor), UNIT_ROW(test_frstor_raises_pending),
		UNIT_ROW(test_fxsave_fxrstor), UNIT_ROW(test_sse_unmasked), UNIT_ROW(test_sse_alignment), UNIT_ROW(test_ldmxcsr_reserved),
		UNIT_ROW(test_mmx_needs_clean_x87), UNIT_ROW(test_maskmov), UNIT_ROW(test_store_fault_leaves_state), CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	m = machine_new(NULL);
	s = &m->state;
	fx = (struct tsr_x86_fx *)s->fx;
	int status = unit_run("x87, MMX, SSE", tests);

	machine_free(m);
	return status;
}
