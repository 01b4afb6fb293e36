/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera machines: the presets, from their manifests. */
#include <string.h>

#include "config/presets.h"
#include "manifest/keyfile.h"
#include "program/program.h"

static void print_machine(const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrKeyFile) file = tsr_keyfile_load(path, &error);
	TsrGroup *group = file ? tsr_keyfile_group(file, "Machine") : NULL;
	TsrKey *description = group ? tsr_group_key(group, "description") : NULL;
	g_autofree char *name = g_path_get_basename(path);

	name[strlen(name) - strlen(".machine")] = '\0';
	g_print("%-12s %s\n", name, description ? description->value : error ? error->message : "");
}

int command_machines(char **arguments)
{
	g_auto(GStrv) paths = tsr_presets_list();

	if (program_wants_help(arguments, "machines"))
		return 0;
	if (*arguments)
		return program_fail(TSR_EXIT_USAGE, "`tessera machines` takes no arguments");
	for (char **path = paths; *path; path++)
		print_machine(*path);
	return 0;
}
