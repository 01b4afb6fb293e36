/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work that blocks, off the virtual CPU: a pool of threads for jobs. (File descriptors are the
 * poller's, poller.h.) Completions are queued and run under the machine lock: by the virtual CPU's
 * thread, or by whoever drains. A deterministic machine does the work at once and completes it a
 * fixed guest time later, so that no host timing is seen.
 */
#include "run/worker.h"

#include <fcntl.h>

#include "instance/lock.h"
#include "instance/check.h"
#include "instance/machine-parts.h"
#include "jail/jail.h"
#include "run/poller.h"
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

/* A call that a plugin's thread has posted. */
struct posted {
	const TsrInstance *instance;
	void (*call)(void *user);
	void *user;
};

struct tsr_worker_pool {
	TsrMachine *machine;
	GThreadPool *threads;
	GMutex mutex;
	GCond arrived;
	struct _TsrMachine
		*left;           /* the parts of a machine that is gone, which jobs use; by mutex */
	GQueue done;             /* struct job, by mutex */
	GQueue posts;            /* struct posted, by mutex */
	struct tsr_timer *timer; /* deterministic: completes what is in `done` */
	const TsrInstance *timer_owner;
	bool is_alone; /* a forked process, which has none of the threads */
	uint64_t complete_at;
	struct tsr_poller *poller; /* of file descriptors */
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

void tsr_worker_pool_free(struct tsr_worker_pool *pool)
{
	if (!pool)
		return;
	if (pool->threads)
		g_thread_pool_free(pool->threads, FALSE, TRUE);
	tsr_poller_free(pool->poller);
	g_queue_clear_full(&pool->done, g_free);
	g_queue_clear_full(&pool->posts, g_free);
	g_cond_clear(&pool->arrived);
	g_mutex_clear(&pool->mutex);
	g_free(pool);
}

/* All threads at once: a pool that could start none later would never do its jobs. GLib makes the
 * pool also when it sets the error. */
static bool start_threads(struct tsr_worker_pool *pool, GError **error)
{
	pool->threads = g_thread_pool_new(pool_thread, pool, POOL_THREADS, TRUE, error);
	if (!pool->threads || *error)
		return false;
	pool->poller = tsr_poller_new(error);
	return pool->poller != NULL;
}

struct tsr_worker_pool *tsr_worker_pool_new(TsrMachine *m, GError **error)
{
	struct tsr_worker_pool *pool = g_new0(struct tsr_worker_pool, 1);
	g_autoptr(GError) failure = NULL;

	pool->machine = m;
	g_mutex_init(&pool->mutex);
	g_cond_init(&pool->arrived);
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
	bool is_deterministic = pool->machine->config->clock == TSR_CLOCK_DETERMINISTIC;
	bool any;

	g_mutex_lock(&pool->mutex);
	any = !g_queue_is_empty(&pool->posts) ||
	      (!is_deterministic && !g_queue_is_empty(&pool->done));
	g_mutex_unlock(&pool->mutex);
	return any;
}

static struct posted *take_post(struct tsr_worker_pool *pool)
{
	struct posted *post;

	g_mutex_lock(&pool->mutex);
	post = g_queue_pop_head(&pool->posts);
	g_mutex_unlock(&pool->mutex);
	return post;
}

/* As many as there are now: a call that posts itself again does not keep the machine here. */
static void run_posts(struct tsr_worker_pool *pool)
{
	struct posted *post;
	guint count;

	g_mutex_lock(&pool->mutex);
	count = g_queue_get_length(&pool->posts);
	g_mutex_unlock(&pool->mutex);
	while (count-- && (post = take_post(pool))) {
		TSR_CALLING(&post->instance->callee, "posted call", post->call(post->user));
		g_free(post);
	}
}

static void drop_posts(struct tsr_worker_pool *pool, const TsrInstance *owner)
{
	g_mutex_lock(&pool->mutex);
	for (GList *l = pool->posts.head, *next; l; l = next) {
		struct posted *post = l->data;

		next = l->next;
		if (post->instance != owner)
			continue;
		g_queue_delete_link(&pool->posts, l);
		g_free(post);
	}
	g_mutex_unlock(&pool->mutex);
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
	run_posts(pool);
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
	tsr_poller_end(pool->poller);
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

static unsigned worker_watch(const struct tsr_host *host, int fd, short events,
			     void (*ready)(void *, short), void *self)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.watch");

	if (!ready || fcntl(fd, F_GETFD) < 0) {
		tsr_mistake(&instance->mistakes,
			    ready ? "it watches the file descriptor %d, which is not open"
				  : "it watches the file descriptor %d without a function",
			    fd);
		return 0;
	}
	return tsr_poller_watch(instance->machine->workers->poller, instance, fd, events, ready,
				self);
}

static void worker_unwatch(const struct tsr_host *host, unsigned id)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_LOCKED, "worker.unwatch");

	if (!tsr_poller_unwatch(instance->machine->workers->poller, instance, id))
		tsr_mistake(&instance->mistakes, "it removes the watch %u, which it does not have",
			    id);
}

static void worker_post(const struct tsr_host *host, void (*call)(void *user), void *user)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_ANY, "worker.post");
	struct tsr_worker_pool *pool = instance->machine->workers;
	struct posted *post = g_new(struct posted, 1);

	*post = (struct posted){ instance, call, user };
	g_mutex_lock(&pool->mutex);
	g_queue_push_tail(&pool->posts, post);
	g_cond_broadcast(&pool->arrived);
	g_mutex_unlock(&pool->mutex);
	tsr_vcpu_kick(instance->machine);
}

bool tsr_worker_pool_watches(const struct tsr_worker_pool *pool, const TsrInstance *instance)
{
	return tsr_poller_watches(pool->poller, instance);
}

void tsr_worker_pool_narrow(struct tsr_worker_pool *pool)
{
	tsr_poller_narrow(pool->poller);
}

void tsr_worker_pool_drop(struct tsr_worker_pool *pool, const TsrInstance *owner)
{
	tsr_poller_drop(pool->poller, owner);
	drop_posts(pool, owner);
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
	.post = worker_post,
};
