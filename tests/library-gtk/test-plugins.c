/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The model of the plugin manager: who uses what, and what is done with the real program. */
#include <glib/gstdio.h>
#include <string.h>

#include "folder-rig.h"
#include "model/plugins.h"
#include "unit.h"

/* Of every ABI of a major version. */
#define LAMP \
	"[Plugin]\nid=acme-lamp\nversion=%s\nname=Lamp\nkind=device\nabi-oldest=%s.0\n" \
	"abi-newest=%s\nvendor=Acme\nlicence=MIT\nstate-version=1\nprovides=acme.lamp/1\n"

typedef struct {
	TsrLibrarySettings *settings;
	TsrLibrary *library;
	TsrPlugins *plugins;
	char *folder;
	guint count;
	gboolean done, well;
	char *why;
} Rig;

static gboolean has_count(gpointer user)
{
	Rig *rig = user;

	return tsr_library_get_loaded(rig->library) &&
	       g_list_model_get_n_items(tsr_library_get_machines(rig->library)) == rig->count;
}

static gboolean is_read(gpointer user)
{
	Rig *rig = user;

	return tsr_plugins_get_catalogue(rig->plugins) && !tsr_plugins_is_busy(rig->plugins);
}

static void begin(Rig *rig)
{
	g_autofree char *file = NULL;

	*rig = (Rig){ .folder = rig_folder() };
	file = g_build_filename(rig->folder, "library.ini", NULL);
	rig->settings = tsr_library_settings_new(file);
	tsr_library_settings_set_folder(rig->settings, rig->folder);
	rig->library = tsr_library_new(rig->settings, rig_tessera);
	CU_ASSERT_FATAL(rig_wait(has_count, rig));
	rig->plugins = tsr_plugins_new(rig->library);
	CU_ASSERT_FATAL(rig_wait(is_read, rig));
}

static void finish(Rig *rig)
{
	tsr_plugins_close(rig->plugins);
	g_clear_object(&rig->plugins);
	g_clear_object(&rig->library);
	g_clear_object(&rig->settings);
	g_free(rig->folder);
	g_free(rig->why);
}

static void on_done(GObject *source, GAsyncResult *result, gpointer user)
{
	Rig *rig = user;
	g_autoptr(GError) why = NULL;

	rig->well = tsr_plugins_finish(result, &why);
	g_free(rig->why);
	rig->why = g_strdup(why ? why->message : "");
	rig->done = TRUE;
}

static gboolean is_done(gpointer user)
{
	return ((Rig *)user)->done && is_read(user);
}

/* Whether it was done; the list is read anew then. */
static gboolean wait_done(Rig *rig)
{
	CU_ASSERT_FATAL(rig_wait(is_done, rig));
	rig->done = FALSE;
	return rig->well;
}

static gboolean install(Rig *rig, const char *version, const char *abi)
{
	g_autofree char *folder = rig_folder(),
			*manifest = g_strdup_printf(LAMP, version, abi, abi);

	g_free(rig_write(folder, "acme-lamp.plugin", manifest, -1));
	g_free(rig_write(folder, "acme-lamp.so", "not loaded", -1));
	tsr_plugins_install(rig->plugins, folder, on_done, rig);
	CU_ASSERT(tsr_plugins_is_working(rig->plugins));
	return wait_done(rig);
}

static const struct tsr_plugin *find(Rig *rig, const char *version)
{
	return tsr_catalogue_find(tsr_plugins_get_catalogue(rig->plugins), "acme-lamp", version);
}

/* A machine with a lamp, or several. */
static void add_machine(Rig *rig, const char *title, const char *instances)
{
	g_autofree char *folder = rig_machine(rig->folder, title), *text = NULL, *path = NULL,
			*name = g_strconcat(title, ".machine", NULL), *all = NULL;

	path = g_build_filename(folder, name, NULL);
	CU_ASSERT_FATAL(g_file_get_contents(path, &text, NULL, NULL));
	all = g_strconcat(text, "\n", instances, NULL);
	g_free(rig_write(folder, name, all, -1));
	tsr_library_scan(rig->library);
	rig->count++;
	CU_ASSERT_FATAL(rig_wait(has_count, rig));
	CU_ASSERT_FATAL(rig_wait(is_read, rig));
}

static void a_plugin_is_installed_and_removed(void)
{
	const struct tsr_plugin *lamp;
	Rig rig;

	begin(&rig);
	CU_ASSERT_PTR_NULL(find(&rig, NULL));
	CU_ASSERT(install(&rig, "1.0.0", "1"));
	lamp = find(&rig, "1.0.0");
	CU_ASSERT_PTR_NOT_NULL_FATAL(lamp);
	CU_ASSERT(lamp->is_removable);
	CU_ASSERT_STRING_EQUAL(lamp->vendor, "Acme");
	CU_ASSERT_FALSE(tsr_catalogue_find(tsr_plugins_get_catalogue(rig.plugins), "mmu-walk", NULL)
				->is_removable);
	CU_ASSERT_FALSE(install(&rig, "1.0.0", "1"));
	CU_ASSERT(strstr(rig.why, "plugin acme-lamp 1.0.0 is installed already") != NULL);
	tsr_plugins_remove(rig.plugins, find(&rig, "1.0.0"), on_done, &rig);
	CU_ASSERT(wait_done(&rig));
	CU_ASSERT_PTR_NULL(find(&rig, NULL));
	finish(&rig);
}

static void another_abi_is_refused_in_the_words_of_the_command_line(void)
{
	Rig rig;

	begin(&rig);
	CU_ASSERT_FALSE(install(&rig, "1.0.0", "7"));
	CU_ASSERT(strstr(rig.why, "acme-lamp 1.0.0") && strstr(rig.why, "ABI"));
	CU_ASSERT_PTR_NULL(find(&rig, NULL));
	finish(&rig);
}

static void what_a_machine_uses_is_kept(void)
{
	g_autofree char *names = NULL, *none = NULL;
	Rig rig;

	begin(&rig);
	CU_ASSERT(install(&rig, "1.0.0", "1"));
	CU_ASSERT(install(&rig, "2.0.0", "1"));
	add_machine(&rig, "Two",
		    "[Instance a]\nplugin=acme-lamp >=1\n[Instance b]\nplugin=acme-lamp\n");
	names = tsr_plugins_name_users(rig.plugins, find(&rig, "2.0.0"));
	none = tsr_plugins_name_users(rig.plugins, find(&rig, "1.0.0"));
	CU_ASSERT_STRING_EQUAL(names, "Two (a, b)");
	CU_ASSERT_PTR_NULL(none);
	tsr_plugins_remove(rig.plugins, find(&rig, "2.0.0"), on_done, &rig);
	CU_ASSERT_FALSE(wait_done(&rig));
	CU_ASSERT_STRING_EQUAL(rig.why, "These machines use it: Two (a, b).");
	CU_ASSERT_PTR_NOT_NULL(find(&rig, "2.0.0"));
	tsr_plugins_remove(rig.plugins, find(&rig, "1.0.0"), on_done, &rig);
	CU_ASSERT(wait_done(&rig));
	CU_ASSERT_PTR_NULL(find(&rig, "1.0.0"));
	finish(&rig);
}

/* Nothing hides that a machine could not be read. */
static void a_damaged_machine_is_named(void)
{
	const struct tsr_plugin_users *users;
	Rig rig;

	begin(&rig);
	add_machine(&rig, "Broken", "this is no line of a manifest\n");
	users = tsr_plugins_get_users(rig.plugins);
	CU_ASSERT_EQUAL(users->unread->len, 1);
	CU_ASSERT_EQUAL(users->users->len, 0);
	finish(&rig);
}

static void one_thing_at_a_time(void)
{
	g_autofree char *folder = rig_folder();
	Rig rig, second = { 0 };

	begin(&rig);
	tsr_plugins_install(rig.plugins, folder, on_done, &rig);
	tsr_plugins_install(rig.plugins, folder, on_done, &second);
	CU_ASSERT_FALSE(wait_done(&rig));
	CU_ASSERT(strstr(rig.why, "holds no plugin") != NULL);
	CU_ASSERT(second.done && !second.well);
	CU_ASSERT_STRING_EQUAL(second.why, "Something else is still under way.");
	g_free(second.why);
	finish(&rig);
}

static void a_running_machine_tells_its_plugins(void)
{
	static const struct {
		const char *status, *names;
	} rows[] = {
		{ "{'plugins': <{'com1': 'uart 1.0.0', 'com2': 'uart 1.0.0'}>}",
		  "PC (com1, com2)" },
		{ "{'plugins': <{'com1': 'uart 1.0.0', 'com2': 'uart 1.1.0'}>}", "PC (com1)" },
		{ "{'plugins': <{'com1': 'uart', 'com2': ''}>}", NULL },
		{ "{'plugins': <{'com1': 1}>}", NULL },
		{ "{'name': <'x'>}", NULL },
	};
	g_autofree char *folder = rig_folder(), *path = rig_machine(folder, "PC"),
			*file = g_build_filename(folder, "library.ini", NULL);
	g_autoptr(TsrLibrarySettings) settings = tsr_library_settings_new(file);
	g_autoptr(TsrLibraryMachine) machine =
		tsr_library_machine_new(settings, rig_tessera, tsr_machine_record_read(path));

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct tsr_plugin_users *users = tsr_plugin_users_new();
		g_autoptr(GVariant) status = g_variant_ref_sink(
			g_variant_parse(G_VARIANT_TYPE_VARDICT, rows[i].status, NULL, NULL, NULL));
		g_autofree char *names = NULL;

		tsr_plugin_users_add_status(users, machine, status);
		names = tsr_plugin_users_name(users, "uart", "1.0.0");
		CU_ASSERT_EQUAL(g_strcmp0(names, rows[i].names), 0);
		tsr_plugin_users_free(users);
	}
}

static void refusals_have_a_subject(void)
{
	static const struct {
		const char *line, *subject;
	} rows[] = {
		{ "/a/acme/1.0.0/acme.plugin:3: colour: unknown key", "acme.plugin:3" },
		{ "plugin acme 1.0.0: no library /x", "acme 1.0.0" },
		{ "plugin acme 1.0.0 needs ABI 7.0, this is 1.2: wait", "acme 1.0.0" },
		{ "plugin acme", "plugin acme" },
		{ "/a/acme/1.0.0/acme.plugin: is acme 2.0.0, so: it belongs", "acme.plugin" },
		{ "nothing else", "nothing else" },
		{ "", "" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *subject = tsr_plugins_refused_subject(rows[i].line);

		CU_ASSERT_STRING_EQUAL(subject, rows[i].subject);
	}
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(a_plugin_is_installed_and_removed),
		UNIT_ROW(another_abi_is_refused_in_the_words_of_the_command_line),
		UNIT_ROW(what_a_machine_uses_is_kept),
		UNIT_ROW(a_damaged_machine_is_named),
		UNIT_ROW(one_thing_at_a_time),
		UNIT_ROW(a_running_machine_tells_its_plugins),
		UNIT_ROW(refusals_have_a_subject),
		CU_TEST_INFO_NULL,
	};
	int status;

	rig_begin(argc, argv);
	status = unit_run("library-plugins", tests);
	rig_end();
	return status;
}
