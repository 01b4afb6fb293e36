/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest time and the timers on it.
 *
 * Real time: CLOCK_MONOTONIC less the time spent in pause and the time that the host gave to others
 * while the guest wanted to run. Without the latter a busy host delays and loses timer ticks, and
 * guests that compare clocks find them wrong; with it all clocks of the guest stop together. Guest
 * time then catches up, faster the more it lags (catch-up.h), but never past the next deadline at
 * once, so that each timer tick reaches the guest by itself. While it runs, a thread sleeps on a
 * timerfd until the next deadline and kicks the virtual CPU, which runs what is due.
 *
 * Deterministic: retired instructions divided by the machine's ips, plus what was skipped while the
 * guest was halted; no host clock is read.
 */
#include "run/timekeeper.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"
#include "run/catch-up.h"

#define NS 1000000000ull
#define LOOK_NS 1000000        /* the shortest time between two readings of the thread's CPU time */
#define LOOK_FAST_NS 50000     /* the same while guest time catches up fast */
#define LOOK_LATE_NS 10000000  /* after this time a reading of the clock looks first */
#define STEAL_MIN_NS 300000    /* less is noise */
#define LATE_MAX_NS 100000000  /* of wake-ups, which is made up by leaving out sleeps */
#define TELL_NS NS             /* a greater lag is an event */
#define TELL_OVER_NS (NS / 10) /* a smaller one is its end */

struct tsr_timer {
	struct tsr_timekeeper *clock;
	const TsrInstance *owner;
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
	uint64_t deadline; /* UINT64_MAX: not armed */
};

struct tsr_timekeeper {
	TsrMachine *machine;
	bool deterministic;
	uint64_t ips;
	bool running;
	bool halted;       /* the virtual CPU sleeps until the next deadline by itself */
	uint64_t offset;   /* real time, running: guest = host - offset; else: guest time itself */
	uint64_t lag;      /* ns of `offset` that the host took and that guest time must catch up */
	uint64_t late;     /* of the lag: by wake-ups since it became large, not yet made up */
	bool lag_told;     /* by the event "clock" */
	uint64_t last_now; /* guest time never goes back to before it */
	uint64_t seen_host, seen_cpu; /* at the last reading: host time, CPU time of the virtual
					 CPU's thread (0: not read) */
	uint64_t skipped;             /* deterministic: ns of guest time without instructions */
	int64_t wall_offset;          /* seconds: wall = guest time + wall_offset */
	GPtrArray *timers;
	uint64_t next; /* cached minimum of the deadlines */
	int fd;
	uint64_t fd_armed; /* guest deadline the timerfd is set to, UINT64_MAX: none */
	pthread_t thread;
	atomic_bool fired; /* the timerfd has expired since it was armed */
	atomic_bool quit;
};

static uint64_t host_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static uint64_t thread_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static uint64_t instructions(struct tsr_timekeeper *clock)
{
	TsrMachine *m = clock->machine;

	return m->cpu ? m->cpu->instructions(m->cpu_self) : 0;
}

/* -- What the host took */

static void tell(struct tsr_timekeeper *clock)
{
	char text[64];

	if (clock->lag_told ? clock->lag >= TELL_OVER_NS : clock->lag <= TELL_NS)
		return;
	clock->lag_told = !clock->lag_told;
	g_snprintf(text, sizeof(text), "%s", "the guest's clock is right again");
	if (clock->lag_told)
		g_snprintf(text, sizeof(text), "the guest's clock is %.1f s behind",
			   (double)clock->lag / NS);
	tsr_machine_post_event(clock->machine, "machine", "clock", text);
}

static void make_up(struct tsr_timekeeper *clock, uint64_t most)
{
	uint64_t gain = MIN(clock->lag, most);

	clock->lag -= gain;
	clock->offset -= gain;
}

/* While the guest ran for `ran`. */
static void make_up_running(struct tsr_timekeeper *clock, uint64_t ran)
{
	uint64_t gain = tsr_catch_up_running(clock->lag, ran);

	if (tsr_catch_up_is_fast(clock->lag)) {
		uint64_t now = MAX(clock->last_now, host_now() - clock->offset);

		gain = MIN(gain, clock->next > now ? clock->next - now : 0);
	}
	make_up(clock, gain);
}

/* Shifts guest time by what the host took of the time that passed since the last reading, and lets
 * guest time catch up some of it. */
static void account(struct tsr_timekeeper *clock, uint64_t taken, uint64_t passed)
{
	uint64_t guest = host_now() - clock->offset;
	bool is_noise = taken <= STEAL_MIN_NS;

	if (!is_noise) {
		/* Never move guest time backwards. */
		uint64_t shift = MIN(taken, guest > clock->last_now ? guest - clock->last_now : 0);

		clock->lag += shift;
		clock->offset += shift;
	}
	if (is_noise)
		make_up_running(clock, passed);
	else if (tsr_catch_up_is_fast(clock->lag) && passed > taken)
		make_up_running(clock, passed - taken);
	tell(clock);
}

static void look_at_host(struct tsr_timekeeper *clock)
{
	uint64_t host = host_now(), passed = host - clock->seen_host;

	if (passed < (tsr_catch_up_is_fast(clock->lag) ? LOOK_FAST_NS : LOOK_NS))
		return;
	/* A system call: not for the short runs of an idle guest. */
	uint64_t cpu = thread_time(), used = cpu - clock->seen_cpu;
	if (clock->seen_cpu)
		account(clock, passed > used ? passed - used : 0, passed);
	clock->seen_host = host;
	clock->seen_cpu = cpu;
}

static bool is_vcpu(const struct tsr_timekeeper *clock)
{
	const TsrMachine *m = clock->machine;

	return m->thread_started && pthread_equal(m->thread, pthread_self());
}

uint64_t tsr_timekeeper_now(struct tsr_timekeeper *clock)
{
	if (clock->deterministic)
		return clock->skipped + tsr_muldiv(instructions(clock), NS, clock->ips);
	if (!clock->running)
		return clock->offset;
	uint64_t host = host_now();
	/* The host may have taken it: that must not pass for the guest, which then gets the ticks
	 * of all of it at once. */
	if (!clock->halted && host - clock->seen_host > LOOK_LATE_NS && is_vcpu(clock))
		look_at_host(clock);
	uint64_t now = host - clock->offset;
	clock->last_now = MAX(clock->last_now, now);
	return clock->last_now;
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

/* The timerfd at the next deadline, when it is earlier than what it is set to. It may expire early:
 * lag moves deadlines. */
static void arm_fd(struct tsr_timekeeper *clock)
{
	struct itimerspec spec = { 0 };

	if (atomic_exchange(&clock->fired, false))
		clock->fd_armed = UINT64_MAX;
	if (clock->deterministic || !clock->running || clock->halted ||
	    clock->next >= clock->fd_armed)
		return;
	uint64_t at = clock->next + clock->offset;
	if (tsr_catch_up_is_fast(clock->lag)) {
		uint64_t host = host_now();
		uint64_t wait = tsr_catch_up_host_time(clock->lag, at > host ? at - host : 0);
		at = MIN(at, host + MAX(wait, LOOK_FAST_NS));
	}
	spec.it_value.tv_sec = (time_t)(at / NS);
	spec.it_value.tv_nsec = (long)(at % NS);
	if (at == 0)
		spec.it_value.tv_nsec = 1;
	timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &spec, NULL);
	clock->fd_armed = clock->next;
}

static void find_next(struct tsr_timekeeper *clock)
{
	clock->next = UINT64_MAX;
	for (unsigned i = 0; i < clock->timers->len; i++) {
		struct tsr_timer *timer = g_ptr_array_index(clock->timers, i);
		clock->next = MIN(clock->next, timer->deadline);
	}
	arm_fd(clock);
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

/* What fires the deadlines of a machine with real time. */
static bool start_thread(struct tsr_timekeeper *clock, GError **error)
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
	if (clock->deterministic || start_thread(clock, error))
		return clock;
	tsr_timekeeper_free(clock);
	return NULL;
}

void tsr_timekeeper_free(struct tsr_timekeeper *clock)
{
	if (!clock)
		return;
	if (clock->fd >= 0) {
		struct itimerspec soon = { .it_value = { .tv_nsec = 1 } };
		clock->quit = true;
		timerfd_settime(clock->fd, 0, &soon, NULL);
		pthread_join(clock->thread, NULL);
		close(clock->fd);
	}
	g_ptr_array_unref(clock->timers);
	g_free(clock);
}

void tsr_timekeeper_drop(struct tsr_timekeeper *clock, const TsrInstance *owner)
{
	for (unsigned i = clock->timers->len; i-- > 0;)
		if (((struct tsr_timer *)g_ptr_array_index(clock->timers, i))->owner == owner)
			g_ptr_array_remove_index_fast(clock->timers, i);
	find_next(clock);
}

void tsr_timekeeper_set_running(struct tsr_timekeeper *clock, bool running)
{
	if (clock->running == running)
		return;
	if (!clock->deterministic) {
		clock->offset = host_now() - clock->offset;
		if (!running)
			clock->offset = MAX(clock->offset, clock->last_now);
		clock->seen_host = host_now();
		clock->seen_cpu = 0;
	}
	clock->running = running;
	clock->fd_armed = UINT64_MAX;
	arm_fd(clock);
}

static void disarm_fd(struct tsr_timekeeper *clock)
{
	static const struct itimerspec never;

	if (clock->fd_armed != UINT64_MAX)
		timerfd_settime(clock->fd, 0, &never, NULL);
	clock->fd_armed = UINT64_MAX;
}

/* Wake-ups may be late by more than the guest sleeps: what they took is then made up by leaving out
 * sleeps, which would end late, too. Not so the time of a process that was stopped: the guest may
 * wait for a device of the host. */
static void shorten_sleep(struct tsr_timekeeper *clock)
{
	uint64_t now = tsr_timekeeper_now(clock), left = clock->next > now ? clock->next - now : 0;
	uint64_t out = MIN(MIN(clock->late, clock->lag), left);

	clock->late = tsr_catch_up_is_fast(clock->lag) ? clock->late - out : 0;
	make_up(clock, out + tsr_catch_up_sleeping(clock->lag, left - out));
}

void tsr_timekeeper_sleep(struct tsr_timekeeper *clock, bool asleep)
{
	if (clock->deterministic || clock->halted == asleep)
		return;
	if (asleep) {
		look_at_host(clock);
		disarm_fd(clock); /* one wake-up is enough */
		if (clock->lag && clock->next != UINT64_MAX)
			shorten_sleep(clock);
	} else {
		/* Only waking up late is the host's fault; the sleep itself is not. */
		uint64_t host = host_now(), due = tsr_timekeeper_host_time(clock, clock->next);
		uint64_t late = host > due ? host - due : 0;
		account(clock, late, host - clock->seen_host);
		if (tsr_catch_up_is_fast(clock->lag))
			clock->late = MIN(clock->late + late, LATE_MAX_NS);
		clock->seen_host = host;
		clock->seen_cpu = 0;
	}
	clock->halted =
		asleep; /* awake: tsr_timekeeper_run comes next and arms what is not due yet */
}

bool tsr_timekeeper_run(struct tsr_timekeeper *clock)
{
	bool any = false;

	if (!clock->deterministic && clock->running)
		look_at_host(clock);

	if (clock->next == UINT64_MAX)
		return false;
	uint64_t now = tsr_timekeeper_now(clock);
	if (clock->next > now) {
		arm_fd(clock);
		return false;
	}
	/* In order of deadlines; a callback may arm timers, its own too. */
	while (clock->next <= now) {
		struct tsr_timer *first = NULL;
		for (unsigned i = 0; i < clock->timers->len; i++) {
			struct tsr_timer *timer = g_ptr_array_index(clock->timers, i);
			if (timer->deadline <= now && (!first || timer->deadline < first->deadline))
				first = timer;
		}
		if (!first)
			break;
		uint64_t deadline = first->deadline;
		first->deadline = UINT64_MAX;
		clock->machine->doing_for = (TsrInstance *)first->owner;
		first->expired(first->self, deadline);
		any = true;
		clock->next = UINT64_MAX;
		for (unsigned i = 0; i < clock->timers->len; i++)
			clock->next = MIN(clock->next,
					  ((struct tsr_timer *)g_ptr_array_index(clock->timers, i))
						  ->deadline);
	}
	find_next(clock);
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
	uint64_t wall_offset = (uint64_t)clock->wall_offset;

	if (!clock->deterministic)
		tsr_state_get_u64(in, "now", &clock->offset);
	clock->last_now = clock->offset;
	clock->lag = clock->late = 0;
	clock->lag_told = false;
	tsr_state_get_u64(in, "skipped", &clock->skipped);
	tsr_state_get_u64(in, "wall-offset", &wall_offset);
	clock->wall_offset = (int64_t)wall_offset;
}

/* -- Host table */

static uint64_t clock_now(const struct tsr_host *host)
{
	return tsr_timekeeper_now(tsr_instance_of(host)->machine->clock);
}

static struct tsr_timer *clock_timer_new(const struct tsr_host *host,
					 void (*expired)(void *, uint64_t), void *self)
{
	struct tsr_timer *timer = g_new0(struct tsr_timer, 1);

	timer->owner = tsr_instance_of(host);
	timer->clock = timer->owner->machine->clock;
	timer->expired = expired;
	timer->self = self;
	timer->deadline = UINT64_MAX;
	g_ptr_array_add(timer->clock->timers, timer);
	return timer;
}

static void clock_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	struct tsr_timekeeper *clock = timer->clock;
	uint64_t old = timer->deadline;

	timer->deadline = deadline_ns;
	if (deadline_ns < clock->next) {
		clock->next = deadline_ns;
		arm_fd(clock);
		/* The budget that the CPU runs on was computed for a later deadline. */
		if (clock->deterministic)
			tsr_vcpu_kick(clock->machine);
	} else if (old == clock->next) {
		find_next(clock);
	}
}

static void clock_cancel(struct tsr_timer *timer)
{
	if (timer->deadline != UINT64_MAX)
		clock_arm(timer, UINT64_MAX);
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	struct tsr_timekeeper *clock = tsr_instance_of(host)->machine->clock;

	if (!clock->deterministic)
		return (uint64_t)time(NULL);
	return (uint64_t)(clock->wall_offset + (int64_t)(tsr_timekeeper_now(clock) / NS));
}

const struct tsr_clock tsr_clock_table = {
	.size = sizeof(struct tsr_clock),
	.now = clock_now,
	.timer_new = clock_timer_new,
	.arm = clock_arm,
	.cancel = clock_cancel,
	.wall = clock_wall,
};
