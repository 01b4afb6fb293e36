/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin as the core sees it: roles, run and its exits, pins, state. */
#include <CUnit/Basic.h>

#include "fake-host.h"
#include "machine.h"
#include "unit.h"

#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))
#define ROM 0xf0000u

static struct machine *m;
static void *instance;
static const struct tsr_cpu *processor;
static const struct tsr_irq_inputs *pins;
static unsigned ports_read;
static void (*on_port)(void);

static uint64_t phys_read(const struct tsr_host *host, tsr_gpa gpa, unsigned width)
{
	return 0;
}

static void phys_write(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width)
{
}

static uint32_t port_read(const struct tsr_host *host, uint16_t port, unsigned width)
{
	ports_read++;
	if (on_port)
		on_port();
	return 0;
}

static void port_write(const struct tsr_host *host, uint16_t port, uint32_t value, unsigned width)
{
}

static uint64_t tsc(const struct tsr_host *host)
{
	return 1000;
}

static int acknowledge(void *self)
{
	return 0x20;
}

static const struct tsr_phys phys = { .size = sizeof(phys),
				      .read = phys_read,
				      .write = phys_write };
static const struct tsr_cpu_host cpu_host = {
	.size = sizeof(cpu_host), .port_read = port_read, .port_write = port_write, .tsc = tsc
};
static const struct tsr_intack intack = { .size = sizeof(intack), .acknowledge = acknowledge };

/* The reset vector is at FFFF0h here: the test's MMU has no memory at the top of 4 GiB. */
static void start(const char *code)
{
	struct tsr_x86_state state;

	fake_start();
	fake_host_table(TSR_PHYS, &phys);
	fake_host_table(TSR_CPU_HOST, &cpu_host);
	fake_connect("mmu", &m->mmu, m);
	fake_connect("intack", &intack, NULL);
	instance = fake_device_new(NULL, "cpu-interp", NULL);
	processor = fake_device_interface(instance, TSR_CPU);
	pins = fake_device_interface(instance, TSR_IRQ_INPUTS);
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	state.segment[TSR_CS].base = ROM;
	CU_ASSERT(processor->set_state(instance, &state, NULL));
	memset(m->ram + ROM, 0x90, 0x10000);
	machine_code(m, ROM + 0xfff0, "EA000000F0");
	machine_code(m, ROM, code);
	ports_read = 0;
	on_port = NULL;
}

static void test_reset_state(void)
{
	struct tsr_x86_state state;

	start("90");
	fake_device_reset(instance, TSR_RESET_POWER_ON);
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.segment[TSR_CS].base, 0xffff0000);
	EQ(state.segment[TSR_CS].selector, 0xf000);
	EQ(state.eip, 0xfff0);
	EQ(state.eflags, 2);
	EQ(state.cr0, 0x60000010);
	EQ(state.gpr[TSR_EDX], 0x106ca);
	EQ(state.dr[6], 0xffff0ff0);
	fake_finish();
}

static void test_budget_is_exact(void)
{
	start("40 40 40 EBFB");
	EQ(processor->run(instance, 10), TSR_CPU_BUDGET);
	EQ(processor->instructions(instance), 10);
	EQ(processor->run(instance, 1000000), TSR_CPU_BUDGET);
	EQ(processor->instructions(instance), 1000010);
	fake_finish();
}

static void test_halt_and_wake(void)
{
	struct tsr_x86_state state;

	start("FB F4 40 F4");
	machine_poke(m, 4 * 0x20, 0xf0000100, 4);
	machine_code(m, ROM + 0x100, "43 CF");
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_HALTED);
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_HALTED);
	pins->set(instance, TSR_CPU_INTR, 1);
	EQ(processor->run(instance, 2), TSR_CPU_BUDGET); /* the handler's two */
	pins->set(instance, TSR_CPU_INTR, 0);
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_HALTED);
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.gpr[TSR_EAX] & 0xffff, 1);
	EQ(state.gpr[TSR_EBX] & 0xffff, 1);
	fake_finish();
}

static void kick(void)
{
	processor->kick(instance);
}

static void test_kick(void)
{
	start("E460 40 EBFB");
	processor->kick(instance);
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_KICKED);
	EQ(ports_read, 0);
	on_port = kick;
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_KICKED);
	EQ(ports_read, 1);
	fake_finish();
}

static void raise_init(void)
{
	pins->set(instance, TSR_CPU_INIT, 1);
	pins->set(instance, TSR_CPU_INIT, 0);
}

static void test_init_at_a_boundary(void)
{
	struct tsr_x86_state state;

	start("B83412 E460 F4");
	on_port = raise_init;
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_KICKED);
	on_port = NULL;
	EQ(processor->run(instance, 0), TSR_CPU_BUDGET);
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.eip, 0xfff0);
	EQ(state.gpr[TSR_EAX], 0);
	fake_finish();
}

static void test_triple_fault(void)
{
	struct tsr_x86_state state;

	start("0F0B");
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	state.idtr.limit = 0;
	processor->set_state(instance, &state, NULL);
	EQ(processor->run(instance, UINT64_MAX), TSR_CPU_SHUTDOWN);
	fake_finish();
}

static void test_state_survives(void)
{
	start("B83412 40 40");
	processor->run(instance, 3);
	CU_ASSERT(fake_device_round_trip(instance));
	for (unsigned seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(instance);
		struct tsr_error error;

		fake_state_scramble(state, seed);
		if (fake_device_load(instance, state, 1, &error))
			processor->run(instance, 100);
		fake_state_free(state);
		fake_device_reset(instance, TSR_RESET_POWER_ON);
	}
	fake_finish();
}

static void test_unknown_version_refused(void)
{
	struct tsr_x86_state state;
	struct tsr_error error;

	start("90");
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	state.version = 99;
	CU_ASSERT(!processor->set_state(instance, &state, &error));
	EQ(error.code, TSR_ERROR_VERSION);
	fake_finish();
}

/* A trap that is due is saved with the rest. */
static void test_due_trap_survives(void)
{
	struct fake_state *saved;
	struct tsr_x86_state state;
	struct tsr_error error;

	start("40 40");
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	state.eflags |= TSR_FLAG_TF;
	processor->set_state(instance, &state, NULL);
	processor->run(instance, 1);
	saved = fake_device_save(instance);
	fake_device_reset(instance, TSR_RESET_POWER_ON);
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.debug_pending, 0);
	CU_ASSERT(fake_device_load(instance, saved, 1, &error));
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.debug_pending, 1 << 14);
	fake_state_free(saved);
	fake_finish();
}

/* The state grows at its end: a caller may know less of it, not more. */
static void test_size_of_the_state(void)
{
	struct tsr_x86_state state;
	struct tsr_error error;

	start("90");
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	state.debug_pending = 1 << 14;
	state.size = offsetof(struct tsr_x86_state, debug_pending);
	CU_ASSERT(processor->set_state(instance, &state, &error));
	state.size = sizeof(state);
	processor->get_state(instance, &state);
	EQ(state.debug_pending, 0);
	EQ(state.size, sizeof(state));
	state.size++;
	CU_ASSERT(!processor->set_state(instance, &state, &error));
	EQ(error.code, TSR_ERROR_VERSION);
	fake_finish();
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(test_reset_state), UNIT_ROW(test_budget_is_exact), UNIT_ROW(test_halt_and_wake), UNIT_ROW(test_kick),
		UNIT_ROW(test_init_at_a_boundary), UNIT_ROW(test_triple_fault), UNIT_ROW(test_state_survives), UNIT_ROW(test_unknown_version_refused),
		UNIT_ROW(test_due_trap_survives), UNIT_ROW(test_size_of_the_state),
		CU_TEST_INFO_NULL,
	};
	/* clang-format on */

	m = machine_new(NULL);
	int status = unit_run("the plugin", tests);

	machine_free(m);
	return status;
}
