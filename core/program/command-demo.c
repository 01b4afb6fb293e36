/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera demo: the preset `pc` with a small Linux, if scripts/guests has fetched one, else with
 * the guest of data/demo; in a window where the machine gets one, else on the terminal.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "config/presets.h"
#include "manifest/keyfile.h"
#include "manifest/paths.h"
#include "program/program.h"

#define MACHINE "pc"
#define FALLBACK "demo.img"

/* Where scripts/guests puts its files. */
static char *guest_file(const char *name)
{
	const char *folder = g_getenv("TESSERA_GUESTS");
	g_autofree char *usual =
		g_build_filename(g_get_user_cache_dir(), "tessera", "guests", NULL);
	char *path = g_build_filename(folder && *folder ? folder : usual, "files", name, NULL);

	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		g_clear_pointer(&path, g_free);
	return path;
}

/* In a child, because the machine's process shall not hold the libraries of a window. */
static gboolean can_be_loaded(TsrRegistry *registry, TsrPlugin *plugin)
{
	pid_t child = fork();
	int status = 0;

	if (child == 0)
		_exit(tsr_registry_load_plugin(registry, plugin, NULL) ? 0 : 1);
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* As `--ui auto` decides: a variable of the slot is set, and the plugin is there and can be loaded.
 */
static gboolean shows_window(TsrRegistry *registry, TsrGroup *instance)
{
	TsrKey *slot = tsr_group_key(instance, "slot"), *name = tsr_group_key(instance, "plugin");
	TsrKey *variables = tsr_group_key(instance, "slot.auto");
	g_auto(GStrv) words = g_strsplit(variables ? variables->value : "", ";", -1);
	gboolean wanted = FALSE;
	TsrPlugin *plugin;

	if (!slot || !name || !g_str_has_prefix(slot->value, "ui"))
		return FALSE;
	for (char **word = words; *word; word++) {
		const char *value = g_getenv(*word);

		wanted |= value && *value;
	}
	plugin = wanted ? tsr_registry_find(registry, name->value, NULL) : NULL;
	return plugin && can_be_loaded(registry, plugin);
}

static gboolean has_window(void)
{
	g_autoptr(TsrRegistry) registry = tsr_registry_new();
	g_autofree char *path = tsr_presets_find(MACHINE, NULL);
	g_autoptr(TsrKeyFile) file = path ? tsr_keyfile_load(path, NULL) : NULL;

	for (guint i = 0; file && i < file->groups->len; i++)
		if (shows_window(registry, g_ptr_array_index(file->groups, i)))
			return TRUE;
	return FALSE;
}

/* Takes the value. */
static void add(GPtrArray *arguments, const char *option, char *value)
{
	g_ptr_array_add(arguments, g_strdup(option));
	g_ptr_array_add(arguments, value);
}

static gboolean add_linux(GPtrArray *arguments, gboolean window)
{
	g_autofree char *kernel = guest_file("vmlinuz-686");
	g_autofree char *initrd = guest_file("initramfs-686.cpio");

	if (!kernel || !initrd)
		return FALSE;
	add(arguments, "--kernel", g_steal_pointer(&kernel));
	add(arguments, "--initrd", g_steal_pointer(&initrd));
	add(arguments, "--append",
	    g_strdup_printf("quiet tessera.demo console=%s", window ? "tty0" : "ttyS0"));
	return TRUE;
}

static gboolean add_fallback(GPtrArray *arguments)
{
	g_autofree char *image = tsr_paths_find_demo(FALLBACK);

	if (!image)
		return FALSE;
	add(arguments, "--disk", g_strdup_printf("%s,mode=nonpersistent", image));
	return TRUE;
}

int command_demo(char **arguments)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
	gboolean window;

	if (program_wants_help(arguments, "demo"))
		return 0;
	window = has_window();
	g_ptr_array_add(all, g_strdup(MACHINE));
	if (!add_linux(all, window) && !add_fallback(all))
		return program_fail(
			TSR_EXIT_MACHINE_FAILED,
			"no guest to show: run scripts/guests/fetch, or install Tessera");
	if (!window)
		add(all, "--serial", g_strdup("stdio"));
	for (; *arguments; arguments++)
		g_ptr_array_add(all, g_strdup(*arguments));
	g_ptr_array_add(all, NULL);
	return command_run((char **)all->pdata);
}
