/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See import-run.h. */
#include "ui/import-run.h"

#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/work.h"

typedef struct {
	GtkWindow *over;
	TsrLibrary *library;
	struct tsr_import *import;
	char *parent, *preset, *program;
	GPtrArray *notes;
	struct tsr_work *work;
	void (*done)(GtkWindow *told, gpointer data);
	gpointer data;
} Run;

static void run_free(gpointer data)
{
	Run *run = data;

	g_object_unref(run->over);
	g_object_unref(run->library);
	tsr_import_free(run->import);
	g_free(run->parent);
	g_free(run->preset);
	g_free(run->program);
	g_ptr_array_unref(run->notes);
	g_free(run);
}

static void make_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	Run *run = data;
	const struct tsr_import_place place = { run->parent, run->preset, run->program };
	GError *error = NULL;
	char *folder = tsr_import_make(run->import, &place, run->notes,
				       tsr_work_get_progress(run->work), cancellable, &error);

	if (folder)
		g_task_return_pointer(task, folder, g_free);
	else
		g_task_return_error(task, error);
}

/* -- On the main loop */

/* NULL: there are none. */
static GtkWindow *tell_notes(Run *run, const char *folder)
{
	g_autofree char *name = g_filename_display_basename(folder),
			*heading = g_strdup_printf(_("“%s” was imported"), name), *body = NULL;

	if (!run->notes->len)
		return NULL;
	g_ptr_array_add(run->notes, NULL);
	body = g_strjoinv("\n\n", (char **)run->notes->pdata);
	return tsr_dialog_tell(GTK_WIDGET(run->over), heading, body);
}

static void on_made(GObject *source, GAsyncResult *result, gpointer data)
{
	Run *run = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *folder = g_task_propagate_pointer(G_TASK(result), &why);
	const gboolean is_seen = gtk_widget_get_visible(GTK_WIDGET(run->over));
	GtkWindow *told = NULL;

	tsr_work_end(run->work);
	tsr_library_scan(run->library);
	if (folder && is_seen)
		told = tell_notes(run, folder);
	else if (is_seen && !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		told = tsr_dialog_tell(GTK_WIDGET(run->over), _("The import failed"), why->message);
	run->done(told, run->data);
	run_free(run);
}

static struct tsr_work *begin_work(GtkWindow *over, const struct tsr_import *import)
{
	g_autofree char *sentence = g_strdup_printf(_("“%s” is being imported"), import->title);
	const struct tsr_work_texts texts = { _("Import"), sentence, _("Progress of the import") };

	return tsr_work_begin(over, &texts, 0);
}

void tsr_import_run(GtkWindow *over, TsrLibrary *library, const char *preset,
		    struct tsr_import *import, void (*done)(GtkWindow *told, gpointer data),
		    gpointer data)
{
	Run *run = g_new0(Run, 1);
	g_autoptr(GTask) task = NULL;

	run->over = g_object_ref(over);
	run->library = g_object_ref(library);
	run->import = import;
	run->parent = g_strdup(tsr_library_settings_get_folder(tsr_library_get_settings(library)));
	run->preset = g_strdup(preset);
	run->program = g_strdup(tsr_library_get_program(library));
	run->notes = g_ptr_array_new_with_free_func(g_free);
	run->done = done;
	run->data = data;
	run->work = begin_work(over, import);
	task = g_task_new(NULL, tsr_work_get_cancellable(run->work), on_made, run);
	g_task_set_task_data(task, run, NULL);
	/* Without this a machine that was made just before would be told as none. */
	g_task_set_check_cancellable(task, FALSE);
	g_task_run_in_thread(task, make_on_thread);
}
