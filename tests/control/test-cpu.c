/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A processor for tests of the control plane: it writes `say` to the serial port once, then exits
 * or halts; with `pause` timers run before it exits. With `flood` it writes without end, with
 * `slow` it looks at kicks only now and then. */
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <tessera/draft/cpu.h>
#include <tessera/draft/interrupts.h>
#include <tessera/tessera.h>

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

struct cpu {
	const struct tsr_host *host;
	const struct tsr_cpu_host *ports;
	const struct tsr_properties *properties;
	atomic_bool kicked;
	bool said, done;
};

/* For the test, which waits until the processor is in its loop. */
static void announce(void)
{
	ssize_t written = write(STDERR_FILENO, "hangs\n", 6);

	(void)written;
}

static enum tsr_cpu_exit cpu_run(void *self, uint64_t budget)
{
	struct cpu *cpu = self;
	int64_t status = cpu->properties->get_int(cpu->host, "exit");

	atomic_store(&cpu->kicked, false);
	if (cpu->properties->get_bool(cpu->host, "hang"))
		announce();
	while (cpu->properties->get_bool(cpu->host, "hang"))
		sleep(1);
	if (cpu->properties->get_bool(cpu->host, "slow")) {
		for (uint64_t end = now_ms() + 30; now_ms() < end;)
			;
		return TSR_CPU_KICKED;
	}
	if (cpu->properties->get_bool(cpu->host, "flood")) {
		for (unsigned i = 0; i < 1000; i++)
			cpu->ports->port_write(cpu->host, 0x3f8, 'x', 1);
		return TSR_CPU_KICKED;
	}
	if (cpu->done)
		return TSR_CPU_HALTED;
	if (cpu->said && cpu->properties->get_bool(cpu->host, "pause")) {
		cpu->done = true;
		cpu->ports->port_write(cpu->host, 0x501, (uint32_t)status, 1);
		return TSR_CPU_HALTED;
	}
	for (const char *c = cpu->properties->get_string(cpu->host, "say"); *c; c++)
		cpu->ports->port_write(cpu->host, 0x3f8, (uint8_t)*c, 1);
	cpu->said = true;
	if (cpu->properties->get_bool(cpu->host, "pause"))
		return TSR_CPU_KICKED;
	cpu->done = true;
	if (status >= 0)
		cpu->ports->port_write(cpu->host, 0x501, (uint32_t)status, 1);
	return TSR_CPU_HALTED;
}

static void cpu_kick(void *self)
{
	atomic_store(&((struct cpu *)self)->kicked, true);
}

static void cpu_get_state(void *self, struct tsr_x86_state *state)
{
	memset(state, 0, state->size);
}

static bool cpu_set_state(void *self, const struct tsr_x86_state *state, struct tsr_error *error)
{
	return true;
}

static uint64_t cpu_instructions(void *self)
{
	return ((struct cpu *)self)->done;
}

static const struct tsr_cpu cpu_table = {
	.size = sizeof(cpu_table),
	.run = cpu_run,
	.kick = cpu_kick,
	.get_state = cpu_get_state,
	.set_state = cpu_set_state,
	.instructions = cpu_instructions,
};

static void pin_set(void *self, unsigned input, int level)
{
}

static const struct tsr_irq_inputs inputs_table = { .size = sizeof(inputs_table),
						    .count = TSR_CPU_PINS,
						    .set = pin_set };

static const void *cpu_interface(void *self, const char *interface)
{
	if (strcmp(interface, TSR_CPU) == 0)
		return &cpu_table;
	return strcmp(interface, TSR_IRQ_INPUTS) == 0 ? &inputs_table : NULL;
}

static bool cpu_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct cpu *cpu = self;

	cpu->host = host;
	cpu->ports = host->get(host, TSR_CPU_HOST);
	cpu->properties = host->get(host, TSR_PROPERTIES);
	return true;
}

static void cpu_reset(void *self, enum tsr_reset kind)
{
	((struct cpu *)self)->said = ((struct cpu *)self)->done = false;
}

static void cpu_save(void *self, struct tsr_state_writer *out)
{
	tsr_state_put_bool(out, "done", ((struct cpu *)self)->done);
}

static bool cpu_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	return tsr_state_get_bool(in, "done", &((struct cpu *)self)->done);
}

static const struct tsr_device_class class = {
	.size = sizeof(class),
	.instance_size = sizeof(struct cpu),
	.attach = cpu_attach,
	.reset = cpu_reset,
	.save = cpu_save,
	.load = cpu_load,
	.get_interface = cpu_interface,
};

TSR_DEVICE_PLUGIN(class);
