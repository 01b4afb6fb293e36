/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TsrRegistry: the plugins that are there. Folders are PATH/ID/VERSION/ID.plugin. Only manifests
 * are read. A plugin that cannot be used is rejected with a reason; machines that do not use it are
 * unaffected.
 */
#include <string.h>

#include <tessera-glib/machine.h>

#include "manifest/loader.h"
#include "manifest/paths.h"
#include "manifest/plugin.h"
#include "manifest/registry.h"

#define DUPLICATE ": duplicate of "

struct _TsrRegistry {
	GObject parent;
	GPtrArray *plugins; /* TsrPlugin; sorted by id, newest version first */
	GPtrArray *refused; /* char *, NULL at the end */
};

G_DEFINE_FINAL_TYPE(TsrRegistry, tsr_registry, G_TYPE_OBJECT)

static void tsr_registry_init(TsrRegistry *self)
{
	self->plugins = g_ptr_array_new_with_free_func(g_object_unref);
	self->refused = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(self->refused, NULL);
}

static void tsr_registry_finalize(GObject *object)
{
	TsrRegistry *self = TSR_REGISTRY(object);

	g_ptr_array_unref(self->plugins);
	g_ptr_array_unref(self->refused);
	G_OBJECT_CLASS(tsr_registry_parent_class)->finalize(object);
}

static void tsr_registry_class_init(TsrRegistryClass *class)
{
	G_OBJECT_CLASS(class)->finalize = tsr_registry_finalize;
}

/* Takes the text. */
static void add_refusal(TsrRegistry *self, char *text)
{
	guint last = self->refused->len - 1;

	for (guint i = 0; i < last; i++) {
		if (g_str_equal(g_ptr_array_index(self->refused, i), text)) {
			g_free(text);
			return;
		}
	}
	g_ptr_array_insert(self->refused, (int)last, text);
}

static TsrPlugin *find_exact(TsrRegistry *self, const char *id, const char *version)
{
	for (guint i = 0; i < self->plugins->len; i++) {
		TsrPlugin *plugin = g_ptr_array_index(self->plugins, i);

		if (g_str_equal(plugin->id, id) && g_str_equal(plugin->version, version))
			return plugin;
	}
	return NULL;
}

static gboolean check_place(TsrPlugin *plugin, const char *id, const char *version, GError **error)
{
	if (g_str_equal(plugin->id, id) && g_str_equal(plugin->version, version))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
		    "%s: is %s %s, so it belongs in a folder %s/%s", plugin->path, plugin->id,
		    plugin->version, plugin->id, plugin->version);
	return FALSE;
}

static gboolean check_library(TsrPlugin *plugin, GError **error)
{
	if (g_file_test(plugin->library, G_FILE_TEST_IS_REGULAR))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "plugin %s %s: no library %s", plugin->id, plugin->version, plugin->library);
	return FALSE;
}

static void add_manifest(TsrRegistry *self, const char *path, const char *id, const char *version)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrPlugin) plugin = tsr_plugin_new_from_file(path, &error);
	TsrPlugin *other;

	if (!plugin || !check_place(plugin, id, version, &error) ||
	    !tsr_loader_check_abi(plugin, &error) || !check_library(plugin, &error)) {
		add_refusal(self, g_strdup(error->message));
		return;
	}
	other = find_exact(self, id, version);
	if (other)
		add_refusal(self, g_strdup_printf("%s" DUPLICATE
						  "%s, which comes first in the search path",
						  path, other->path));
	else
		g_ptr_array_add(self->plugins, g_steal_pointer(&plugin));
}

static int compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the folders in a folder, in alphabetical order. */
static GPtrArray *list_folders(const char *folder)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	GDir *dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);

		if (*name != '.' && g_file_test(path, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_clear_pointer(&dir, g_dir_close);
	g_ptr_array_sort(names, compare_names);
	return names;
}

static void scan_plugin(TsrRegistry *self, const char *folder, const char *id)
{
	g_autofree char *within = g_build_filename(folder, id, NULL);
	g_autofree char *name = g_strconcat(id, ".plugin", NULL);
	g_autoptr(GPtrArray) versions = list_folders(within);

	for (guint i = 0; i < versions->len; i++) {
		const char *version = g_ptr_array_index(versions, i);
		g_autofree char *path = g_build_filename(within, version, name, NULL);

		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			add_manifest(self, path, id, version);
	}
}

static void scan_folder(TsrRegistry *self, const char *folder)
{
	g_autoptr(GPtrArray) ids = list_folders(folder);

	for (guint i = 0; i < ids->len; i++)
		scan_plugin(self, folder, g_ptr_array_index(ids, i));
}

static int compare_plugins(gconstpointer a, gconstpointer b)
{
	TsrPlugin *x = *(TsrPlugin *const *)a, *y = *(TsrPlugin *const *)b;
	int order = strcmp(x->id, y->id);

	return order ? order : -tsr_version_compare(&x->number, &y->number);
}

/* -- finding */

static char *versions_of(TsrRegistry *self, const char *id)
{
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < self->plugins->len; i++) {
		TsrPlugin *plugin = g_ptr_array_index(self->plugins, i);

		if (g_str_equal(plugin->id, id))
			g_string_append_printf(list, "%s%s", list->len ? ", " : "",
					       plugin->version);
	}
	return g_strdup(list->str);
}

char **tsr_registry_list_refusals(TsrRegistry *self, const char *id)
{
	g_autofree char *folder = g_strdup_printf("/%s.plugin", id);
	g_autofree char *name = g_strdup_printf("plugin %s ", id);
	g_autoptr(GStrvBuilder) list = g_strv_builder_new();

	for (guint i = 0; i + 1 < self->refused->len; i++) {
		const char *text = g_ptr_array_index(self->refused, i);

		if (strstr(text, folder) || g_str_has_prefix(text, name))
			g_strv_builder_add(list, text);
	}
	return g_strv_builder_end(list);
}

/* Of several, one that is not only a second copy; NULL: there is none. */
static const char *first_refusal(char **refusals)
{
	for (; *refusals; refusals++)
		if (!strstr(*refusals, DUPLICATE))
			return *refusals;
	return NULL;
}

static void set_not_found(TsrRegistry *self, const char *id, const char *range, GError **error)
{
	g_autofree char *versions = versions_of(self, id);
	g_auto(GStrv) refusals = tsr_registry_list_refusals(self, id);
	const char *refusal = first_refusal(refusals);

	if (*versions)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION,
			    "no plugin %s %s; installed: %s%s%s", id, range, versions,
			    refusal ? "; refused: " : "", refusal ? refusal : "");
	else if (refusal)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "plugin %s is refused: %s", id, refusal);
	else
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "no plugin %s; `tessera plugins list` shows those that are installed",
			    id);
}

/* Into *id, *range (to be freed) and *parsed; FALSE: it is none. */
static gboolean split_requirement(const char *requirement, char **id, char **range,
				  TsrVersionRange *parsed)
{
	gsize length = strcspn(requirement, TSR_REQUIREMENT_ENDS);

	*id = g_strndup(requirement, length);
	*range = g_strstrip(g_strdup(requirement + length));
	return **id && tsr_version_range_parse(*range, parsed);
}

gboolean tsr_requirement_allows(const char *requirement, TsrPlugin *plugin)
{
	g_autofree char *id = NULL, *text = NULL;
	TsrVersionRange range;

	return split_requirement(requirement, &id, &text, &range) && g_str_equal(id, plugin->id) &&
	       tsr_version_range_contains(&range, &plugin->number);
}

TsrPlugin *tsr_registry_find(TsrRegistry *self, const char *requirement, GError **error)
{
	g_autofree char *id = NULL, *text = NULL;
	TsrVersionRange range;

	if (!split_requirement(requirement, &id, &text, &range)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "\"%s\" is not a plugin: an id, or an id and versions as in \"%s "
			    ">=1.2,<2\"",
			    requirement, *id ? id : "ID");
		return NULL;
	}
	for (guint i = 0; i < self->plugins->len; i++) {
		TsrPlugin *plugin = g_ptr_array_index(self->plugins, i);

		if (g_str_equal(plugin->id, id) &&
		    tsr_version_range_contains(&range, &plugin->number))
			return plugin;
	}
	set_not_found(self, id, text, error);
	return NULL;
}

TsrPlugin *tsr_registry_find_script_host(TsrRegistry *self, TsrPlugin *plugin, GError **error)
{
	g_autofree char *id = g_strconcat("script-", plugin->language, NULL);
	TsrPlugin *host = tsr_registry_find(self, id, error);

	if (host && !host->language)
		return host;
	if (host)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "plugin %s, which is to run scripts, is a script itself", id);
	g_prefix_error(error, "plugin %s %s is written in %s: ", plugin->id, plugin->version,
		       plugin->language);
	return NULL;
}

/* What a script is run by is loaded, and stands in for its library. */
static gboolean load_code(TsrRegistry *self, TsrPlugin *plugin, GError **error)
{
	TsrPlugin *host;

	if (!plugin->language)
		return tsr_loader_load(plugin, error) != NULL;
	host = tsr_registry_find_script_host(self, plugin, error);
	if (!host || !tsr_loader_check_abi(plugin, error))
		return FALSE;
	plugin->entry = tsr_loader_load(host, error);
	if (!plugin->entry)
		g_prefix_error(error, "plugin %s %s is written in %s: ", plugin->id,
			       plugin->version, plugin->language);
	return plugin->entry != NULL;
}

gboolean tsr_registry_load_plugin(TsrRegistry *self, TsrPlugin *plugin, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (load_code(self, plugin, &failure))
		return TRUE;
	add_refusal(self, g_strdup(failure->message));
	g_propagate_error(error, g_steal_pointer(&failure));
	return FALSE;
}

GPtrArray *tsr_registry_list_plugins(TsrRegistry *self)
{
	GPtrArray *copy = g_ptr_array_new_full(self->plugins->len, g_object_unref);

	for (guint i = 0; i < self->plugins->len; i++)
		g_ptr_array_add(copy, g_object_ref(g_ptr_array_index(self->plugins, i)));
	return copy;
}

const char *const *tsr_registry_get_refused(TsrRegistry *self)
{
	return (const char *const *)self->refused->pdata;
}

TsrRegistry *tsr_registry_new_for_folders(const char *const *folders)
{
	TsrRegistry *self = g_object_new(TSR_TYPE_REGISTRY, NULL);

	for (; *folders; folders++)
		scan_folder(self, *folders);
	g_ptr_array_sort(self->plugins, compare_plugins);
	return self;
}

TsrRegistry *tsr_registry_new(void)
{
	g_auto(GStrv) folders = tsr_paths_plugins();

	return tsr_registry_new_for_folders((const char *const *)folders);
}
