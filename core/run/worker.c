/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work that blocks, off the virtual CPU: a pool of threads for jobs, and one thread that polls file
 * descriptors. Completions are queued and run under the machine lock: by the virtual CPU's thread,
 * or by whoever drains. A deterministic machine does the work at once and completes it a fixed
 * guest time later, so that no host timing is seen.
 */
#include "run/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "instance/lock.h"
#include "instance/check.h"
#include "instance/machine-parts.h"
#include "jail/jail.h"
#include "run/timekeeper.h"
#include "run/timers.h"

#define POOL_THREADS 4
#define DETERMINISTIC_LATENCY_NS 50000
#define LOOK_AGAIN_US 20000

struct job {
	TsrInstance *instance;
	void (*work)(void *job);
	void (*done)(void *job);
	void *data;
	bool ordered;
};

struct watch {
	unsigned id;
	TsrInstance *instance;
	TsrMachine *machine;
	GSource *source;
	void (*ready)(void *self, short revents);
	void *self;
	bool removed; /* lock held to read and write */
};

struct tsr_worker_pool {
	TsrMachine *machine;
	GThreadPool *threads;
	GMutex mutex;
	GCond arrived;
	struct _TsrMachine
		*left;           /* the parts of a machine that is gone, which jobs use; by mutex */
	GQueue done;             /* struct job, by mutex */
	struct tsr_timer *timer; /* deterministic: completes what is in `done` */
	const TsrInstance *timer_owner;
	bool is_alone; /* a forked process, which has none of the threads */
	uint64_t complete_at;
	GMainContext *context; /* of the polling thread */
	GMainLoop *loop;
	GThread *poller;
	GPtrArray *watches; /* struct watch; lock held */
	unsigned next_id;
};

static void worked(struct tsr_worker_pool *pool, struct job *job)
{
	bool is_left;

	g_mutex_lock(&pool->mutex);
	is_left = pool->left;
	g_queue_push_tail(&pool->done, job);
	g_cond_broadcast(&pool->arrived);
	g_mutex_unlock(&pool->mutex);
	if (!is_left)
		tsr_vcpu_kick(pool->machine);
}

static void start(struct tsr_worker_pool *pool, struct job *job)
{
	if (job->ordered)
		job->instance->ordered_running = true;
	if (job->work && !pool->is_alone) {
		g_thread_pool_push(pool->threads, job, NULL);
		return;
	}
	if (job->work)
		TSR_CALLING(&job->instance->callee, "work", job->work(job->data));
	worked(pool, job);
}

static void pool_thread(gpointer data, gpointer user_data)
{
	struct job *job = data;

	tsr_jail_narrow(TSR_JAIL_WORKER);
	TSR_CALLING(&job->instance->callee, "work", job->work(job->data));
	worked(user_data, job);
}

static gpointer poll_thread(gpointer data)
{
	struct tsr_worker_pool *pool = data;

	g_main_context_push_thread_default(pool->context);
	g_main_loop_run(pool->loop);
	g_main_context_pop_thread_default(pool->context);
	return NULL;
}

static gboolean narrow(gpointer unused)
{
	tsr_jail_narrow(TSR_JAIL_POLL);
	return G_SOURCE_REMOVE;
}

void tsr_worker_pool_narrow(struct tsr_worker_pool *pool)
{
	g_main_context_invoke_full(pool->context, G_PRIORITY_HIGH, narrow, NULL, NULL);
}

static gboolean quit_loop(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_REMOVE;
}

/* From inside the loop: a quit before the thread has entered it would be lost. */
static void end_poller(struct tsr_worker_pool *pool)
{
	GSource *quit = g_idle_source_new();

	g_source_set_callback(quit, quit_loop, pool->loop, NULL);
	g_source_attach(quit, pool->context);
	g_source_unref(quit);
	g_thread_join(pool->poller);
}

void tsr_worker_pool_free(struct tsr_worker_pool *pool)
{
	if (!pool)
		return;
	if (pool->threads)
		g_thread_pool_free(pool->threads, FALSE, TRUE);
	if (pool->poller)
		end_poller(pool);
	g_clear_pointer(&pool->loop, g_main_loop_unref);
	g_clear_pointer(&pool->context, g_main_context_unref);
	g_ptr_array_unref(pool->watches);
	g_queue_clear_full(&pool->done, g_free);
	g_cond_clear(&pool->arrived);
	g_mutex_clear(&pool->mutex);
	g_free(pool);
}

/* GLib ends the process when it cannot have the descriptor of a main context. */
static bool has_descriptor(GError **error)
{
	int fd = eventfd(0, EFD_CLOEXEC);

	if (fd >= 0) {
		close(fd);
		return true;
	}
	g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED, g_strerror(errno));
	return false;
}

/* All threads at once: a pool that could start none later would never do its jobs. GLib makes the
 * pool also when it sets the error. */
static bool start_threads(struct tsr_worker_pool *pool, GError **error)
{
	pool->threads = g_thread_pool_new(pool_thread, pool, POOL_THREADS, TRUE, error);
	if (!pool->threads || *error || !has_descriptor(error))
		return false;
	pool->context = g_main_context_new();
	pool->loop = g_main_loop_new(pool->context, FALSE);
	pool->poller = g_thread_try_new("tessera-poll", poll_thread, pool, error);
	return pool->poller != NULL;
}

struct tsr_worker_pool *tsr_worker_pool_new(TsrMachine *m, GError **error)
{
	struct tsr_worker_pool *pool = g_new0(struct tsr_worker_pool, 1);
	g_autoptr(GError) failure = NULL;

	pool->machine = m;
	g_mutex_init(&pool->mutex);
	g_cond_init(&pool->arrived);
	pool->watches = g_ptr_array_new();
	if (start_threads(pool, &failure))
		return pool;
	g_set_error(
		error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
		"cannot start the workers: %s; raise the limits of the process (ulimit -n, -u, -v)",
		failure ? failure->message : "no thread");
	tsr_worker_pool_free(pool);
	return NULL;
}

bool tsr_worker_pool_has_done(struct tsr_worker_pool *pool)
{
	if (pool->machine->config->clock == TSR_CLOCK_DETERMINISTIC)
		return false;
	g_mutex_lock(&pool->mutex);
	bool any = !g_queue_is_empty(&pool->done);
	g_mutex_unlock(&pool->mutex);
	return any;
}

static struct job *take_done(struct tsr_worker_pool *pool)
{
	g_mutex_lock(&pool->mutex);
	struct job *job = g_queue_pop_head(&pool->done);
	g_mutex_unlock(&pool->mutex);
	return job;
}

static void complete(struct tsr_worker_pool *pool, struct job *job)
{
	TsrInstance *instance = job->instance;

	if (job->ordered) {
		struct job *next = g_queue_pop_head(&instance->ordered_jobs);
		instance->ordered_running = false;
		if (next)
			start(pool, next);
	}
	instance->jobs--;
	if (job->done)
		TSR_CALLING(&instance->callee, "done", job->done(job->data));
	g_free(job);
}

static void complete_all(struct tsr_worker_pool *pool)
{
	struct job *job;

	while ((job = take_done(pool)))
		complete(pool, job);
}

void tsr_worker_pool_run_done(struct tsr_worker_pool *pool)
{
	if (pool->machine->config->clock != TSR_CLOCK_DETERMINISTIC)
		complete_all(pool);
}

static TsrInstance *find_busy(struct tsr_worker_pool *pool)
{
	GPtrArray *all = pool->machine->instances;

	for (unsigned i = 0; i < all->len; i++) {
		TsrInstance *instance = g_ptr_array_index(all, i);
		if (instance->jobs)
			return instance;
	}
	return NULL;
}

/* The virtual CPU's thread may take what has arrived before this one sees it. */
static void wait_for_jobs(struct tsr_worker_pool *pool, gint64 until)
{
	unsigned depth = tsr_lock_pause(pool->machine);

	g_mutex_lock(&pool->mutex);
	if (g_queue_is_empty(&pool->done))
		g_cond_wait_until(&pool->arrived, &pool->mutex,
				  MIN(until, g_get_monotonic_time() + LOOK_AGAIN_US));
	g_mutex_unlock(&pool->mutex);
	tsr_lock_continue(pool->machine, depth);
}

TsrInstance *tsr_worker_pool_settle(struct tsr_worker_pool *pool, gint64 until)
{
	TsrInstance *busy;

	for (;;) {
		complete_all(pool);
		busy = find_busy(pool);
		if (!busy || g_get_monotonic_time() >= until)
			return busy;
		wait_for_jobs(pool, until);
	}
}

void tsr_worker_pool_leave(struct tsr_worker_pool *pool, const TsrMachine *m)
{
	g_mutex_lock(&pool->mutex);
	pool->left = g_memdup2(m, sizeof(*m));
	g_mutex_unlock(&pool->mutex);
	end_poller(pool);
}

static void drain(struct tsr_worker_pool *pool, const TsrInstance *instance)
{
	for (;;) {
		complete_all(pool);
		if (!instance->jobs)
			return;
		g_mutex_lock(&pool->mutex);
		while (g_queue_is_empty(&pool->done))
			g_cond_wait(&pool->arrived, &pool->mutex);
		g_mutex_unlock(&pool->mutex);
	}
}

static void on_deterministic_completion(void *self, uint64_t deadline_ns)
{
	complete_all(self);
}

static void submit_deterministic(struct tsr_worker_pool *pool, struct job *job)
{
	if (!pool->timer) {
		pool->timer = tsr_timers_new(job->instance, on_deterministic_completion, pool);
		pool->timer_owner = job->instance;
	}
	job->ordered = false;
	if (job->work)
		TSR_CALLING(&job->instance->callee, "work", job->work(job->data));
	g_queue_push_tail(&pool->done, job);
	tsr_timers_arm(pool->timer, tsr_timekeeper_now(job->instance->machine->clock) +
					    DETERMINISTIC_LATENCY_NS);
}

static void worker_submit(const struct tsr_host *host, void (*work)(void *), void (*done)(void *),
			  void *data, bool ordered)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.submit");
	struct tsr_worker_pool *pool = instance->machine->workers;
	struct job *job = g_new0(struct job, 1);

	*job = (struct job){
		.instance = instance, .work = work, .done = done, .data = data, .ordered = ordered
	};
	instance->jobs++;
	if (instance->machine->config->clock == TSR_CLOCK_DETERMINISTIC)
		submit_deterministic(pool, job);
	else if (ordered && instance->ordered_running)
		g_queue_push_tail(&instance->ordered_jobs, job);
	else
		start(pool, job);
}

static void worker_drain(const struct tsr_host *host)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.drain");

	drain(instance->machine->workers, instance);
}

/* -- Watches: the polling thread takes the lock for each that is ready. */

static gboolean on_fd(gint fd, GIOCondition condition, gpointer data)
{
	struct watch *watch = data;
	TsrMachine *m = watch->machine; /* the instance may be gone until there is the lock */

	tsr_machine_lock(m);
	if (!watch->removed)
		TSR_CALLING(&watch->instance->callee, "ready",
			    watch->ready(watch->self, (short)condition));
	bool removed = watch->removed;
	tsr_machine_unlock(m);
	return !removed;
}

static unsigned worker_watch(const struct tsr_host *host, int fd, short events,
			     void (*ready)(void *, short), void *self)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.watch");
	struct tsr_worker_pool *pool = instance->machine->workers;
	struct watch *watch;

	if (!ready || fcntl(fd, F_GETFD) < 0) {
		tsr_mistake(&instance->mistakes,
			    ready ? "it watches the file descriptor %d, which is not open"
				  : "it watches the file descriptor %d without a function",
			    fd);
		return 0;
	}
	watch = g_new0(struct watch, 1);
	*watch = (struct watch){ .id = ++pool->next_id,
				 .instance = instance,
				 .machine = instance->machine,
				 .ready = ready,
				 .self = self };
	watch->source = g_unix_fd_source_new(fd, (GIOCondition)events);
	/* GLib frees the record once no callback of it runs any more. */
	g_source_set_callback(watch->source, G_SOURCE_FUNC(on_fd), watch, g_free);
	g_ptr_array_add(pool->watches, watch);
	g_source_attach(watch->source, pool->context);
	return watch->id;
}

static void remove_watch(struct tsr_worker_pool *pool, unsigned index)
{
	struct watch *watch = g_ptr_array_index(pool->watches, index);
	GSource *source = watch->source;

	watch->removed = true;
	g_ptr_array_remove_index_fast(pool->watches, index);
	g_source_destroy(source);
	g_source_unref(source);
}

bool tsr_worker_pool_watches(const struct tsr_worker_pool *pool, const TsrInstance *instance)
{
	for (guint i = 0; i < pool->watches->len; i++)
		if (((struct watch *)g_ptr_array_index(pool->watches, i))->instance == instance)
			return true;
	return false;
}

static void worker_unwatch(const struct tsr_host *host, unsigned id)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.unwatch");
	struct tsr_worker_pool *pool = instance->machine->workers;

	for (unsigned i = 0; i < pool->watches->len; i++) {
		struct watch *watch = g_ptr_array_index(pool->watches, i);
		if (watch->id == id && watch->instance == instance) {
			remove_watch(pool, i);
			return;
		}
	}
	tsr_mistake(&instance->mistakes, "it removes the watch %u, which it does not have", id);
}

void tsr_worker_pool_drop(struct tsr_worker_pool *pool, const TsrInstance *owner)
{
	for (unsigned i = pool->watches->len; i-- > 0;)
		if (((struct watch *)g_ptr_array_index(pool->watches, i))->instance == owner)
			remove_watch(pool, i);
}

void tsr_worker_pool_replace(struct tsr_worker_pool *pool, const TsrInstance *old,
			     const TsrInstance *new)
{
	tsr_worker_pool_drop(pool, old);
	if (!pool->timer || pool->timer_owner != old)
		return;
	pool->timer_owner = new;
	tsr_timers_give(pool->timer, new);
}

void tsr_worker_pool_drain(struct tsr_worker_pool *pool, const TsrInstance *instance)
{
	drain(pool, instance);
}

void tsr_worker_pool_be_alone(struct tsr_worker_pool *pool)
{
	pool->is_alone = true;
}

const struct tsr_worker tsr_worker_table = {
	.size = sizeof(struct tsr_worker),
	.submit = worker_submit,
	.drain = worker_drain,
	.watch = worker_watch,
	.unwatch = worker_unwatch,
};
