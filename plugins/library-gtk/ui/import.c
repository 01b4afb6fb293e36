/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See import.h. */
#include "ui/import.h"

#include "model/import.h"
#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/import-run.h"

#define CANCEL "cancel"
#define COPY "copy"
#define OPEN "open"

/* One drop, until its last path is done. */
typedef struct {
	GtkWindow *over;
	TsrLibrary *library;
	char *preset;
	char **paths;
	guint at; /* the path that is looked at */
	GtkWindow *(*open_wizard)(GtkWindow *over, const char *path);
	struct tsr_import *import; /* of the path; NULL: not known yet, or handed on */
} Drop;

static void drop_free(Drop *drop)
{
	g_object_unref(drop->over);
	g_object_unref(drop->library);
	g_free(drop->preset);
	g_strfreev(drop->paths);
	tsr_import_free(drop->import);
	g_free(drop);
}

static void look(Drop *drop);

/* Takes the drop. */
static void look_at_next(Drop *drop)
{
	g_clear_pointer(&drop->import, tsr_import_free);
	drop->at++;
	/* Nothing follows the end of the library. */
	if (drop->paths[drop->at] && gtk_widget_get_visible(GTK_WIDGET(drop->over)))
		look(drop);
	else
		drop_free(drop);
}

static void on_window_gone(GtkWidget *window, gpointer data)
{
	look_at_next(data);
}

/* Takes the drop. window: what the user sees of the path before; NULL: nothing. */
static void go_on_after(GtkWindow *window, gpointer drop)
{
	if (window)
		g_signal_connect(window, "destroy", G_CALLBACK(on_window_gone), drop);
	else
		look_at_next(drop);
}

/* Takes the drop. */
static void make(Drop *drop)
{
	if (drop->preset)
		tsr_import_run(drop->over, drop->library, drop->preset,
			       g_steal_pointer(&drop->import), go_on_after, drop);
	else
		go_on_after(tsr_dialog_tell(GTK_WIDGET(drop->over), _("No machine can be made"),
					    _("The preset “pc” is not installed. Install Tessera "
					      "again, or name its folder in "
					      "TESSERA_MACHINE_PATH.")),
			    drop);
}

/* -- A machine of Tessera */

/* The question has the drop until it is answered. */
static void on_answer(AdwMessageDialog *dialog, const char *response, gpointer data)
{
	Drop *drop = g_steal_pointer((Drop **)data);

	if (!drop)
		return;
	if (g_str_equal(response, COPY)) {
		make(drop);
		return;
	}
	if (g_str_equal(response, OPEN))
		tsr_library_open_guest(drop->library, drop->import->folder);
	look_at_next(drop);
}

static void on_dialog_gone(gpointer data, GClosure *closure)
{
	Drop **drop = data;

	if (*drop)
		drop_free(*drop);
	g_free(drop);
}

/* Takes the drop. A manifest that is not of its folder cannot be started in it, because the library
 * knows machines by their folders. */
static void ask(Drop *drop)
{
	g_autofree char *heading = g_strdup_printf(_("Import “%s”?"), drop->import->title);
	AdwMessageDialog *dialog = ADW_MESSAGE_DIALOG(adw_message_dialog_new(
		drop->over, heading,
		drop->import->folder
			? _("A copy in the folder of the library is a machine of its own. Opened "
			    "where it is, the machine stays in its folder, and is in the library "
			    "while it runs.")
			: _("The machine and its disks are copied into the folder of the "
			    "library.")));
	Drop **owned = g_new(Drop *, 1);

	*owned = drop;
	adw_message_dialog_add_response(dialog, CANCEL, _("_Cancel"));
	if (drop->import->folder)
		adw_message_dialog_add_response(dialog, OPEN, _("_Open where it is"));
	adw_message_dialog_add_response(dialog, COPY, _("Co_py"));
	adw_message_dialog_set_response_appearance(dialog, COPY, ADW_RESPONSE_SUGGESTED);
	adw_message_dialog_set_default_response(dialog, COPY);
	g_signal_connect_data(dialog, "response", G_CALLBACK(on_answer), owned, on_dialog_gone, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static gboolean is_known(const Drop *drop)
{
	return drop->import->folder && tsr_library_find(drop->library, drop->import->folder);
}

static GtkWindow *tell_known(const Drop *drop)
{
	g_autofree char *heading =
		g_strdup_printf(_("“%s” is in the library already"), drop->import->title);

	return tsr_dialog_tell(GTK_WIDGET(drop->over), heading,
			       _("“Clone…” in its menu makes a copy of it."));
}

/* -- What it is */

static void look_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Drop *drop = data;
	const char *path = drop->paths[drop->at];
	struct tsr_import *import = NULL;
	GError *error = NULL;

	if (!tsr_import_is_part(path, (const char *const *)drop->paths))
		import = tsr_import_look(path, &error);
	if (error)
		g_task_return_error(task, error);
	else
		g_task_return_pointer(task, import, (GDestroyNotify)tsr_import_free);
}

/* Takes the drop, of which it is known what the path is. */
static void follow(Drop *drop)
{
	switch (drop->import->kind) {
	case TSR_IMPORT_MACHINE:
		if (is_known(drop))
			go_on_after(tell_known(drop), drop);
		else
			ask(drop);
		break;
	case TSR_IMPORT_DISC:
	case TSR_IMPORT_IMAGE:
		go_on_after(drop->open_wizard(drop->over, drop->import->path), drop);
		break;
	default:
		make(drop);
	}
}

static void on_looked(GObject *source, GAsyncResult *result, gpointer data)
{
	Drop *drop = data;
	g_autoptr(GError) why = NULL;

	drop->import = g_task_propagate_pointer(G_TASK(result), &why);
	if (why)
		go_on_after(tsr_dialog_tell(GTK_WIDGET(drop->over), _("This cannot be imported"),
					    why->message),
			    drop);
	else if (drop->import)
		follow(drop);
	else
		look_at_next(drop);
}

static void look(Drop *drop)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, on_looked, drop);

	g_task_set_task_data(task, drop, NULL);
	g_task_run_in_thread(task, look_on_thread);
}

void tsr_import_begin(GtkWindow *over, TsrLibrary *library, const char *preset,
		      const char *const *paths,
		      GtkWindow *(*open_wizard)(GtkWindow *over, const char *path))
{
	Drop *drop;

	if (!*paths)
		return;
	drop = g_new0(Drop, 1);
	drop->over = g_object_ref(over);
	drop->library = g_object_ref(library);
	drop->preset = g_strdup(preset);
	drop->paths = g_strdupv((char **)paths);
	drop->open_wizard = open_wizard;
	look(drop);
}
