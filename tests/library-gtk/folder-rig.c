/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See folder-rig.h. */
#include "folder-rig.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <string.h>

#define WAIT_SECONDS 20

const char *rig_preset, *rig_tessera;
static char *top;

void rig_begin(int argc, char **argv)
{
	static const char *const variables[] = { "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
						 "XDG_RUNTIME_DIR", "XDG_CACHE_HOME" };

	setlocale(LC_ALL, "C.UTF-8");
	if (argc < 3)
		g_error("usage: %s PRESET TESSERA", argv[0]);
	rig_preset = argv[1];
	rig_tessera = argv[2];
	top = g_strdup("/tmp/tessera-library-XXXXXX");
	if (!g_mkdtemp(top))
		g_error("no folder in /tmp");
	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		g_autofree char *folder = g_build_filename(top, variables[i], NULL);

		g_mkdir(folder, 0700);
		g_setenv(variables[i], folder, TRUE);
	}
	g_unsetenv("DISPLAY");
	g_unsetenv("WAYLAND_DISPLAY");
}

static void remove_all(const char *path)
{
	g_autoptr(GDir) dir = NULL;
	const char *name;

	if (!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		dir = g_dir_open(path, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(path, name, NULL);

		remove_all(inner);
	}
	g_remove(path);
}

void rig_end(void)
{
	remove_all(top);
	g_free(top);
}

char *rig_folder(void)
{
	char *folder = g_build_filename(top, "folder-XXXXXX", NULL);

	if (!g_mkdtemp(folder))
		g_error("no folder in %s", top);
	return folder;
}

char *rig_write(const char *folder, const char *name, const char *bytes, gssize length)
{
	char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GError) why = NULL;

	/* Without waiting for the disk: nothing here outlives the program. A file that is written
	 * in place keeps its length. */
	g_remove(path);
	if (!g_file_set_contents_full(path, bytes, length, G_FILE_SET_CONTENTS_NONE, 0644, &why))
		g_error("%s", why->message);
	return path;
}

char *rig_machine(const char *folder, const char *title)
{
	const struct tsr_new_machine machine = { .title = (char *)title,
						 .details = "",
						 .memory_mib = 64,
						 .disk_mib = 1,
						 .preset = (char *)rig_preset };
	g_autoptr(GError) why = NULL;
	char *path = tsr_folder_create(folder, &machine, NULL, NULL, &why);

	if (!path)
		g_error("%s", why->message);
	return path;
}

static gboolean on_tick(gpointer user)
{
	return G_SOURCE_CONTINUE;
}

gboolean rig_wait(gboolean (*holds)(gpointer user), gpointer user)
{
	gint64 end = g_get_monotonic_time() + WAIT_SECONDS * G_TIME_SPAN_SECOND;
	guint tick = g_timeout_add(10, on_tick, NULL);

	while (!holds(user) && g_get_monotonic_time() < end)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(tick);
	return holds(user);
}
