/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See profile-files.h. */
#include "program/profile-files.h"

#include <errno.h>

#include "program/program.h"

static const char *const formats[PROFILE_FILES] = { "txt", "folded", "svg", "json" };

static void close_all(struct profile_files *f)
{
	for (guint i = 0; i < PROFILE_FILES; i++) {
		g_clear_pointer(&f->files[i], fclose);
		g_clear_pointer(&f->paths[i], g_free);
	}
}

gboolean profile_files_open(struct profile_files *f, const char *stem, GError **error)
{
	for (guint i = 0; i < PROFILE_FILES; i++) {
		f->paths[i] = g_strconcat(stem, ".", formats[i], NULL);
		f->files[i] = fopen(f->paths[i], "we");
		if (f->files[i])
			continue;
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
			    "%s: cannot write the profile: %s", f->paths[i], g_strerror(errno));
		close_all(f);
		return FALSE;
	}
	return TRUE;
}

static gboolean write_one(TsrMachine *machine, const char *format, FILE *file)
{
	g_autofree char *text = tsr_machine_get_profile(machine, format, NULL);
	gboolean good = text && fputs(text, file) >= 0;

	return fclose(file) == 0 && good;
}

void profile_files_write(struct profile_files *f, TsrMachine *machine)
{
	for (guint i = 0; i < PROFILE_FILES; i++) {
		if (f->files[i] && !write_one(machine, formats[i], f->files[i]))
			program_fail(TSR_EXIT_MACHINE_FAILED, "%s: cannot write the profile: %s",
				     f->paths[i], g_strerror(errno));
		g_free(f->paths[i]);
	}
}
