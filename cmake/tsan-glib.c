/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiled into every program of a build with TESSERA_SANITIZE=thread. GLib is not instrumented and
 * makes its locks of atomic operations and futexes, so that ThreadSanitizer would not see what they
 * order, and would report each use of them. These functions stand in front of GLib's and say it.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <glib.h>
#include <sanitizer/tsan_interface.h>

#define EXPORT __attribute__((visibility("default")))

const char *__tsan_default_options(void);

/* ignore_noninstrumented_modules: what libraries do between themselves is not looked at; what they
 * order still counts. atexit_sleep_ms: a program with a thread would wait for a second when it
 * ends, and the tests start many. */
EXPORT const char *__tsan_default_options(void)
{
	return "ignore_noninstrumented_modules=1:exitcode=66:atexit_sleep_ms=50";
}

/* The next definition of a function: GLib's. */
#define REAL(name) \
	static __typeof__(name) *found; \
	__typeof__(name) *real = __atomic_load_n(&found, __ATOMIC_RELAXED); \
	if (!real) { \
		real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
		__atomic_store_n(&found, real, __ATOMIC_RELAXED); \
	}

EXPORT void g_mutex_lock(GMutex *mutex)
{
	REAL(g_mutex_lock)
	real(mutex);
	__tsan_acquire(mutex);
}

EXPORT gboolean g_mutex_trylock(GMutex *mutex)
{
	gboolean locked;

	REAL(g_mutex_trylock)
	locked = real(mutex);
	if (locked)
		__tsan_acquire(mutex);
	return locked;
}

EXPORT void g_mutex_unlock(GMutex *mutex)
{
	REAL(g_mutex_unlock)
	__tsan_release(mutex);
	real(mutex);
}

EXPORT void g_cond_wait(GCond *cond, GMutex *mutex)
{
	REAL(g_cond_wait)
	__tsan_release(mutex);
	real(cond, mutex);
	__tsan_acquire(mutex);
}

EXPORT gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
	gboolean signalled;

	REAL(g_cond_wait_until)
	__tsan_release(mutex);
	signalled = real(cond, mutex, end_time);
	__tsan_acquire(mutex);
	return signalled;
}

/* -- Thread pools: a push happens before the function's call with what was pushed. */

struct pool {
	GFunc function;
	gpointer user_data;
};

static void call_pool_function(gpointer data, gpointer user_data)
{
	struct pool *pool = user_data;

	__tsan_acquire(data);
	pool->function(data, pool->user_data);
}

/* The record is kept until the process ends. */
EXPORT GThreadPool *g_thread_pool_new(GFunc function, gpointer user_data, gint max_threads,
				      gboolean exclusive, GError **error)
{
	struct pool *pool = g_new(struct pool, 1);

	REAL(g_thread_pool_new)
	*pool = (struct pool){ function, user_data };
	return real(call_pool_function, pool, max_threads, exclusive, error);
}

EXPORT gboolean g_thread_pool_push(GThreadPool *pool, gpointer data, GError **error)
{
	REAL(g_thread_pool_push)
	__tsan_release(data);
	return real(pool, data, error);
}

/* -- Main contexts: what comes before a source is attached happens before its callback, which
 * another thread may call. */

struct callback {
	GSourceFunc function;
	gpointer data;
	GDestroyNotify notify;
	GSource *source;
};

static gboolean call_source_function(gpointer data)
{
	struct callback *c = data;

	__tsan_acquire(c);
	__tsan_acquire(c->source);
	return c->function(c->data);
}

static void free_callback(gpointer data)
{
	struct callback *c = data;

	__tsan_acquire(c);
	__tsan_acquire(c->source);
	if (c->notify)
		c->notify(c->data);
	g_free(c);
}

static gboolean is_plain(GSource *source, GSource *(*make)(void))
{
	GSource *other = make();
	gboolean same = source->source_funcs == other->source_funcs;

	g_source_unref(other);
	return same;
}

/* Only of idle sources, whose callback's type is known. */
EXPORT void g_source_set_callback(GSource *source, GSourceFunc function, gpointer data,
				  GDestroyNotify notify)
{
	struct callback *c;

	REAL(g_source_set_callback)
	if (!is_plain(source, g_idle_source_new)) {
		real(source, function, data, notify);
		return;
	}
	c = g_new(struct callback, 1);
	*c = (struct callback){ function, data, notify, source };
	__tsan_release(c);
	real(source, call_source_function, c, free_callback);
}

EXPORT guint g_source_attach(GSource *source, GMainContext *context)
{
	REAL(g_source_attach)
	__tsan_release(source);
	return real(source, context);
}
