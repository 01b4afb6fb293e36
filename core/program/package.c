/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See package.h. A package is first made in a hidden folder among the user's plugins, in the shape
 * that the registry reads, and the registry judges it there; what it accepts is moved to its place.
 * The folder of plugins is locked meanwhile, so the hidden folder belongs to one process, and what
 * one left that was killed is removed by the next.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <tessera-glib/machine.h>
#include <tessera-glib/registry.h>

#include "manifest/keyfile.h"
#include "manifest/paths.h"
#include "program/package-folder.h"
#include "program/package-archive.h"
#include "program/package.h"

#define STAGING ".new"
#define UNPACKED "unpacked"
#define SHAPED "plugins"
#define NAME_CHARS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_."

typedef struct {
	char *users;                       /* the user's folder of plugins */
	char *staging, *unpacked, *shaped; /* in it: the hidden folder, and two in that */
	int lock; /* of the user's folder; -1: it is not locked, and nothing in it is ours */
} Store;

static void fail(GError **error, int code, const char *format, ...) G_GNUC_PRINTF(3, 4);

static void fail(GError **error, int code, const char *format, ...)
{
	va_list arguments;
	g_autofree char *text = NULL;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error_literal(error, TSR_MACHINE_ERROR, code, text);
}

/* -- The user's folder */

static gboolean lock_folder(Store *s, GError **error)
{
	int fd = -1;

	if (g_mkdir_with_parents(s->users, 0755) == 0)
		fd = open(s->users, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) {
		s->lock = fd;
		return program_package_remove(s->staging, error);
	}
	if (fd >= 0 && errno == EWOULDBLOCK)
		fail(error, TSR_MACHINE_ERROR_STATE,
		     "%s: another process installs or removes plugins just now", s->users);
	else
		fail(error, TSR_MACHINE_ERROR_INVALID, "%s: %s", s->users, g_strerror(errno));
	if (fd >= 0)
		close(fd);
	return FALSE;
}

static gboolean store_open(Store *s, GError **error)
{
	*s = (Store){ .lock = -1, .users = tsr_paths_user_plugins() };
	if (!s->users) {
		fail(error, TSR_MACHINE_ERROR_STATE,
		     "there is no folder for plugins of one user here: this is a bundle, or the "
		     "user has no home");
		return FALSE;
	}
	s->staging = g_build_filename(s->users, STAGING, NULL);
	s->unpacked = g_build_filename(s->staging, UNPACKED, NULL);
	s->shaped = g_build_filename(s->staging, SHAPED, NULL);
	return lock_folder(s, error);
}

static void store_close(Store *s)
{
	if (s->lock >= 0) {
		program_package_remove(s->staging, NULL);
		close(s->lock);
	}
	g_free(s->users);
	g_free(s->staging);
	g_free(s->unpacked);
	g_free(s->shaped);
}

/* -- One plugin of a package */

/* A word that is the name of a folder, and of nothing else. */
static gboolean is_name(const char *text)
{
	return g_ascii_isalnum(*text) && strspn(text, NAME_CHARS) == strlen(text);
}

static const char *value_of(TsrGroup *group, const char *key)
{
	TsrKey *found = group ? tsr_group_key(group, key) : NULL;

	return found && is_name(found->value) ? found->value : NULL;
}

/* Where the registry would look for it: what else is wrong with the manifest it says itself. */
static char *place_of(Store *s, const char *manifest, GError **error)
{
	g_autoptr(TsrKeyFile) file = tsr_keyfile_load(manifest, error);
	TsrGroup *group = file ? tsr_keyfile_group(file, "Plugin") : NULL;
	const char *id = value_of(group, "id"), *version = value_of(group, "version");
	g_autofree char *name = g_path_get_basename(manifest),
			*wanted = g_strconcat(id ? id : "", ".plugin", NULL);

	if (!file)
		return NULL;
	if (!id || !version)
		fail(error, TSR_MACHINE_ERROR_INVALID,
		     "%s: is not the manifest of a plugin: [Plugin] with id and version", manifest);
	else if (!g_str_equal(name, wanted))
		fail(error, TSR_MACHINE_ERROR_INVALID, "%s: is plugin %s, so its name is to be %s",
		     manifest, id, wanted);
	else
		return g_build_filename(s->shaped, id, version, NULL);
	return NULL;
}

static gboolean shape_plugin(Store *s, const char *manifest, GError **error)
{
	g_autofree char *place = place_of(s, manifest, error), *from = g_path_get_dirname(manifest),
			*parent = place ? g_path_get_dirname(place) : NULL;

	if (!place)
		return FALSE;
	if (g_mkdir_with_parents(parent, 0755) != 0) {
		fail(error, TSR_MACHINE_ERROR_INVALID, "%s: %s", parent, g_strerror(errno));
		return FALSE;
	}
	return program_package_copy(from, place, error);
}

/* -- A package */

static gboolean unpack(Store *s, const char *archive, GError **error)
{
	if (g_mkdir_with_parents(s->unpacked, 0755) == 0)
		return program_package_unpack(archive, s->unpacked, error);
	fail(error, TSR_MACHINE_ERROR_INVALID, "%s: %s", s->unpacked, g_strerror(errno));
	return FALSE;
}

static gboolean shape(Store *s, const char *package, GError **error)
{
	const gboolean is_folder = g_file_test(package, G_FILE_TEST_IS_DIR);
	g_autoptr(GPtrArray) manifests = NULL;

	if (!is_folder && !unpack(s, package, error))
		return FALSE;
	manifests = program_package_manifests(is_folder ? package : s->unpacked);
	if (manifests->len == 0) {
		fail(error, TSR_MACHINE_ERROR_NOT_FOUND,
		     "%s: holds no plugin: no file ID.plugin, nor ID/VERSION/ID.plugin", package);
		return FALSE;
	}
	for (guint i = 0; i < manifests->len; i++)
		if (!shape_plugin(s, g_ptr_array_index(manifests, i), error))
			return FALSE;
	return TRUE;
}

/* Messages name the files of the package, not where they were copied to. */
static void name_package(Store *s, const char *package, GError *why)
{
	const char *hidden[] = { s->unpacked, s->shaped };
	g_autoptr(GString) text = g_string_new(why->message);

	for (guint i = 0; i < G_N_ELEMENTS(hidden); i++)
		g_string_replace(text, hidden[i], package, 0);
	g_free(why->message);
	why->message = g_string_free(g_steal_pointer(&text), FALSE);
}

/* -- Its place among the others */

static gboolean check_is_new(Store *s, TsrRegistry *installed, TsrPlugin *plugin, GError **error)
{
	const char *id = tsr_plugin_get_id(plugin), *version = tsr_plugin_get_version(plugin);
	g_autofree char *exactly = g_strdup_printf("%s =%s", id, version),
			*place = g_build_filename(s->users, id, version, NULL);
	TsrPlugin *other = tsr_registry_find(installed, exactly, NULL);

	if (other)
		fail(error, TSR_MACHINE_ERROR_STATE, "plugin %s %s is installed already: %s", id,
		     version, tsr_plugin_get_manifest_path(other));
	else if (g_file_test(place, G_FILE_TEST_EXISTS))
		fail(error, TSR_MACHINE_ERROR_STATE,
		     "%s is there already, and cannot be used; `tessera plugins remove %s %s` "
		     "removes it",
		     place, id, version);
	else
		return TRUE;
	return FALSE;
}

static GPtrArray *judge(Store *s, GError **error)
{
	const char *const folders[] = { s->shaped, NULL };
	g_autoptr(TsrRegistry) registry = tsr_registry_new_for_folders(folders),
			       installed = tsr_registry_new();
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(registry);
	const char *const *refused = tsr_registry_get_refused(registry);

	if (*refused) {
		fail(error, TSR_MACHINE_ERROR_INVALID, "%s", *refused);
		return NULL;
	}
	for (guint i = 0; i < plugins->len; i++)
		if (!check_is_new(s, installed, g_ptr_array_index(plugins, i), error))
			return NULL;
	return g_steal_pointer(&plugins);
}

/* The line that tells of it; NULL with error. */
static char *move_plugin(Store *s, TsrPlugin *plugin, GError **error)
{
	const char *id = tsr_plugin_get_id(plugin), *version = tsr_plugin_get_version(plugin);
	g_autofree char *from = g_build_filename(s->shaped, id, version, NULL),
			*parent = g_build_filename(s->users, id, NULL),
			*to = g_build_filename(parent, version, NULL);

	if (g_mkdir_with_parents(parent, 0755) == 0 && g_rename(from, to) == 0)
		return g_strdup_printf("%s %s: %s", id, version, to);
	fail(error, TSR_MACHINE_ERROR_INVALID, "%s: %s", to, g_strerror(errno));
	return NULL;
}

static void unmove(Store *s, GPtrArray *plugins, guint count)
{
	for (guint i = 0; i < count; i++) {
		TsrPlugin *plugin = g_ptr_array_index(plugins, i);
		g_autofree char *place = g_build_filename(s->users, tsr_plugin_get_id(plugin),
							  tsr_plugin_get_version(plugin), NULL);

		program_package_remove(place, NULL);
	}
}

static char **move_all(Store *s, GPtrArray *plugins, GError **error)
{
	g_autoptr(GStrvBuilder) lines = g_strv_builder_new();

	for (guint i = 0; i < plugins->len; i++) {
		g_autofree char *line = move_plugin(s, g_ptr_array_index(plugins, i), error);

		if (!line) {
			unmove(s, plugins, i);
			return NULL;
		}
		g_strv_builder_add(lines, line);
	}
	return g_strv_builder_end(lines);
}

char **program_package_install(const char *package, GError **error)
{
	g_autoptr(GPtrArray) plugins = NULL;
	g_autoptr(GError) why = NULL;
	char **lines = NULL;
	Store s;

	if (store_open(&s, &why) && shape(&s, package, &why))
		plugins = judge(&s, &why);
	if (plugins)
		lines = move_all(&s, plugins, &why);
	if (why && s.shaped)
		name_package(&s, package, why);
	store_close(&s);
	if (why)
		g_propagate_error(error, g_steal_pointer(&why));
	return lines;
}

/* -- Removing */

static void fail_to_remove(Store *s, const char *id, const char *version, GError **error)
{
	g_autofree char *exactly = g_strdup_printf("%s =%s", id, version);
	g_autoptr(TsrRegistry) installed = tsr_registry_new();
	TsrPlugin *other = tsr_registry_find(installed, exactly, NULL);

	if (other)
		fail(error, TSR_MACHINE_ERROR_STATE,
		     "plugin %s %s is not the user's own, in %s, but %s", id, version, s->users,
		     tsr_plugin_get_manifest_path(other));
	else
		fail(error, TSR_MACHINE_ERROR_NOT_FOUND, "there is no plugin %s %s in %s", id,
		     version, s->users);
}

/* It is gone at once, and its files then. */
static char *remove_plugin(Store *s, const char *id, const char *version, GError **error)
{
	g_autofree char *parent = g_build_filename(s->users, id, NULL),
			*place = g_build_filename(parent, version, NULL);

	if (!is_name(id) || !is_name(version) || !g_file_test(place, G_FILE_TEST_IS_DIR)) {
		fail_to_remove(s, id, version, error);
		return NULL;
	}
	if (g_rename(place, s->staging) != 0) {
		fail(error, TSR_MACHINE_ERROR_INVALID, "%s: %s", place, g_strerror(errno));
		return NULL;
	}
	g_rmdir(parent); /* if it has no other version */
	return g_steal_pointer(&place);
}

char *program_package_uninstall(const char *id, const char *version, GError **error)
{
	char *place = NULL;
	Store s;

	if (store_open(&s, error))
		place = remove_plugin(&s, id, version, error);
	store_close(&s);
	return place;
}
