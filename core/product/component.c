/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See component.h. */
#include "product/component.h"

#include <stdlib.h>
#include <string.h>

#include "config/digest.h"

TsrComponent *tsr_component_new(const char *folder, const char *path, const char *name,
				const char *version, GError **error)
{
	g_autofree char *file = g_build_filename(folder, path, NULL),
			*digest = tsr_digest_file(file, error);
	TsrComponent *component;

	if (!digest)
		return NULL;
	component = g_new0(TsrComponent, 1);
	component->name = g_strdup(name);
	component->version = g_strdup(version);
	component->path = g_strdup(path);
	component->sha256 = g_steal_pointer(&digest);
	return component;
}

void tsr_component_free(TsrComponent *component)
{
	char *const texts[] = {
		component->name, component->version, component->licence, component->supplier,
		component->path, component->sha256,  component->package, component->architecture,
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
	g_free(component);
}

/* Its standard output, or NULL. */
static char *ask(const char *const *arguments)
{
	char *output = NULL;
	int status = 1;

	if (g_spawn_sync(NULL, (char **)arguments, NULL,
			 G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
			 NULL, &status, NULL) &&
	    status == 0)
		return output;
	g_free(output);
	return NULL;
}

/* "PACKAGE:ARCHITECTURE: PATH": the package's name as dpkg takes it. */
static char *package_of(const char *path)
{
	const char *const arguments[] = { "dpkg-query", "-S", path, NULL };
	char *answer = ask(arguments), *end = answer ? strstr(answer, ": ") : NULL;

	if (end)
		*end = '\0';
	else
		g_clear_pointer(&answer, g_free);
	return answer;
}

void tsr_component_find_package(TsrComponent *component, const char *original)
{
	g_autofree char *real = realpath(original, NULL);
	/* The database has some paths as they were before /lib became a link to /usr/lib. */
	g_autofree char *package = real ? package_of(real) : NULL;
	const char *arguments[] = { "dpkg-query", "-W",
				    "-f",         "${Package}\n${Version}\n${Architecture}",
				    NULL,         NULL };
	g_autofree char *answer = NULL;
	g_auto(GStrv) words = NULL;

	if (!package && real && g_str_has_prefix(real, "/usr/"))
		package = package_of(real + strlen("/usr"));
	if (!package)
		return;
	arguments[4] = package;
	answer = ask(arguments);
	words = g_strsplit(answer ? answer : "", "\n", 3);
	if (g_strv_length(words) != 3)
		return;
	component->package = g_strdup(words[0]);
	g_free(component->version);
	component->version = g_strdup(words[1]);
	component->architecture = g_strdup(words[2]);
	component->supplier = g_strdup("Debian");
}
