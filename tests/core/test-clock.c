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
#include "run/timekeeper.h"
#include "unit.h"

#define SECOND 1000000000ull
#define MS 1000000ull
#define TICK (10 * MS)

static struct {
	uint64_t host, cpu; /* CLOCK_MONOTONIC, CPU time of the virtual CPU's thread */
	uint64_t armed;     /* the timerfd's; UINT64_MAX: none */
	int fd;
} fake;

static TsrMachine *m;
static struct little_device *dev;
static uint64_t ticks, lost, started, most_lag;
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

/* What was due ran. A tick that the guest gets after the next one was due is lost, as a line that
 * is raised twice is one interrupt. */
static void guest_ticks(void)
{
	uint64_t now, next = dev->deadline + TICK;

	most_lag = MAX(most_lag, tsr_timekeeper_lag(m->clock));
	if (!dev->expired)
		return;
	dev->expired = 0;
	ticks++;
	now = tsr_timekeeper_now(m->clock);
	for (; next <= now; next += TICK, ticks++)
		lost++;
	dev->clock->arm(dev->timer, next);
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
		if (fake.armed <= fake.host)
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
	dev = little_device(m);
	ticks = lost = most_lag = events = 0;
	*event = 0;
	g_signal_connect(m, "event::clock", G_CALLBACK(on_event), NULL);
	tsr_machine_lock(m);
	/* This thread is the virtual CPU's. */
	m->thread = pthread_self();
	m->thread_started = true;
	started = fake.host;
	tsr_timekeeper_set_running(m->clock, true);
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

int main(void)
{
	CU_TestInfo tests[] = {
		UNIT_ROW(clock_of_a_quiet_host_is_right),
		UNIT_ROW(lag_is_bounded_under_load),
		UNIT_ROW(idle_guest_that_wakes_up_late_catches_up),
		UNIT_ROW(stopped_process_catches_up_within_a_minute),
		UNIT_ROW(reading_the_clock_loses_no_ticks),
		UNIT_ROW(event_tells_of_a_lag_and_of_its_end),
		CU_TEST_INFO_NULL,
	};

	return unit_run("clock", tests);
}
