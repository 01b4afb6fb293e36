/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The menu "Send": combinations of keys that the host keeps for itself, any other by its name, and
 * the clipboard's text, typed. Of a clipboard no more is read than can be typed. A program may hold
 * one that it never hands over (GTK's own do so on X11 with more than 16 MB), or not to its end, so
 * a paste is given up after a while.
 */
#include "transfer.h"
#include "ui.h"

#define READ_SECONDS 15u
#define TEXT_BYTES_MAX ((gsize)UI_KEYS_TEXT_MAX * 4 + 4) /* in UTF-8, and one more */

static void send_combination(struct ui *ui, const char *combination)
{
	g_autoptr(GError) why = NULL;

	ui_frames_wake(ui);
	if (!ui_keys_press(ui->keys, combination, &why))
		ui_window_tell(ui, _("These keys cannot be sent"), why);
	gtk_widget_grab_focus(GTK_WIDGET(ui->screen));
}

static void on_send(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	send_combination(data, g_variant_get_string(parameter, NULL));
}

/* -- Another combination */

static void on_other_response(AdwMessageDialog *dialog, const char *response, gpointer data)
{
	struct ui *ui = ui_of_window(data);
	GtkWidget *entry = adw_message_dialog_get_extra_child(dialog);

	if (ui && g_str_equal(response, "send"))
		send_combination(ui, gtk_editable_get_text(GTK_EDITABLE(entry)));
}

static void on_other(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;
	GtkWidget *entry = gtk_entry_new();
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(adw_message_dialog_new(
		ui->window, _("Send keys"),
		_("Names of keys that are pressed together, joined by hyphens, such as "
		  "ctrl-alt-f2.")));

	adw_message_dialog_add_responses(dialog, "cancel", _("_Cancel"), "send", _("_Send"), NULL);
	adw_message_dialog_set_default_response(dialog, "send");
	adw_message_dialog_set_extra_child(dialog, entry);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
				       _("Keys"), -1);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_other_response), ui->window, 0);
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_widget_grab_focus(entry);
}

/* -- Pasting */

static void on_progress(gpointer data, double part)
{
	struct ui *ui = data;

	ui_frames_wake(ui);
	gtk_progress_bar_set_fraction(GTK_PROGRESS_BAR(ui->typing_bar), part);
	gtk_widget_set_visible(ui->typing, part < 1);
}

static void on_cancel(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	struct ui *ui = data;

	ui_keys_cancel(ui->keys);
	gtk_widget_set_visible(ui->typing, FALSE);
	gtk_widget_grab_focus(GTK_WIDGET(ui->screen));
}

static void paste(struct ui *ui, const char *text)
{
	g_autoptr(GError) why = NULL;

	if (!ui_keys_type(ui->keys, text, on_progress, ui, &why)) {
		ui_window_tell(ui, _("The clipboard cannot be typed"), why);
		return;
	}
	on_progress(ui, 0);
	gtk_widget_grab_focus(GTK_WIDGET(ui->screen));
}

struct reading {
	GtkWindow *window; /* owned; NULL: it was given up */
	GdkDisplay *display;
	guint timeout;                 /* 0: it has come, or was given up */
	gint64 end_us;                 /* of the monotonic clock: it is given up */
	GInputStream *input;           /* NULL: it has not begun to come */
	gsize length;                  /* of text */
	char text[TEXT_BYTES_MAX + 1]; /* terminated */
};

/* Nobody waits for it any more. NULL: the window is gone. */
static struct ui *reading_leave(struct reading *reading)
{
	struct ui *ui = reading->window ? ui_of_window(reading->window) : NULL;

	if (ui)
		ui_actions_enable(ui, "paste", TRUE);
	g_clear_handle_id(&reading->timeout, g_source_remove);
	g_clear_object(&reading->window);
	return ui;
}

static void reading_free(struct reading *reading)
{
	g_clear_object(&reading->input);
	g_free(reading);
}

static void give_up(struct reading *reading)
{
	struct ui *ui = reading_leave(reading);

	ui_transfer_end(reading->display);
	if (ui)
		ui_window_tell(ui,
			       _("The clipboard cannot be read: the program that has it does not "
				 "hand it over. Copy the text once more, or less of it."),
			       NULL);
}

static gboolean on_read_timeout(gpointer data)
{
	struct reading *reading = data;

	reading->timeout = 0;
	give_up(reading);
	return G_SOURCE_REMOVE;
}

/* A text that came late may have been ended in its middle. */
static void use(struct reading *reading, const GError *why)
{
	struct ui *ui;

	if (g_get_monotonic_time() >= reading->end_us) {
		give_up(reading);
		return;
	}
	ui = reading_leave(reading);
	ui_transfer_end(reading->display);
	if (ui && why)
		ui_window_tell(ui, _("The clipboard cannot be read"), why);
	else if (ui)
		paste(ui, reading->text);
}

static gboolean read_on(gpointer data);

/* Not from here: GDK 4.8 forgets a read that begins while it tells the end of another. */
static void on_part_read(GObject *input, GAsyncResult *result, gpointer data)
{
	struct reading *reading = data;
	g_autoptr(GError) why = NULL;
	const gssize count = g_input_stream_read_finish(G_INPUT_STREAM(input), result, &why);

	if (count > 0)
		reading->length += (gsize)count;
	if (count > 0 && reading->length < TEXT_BYTES_MAX) {
		g_idle_add_full(G_PRIORITY_DEFAULT, read_on, reading, NULL);
		return;
	}
	use(reading, why);
	reading_free(reading);
}

static gboolean read_on(gpointer data)
{
	struct reading *reading = data;

	g_input_stream_read_async(reading->input, reading->text + reading->length,
				  TEXT_BYTES_MAX - reading->length, G_PRIORITY_DEFAULT, NULL,
				  on_part_read, reading);
	return G_SOURCE_REMOVE;
}

static void on_read(GObject *clipboard, GAsyncResult *result, gpointer data)
{
	struct reading *reading = data;

	reading->input = gdk_clipboard_read_finish(GDK_CLIPBOARD(clipboard), result, NULL, NULL);
	ui_transfer_opened(reading->display);
	if (!reading->input) {
		struct ui *ui = reading_leave(reading);

		if (ui)
			ui_window_tell(ui, _("The clipboard has no text"), NULL);
		reading_free(reading);
		return;
	}
	read_on(reading);
}

static void on_paste(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	static const char *types[] = { "text/plain;charset=utf-8", NULL };
	struct ui *ui = data;
	struct reading *reading = g_new0(struct reading, 1);

	reading->window = g_object_ref(ui->window);
	reading->display = gtk_widget_get_display(GTK_WIDGET(ui->window));
	reading->end_us = g_get_monotonic_time() + READ_SECONDS * G_USEC_PER_SEC;
	reading->timeout = g_timeout_add_seconds(READ_SECONDS, on_read_timeout, reading);
	ui_actions_enable(ui, "paste", FALSE);
	ui_transfer_expect(reading->display, TEXT_BYTES_MAX, READ_SECONDS);
	gdk_clipboard_read_async(gtk_widget_get_clipboard(GTK_WIDGET(ui->window)), types,
				 G_PRIORITY_DEFAULT, NULL, on_read, reading);
}

/* -- The menu */

static GMenuModel *make_menu(void)
{
	static const struct {
		const char *label, *keys;
	} rows[] = {
		{ N_("Ctrl+Alt+_Delete"), "ctrl-alt-delete" },
		{ N_("Ctrl+Alt+_Backspace"), "ctrl-alt-backspace" },
		{ N_("Ctrl+_Escape"), "ctrl-esc" },
		{ N_("Alt+_Tab"), "alt-tab" },
		{ N_("Alt+F_4"), "alt-f4" },
		{ N_("_Print Screen"), "print" },
		{ N_("Ctrl+Alt+F_1"), "ctrl-alt-f1" },
		{ N_("Ctrl+Alt+F_2"), "ctrl-alt-f2" },
		{ N_("Ctrl+Alt+F_7"), "ctrl-alt-f7" },
	};
	GMenu *menu = g_menu_new();
	g_autoptr(GMenu) keys = g_menu_new(), more = g_menu_new();

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *action = g_strconcat("machine.send::", rows[i].keys, NULL);

		g_menu_append(keys, _(rows[i].label), action);
	}
	g_menu_append(more, _("_Other Keys…"), "machine.send-other");
	g_menu_append(more, _("Type the _Clipboard"), "machine.paste");
	g_menu_append_section(menu, NULL, G_MENU_MODEL(keys));
	g_menu_append_section(menu, NULL, G_MENU_MODEL(more));
	return G_MENU_MODEL(menu);
}

void ui_send_add(struct ui *ui)
{
	static const GActionEntry entries[] = {
		{ .name = "send", .activate = on_send, .parameter_type = "s" },
		{ .name = "send-other", .activate = on_other },
		{ .name = "paste", .activate = on_paste },
		{ .name = "cancel-typing", .activate = on_cancel },
	};
	g_autoptr(GMenuModel) menu = make_menu();

	ui->keys = ui_keys_new(ui->machine);
	g_action_map_add_action_entries(G_ACTION_MAP(ui->actions), entries, G_N_ELEMENTS(entries),
					ui);
	gtk_menu_button_set_menu_model(GTK_MENU_BUTTON(ui->send_button), menu);
}
