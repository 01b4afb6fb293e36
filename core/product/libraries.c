/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See libraries.h. ldd(1) of the C library is asked; it maps the files and runs nothing of them. */
#include "product/libraries.h"

#include <string.h>

#include <tessera-glib/machine.h>

/* glibc 2.36, and the kernel's. What is loaded must fit the host's dynamic linker. */
static const char *const of_the_host[] = {
	"linux-vdso.so.1", "ld-linux-x86-64.so.2", "libc.so.6",       "libm.so.6",
	"libdl.so.2",      "libpthread.so.0",      "librt.so.1",      "libresolv.so.2",
	"libutil.so.1",    "libnss_files.so.2",    "libnss_dns.so.2", NULL,
};

static gboolean fail(const char *file, const char *why, GError **error)
{
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
		    "%s: the libraries that it needs are not known: %s", file, why);
	return FALSE;
}

/* "\tNAME => PATH (ADDRESS)" */
static gboolean take_line(GHashTable *libraries, const char *file, const char *line, GError **error)
{
	g_auto(GStrv) sides = g_strsplit(g_strchug((char *)line), " => ", 2);
	char *end;

	if (!sides[0] || !sides[1] || g_strv_contains(of_the_host, sides[0]))
		return TRUE;
	end = strstr(sides[1], " (");
	if (!end || *sides[1] != '/')
		return fail(file, line, error);
	*end = '\0';
	g_hash_table_replace(libraries, g_strdup(sides[0]), g_strdup(sides[1]));
	return TRUE;
}

gboolean tsr_libraries_add(GHashTable *libraries, const char *file, GError **error)
{
	const char *const arguments[] = { "ldd", file, NULL };
	g_autofree char *output = NULL, *errors = NULL;
	g_autoptr(GError) failure = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_spawn_sync(NULL, (char **)arguments, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output,
			  &errors, NULL, &failure))
		return fail(file, failure->message, error);
	if (*errors && !strstr(output, "=>") && !strstr(output, "statically"))
		return fail(file, g_strchomp(errors), error);
	lines = g_strsplit(output, "\n", -1);
	for (char **line = lines; *line; line++)
		if (!take_line(libraries, file, *line, error))
			return FALSE;
	return TRUE;
}
