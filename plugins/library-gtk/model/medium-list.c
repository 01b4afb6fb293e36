/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The discs and images in a folder: see medium.h. */
#include <string.h>
#include <sys/stat.h>

#include "model/medium.h"
#include "model/text.h"

typedef struct {
	char *path;
	gint64 changed;
} Found;

static void found_free(gpointer data)
{
	g_free(((Found *)data)->path);
	g_free(data);
}

static int compare(gconstpointer a, gconstpointer b)
{
	const Found *x = *(Found *const *)a, *y = *(Found *const *)b;

	if (x->changed != y->changed)
		return x->changed < y->changed ? 1 : -1;
	return strcmp(x->path, y->path);
}

static gboolean is_disc(const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	return *name != '.' && g_str_has_suffix(lower, ".iso");
}

char **tsr_medium_list(const char *folder, guint limit, GError **error)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(found_free);
	g_autoptr(GStrvBuilder) paths = g_strv_builder_new();
	g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		struct stat info;
		Found *found;

		if (!is_disc(name) || stat(path, &info) != 0 || !S_ISREG(info.st_mode))
			continue;
		found = g_new0(Found, 1);
		found->path = g_steal_pointer(&path);
		found->changed = info.st_mtime;
		g_ptr_array_add(all, found);
	}
	if (!dir)
		return NULL;
	g_ptr_array_sort(all, compare);
	for (guint i = 0; i < all->len && i < limit; i++)
		g_strv_builder_add(paths, ((Found *)all->pdata[i])->path);
	return g_strv_builder_end(paths);
}
