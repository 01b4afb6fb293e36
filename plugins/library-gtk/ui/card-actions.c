/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See card-actions.h. An action is a row: the states in which it can be done, and its function. */
#include "ui/card-actions.h"

#include "model/text.h"
#include "ui/clone.h"
#include "ui/dialogs.h"
#include "ui/groups.h"
#include "ui/hardware.h"
#include "ui/snapshots.h"
#include "ui/startup.h"

#define IN(state) (1u << (state))
#define AT_REST (IN(TSR_LIBRARY_OFF) | IN(TSR_LIBRARY_SUSPENDED) | IN(TSR_LIBRARY_DAMAGED))
#define ALIVE (IN(TSR_LIBRARY_RUNNING) | IN(TSR_LIBRARY_PAUSED))
#define ALWAYS (~0u)

typedef struct {
	GtkWidget *card; /* not owned */
	TsrLibraryMachine *machine;
} Context;

static void context_free(gpointer data)
{
	Context *context = data;

	g_object_unref(context->machine);
	g_free(context);
}

/* -- What takes no question */

static void do_start(Context *context)
{
	tsr_library_machine_start(context->machine);
}

static void do_open(Context *context)
{
	tsr_startup_open_window(context->card, context->machine);
}

static void do_suspend(Context *context)
{
	tsr_library_machine_suspend(context->machine);
}

static void do_show_files(Context *context)
{
	GtkRoot *root = gtk_widget_get_root(context->card);
	g_autofree char *uri =
		g_filename_to_uri(tsr_library_machine_get_folder(context->machine), NULL, NULL);

	gtk_show_uri(GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, uri, GDK_CURRENT_TIME);
}

static void do_eject(Context *context)
{
	tsr_library_machine_set_disc(context->machine, NULL);
}

static void do_snapshots(Context *context)
{
	GtkRoot *root = gtk_widget_get_root(context->card);

	gtk_window_present(GTK_WINDOW(tsr_snapshots_new(
		GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL, context->machine)));
}

static void do_hardware(Context *context)
{
	GtkRoot *root = gtk_widget_get_root(context->card);

	tsr_hardware_window_present(GTK_APPLICATION(g_application_get_default()),
				    GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
				    context->machine);
}

/* -- What is asked for */

static void on_disc_chosen(GtkNativeDialog *dialog, int response, gpointer machine)
{
	g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
	g_autofree char *path = file ? g_file_get_path(file) : NULL;

	if (response == GTK_RESPONSE_ACCEPT && path)
		tsr_library_machine_set_disc(machine, path);
	g_object_unref(dialog);
}

static void do_insert(Context *context)
{
	GtkRoot *root = gtk_widget_get_root(context->card);
	GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
		_("Disc"), GTK_IS_WINDOW(root) ? GTK_WINDOW(root) : NULL,
		GTK_FILE_CHOOSER_ACTION_OPEN, _("_Insert"), NULL);

	gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
	g_signal_connect_object(dialog, "response", G_CALLBACK(on_disc_chosen), context->machine,
				0);
	gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* format: with the machine's title. */

static char *with_title(Context *context, const char *format)
{
	return g_strdup_printf(format, tsr_library_machine_get_title(context->machine));
}

static void on_power_off(gpointer machine)
{
	tsr_library_machine_power_off(machine);
}

static void do_power_off(Context *context)
{
	g_autofree char *heading = with_title(context, _("Power off “%s”?"));

	tsr_dialog_ask(context->card, heading,
		       _("What the guest has not saved is lost. Shut it down inside its window "
			 "first, or suspend it."),
		       _("_Power off"), on_power_off, context->machine);
}

static void on_discard(gpointer machine)
{
	tsr_library_machine_discard_state(machine);
}

static void do_discard_state(Context *context)
{
	g_autofree char *heading = with_title(context, _("Discard the suspended state of “%s”?"));

	tsr_dialog_ask(context->card, heading,
		       _("The machine will start as after a power failure. What the guest had not "
			 "saved is lost."),
		       _("_Discard"), on_discard, context->machine);
}

static void on_changed(GObject *machine, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) why = NULL;
	g_autofree char *folder = tsr_library_machine_finish(result, &why);

	if (!folder && !g_error_matches(why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		g_signal_emit_by_name(machine, "failed", why->message);
}

static void on_rename(gpointer machine, const char *title)
{
	tsr_library_machine_rename(machine, title, on_changed, NULL);
}

static void do_rename(Context *context)
{
	tsr_dialog_ask_title(context->card, _("Rename the machine"),
			     tsr_library_machine_get_title(context->machine), _("_Rename"),
			     on_rename, context->machine);
}

static void do_clone(Context *context)
{
	GtkRoot *root = gtk_widget_get_root(context->card);

	if (GTK_IS_WINDOW(root))
		tsr_clone_ask(GTK_WINDOW(root), context->machine);
}

static void do_group(Context *context)
{
	tsr_groups_ask(context->card, context->machine);
}

static void on_trash(gpointer machine)
{
	tsr_library_machine_trash(machine, on_changed, NULL);
}

static void do_trash(Context *context)
{
	g_autofree char *heading = with_title(context, _("Move “%s” to the trash?"));

	tsr_dialog_ask(context->card, heading,
		       _("Its folder with all of its disks goes to the trash."),
		       _("_Move to trash"), on_trash, context->machine);
}

/* -- The table */

static const struct {
	const char *name;
	guint states;
	void (*run)(Context *context);
} rows[] = {
	{ "start", IN(TSR_LIBRARY_OFF), do_start },
	{ "resume", IN(TSR_LIBRARY_SUSPENDED) | IN(TSR_LIBRARY_PAUSED), do_start },
	{ "open", ALIVE, do_open },
	{ "suspend", ALIVE, do_suspend },
	{ "power-off", ALIVE, do_power_off },
	{ "discard-state", IN(TSR_LIBRARY_SUSPENDED) | IN(TSR_LIBRARY_DAMAGED), do_discard_state },
	{ "insert-disc", IN(TSR_LIBRARY_OFF) | ALIVE, do_insert },
	{ "eject-disc", IN(TSR_LIBRARY_OFF) | ALIVE, do_eject },
	{ "snapshots", IN(TSR_LIBRARY_OFF) | IN(TSR_LIBRARY_SUSPENDED) | ALIVE, do_snapshots },
	{ "hardware", AT_REST | ALIVE, do_hardware },
	{ "rename", AT_REST, do_rename },
	{ "group", ALWAYS, do_group },
	{ "clone", IN(TSR_LIBRARY_OFF) | IN(TSR_LIBRARY_SUSPENDED), do_clone },
	{ "show-files", ALWAYS, do_show_files },
	{ "trash", AT_REST, do_trash },
};

static void on_activate(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	const char *name = g_action_get_name(G_ACTION(action));

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (g_str_equal(rows[i].name, name))
			rows[i].run(data);
}

GSimpleActionGroup *tsr_card_actions_new(GtkWidget *card, TsrLibraryMachine *machine)
{
	GSimpleActionGroup *group = g_simple_action_group_new();
	Context *context = g_new0(Context, 1);

	context->card = card;
	context->machine = g_object_ref(machine);
	g_object_set_data_full(G_OBJECT(group), "context", context, context_free);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GSimpleAction) action = g_simple_action_new(rows[i].name, NULL);

		g_signal_connect(action, "activate", G_CALLBACK(on_activate), context);
		g_action_map_add_action(G_ACTION_MAP(group), G_ACTION(action));
	}
	return group;
}

void tsr_card_actions_update(GSimpleActionGroup *actions, TsrLibraryMachine *machine)
{
	TsrLibraryState state = tsr_library_machine_get_state(machine);
	/* Of a machine that runs the guest, or its window, may have changed the disc. */
	gboolean has_disc = (ALIVE & IN(state)) != 0 || tsr_library_machine_has_disc(machine);

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		GAction *action = g_action_map_lookup_action(G_ACTION_MAP(actions), rows[i].name);

		g_simple_action_set_enabled(G_SIMPLE_ACTION(action),
					    (rows[i].states & IN(state)) != 0 &&
						    (has_disc || rows[i].run != do_eject));
	}
}
