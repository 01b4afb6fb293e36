/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* FP state in translated code: around devices, the x87's environment, MXCSR. */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "short-code.h"
#include "unit.h"

static void fp_state_survives_a_device(void)
{
	static const uint8_t code[] = {
		0xd9, 0xe8, 0xd9, 0xeb,                   /* fld1; fldpi */
		0x0f, 0x28, 0x0d, 0x00, 0x00, 0x02, 0x00, /* movaps xmm1, [DATA] */
		0xa1, 0x00, 0x00, 0x0a, 0x00,             /* mov eax, [0xa0000] */
		0xde, 0xc1,                               /* faddp */
		0xdd, 0x1d, 0x20, 0x00, 0x02, 0x00,       /* fstp qword [DATA + 0x20] */
		0x0f, 0x29, 0x0d, 0x30, 0x00, 0x02, 0x00, /* movaps [DATA + 0x30], xmm1 */
		0xf4,
	};
	static const uint8_t bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	double sum;

	start("");
	rig_write(rig, DATA, bytes, sizeof(bytes));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	memcpy(&sum, rig->ram + DATA + 0x20, 8);
	CU_ASSERT_DOUBLE_EQUAL(sum, 4.14159265358979, 1e-12);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x30, bytes, 16), 0);
	finish();
}

/* FNSTENV and FLDENV leave the unit loaded; FLDENV that unmasks an exception is the interpreter's.
 */
static void environment_goes_through_the_unit(void)
{
	for (uint8_t fcw = 0x7f; fcw >= 0x7e; fcw--) {
		const uint8_t code[] = {
			0xd9, 0xe8,                               /* fld1 */
			0xd8, 0x05, 0x00, 0x00, 0x02, 0x00,       /* fadd dword [DATA] */
			0xd9, 0x35, 0x40, 0x00, 0x02, 0x00,       /* fnstenv [DATA + 0x40] */
			0xc6, 0x05, 0x40, 0x00, 0x02, 0x00, fcw,  /* mov byte [DATA + 0x40], fcw */
			0xdd, 0x1d, 0x20, 0x00, 0x02, 0x00,       /* fstp qword [DATA + 0x20] */
			0xd9, 0x25, 0x40, 0x00, 0x02, 0x00,       /* fldenv [DATA + 0x40] */
			0xd9, 0x3d, 0x20, 0x00, 0x02, 0x00,       /* fnstcw [DATA + 0x20] */
			0xd9, 0x35, 0x80, 0x00, 0x02, 0x00, 0xf4, /* fnstenv [DATA + 0x80]; hlt */
		};
		uint32_t wanted[7] = {
			0xffff0300 | fcw, 0xffff3800, 0xffff3fff, CODE + 2, 0, DATA, 0
		};

		start("");
		CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
		wanted[4] = after()->segment[TSR_CS].selector | 5u << 16;
		wanted[6] = state.segment[TSR_DS].selector | 0xffff0000;
		CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, wanted, sizeof(wanted)), 0);
		CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, wanted, sizeof(wanted)), 0);
		CU_ASSERT_EQUAL(rig->ram[DATA + 0x20], fcw);
		CU_ASSERT_EQUAL(rig_stat(rig, "instructions interpreted") == 1, fcw == 0x7f);
		finish();
	}
}

/* With operands of 16 bits, and in real mode, the layout is another one: here FNSTENV and FLDENV of
 * 66h and of none, between which the pointers change. */
static void other_layouts_of_the_environment(void)
{
	static const uint8_t flat[] = {
		0xd8, 0x05, 0x08, 0x00, 0x02, 0x00,       /* fadd dword [DATA + 8] */
		0x66, 0xd9, 0x35, 0x40, 0x00, 0x02, 0x00, /* fnstenv [DATA + 0x40], 14 bytes */
		0xdb, 0xe3,                               /* fninit */
		0x66, 0xd9, 0x25, 0x40, 0x00, 0x02, 0x00, /* fldenv [DATA + 0x40] */
		0xd9, 0x35, 0x80, 0x00, 0x02, 0x00, 0xf4, /* fnstenv [DATA + 0x80], 28 bytes; hlt */
	};
	static const uint8_t real[] = {
		0xd8, 0x06, 0x08, 0x00,       /* fadd dword [8] */
		0x66, 0xd9, 0x36, 0x40, 0x00, /* fnstenv [0x40], 28 bytes */
		0xdb, 0xe3,                   /* fninit */
		0x66, 0xd9, 0x26, 0x40, 0x00, /* fldenv [0x40] */
		0xd9, 0x36, 0x80, 0x00, 0xf4, /* fnstenv [0x80], 14 bytes; hlt */
	};
	/* SDM volume 1, figures 8-12, 8-9, 8-10, 8-11. FDP has 16 bits after the first FLDENV. */
	static const uint16_t flat16[8] = { 0x37f, 0x41, 0xfffe, 0, 8, 8, 0x10, 0xcccc };
	static const uint32_t flat32[7] = {
		0xffff037f, 0xffff0041, 0xfffffffe, 0, 8, 8, 0xffff0010
	};
	static const uint32_t real32[7] = { 0xffff037f, 0xffff0041, 0xfffffffe, 0xffff0000,
					    0x1006,     0xffff0008, 0x2000 };
	static const uint16_t real16[8] = { 0x37f, 0x41, 0xfffe, 0, 0x1006, 8, 0x2000, 0xcccc };

	start("");
	memset(rig->ram + DATA, 0xcc, 0x100);
	CU_ASSERT_EQUAL(run_code(flat, sizeof(flat)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, flat16, sizeof(flat16)), 0);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, flat32, sizeof(flat32)), 0);
	finish();

	start("");
	memset(rig->ram + DATA, 0xcc, 0x100);
	state.cr0 &= ~(uint32_t)TSR_CR0_PE;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		uint32_t base = i == TSR_CS ? CODE : DATA;

		state.segment[i] = (struct tsr_x86_segment){ .selector = (uint16_t)(base >> 4),
							     .base = base,
							     .limit = 0xffff,
							     .access = 0x93 };
	}
	rig_write(rig, CODE, real, sizeof(real));
	state.eip = 0;
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	CU_ASSERT_EQUAL(rig_run(rig), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x40, real32, sizeof(real32)), 0);
	CU_ASSERT_EQUAL(memcmp(rig->ram + DATA + 0x80, real16, sizeof(real16)), 0);
	finish();
}

/* A saved state, or a debugger, may say anything; the host faults on bits of MXCSR that do not
 * exist.
 */
static void bits_of_mxcsr_that_do_not_exist_are_left_out(void)
{
	static const uint8_t code[] = {
		0x0f, 0x57, 0xc0, /* xorps xmm0, xmm0 */
		0x0f, 0x58, 0xc0, /* addps xmm0, xmm0 */
		0xf4,
	};
	uint32_t mxcsr = UINT32_MAX;

	start("");
	state.cr4 |= TSR_CR4_OSFXSR;
	memcpy(state.fx + offsetof(struct tsr_x86_fx, mxcsr), &mxcsr, sizeof(mxcsr));
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	memcpy(&mxcsr, after()->fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	CU_ASSERT_EQUAL(mxcsr, 0xffff);
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(fp_state_survives_a_device),
		UNIT_ROW(environment_goes_through_the_unit),
		UNIT_ROW(other_layouts_of_the_environment),
		UNIT_ROW(bits_of_mxcsr_that_do_not_exist_are_left_out),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt: fp", tests);
}
