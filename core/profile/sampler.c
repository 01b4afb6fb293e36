/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sampler.h. The handler writes to a ring and the sampler's thread reads it, so that neither
 * waits for the other. */
#define _GNU_SOURCE /* REG_RIP, gettid */
#include "profile/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"

/* Rare enough to cost less than 3 % on a host that is busy, and no round number, which the guest's
 * own timer could keep step with. */
#define PERIOD_US 3700
#define RING 256 /* samples */
/* A signal costs the thread some microseconds itself, so that one that sleeps would be sampled
 * without end for the sake of its samples. */
#define LEAST_NS 100000

struct tsr_sampler {
	TsrMachine *machine;
	const struct tsr_cpu_profile *profile;
	void *profile_self;
	TsrSampleTaker take;
	gpointer user;
	GThread *thread; /* NULL: it is off [main] */
	GMutex mutex;    /* the members up to the ring's */
	GCond changed;
	pid_t sampled; /* the virtual CPU's thread; 0: there is none, or it is not sampled */
	clockid_t clock;
	guint64 clock_ns; /* as last read */
	bool ending;
	atomic_bool is_on;               /* for the handler: a signal can come late */
	atomic_uint_fast64_t pending_ns; /* that no sample has taken yet */
	struct tsr_sample ring[RING];
	atomic_uint written, read; /* count on; the ring's index is the rest */
};

/* Whose virtual CPU this thread is. Initial-exec: a signal handler must not allocate it. */
static _Thread_local TsrMachine *of_thread __attribute__((tls_model("initial-exec")));

/* -- the signal handler */

static const struct tsr_callee *current_callee(const TsrMachine *m, const char **function)
{
	const struct tsr_callee *callee = tsr_call_callee_of(&tsr_call_now);
	uintptr_t access = tsr_call_now.access;

	*function = access ? access & 1 ? "write" : "read" : tsr_call_now.function;
	return callee == &m->cpu_instance->callee ? NULL : callee;
}

static void take_sample(struct tsr_sampler *s, const ucontext_t *context)
{
	const TsrMachine *m = s->machine;
	unsigned written = atomic_load_explicit(&s->written, memory_order_relaxed);
	uint64_t pc = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
	struct tsr_sample *sample = &s->ring[written % RING];

	if (written - atomic_load_explicit(&s->read, memory_order_acquire) == RING)
		return; /* the next sample has its time */
	memset(sample, 0, sizeof(*sample));
	sample->ns = atomic_exchange(&s->pending_ns, 0);
	sample->doing = m->doing;
	sample->callee = current_callee(m, &sample->function);
	sample->code = tsr_code_map_find((const void *)(uintptr_t)pc);
	sample->place.size = sizeof(sample->place);
	if (m->in_guest)
		s->profile->sample(s->profile_self, pc,
				   (uint64_t)context->uc_mcontext.gregs[REG_RSP], &sample->place);
	atomic_store_explicit(&s->written, written + 1, memory_order_release);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	struct tsr_sampler *s = of_thread ? atomic_load(&of_thread->sampler) : NULL;
	int saved = errno;

	if (s && atomic_load(&s->is_on))
		take_sample(s, context);
	errno = saved;
}

/* -- the thread */

static void drain(struct tsr_sampler *s)
{
	unsigned written = atomic_load_explicit(&s->written, memory_order_acquire);
	unsigned read = atomic_load_explicit(&s->read, memory_order_relaxed);

	for (; read != written; read++) {
		s->take(s->user, &s->ring[read % RING]);
		atomic_store_explicit(&s->read, read + 1, memory_order_release);
	}
}

static guint64 read_clock(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (guint64)t.tv_sec * 1000000000 + (guint64)t.tv_nsec;
}

/* With the mutex, so that the thread is there. */
static void look(struct tsr_sampler *s)
{
	guint64 now = read_clock(s->clock);

	if (now < s->clock_ns + LEAST_NS)
		return;
	atomic_fetch_add(&s->pending_ns, now - s->clock_ns);
	s->clock_ns = now;
	syscall(SYS_tgkill, getpid(), s->sampled, SIGPROF);
}

static gpointer run(gpointer data)
{
	struct tsr_sampler *s = data;

	g_mutex_lock(&s->mutex);
	while (!s->ending) {
		if (!s->sampled) {
			g_cond_wait(&s->changed, &s->mutex);
			continue;
		}
		look(s);
		drain(s);
		g_mutex_unlock(&s->mutex);
		g_usleep(PERIOD_US);
		g_mutex_lock(&s->mutex);
	}
	g_mutex_unlock(&s->mutex);
	return NULL;
}

/* -- on and off */

/* With the machine's lock, so that its thread neither starts nor ends, and with the mutex. */
static void sample_thread(struct tsr_sampler *s)
{
	const TsrMachine *m = s->machine;

	if (!m->thread_id || pthread_getcpuclockid(m->thread, &s->clock))
		return;
	s->clock_ns = read_clock(s->clock);
	s->sampled = m->thread_id;
	g_cond_signal(&s->changed);
}

/* What a late signal has left is of an earlier profile. */
static void forget(struct tsr_sampler *s)
{
	atomic_store(&s->read, atomic_load(&s->written));
	atomic_store(&s->pending_ns, 0);
}

gboolean tsr_sampler_start(struct tsr_sampler *s, TsrSampleTaker take, gpointer user,
			   GError **error)
{
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK };

	s->take = take;
	s->user = user;
	s->ending = false;
	forget(s);
	sigaction(SIGPROF, &action, NULL);
	s->thread = g_thread_try_new("sampler", run, s, error);
	if (!s->thread)
		return FALSE;
	atomic_store(&s->is_on, true);
	tsr_machine_lock(s->machine);
	g_mutex_lock(&s->mutex);
	sample_thread(s);
	g_mutex_unlock(&s->mutex);
	tsr_machine_unlock(s->machine);
	return TRUE;
}

void tsr_sampler_stop(struct tsr_sampler *s)
{
	if (!s->thread)
		return;
	g_mutex_lock(&s->mutex);
	s->ending = true;
	s->sampled = 0;
	g_cond_signal(&s->changed);
	g_mutex_unlock(&s->mutex);
	g_thread_join(g_steal_pointer(&s->thread));
	g_mutex_lock(&s->mutex);
	atomic_store(&s->is_on, false);
	drain(s);
	g_mutex_unlock(&s->mutex);
}

void tsr_sampler_enter(TsrMachine *m)
{
	struct tsr_sampler *s = atomic_load(&m->sampler);

	of_thread = m;
	m->thread_id = (pid_t)syscall(SYS_gettid);
	if (!s)
		return;
	g_mutex_lock(&s->mutex);
	if (atomic_load(&s->is_on))
		sample_thread(s);
	g_mutex_unlock(&s->mutex);
}

void tsr_sampler_leave(TsrMachine *m)
{
	struct tsr_sampler *s = atomic_load(&m->sampler);

	if (s) {
		g_mutex_lock(&s->mutex);
		s->sampled = 0;
		if (atomic_load(&s->is_on))
			drain(s);
		g_mutex_unlock(&s->mutex);
	}
	m->thread_id = 0;
	of_thread = NULL;
}

/* -- life */

static gboolean find_profile(TsrMachine *m, struct tsr_interface *found, GError **error)
{
	gboolean good;

	tsr_machine_lock(m);
	good = tsr_instance_get_interface(m->cpu_instance, TSR_CPU_PROFILE, found);
	tsr_machine_unlock(m);
	if (!good)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "there can be no profile: the processor's plugin %s cannot tell what "
			    "it is at (it has no " TSR_CPU_PROFILE ")",
			    m->cpu_instance->callee.plugin);
	return good;
}

struct tsr_sampler *tsr_sampler_new(TsrMachine *m, GError **error)
{
	struct tsr_interface found;
	struct tsr_sampler *s;

	if (!find_profile(m, &found, error))
		return NULL;
	s = g_new0(struct tsr_sampler, 1);
	s->machine = m;
	s->profile = found.table;
	s->profile_self = found.self;
	g_mutex_init(&s->mutex);
	g_cond_init(&s->changed);
	atomic_store(&m->sampler, s);
	return s;
}

void tsr_sampler_free(struct tsr_sampler *s)
{
	tsr_sampler_stop(s);
	atomic_store(&s->machine->sampler, NULL);
	g_mutex_clear(&s->mutex);
	g_cond_clear(&s->changed);
	g_free(s);
}
