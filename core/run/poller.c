/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See poller.h. */
#include "run/poller.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "instance/lock.h"
#include "jail/jail.h"

struct watch {
	unsigned id;
	TsrInstance *instance;
	TsrMachine *machine;
	GSource *source;
	void (*ready)(void *self, short revents);
	void *self;
	bool removed; /* lock held to read and write */
};

struct tsr_poller {
	GMainContext *context; /* of the thread */
	GMainLoop *loop;
	GThread *thread;
	GPtrArray *watches; /* struct watch; lock held */
	unsigned next_id;
};

/* -- The thread */

static gpointer poll_thread(gpointer data)
{
	struct tsr_poller *p = data;

	g_main_context_push_thread_default(p->context);
	g_main_loop_run(p->loop);
	g_main_context_pop_thread_default(p->context);
	return NULL;
}

static gboolean narrow(gpointer unused)
{
	tsr_jail_narrow(TSR_JAIL_POLL);
	return G_SOURCE_REMOVE;
}

void tsr_poller_narrow(struct tsr_poller *p)
{
	g_main_context_invoke_full(p->context, G_PRIORITY_HIGH, narrow, NULL, NULL);
}

static gboolean quit_loop(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_REMOVE;
}

/* From inside the loop: a quit before the thread has entered it would be lost. */
void tsr_poller_end(struct tsr_poller *p)
{
	GSource *quit = g_idle_source_new();

	g_source_set_callback(quit, quit_loop, p->loop, NULL);
	g_source_attach(quit, p->context);
	g_source_unref(quit);
	g_thread_join(p->thread);
}

void tsr_poller_free(struct tsr_poller *p)
{
	if (!p)
		return;
	if (p->thread)
		tsr_poller_end(p);
	g_main_loop_unref(p->loop);
	g_main_context_unref(p->context);
	g_ptr_array_unref(p->watches);
	g_free(p);
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

struct tsr_poller *tsr_poller_new(GError **error)
{
	struct tsr_poller *p;

	if (!has_descriptor(error))
		return NULL;
	p = g_new0(struct tsr_poller, 1);
	p->watches = g_ptr_array_new();
	p->context = g_main_context_new();
	p->loop = g_main_loop_new(p->context, FALSE);
	p->thread = g_thread_try_new("tessera-poll", poll_thread, p, error);
	if (p->thread)
		return p;
	tsr_poller_free(p);
	return NULL;
}

/* -- Watches */

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

unsigned tsr_poller_watch(struct tsr_poller *p, TsrInstance *instance, int fd, short events,
			  void (*ready)(void *, short), void *self)
{
	struct watch *watch = g_new0(struct watch, 1);

	*watch = (struct watch){ .id = ++p->next_id,
				 .instance = instance,
				 .machine = instance->machine,
				 .ready = ready,
				 .self = self };
	watch->source = g_unix_fd_source_new(fd, (GIOCondition)events);
	/* GLib frees the record once no callback of it runs any more. */
	g_source_set_callback(watch->source, G_SOURCE_FUNC(on_fd), watch, g_free);
	g_ptr_array_add(p->watches, watch);
	g_source_attach(watch->source, p->context);
	return watch->id;
}

static void remove_watch(struct tsr_poller *p, unsigned index)
{
	struct watch *watch = g_ptr_array_index(p->watches, index);
	GSource *source = watch->source;

	watch->removed = true;
	g_ptr_array_remove_index_fast(p->watches, index);
	g_source_destroy(source);
	g_source_unref(source);
}

bool tsr_poller_unwatch(struct tsr_poller *p, const TsrInstance *instance, unsigned id)
{
	for (unsigned i = 0; i < p->watches->len; i++) {
		const struct watch *watch = g_ptr_array_index(p->watches, i);

		if (watch->id == id && watch->instance == instance) {
			remove_watch(p, i);
			return true;
		}
	}
	return false;
}

void tsr_poller_drop(struct tsr_poller *p, const TsrInstance *owner)
{
	for (unsigned i = p->watches->len; i-- > 0;)
		if (((struct watch *)g_ptr_array_index(p->watches, i))->instance == owner)
			remove_watch(p, i);
}

bool tsr_poller_watches(const struct tsr_poller *p, const TsrInstance *instance)
{
	for (guint i = 0; i < p->watches->len; i++)
		if (((struct watch *)g_ptr_array_index(p->watches, i))->instance == instance)
			return true;
	return false;
}
