/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See clone.h. */
#include "ui/clone.h"

#include "model/text.h"
#include "ui/dialogs.h"
#include "ui/work.h"

#define MACHINE_DATA "cloned-machine" /* of the window, from the question to the answer */
#define PATIENCE_MS 500 /* most copies share blocks or are short, and need no window */

static void on_cloned(GObject *machine, GAsyncResult *result, gpointer work)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *folder = tsr_library_machine_finish(result, &why);

	tsr_work_end(work);
	if (!folder && !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		g_signal_emit_by_name(machine, "failed", why->message);
}

static void begin(GtkWindow *over, TsrLibraryMachine *machine, const char *title)
{
	g_autofree char *sentence = g_strdup_printf(_("“%s” is being copied with its disks"),
						    tsr_library_machine_get_title(machine));
	const struct tsr_work_texts texts = { _("Clone"), sentence, _("Progress of the copy") };
	struct tsr_work *work = tsr_work_begin(over, &texts, PATIENCE_MS);

	tsr_library_machine_clone(machine, title, tsr_work_get_progress(work),
				  tsr_work_get_cancellable(work), on_cloned, work);
}

static void on_answer(gpointer window, const char *title)
{
	g_autoptr(TsrLibraryMachine) machine = g_object_steal_data(window, MACHINE_DATA);

	if (machine)
		begin(window, machine, title);
}

void tsr_clone_ask(GtkWindow *over, TsrLibraryMachine *machine)
{
	g_autofree char *title =
		g_strdup_printf(_("Copy of %s"), tsr_library_machine_get_title(machine));

	g_object_set_data_full(G_OBJECT(over), MACHINE_DATA, g_object_ref(machine), g_object_unref);
	tsr_dialog_ask_title(GTK_WIDGET(over), _("Clone the machine with its disks"), title,
			     _("_Clone"), on_answer, over);
}
