/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See dialogs.h. */
#include "ui/dialogs.h"

#include "model/name.h"
#include "model/text.h"

#define YES "yes"
#define CANCEL "cancel"

typedef struct {
	void (*done)(gpointer object);
	void (*done_title)(gpointer object, const char *title);
	gpointer object;
	GtkEditable *entry;
} Question;

static GtkWidget *dialog_new(GtkWidget *over, const char *heading, const char *body)
{
	GtkRoot *root = gtk_widget_get_root(over);

	return adw_message_dialog_new(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, heading, body);
}

GtkWindow *tsr_dialog_tell(GtkWidget *over, const char *heading, const char *body)
{
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(dialog_new(over, heading, body));

	adw_message_dialog_add_response(dialog, CANCEL, _("_Close"));
	gtk_window_present(GTK_WINDOW(dialog));
	return GTK_WINDOW(dialog);
}

static void on_response(AdwMessageDialog *dialog, const char *response, gpointer data)
{
	Question *question = data;
	g_autofree char *title = NULL;

	if (!g_str_equal(response, YES))
		return;
	if (question->done)
		question->done(question->object);
	if (question->done_title) {
		title = tsr_library_clean_title(gtk_editable_get_text(question->entry));
		question->done_title(question->object, title);
	}
}

static void question_free(gpointer data, GClosure *closure)
{
	Question *question = data;

	g_object_unref(question->object);
	g_free(question);
}

static AdwMessageDialog *ask(GtkWidget *over, const char *heading, const char *body,
			     const char *yes, Question *question)
{
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(dialog_new(over, heading, body));

	adw_message_dialog_add_response(dialog, CANCEL, _("_Cancel"));
	adw_message_dialog_add_response(dialog, YES, yes);
	adw_message_dialog_set_default_response(dialog, YES);
	g_signal_connect_data(dialog, "response", G_CALLBACK(on_response), question, question_free,
			      0);
	return dialog;
}

void tsr_dialog_ask(GtkWidget *over, const char *heading, const char *body, const char *yes,
		    void (*done)(gpointer object), gpointer object)
{
	Question *question = g_new0(Question, 1);
	AdwMessageDialog *dialog;

	question->done = done;
	question->object = g_object_ref(object);
	dialog = ask(over, heading, body, yes, question);
	adw_message_dialog_set_response_appearance(dialog, YES, ADW_RESPONSE_DESTRUCTIVE);
	adw_message_dialog_set_default_response(dialog, CANCEL);
	gtk_window_present(GTK_WINDOW(dialog));
}

static void on_text_changed(GtkEditable *entry, AdwMessageDialog *dialog)
{
	g_autofree char *title = tsr_library_clean_title(gtk_editable_get_text(entry));

	adw_message_dialog_set_response_enabled(dialog, YES, *title != '\0');
}

/* A line of text; the dialog is not shown yet. */
static AdwMessageDialog *ask_text(GtkWidget *over, const char *heading, const char *name,
				  const char *text, const char *yes, Question *question)
{
	AdwMessageDialog *dialog = ask(over, heading, NULL, yes, question);
	GtkWidget *entry = gtk_entry_new();

	question->entry = GTK_EDITABLE(entry);
	gtk_entry_set_activates_default(GTK_ENTRY(entry), TRUE);
	gtk_entry_set_max_length(GTK_ENTRY(entry), TSR_LIBRARY_TITLE_CHARACTERS);
	gtk_accessible_update_property(GTK_ACCESSIBLE(entry), GTK_ACCESSIBLE_PROPERTY_LABEL, name,
				       -1);
	gtk_editable_set_text(GTK_EDITABLE(entry), text);
	adw_message_dialog_set_extra_child(dialog, entry);
	adw_message_dialog_set_response_appearance(dialog, YES, ADW_RESPONSE_SUGGESTED);
	return dialog;
}

static Question *question_of_text(void (*done)(gpointer object, const char *text), gpointer object)
{
	Question *question = g_new0(Question, 1);

	question->done_title = done;
	question->object = g_object_ref(object);
	return question;
}

void tsr_dialog_ask_note(GtkWidget *over, const char *heading, const char *note, const char *yes,
			 void (*done)(gpointer object, const char *note), gpointer object)
{
	Question *question = question_of_text(done, object);
	AdwMessageDialog *dialog = ask_text(over, heading, heading, note, yes, question);

	gtk_window_present(GTK_WINDOW(dialog));
	gtk_widget_grab_focus(GTK_WIDGET(question->entry));
}

void tsr_dialog_ask_title(GtkWidget *over, const char *heading, const char *title, const char *yes,
			  void (*done)(gpointer object, const char *title), gpointer object)
{
	Question *question = question_of_text(done, object);
	AdwMessageDialog *dialog = ask_text(over, heading, _("Name"), title, yes, question);

	g_signal_connect(question->entry, "changed", G_CALLBACK(on_text_changed), dialog);
	on_text_changed(question->entry, dialog);
	gtk_window_present(GTK_WINDOW(dialog));
	gtk_widget_grab_focus(GTK_WIDGET(question->entry));
}
