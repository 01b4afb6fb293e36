/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode definitions: Intel 8254 data sheet (231164-005), "Mode Definitions" and figures 15 to 20. */
#include "counter.h"

static uint64_t elapsed(const struct counter *c, uint64_t now)
{
	return c->held ? c->elapsed : now - c->start;
}

/* Ticks since the cycle began. A counter that was advanced is in its first cycle: a read of it
 * divides nothing. */
static uint64_t in_cycle(const struct counter *c, uint64_t d)
{
	return d < c->period ? d : d % c->period;
}

/* Ticks of the high part of mode 3. */
static uint32_t high_part(uint32_t period)
{
	return (period + 1) / 2;
}

static bool periodic(const struct counter *c)
{
	return c->mode == MODE_RATE || c->mode == MODE_SQUARE_WAVE;
}

static void load(struct counter *c, uint64_t now)
{
	c->period = c->count;
	c->start = now;
	c->elapsed = 0;
	c->counting = true;
	c->null_count = false;
}

void pit_counter_reset(struct counter *c, bool gate)
{
	*c = (struct counter){ .access = ACCESS_BOTH,
			       .gate = gate,
			       .count = 0x10000,
			       .period = 0x10000,
			       .null_count = true };
}

void pit_counter_control(struct counter *c, uint8_t control, uint64_t now)
{
	uint8_t mode = CONTROL_MODE(control);

	c->access = CONTROL_RW(control);
	c->mode =
		mode > MODE_HARDWARE_STROBE ? mode - 4 : mode; /* the highest bit is ignored then */
	c->bcd = control & CONTROL_BCD;
	c->loaded = c->counting = c->held = false;
	c->null_count = true;
	c->half_written = c->half_read = false;
	c->count_latched = c->status_latched = false;
}

/* The new count of modes 2 and 3 takes effect at the end of the cycle in which it was written; in
 * mode 3, at the end of the half cycle. */
static void take_pending(struct counter *c, uint64_t now)
{
	uint32_t half = high_part(c->period);
	bool low_half_next = c->mode == MODE_SQUARE_WAVE && c->written - c->start < half;
	uint64_t boundary = c->start + (low_half_next ? half : c->period);

	if ((int64_t)(now - boundary) < 0)
		return;
	c->start = low_half_next ? boundary - high_part(c->count) : boundary;
	c->period = c->count;
	c->null_count = false;
}

void pit_counter_advance(struct counter *c, uint64_t now)
{
	if (!c->counting || c->held || !periodic(c))
		return;
	if (c->null_count && c->loaded)
		take_pending(c, now);
	if (now - c->start >= c->period)
		c->start += (now - c->start) / c->period * c->period;
}

bool pit_counter_out(const struct counter *c, uint64_t now)
{
	uint64_t d = elapsed(c, now);

	if (!c->counting)
		return c->mode != MODE_TERMINAL_COUNT;
	switch (c->mode) {
	case MODE_TERMINAL_COUNT:
	case MODE_ONE_SHOT:
		return d >= c->period;
	case MODE_RATE:
		return !c->gate || in_cycle(c, d) != c->period - 1 || c->period == 1;
	case MODE_SQUARE_WAVE:
		return !c->gate || in_cycle(c, d) < high_part(c->period);
	default:
		return d != c->period;
	}
}

uint64_t pit_counter_next_edge(const struct counter *c, uint64_t now)
{
	uint64_t d, at;

	if (!c->counting || c->held)
		return COUNTER_NEVER;
	d = now - c->start;
	if (c->mode == MODE_TERMINAL_COUNT || c->mode == MODE_ONE_SHOT)
		return d < c->period ? c->start + c->period : COUNTER_NEVER;
	if (c->mode >= MODE_SOFTWARE_STROBE)
		return d <= c->period ? c->start + c->period + 1 : COUNTER_NEVER;
	if (c->period < 2)
		return COUNTER_NEVER;
	at = in_cycle(c, d);
	if (c->mode == MODE_SQUARE_WAVE && at < high_part(c->period))
		return now - at + high_part(c->period);
	return now - at + c->period;
}

/* -- the count as the bus sees it */

static uint32_t from_bus(const struct counter *c, uint16_t value)
{
	uint32_t binary = value;

	if (c->bcd)
		binary = (value >> 12) * 1000u + (value >> 8 & 15) * 100u +
			 (value >> 4 & 15) * 10u + (value & 15);
	return binary ? binary : c->bcd ? 10000 : 0x10000;
}

static uint16_t to_bus(const struct counter *c, uint32_t binary)
{
	if (!c->bcd)
		return binary;
	binary %= 10000;
	return binary / 1000 << 12 | binary / 100 % 10 << 8 | binary / 10 % 10 << 4 | binary % 10;
}

/* In the modes that do not reload, the counting element continues past zero. */
static uint16_t current(const struct counter *c, uint64_t now)
{
	uint32_t modulus = c->bcd ? 10000 : 0x10000, base;
	uint64_t d = elapsed(c, now);

	if (!c->counting)
		return to_bus(c, c->count);
	if (c->mode == MODE_RATE)
		return to_bus(c, c->period - in_cycle(c, d));
	if (c->mode != MODE_SQUARE_WAVE)
		return to_bus(c, (modulus + c->period - d % modulus) % modulus);
	d = in_cycle(c, d);
	base = c->period & ~1u;
	if (d >= high_part(c->period))
		d -= high_part(c->period);
	return to_bus(c, base - 2 * d);
}

static void write_count(struct counter *c, uint16_t value, uint64_t now)
{
	bool first = !c->loaded;

	c->count = from_bus(c, value);
	c->loaded = true;
	c->null_count = true;
	c->written = now;
	if (c->mode == MODE_ONE_SHOT || c->mode == MODE_HARDWARE_STROBE)
		return; /* loaded by the gate */
	if (periodic(c)) {
		if (first && c->gate)
			load(c, now);
		return;
	}
	load(c, now);
	c->held = !c->gate;
}

void pit_counter_write(struct counter *c, uint8_t value, uint64_t now)
{
	pit_counter_advance(c, now);
	if (c->access == ACCESS_LSB) {
		write_count(c, value, now);
	} else if (c->access == ACCESS_MSB) {
		write_count(c, value << 8, now);
	} else if (!c->half_written) {
		c->half_written = true;
		c->first_byte = value;
		if (c->mode ==
		    MODE_TERMINAL_COUNT) /* the first byte stops the count, OUT goes low */
			c->counting = false;
	} else {
		c->half_written = false;
		write_count(c, value << 8 | c->first_byte, now);
	}
}

void pit_counter_latch(struct counter *c, uint64_t now, bool count, bool status)
{
	pit_counter_advance(c, now);
	if (status && !c->status_latched) {
		c->status_latched = true;
		c->latched_status = pit_counter_out(c, now) << STATUS_OUTPUT_SHIFT |
				    c->null_count << STATUS_NULL_COUNT_SHIFT |
				    c->access << STATUS_RW_SHIFT | c->mode << STATUS_MODE_SHIFT |
				    c->bcd;
	}
	if (count && !c->count_latched) {
		c->count_latched = true;
		c->latched_count = current(c, now);
	}
}

uint8_t pit_counter_read(struct counter *c, uint64_t now)
{
	uint16_t value;
	bool high = c->access == ACCESS_MSB;

	if (c->status_latched) {
		c->status_latched = false;
		return c->latched_status;
	}
	pit_counter_advance(c, now);
	value = c->count_latched ? c->latched_count : current(c, now);
	if (c->access == ACCESS_BOTH) {
		high = c->half_read;
		c->half_read = !c->half_read;
	}
	if (c->access != ACCESS_BOTH || high)
		c->count_latched = false;
	return high ? value >> 8 : value;
}

void pit_counter_gate(struct counter *c, bool gate, uint64_t now)
{
	if (gate == c->gate)
		return;
	pit_counter_advance(c, now);
	c->gate = gate;
	if (c->mode == MODE_ONE_SHOT || c->mode == MODE_HARDWARE_STROBE) {
		if (gate && c->loaded)
			load(c, now);
	} else if (!gate) {
		c->elapsed = now - c->start;
		c->held = c->counting;
	} else {
		c->held = false;
		if (periodic(c) && c->loaded)
			load(c, now);
		else
			c->start = now - c->elapsed;
	}
}
