/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See work.h. The thread counts, and a timer of the window looks at that. */
#include "ui/work.h"

#include "model/text.h"

#define LOOK_MS 100

struct tsr_work {
	GtkWindow *over;
	char *title, *sentence, *bar_name;
	GCancellable *cancellable;
	struct tsr_progress progress;
	int permille;        /* atomic */
	guint delay, timer;  /* sources; 0: none */
	GtkWindow *window;   /* NULL: it is not shown */
	GtkProgressBar *bar; /* of the window */
};

/* On the thread. */
static void on_report(gpointer user, double done)
{
	struct tsr_work *work = user;

	g_atomic_int_set(&work->permille, (int)(done * 1000));
}

static gboolean on_look(gpointer data)
{
	struct tsr_work *work = data;

	gtk_progress_bar_set_fraction(work->bar, g_atomic_int_get(&work->permille) / 1000.0);
	return G_SOURCE_CONTINUE;
}

/* -- The window */

/* It goes when the thread has ended, which removes what it has made. */
static gboolean on_close_request(GtkWindow *window, gpointer data)
{
	struct tsr_work *work = data;

	g_cancellable_cancel(work->cancellable);
	gtk_widget_set_visible(GTK_WIDGET(window), FALSE);
	return TRUE;
}

static void show(struct tsr_work *work)
{
	g_autoptr(GtkBuilder) builder =
		gtk_builder_new_from_resource("/org/tessera/Tessera/work.ui");

	work->window = GTK_WINDOW(gtk_builder_get_object(builder, "window"));
	work->bar = GTK_PROGRESS_BAR(gtk_builder_get_object(builder, "bar"));
	gtk_label_set_label(GTK_LABEL(gtk_builder_get_object(builder, "label")), work->sentence);
	gtk_accessible_update_property(GTK_ACCESSIBLE(work->bar), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       work->bar_name, -1);
	gtk_window_set_title(work->window, work->title);
	gtk_window_set_transient_for(work->window, work->over);
	g_signal_connect(work->window, "close-request", G_CALLBACK(on_close_request), work);
	work->timer = g_timeout_add(LOOK_MS, on_look, work);
	gtk_window_present(work->window);
}

/* The library's window may have been closed meanwhile. */
static gboolean on_delay(gpointer data)
{
	struct tsr_work *work = data;

	work->delay = 0;
	if (gtk_widget_get_visible(GTK_WIDGET(work->over)))
		show(work);
	return G_SOURCE_REMOVE;
}

/* -- Its life */

struct tsr_work *tsr_work_begin(GtkWindow *over, const struct tsr_work_texts *texts, guint delay_ms)
{
	struct tsr_work *work = g_new0(struct tsr_work, 1);

	work->over = g_object_ref(over);
	work->title = g_strdup(texts->title);
	work->sentence = g_strdup(texts->sentence);
	work->bar_name = g_strdup(texts->bar);
	work->cancellable = g_cancellable_new();
	work->progress.report = on_report;
	work->progress.user = work;
	if (delay_ms)
		work->delay = g_timeout_add(delay_ms, on_delay, work);
	else
		show(work);
	return work;
}

struct tsr_progress *tsr_work_get_progress(struct tsr_work *work)
{
	return &work->progress;
}

GCancellable *tsr_work_get_cancellable(struct tsr_work *work)
{
	return work->cancellable;
}

void tsr_work_end(struct tsr_work *work)
{
	g_clear_handle_id(&work->delay, g_source_remove);
	g_clear_handle_id(&work->timer, g_source_remove);
	if (work->window)
		gtk_window_destroy(work->window);
	g_object_unref(work->over);
	g_object_unref(work->cancellable);
	g_free(work->title);
	g_free(work->sentence);
	g_free(work->bar_name);
	g_free(work);
}
