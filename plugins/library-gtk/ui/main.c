/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera-library PROGRAM [FILE]: the library of machines. PROGRAM is the `tessera` that started
 * it, and that starts the machines. FILE is what could be dropped onto the library; but a machine's
 * folder or manifest opens the editor of its parts without the library. One process for
 * each user session: a second one asks the first, and ends.
 */
#include <adwaita.h>
#include <locale.h>
#include <stdlib.h>

#include "help.h"
#include "model/machine-file.h"
#include "model/preset.h"
#include "model/text.h"
#include "renderer.h"
#include "translations.h"
#include "ui/dialogs.h"
#include "ui/hardware.h"
#include "ui/plugins.h"
#include "ui/window.h"

#define ID "org.tessera.Tessera"

typedef struct {
	const char *program; /* absolute */
	char *preset;        /* NULL: not installed */
	TsrLibrarySettings *settings;
	TsrLibrary *library;
} Program;

/* -- Actions */

static void on_demo(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	Program *program = data;
	GtkWindow *window =
		gtk_application_get_active_window(GTK_APPLICATION(g_application_get_default()));
	g_autoptr(GError) why = NULL;
	g_autoptr(GSubprocess) demo = g_subprocess_new(G_SUBPROCESS_FLAGS_STDOUT_SILENCE, &why,
						       program->program, "demo", NULL);

	if (!demo && window)
		tsr_dialog_tell(GTK_WIDGET(window), _("The demo could not be started"),
				why->message);
}

static void on_about(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	adw_show_about_window(
		gtk_application_get_active_window(GTK_APPLICATION(g_application_get_default())),
		"application-name", _("Tessera"), "application-icon", ID, "version",
		TESSERA_VERSION, "comments", _("PCs in windows, made of plugins"), "license-type",
		GTK_LICENSE_LGPL_2_1, NULL);
}

/* Made when it is asked for: GTK 4.8 crashes when an assistive technology asks for the children of
 * the application while one of its windows was never shown. */
static void on_shortcuts(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_autoptr(GtkBuilder) builder =
		gtk_builder_new_from_resource("/org/tessera/Tessera/shortcuts.ui");
	GtkWindow *window = GTK_WINDOW(gtk_builder_get_object(builder, "shortcuts"));

	gtk_window_set_transient_for(window, gtk_application_get_active_window(
						     GTK_APPLICATION(g_application_get_default())));
	gtk_window_present(window);
}

static void on_help(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	Program *program = data;

	tsr_help_show(
		gtk_application_get_active_window(GTK_APPLICATION(g_application_get_default())),
		program->program);
}

static void on_plugins(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	Program *program = data;
	GtkApplication *application = GTK_APPLICATION(g_application_get_default());

	tsr_plugins_window_present(application, gtk_application_get_active_window(application),
				   program->library);
}

static void on_quit(GSimpleAction *action, GVariant *parameter, gpointer data)
{
	g_application_quit(g_application_get_default());
}

static void add_actions(GtkApplication *application, Program *program)
{
	static const GActionEntry entries[] = {
		{ .name = "demo", .activate = on_demo },
		{ .name = "plugins", .activate = on_plugins },
		{ .name = "shortcuts", .activate = on_shortcuts },
		{ .name = "help", .activate = on_help },
		{ .name = "about", .activate = on_about },
		{ .name = "quit", .activate = on_quit },
	};
	static const struct {
		const char *action, *keys;
	} shortcuts[] = {
		{ "win.new", "<Control>n" },
		{ "win.search", "<Control>f" },
		{ "app.shortcuts", "<Control>question" },
		{ "app.help", "F1" },
		{ "app.quit", "<Control>q" },
	};

	g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
					program);
	for (guint i = 0; i < G_N_ELEMENTS(shortcuts); i++) {
		const char *const keys[] = { shortcuts[i].keys, NULL };

		gtk_application_set_accels_for_action(application, shortcuts[i].action, keys);
	}
}

/* -- The application */

static TsrLibraryWindow *window_of(GtkApplication *application, Program *program)
{
	GtkWindow *window = NULL;

	for (GList *each = gtk_application_get_windows(application); each; each = each->next)
		if (TSR_IS_LIBRARY_WINDOW(each->data))
			window = each->data;
	if (!window)
		window = GTK_WINDOW(
			tsr_library_window_new(application, program->library, program->preset));
	gtk_window_present(window);
	return TSR_LIBRARY_WINDOW(window);
}

/* Cards that rarely change need no GPU either. GTK has no function for it: this is what its own
 * back ends set. GSK_RENDERER is not, because machines' windows would get it, too. */
static void leave_graphics_device(void)
{
	if (!g_getenv("GSK_RENDERER"))
		g_object_set_data(G_OBJECT(gdk_display_get_default()), "gsk-renderer",
				  (gpointer) "cairo");
}

static void on_startup(GtkApplication *application, gpointer data)
{
	Program *program = data;

	leave_graphics_device();
	gtk_window_set_default_icon_name(ID);
	program->settings = tsr_library_settings_new(NULL);
	program->library = tsr_library_new(program->settings, program->program);
	add_actions(application, program);
}

static void on_activate(GtkApplication *application, gpointer data)
{
	window_of(application, data);
}

/* -- The parts of a machine, which need not be one of the library */

static void read_folder_on_thread(GTask *task, gpointer source, gpointer data,
				  GCancellable *cancellable)
{
	const char *path = data;
	g_autofree char *folder =
		g_file_test(path, G_FILE_TEST_IS_DIR) ? g_strdup(path) : g_path_get_dirname(path);

	g_task_return_pointer(task, tsr_machine_record_read(folder),
			      (GDestroyNotify)tsr_machine_record_free);
}

static void on_folder_read(GObject *source, GAsyncResult *result, gpointer data)
{
	GtkApplication *application = GTK_APPLICATION(source);
	Program *program = data;
	struct tsr_machine_record *record = g_task_propagate_pointer(G_TASK(result), NULL);
	TsrLibraryMachine *known = tsr_library_find(program->library, record->folder);
	g_autoptr(TsrLibraryMachine) machine = NULL;

	if (known) {
		machine = g_object_ref(known);
		tsr_machine_record_free(record);
	} else {
		machine = tsr_library_machine_new(program->settings, program->program, record);
		tsr_library_machine_look(machine);
	}
	tsr_hardware_window_present(application, NULL, machine);
	g_application_release(G_APPLICATION(application));
}

static void open_hardware(GtkApplication *application, Program *program, const char *path)
{
	g_autoptr(GTask) task = g_task_new(application, NULL, on_folder_read, program);

	g_application_hold(G_APPLICATION(application));
	g_task_set_task_data(task, g_strdup(path), g_free);
	g_task_run_in_thread(task, read_folder_on_thread);
}

static gboolean is_machine(GFile *file, const char *path)
{
	return g_str_has_suffix(path, TSR_LIBRARY_SUFFIX) ||
	       g_file_query_file_type(file, G_FILE_QUERY_INFO_NONE, NULL) == G_FILE_TYPE_DIRECTORY;
}

static void on_open(GtkApplication *application, GFile **files, int count, const char *hint,
		    gpointer data)
{
	g_autofree char *path = count ? g_file_get_path(files[0]) : NULL;
	const char *const paths[] = { path, NULL };

	if (path && is_machine(files[0], path))
		open_hardware(application, data, path);
	else if (path)
		tsr_library_window_import(window_of(application, data), paths);
	else
		window_of(application, data);
}

static void on_shutdown(GtkApplication *application, gpointer data)
{
	Program *program = data;

	g_clear_object(&program->library);
	g_clear_object(&program->settings);
}

int main(int argc, char **argv)
{
	Program program = { 0 };
	g_autoptr(AdwApplication) application = NULL;
	int status;

	setlocale(LC_ALL, "");
	if (argc < 2 || !g_path_is_absolute(argv[1])) {
		g_printerr("tessera-library: `tessera` starts it\n");
		return 2;
	}
	tsr_translations_bind(argv[1]);
	program.program = argv[1];
	program.preset = tsr_library_find_preset(program.program);
	tsr_renderer_choose();
	g_set_prgname(ID); /* which the desktop finds its entry by */
	application = adw_application_new(ID, G_APPLICATION_HANDLES_OPEN);
	g_signal_connect(application, "startup", G_CALLBACK(on_startup), &program);
	g_signal_connect(application, "activate", G_CALLBACK(on_activate), &program);
	g_signal_connect(application, "open", G_CALLBACK(on_open), &program);
	g_signal_connect(application, "shutdown", G_CALLBACK(on_shutdown), &program);
	status = g_application_run(G_APPLICATION(application), argc - 1, argv + 1);
	g_free(program.preset);
	return status;
}
