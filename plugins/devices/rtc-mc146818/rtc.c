/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Motorola MC146818A (ADI856R2) at ports 70h and 71h. The registers are brought up to date when
 * they are accessed; a timer runs only while an enabled interrupt is due. Whole seconds and
 * periodic ticks are counted from the moment the divider was started (`phase`), so nothing drifts.
 * See README.md for what is missing.
 */
#include "rtc.h"

#include <string.h>

#include <tessera/draft/shutdown-code.h>
#include <tessera/plugin.h>

#define NS 1000000000
#define UIP_NS \
	(244000 + 1984000) /* data sheet, figure 14: before the update, and the update cycle of a \
			      32 kHz base */
#define BASE_HZ 32768
#define SAVE_DELAY_NS NS
#define DAY 86400

struct rtc {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_worker *worker;
	const struct tsr_log *log;
	const struct tsr_irq *irq;
	struct tsr_timer *timer, *save_timer;
	char file[4096];
	int64_t offset; /* property */
	uint8_t index;
	uint8_t cmos[CMOS_SIZE];
	int64_t phase;  /* ns; whole seconds are at phase + n * 1 s */
	int64_t second; /* n of the last one accounted for */
	int64_t tick;   /* the last periodic tick accounted for */
	int64_t shown;  /* the clock's time in seconds since 1970 */
	int64_t adjust; /* `shown` minus the wall clock */
	uint32_t weekday_shift;
	bool time_written;   /* until the next second the bytes hold the time, not `shown` */
	bool dirty, writing; /* the file is out of date; a job is writing it */
	bool write_failed;
	uint8_t to_write[CMOS_SIZE];
};

static int64_t now(struct rtc *r)
{
	return r->clock->now(r->host);
}

static int64_t wall(struct rtc *r)
{
	return r->clock->wall(r->host);
}

static bool divider_runs(const struct rtc *r)
{
	return (r->cmos[REG_A] & A_DIVIDER) < A_DIVIDER_RESET;
}

static bool updates(const struct rtc *r)
{
	return divider_runs(r) && !(r->cmos[REG_B] & B_SET);
}

/* Ticks of the 32,768 Hz base between periodic interrupts; 0: none (data sheet, table 5). */
static unsigned period_ticks(const struct rtc *r)
{
	unsigned rate = r->cmos[REG_A] & A_RATE;

	if (!rate)
		return 0;
	return 1u << (rate < 3 ? rate + 6 : rate - 1);
}

static int64_t periodic_now(struct rtc *r)
{
	unsigned ticks = period_ticks(r);

	return ticks ? (int64_t)(tsr_muldiv(now(r) - r->phase, BASE_HZ, NS) / ticks) : 0;
}

/* -- keeping up */

static void update_irq(struct rtc *r)
{
	uint8_t *c = &r->cmos[REG_C];

	*c = *c & r->cmos[REG_B] & C_FLAGS ? *c | C_IRQF : *c & ~C_IRQF;
	tsr_irq_set(r->irq, *c & C_IRQF ? 1 : 0);
}

static void arm(struct rtc *r)
{
	uint8_t b = r->cmos[REG_B];
	int64_t next = INT64_MAX;

	if ((b & B_PIE) && period_ticks(r) && divider_runs(r)) {
		uint64_t ticks = (uint64_t)(r->tick + 1) * period_ticks(r);

		next = r->phase + (int64_t)tsr_muldiv(ticks, NS, BASE_HZ) + 1;
	}
	if ((b & (B_UIE | B_AIE)) && updates(r) && r->phase + (r->second + 1) * NS < next)
		next = r->phase + (r->second + 1) * NS;
	if (next == INT64_MAX || (r->cmos[REG_C] & C_IRQF))
		r->clock->cancel(r->timer);
	else
		r->clock->arm(r->timer, next);
}

static bool alarm_in_last(const struct rtc *r, int64_t seconds)
{
	if (seconds > DAY)
		seconds = DAY;
	for (int64_t at = r->shown - seconds + 1; at <= r->shown; at++)
		if (tsr_rtc_alarm_at(r->cmos, ((at % DAY) + DAY) % DAY))
			return true;
	return false;
}

/*
 * `passed` seconds have passed. The clock counts by itself while it is within a second of the wall
 * clock, and is set to the wall clock otherwise.
 */
static void update_time(struct rtc *r, int64_t passed)
{
	int64_t target;

	if (r->time_written) {
		r->shown = tsr_rtc_to_seconds(r->cmos);
		r->weekday_shift = tsr_rtc_weekday_shift(r->cmos, r->shown);
		r->adjust = r->shown + passed - wall(r);
		r->time_written = false;
	}
	r->shown += passed;
	target = wall(r) + r->adjust;
	if (r->shown - target > 1 || target - r->shown > 1)
		r->shown = target;
	r->cmos[REG_C] |= C_UF;
	if (alarm_in_last(r, passed))
		r->cmos[REG_C] |= C_AF;
	tsr_rtc_from_seconds(r->cmos, r->shown, r->weekday_shift);
}

static void advance(struct rtc *r)
{
	int64_t second, tick;

	if (!divider_runs(r))
		return;
	second = (now(r) - r->phase) / NS;
	tick = periodic_now(r);
	if (second > r->second && !(r->cmos[REG_B] & B_SET))
		update_time(r, second - r->second);
	r->second = second;
	if (tick > r->tick)
		r->cmos[REG_C] |= C_PF;
	r->tick = tick;
	update_irq(r);
}

static void on_timer(void *self, uint64_t deadline_ns)
{
	advance(self);
	arm(self);
}

/* -- the file */

static void write_job(void *job)
{
	struct rtc *r = job;

	r->write_failed = !tsr_rtc_write_file(r->file, r->to_write);
}

static void write_done(void *job)
{
	struct rtc *r = job;

	r->writing = false;
	if (r->write_failed)
		tsr_log_at(r->log, r->host, TSR_LOG_WARNING, "the CMOS file %s cannot be written",
			   r->file);
	if (r->dirty)
		r->clock->arm(r->save_timer, now(r) + SAVE_DELAY_NS);
}

static void on_save(void *self, uint64_t deadline_ns)
{
	struct rtc *r = self;

	if (r->writing || !r->dirty)
		return;
	r->dirty = false;
	r->writing = true;
	memcpy(r->to_write, r->cmos, CMOS_SIZE);
	r->worker->submit(r->host, write_job, write_done, r, true);
}

static void changed(struct rtc *r)
{
	if (!r->file[0] || r->dirty)
		return;
	r->dirty = true;
	r->clock->arm(r->save_timer, now(r) + SAVE_DELAY_NS);
}

/* -- registers */

static void write_a(struct rtc *r, uint8_t value)
{
	bool ran = divider_runs(r);

	r->cmos[REG_A] = value & ~A_UIP;
	if (!ran && divider_runs(r)) { /* the first update comes half a second later */
		r->phase = now(r) - NS / 2;
		r->second = 0;
	}
	r->tick = periodic_now(r);
}

static void write_b(struct rtc *r, uint8_t value)
{
	if (value & B_SET)
		value &= ~B_UIE;
	if ((r->cmos[REG_B] & B_SET) && !(value & B_SET))
		r->time_written = true;
	r->cmos[REG_B] = value;
}

static bool is_time(uint8_t index)
{
	return (index <= REG_YEAR && index != REG_SECONDS_ALARM && index != REG_MINUTES_ALARM &&
		index != REG_HOURS_ALARM) ||
	       index == REG_CENTURY;
}

static void data_write(struct rtc *r, uint8_t value)
{
	uint8_t old = r->cmos[r->index];

	advance(r);
	if (r->index == REG_A) {
		write_a(r, value);
	} else if (r->index == REG_B) {
		write_b(r, value);
	} else if (r->index != REG_C && r->index != REG_D) {
		r->cmos[r->index] = value;
		r->time_written = r->time_written || is_time(r->index);
	}
	if (!is_time(r->index) && r->cmos[r->index] != old)
		changed(r);
	update_irq(r);
	arm(r);
}

/* Set from 244 us before the update to its end. */
static uint8_t update_in_progress(struct rtc *r)
{
	return updates(r) && (now(r) - r->phase) % NS >= NS - UIP_NS ? A_UIP : 0;
}

static uint8_t data_read(struct rtc *r)
{
	uint8_t value;

	advance(r);
	value = r->cmos[r->index];
	if (r->index == REG_A)
		return value | update_in_progress(r);
	if (r->index != REG_C)
		return value;
	r->cmos[REG_C] = 0;
	update_irq(r);
	arm(r);
	return value;
}

static uint64_t regs_read(void *self, uint64_t offset, unsigned width)
{
	return offset ? data_read(self) : 0xff;
}

static void regs_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct rtc *r = self;

	if (offset)
		data_write(r, value);
	else
		r->index = value & 0x7f;
}

static const struct tsr_io_ops regs_ops = {
	.size = sizeof(regs_ops), .widths = 1, .read = regs_read, .write = regs_write
};

/* -- life cycle */

static bool rtc_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const struct tsr_irq_table *irq = host->get(host, TSR_IRQ);
	const struct tsr_io *io = host->get(host, TSR_IO);
	struct rtc *r = self;

	r->host = host;
	r->clock = host->get(host, TSR_CLOCK);
	r->worker = host->get(host, TSR_WORKER);
	r->log = host->get(host, TSR_LOG);
	r->irq = irq->get(host, "irq");
	r->timer = r->clock->timer_new(host, on_timer, r);
	r->save_timer = r->clock->timer_new(host, on_save, r);
	r->offset = properties->get_int(host, "offset");
	r->cmos[REG_A] = A_DIVIDER_32KHZ | A_RATE_1024HZ;
	r->cmos[REG_B] = B_24H;
	if (!tsr_rtc_boot_order(properties->get_string(host, "boot"), r->cmos, error))
		return false;
	if ((size_t)snprintf(r->file, sizeof(r->file), "%s",
			     properties->get_string(host, "file")) >= sizeof(r->file))
		return tsr_error_set(error, TSR_ERROR_INVALID, "file: the name is too long");
	if (r->file[0] && !tsr_rtc_read_file(r->file, r->cmos, error))
		return false;
	return io->claim(host, "regs", &regs_ops, r, error) != NULL;
}

static void rtc_detach(void *self)
{
	struct rtc *r = self;

	if (r->dirty && !tsr_rtc_write_file(r->file, r->cmos))
		tsr_log_at(r->log, r->host, TSR_LOG_WARNING, "the CMOS file %s cannot be written",
			   r->file);
}

static void power_on(struct rtc *r)
{
	r->cmos[REG_A] = A_DIVIDER_32KHZ | A_RATE_1024HZ;
	r->cmos[REG_B] &= B_24H | B_BINARY | B_DSE;
	r->cmos[REG_D] = D_VRT; /* the battery is good */
	r->cmos[REG_SHUTDOWN] = 0;
	r->phase = now(r);
	r->second = 0;
	r->adjust = r->offset;
	r->shown = wall(r) + r->adjust;
	r->weekday_shift = 0;
	r->time_written = false;
	tsr_rtc_from_seconds(r->cmos, r->shown, 0);
	tsr_rtc_describe_machine(r->host, r->cmos);
}

static void rtc_reset(void *self, enum tsr_reset kind)
{
	struct rtc *r = self;

	if (kind == TSR_RESET_SOFT)
		return;
	if (kind == TSR_RESET_POWER_ON)
		power_on(r);
	advance(r);
	r->cmos[REG_B] &= ~(B_PIE | B_AIE | B_UIE | B_SQWE);
	r->cmos[REG_C] = 0;
	r->tick = periodic_now(r);
	r->index = 0;
	update_irq(r);
	arm(r);
}

static void rtc_save(void *self, struct tsr_state_writer *out)
{
	struct rtc *r = self;

	tsr_state_put_u8(out, "index", r->index);
	tsr_state_put_bytes(out, "cmos", r->cmos, CMOS_SIZE);
	tsr_state_put_u64(out, "phase", r->phase);
	tsr_state_put_u64(out, "second", r->second);
	tsr_state_put_u64(out, "tick", r->tick);
	tsr_state_put_u64(out, "shown", r->shown);
	tsr_state_put_u64(out, "adjust", r->adjust);
	tsr_state_put_u32(out, "weekday-shift", r->weekday_shift);
	tsr_state_put_bool(out, "time-written", r->time_written);
}

static bool get_i64(struct tsr_state_reader *in, const char *name, int64_t *out)
{
	uint64_t value;

	if (!tsr_state_get_u64(in, name, &value))
		return false;
	*out = (int64_t)value;
	return true;
}

/* Seconds: more than any contents of the century and the year register, which hold 255 each in
 * binary mode. */
#define TIME_LIMIT 1000000000000ll

static bool rtc_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct rtc *r = self;
	bool good = tsr_state_get_u8(in, "index", &r->index) &&
		    tsr_state_get_bytes(in, "cmos", r->cmos, CMOS_SIZE) &&
		    get_i64(in, "phase", &r->phase) && get_i64(in, "second", &r->second) &&
		    get_i64(in, "tick", &r->tick) && get_i64(in, "shown", &r->shown) &&
		    get_i64(in, "adjust", &r->adjust) &&
		    tsr_state_get_u32(in, "weekday-shift", &r->weekday_shift) &&
		    tsr_state_get_bool(in, "time-written", &r->time_written);

	if (!good || r->phase < -NS || r->phase > now(r) || r->second < 0 || r->tick < 0 ||
	    r->second > (now(r) - r->phase) / NS || r->shown < -TIME_LIMIT ||
	    r->shown > TIME_LIMIT || r->adjust < -TIME_LIMIT || r->adjust > TIME_LIMIT ||
	    r->weekday_shift > 6)
		return tsr_state_damaged(error, "the real-time clock's registers, or their time");
	r->index &= 0x7f;
	r->cmos[REG_A] &= ~A_UIP;
	r->cmos[REG_D] = D_VRT;
	if (r->tick > periodic_now(r))
		r->tick = periodic_now(r);
	update_irq(r);
	arm(r);
	return true;
}

/* Codes by which the BIOS resumes the guest (5, 9-0Ch) or its own self test (1-3, 6-8); 4 is INT
 * 19h, all others a new start (IBM PC AT Technical Reference, BIOS listing, "shutdown"). */
static bool shutdown_resumes(void *self)
{
	uint8_t code = ((struct rtc *)self)->cmos[REG_SHUTDOWN];

	return code >= 0x01 && code <= 0x0c && code != 0x04;
}

static const struct tsr_shutdown_code shutdown_code = { .size = sizeof(shutdown_code),
							.resumes = shutdown_resumes };

static const void *get_interface(void *self, const char *name)
{
	return strcmp(name, TSR_SHUTDOWN_CODE) == 0 ? &shutdown_code : NULL;
}

static const struct tsr_device_class rtc_class = {
	.size = sizeof(struct tsr_device_class),
	.instance_size = sizeof(struct rtc),
	.attach = rtc_attach,
	.detach = rtc_detach,
	.reset = rtc_reset,
	.save = rtc_save,
	.load = rtc_load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(rtc_class);
