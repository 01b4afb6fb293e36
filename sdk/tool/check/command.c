/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera sdk check: arguments, the plugin's files, the order of the tests. */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "order.h"
#include "report.h"
#include "tool.h"

#define SEEDS 20
#define STATES 3 /* that are made, unless --seeds says otherwise */
#define LIMIT_SECONDS 60

/* -- Arguments */

static gboolean read_number(const char *text, unsigned min, unsigned max, unsigned *out)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, min, max, &value, NULL))
		return FALSE;
	*out = (unsigned)value;
	return TRUE;
}

static gboolean is_test(const char *name)
{
	for (const struct check_test *test = check_tests; test->name; test++)
		if (strcmp(test->name, name) == 0)
			return TRUE;
	return FALSE;
}

/* TRUE: the option takes a value, and the value is good. */
static gboolean take_option(struct check *check, const char *name, char *value)
{
	const struct {
		const char *name;
		GPtrArray *list;
	} lists[] = {
		{ "--set", check->rows },
		{ "--connect", check->connections },
		{ "--used-by", check->users },
	};

	if (strcmp(name, "--host") == 0) {
		check->core = strcmp(value, "core") == 0;
		return check->core || strcmp(value, "fake") == 0;
	}
	if (strcmp(name, "--states") == 0 || strcmp(name, "--save-states") == 0) {
		*(strcmp(name, "--states") == 0 ? &check->states : &check->save_states) = value;
		return TRUE;
	}
	if (strcmp(name, "--without") == 0 || strcmp(name, "--place") == 0) {
		g_ptr_array_add(name[2] == 'w' ? check->without : check->places, value);
		return TRUE;
	}

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		if (strcmp(name, lists[i].name) == 0 && strchr(value, '=')) {
			g_ptr_array_add(lists[i].list, value);
			return TRUE;
		}
	if (strcmp(name, "--level") == 0)
		return read_number(value, 1, CHECK_LEVELS, &check->level);
	if (strcmp(name, "--seeds") == 0)
		return read_number(value, 1, 100000, &check->seeds);
	if (strcmp(name, "--timeout") == 0)
		return read_number(value, 1, 86400, &check->limit);
	if (strcmp(name, "--only") == 0)
		check->only = value;
	else if (strcmp(name, "--except") == 0)
		g_ptr_array_add(check->except, value);
	else
		return FALSE;
	return is_test(value);
}

static int read_arguments(struct check *check, char **arguments, const char **target)
{
	const char **folders[] = { &check->states, &check->save_states };

	for (char **at = arguments; *at; at++) {
		if (strcmp(*at, "--json") == 0) {
			check->json = TRUE;
		} else if (strcmp(*at, "--accept-answers") == 0) {
			check->accept = TRUE;
		} else if ((*at)[0] != '-' && !*target) {
			*target = *at;
		} else if ((*at)[0] != '-' || !at[1] || !take_option(check, at[0], at[1])) {
			return tool_fail(
				TOOL_USAGE,
				"%s%s%s is not understood; `tessera sdk --help` says what is", *at,
				at[1] ? " " : "", at[1] ? at[1] : "");
		} else {
			at++;
		}
	}
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++)
		if (*folders[i] && !g_file_test(*folders[i], G_FILE_TEST_IS_DIR))
			return tool_fail(TOOL_USAGE, "there is no folder %s", *folders[i]);
	if (!*target)
		return tool_fail(TOOL_USAGE,
				 "name a plugin: tessera sdk check PLUGIN.so, or its manifest");
	return TOOL_OK;
}

/* -- The plugin */

/* The manifest beside a library: of the same name, or the only one in the folder. (transfer full)
 * NULL: there is none. */
static char *manifest_of(const char *library)
{
	g_autofree char *folder = g_path_get_dirname(library);
	g_autofree char *stem = g_strndup(library, strlen(library) - strlen(".so"));
	char *found = g_strconcat(stem, ".plugin", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	if (g_file_test(found, G_FILE_TEST_EXISTS))
		return found;
	g_clear_pointer(&found, g_free);
	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".plugin")) {
			g_free(found);
			found = g_build_filename(folder, name, NULL);
		}
	return found;
}

static int find_files(struct check *check, const char *target)
{
	g_autofree char *path = g_canonicalize_filename(target, NULL);

	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return tool_fail(TOOL_USAGE, "there is no file %s", target);
	if (g_str_has_suffix(path, ".so")) {
		check->manifest = manifest_of(path);
		if (!check->manifest)
			return tool_fail(TOOL_USAGE, "%s has no manifest beside it", target);
		check->library = g_strdup(path);
		return TOOL_OK;
	}
	if (!g_str_has_suffix(path, ".plugin"))
		return tool_fail(TOOL_USAGE,
				 "%s is neither a library (.so) nor a manifest (.plugin)", target);
	check->manifest = g_strdup(path);
	check->library = check_library_of(path);
	check->language = check_language_of(path);
	return TOOL_OK;
}

static void link_file(const char *folder, const char *name, const char *target)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (symlink(target, path) != 0)
		g_error("cannot make %s: %s", path, g_strerror(errno));
}

static char *key_of(GKeyFile *file, const char *key, const char *otherwise)
{
	char *value = g_key_file_get_string(file, "Plugin", key, NULL);

	if (value && *value && !strchr(value, '/'))
		return value;
	g_free(value);
	return g_strdup(otherwise);
}

/* Of a script, what runs it is in the registry, too, in the version that machines would take. */
static void add_code(struct check *check)
{
	g_autofree char *id = NULL, *place = NULL, *version = NULL, *folder = NULL;

	check->code = check_code_of(check->manifest);
	if (!check->language || !check->code)
		return;
	folder = g_path_get_dirname(check->code);
	id = g_strconcat("script-", check->language, NULL);
	place = g_build_filename(check->folder, id, NULL);
	version = g_path_get_basename(folder);
	g_mkdir_with_parents(place, 0700);
	link_file(place, version, folder);
}

/* The registry wants FOLDER/ID/VERSION/; a vendor's manifest lies anywhere. So the registry gets a
 * folder with links. */
static void make_registry(struct check *check)
{
	g_autoptr(GKeyFile) file = g_key_file_new();
	g_autofree char *name = g_path_get_basename(check->manifest), *version = NULL,
			*place = NULL, *manifest = NULL, *library = NULL;
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".plugin"));
	g_autofree char *usual = g_strconcat(stem, ".so", NULL);
	const char *folders[] = { NULL, NULL };

	g_key_file_load_from_file(file, check->manifest, G_KEY_FILE_NONE, NULL);
	check->id = key_of(file, "id", stem);
	check->kind = key_of(file, "kind", "device");
	version = key_of(file, "version", "0");
	library = key_of(file, "library", usual);
	check->folder = g_dir_make_tmp("tessera-check-XXXXXX", NULL);
	place = g_build_filename(check->folder, check->id, version, NULL);
	manifest = g_strconcat(check->id, ".plugin", NULL);
	g_mkdir_with_parents(place, 0700);
	link_file(place, manifest, check->manifest);
	link_file(place, library, check->library);
	add_code(check);
	folders[0] = check->folder;
	check->registry = tsr_registry_new_for_folders(folders);
}

static char *replace(const char *text, const char *from, const char *to)
{
	g_auto(GStrv) parts = g_strsplit(text, from, -1);

	return g_strjoinv(to, parts);
}

static void look_up_plugin(struct check *check)
{
	g_autoptr(GPtrArray) plugins = tsr_registry_list_plugins(check->registry);
	const char *const *refused = tsr_registry_get_refused(check->registry);
	g_autofree char *place = g_strconcat(check->folder, "/", NULL);

	for (guint i = 0; i < plugins->len; i++)
		if (g_str_equal(tsr_plugin_get_id(plugins->pdata[i]), check->id))
			check->plugin = g_object_ref(plugins->pdata[i]);
	if (check->plugin)
		return;
	check->refusal = replace(*refused ? *refused : "it is not found", place, "");
}

void check_forget_plugin(const struct check *check)
{
	const char *const arguments[] = { "rm", "-rf", "--", check->folder, NULL };

	g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
		     NULL, NULL);
}

int check_find_plugin(struct check *check, const char *target)
{
	int status = find_files(check, target);

	if (status != TOOL_OK)
		return status;
	make_registry(check);
	look_up_plugin(check);
	return TOOL_OK;
}

/* -- All of it */

/* Memory that is freed and taken again by the same thread is not filled with a pattern unless the
 * allocator's per-thread lists are off, which is decided when a program starts. */
static void start_again(char **arguments)
{
	static const char variable[] = "GLIBC_TUNABLES";
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	if (g_getenv(variable))
		return;
	g_setenv(variable, "glibc.malloc.tcache_count=0", TRUE);
	g_ptr_array_add(argv, "tessera-sdk");
	g_ptr_array_add(argv, "check");
	for (; *arguments; arguments++)
		g_ptr_array_add(argv, *arguments);
	g_ptr_array_add(argv, NULL);
	execv("/proc/self/exe", (char **)argv->pdata);
}

int tool_check(char **arguments)
{
	struct check check = { .level = CHECK_LEVELS, .limit = LIMIT_SECONDS };
	const char *target = NULL;
	struct report *report;
	unsigned failed;
	int status;

	start_again(arguments);
	check.rows = g_ptr_array_new();
	check.connections = g_ptr_array_new();
	check.users = g_ptr_array_new();
	check.except = g_ptr_array_new();
	check.without = g_ptr_array_new();
	check.places = g_ptr_array_new();
	status = read_arguments(&check, arguments, &target);
	if (status == TOOL_OK)
		status = check_find_plugin(&check, target);
	if (status != TOOL_OK)
		return status;
	if (!check.seeds)
		check.seeds = check.save_states ? STATES : SEEDS;
	report = report_begin(&check);
	failed = check.save_states ? order_save_states(&check, report)
				   : order_run_tests(&check, report);
	report_end(report, failed);
	check_forget_plugin(&check);
	return failed ? TOOL_FAILED : TOOL_OK;
}
