/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Recording the screen: the guest's pictures, unscaled and without a pointer of the host, to a
 * WebM file that the user names before it begins. The header bar shows for how long it records,
 * and a full screen has a red dot. It ends when the user says so, when the machine ends, when its
 * window closes; the file is complete then.
 */
#include "ui.h"

#ifdef HAVE_GSTREAMER
#include <glib/gstdio.h>
#include <unistd.h>

#include "recorder.h"
#include "save.h"

/* A screen that is not shown, behind a console or minimized, is fetched as often as this. */
#define BEAT_MS 40u

struct ui_record {
	struct recorder *recorder;
	char *path;
	guint beat;
	guint seconds; /* that the header bar shows */
};

static void enable(struct ui *ui, gboolean start, gboolean stop)
{
	ui_actions_enable(ui, "record", start);
	ui_actions_enable(ui, "stop-recording", stop);
}

/* -- The sign */

static void show_time(struct ui *ui, guint seconds)
{
	g_autofree char *time = seconds < 3600
					? g_strdup_printf("%u:%02u", seconds / 60, seconds % 60)
					: g_strdup_printf("%u:%02u:%02u", seconds / 3600,
							  seconds / 60 % 60, seconds % 60);

	ui->record->seconds = seconds;
	gtk_label_set_text(GTK_LABEL(ui->recording_time), time);
}

static void show_sign(struct ui *ui, gboolean is_recording)
{
	gtk_widget_set_visible(ui->recording, is_recording);
	gtk_widget_set_visible(ui->recording_mark,
			       is_recording && gtk_window_is_fullscreen(ui->window));
}

static void on_fullscreened(GtkWindow *window, GParamSpec *property, gpointer data)
{
	struct ui *ui = data;

	show_sign(ui, ui->record && ui->record->beat);
}

/* -- Its end */

static void finish(struct ui *ui)
{
	struct ui_record *record = g_steal_pointer(&ui->record);

	g_clear_handle_id(&record->beat, g_source_remove);
	recorder_free(record->recorder);
	g_free(record->path);
	g_free(record);
}

static void on_ended(gpointer data, const GError *error)
{
	struct ui *ui = data;
	g_autofree char *name = g_filename_display_basename(ui->record->path);
	g_autofree char *sentence = g_strdup_printf(_("The recording is saved as “%s”."), name);

	finish(ui);
	show_sign(ui, FALSE);
	enable(ui, TRUE, FALSE);
	if (error)
		ui_window_tell(ui, _("The recording has ended"), error);
	else
		ui_window_toast(ui, sentence);
}

static void stop(struct ui *ui)
{
	if (!ui->record || !ui->record->beat)
		return;
	g_clear_handle_id(&ui->record->beat, g_source_remove);
	enable(ui, FALSE, FALSE);
	recorder_stop(ui->record->recorder);
}

static void on_stop(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	stop(data);
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	stop(data);
}

/* The sweeper of a machine that has ended kills its window, unless that leads a session. */
void ui_record_end(struct ui *ui)
{
	if (ui->record) {
		if (*ui->control)
			setsid();
		finish(ui);
	}
	recorder_wait();
}

/* -- Its beginning */

void ui_record_picture(struct ui *ui)
{
	guint width, height;
	GBytes *pixels = ui_screen_peek_frame(ui->screen, &width, &height);

	if (pixels && ui->record && ui->record->beat)
		recorder_show(ui->record->recorder, pixels, width, height);
}

static gboolean on_beat(gpointer data)
{
	struct ui *ui = data;
	guint seconds = recorder_seconds(ui->record->recorder);

	ui_frames_fetch_hidden(ui);
	recorder_beat(ui->record->recorder);
	if (seconds != ui->record->seconds)
		show_time(ui, seconds);
	return G_SOURCE_CONTINUE;
}

static void begin(struct ui *ui, struct recorder *recorder, const char *path)
{
	ui->record = g_new0(struct ui_record, 1);
	ui->record->recorder = recorder;
	ui->record->path = g_strdup(path);
	ui->record->beat = g_timeout_add(BEAT_MS, on_beat, ui);
	recorder_begin(recorder, on_ended, ui);
	ui_record_picture(ui);
	show_time(ui, 0);
	show_sign(ui, TRUE);
	enable(ui, FALSE, TRUE);
}

struct opening {
	char *path;
	guint width, height;
};

static void opening_free(gpointer data)
{
	g_free(((struct opening *)data)->path);
	g_free(data);
}

static void open_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const struct opening *o = data;
	GError *error = NULL;
	struct recorder *recorder = recorder_new(o->path, o->width, o->height, &error);

	if (recorder)
		g_task_return_pointer(task, recorder, (GDestroyNotify)recorder_free);
	else
		g_task_return_error(task, error);
	recorder_release();
}

/* What was opened for a window that is gone by now has nothing in it. */
static void on_opened(GObject *window, GAsyncResult *result, gpointer unused)
{
	struct ui *ui = ui_of_window(window);
	const struct opening *o = g_task_get_task_data(G_TASK(result));
	g_autoptr(GError) why = NULL;
	struct recorder *recorder = g_task_propagate_pointer(G_TASK(result), &why);

	if (recorder && ui && ui->machine) {
		begin(ui, recorder, o->path);
	} else if (recorder) {
		recorder_free(recorder);
		g_unlink(o->path);
	} else if (ui) {
		enable(ui, TRUE, FALSE);
		ui_window_tell(ui, _("The recording could not begin"), why);
	}
}

static void on_chosen(struct ui *ui, const char *path, gpointer unused)
{
	g_autoptr(GTask) task = NULL;
	struct opening *o;

	if (!ui) /* the window is gone */
		return;
	enable(ui, !path, FALSE);
	if (!path)
		return;
	task = g_task_new(ui->window, NULL, on_opened, NULL);
	o = g_new0(struct opening, 1);
	o->path = g_strdup(path);
	ui_screen_peek_frame(ui->screen, &o->width, &o->height);
	g_task_set_task_data(task, o, opening_free);
	recorder_hold();
	g_task_run_in_thread(task, open_on_thread);
}

/* What is missing is told before the user names a file. */

static void prepare_on_thread(GTask *task, gpointer source, gpointer data,
			      GCancellable *cancellable)
{
	GError *error = NULL;

	if (recorder_prepare(&error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
	recorder_release();
}

static void on_prepared(GObject *window, GAsyncResult *result, gpointer unused)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GError) why = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &why);
	g_autofree char *name = ui ? ui_save_name(ui, ".webm") : NULL;

	if (!ui)
		return;
	if (done) {
		ui_save_ask(ui, _("Record the Screen"), G_USER_DIRECTORY_VIDEOS, name, on_chosen,
			    NULL);
	} else {
		enable(ui, TRUE, FALSE);
		ui_window_tell(ui, _("The recording could not begin"), why);
	}
}

static void on_record(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	g_autoptr(GTask) task = g_task_new(ui->window, NULL, on_prepared, NULL);
	guint width, height;

	if (!ui_screen_peek_frame(ui->screen, &width, &height)) {
		ui_window_tell(ui, _("The machine has no picture yet"), NULL);
		return;
	}
	enable(ui, FALSE, FALSE);
	recorder_hold();
	g_task_run_in_thread(task, prepare_on_thread);
}

void ui_record_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "record", .activate = on_record },
		{ .name = "stop-recording", .activate = on_stop },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	enable(ui, TRUE, FALSE);
	g_signal_connect(ui->machine, "stopped", G_CALLBACK(on_stopped), ui);
	g_signal_connect(ui->window, "notify::fullscreened", G_CALLBACK(on_fullscreened), ui);
}
#else
void ui_record_add(struct ui *ui)
{
}

void ui_record_picture(struct ui *ui)
{
}

void ui_record_end(struct ui *ui)
{
}
#endif
