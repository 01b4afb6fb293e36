/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor.h. A file is written beside its place and renamed, so that one that cannot be written
 * leaves what was there. */
#include "monitor.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "program/monitor-pcap.h"
#include "program/monitor-text.h"

struct saving {
	GPtrArray *events; /* struct ui_event */
	char *format, *path;
};

static void saving_free(gpointer data)
{
	struct saving *s = data;

	g_ptr_array_unref(s->events);
	g_free(s->format);
	g_free(s->path);
	g_free(s);
}

/* -- On the thread */

static gboolean fail(GError **error, int number)
{
	g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(number), g_strerror(number));
	return FALSE;
}

static gboolean write_packets(const struct saving *s, GError **error)
{
	g_autofree char *part = g_strconcat(s->path, ".part", NULL);
	struct monitor_pcap *pcap = monitor_pcap_new(part);
	gboolean good;
	int number;

	if (!pcap)
		return fail(error, errno);
	for (guint i = 0; i < s->events->len; i++) {
		const struct ui_event *e = g_ptr_array_index(s->events, i);

		monitor_pcap_add(pcap, &e->event, e->wall_ns);
	}
	good = monitor_pcap_free(pcap) && g_rename(part, s->path) == 0;
	number = errno;
	if (!good)
		g_unlink(part);
	return good || fail(error, number);
}

static gboolean write_lines(const struct saving *s, GError **error)
{
	gboolean json = g_str_equal(s->format, "json");
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < s->events->len; i++) {
		const struct ui_event *e = g_ptr_array_index(s->events, i);

		(json ? monitor_add_json : monitor_add_text)(text, &e->event);
	}
	return g_file_set_contents(s->path, text->str, (gssize)text->len, error);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const struct saving *s = data;
	GError *error = NULL;
	gboolean good = g_str_equal(s->format, "pcapng") ? write_packets(s, &error)
							 : write_lines(s, &error);

	if (good)
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

/* -- On the main loop */

static void on_written(GObject *window, GAsyncResult *result, gpointer unused)
{
	struct ui *ui = ui_of_window(window);
	const struct saving *s = g_task_get_task_data(G_TASK(result));
	g_autofree char *name = g_filename_display_basename(s->path);
	g_autofree char *sentence = g_strdup_printf(_("The events are saved as “%s”."), name);
	g_autoptr(GError) why = NULL;
	gboolean done = g_task_propagate_boolean(G_TASK(result), &why);

	if (!ui)
		return;
	if (done)
		ui_window_toast(ui, sentence);
	else
		ui_window_tell(ui, _("The events could not be saved"), why);
}

static void save(struct ui *ui, struct saving *s, char *path)
{
	GTask *task = g_task_new(ui->window, NULL, on_written, NULL);

	s->path = path;
	g_task_set_task_data(task, s, saving_free);
	g_task_run_in_thread(task, write_on_thread);
	g_object_unref(task);
}

static gboolean has_packets(const struct saving *s)
{
	for (guint i = 0; i < s->events->len; i++) {
		const struct ui_event *e = g_ptr_array_index(s->events, i);

		if (e->event.record.kind == TSR_MONITOR_PACKETS)
			return TRUE;
	}
	return FALSE;
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS /* GtkFileDialog is of 4.10 */

	static void
	on_response(GtkNativeDialog *dialog, int response, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	g_autoptr(GFile) file = NULL;

	if (response == GTK_RESPONSE_ACCEPT)
		file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	if (ui && file && g_file_peek_path(file))
		save(ui, g_object_steal_data(G_OBJECT(dialog), "saving"), g_file_get_path(file));
	g_object_unref(dialog);
}

static void ask_for_file(struct ui *ui, struct saving *s)
{
	g_autofree char *name =
		g_strdup_printf("%s-events.%s", tsr_machine_get_name(ui->machine), s->format);
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Save the Events"), ui->window, GTK_FILE_CHOOSER_ACTION_SAVE, NULL, NULL);

	g_strdelimit(name, "/\\", '-');
	gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), name);
	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_object_set_data_full(G_OBJECT(dialog), "saving", s, saving_free);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_response), ui->window, 0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

G_GNUC_END_IGNORE_DEPRECATIONS

/* What is kept now, not when the file is named. */
void ui_monitor_save(struct ui *ui, struct ui_watch *watch, const char *format)
{
	struct saving *s = g_new0(struct saving, 1);

	s->events = ui_watch_get_events(watch, 0, UI_WATCH_EVENTS_MAX);
	s->format = g_strdup(format);
	if (g_str_equal(format, "pcapng") && !has_packets(s)) {
		ui_window_tell(ui, _("There are no packets to save"), NULL);
		saving_free(s);
		return;
	}
	ask_for_file(ui, s);
}
