/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest time.
 *
 * Real time: CLOCK_MONOTONIC less the time spent in pause and the time that the host gave to others
 * while the guest wanted to run. Without the latter a busy host delays and loses timer ticks, and
 * guests that compare clocks find them wrong; with it all clocks of the guest stop together. Guest
 * time then catches up, faster the more it lags (catch-up.h), but never past the next deadline at
 * once, and not while an interrupt waits at the processor, so that each timer tick reaches the
 * guest by itself. Other threads than the virtual CPU's, which may run before it finds what the
 * host took, see no time after the next deadline.
 *
 * While the guest runs, a thread sleeps on a timerfd until the next deadline and kicks the virtual
 * CPU, which runs what is due. The host may let that thread wait while the virtual CPU runs; a
 * timer that is then due more than once lets guest time wait, too.
 *
 * Deterministic: retired instructions divided by the machine's ips, plus what was skipped while the
 * guest was halted; no host clock is read.
 */
#include "run/timekeeper.h"

#include "instance/instance.h"
#include "instance/lock.h"
#include "run/alarm.h"
#include "run/catch-up.h"
#include "run/lag.h"
#include "run/timers.h"

#define LOOK_LATE_NS 10000000 /* after this time a reading of the clock looks first */
#define REST_NS 50000         /* of a guest that waits for its clock */
#define LATE_MAX_NS 100000000 /* of wake-ups, which is made up by leaving out sleeps */

static uint64_t instructions(struct tsr_timekeeper *clock)
{
	TsrMachine *m = clock->machine;

	return m->cpu ? m->cpu->instructions(m->cpu_self) : 0;
}

static bool is_vcpu(const struct tsr_timekeeper *clock)
{
	const TsrMachine *m = clock->machine;

	return m->thread_started && pthread_equal(m->thread, pthread_self());
}

/* Guest time at a time of the host, which is not asked for it if it has been: that takes longer
 * than all the rest of a reading. */
static uint64_t time_at(const struct tsr_timekeeper *clock, uint64_t host)
{
	uint64_t offset = clock->offset;

	if (!clock->running)
		return offset;
	return host > offset ? host - offset : 0; /* the counter is a little behind */
}

/* Guest time, whatever is due. */
static uint64_t raw_now(struct tsr_timekeeper *clock)
{
	if (clock->deterministic)
		return clock->skipped + tsr_muldiv(instructions(clock), NS, clock->ips);
	return time_at(clock, tsr_host_ns());
}

/* What other threads than the virtual CPU's are shown: no time after a deadline that has not
 * passed. It may be the host's, and for a guest that has seen it all ticks in it are one. The
 * virtual CPU, for which time must flow, soon runs what is due. */
static uint64_t shown(struct tsr_timekeeper *clock, uint64_t now, bool vcpu)
{
	if (now <= clock->next)
		return now;
	if (vcpu && clock->machine->in_guest)
		tsr_vcpu_kick(clock->machine);
	return vcpu ? now : clock->next;
}

uint64_t tsr_timekeeper_now(struct tsr_timekeeper *clock)
{
	bool vcpu = is_vcpu(clock);

	if (clock->deterministic || !clock->running)
		return raw_now(clock);
	/* The host may have taken it: that must not pass for the guest, which then gets the ticks
	 * of all of it at once. */
	uint64_t host = vcpu ? tsr_counter_ns(&clock->counter) : tsr_host_ns();
	if (vcpu && !clock->halted && host > clock->seen_host + LOOK_LATE_NS) {
		tsr_lag_look(clock, false);
		host = tsr_host_ns();
	}
	uint64_t last = atomic_load_explicit(&clock->last_now, memory_order_relaxed);
	uint64_t now = time_at(clock, host);
	if (now > last)
		now = shown(clock, now, vcpu);
	if (now <= last)
		return last;
	/* A store that is lost to another thread's is of about the same time. */
	atomic_store_explicit(&clock->last_now, now, memory_order_relaxed);
	return now;
}

uint64_t tsr_timekeeper_tsc(struct tsr_timekeeper *clock)
{
	return tsr_timekeeper_now(clock);
}

uint64_t tsr_timekeeper_lag(const struct tsr_timekeeper *clock)
{
	return clock->lag;
}

uint64_t tsr_timekeeper_host_time(struct tsr_timekeeper *clock, uint64_t ns)
{
	return ns == UINT64_MAX ? UINT64_MAX : ns + clock->offset;
}

struct tsr_timekeeper *tsr_timekeeper_new(TsrMachine *m, GError **error)
{
	struct tsr_timekeeper *clock = g_new0(struct tsr_timekeeper, 1);
	const TsrConfig *config = m->config;

	clock->machine = m;
	clock->deterministic = config->clock == TSR_CLOCK_DETERMINISTIC;
	clock->ips = config->ips ? config->ips : 100000000;
	clock->timers = g_ptr_array_new_with_free_func(g_free);
	clock->next = clock->fd_armed = UINT64_MAX;
	clock->wall_offset = config->rtc_base ? (int64_t)config->rtc_base : (int64_t)time(NULL);
	clock->fd = -1;
	tsr_counter_init(&clock->counter);
	if (clock->deterministic || tsr_alarm_start(clock, error))
		return clock;
	tsr_timekeeper_free(clock);
	return NULL;
}

void tsr_timekeeper_free(struct tsr_timekeeper *clock)
{
	if (!clock)
		return;
	tsr_alarm_stop(clock);
	g_ptr_array_unref(clock->timers);
	g_free(clock);
}

void tsr_timekeeper_set_running(struct tsr_timekeeper *clock, bool running)
{
	if (clock->running == running)
		return;
	if (!clock->deterministic) {
		clock->offset = tsr_host_ns() - clock->offset;
		if (!running)
			clock->offset = MAX(clock->offset, clock->last_now);
		clock->seen_host = tsr_host_ns();
		clock->seen_cpu_at = 0;
	}
	clock->running = running;
	clock->fd_armed = UINT64_MAX;
	tsr_alarm_arm(clock);
}

void tsr_timekeeper_sleep(struct tsr_timekeeper *clock, bool asleep)
{
	if (clock->deterministic || clock->halted == asleep)
		return;
	if (asleep) {
		tsr_lag_look(clock, true);
		if (clock->lag && clock->next != UINT64_MAX)
			tsr_lag_shorten_sleep(clock, tsr_timekeeper_now(clock));
		tsr_alarm_guard_sleep(clock);
	} else {
		/* Only waking up late is the host's fault; the sleep itself is not. */
		uint64_t host = tsr_host_ns(), due = tsr_timekeeper_host_time(clock, clock->next);
		uint64_t late = host > due ? host - due : 0;
		tsr_lag_account(clock, late, host - clock->seen_host);
		if (tsr_catch_up_is_fast(clock->lag)) {
			clock->late = MIN(clock->late + late, LATE_MAX_NS);
			clock->fd_armed = UINT64_MAX; /* deadlines come sooner now */
		}
		clock->seen_host = host;
	}
	clock->halted =
		asleep; /* awake: tsr_timekeeper_run comes next and arms what is not due yet */
}

/* What the guest waits for comes late by a rest at most, and by what the host adds to short sleeps.
 * The timerfd stays armed for the next deadline, which comes after the rest. On a busy host a
 * thread that sleeps wakes up late: there the guest computes, as it would by itself. */
uint64_t tsr_timekeeper_rest(struct tsr_timekeeper *clock)
{
	if (clock->deterministic)
		return 0;
	tsr_lag_look(clock, false);
	uint64_t until = tsr_host_ns() + REST_NS;
	if (tsr_catch_up_is_fast(clock->lag) ||
	    until >= tsr_timekeeper_host_time(clock, clock->next))
		return 0;
	tsr_lag_look(clock, true);
	return until;
}

void tsr_timekeeper_rested(struct tsr_timekeeper *clock, uint64_t until)
{
	uint64_t host = tsr_host_ns();

	tsr_lag_account(clock, host > until ? host - until : 0, host - clock->seen_host);
	clock->seen_host = host;
}

bool tsr_timekeeper_run(struct tsr_timekeeper *clock)
{
	bool any = false;

	if (!clock->deterministic && clock->running)
		tsr_lag_look(clock, false);

	if (clock->next == UINT64_MAX)
		return false;
	uint64_t now = raw_now(clock);
	if (clock->next > now) {
		tsr_alarm_arm(clock);
		return false;
	}
	clock->runs++;
	/* In order of deadlines; a callback may arm timers, its own too. */
	for (struct tsr_timer *first; (first = tsr_timers_first_due(clock, now));) {
		uint64_t deadline = first->deadline;

		if (tsr_lag_waits_for_guest(clock, first, raw_now(clock)))
			break;
		clock->next = deadline;
		/* What the host took and is found later must not lead to before it. */
		clock->last_now = MAX(clock->last_now, deadline);
		first->passed = deadline;
		first->ran_in = clock->runs;
		first->deadline = UINT64_MAX;
		TSR_CALLING(&first->owner->callee, "expired",
			    first->expired(first->self, deadline));
		any = true;
	}
	tsr_timers_find_next(clock);
	return any;
}

uint64_t tsr_timekeeper_next(struct tsr_timekeeper *clock)
{
	return clock->next;
}

/* The first instruction count at which guest time is `ns` or later. */
static uint64_t instructions_at(const struct tsr_timekeeper *clock, uint64_t ns)
{
	if (ns <= clock->skipped)
		return 0;
	return (uint64_t)(((unsigned __int128)(ns - clock->skipped) * clock->ips + NS - 1) / NS);
}

static uint64_t stop_at(const struct tsr_timekeeper *clock)
{
	uint64_t limit = clock->machine->config->stop_at;

	return limit ? limit : UINT64_MAX;
}

uint64_t tsr_timekeeper_budget(struct tsr_timekeeper *clock)
{
	if (!clock->deterministic)
		return UINT64_MAX;
	uint64_t count = instructions(clock), target = stop_at(clock);
	if (clock->next != UINT64_MAX)
		target = MIN(target, instructions_at(clock, clock->next));
	return target > count ? target - count : 1;
}

bool tsr_timekeeper_over(struct tsr_timekeeper *clock)
{
	return clock->deterministic && instructions(clock) >= stop_at(clock);
}

bool tsr_timekeeper_skip(struct tsr_timekeeper *clock)
{
	uint64_t now = tsr_timekeeper_now(clock);

	if (clock->next == UINT64_MAX)
		return false;
	if (clock->next > now)
		clock->skipped += clock->next - now;
	return true;
}

void tsr_timekeeper_put_state(struct tsr_timekeeper *clock, struct tsr_state_writer *out)
{
	tsr_state_put_u64(out, "now", tsr_timekeeper_now(clock));
	tsr_state_put_u64(out, "skipped", clock->skipped);
	tsr_state_put_u64(out, "wall-offset", (uint64_t)clock->wall_offset);
}

/* Before the devices load, while the machine stands: they arm their timers themselves. */
void tsr_timekeeper_get_state(struct tsr_timekeeper *clock, struct tsr_state_reader *in)
{
	uint64_t wall_offset = (uint64_t)clock->wall_offset, offset = clock->offset;

	if (!clock->deterministic)
		tsr_state_get_u64(in, "now", &offset);
	clock->last_now = clock->offset = offset;
	clock->lag = clock->late = 0;
	clock->lag_told = false;
	tsr_state_get_u64(in, "skipped", &clock->skipped);
	tsr_state_get_u64(in, "wall-offset", &wall_offset);
	clock->wall_offset = (int64_t)wall_offset;
}
