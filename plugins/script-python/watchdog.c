/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A script that does not return stops the guest, so it is ended: the exception tessera.Overdue is
 * raised where it is, which names the line. It cannot be ended within a call that is not Python's
 * (time.sleep); the core says of that which device has not returned.
 *
 * The thread takes the GIL only for that, and never the machine's lock.
 */
#include "script.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define LOOKS 4u /* in the time that a script may take */

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	pthread_t thread;
	struct watched *threads;
	unsigned devices;
	bool is_running, is_ending;
} watchdog = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* Whether a thread has been in the same turn for too long. */
static bool is_overdue(struct watched *thread)
{
	unsigned serial = thread->serial;

	if (!thread->depth || serial != thread->seen) {
		thread->seen = serial;
		thread->looks = 0;
		return false;
	}
	if (++thread->looks < LOOKS)
		return false;
	thread->looks = 0;
	return true;
}

/* With the GIL nothing enters or leaves; whoever held it may have left before. */
static void interrupt(struct watched *thread, unsigned serial)
{
	PyObject *module = script_module(), *overdue;

	if (!module || !thread->depth || thread->serial != serial)
		return;
	overdue = PyObject_GetAttrString(module, "Overdue");
	if (!overdue || !PyThreadState_SetAsyncExc(thread->ident, overdue))
		PyErr_Clear();
	else
		thread->is_interrupted = true;
	Py_XDECREF(overdue);
}

static struct watched *find_overdue(unsigned *serial)
{
	for (struct watched *thread = watchdog.threads; thread; thread = thread->next)
		if (is_overdue(thread)) {
			*serial = thread->seen;
			return thread;
		}
	return NULL;
}

/* A thread that is in a turn does not end, so it may be looked at without the mutex, which whoever
 * has the GIL may want. */
static void look(void)
{
	unsigned serial;
	struct watched *thread = find_overdue(&serial);
	PyGILState_STATE gil;

	if (!thread)
		return;
	pthread_mutex_unlock(&watchdog.mutex);
	gil = PyGILState_Ensure();
	pthread_mutex_lock(&watchdog.mutex);
	for (struct watched *other = watchdog.threads; other; other = other->next)
		if (other == thread)
			interrupt(thread, serial);
	pthread_mutex_unlock(&watchdog.mutex);
	PyGILState_Release(gil);
	pthread_mutex_lock(&watchdog.mutex);
}

static void *run(void *unused)
{
	unsigned wait_ms = script_limit_ms() / LOOKS;
	struct timespec at;

	pthread_mutex_lock(&watchdog.mutex);
	while (!watchdog.is_ending) {
		clock_gettime(CLOCK_MONOTONIC, &at);
		at.tv_sec += wait_ms / 1000;
		at.tv_nsec += wait_ms % 1000 * 1000000L;
		if (at.tv_nsec >= 1000000000) {
			at.tv_nsec -= 1000000000;
			at.tv_sec++;
		}
		if (pthread_cond_timedwait(&watchdog.wake, &watchdog.mutex, &at) == ETIMEDOUT)
			look();
	}
	pthread_mutex_unlock(&watchdog.mutex);
	return NULL;
}

static void start(void)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog.wake, &attributes);
	pthread_condattr_destroy(&attributes);
	watchdog.is_ending = false;
	watchdog.is_running = pthread_create(&watchdog.thread, NULL, run, NULL) == 0;
}

void script_watch_begin(void)
{
	if (watchdog.devices++ == 0)
		start();
}

void script_watch_end(void)
{
	PyThreadState *state;

	if (--watchdog.devices || !watchdog.is_running)
		return;
	watchdog.is_running = false;
	state = PyEval_SaveThread(); /* it may want the GIL before it sees that it is to end */
	pthread_mutex_lock(&watchdog.mutex);
	watchdog.is_ending = true;
	pthread_cond_signal(&watchdog.wake);
	pthread_mutex_unlock(&watchdog.mutex);
	pthread_join(watchdog.thread, NULL);
	pthread_cond_destroy(&watchdog.wake);
	PyEval_RestoreThread(state);
}

void script_watch_thread(struct watched *thread)
{
	pthread_mutex_lock(&watchdog.mutex);
	thread->next = watchdog.threads;
	watchdog.threads = thread;
	pthread_mutex_unlock(&watchdog.mutex);
}

void script_unwatch_thread(struct watched *thread)
{
	struct watched **at = &watchdog.threads;

	pthread_mutex_lock(&watchdog.mutex);
	while (*at && *at != thread)
		at = &(*at)->next;
	if (*at)
		*at = thread->next;
	pthread_mutex_unlock(&watchdog.mutex);
}

void script_watch_lock(void)
{
	pthread_mutex_lock(&watchdog.mutex);
}

void script_watch_unlock(void)
{
	pthread_mutex_unlock(&watchdog.mutex);
}
