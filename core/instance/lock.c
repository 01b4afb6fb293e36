/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See lock.h. */
#include "instance/lock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "instance/holds.h"
#include "instance/machine-parts.h"

static long futex(atomic_uint *word, int operation, unsigned value, const struct timespec *until)
{
	return syscall(SYS_futex, word, operation, value, until, NULL, FUTEX_BITSET_MATCH_ANY);
}

void tsr_lock_init(TsrMachine *m)
{
	pthread_mutex_init(&m->lock, NULL);
	pthread_mutex_init(&m->wake_mutex, NULL);
	tsr_holds_init(m);
}

void tsr_lock_finish(TsrMachine *m)
{
	tsr_holds_finish(m);
	pthread_mutex_destroy(&m->wake_mutex);
	pthread_mutex_destroy(&m->lock);
}

void tsr_vcpu_kick(TsrMachine *m)
{
	pthread_mutex_lock(&m->wake_mutex);
	if (m->cpu)
		m->cpu->kick(m->cpu_self);
	tsr_holds_kick(m);
	atomic_store(&m->wake, 1);
	if (m->sleeping)
		futex(&m->wake, FUTEX_WAKE_PRIVATE, 1, NULL);
	pthread_mutex_unlock(&m->wake_mutex);
}

void tsr_lock_set_processor(TsrMachine *m, const struct tsr_cpu *cpu, void *self)
{
	pthread_mutex_lock(&m->wake_mutex);
	m->cpu = cpu;
	m->cpu_self = self;
	pthread_mutex_unlock(&m->wake_mutex);
}

/* Only a thread itself sets and clears the owner to its own id, so the answer cannot change under
 * it. */
bool tsr_machine_has_lock(TsrMachine *m)
{
	return pthread_equal(atomic_load(&m->lock_owner), pthread_self());
}

static void lock_taken(TsrMachine *m)
{
	atomic_store(&m->lock_owner, pthread_self());
	m->lock_depth = 1;
}

void tsr_lock_take(TsrMachine *m)
{
	pthread_mutex_lock(&m->lock);
	lock_taken(m);
}

void tsr_lock_drop(TsrMachine *m)
{
	m->lock_depth = 0;
	atomic_store(&m->lock_owner, 0);
	pthread_mutex_unlock(&m->lock);
}

/* With the lock held. */
static bool is_vcpu(TsrMachine *m)
{
	return m->thread_started && pthread_equal(pthread_self(), m->thread);
}

void tsr_machine_lock(TsrMachine *m)
{
	if (tsr_machine_has_lock(m)) {
		m->lock_depth++;
		return;
	}
	if (pthread_mutex_trylock(&m->lock) != 0) {
		atomic_fetch_add(&m->lock_waiters, 1);
		tsr_vcpu_kick(m);
		pthread_mutex_lock(&m->lock);
		atomic_fetch_sub(&m->lock_waiters, 1);
	}
	lock_taken(m);
	if (!is_vcpu(m))
		tsr_holds_begin(m, __builtin_return_address(0));
}

void tsr_machine_unlock(TsrMachine *m)
{
	g_assert(tsr_machine_has_lock(m));
	if (m->lock_depth > 1) {
		m->lock_depth--;
		return;
	}
	if (is_vcpu(m)) {
		tsr_lock_drop(m);
		return;
	}
	tsr_holds_end(m);
	tsr_lock_drop(m);
	/* What was done under the lock may have raised a line or armed a timer. */
	tsr_vcpu_kick(m);
}

unsigned tsr_lock_pause(TsrMachine *m)
{
	unsigned depth = m->lock_depth;

	m->lock_depth = 1;
	tsr_machine_unlock(m);
	return depth;
}

void tsr_lock_continue(TsrMachine *m, unsigned depth)
{
	tsr_machine_lock(m);
	m->lock_depth = depth;
}

void tsr_lock_give_way(TsrMachine *m)
{
	if (!atomic_load(&m->lock_waiters))
		return;
	tsr_lock_drop(m);
	while (atomic_load(&m->lock_waiters))
		sched_yield();
	tsr_lock_take(m);
}

/* Until a kick, or until that time of CLOCK_MONOTONIC. After a wait for a condition variable that
 * ends by its time, the mutex is released with another system call, as if others waited for it. */
static void wait_for_kick(TsrMachine *m, uint64_t until)
{
	const struct timespec t = { (time_t)(until / 1000000000), (long)(until % 1000000000) };

	while (!atomic_load(&m->wake))
		if (futex(&m->wake, FUTEX_WAIT_BITSET_PRIVATE, 0,
			  until == UINT64_MAX ? NULL : &t) != 0 &&
		    errno == ETIMEDOUT)
			return;
}

static void set_awake(TsrMachine *m, bool awake)
{
	pthread_mutex_lock(&m->wake_mutex);
	tsr_holds_set_awake(m, awake);
	m->sleeping = !awake;
	if (awake)
		atomic_store(&m->wake, 0);
	pthread_mutex_unlock(&m->wake_mutex);
}

void tsr_lock_sleep(TsrMachine *m, uint64_t until)
{
	tsr_lock_drop(m);
	set_awake(m, false);
	wait_for_kick(m, until);
	set_awake(m, true);
	tsr_lock_take(m);
}
