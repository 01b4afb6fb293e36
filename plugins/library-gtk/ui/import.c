/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See import.h. */
#include "ui/import.h"

#include "model/import.h"
#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/import-window.h"

#define CANCEL "cancel"
#define COPY "copy"
#define OPEN "open"

/* One drop, until it is known what becomes of it. */
typedef struct {
	GtkWindow *over;
	TsrLibrary *library;
	char *preset, *path;
	void (*open_wizard)(GtkWindow *over, const char *path);
	struct tsr_import *import; /* NULL: not known yet, or handed on */
} Drop;

static void drop_free(Drop *drop)
{
	g_object_unref(drop->over);
	g_object_unref(drop->library);
	g_free(drop->preset);
	g_free(drop->path);
	tsr_import_free(drop->import);
	g_free(drop);
}

static void make(Drop *drop)
{
	if (drop->preset)
		tsr_import_window_run(drop->over, drop->library, drop->preset,
				      g_steal_pointer(&drop->import));
	else
		tsr_dialog_tell(GTK_WIDGET(drop->over), _("No machine can be made"),
				_("The preset “pc” is not installed. Install Tessera again, or "
				  "name its folder in TESSERA_MACHINE_PATH."));
}

/* -- A machine of Tessera */

static void on_answer(AdwMessageDialog *dialog, const char *response, gpointer data)
{
	Drop *drop = data;

	if (g_str_equal(response, COPY))
		make(drop);
	else if (g_str_equal(response, OPEN))
		tsr_library_open_guest(drop->library, drop->import->folder);
}

static void on_dialog_gone(gpointer data, GClosure *closure)
{
	drop_free(data);
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

	adw_message_dialog_add_response(dialog, CANCEL, _("_Cancel"));
	if (drop->import->folder)
		adw_message_dialog_add_response(dialog, OPEN, _("_Open where it is"));
	adw_message_dialog_add_response(dialog, COPY, _("Co_py"));
	adw_message_dialog_set_response_appearance(dialog, COPY, ADW_RESPONSE_SUGGESTED);
	adw_message_dialog_set_default_response(dialog, COPY);
	g_signal_connect_data(dialog, "response", G_CALLBACK(on_answer), drop, on_dialog_gone, 0);
	gtk_window_present(GTK_WINDOW(dialog));
}

static gboolean is_known(const Drop *drop)
{
	return drop->import->folder && tsr_library_find(drop->library, drop->import->folder);
}

static void tell_known(const Drop *drop)
{
	g_autofree char *heading =
		g_strdup_printf(_("“%s” is in the library already"), drop->import->title);

	tsr_dialog_tell(GTK_WIDGET(drop->over), heading,
			_("“Clone…” in its menu makes a copy of it."));
}

/* -- What it is */

static void look_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Drop *drop = data;
	GError *error = NULL;
	struct tsr_import *import = tsr_import_look(drop->path, &error);

	if (import)
		g_task_return_pointer(task, import, (GDestroyNotify)tsr_import_free);
	else
		g_task_return_error(task, error);
}

static void on_looked(GObject *source, GAsyncResult *result, gpointer data)
{
	Drop *drop = data;
	g_autoptr(GError) why = NULL;

	drop->import = g_task_propagate_pointer(G_TASK(result), &why);
	if (!drop->import) {
		tsr_dialog_tell(GTK_WIDGET(drop->over), _("This cannot be imported"), why->message);
	} else if (drop->import->kind == TSR_IMPORT_MACHINE && !is_known(drop)) {
		ask(drop);
		return;
	} else if (drop->import->kind == TSR_IMPORT_MACHINE) {
		tell_known(drop);
	} else if (drop->import->kind == TSR_IMPORT_DISC ||
		   drop->import->kind == TSR_IMPORT_IMAGE) {
		drop->open_wizard(drop->over, drop->import->path);
	} else {
		make(drop);
	}
	drop_free(drop);
}

void tsr_import_begin(GtkWindow *over, TsrLibrary *library, const char *preset, const char *path,
		      void (*open_wizard)(GtkWindow *over, const char *path))
{
	g_autoptr(GTask) task = NULL;
	Drop *drop = g_new0(Drop, 1);

	drop->over = g_object_ref(over);
	drop->library = g_object_ref(library);
	drop->preset = g_strdup(preset);
	drop->path = g_strdup(path);
	drop->open_wizard = open_wizard;
	task = g_task_new(NULL, NULL, on_looked, drop);
	g_task_set_task_data(task, drop, NULL);
	g_task_run_in_thread(task, look_on_thread);
}
