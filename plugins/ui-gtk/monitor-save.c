/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See monitor.h. A file is written beside its place and renamed, so that one that cannot be written
 * leaves what was there. */
#include "monitor.h"

#include <errno.h>
#include <glib/gstdio.h>

#include "save.h"

struct events {
	GPtrArray *list; /* TsrWatchEvent */
	char *format;
};

static void events_free(gpointer data)
{
	struct events *e = data;

	g_ptr_array_unref(e->list);
	g_free(e->format);
	g_free(e);
}

/* -- On the thread */

static gboolean move(const char *from, const char *to, GError **error)
{
	if (g_rename(from, to) == 0)
		return TRUE;
	g_set_error_literal(error, G_IO_ERROR, g_io_error_from_errno(errno), g_strerror(errno));
	return FALSE;
}

static gboolean write_packets(const struct events *s, const char *path, GError **error)
{
	g_autofree char *part = g_strconcat(path, ".part", NULL);
	g_autoptr(TsrWatchCapture) capture = tsr_watch_capture_new(part, error);
	gboolean good;

	if (!capture)
		return FALSE;
	for (guint i = 0; i < s->list->len; i++)
		tsr_watch_capture_add(capture, g_ptr_array_index(s->list, i));
	good = tsr_watch_capture_close(capture, error) && move(part, path, error);
	if (!good)
		g_unlink(part);
	return good;
}

static gboolean write_lines(const struct events *s, const char *path, GError **error)
{
	gboolean json = g_str_equal(s->format, "json");
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; i < s->list->len; i++) {
		const TsrWatchEvent *e = g_ptr_array_index(s->list, i);
		g_autofree char *line =
			json ? tsr_watch_event_to_json(e) : tsr_watch_event_to_text(e);

		g_string_append(text, line);
		g_string_append_c(text, '\n');
	}
	return g_file_set_contents(path, text->str, (gssize)text->len, error);
}

static gboolean write_events(gconstpointer content, const char *path, GError **error)
{
	const struct events *s = content;

	return g_str_equal(s->format, "pcapng") ? write_packets(s, path, error)
						: write_lines(s, path, error);
}

/* -- On the main loop */

static gboolean has_packets(const struct events *s)
{
	for (guint i = 0; i < s->list->len; i++)
		if (tsr_watch_event_get_kind(g_ptr_array_index(s->list, i)) ==
		    TSR_WATCH_KIND_PACKETS)
			return TRUE;
	return FALSE;
}

void ui_monitor_save(struct ui *ui, struct ui_watch *watch, const char *format)
{
	struct events *s = g_new0(struct events, 1);
	g_autofree char *name =
		g_strdup_printf("%s-events.%s", tsr_machine_get_name(ui->machine), format);
	struct ui_saving what = {
		.title = _("Save the Events"),
		.done = _("The events are saved as “%s”."),
		.failed = _("The events could not be saved"),
		.folder = G_USER_DIRECTORY_DOCUMENTS,
		.write = write_events,
		.content = s,
		.free_content = events_free,
	};

	s->list = ui_watch_get_events(watch, 0, UI_WATCH_EVENTS_MAX, NULL);
	s->format = g_strdup(format);
	if (g_str_equal(format, "pcapng") && !has_packets(s)) {
		ui_window_tell(ui, _("There are no packets to save"), NULL);
		events_free(s);
		return;
	}
	ui_save(ui, &what, name);
}
