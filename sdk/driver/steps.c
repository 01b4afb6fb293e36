/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The steps: random accesses, interrupts, time, resets. Each is a line of the log. */
#include <string.h>

#include "driver.h"

#define NEAR_BYTES 256u /* registers are at the beginning of what is long */
#define EOI 0x20        /* 8259A, OCW2: non-specific end of interrupt */
#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0

uint64_t driver_random(struct driver *d)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15ull; /* Steele and others, "splitmix" */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void say(struct driver *d, const char *what, unsigned width, uint64_t address,
		uint64_t value)
{
	if (d->log)
		fprintf(d->log, "%llu %s of %u at %llx: %llx\n", (unsigned long long)d->steps, what,
			width, (unsigned long long)address, (unsigned long long)value);
}

/* One of the last places, or a new one: registers of several bytes, and data after an index. */
static uint64_t choose_place(struct driver *d)
{
	uint64_t choice = driver_random(d) % (2 * DRIVER_RECENT), offset = driver_random(d);
	const struct place *place = &d->places[driver_random(d) % d->place_count];
	uint64_t length = offset >> 63 && place->length > NEAR_BYTES ? NEAR_BYTES : place->length;

	if (choice >= DRIVER_RECENT || !d->recent[choice])
		d->recent[choice % DRIVER_RECENT] = (place->base + (offset & INT64_MAX) % length) |
						    (place->is_port ? RECENT_PORT : 0);
	return d->recent[choice % DRIVER_RECENT];
}

/* Few bits are as frequent as many. */
static uint64_t choose_value(struct driver *d)
{
	uint64_t value = driver_random(d);

	return value >> (driver_random(d) % 64);
}

static void do_access(struct driver *d, uint64_t place, bool is_write, unsigned width,
		      uint64_t value)
{
	uint64_t at = place & ~RECENT_PORT;

	value &= UINT64_MAX >> (64 - 8 * width);
	if (place & RECENT_PORT && is_write)
		d->ports->port_write(d->host, (uint16_t)at, (uint32_t)value, width);
	else if (place & RECENT_PORT)
		value = d->ports->port_read(d->host, (uint16_t)at, width);
	else if (is_write)
		d->phys->write(d->host, (tsr_gpa)at, value, width);
	else
		value = d->phys->read(d->host, (tsr_gpa)at, width);
	say(d,
	    place & RECENT_PORT ? is_write ? "port write" : "port read"
	    : is_write          ? "memory write"
				: "memory read",
	    width, at, value);
}

static void access_place(struct driver *d)
{
	uint64_t place = choose_place(d), value = choose_value(d);
	unsigned width = 1u << driver_random(d) % 4 % 3;

	do_access(d, place, driver_random(d) % 2, width, value);
}

/* `at`: function << 8 | offset. */
static void do_config(struct driver *d, unsigned at, bool is_write, unsigned width, uint32_t value)
{
	if (is_write)
		driver_config_write(d, at >> 8, at & 0xff, value, width);
	else
		value = driver_config_read(d, at >> 8, at & 0xff, width);
	say(d, is_write ? "config write" : "config read", width, at, value);
}

static void access_config(struct driver *d)
{
	unsigned function = d->functions[driver_random(d) % d->function_count],
		 width = 1u << driver_random(d) % 3,
		 offset = (unsigned)(driver_random(d) % 256) & ~(width - 1);
	uint32_t value = (uint32_t)choose_value(d);
	bool is_write = driver_random(d) % 2;

	do_config(d, function << 8 | offset, is_write, width, value);
	if (is_write && driver_random(d) % 2)
		driver_set_up(d);
}

static void take_interrupt(struct driver *d)
{
	const struct tsr_intack *intack = d->intack.table;
	int vector = intack->acknowledge(d->intack.self);

	say(d, "interrupt", 0, 0, (uint64_t)vector);
	d->ports->port_write(d->host, PIC_SLAVE, EOI, 1);
	d->ports->port_write(d->host, PIC_MASTER, EOI, 1);
}

/* What is said is the time before it passes. */
static void let_time_pass(struct driver *d, uint64_t instructions)
{
	d->idle = instructions;
	say(d, "time", 0, d->idle, d->clock->now(d->host));
}

static void reset(struct driver *d)
{
	enum tsr_reset kind = driver_random(d) % 3 ? TSR_RESET_HARD : TSR_RESET_POWER_ON;

	say(d, "reset", 0, 0, (uint64_t)kind);
	d->machine->reset(d->host, kind);
}

/* -- Steps of a script */

static bool is_width(unsigned width)
{
	return width == 1 || width == 2 || width == 4;
}

/* FALSE: that is no step. Resets are none: a script is for one state. */
static bool repeat(struct driver *d, const char *what, unsigned width, uint64_t at, uint64_t value)
{
	bool is_write = strstr(what, "write");

	if (strcmp(what, "interrupt") == 0 && d->has_intack)
		take_interrupt(d);
	else if (strcmp(what, "time") == 0)
		let_time_pass(d, at);
	else if (strncmp(what, "config ", strlen("config ")) == 0 && is_width(width))
		do_config(d, (unsigned)at & 0xffff, is_write, width, (uint32_t)value);
	else if (strncmp(what, "port ", strlen("port ")) == 0 && is_width(width))
		do_access(d, (at & 0xffff) | RECENT_PORT, is_write, width, value);
	else if (strncmp(what, "memory ", strlen("memory ")) == 0 && is_width(width))
		do_access(d, at & ~RECENT_PORT, is_write, width, value);
	else
		return false;
	return true;
}

static bool repeat_line(struct driver *d, char *line)
{
	char *of = strstr(line, " of ");
	unsigned long long at, value;
	unsigned width;

	if (!of || sscanf(of, " of %u at %llx: %llx", &width, &at, &value) != 3)
		return false;
	*of = 0;
	return repeat(d, line, width, at, value);
}

/* Its next step. */
static void follow_script(struct driver *d)
{
	char line[128];

	while (fgets(line, sizeof(line), d->script))
		if (repeat_line(d, line))
			return;
	d->script_ended = true;
}

/* -- All */

void driver_step(struct driver *d)
{
	uint64_t choice = driver_random(d) % 256;

	d->steps++;
	if (!d->is_set_up)
		driver_set_up(d);
	else if (d->script)
		follow_script(d);
	else if (d->pins & 1u << TSR_CPU_INTR && d->has_intack && choice < 64)
		take_interrupt(d);
	else if (choice < 2 && d->resets)
		reset(d);
	else if (choice < 40)
		let_time_pass(d, driver_random(d) >> (36 + driver_random(d) % 28));
	else if (choice < 52 && d->function_count)
		access_config(d);
	else if (d->place_count)
		access_place(d);
}
