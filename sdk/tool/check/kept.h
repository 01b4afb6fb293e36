/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A state that is kept: what a version of a plugin saved after random accesses, and what it
 * answered when that had been loaded again. A key file, so that a change of an answer is a line of
 * a diff:
 *
 *	[State]        format, plugin, version, state-version, host (fake or core), seed, and set:
 *	               what --set said
 *	[Board]        NAME=VALUE, a GVariant in text form: what belongs to the host
 *	[Instance X]   plugin, state-version, and fields: a GVariant a{sv} in text form, in which
 *	               long byte fields are strings in base 64
 *	[Answers]      NUMBER=KIND of WIDTH at ADDRESS: VALUE, in hexadecimal. Some are actions (an
 *	               access, time) with what came of them, others say what changed
 */
#ifndef TSR_CHECK_KEPT_H
#define TSR_CHECK_KEPT_H

#include "check.h"

struct tsr_state_writer;

#define KEPT_SUFFIX ".state"

/* A new one of this plugin, without instances. Free with g_key_file_unref. */
GKeyFile *kept_new(const struct check *check);
/* Fails the test if the file is none, or one of another plugin. Free with g_key_file_unref. */
GKeyFile *kept_read(const struct check *check);
/* Replaces the file check->state, or fails the test. */
void kept_write(const struct check *check, GKeyFile *kept);

/* The states of a folder that were made on this host, by name; damaged ones, too. NULL: there is no
 * such folder. (transfer full) */
char **kept_list(const struct check *check);
/* The file's path for a new state. (transfer full) */
char *kept_path(const struct check *check);

/* The check with what the state says it was made with, where the command line does not say
 * otherwise. (transfer full) */
struct check *kept_check(const struct check *check, GKeyFile *kept);

/* Why the core loads no state of that version; NULL: it does. (transfer full) */
char *kept_refusal(const struct check *check, GKeyFile *kept);

/* `fields` may be floating. */
void kept_add_instance(GKeyFile *kept, const char *name, const char *plugin, guint32 version,
		       GVariant *fields);
/* NULL: the file has no such instance. (transfer full) */
GVariant *kept_fields(GKeyFile *kept, const char *name, guint32 *version);
/* Fails the test when the file has an instance besides those. */
void kept_check_instances(GKeyFile *kept, GPtrArray *names);

void kept_set_board(GKeyFile *kept, const char *name, GVariant *value);
/* NULL: there is none of that type. (transfer full) */
GVariant *kept_board(GKeyFile *kept, const char *name, const char *type);

void kept_set_answers(GKeyFile *kept, GPtrArray *lines);
/* (transfer full) */
GPtrArray *kept_answers(GKeyFile *kept);
/* The test ends: the answers are those of the file, or the first that is not fails it. With
 * --accept-answers they become those of the file. */
void kept_compare(const struct check *check, GKeyFile *kept, GPtrArray *answers);

/* -- Fields as a GVariant a{sv}: integers as their type, bytes as ay, groups nested
 * (kept-fields.c) */
/* What `save` of a class writes. Floating. */
GVariant *kept_save_fields(void (*save)(void *self, struct tsr_state_writer *out), void *self);
/* A `save` that writes what a GVariant has. */
void kept_write_fields(void *variant, struct tsr_state_writer *out);
/* A GVariant as text, in which long byte fields are base 64, and back. `value` may be floating.
 * (transfer full) */
char *kept_print(GVariant *value);
GVariant *kept_parse(const char *text, const char *type, GError **error);

/* -- The tests */
void check_old_state(const struct check *check); /* old-states.c */
void check_save_state(const struct check *check);
void check_core_old_state(const struct check *check); /* core-states.c */
void check_core_save_state(const struct check *check);

#endif
