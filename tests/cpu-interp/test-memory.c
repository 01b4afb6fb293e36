/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory at its edges: page ends, limits, faults with nothing half done, MMIO, traced pages,
 * fetching, shadow runs. */
#include <CUnit/Basic.h>

#include "../../plugins/cpu-interp/overlay.h"
#include "../../plugins/cpu-interp/shadow.h"
#include "machine.h"
#include "unit.h"

#define CODE 0x1000u
#define HANDLER 0x2000u
#define STACK 0x30000u
#define DATA 0x5000u
#define NEXT 0x6000u /* the page after DATA's */
#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))

static struct machine *m;
static struct tsr_x86_state *s;

static void setup(const char *code)
{
	machine_flat(m, 0);
	machine_tables(m);
	for (tsr_gla page = 0; page < 0x40000; page += TSR_PAGE_SIZE)
		machine_set_page(m, page, PAGE_RAM);
	for (unsigned v = 0; v < 32; v++)
		machine_idt(m, v, SEL_CODE0, HANDLER + 16 * v, 0x8e);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i].selector = i == TSR_CS ? SEL_CODE0 : SEL_DATA0;
	s->eip = CODE;
	s->gpr[TSR_ESP] = STACK;
	m->c->has_pins = false;
	m->io_count = m->written_count = 0;
	memset(m->ram + CODE, 0x90, 64);
	memset(m->ram + DATA, 0xcc, 2 * TSR_PAGE_SIZE);
	machine_code(m, CODE, code);
}

static bool at(unsigned vector)
{
	return s->eip == HANDLER + 16 * vector;
}

static void expect_page_fault(uint32_t cr2, uint32_t code)
{
	CU_ASSERT(at(TSR_VECTOR_PF));
	EQ(s->cr2, cr2);
	EQ(machine_peek(m, s->gpr[TSR_ESP], 4), code);
}

/* -- page ends */
static void test_write_across_pages(void)
{
	setup("C705 FE5F0000 44332211"); /* mov dword [5ffe], 11223344 */
	machine_step(m, 1);
	EQ(machine_peek(m, NEXT - 2, 4), 0x11223344);
	setup("C705 FE5F0000 44332211");
	machine_set_page(m, NEXT, PAGE_READ_ONLY);
	machine_step(m, 1);
	expect_page_fault(NEXT, 3);
	EQ(machine_peek(m, NEXT - 2, 2), 0xcccc); /* the first page is untouched */
	setup("C705 FE5F0000 44332211");
	machine_set_page(m, DATA, PAGE_ABSENT);
	machine_set_page(m, NEXT, PAGE_ABSENT);
	machine_step(m, 1);
	expect_page_fault(NEXT - 2, 2);
}

static void test_read_modify_write_is_a_write(void)
{
	setup("FF05 00500000"); /* inc dword [5000] */
	machine_set_page(m, DATA, PAGE_READ_ONLY);
	s->eflags |= TSR_FLAG_ZF;
	machine_step(m, 1);
	expect_page_fault(DATA, 3);
	CU_ASSERT(machine_peek(m, s->gpr[TSR_ESP] + 12, 4) & TSR_FLAG_ZF);
	setup("3905 00500000"); /* cmp only reads */
	machine_set_page(m, DATA, PAGE_READ_ONLY);
	machine_step(m, 1);
	EQ(s->eip, CODE + 6);
}

static void test_fetch_across_pages(void)
{
	setup("90");
	s->eip = NEXT - 2;
	machine_code(m, NEXT - 2, "B8 44332211");
	machine_step(m, 1);
	EQ(s->gpr[TSR_EAX], 0x11223344);
	machine_poke(m, NEXT, 0x55, 1); /* changed after the page's end */
	s->eip = NEXT - 2;
	machine_step(m, 1);
	EQ(s->gpr[TSR_EAX], 0x11225544);
	setup("90");
	s->eip = NEXT - 2;
	machine_code(m, NEXT - 2, "B8 44332211");
	machine_set_page(m, NEXT, PAGE_ABSENT);
	machine_step(m, 1);
	expect_page_fault(NEXT, 0);
	EQ(machine_peek(m, s->gpr[TSR_ESP] + 4, 4), NEXT - 2);
	setup("90");
	s->eip = NEXT - 1;
	machine_code(m, NEXT - 1, "90");
	machine_set_page(m, NEXT, PAGE_ABSENT);
	machine_step(m, 1);
	EQ(s->eip, NEXT); /* a one-byte instruction needs no second page */
}

static void test_code_changes_itself(void)
{
	setup("C605 08100000 48 40"); /* mov byte [1008], 48h (dec eax) over inc eax */
	machine_code(m, CODE + 7, "90 40");
	machine_step(m, 3);
	EQ(s->gpr[TSR_EAX], 0xffffffff);
}

/* -- instruction length, segment limits */
static void test_fifteen_bytes(void)
{
	setup("66666666 66666666 66666666 6666 90");
	machine_step(m, 1);
	EQ(s->eip, CODE + 15);
	setup("66666666 66666666 66666666 666666 90");
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_GP));
}

static void test_code_limit(void)
{
	setup("90 B8 44332211");
	s->segment[TSR_CS].limit = CODE + 4;
	machine_descriptor(m, SEL_CODE0, 0, 0xfffff, 0xc09b);
	machine_step(m, 2);
	CU_ASSERT(at(TSR_VECTOR_GP));
	EQ(machine_peek(m, s->gpr[TSR_ESP] + 4, 4), CODE + 1);
}

static void test_data_limits(void)
{
	/* clang-format off */
	static const struct {
		uint16_t access;
		uint32_t limit, offset;
		bool faults;
	} rows[] = {
		{ 0xc093, 0x4fff, 0x4ffc, false }, { 0xc093, 0x4fff, 0x4ffd, true },      { 0xc093, 0xffffffff, 0xfffffffe, false },
		{ 0xc097, 0x4fff, 0x5000, false }, { 0xc097, 0x4fff, 0x4fff, true },      { 0x8097, 0x4fff, 0xfffc, false },
		{ 0x8097, 0x4fff, 0xfffd, true },  { 0xc097, 0x4fff, 0xfffffffd, true },  { 0x0000, 0, 0, true },
		{ 0xc091, 0xffffffff, 0x5000, true /* read-only */ },                     { 0xc099, 0xffffffff, 0x5000, true },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setup("A3 00000000"); /* mov [offset], eax */
		machine_poke(m, CODE + 1, rows[i].offset, 4);
		s->segment[TSR_DS].access = rows[i].access;
		s->segment[TSR_DS].limit = rows[i].limit;
		s->segment[TSR_DS].base = rows[i].offset > 0xfffff000 ? 0x10000 : 0;
		machine_step(m, 1);
		CU_ASSERT(rows[i].faults == at(TSR_VECTOR_GP));
		if (rows[i].faults != at(TSR_VECTOR_GP))
			printf("row %u: eip %x\n", i, s->eip);
	}
}

static void test_stack_limit(void)
{
	setup("50");
	s->segment[TSR_SS].limit = STACK - 5;
	machine_idt(m, TSR_VECTOR_SS, SEL_CODE0, HANDLER + 16 * TSR_VECTOR_SS, 0x8e);
	s->segment[TSR_SS].access = 0xc093;
	s->gpr[TSR_ESP] = STACK;
	machine_step(m, 1); /* #SS cannot push either: #DF, and that neither */
	EQ(m->state.gpr[TSR_ESP], STACK);
	setup("36A1 00005000"); /* mov eax, ss:[500000] */
	s->segment[TSR_SS].limit = 0x3ffff;
	machine_step(m, 1);
	CU_ASSERT(at(TSR_VECTOR_SS));
}

static void test_sixteen_bit_stack_wraps(void)
{
	setup("50");
	s->segment[TSR_SS] =
		(struct tsr_x86_segment){ SEL_DATA0, 0x8093 & ~0xc000, 0xffff, 0x10000 };
	s->gpr[TSR_ESP] = 0xabcd0000;
	s->gpr[TSR_EAX] = 0x12345678;
	machine_step(m, 1);
	EQ(s->gpr[TSR_ESP], 0xabcdfffc);
	EQ(machine_peek(m, 0x1fffc, 4), 0x12345678);
}

/* -- alignment */
static void test_alignment_check(void)
{
	setup("A1 01500000");
	for (unsigned cpl = 0; cpl <= 3; cpl += 3) {
		setup("A1 01500000");
		s->cr0 |= TSR_CR0_AM;
		s->eflags |= TSR_FLAG_AC;
		if (cpl) {
			s->cpl = 3;
			s->segment[TSR_CS] =
				(struct tsr_x86_segment){ SEL_CODE3, 0xc0fb, 0xffffffff, 0 };
			s->segment[TSR_SS] =
				(struct tsr_x86_segment){ SEL_DATA3, 0xc0f3, 0xffffffff, 0 };
		}
		machine_step(m, 1);
		CU_ASSERT(at(TSR_VECTOR_AC) == (cpl == 3));
	}
}

/* -- MMIO, tracing */
static void test_mmio_widths(void)
{
	setup("66A1 00700000 A3 02700000");
	machine_set_page(m, 0x7000, PAGE_IO);
	m->io_value = 0xbeef;
	machine_step(m, 1);
	EQ(s->gpr[TSR_EAX], 0xbeef);
	EQ(m->io_width, 2);
	EQ(m->io_gpa, 0x7000);
	machine_step(m, 1);
	EQ(m->io_width, 4);
	EQ(m->io_written, 0xbeef);
	EQ(m->io_count, 2);
}

static void test_traced_page_is_reported(void)
{
	setup("A3 00500000 A1 00500000");
	machine_set_page(m, DATA, PAGE_TRACED);
	s->gpr[TSR_EAX] = 0x1234;
	machine_step(m, 2);
	EQ(m->written_count, 1);
	EQ(machine_peek(m, DATA, 4), 0x1234);
}

/* -- string instructions */
static void test_rep_movs_faults_between(void)
{
	setup("F3A4");
	s->gpr[TSR_ECX] = 0x20;
	s->gpr[TSR_ESI] = 0x8000;
	s->gpr[TSR_EDI] = NEXT - 0x10;
	machine_set_page(m, NEXT, PAGE_READ_ONLY);
	machine_step(m, 1);
	expect_page_fault(NEXT, 3);
	EQ(s->gpr[TSR_ECX], 0x10);
	EQ(s->gpr[TSR_EDI], NEXT);
	EQ(s->gpr[TSR_ESI], 0x8010);
}

static void test_rep_movs_overlap(void)
{
	setup("F3A4");
	m->ram[DATA] = 0x5a;
	s->gpr[TSR_ECX] = 0x1800;
	s->gpr[TSR_ESI] = DATA;
	s->gpr[TSR_EDI] = DATA + 1;
	machine_step(m, 1);
	EQ(m->ram[DATA + 0x1800], 0x5a);
	EQ(s->gpr[TSR_ECX], 0);
	EQ(s->eip, CODE + 2);
}

static void test_rep_stos_backwards(void)
{
	setup("FD F3AB");
	s->gpr[TSR_ECX] = 3;
	s->gpr[TSR_EDI] = DATA + 8;
	s->gpr[TSR_EAX] = 0x11111111;
	machine_step(m, 2);
	EQ(machine_peek(m, DATA, 4), 0x11111111);
	EQ(machine_peek(m, DATA + 12, 4), 0xcccccccc);
	EQ(s->gpr[TSR_EDI], DATA - 4);
}

static void test_repe_cmps(void)
{
	setup("F3A6");
	memcpy(m->ram + DATA, "abcdef", 6);
	memcpy(m->ram + NEXT, "abcxef", 6);
	s->gpr[TSR_ECX] = 6;
	s->gpr[TSR_ESI] = DATA;
	s->gpr[TSR_EDI] = NEXT;
	machine_step(m, 1);
	EQ(s->gpr[TSR_ECX], 2);
	CU_ASSERT(!(s->eflags & TSR_FLAG_ZF) && (s->eflags & TSR_FLAG_CF));
}

static void test_rep_address16(void)
{
	setup("67F3AA");
	s->gpr[TSR_ECX] = 0xffff0002;
	s->gpr[TSR_EDI] = 0x1234ffff;
	s->gpr[TSR_EAX] = 0x77;
	machine_poke(m, 0, 0, 4);
	machine_step(m, 1);
	EQ(s->gpr[TSR_ECX], 0xffff0000);
	EQ(s->gpr[TSR_EDI], 0x12340001);
	EQ(m->ram[0xffff], 0x77);
	EQ(m->ram[0], 0x77);
}

static void test_ins_checks_before_reading(void)
{
	setup("6C");
	s->gpr[TSR_EDI] = DATA;
	machine_set_page(m, DATA, PAGE_READ_ONLY);
	machine_step(m, 1);
	expect_page_fault(DATA, 3);
	EQ(m->io_count, 0);
}

/* -- ports */
static void test_port_permission(void)
{
	for (unsigned allowed = 0; allowed < 2; allowed++) {
		setup("E7F0"); /* out f0h, eax */
		s->cpl = 3;
		s->segment[TSR_CS] = (struct tsr_x86_segment){ SEL_CODE3, 0xc0fb, 0xffffffff, 0 };
		s->segment[TSR_SS] = (struct tsr_x86_segment){ SEL_DATA3, 0xc0f3, 0xffffffff, 0 };
		memset(m->ram + MACHINE_TSS + 0x68, 0xff, 64);
		machine_poke(m, MACHINE_TSS + 0x68 + 0xf0 / 8, allowed ? 0xf0 : 0xf8, 1);
		machine_step(m, 1);
		EQ(m->io_count, allowed);
		CU_ASSERT(at(TSR_VECTOR_GP) == !allowed);
	}
}

/* -- shadow runs */
static unsigned shadow_bytes;
static uint32_t shadow_value;

static void on_shadow_byte(void *user, tsr_gpa gpa, uint8_t value)
{
	shadow_value = shadow_value >> 8 | (uint32_t)value << 24;
	shadow_bytes++;
}

static void test_shadow_run(void)
{
	struct tsr_x86_state copy;
	struct tsr_x86_fault fault;
	uint64_t executed;

	setup("A3 00500000 8B1D 00500000 E460"); /* mov [5000], eax; mov ebx, [5000]; in al, 60h */
	s->gpr[TSR_EAX] = 0x12345678;
	machine_refresh(m);
	copy = *s;
	EQ(shadow_steps(m->c, &copy, 10, NULL, NULL, &executed, &fault), TSR_X86_IO);
	EQ(executed, 2);
	EQ(copy.gpr[TSR_EBX], 0x12345678);
	EQ(copy.eip, CODE + 11);
	EQ(s->eip, CODE);
	EQ(machine_peek(m, DATA, 4), 0xcccccccc);
	EQ(m->io_count, 0);
	shadow_bytes = 0;
	overlay_each(m->c, on_shadow_byte, NULL);
	EQ(shadow_bytes, 4);
	EQ(shadow_value, 0x12345678);
}

static void test_shadow_fault(void)
{
	struct tsr_x86_state copy;
	struct tsr_x86_fault fault;
	uint64_t executed;

	setup("40 A3 00500000");
	machine_set_page(m, DATA, PAGE_ABSENT);
	machine_refresh(m);
	copy = *s;
	EQ(shadow_steps(m->c, &copy, 10, NULL, NULL, &executed, &fault), TSR_X86_FAULT);
	EQ(executed, 1);
	EQ(fault.vector, TSR_VECTOR_PF);
	EQ(fault.cr2, DATA);
	EQ(fault.error_code, 2);
	EQ(copy.eip, CODE + 1);
	machine_step(m, 2); /* and the real thing */
	expect_page_fault(DATA, 2);
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(test_write_across_pages), UNIT_ROW(test_read_modify_write_is_a_write), UNIT_ROW(test_fetch_across_pages),
		UNIT_ROW(test_code_changes_itself), UNIT_ROW(test_fifteen_bytes), UNIT_ROW(test_code_limit), UNIT_ROW(test_data_limits),
		UNIT_ROW(test_stack_limit), UNIT_ROW(test_sixteen_bit_stack_wraps), UNIT_ROW(test_alignment_check), UNIT_ROW(test_mmio_widths),
		UNIT_ROW(test_traced_page_is_reported), UNIT_ROW(test_rep_movs_faults_between), UNIT_ROW(test_rep_movs_overlap),
		UNIT_ROW(test_rep_stos_backwards), UNIT_ROW(test_repe_cmps), UNIT_ROW(test_rep_address16), UNIT_ROW(test_ins_checks_before_reading),
		UNIT_ROW(test_port_permission), UNIT_ROW(test_shadow_run), UNIT_ROW(test_shadow_fault), CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	m = machine_new(NULL);
	s = &m->state;
	int status = unit_run("memory", tests);

	machine_free(m);
	return status;
}
