/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin: a processor whose instructions are steps.c's. A step is one instruction; time passes
 * by instructions that do nothing. */
#include "driver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define WAIT_US 200 /* between two looks whether more steps are wanted */

/* -- tessera.cpu/1 */

/* Waits: guest time stands still, and the core can take the lock. */
static enum tsr_cpu_exit wait_for_more(struct driver *d)
{
	if (!d->told && d->log)
		fflush(d->log);
	if (!d->told)
		d->bus->emit(d->host, "reached", "");
	d->told = true;
	usleep(WAIT_US);
	return TSR_CPU_KICKED;
}

static void let_idle(struct driver *d, uint64_t budget)
{
	uint64_t count = d->idle < budget ? d->idle : budget;

	d->idle -= count;
	d->instructions += count;
}

static enum tsr_cpu_exit driver_run(void *self, uint64_t budget)
{
	struct driver *d = self;
	uint64_t end =
		budget < UINT64_MAX - d->instructions ? d->instructions + budget : UINT64_MAX;

	while (!atomic_exchange(&d->kicked, false)) {
		if (d->instructions >= end)
			return TSR_CPU_BUDGET;
		if (d->idle) {
			let_idle(d, end - d->instructions);
			continue;
		}
		if (d->script ? d->script_ended : d->steps >= d->until)
			return wait_for_more(d);
		driver_step(d);
		d->instructions++;
	}
	return TSR_CPU_KICKED;
}

static void driver_kick(void *self)
{
	atomic_store(&((struct driver *)self)->kicked, true);
}

static void driver_get_state(void *self, struct tsr_x86_state *state)
{
	const struct tsr_x86_state none = { .version = TSR_X86_STATE_VERSION,
					    .size = sizeof(none),
					    .eflags = 2,
					    .instructions = ((struct driver *)self)->instructions };

	tsr_struct_fill(state, &none);
}

static bool driver_set_state(void *self, const struct tsr_x86_state *state, struct tsr_error *error)
{
	return tsr_error_set(error, TSR_ERROR_UNSUPPORTED, "it has no registers");
}

static uint64_t driver_instructions(void *self)
{
	return ((const struct driver *)self)->instructions;
}

static const struct tsr_cpu cpu_table = {
	.size = sizeof(cpu_table),
	.run = driver_run,
	.kick = driver_kick,
	.get_state = driver_get_state,
	.set_state = driver_set_state,
	.instructions = driver_instructions,
};

static void pin_set(void *self, unsigned input, int level)
{
	struct driver *d = self;

	if (level)
		d->pins |= 1u << input;
	else
		d->pins &= ~(1u << input);
}

static const struct tsr_irq_inputs pins_table = { .size = sizeof(pins_table),
						  .count = TSR_CPU_PINS,
						  .set = pin_set };

static const void *driver_interface(void *self, const char *interface)
{
	if (strcmp(interface, TSR_CPU) == 0)
		return &cpu_table;
	return strcmp(interface, TSR_IRQ_INPUTS) == 0 ? &pins_table : NULL;
}

/* -- Life cycle */

static bool on_until_changed(void *self, const char *name, struct tsr_error *error)
{
	struct driver *d = self;

	d->until = (uint64_t)d->properties->get_int(d->host, name);
	d->told = false;
	return true;
}

static bool on_resets_changed(void *self, const char *name, struct tsr_error *error)
{
	struct driver *d = self;

	d->resets = d->properties->get_bool(d->host, name);
	return true;
}

/* Steps from now on are its lines; without a name they are random again. */
static bool on_script_changed(void *self, const char *name, struct tsr_error *error)
{
	struct driver *d = self;
	const char *path = d->properties->get_string(d->host, name);

	if (d->script)
		fclose(d->script);
	d->script = *path ? fopen(path, "re") : NULL;
	d->script_ended = d->told = false;
	return !*path || d->script ||
	       tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
}

static bool open_log(struct driver *d, struct tsr_error *error)
{
	const char *path = d->properties->get_string(d->host, "log");

	if (!*path)
		return true;
	d->log = fopen(path, "we");
	return d->log || tsr_error_set(error, TSR_ERROR_IO, "%s: %s", path, strerror(errno));
}

static bool driver_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct driver *d = self;

	d->host = host;
	d->ports = host->get(host, TSR_CPU_HOST);
	d->phys = host->get(host, TSR_PHYS);
	d->properties = host->get(host, TSR_PROPERTIES);
	d->bus = host->get(host, TSR_BUS);
	d->machine = host->get(host, TSR_MACHINE);
	d->clock = host->get(host, TSR_CLOCK);
	d->has_intack = d->bus->get(host, "intack", &d->intack);
	d->random = (uint64_t)d->properties->get_int(host, "seed");
	d->until = (uint64_t)d->properties->get_int(host, "until");
	d->resets = d->properties->get_bool(host, "resets");
	d->properties->on_change(host, "until", on_until_changed, d);
	d->properties->on_change(host, "resets", on_resets_changed, d);
	d->properties->on_change(host, "script", on_script_changed, d);
	return driver_read_places(d, error) && open_log(d, error);
}

static void driver_detach(void *self)
{
	struct driver *d = self;

	if (d->log)
		fclose(d->log);
	if (d->script)
		fclose(d->script);
}

/* The accesses go on; only the board has to be set up again. */
static void driver_reset(void *self, enum tsr_reset kind)
{
	struct driver *d = self;

	if (kind != TSR_RESET_SOFT)
		d->is_set_up = false;
}

static void driver_save(void *self, struct tsr_state_writer *out)
{
	struct driver *d = self;

	tsr_state_put_u64(out, "random", d->random);
	tsr_state_put_u64(out, "instructions", d->instructions);
	tsr_state_put_u64(out, "steps", d->steps);
	tsr_state_put_u64(out, "idle", d->idle);
	tsr_state_put_u32(out, "pins", d->pins);
	tsr_state_put_bool(out, "powered", d->is_powered);
	tsr_state_put_bool(out, "set-up", d->is_set_up);
	tsr_state_put_bytes(out, "recent", d->recent, sizeof(d->recent));
	tsr_state_put_bytes(out, "places", d->places, d->place_count * sizeof(d->places[0]));
	tsr_state_put_u32(out, "place-count", d->place_count);
}

static bool driver_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct driver *d = self;

	if (!tsr_state_get_u64(in, "random", &d->random) ||
	    !tsr_state_get_u64(in, "instructions", &d->instructions) ||
	    !tsr_state_get_u64(in, "steps", &d->steps) ||
	    !tsr_state_get_u64(in, "idle", &d->idle) || !tsr_state_get_u32(in, "pins", &d->pins) ||
	    !tsr_state_get_bool(in, "powered", &d->is_powered) ||
	    !tsr_state_get_bool(in, "set-up", &d->is_set_up) ||
	    !tsr_state_get_bytes(in, "recent", d->recent, sizeof(d->recent)) ||
	    !tsr_state_get_u32(in, "place-count", &d->place_count) ||
	    d->place_count > DRIVER_PLACES ||
	    !tsr_state_get_bytes(in, "places", d->places, d->place_count * sizeof(d->places[0])))
		return tsr_state_damaged(error, "where it stands");
	for (unsigned i = 0; i < d->place_count; i++)
		if (!d->places[i].length)
			return tsr_state_damaged(error, "places");
	return true;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct driver),
	.attach = driver_attach,
	.detach = driver_detach,
	.reset = driver_reset,
	.save = driver_save,
	.load = driver_load,
	.get_interface = driver_interface,
};

TSR_DEVICE_PLUGIN(device_class);
