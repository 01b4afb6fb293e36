/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console of a serial line whose output comes as the machine's event "output" and whose input
 * is the property `input`: a page beside the screen, with the terminal of VTE. VTE for GTK 4 tells
 * assistive technologies nothing of its text, so the terminal's description is the last line of it.
 * Without VTE at configure time there are no consoles.
 */
#include "ui.h"

#ifdef HAVE_VTE
#include <vte/vte.h>

#define SCROLLBACK_LINES 2000
#define DESCRIBE_MS 200u
#define DESCRIBE_ROWS 25 /* that are looked at for one with text */

/* -- What it tells assistive technologies */

/* (transfer full): the last row that is not blank, up to the cursor's. */
static char *last_line(VteTerminal *terminal)
{
	const long columns = vte_terminal_get_column_count(terminal);
	long column, row;

	vte_terminal_get_cursor_position(terminal, &column, &row);
	for (long last = MAX(0, row - DESCRIBE_ROWS); row >= last; row--) {
		g_autofree char *text = vte_terminal_get_text_range(terminal, row, 0, row, columns,
								    NULL, NULL, NULL);

		if (text && *g_strstrip(text))
			return g_steal_pointer(&text);
	}
	return g_strdup("");
}

static gboolean on_describe(gpointer terminal)
{
	g_autofree char *line = last_line(terminal);

	gtk_accessible_update_property(GTK_ACCESSIBLE(terminal),
				       GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, line, -1);
	g_object_set_data(terminal, "describe", NULL);
	return G_SOURCE_REMOVE;
}

/* A guest may print much faster than anybody listens. */
static void on_contents_changed(VteTerminal *terminal, gpointer data)
{
	if (g_object_get_data(G_OBJECT(terminal), "describe"))
		return;
	g_object_set_data(G_OBJECT(terminal), "describe", terminal);
	g_timeout_add_full(G_PRIORITY_LOW, DESCRIBE_MS, on_describe, g_object_ref(terminal),
			   g_object_unref);
}

/* -- What is typed, and what comes */

struct input {
	char *instance, *text;
};

static void input_free(gpointer data)
{
	struct input *input = data;

	g_free(input->instance);
	g_free(input->text);
	g_free(input);
}

static gboolean call_input(TsrMachine *machine, gpointer data, GError **error)
{
	struct input *input = data;

	return tsr_machine_set_instance_property(machine, input->instance, "input", input->text,
						 error);
}

static void on_sent(struct ui *ui, gpointer input, const GError *error)
{
	if (error)
		ui_window_tell(ui, _("The serial line takes no input"), error);
}

static void on_commit(VteTerminal *terminal, const char *text, guint size, gpointer window)
{
	struct ui *ui = ui_of_window(window);
	struct input *input;

	if (!ui || !*text)
		return;
	input = g_new0(struct input, 1);
	input->instance = g_strdup(g_object_get_data(G_OBJECT(terminal), "instance"));
	input->text = g_strndup(text, size);
	ui_calls_make(ui->calls, call_input, on_sent, input, input_free);
}

static void on_output(TsrMachine *machine, const char *instance, const char *event,
		      const char *text, gpointer terminal)
{
	if (g_str_equal(instance, g_object_get_data(terminal, "instance")))
		vte_terminal_feed(terminal, text, -1);
}

void ui_console_add(struct ui *ui, const char *instance)
{
	GtkWidget *terminal;

	if (gtk_stack_get_child_by_name(GTK_STACK(ui->pages), instance))
		return;
	terminal = vte_terminal_new();
	vte_terminal_set_scrollback_lines(VTE_TERMINAL(terminal), SCROLLBACK_LINES);
	g_object_set_data_full(G_OBJECT(terminal), "instance", g_strdup(instance), g_free);
	gtk_accessible_update_property(GTK_ACCESSIBLE(terminal), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       instance, -1);
	g_signal_connect(terminal, "contents-changed", G_CALLBACK(on_contents_changed), NULL);
	g_signal_connect_object(terminal, "commit", G_CALLBACK(on_commit), ui->window, 0);
	g_signal_connect_object(ui->machine, "event::output", G_CALLBACK(on_output), terminal, 0);
	gtk_stack_add_titled(GTK_STACK(ui->pages), terminal, instance, instance);
	gtk_widget_set_visible(ui->switcher, TRUE);
}

#else

void ui_console_add(struct ui *ui, const char *instance)
{
}

#endif
