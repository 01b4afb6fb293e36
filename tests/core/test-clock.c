/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest time on a host that gives its processors to others. The host's clocks are this file's: it
 * defines clock_gettime and timerfd_settime, and plays the virtual CPU's thread and a guest whose
 * timer ticks 100 times a second.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <CUnit/Basic.h>

#include "instance/lock.h"
#include "little-machine.h"
#include "run/timekeeper-parts.h"
#include "run/timekeeper.h"
#include "unit.h"

#define SECOND 1000000000ull
#define MS 1000000ull
#define TICK (10 * MS)

static struct {
	uint64_t host, cpu; /* CLOCK_MONOTONIC, CPU time of the virtual CPU's thread */
	uint64_t armed;     /* the timerfd's; UINT64_MAX: none */
	int fd;
	uint64_t kick;   /* for how long a kick waits while the guest computes */
	uint64_t masked; /* for how long the guest accepts no interrupt after one */
} fake;

static TsrMachine *m;
static struct little_device *dev;
static uint64_t ticks, lost, started, most_lag, accepted;
static unsigned events;
static char event[128];

int clock_gettime(clockid_t id, struct timespec *t)
{
	uint64_t ns = id == CLOCK_MONOTONIC ? fake.host : fake.cpu;

	if (id != CLOCK_MONOTONIC && id != CLOCK_THREAD_CPUTIME_ID)
		return (int)syscall(SYS_clock_gettime, id, t);
	*t = (struct timespec){ (time_t)(ns / SECOND), (long)(ns % SECOND) };
	return 0;
}

static int real_settime(int fd, int flags, const struct itimerspec *spec)
{
	return (int)syscall(SYS_timerfd_settime, fd, flags, spec, NULL);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	uint64_t at = (uint64_t)spec->it_value.tv_sec * SECOND + (uint64_t)spec->it_value.tv_nsec;

	fake.fd = fd;
	if (at && !(flags & TFD_TIMER_ABSTIME))
		return real_settime(fd, flags, spec);
	fake.armed = at ? at : UINT64_MAX;
	return 0;
}

/* The timerfd expires; the clock's thread has noticed when it kicks. */
static void fire(void)
{
	const struct itimerspec now = { .it_value = { .tv_nsec = 1 } };
	bool kicked = false;

	fake.armed = UINT64_MAX;
	pthread_mutex_lock(&m->wake_mutex);
	m->wake = false;
	pthread_mutex_unlock(&m->wake_mutex);
	real_settime(fake.fd, 0, &now);
	while (!kicked) {
		pthread_mutex_lock(&m->wake_mutex);
		kicked = m->wake;
		pthread_mutex_unlock(&m->wake_mutex);
	}
}

/* What was due ran. Of ticks that came since the last one was accepted the guest gets one, as a
 * line that is raised twice is one interrupt. */
static void guest_ticks(void)
{
	most_lag = MAX(most_lag, tsr_timekeeper_lag(m->clock));
	if (!dev->expired || fake.host < accepted + fake.masked)
		return;
	accepted = fake.host;
	tsr_irq_set(dev->irq, 0);
	ticks += dev->expired;
	lost += dev->expired - 1;
	dev->expired = 0;
}

/* The guest computes until the host's clock is at `end`; of each `on + off` ns the host gives it
 * `on`. */
static void compute(uint64_t end, uint64_t on, uint64_t off)
{
	uint64_t quantum = fake.host + on;

	while (fake.host < end) {
		uint64_t until = MIN(quantum, end);

		tsr_timekeeper_run(m->clock);
		guest_ticks();
		until = MAX(MIN(until, fake.armed), fake.host);
		fake.cpu += until - fake.host;
		fake.host = until;
		if (fake.host == quantum) {
			fake.host += off;
			quantum = fake.host + on;
		}
		if (fake.armed > fake.host)
			continue;
		fake.host += fake.kick;
		fake.cpu += fake.kick;
		fire();
	}
}

/* The guest sleeps between ticks, and wakes up `late` ns too late. */
static void idle(uint64_t end, uint64_t late)
{
	uint64_t due;

	while (fake.host < end) {
		tsr_timekeeper_run(m->clock);
		guest_ticks();
		fake.host += MS / 50;
		fake.cpu += MS / 50;
		tsr_timekeeper_sleep(m->clock, true);
		due = tsr_timekeeper_host_time(m->clock, tsr_timekeeper_next(m->clock));
		if (due > fake.host)
			fake.host = due + late;
		tsr_timekeeper_sleep(m->clock, false);
	}
}

static void on_event(TsrMachine *machine, const char *instance, const char *name,
		     const char *detail, gpointer user)
{
	events++;
	g_snprintf(event, sizeof(event), "%s %s: %s", instance, name, detail);
}

static void start(void)
{
	fake.host = 1000 * SECOND;
	fake.cpu = SECOND;
	fake.armed = UINT64_MAX;
	m = little_machine_new(4, TSR_CLOCK_REALTIME, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(m);
	m->clock->counter.usable = false; /* it is not this file's */
	dev = little_device(m);
	ticks = lost = most_lag = events = 0;
	accepted = fake.kick = fake.masked = 0;
	*event = 0;
	g_signal_connect(m, "event::clock", G_CALLBACK(on_event), NULL);
	tsr_machine_lock(m);
	/* This thread is the virtual CPU's. */
	m->thread = pthread_self();
	m->thread_started = true;
	started = fake.host;
	tsr_timekeeper_set_running(m->clock, true);
	dev->period = TICK;
	dev->clock->arm(dev->timer, TICK);
}

/* Guest time and host time are `ms` apart at most, and the guest got each tick. */
static void check(uint64_t ms)
{
	uint64_t guest = tsr_timekeeper_now(m->clock), host = fake.host - started;

	if (host - guest > ms * MS || lost)
		printf("\n%.3f s behind, %llu of %llu ticks lost\n",
		       (double)(host - guest) / SECOND, (unsigned long long)lost,
		       (unsigned long long)ticks);
	CU_ASSERT(guest <= host);
	CU_ASSERT(host - guest <= ms * MS);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT(guest / TICK - ticks <= 1);
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void finish(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
	tsr_timekeeper_set_running(m->clock, false);
	m->thread_started = false;
	tsr_machine_unlock(m);
	g_object_unref(m);
}

/* -- tests */

static void clock_of_a_quiet_host_is_right(void)
{
	start();
	compute(fake.host + 10 * SECOND, 10 * SECOND, 0);
	check(0);
	idle(fake.host + 10 * SECOND, MS / 20);
	check(1);
	CU_ASSERT_EQUAL(events, 0);
	finish();
}

/* The share of a processor and how far behind the guest is at most, in ms. */
static void lag_is_bounded_under_load(void)
{
	static const struct {
		uint64_t on, off, bound;
	} rows[] = { { 10, 10, 1500 }, { 3, 9, 4000 }, { 20, 130, 8000 } };

	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++) {
		start();
		compute(fake.host + 50 * MS, SECOND, 0);
		compute(fake.host + 50 * SECOND, rows[i].on * MS, rows[i].off * MS);
		CU_ASSERT(most_lag <= rows[i].bound * MS);
		CU_ASSERT(most_lag > SECOND / 2);
		most_lag = 0;
		compute(fake.host + 20 * SECOND, SECOND, 0);
		check(100);
		finish();
	}
}

static void idle_guest_that_wakes_up_late_catches_up(void)
{
	start();
	idle(fake.host + 60 * SECOND, 12 * MS);
	CU_ASSERT(most_lag > SECOND / 10);
	CU_ASSERT(most_lag < SECOND / 2);
	idle(fake.host + 20 * SECOND, 0);
	check(100);
	finish();
}

/* As by SIGSTOP. */
static void stopped_process_catches_up_within_a_minute(void)
{
	for (unsigned busy = 0; busy < 2; busy++) {
		start();
		compute(fake.host + SECOND, SECOND, 0);
		fake.host += 100 * SECOND;
		if (busy)
			compute(fake.host + 30 * SECOND, SECOND, 0);
		else
			idle(fake.host + 30 * SECOND, 0);
		CU_ASSERT(most_lag > 99 * SECOND);
		check(100);
		finish();
	}
}

static void *read_clock(void *unused)
{
	tsr_timekeeper_now(m->clock);
	return unused;
}

/* Another thread, a back end's for example, which runs before the virtual CPU's does. */
static void other_threads_see_no_time_that_the_host_took(void)
{
	uint64_t host;

	for (unsigned busy = 0; busy < 2; busy++) {
		start();
		compute(fake.host + SECOND, SECOND, 0);
		if (!busy)
			idle(fake.host + SECOND, 0);
		tsr_timekeeper_sleep(m->clock, !busy);
		host = fake.host;
		fake.host += 100 * SECOND;
		g_thread_join(g_thread_new("reader", read_clock, NULL));
		tsr_timekeeper_sleep(m->clock, false);
		compute(fake.host + 30 * SECOND, SECOND, 0);
		CU_ASSERT(most_lag > fake.host - host - 31 * SECOND);
		check(100);
		finish();
	}
}

/* At any moment of a guest that is idle most of the time. */
static void time_taken_just_after_a_sleep_is_noticed(void)
{
	start();
	idle(fake.host + SECOND, 0);
	for (unsigned i = 0; i < 20; i++) {
		idle(fake.host + 50 * MS, 0);
		fake.host += 300 * MS;
		compute(fake.host + MS, SECOND, 0);
	}
	CU_ASSERT(most_lag > SECOND / 4);
	idle(fake.host + 30 * SECOND, 0);
	check(100);
	finish();
}

/* A guest that looks at its clock before the machine does: its ticks still come one by one. */
static void reading_the_clock_loses_no_ticks(void)
{
	start();
	for (unsigned i = 0; i < 20; i++) {
		compute(fake.host + 50 * MS, SECOND, 0);
		fake.host += SECOND;
		CU_ASSERT(tsr_timekeeper_tsc(m->clock) < fake.host - started - SECOND / 2);
	}
	compute(fake.host + 30 * SECOND, SECOND, 0);
	check(100);
	finish();
}

/* The host may give the virtual CPU's processor to it alone, and none to the thread that kicks it.
 */
static void late_kicks_lose_no_ticks(void)
{
	start();
	fake.kick = 35 * MS;
	compute(fake.host + 10 * SECOND, 10 * SECOND, 0);
	CU_ASSERT(most_lag > SECOND / 4);
	fake.kick = 0;
	compute(fake.host + 20 * SECOND, SECOND, 0);
	check(100);
	finish();
}

/* A guest whose interrupts are disabled for less than a tick loses none while time runs faster. */
static void interrupts_that_wait_are_not_lost(void)
{
	start();
	compute(fake.host + SECOND, SECOND, 0);
	fake.host += 20 * SECOND;
	fake.masked = 4 * MS;
	compute(fake.host + 60 * SECOND, SECOND, 0);
	check(100);
	finish();
}

/* One that never accepts any still gets its time back. */
static void interrupts_that_wait_for_ever_hold_no_time(void)
{
	start();
	compute(fake.host + SECOND, SECOND, 0);
	fake.masked = 1000 * SECOND;
	fake.host += 20 * SECOND;
	compute(fake.host + 60 * SECOND, SECOND, 0);
	CU_ASSERT(tsr_timekeeper_lag(m->clock) < SECOND / 10);
	finish();
}

/* A guest that polls a device waits for moments shorter than a kick takes: time flows for it. */
static void clock_never_stands_still_for_the_guest(void)
{
	start();
	for (unsigned i = 1; i < 100; i++) {
		fake.host += MS;
		fake.cpu += MS;
		CU_ASSERT_EQUAL(tsr_timekeeper_tsc(m->clock), i * MS);
	}
	finish();
}

/* A device that was told of a deadline may rely on it: a counter that ended has not got a little
 * left. The host takes less than is looked for before the deadline passes, and then much. */
static void time_does_not_go_back_before_a_deadline_that_passed(void)
{
	uint64_t deadline;

	start();
	compute(fake.host + SECOND + TICK - MS / 2, SECOND + TICK, 0);
	tsr_timekeeper_run(m->clock);
	deadline = tsr_timekeeper_next(m->clock);
	CU_ASSERT_EQUAL(deadline, SECOND + TICK);
	fake.host += MS * 9 / 10;
	CU_ASSERT_TRUE(tsr_timekeeper_run(m->clock));
	fake.host += 20 * MS;
	CU_ASSERT(tsr_timekeeper_tsc(m->clock) >= deadline);
	finish();
}

static void event_tells_of_a_lag_and_of_its_end(void)
{
	start();
	compute(fake.host + 50 * MS, SECOND, 0);
	fake.host += 900 * MS;
	compute(fake.host + 20 * SECOND, SECOND, 0);
	check(100);
	CU_ASSERT_EQUAL(events, 0);
	fake.host += 5 * SECOND;
	compute(fake.host + MS, SECOND, 0);
	while (g_main_context_iteration(NULL, FALSE))
		;
	CU_ASSERT_EQUAL(events, 1);
	CU_ASSERT_STRING_EQUAL(event, "machine clock: the guest's clock is 5.0 s behind");
	compute(fake.host + 30 * SECOND, SECOND, 0);
	check(100);
	CU_ASSERT_EQUAL(events, 2);
	CU_ASSERT_STRING_EQUAL(event, "machine clock: the guest's clock is right again");
	finish();
}

/* The guest waits for its clock, which the virtual CPU sleeps through in part; `late`: how long the
 * host lets it wait when it wakes up. Returns how often it slept. */
static unsigned wait_until(uint64_t end, uint64_t late)
{
	unsigned rests = 0;

	while (fake.host < end) {
		uint64_t until;

		compute(fake.host + MS / 50, SECOND, 0);
		until = tsr_timekeeper_rest(m->clock);
		if (!until)
			continue;
		CU_ASSERT(until > fake.host && until <= fake.host + MS);
		rests++;
		fake.host = until + late;
		tsr_timekeeper_rested(m->clock, until);
	}
	return rests;
}

static void rests_of_a_guest_that_waits_lose_no_time(void)
{
	uint64_t host, guest;

	start();
	compute(fake.host + SECOND, SECOND, 0);
	host = fake.host;
	guest = tsr_timekeeper_now(m->clock);
	CU_ASSERT(wait_until(fake.host + SECOND, 0) > 1000);
	CU_ASSERT_EQUAL(tsr_timekeeper_now(m->clock) - guest, fake.host - host);
	CU_ASSERT_EQUAL(most_lag, 0);
	check(100);
	finish();
	start();
	CU_ASSERT(wait_until(fake.host + 10 * SECOND, 5 * MS) > 10);
	CU_ASSERT(most_lag > 0);
	compute(fake.host + 30 * SECOND, SECOND, 0);
	check(100);
	finish();
}

static void no_rest_goes_on_past_a_deadline_or_on_a_busy_host(void)
{
	uint64_t due;

	start();
	compute(fake.host + SECOND + MS, SECOND, 0);
	due = tsr_timekeeper_host_time(m->clock, tsr_timekeeper_next(m->clock));
	CU_ASSERT(tsr_timekeeper_rest(m->clock) > 0);
	tsr_timekeeper_rested(m->clock, fake.host);
	fake.cpu += due - 1 - fake.host;
	fake.host = due - 1;
	CU_ASSERT_EQUAL(tsr_timekeeper_rest(m->clock), 0);
	compute(due + MS, SECOND, 0);
	fake.host += SECOND;
	CU_ASSERT_EQUAL(tsr_timekeeper_rest(m->clock), 0);
	CU_ASSERT(tsr_timekeeper_lag(m->clock) > SECOND / 2);
	finish();
}

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(clock_of_a_quiet_host_is_right),
		UNIT_ROW(lag_is_bounded_under_load),
		UNIT_ROW(idle_guest_that_wakes_up_late_catches_up),
		UNIT_ROW(stopped_process_catches_up_within_a_minute),
		UNIT_ROW(other_threads_see_no_time_that_the_host_took),
		UNIT_ROW(time_taken_just_after_a_sleep_is_noticed),
		UNIT_ROW(reading_the_clock_loses_no_ticks),
		UNIT_ROW(late_kicks_lose_no_ticks),
		UNIT_ROW(interrupts_that_wait_are_not_lost),
		UNIT_ROW(interrupts_that_wait_for_ever_hold_no_time),
		UNIT_ROW(clock_never_stands_still_for_the_guest),
		UNIT_ROW(time_does_not_go_back_before_a_deadline_that_passed),
		UNIT_ROW(event_tells_of_a_lag_and_of_its_end),
		UNIT_ROW(rests_of_a_guest_that_waits_lose_no_time),
		UNIT_ROW(no_rest_goes_on_past_a_deadline_or_on_a_busy_host),
		CU_TEST_INFO_NULL,
	};

	return unit_run("clock", tests);
}
