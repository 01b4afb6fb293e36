/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See calls.h. */
#include "calls.h"

#include "ui.h"

#define LATE_MS 1500u
#define LAST_MS 1000 /* for what was asked just before the end */

struct ui_calls {
	struct ui *ui; /* [main]; NULL: the window is gone */
	char *socket;
	GThread *thread;       /* NULL: calls are made on the main loop */
	GMainContext *context; /* the thread's */
	GMainLoop *loop;
	TsrMachine *machine; /* the thread's; NULL: it was not connected yet */
	GQueue waiting;      /* struct call, the one under way first [main] */
	guint late;          /* timeout; 0: none, or it has come [main] */
	gboolean is_late;
	GMutex mutex; /* has_ended */
	GCond ended;
	gboolean has_ended; /* the thread */
};

struct call {
	struct ui_calls *calls;
	UiCall make;
	UiCallDone done;
	gpointer data;
	GDestroyNotify free_data;
	GError *error;
};

static void calls_clear(gpointer data)
{
	struct ui_calls *calls = data;

	g_clear_pointer(&calls->loop, g_main_loop_unref);
	g_clear_pointer(&calls->context, g_main_context_unref);
	g_mutex_clear(&calls->mutex);
	g_cond_clear(&calls->ended);
	g_free(calls->socket);
}

static void calls_unref(gpointer calls)
{
	g_atomic_rc_box_release_full(calls, calls_clear);
}

/* -- On the main loop */

static gboolean on_late(gpointer data)
{
	struct ui_calls *calls = data;

	calls->late = 0;
	calls->is_late = TRUE;
	ui_window_update_title(calls->ui);
	return G_SOURCE_REMOVE;
}

/* Anew for the call that is under way now. */
static void watch(struct ui_calls *calls)
{
	gboolean was_late = calls->is_late;

	g_clear_handle_id(&calls->late, g_source_remove);
	calls->is_late = FALSE;
	if (!calls->ui)
		return;
	if (!g_queue_is_empty(&calls->waiting))
		calls->late = g_timeout_add(LATE_MS, on_late, calls);
	if (was_late)
		ui_window_update_title(calls->ui);
}

static void call_free(struct call *call)
{
	if (call->free_data)
		call->free_data(call->data);
	g_clear_error(&call->error);
	calls_unref(call->calls);
	g_free(call);
}

static gboolean on_done(gpointer data)
{
	struct call *call = data;
	struct ui_calls *calls = call->calls;

	g_queue_remove(&calls->waiting, call);
	watch(calls);
	if (calls->ui && call->done)
		call->done(calls->ui, call->data, call->error);
	call_free(call);
	return G_SOURCE_REMOVE;
}

/* -- On the thread */

static gboolean on_call(gpointer data)
{
	struct call *call = data;
	struct ui_calls *calls = call->calls;

	if (!calls->machine)
		calls->machine = tsr_machine_new_remote(calls->socket, &call->error);
	if (calls->machine)
		call->make(calls->machine, call->data, &call->error);
	g_idle_add_full(G_PRIORITY_DEFAULT, on_done, call, NULL);
	return G_SOURCE_REMOVE;
}

static gpointer run_thread(gpointer data)
{
	struct ui_calls *calls = data;

	g_main_context_push_thread_default(calls->context);
	g_main_loop_run(calls->loop);
	g_clear_object(&calls->machine);
	g_main_context_pop_thread_default(calls->context);
	g_mutex_lock(&calls->mutex);
	calls->has_ended = TRUE;
	g_cond_signal(&calls->ended);
	g_mutex_unlock(&calls->mutex);
	calls_unref(calls);
	return NULL;
}

/* -- Their life */

static gboolean on_quit(gpointer data)
{
	g_main_loop_quit(data);
	return G_SOURCE_REMOVE;
}

struct ui_calls *ui_calls_new(struct ui *ui, const char *socket)
{
	struct ui_calls *calls = g_atomic_rc_box_new0(struct ui_calls);

	calls->ui = ui;
	calls->socket = g_strdup(socket);
	g_queue_init(&calls->waiting);
	g_mutex_init(&calls->mutex);
	g_cond_init(&calls->ended);
	if (!*socket)
		return calls;
	calls->context = g_main_context_new();
	calls->loop = g_main_loop_new(calls->context, FALSE);
	calls->thread = g_thread_new("calls", run_thread, g_atomic_rc_box_acquire(calls));
	return calls;
}

/* FALSE: a call takes longer than that. */
static gboolean wait_for_end(struct ui_calls *calls)
{
	gint64 until = g_get_monotonic_time() + LAST_MS * G_TIME_SPAN_MILLISECOND;
	gboolean has_ended;

	g_mutex_lock(&calls->mutex);
	while (!calls->has_ended && g_cond_wait_until(&calls->ended, &calls->mutex, until))
		;
	has_ended = calls->has_ended;
	g_mutex_unlock(&calls->mutex);
	return has_ended;
}

void ui_calls_end(struct ui_calls *calls)
{
	calls->ui = NULL;
	watch(calls);
	if (calls->thread)
		g_main_context_invoke(calls->context, on_quit, calls->loop);
	/* The thread of a call that waits for longer is left to the end of the process. */
	if (calls->thread && wait_for_end(calls))
		g_thread_join(calls->thread);
	else if (calls->thread)
		g_thread_unref(calls->thread);
	calls_unref(calls);
}

static gboolean on_call_here(gpointer data)
{
	struct call *call = data;
	struct ui *ui = call->calls->ui;

	if (ui && ui->machine)
		call->make(ui->machine, call->data, &call->error);
	return on_done(call);
}

void ui_calls_make(struct ui_calls *calls, UiCall make, UiCallDone done, gpointer data,
		   GDestroyNotify free_data)
{
	struct call *call = g_new0(struct call, 1);
	GSource *source = g_idle_source_new();

	call->calls = g_atomic_rc_box_acquire(calls);
	call->make = make;
	call->done = done;
	call->data = data;
	call->free_data = free_data;
	g_queue_push_tail(&calls->waiting, call);
	if (g_queue_get_length(&calls->waiting) == 1)
		watch(calls);
	g_source_set_priority(source, G_PRIORITY_DEFAULT);
	g_source_set_callback(source, calls->thread ? on_call : on_call_here, call, NULL);
	g_source_attach(source, calls->context);
	g_source_unref(source);
}

gboolean ui_calls_are_late(const struct ui_calls *calls)
{
	return calls->is_late;
}
