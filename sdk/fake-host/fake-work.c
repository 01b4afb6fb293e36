/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fake machine's workers: jobs are done, and what other threads post is called, when a test
 * says so; descriptors are polled then. */
#include "fake-private.h"

#include <poll.h>
#include <pthread.h>

struct fake_job {
	struct fake_job *next;
	void (*work)(void *job);
	void (*done)(void *job);
	void *job;
};

/* Of jobs, to which other threads add. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

#define FAKE_WATCHES 2048 /* that are polled */

struct fake_watch {
	struct fake_watch *next;
	unsigned id;
	int fd;
	short events;
	void (*ready)(void *self, short revents);
	void *self;
};

static void submit(const struct tsr_host *host, void (*work)(void *job), void (*done)(void *job),
		   void *job, bool ordered)
{
	struct fake_job *j = calloc(1, sizeof(*j)), **end;

	j->work = work;
	j->done = done;
	j->job = job;
	pthread_mutex_lock(&mutex);
	end = &fake.jobs;
	while (*end)
		end = &(*end)->next;
	*end = j;
	pthread_mutex_unlock(&mutex);
}

static void post(const struct tsr_host *host, void (*call)(void *data), void *data)
{
	submit(host, NULL, call, data, false);
}

static struct fake_job *take(void)
{
	struct fake_job *j;

	pthread_mutex_lock(&mutex);
	j = fake.jobs;
	if (j)
		fake.jobs = j->next;
	pthread_mutex_unlock(&mutex);
	return j;
}

void fake_workers_run(void)
{
	struct fake_job *j;

	while ((j = take())) {
		if (j->work)
			j->work(j->job);
		if (j->done)
			j->done(j->job);
		free(j);
	}
}

unsigned fake_workers_pending(void)
{
	unsigned count = 0;

	pthread_mutex_lock(&mutex);
	for (struct fake_job *j = fake.jobs; j; j = j->next)
		count++;
	pthread_mutex_unlock(&mutex);
	return count;
}

static void drain(const struct tsr_host *host)
{
	fake_workers_run();
}

static unsigned watch(const struct tsr_host *host, int fd, short events,
		      void (*ready)(void *self, short revents), void *self)
{
	struct fake_watch *w = calloc(1, sizeof(*w));

	w->id = ++fake.watch_id;
	w->fd = fd;
	w->events = events;
	w->ready = ready;
	w->self = self;
	w->next = fake.watches;
	fake.watches = w;
	return w->id;
}

static void unwatch(const struct tsr_host *host, unsigned id)
{
	for (struct fake_watch **at = &fake.watches; *at; at = &(*at)->next)
		if ((*at)->id == id) {
			struct fake_watch *w = *at;

			*at = w->next;
			free(w);
			return;
		}
}

void fake_poll(int timeout_ms)
{
	struct pollfd fds[FAKE_WATCHES];
	unsigned ids[FAKE_WATCHES], count = 0;

	for (struct fake_watch *w = fake.watches; w && count < FAKE_WATCHES; w = w->next) {
		fds[count] = (struct pollfd){ .fd = w->fd, .events = w->events };
		ids[count++] = w->id;
	}
	if (poll(fds, count, timeout_ms) <= 0)
		return;
	for (unsigned i = 0; i < count; i++)
		for (struct fake_watch *w = fake.watches; w && fds[i].revents; w = w->next)
			if (w->id == ids[i]) {
				w->ready(w->self, fds[i].revents);
				break;
			}
}

const struct tsr_worker fake_worker_table = {
	.size = sizeof(struct tsr_worker),
	.submit = submit,
	.drain = drain,
	.watch = watch,
	.unwatch = unwatch,
	.post = post,
};

void fake_work_free(void)
{
	while (fake.watches)
		unwatch(NULL, fake.watches->id);
}
