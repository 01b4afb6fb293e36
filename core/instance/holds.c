/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See holds.h. The clocks are read only when a thread of the host takes or drops the lock, and once
 * for all kicks between two looks of the virtual CPU: not where the guest runs. */
#define _GNU_SOURCE /* dladdr, pthread_getname_np */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "instance/holds.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"

#define SHORT_NS 100000 /* shorter ones are not looked at more closely */

static guint64 read_clock(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (guint64)t.tv_sec * 1000000000 + (guint64)t.tv_nsec;
}

void tsr_holds_init(TsrMachine *m)
{
	const char *path = g_getenv("TESSERA_HOLDS");

	m->holds.log = -1;
	if (path && *path)
		m->holds.log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
}

static void finish(struct tsr_hold *hold, int log)
{
	if (log >= 0 && hold->by)
		dprintf(log, "%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s\n", hold->ns / 1000,
			hold->cpu_ns / 1000, hold->by);
	g_clear_pointer(&hold->by, g_free);
}

void tsr_holds_finish(TsrMachine *m)
{
	finish(&m->holds.longest, m->holds.log);
	finish(&m->holds.most_computed, m->holds.log);
	if (m->holds.log >= 0)
		close(m->holds.log);
}

/* The place in a form that addr2line takes. */
static char *describe(TsrMachine *m, const void *by)
{
	const struct tsr_callee *in = m->holds.looked_in;
	char thread[16] = "";
	Dl_info place;

	if (!by)
		return g_strdup_printf("the virtual CPU (%s, in %s)", m->doing,
				       in && in->name ? in->name : "no instance");
	pthread_getname_np(pthread_self(), thread, sizeof(thread));
	if (!dladdr(by, &place) || !place.dli_fname)
		return g_strdup_printf("thread %s", thread);
	return g_strdup_printf("thread %s (%s+0x%zx)", thread, place.dli_fname,
			       (size_t)((const char *)by - (const char *)place.dli_fbase));
}

static void keep(struct tsr_hold *hold, guint64 ns, guint64 cpu_ns, char *by)
{
	g_free(hold->by);
	*hold = (struct tsr_hold){ ns, cpu_ns, by };
}

static void note(TsrMachine *m, guint64 ns, guint64 cpu_ns, const void *by)
{
	struct tsr_holds *h = &m->holds;

	cpu_ns = MIN(cpu_ns, ns);
	if (ns > h->longest.ns)
		keep(&h->longest, ns, cpu_ns, describe(m, by));
	if (cpu_ns > h->most_computed.cpu_ns)
		keep(&h->most_computed, ns, cpu_ns, describe(m, by));
}

void tsr_holds_begin(TsrMachine *m, const void *by)
{
	struct tsr_holds *h = &m->holds;

	h->began_by = by;
	h->began_cpu_ns = read_clock(CLOCK_THREAD_CPUTIME_ID);
	h->began_ns = read_clock(CLOCK_MONOTONIC);
}

void tsr_holds_end(TsrMachine *m)
{
	struct tsr_holds *h = &m->holds;
	guint64 ns = read_clock(CLOCK_MONOTONIC) - h->began_ns;

	if (ns > SHORT_NS && m->want_run && !m->parked)
		note(m, ns, read_clock(CLOCK_THREAD_CPUTIME_ID) - h->began_cpu_ns, h->began_by);
}

void tsr_holds_set_awake(TsrMachine *m, gboolean awake)
{
	struct tsr_holds *h = &m->holds;

	if (awake && pthread_getcpuclockid(pthread_self(), &h->cpu_clock) != 0)
		return;
	h->is_awake = awake;
	h->calls = &tsr_call_now;
	h->kicked_ns = 0;
}

void tsr_holds_kick(TsrMachine *m)
{
	struct tsr_holds *h = &m->holds;

	if (!h->is_awake || h->kicked_ns)
		return;
	h->kicked_in = tsr_call_callee_of(h->calls);
	h->kicked_cpu_ns = read_clock(h->cpu_clock);
	h->kicked_ns = read_clock(CLOCK_MONOTONIC);
}

void tsr_holds_look(TsrMachine *m)
{
	struct tsr_holds *h = &m->holds;
	guint64 kicked, cpu;

	pthread_mutex_lock(&m->wake_mutex);
	kicked = h->kicked_ns;
	cpu = h->kicked_cpu_ns;
	h->looked_in = h->kicked_in;
	h->kicked_ns = 0;
	pthread_mutex_unlock(&m->wake_mutex);
	if (!kicked)
		return;
	guint64 ns = read_clock(CLOCK_MONOTONIC) - kicked;
	if (ns > SHORT_NS)
		note(m, ns, read_clock(h->cpu_clock) - cpu, NULL);
}

static void print(GString *text, const char *name, guint64 ns, const struct tsr_hold *hold)
{
	g_string_append_printf(text, "%s-us %" G_GUINT64_FORMAT "\n", name, ns / 1000);
	if (hold->by)
		g_string_append_printf(text, "%s-by %s\n", name, hold->by);
}

void tsr_holds_print(TsrMachine *m, GString *text)
{
	const struct tsr_holds *h = &m->holds;

	print(text, "longest-lock-hold", h->longest.ns, &h->longest);
	print(text, "longest-lock-hold-cpu", h->most_computed.cpu_ns, &h->most_computed);
}
