/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Intel 8254 (231164-005) and port 61h of the PC AT. The counters are functions of the machine's
 * clock (counter.c); one timer is set to the next edge of OUT 0. Edges are computed from the tick
 * at which the counter was loaded, so lateness of the host never adds up.
 */
#include <string.h>

#include <tessera/plugin.h>
#include <tessera/tessera.h>

#include "counter.h"

#define PIT_HZ 1193182u
#define NS 1000000000u
#define REFRESH_COUNT 18 /* of counter 1 as every BIOS programs it */
#define REPORT_NS 20000000u

/* Read-back command (data sheet, figure 10): both bits are active low. */
#define READ_BACK_NO_STATUS 0x10u
#define READ_BACK_NO_COUNT 0x20u

enum { REG_CONTROL = 3 }; /* the others are the counters */
enum port61 { GATE2 = 0x01, SPEAKER = 0x02, PORT61_WRITABLE = 0x0f, REFRESH = 0x10, OUT2 = 0x20 };

struct pit {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_bus *bus;
	const struct tsr_properties *properties;
	const struct tsr_irq *irq;
	struct tsr_timer *edge_timer, *report_timer;
	struct counter counters[3];
	uint64_t updated; /* the tick up to which the line follows OUT 0 */
	uint64_t edge;    /* the next one of OUT 0 after it, which the timer is set to */
	uint8_t port61;   /* bits 0-3 */
	bool report_due;
	uint32_t reported_hz;
};

/* The quotient of ns * PIT_HZ and NS, without a division: the product with 2^64 * PIT_HZ / NS,
 * which is rounded down, has it or one less in its upper half. The remainder says which; it is
 * below 2 * NS, so 64 bits hold it. */
static uint64_t ticks_at(uint64_t ns)
{
	__extension__ typedef unsigned __int128 product;
	const uint64_t scale = (uint64_t)(((product)PIT_HZ << 64) / NS);
	uint64_t tick = (uint64_t)((product)ns * scale >> 64);

	return tick + (ns * PIT_HZ - tick * NS >= NS);
}

/* The first nanosecond of a tick. */
static uint64_t ns_of(uint64_t tick)
{
	uint64_t ns = tsr_muldiv(tick, NS, PIT_HZ);

	return ticks_at(ns) < tick ? ns + 1 : ns;
}

static uint64_t now(struct pit *p)
{
	return ticks_at(p->clock->now(p->host));
}

/* -- OUT 0 */

/* OUT goes low for one tick in these modes; the line changes at the end of the tick. */
static bool pulses(const struct counter *c)
{
	return c->mode == MODE_RATE || c->mode >= MODE_SOFTWARE_STROBE;
}

/* When the host was late, whole cycles that the guest cannot have seen are skipped. */
static void skip_cycles(struct pit *p, uint64_t tick)
{
	const struct counter *c = &p->counters[0];

	if (c->counting && !c->null_count &&
	    (c->mode == MODE_RATE || c->mode == MODE_SQUARE_WAVE) &&
	    (tick - p->updated) / c->period > 16)
		p->updated += ((tick - p->updated) / c->period - 1) * c->period;
}

/* Sends the edges up to `tick` to the line. */
static void line_update(struct pit *p, uint64_t tick)
{
	struct counter *c = &p->counters[0];
	uint64_t edge;

	if (tick < p->updated)
		return;
	while (skip_cycles(p, tick), (edge = pit_counter_next_edge(c, p->updated)) <= tick) {
		pit_counter_advance(c, edge);
		if (pulses(c))
			tsr_irq_set(p->irq, 0);
		tsr_irq_set(p->irq, pulses(c) || pit_counter_out(c, edge));
		p->updated = edge;
	}
	pit_counter_advance(c, tick);
	tsr_irq_set(p->irq, pulses(c) || pit_counter_out(c, tick));
	p->updated = tick;
}

static void arm(struct pit *p)
{
	p->edge = pit_counter_next_edge(&p->counters[0], p->updated);
	if (p->edge == COUNTER_NEVER)
		p->clock->cancel(p->edge_timer);
	else
		p->clock->arm(p->edge_timer, ns_of(p->edge));
}

static void on_edge(void *self, uint64_t deadline_ns)
{
	struct pit *p = self;
	uint64_t tick = ticks_at(deadline_ns), present = now(p);

	line_update(p, present > tick + PIT_HZ / 1000 ? present : tick);
	arm(p);
}

/* -- speaker */

static uint32_t tone_hz(struct pit *p)
{
	struct counter *c = &p->counters[2];

	if ((p->port61 & (GATE2 | SPEAKER)) != (GATE2 | SPEAKER) || c->mode != MODE_SQUARE_WAVE ||
	    !c->loaded || c->count < 2)
		return 0;
	return PIT_HZ / c->count;
}

static void report_later(struct pit *p)
{
	if (p->report_due || tone_hz(p) == p->reported_hz)
		return;
	p->report_due = true;
	p->clock->arm(p->report_timer, p->clock->now(p->host) + REPORT_NS);
}

static void on_report(void *self, uint64_t deadline_ns)
{
	struct pit *p = self;
	char text[16];

	p->report_due = false;
	if (tone_hz(p) == p->reported_hz)
		return;
	p->reported_hz = tone_hz(p);
	snprintf(text, sizeof(text), "%u", p->reported_hz);
	p->properties->set_int(p->host, "speaker-hz", p->reported_hz);
	p->bus->emit(p->host, "speaker", text);
}

/* -- ports 40h-43h */

static void read_back(struct pit *p, uint8_t command, uint64_t tick)
{
	for (unsigned i = 0; i < 3; i++)
		if (command & 2 << i)
			pit_counter_latch(&p->counters[i], tick, !(command & READ_BACK_NO_COUNT),
					  !(command & READ_BACK_NO_STATUS));
}

static void write_control(struct pit *p, uint8_t value, uint64_t tick)
{
	unsigned number = CONTROL_SC(value);

	if (number == SC_READ_BACK)
		read_back(p, value, tick);
	else if (CONTROL_RW(value) == ACCESS_LATCH)
		pit_counter_latch(&p->counters[number], tick, true, false);
	else
		pit_counter_control(&p->counters[number], value, tick);
}

static void regs_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pit *p = self;
	uint64_t tick = now(p);

	line_update(p, tick);
	if (offset == REG_CONTROL)
		write_control(p, value, tick);
	else
		pit_counter_write(&p->counters[offset], value, tick);
	line_update(p, tick);
	arm(p);
	report_later(p);
}

static uint64_t regs_read(void *self, uint64_t offset, unsigned width)
{
	struct pit *p = self;

	uint64_t tick = now(p);

	if (offset == REG_CONTROL)
		return 0xff;
	if (tick >= p->edge) { /* the host was late */
		line_update(p, tick);
		arm(p);
	}
	return pit_counter_read(&p->counters[offset], tick);
}

static const struct tsr_io_ops regs_ops = {
	.size = sizeof(regs_ops), .widths = 1, .read = regs_read, .write = regs_write
};

/* -- port 61h */

static uint64_t refresh_period(struct pit *p)
{
	const struct counter *c = &p->counters[1];

	return c->counting && (c->mode == MODE_RATE || c->mode == MODE_SQUARE_WAVE) && c->period > 1
		       ? c->period
		       : REFRESH_COUNT;
}

static uint64_t port61_read(void *self, uint64_t offset, unsigned width)
{
	struct pit *p = self;
	uint64_t tick = now(p);
	uint8_t value = p->port61;

	pit_counter_advance(&p->counters[2], tick);
	if (tick / refresh_period(p) & 1)
		value |= REFRESH;
	if (pit_counter_out(&p->counters[2], tick))
		value |= OUT2;
	return value;
}

static void port61_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct pit *p = self;

	p->port61 = value & PORT61_WRITABLE;
	pit_counter_gate(&p->counters[2], value & GATE2, now(p));
	report_later(p);
}

static const struct tsr_io_ops port61_ops = {
	.size = sizeof(port61_ops), .widths = 1, .read = port61_read, .write = port61_write
};

/* -- life cycle */

static bool pit_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	struct pit *p = self;

	p->host = host;
	p->clock = host->get(host, TSR_CLOCK);
	p->bus = host->get(host, TSR_BUS);
	p->properties = host->get(host, TSR_PROPERTIES);
	p->irq = irq->get(host, "irq");
	p->edge_timer = p->clock->timer_new(host, on_edge, p);
	p->report_timer = p->clock->timer_new(host, on_report, p);
	return io->claim(host, "regs", &regs_ops, p, error) &&
	       io->claim(host, "port61", &port61_ops, p, error);
}

/* The data sheet leaves all undefined; here counter 0 starts silent, its OUT low as in mode 0. */
static void pit_reset(void *self, enum tsr_reset kind)
{
	struct pit *p = self;

	if (kind == TSR_RESET_SOFT)
		return;
	for (unsigned i = 0; i < 3; i++)
		pit_counter_reset(&p->counters[i], i != 2);
	p->port61 = 0;
	p->updated = now(p);
	tsr_irq_set(p->irq, 0);
	arm(p);
	report_later(p);
}

/* clang-format off */
#define COUNTER_FIELDS(U8, BOOL) \
	U8(mode) U8(access) BOOL(bcd) BOOL(gate) BOOL(loaded) BOOL(counting) BOOL(held) \
	BOOL(null_count) BOOL(half_written) BOOL(half_read) BOOL(count_latched) BOOL(status_latched) \
	U8(first_byte) U8(latched_status)
/* clang-format on */
static const char *const groups[3] = { "counter0", "counter1", "counter2" };

static void pit_save(void *self, struct tsr_state_writer *out)
{
	struct pit *p = self;

	for (unsigned i = 0; i < 3; i++) {
		const struct counter *c = &p->counters[i];

		out->ops->begin(out, groups[i]);
#define U8(name) tsr_state_put_u8(out, #name, c->name);
#define BOOL(name) tsr_state_put_bool(out, #name, c->name);
		COUNTER_FIELDS(U8, BOOL)
#undef U8
#undef BOOL
		tsr_state_put_u16(out, "latched_count", c->latched_count);
		tsr_state_put_u32(out, "count", c->count);
		tsr_state_put_u32(out, "period", c->period);
		tsr_state_put_u64(out, "start", c->start);
		tsr_state_put_u64(out, "written", c->written);
		tsr_state_put_u64(out, "elapsed", c->elapsed);
		out->ops->end(out);
	}
	tsr_state_put_u64(out, "updated", p->updated);
	tsr_state_put_u8(out, "port61", p->port61);
}

static bool load_counter(struct counter *c, struct tsr_state_reader *in, uint64_t tick)
{
	bool good = true;

#define U8(name) good &= tsr_state_get_u8(in, #name, &c->name);
#define BOOL(name) good &= tsr_state_get_bool(in, #name, &c->name);
	COUNTER_FIELDS(U8, BOOL)
#undef U8
#undef BOOL
	good &= tsr_state_get_u16(in, "latched_count", &c->latched_count);
	good &= tsr_state_get_u32(in, "count", &c->count);
	good &= tsr_state_get_u32(in, "period", &c->period);
	good &= tsr_state_get_u64(in, "start", &c->start);
	good &= tsr_state_get_u64(in, "written", &c->written);
	good &= tsr_state_get_u64(in, "elapsed", &c->elapsed);
	return good && c->mode <= MODE_HARDWARE_STROBE && (c->loaded || !c->counting) &&
	       c->access >= ACCESS_LSB && c->access <= ACCESS_BOTH && c->count >= 1 &&
	       c->count <= 0x10000 && c->period >= 1 && c->period <= 0x10000 &&
	       (int64_t)(tick + 0x10000 - c->start) >= 0;
}

static bool pit_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct pit *p = self;
	uint64_t tick = now(p);
	bool good = true;

	for (unsigned i = 0; i < 3 && good; i++) {
		good = in->ops->begin(in, groups[i]);
		if (good) {
			good = load_counter(&p->counters[i], in, tick);
			in->ops->end(in);
		}
	}
	good = good && tsr_state_get_u64(in, "updated", &p->updated) &&
	       tsr_state_get_u8(in, "port61", &p->port61);
	if (!good || p->updated > tick)
		return tsr_state_damaged(error, "counters of the 8254, or their time");
	p->port61 &= PORT61_WRITABLE;
	line_update(p, p->updated);
	arm(p);
	report_later(p);
	return true;
}

static const struct tsr_device_class pit_class = {
	.size = sizeof(struct tsr_device_class),
	.instance_size = sizeof(struct pit),
	.attach = pit_attach,
	.reset = pit_reset,
	.save = pit_save,
	.load = pit_load,
};

TSR_DEVICE_PLUGIN(pit_class);
