/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest time and the timers on it.
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

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "board/lines.h"
#include "instance/check.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"
#include "run/catch-up.h"

#define NS 1000000000ull
#define LOOK_NS 1000000        /* the shortest time between two readings of the thread's CPU time */
#define LOOK_FAST_NS 50000     /* the same while guest time catches up fast */
#define LOOK_LATE_NS 10000000  /* after this time a reading of the clock looks first */
#define LOOK_IDLE_NS 100000000 /* the same as LOOK_NS for a guest that sleeps before it is over */
#define STEAL_MIN_NS 300000    /* less is noise */
#define LATE_MAX_NS 100000000  /* of wake-ups, which is made up by leaving out sleeps */
#define GUARD_NS 1000000       /* after the end of a sleep: an idle guest sleeps again before */
#define HOLD_NS (NS / 50)   /* for how long an interrupt that waits keeps time from catching up */
#define TICK_NS (NS / 2000) /* timers with shorter periods do not let guest time wait */
#define TELL_NS NS          /* a greater lag is an event */
#define TELL_OVER_NS (NS / 10) /* a smaller one is its end */

struct tsr_timer {
	struct tsr_timekeeper *clock;
	const TsrInstance *owner;
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
	uint64_t deadline; /* UINT64_MAX: not armed */
	uint64_t passed;   /* the last deadline that passed, */
	uint64_t ran_in;   /* and in which of the clock's runs */
	unsigned number;   /* of all that the clock has made */
};

struct tsr_timekeeper {
	TsrMachine *machine;
	bool deterministic;
	uint64_t ips;
	atomic_bool running;
	atomic_bool halted; /* the virtual CPU sleeps until the next deadline by itself */
	/* Any thread may read the time, and so these; the lock's owner writes the first two. */
	_Atomic uint64_t
		offset; /* real time, running: guest = host - offset; else: guest time itself */
	_Atomic uint64_t next;     /* cached minimum of the deadlines */
	_Atomic uint64_t last_now; /* guest time never goes back to before it */
	uint64_t lag;  /* ns of `offset` that the host took and that guest time must catch up */
	uint64_t late; /* of the lag: by wake-ups since it became large, not yet made up */
	uint64_t held; /* ns that guest time did not catch up because an interrupt waited */
	bool lag_told; /* by the event "clock" */
	uint64_t seen_host;   /* host time from which on it is not known what the host took */
	uint64_t seen_cpu;    /* CPU time that the virtual CPU's thread had then, if the host took
				 nothing since the last reading */
	uint64_t seen_cpu_at; /* host time of that reading, 0: there was none */
	uint64_t skipped;     /* deterministic: ns of guest time without instructions */
	int64_t wall_offset;  /* seconds: wall = guest time + wall_offset */
	GPtrArray *timers;
	uint64_t runs; /* of what is due */
	unsigned timers_made;
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

/* Whether a guest that ran for `ran` has not yet accepted an interrupt, most likely because it runs
 * with interrupts disabled. Ticks that come then are one interrupt. Not for guests that never
 * accept it. */
static bool interrupt_holds(struct tsr_timekeeper *clock, uint64_t ran)
{
	if (!tsr_lines_interrupt_waits(clock->machine->lines)) {
		clock->held = 0;
		return false;
	}
	clock->held += ran;
	return clock->held < HOLD_NS;
}

/* While the guest ran for `ran`. */
static void make_up_running(struct tsr_timekeeper *clock, uint64_t ran)
{
	uint64_t gain = tsr_catch_up_running(clock->lag, ran);

	if (tsr_catch_up_is_fast(clock->lag)) {
		if (interrupt_holds(clock, ran))
			return;
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

/* Reading the thread's CPU time is a system call: not for each of the short runs of an idle guest.
 * `asleep`: the guest sleeps next, and a run that was not looked at counts as if the host had taken
 * nothing; what it did take is found with the next reading. */
static void look_at_host(struct tsr_timekeeper *clock, bool asleep)
{
	uint64_t host = host_now(), passed = host - clock->seen_host;

	if (passed < (tsr_catch_up_is_fast(clock->lag) ? LOOK_FAST_NS : LOOK_NS) &&
	    host - clock->seen_cpu_at < LOOK_IDLE_NS) {
		if (asleep)
			clock->seen_cpu += passed;
		return;
	}
	uint64_t cpu = thread_time();
	int64_t used = (int64_t)(cpu - clock->seen_cpu);
	if (clock->seen_cpu_at)
		account(clock, (int64_t)passed > used ? (uint64_t)((int64_t)passed - used) : 0,
			passed);
	clock->seen_host = clock->seen_cpu_at = host;
	clock->seen_cpu = cpu;
}

static bool is_vcpu(const struct tsr_timekeeper *clock)
{
	const TsrMachine *m = clock->machine;

	return m->thread_started && pthread_equal(m->thread, pthread_self());
}

/* Guest time, whatever is due. */
static uint64_t raw_now(struct tsr_timekeeper *clock)
{
	if (clock->deterministic)
		return clock->skipped + tsr_muldiv(instructions(clock), NS, clock->ips);
	return clock->running ? host_now() - clock->offset : clock->offset;
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
	if (vcpu && !clock->halted && host_now() - clock->seen_host > LOOK_LATE_NS)
		look_at_host(clock, false);
	uint64_t last = atomic_load_explicit(&clock->last_now, memory_order_relaxed);
	uint64_t now = raw_now(clock);
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

/* To that host time, for that guest deadline. */
static void set_fd(struct tsr_timekeeper *clock, uint64_t deadline, uint64_t at)
{
	struct itimerspec spec = { .it_value = { (time_t)(at / NS), (long)(at % NS) } };

	if (at == 0)
		spec.it_value.tv_nsec = 1;
	timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &spec, NULL);
	clock->fd_armed = deadline;
}

/* The timerfd at the next deadline, when it is earlier than what it is set to. It may expire early:
 * lag moves deadlines. */
static void arm_fd(struct tsr_timekeeper *clock)
{
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
	set_fd(clock, clock->next, at);
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
		clock->seen_cpu_at = 0;
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

/* For a sleep until the next deadline, which the virtual CPU's thread waits for by itself. The
 * timerfd is set to a little later already: what an idle guest does when it wakes takes less, and
 * its next deadline is farther away, so that one change of the timerfd serves for each sleep and
 * the time after it. */
static void guard_sleep(struct tsr_timekeeper *clock)
{
	if (clock->next >= UINT64_MAX - GUARD_NS || tsr_catch_up_is_fast(clock->lag)) {
		disarm_fd(clock);
		return;
	}
	atomic_store(&clock->fired, false);
	set_fd(clock, clock->next + GUARD_NS, clock->next + GUARD_NS + clock->offset);
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
		look_at_host(clock, true);
		if (clock->lag && clock->next != UINT64_MAX)
			shorten_sleep(clock);
		guard_sleep(clock);
	} else {
		/* Only waking up late is the host's fault; the sleep itself is not. */
		uint64_t host = host_now(), due = tsr_timekeeper_host_time(clock, clock->next);
		uint64_t late = host > due ? host - due : 0;
		account(clock, late, host - clock->seen_host);
		if (tsr_catch_up_is_fast(clock->lag)) {
			clock->late = MIN(clock->late + late, LATE_MAX_NS);
			clock->fd_armed = UINT64_MAX; /* deadlines come sooner now */
		}
		clock->seen_host = host;
	}
	clock->halted =
		asleep; /* awake: tsr_timekeeper_run comes next and arms what is not due yet */
}

/* The timer with the earliest deadline of those that are due; NULL: none is. */
static struct tsr_timer *first_due(const struct tsr_timekeeper *clock, uint64_t now)
{
	struct tsr_timer *first = NULL;

	for (unsigned i = 0; i < clock->timers->len; i++) {
		struct tsr_timer *timer = g_ptr_array_index(clock->timers, i);
		if (timer->deadline <= now && (!first || timer->deadline < first->deadline))
			first = timer;
	}
	return first;
}

/* The virtual CPU was kicked so late that a timer is due again which has just expired: the guest
 * would get one interrupt for both. Guest time goes back to before that deadline if nobody has seen
 * it pass, and catches up as if the host had taken the time. Not for short periods, as of a UART's
 * characters, for which it would be slow. */
static bool waits_for_guest(struct tsr_timekeeper *clock, const struct tsr_timer *timer)
{
	uint64_t before = MAX(clock->last_now, timer->deadline - LOOK_FAST_NS);
	uint64_t now = raw_now(clock);

	if (clock->deterministic || timer->ran_in != clock->runs ||
	    timer->deadline <= clock->last_now || timer->deadline < timer->passed + TICK_NS)
		return false;
	clock->lag += now - before;
	clock->offset += now - before;
	tell(clock);
	return true;
}

bool tsr_timekeeper_run(struct tsr_timekeeper *clock)
{
	bool any = false;

	if (!clock->deterministic && clock->running)
		look_at_host(clock, false);

	if (clock->next == UINT64_MAX)
		return false;
	uint64_t now = raw_now(clock);
	if (clock->next > now) {
		arm_fd(clock);
		return false;
	}
	clock->runs++;
	/* In order of deadlines; a callback may arm timers, its own too. */
	for (struct tsr_timer *first; (first = first_due(clock, now));) {
		uint64_t deadline = first->deadline;

		if (waits_for_guest(clock, first))
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

/* -- Host table */

static uint64_t clock_now(const struct tsr_host *host)
{
	return tsr_timekeeper_now(tsr_check_host(host, TSR_TAG_ANY, "clock.now")->machine->clock);
}

struct tsr_timer *tsr_timekeeper_timer_new(const struct TsrInstance *owner,
					   void (*expired)(void *, uint64_t), void *self)
{
	struct tsr_timer *timer = g_new0(struct tsr_timer, 1);

	timer->owner = owner;
	timer->clock = timer->owner->machine->clock;
	timer->expired = expired;
	timer->self = self;
	timer->deadline = UINT64_MAX;
	timer->number = timer->clock->timers_made++;
	g_ptr_array_add(timer->clock->timers, timer);
	return timer;
}

void tsr_timekeeper_give_timer(struct tsr_timer *timer, const struct TsrInstance *owner)
{
	timer->owner = owner;
}

static int by_number(gconstpointer a, gconstpointer b)
{
	const struct tsr_timer *first = *(struct tsr_timer *const *)a;
	const struct tsr_timer *second = *(struct tsr_timer *const *)b;

	return (first->number > second->number) - (first->number < second->number);
}

GPtrArray *tsr_timekeeper_list(struct tsr_timekeeper *clock, const struct TsrInstance *owner)
{
	GPtrArray *list = g_ptr_array_new();

	for (unsigned i = 0; i < clock->timers->len; i++)
		if (((struct tsr_timer *)g_ptr_array_index(clock->timers, i))->owner == owner)
			g_ptr_array_add(list, g_ptr_array_index(clock->timers, i));
	g_ptr_array_sort(list, by_number);
	return list;
}

const struct TsrInstance *tsr_timekeeper_get_owner(const struct tsr_timer *timer)
{
	return timer->owner;
}

uint64_t tsr_timekeeper_get_deadline(const struct tsr_timer *timer)
{
	return timer->deadline;
}

struct tsr_timer_target tsr_timekeeper_set_target(struct tsr_timer *timer,
						  struct tsr_timer_target target)
{
	struct tsr_timer_target former = { timer->expired, timer->self };

	timer->expired = target.expired;
	timer->self = target.self;
	return former;
}

static struct tsr_timer *clock_timer_new(const struct tsr_host *host,
					 void (*expired)(void *, uint64_t), void *self)
{
	return tsr_timekeeper_timer_new(tsr_check_host(host, TSR_TAG_BUILDING, "clock.timer_new"),
					expired, self);
}

static void clock_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	struct tsr_timekeeper *clock = timer->clock;
	uint64_t old = timer->deadline;

	tsr_check(timer->owner, TSR_TAG_LOCKED, "clock.arm");
	if (deadline_ns == old)
		return;
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
	tsr_check(timer->owner, TSR_TAG_LOCKED, "clock.cancel");
	if (timer->deadline != UINT64_MAX)
		clock_arm(timer, UINT64_MAX);
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	struct tsr_timekeeper *clock =
		tsr_check_host(host, TSR_TAG_ANY, "clock.wall")->machine->clock;

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
