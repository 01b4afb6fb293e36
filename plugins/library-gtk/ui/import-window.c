/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See import-window.h. The thread that works counts, and a timer of the window looks at that. */
#include "ui/import-window.h"

#include "model/text.h"
#include "ui/dialogs.h"

#define LOOK_MS 100

struct _TsrImportWindow {
	AdwWindow parent;
	TsrLibrary *library;
	GCancellable *cancellable;
	guint timer;
	int permille; /* atomic */

	GtkLabel *label;
	GtkProgressBar *progress;
};

G_DEFINE_FINAL_TYPE(TsrImportWindow, tsr_import_window, ADW_TYPE_WINDOW)

/* -- On another thread */

typedef struct {
	struct tsr_import *import;
	char *parent, *preset, *program;
	GPtrArray *notes;
} Work;

static void work_free(gpointer data)
{
	Work *work = data;

	tsr_import_free(work->import);
	g_free(work->parent);
	g_free(work->preset);
	g_free(work->program);
	g_ptr_array_unref(work->notes);
	g_free(work);
}

static void report(gpointer user, double done)
{
	TsrImportWindow *self = user;

	g_atomic_int_set(&self->permille, (int)(done * 1000));
}

static void make_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Work *work = data;
	const struct tsr_import_place place = { work->parent, work->preset, work->program };
	struct tsr_progress progress = { .report = report, .user = source };
	GError *error = NULL;
	char *folder =
		tsr_import_make(work->import, &place, work->notes, &progress, cancellable, &error);

	if (folder)
		g_task_return_pointer(task, folder, g_free);
	else
		g_task_return_error(task, error);
}

/* -- On the main loop */

static void tell_notes(TsrImportWindow *self, const char *folder, const Work *work)
{
	GtkWindow *over = gtk_window_get_transient_for(GTK_WINDOW(self));
	g_autofree char *name = g_filename_display_basename(folder),
			*heading = g_strdup_printf(_("“%s” was imported"), name), *body = NULL;

	if (!work->notes->len || !over)
		return;
	g_ptr_array_add(work->notes, NULL);
	body = g_strjoinv("\n\n", (char **)work->notes->pdata);
	tsr_dialog_tell(GTK_WIDGET(over), heading, body);
}

static void on_made(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrImportWindow *self = TSR_IMPORT_WINDOW(source);
	GtkWindow *over = gtk_window_get_transient_for(GTK_WINDOW(self));
	g_autoptr(GError) why = NULL;
	g_autofree char *folder = g_task_propagate_pointer(G_TASK(result), &why);

	tsr_library_scan(self->library);
	if (folder)
		tell_notes(self, folder, g_task_get_task_data(G_TASK(result)));
	else if (over && !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		tsr_dialog_tell(GTK_WIDGET(over), _("The import failed"), why->message);
	gtk_window_destroy(GTK_WINDOW(self));
}

static gboolean on_look(gpointer data)
{
	TsrImportWindow *self = data;

	gtk_progress_bar_set_fraction(self->progress, g_atomic_int_get(&self->permille) / 1000.0);
	return G_SOURCE_CONTINUE;
}

void tsr_import_window_run(GtkWindow *over, TsrLibrary *library, const char *preset,
			   struct tsr_import *import)
{
	TsrImportWindow *self = g_object_new(TSR_TYPE_IMPORT_WINDOW, "transient-for", over, NULL);
	g_autoptr(GTask) task = g_task_new(self, self->cancellable, on_made, NULL);
	g_autofree char *text = g_strdup_printf(_("“%s” is being imported"), import->title);
	Work *work = g_new0(Work, 1);

	self->library = g_object_ref(library);
	gtk_label_set_label(self->label, text);
	work->import = import;
	work->parent = g_strdup(tsr_library_settings_get_folder(tsr_library_get_settings(library)));
	work->preset = g_strdup(preset);
	work->program = g_strdup(tsr_library_get_program(library));
	work->notes = g_ptr_array_new_with_free_func(g_free);
	g_task_set_task_data(task, work, work_free);
	/* Without this a machine that was made just before would be told as none. */
	g_task_set_check_cancellable(task, FALSE);
	g_task_run_in_thread(task, make_on_thread);
	self->timer = g_timeout_add(LOOK_MS, on_look, self);
	gtk_window_present(GTK_WINDOW(self));
}

/* -- The window */

/* It goes when the thread has ended, which removes what it has made. */
static gboolean tsr_import_window_close_request(GtkWindow *window)
{
	TsrImportWindow *self = TSR_IMPORT_WINDOW(window);

	g_cancellable_cancel(self->cancellable);
	gtk_widget_set_visible(GTK_WIDGET(self), FALSE);
	return TRUE;
}

static void tsr_import_window_dispose(GObject *object)
{
	TsrImportWindow *self = TSR_IMPORT_WINDOW(object);

	g_cancellable_cancel(self->cancellable);
	g_clear_handle_id(&self->timer, g_source_remove);
	g_clear_object(&self->library);
	G_OBJECT_CLASS(tsr_import_window_parent_class)->dispose(object);
}

static void tsr_import_window_finalize(GObject *object)
{
	g_object_unref(TSR_IMPORT_WINDOW(object)->cancellable);
	G_OBJECT_CLASS(tsr_import_window_parent_class)->finalize(object);
}

static void tsr_import_window_class_init(TsrImportWindowClass *class)
{
	GtkWidgetClass *widget = GTK_WIDGET_CLASS(class);

	G_OBJECT_CLASS(class)->dispose = tsr_import_window_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_import_window_finalize;
	GTK_WINDOW_CLASS(class)->close_request = tsr_import_window_close_request;
	gtk_widget_class_set_template_from_resource(widget, "/org/tessera/Tessera/import.ui");
	gtk_widget_class_bind_template_child(widget, TsrImportWindow, label);
	gtk_widget_class_bind_template_child(widget, TsrImportWindow, progress);
}

static void tsr_import_window_init(TsrImportWindow *self)
{
	self->cancellable = g_cancellable_new();
	gtk_widget_init_template(GTK_WIDGET(self));
}
