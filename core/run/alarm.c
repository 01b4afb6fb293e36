/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fires the deadlines of a machine with real time: a thread sleeps on a timerfd until the next
 * one and kicks the virtual CPU, which runs what is due.
 */
#include "run/alarm.h"

#include <errno.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "instance/lock.h"
#include "run/catch-up.h"

#define GUARD_NS 1000000 /* after the end of a sleep: an idle guest sleeps again before */

/* To that host time, for that guest deadline. */
static void set_fd(struct tsr_timekeeper *clock, uint64_t deadline, uint64_t at)
{
	struct itimerspec spec = { .it_value = { (time_t)(at / NS), (long)(at % NS) } };

	if (at == 0)
		spec.it_value.tv_nsec = 1;
	timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &spec, NULL);
	clock->fd_armed = deadline;
}

void tsr_alarm_arm(struct tsr_timekeeper *clock)
{
	if (atomic_exchange(&clock->fired, false))
		clock->fd_armed = UINT64_MAX;
	if (clock->deterministic || !clock->running || clock->halted ||
	    clock->next >= clock->fd_armed)
		return;
	uint64_t at = clock->next + clock->offset;
	if (tsr_catch_up_is_fast(clock->lag)) {
		uint64_t host = tsr_host_ns();
		uint64_t wait = tsr_catch_up_host_time(clock->lag, at > host ? at - host : 0);
		at = MIN(at, host + MAX(wait, LOOK_FAST_NS));
	}
	set_fd(clock, clock->next, at);
}

static void disarm_fd(struct tsr_timekeeper *clock)
{
	static const struct itimerspec never;

	if (clock->fd_armed != UINT64_MAX)
		timerfd_settime(clock->fd, 0, &never, NULL);
	clock->fd_armed = UINT64_MAX;
}

/* The timerfd is set to a little later already: what an idle guest does when it wakes takes less,
 * and its next deadline is farther away, so that one change of the timerfd serves for each sleep
 * and the time after it. */
void tsr_alarm_guard_sleep(struct tsr_timekeeper *clock)
{
	if (clock->next >= UINT64_MAX - GUARD_NS || tsr_catch_up_is_fast(clock->lag)) {
		disarm_fd(clock);
		return;
	}
	atomic_store(&clock->fired, false);
	set_fd(clock, clock->next + GUARD_NS, clock->next + GUARD_NS + clock->offset);
}

static void *clock_thread(void *data)
{
	struct tsr_timekeeper *clock = data;
	uint64_t count;

	while (!clock->quit) {
		if (read(clock->fd, &count, sizeof(count)) == sizeof(count))
			atomic_store(&clock->fired, true);
		tsr_vcpu_kick(clock->machine);
	}
	return NULL;
}

bool tsr_alarm_start(struct tsr_timekeeper *clock, GError **error)
{
	int failure = 0;

	clock->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (clock->fd < 0)
		failure = errno;
	else
		failure = pthread_create(&clock->thread, NULL, clock_thread, clock);
	if (!failure)
		return true;
	if (clock->fd >= 0)
		close(clock->fd);
	clock->fd = -1;
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
		"cannot start the clock: %s; raise the limits of the process (ulimit -n, -u, -v)",
		g_strerror(failure));
	return false;
}

void tsr_alarm_stop(struct tsr_timekeeper *clock)
{
	struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };

	if (clock->fd < 0)
		return;
	clock->quit = true;
	timerfd_settime(clock->fd, 0, &soon, NULL);
	pthread_join(clock->thread, NULL);
	close(clock->fd);
	clock->fd = -1;
}
