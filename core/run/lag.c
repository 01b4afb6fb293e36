/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the host took: it gave its processors to others while the guest wanted to run. Guest time is
 * shifted by that, and catches up, faster the more it lags (catch-up.h).
 */
#include "run/lag.h"

#include "board/lines.h"
#include "instance/signals.h"
#include "run/catch-up.h"

#define LOOK_NS 1000000        /* the shortest time between two readings of the thread's CPU time */
#define LOOK_IDLE_NS 100000000 /* the same for a guest that sleeps before it is over */
#define STEAL_MIN_NS 300000    /* less is noise */
#define HOLD_NS (NS / 50)   /* for how long an interrupt that waits keeps time from catching up */
#define TICK_NS (NS / 2000) /* timers with shorter periods do not let guest time wait */
#define TELL_NS NS          /* a greater lag is an event */
#define TELL_OVER_NS (NS / 10) /* a smaller one is its end */

static uint64_t thread_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

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
		uint64_t now = MAX(clock->last_now, tsr_host_ns() - clock->offset);

		gain = MIN(gain, clock->next > now ? clock->next - now : 0);
	}
	make_up(clock, gain);
}

void tsr_lag_account(struct tsr_timekeeper *clock, uint64_t taken, uint64_t passed)
{
	uint64_t guest = tsr_host_ns() - clock->offset;
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

/* Reading the thread's CPU time is a system call: not for each short run of an idle guest. */
void tsr_lag_look(struct tsr_timekeeper *clock, bool asleep)
{
	uint64_t host = tsr_host_ns(), passed = host - clock->seen_host;

	if (passed < (tsr_catch_up_is_fast(clock->lag) ? LOOK_FAST_NS : LOOK_NS) &&
	    host - clock->seen_cpu_at < LOOK_IDLE_NS) {
		if (asleep)
			clock->seen_cpu += passed;
		return;
	}
	uint64_t cpu = thread_time();
	int64_t used = (int64_t)(cpu - clock->seen_cpu);
	if (clock->seen_cpu_at)
		tsr_lag_account(clock,
				(int64_t)passed > used ? (uint64_t)((int64_t)passed - used) : 0,
				passed);
	clock->seen_host = clock->seen_cpu_at = host;
	clock->seen_cpu = cpu;
}

/* Wake-ups may be late by more than the guest sleeps: what they took is then made up by leaving out
 * sleeps, which would end late, too. Not so the time of a process that was stopped: the guest may
 * wait for a device of the host. */
void tsr_lag_shorten_sleep(struct tsr_timekeeper *clock, uint64_t now)
{
	uint64_t left = clock->next > now ? clock->next - now : 0;
	uint64_t out = MIN(MIN(clock->late, clock->lag), left);

	clock->late = tsr_catch_up_is_fast(clock->lag) ? clock->late - out : 0;
	make_up(clock, out + tsr_catch_up_sleeping(clock->lag, left - out));
}

bool tsr_lag_waits_for_guest(struct tsr_timekeeper *clock, const struct tsr_timer *timer,
			     uint64_t now)
{
	uint64_t before = MAX(clock->last_now, timer->deadline - LOOK_FAST_NS);

	if (clock->deterministic || timer->ran_in != clock->runs ||
	    timer->deadline <= clock->last_now || timer->deadline < timer->passed + TICK_NS)
		return false;
	clock->lag += now - before;
	clock->offset += now - before;
	tell(clock);
	return true;
}
