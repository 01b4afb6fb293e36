/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The console of a serial line whose output comes as the machine's event "output" and whose input
 * is the property `input`: a page beside the screen, with the terminal of VTE. Without VTE at
 * configure time there are no consoles.
 */
#include "ui.h"

#ifdef HAVE_VTE
#include <vte/vte.h>

#define SCROLLBACK_LINES 2000

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
