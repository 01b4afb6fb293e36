/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread of JavaScript. Calls are a stack, in which each waits for the one above it:
 *
 *     caller                        thread of JavaScript
 *     thread_run(a)         ->      a: a function of the script, which calls its host:
 *     b, with its lock      <-      thread_run_outside(b)
 *     in b: thread_run(c)   ->      c: the host has called the script again
 *     …                     <-      c ends; then b ends, and then a
 *
 * A caller of another machine waits until the stack is empty. That ends, because nothing that a
 * script can call of its host waits for another machine.
 *
 * Who waits sleeps. Looking for some microseconds before that, as core/isolation does, makes an
 * access cost more than twice the processor time, and no less time on a host that has other work.
 */
#define _GNU_SOURCE
#include "script.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

struct turn {
	struct turn *outer;
	void (*work)(void *data);
	void *data;
	void (*outside)(void *data);
	void *outside_data;
	enum { ASKED, RUNS, IS_OUTSIDE, IS_BACK, IS_DONE } state;
};

static struct {
	pthread_mutex_t busy; /* held by the caller whose turns are on the stack */
	pthread_mutex_t mutex;
	pthread_cond_t to_thread, to_caller;
	struct turn *top;
	bool is_running, is_lost;
	bool (*first)(struct tsr_error *error);
	struct tsr_error *error;
	bool first_is_good;
} thread = { .busy = PTHREAD_MUTEX_INITIALIZER,
	     .mutex = PTHREAD_MUTEX_INITIALIZER,
	     .to_thread = PTHREAD_COND_INITIALIZER };

static _Thread_local unsigned outside; /* this thread is in so many calls that a script has made */

/* -- On the thread of JavaScript */

/* Runs what is asked until `turn` is back from outside; NULL: for ever. */
static void serve(const struct turn *turn)
{
	for (;;) {
		struct turn *top = thread.top;

		if (turn && top == turn && top->state == IS_BACK)
			return;
		if (!top || top->state != ASKED) {
			pthread_cond_wait(&thread.to_thread, &thread.mutex);
			continue;
		}
		top->state = RUNS;
		pthread_mutex_unlock(&thread.mutex);
		top->work(top->data);
		pthread_mutex_lock(&thread.mutex);
		top->state = IS_DONE;
		pthread_cond_signal(&thread.to_caller);
	}
}

void thread_run_outside(void (*work)(void *data), void *data)
{
	struct turn *turn;

	pthread_mutex_lock(&thread.mutex);
	turn = thread.top;
	turn->outside = work;
	turn->outside_data = data;
	turn->state = IS_OUTSIDE;
	pthread_cond_signal(&thread.to_caller);
	serve(turn);
	turn->state = RUNS;
	pthread_mutex_unlock(&thread.mutex);
}

static void *run(void *unused)
{
	pthread_setname_np(pthread_self(), "javascript");
	thread.first_is_good = thread.first(thread.error);
	pthread_mutex_lock(&thread.mutex);
	thread.is_running = thread.first_is_good;
	thread.first = NULL;
	pthread_cond_signal(&thread.to_caller);
	if (thread.first_is_good)
		serve(NULL);
	pthread_mutex_unlock(&thread.mutex);
	return NULL;
}

/* -- On a caller's thread */

static struct timespec in_ms(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += ms % 1000 * 1000000L;
	if (at.tv_nsec >= 1000000000) {
		at.tv_nsec -= 1000000000;
		at.tv_sec++;
	}
	return at;
}

/* Until the script has ended, or calls its host. One that does neither for too long is ended. */
static void wait_for(struct turn *turn, struct timespec *end)
{
	while (turn->state != IS_DONE && turn->state != IS_OUTSIDE) {
		if (pthread_cond_timedwait(&thread.to_caller, &thread.mutex, end) != ETIMEDOUT)
			continue;
		engine_interrupt();
		*end = in_ms(script_limit_ms());
	}
}

static void take_turn(struct turn *turn)
{
	struct timespec end = in_ms(script_limit_ms());

	pthread_mutex_lock(&thread.mutex);
	turn->outer = thread.top;
	thread.top = turn;
	pthread_cond_signal(&thread.to_thread);
	for (;;) {
		wait_for(turn, &end);
		if (turn->state == IS_DONE)
			break;
		pthread_mutex_unlock(&thread.mutex);
		outside++;
		turn->outside(turn->outside_data);
		outside--;
		pthread_mutex_lock(&thread.mutex);
		turn->state = IS_BACK;
		pthread_cond_signal(&thread.to_thread);
	}
	engine_calm();
	thread.top = turn->outer;
	pthread_mutex_unlock(&thread.mutex);
}

bool thread_run(void (*work)(void *data), void *data)
{
	struct turn turn = { .work = work, .data = data, .state = ASKED };

	if (!thread.is_running)
		return false;
	if (!outside)
		pthread_mutex_lock(&thread.busy);
	take_turn(&turn);
	if (!outside)
		pthread_mutex_unlock(&thread.busy);
	return true;
}

/* A copy of the process has the thread that made it, and no other. */
static void on_fork(void)
{
	thread.is_running = false;
	thread.is_lost = true;
}

bool thread_is_lost(void)
{
	return thread.is_lost;
}

/* Signals are the business of the threads that know of them. */
static bool create(void)
{
	pthread_t created;
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&created, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		pthread_detach(created);
	return !failed;
}

bool thread_start(bool (*first)(struct tsr_error *error), struct tsr_error *error)
{
	pthread_condattr_t attributes;

	if (thread.is_running)
		return true;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&thread.to_caller, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_atfork(NULL, NULL, on_fork);
	thread.first = first;
	thread.error = error;
	if (!create())
		return tsr_error_set(error, TSR_ERROR_FAILED,
				     "the thread of JavaScript cannot be started");
	pthread_mutex_lock(&thread.mutex);
	while (thread.first)
		pthread_cond_wait(&thread.to_caller, &thread.mutex);
	pthread_mutex_unlock(&thread.mutex);
	return thread.first_is_good;
}
