/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Key files as manifests use them: the syntax of GKeyFile without locales, read strictly. Every
 * group and key knows its line, and a group or key that is there twice is an error, neither of
 * which GKeyFile offers. Groups and keys whose names begin with TSR_KEYFILE_OTHERS are for other
 * programs: they must be well-formed, and are left out of the result.
 */
#ifndef TSR_MANIFEST_KEYFILE_H
#define TSR_MANIFEST_KEYFILE_H

#include <glib.h>

/* Bytes; a manifest is written by hand. */
#define TSR_KEYFILE_MAX (256 * 1024)
#define TSR_KEYFILE_OTHERS "X-"

typedef struct {
	char *name;
	char *value; /* unescaped, without the blanks around it */
	guint line;
} TsrKey;

typedef struct {
	char *name;
	guint line;
	GPtrArray *keys; /* TsrKey, in the file's order */
} TsrGroup;

typedef struct {
	char *path;        /* as messages name it */
	GPtrArray *groups; /* TsrGroup, in the file's order */
} TsrKeyFile;

TsrKeyFile *tsr_keyfile_load(const char *path, GError **error);
/* text: length bytes, not trusted; need not end in a 0. */
TsrKeyFile *tsr_keyfile_parse(const char *path, const char *text, gsize length, GError **error);
void tsr_keyfile_free(TsrKeyFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrKeyFile, tsr_keyfile_free)

/* NULL if absent. */
TsrGroup *tsr_keyfile_group(TsrKeyFile *file, const char *name);
TsrKey *tsr_group_key(TsrGroup *group, const char *name);

/* The NAME of a group "[PREFIX NAME]", or NULL if it is not one. Points into the group's name. */
const char *tsr_group_suffix(const TsrGroup *group, const char *prefix);

/* Sets a TSR_MACHINE_ERROR "PATH:LINE: WHAT: …"; what is a key or "[group]" and may be NULL.
 * Returns FALSE. */
gboolean tsr_keyfile_error(GError **error, int code, const TsrKeyFile *file, guint line,
			   const char *what, const char *format, ...) G_GNUC_PRINTF(6, 7);

#endif
