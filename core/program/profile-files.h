/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of `tessera run --profile`. They are opened before the jail and written at the end. */
#ifndef TSR_PROGRAM_PROFILE_FILES_H
#define TSR_PROGRAM_PROFILE_FILES_H

#include <stdio.h>
#include <tessera-glib/machine.h>

#define PROFILE_FILES 4

struct profile_files {
	char *paths[PROFILE_FILES];
	FILE *files[PROFILE_FILES]; /* NULL: none is wanted */
};

/* Opens STEM.txt and the others. FALSE and error: one cannot be written. */
gboolean profile_files_open(struct profile_files *files, const char *stem, GError **error);
/* Writes and closes those that are open; one that cannot be written is named on standard error. */
void profile_files_write(struct profile_files *files, TsrMachine *machine);

#endif
