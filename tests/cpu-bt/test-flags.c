/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Flags that a check has clobbered, and that code which changes meanwhile needs after all. */
#include <string.h>

#include <CUnit/Basic.h>

#include <tessera/draft/x86-facts.h>
#include <tessera/draft/x86-state.h>

#include "short-code.h"
#include "unit.h"

static void add_becomes_adc(struct rig *r)
{
	rig_write(r, CODE + 14, "\x83\xd6\x00", 3);
	r->on_io = NULL;
}

/* A check has clobbered CF, which the ADD would have overwritten; but a device changes it into an
 * ADC while it is read. */
static void device_read_that_makes_dead_flags_live(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x39, 0xd8,                         /* cmp eax, ebx: CF */
		0x8b, 0x15, 0x00, 0x00, 0x02, 0x00, /* mov edx, [DATA] */
		0x8b, 0x0d, 0x00, 0x00, 0x0a, 0x00, /* mov ecx, [0xa0000] */
		0x83, 0xc6, 0x01,                   /* add esi, 1; becomes adc esi, 0 */
		0x0f, 0x92, 0xc2,                   /* setc dl */
		0xf4,
	};
	/* clang-format on */

	start("inline");
	state.gpr[TSR_EAX] = 1;
	state.gpr[TSR_EBX] = 2;
	state.gpr[TSR_ESI] = 0xffffffff;
	rig->on_io = add_becomes_adc;
	CU_ASSERT_EQUAL(run_code(code, sizeof(code)), TSR_CPU_HALTED);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_EDX] & 0xff, 1);
	CU_ASSERT_EQUAL(rig_stat(rig, "running blocks left"), 1);
	finish();
}

static void add_4_becomes_adc_4(struct rig *r)
{
	rig_write(r, CODE + 4, "\x83\xd6\x04", 3);
	r->on_io = NULL;
}

/* Runs a loop in the window whose last round loads from the last address in `at`, a device's, which
 * changes the ADD ESI, 4 that follows; its CF has to be set then. */
static void run_to_the_device(const uint8_t *code, size_t length, const uint32_t *at, size_t bytes,
			      void (*on_io)(struct rig *r))
{
	memcpy(rig->ram + DATA, at, bytes);
	state.gpr[TSR_ESI] = DATA;
	rig->on_io = on_io;
	CU_ASSERT_EQUAL(run_code(code, length), TSR_CPU_HALTED);
	CU_ASSERT(rig_stat(rig, "blocks in the window") > 0);
	CU_ASSERT_EQUAL(after()->gpr[TSR_ESI], DATA + bytes + 1);
	finish();
}

/* A loop in the window: the flags that a check clobbers are those that the round before has made,
 * by a comparison of a register that has another value meanwhile. The last round reads a device,
 * which changes the ADD into an ADC. */
static void loop_whose_flags_come_from_a_register_that_changes(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,                         /* again: mov edi, [esi] */
		0x8b, 0x07,                         /* mov eax, [edi] */
		0x83, 0xc6, 0x04,                   /* add esi, 4; becomes adc esi, 4 */
		0x81, 0xff, 0x00, 0x00, 0x05, 0x00, /* cmp edi, 0x50000: CF */
		0x72, 0xf1,                         /* jb again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       DATA + 0x100, DATA + 0x100, RIG_IO_BASE };

	start("window");
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4);
}

/* The same, where no comparison can make the flags again: DEC leaves CF as CMP has made it. */
static void loop_whose_flags_come_from_two_instructions(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,                         /* again: mov edi, [esi] */
		0x8b, 0x07,                         /* mov eax, [edi] */
		0x83, 0xc6, 0x04,                   /* add esi, 4; becomes adc esi, 4 */
		0x81, 0xff, 0x00, 0x00, 0x05, 0x00, /* cmp edi, 0x50000: CF */
		0x49,                               /* dec ecx */
		0x75, 0xf0,                         /* jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       DATA + 0x100, DATA + 0x100, RIG_IO_BASE };

	start("window");
	state.gpr[TSR_ECX] = 6;
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4);
}

static void add_4_becomes_adc_4_hlt(struct rig *r)
{
	rig_write(r, CODE + 4, "\x83\xd6\x04\xf4", 4);
	r->on_io = NULL;
}

/* CF is clear until the last round but one has set it: the flags that a check in the last one
 * clobbers are not those that the loop began with. */
static void loop_whose_last_round_but_one_sets_the_carry(void)
{
	/* clang-format off */
	static const uint8_t code[] = {
		0x8b, 0x3e,       /* again: mov edi, [esi] */
		0x8b, 0x07,       /* mov eax, [edi] */
		0x83, 0xc6, 0x04, /* add esi, 4; becomes adc esi, 4; hlt */
		0x01, 0xeb,       /* add ebx, ebp: CF in the fourth round */
		0x75, 0xf5,       /* jnz again */
		0xf4,
	};
	/* clang-format on */
	static const uint32_t at[] = { DATA + 0x100, DATA + 0x100, DATA + 0x100, DATA + 0x100,
				       RIG_IO_BASE };

	start("window");
	state.gpr[TSR_EBX] = 0;
	state.gpr[TSR_EBP] = 0x50000000;
	run_to_the_device(code, sizeof(code), at, sizeof(at), add_4_becomes_adc_4_hlt);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(device_read_that_makes_dead_flags_live),
		UNIT_ROW(loop_whose_flags_come_from_a_register_that_changes),
		UNIT_ROW(loop_whose_flags_come_from_two_instructions),
		UNIT_ROW(loop_whose_last_round_but_one_sets_the_carry),
		CU_TEST_INFO_NULL,
	};

	return unit_run("cpu-bt: flags", tests);
}
