/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which parts of which machines are made of which plugins: those that each machine of the library
 * would be made of at its next start, and those that a running one is made of now. A snapshot.
 * [main]
 */
#ifndef TSR_LIBRARY_PLUGIN_USERS_H
#define TSR_LIBRARY_PLUGIN_USERS_H

#include "model/machine.h"
#include "model/parts.h"

struct tsr_plugin_user {
	TsrLibraryMachine *machine;
	char *part, *id, *version;
	gboolean runs; /* as the machine runs now; FALSE: as it is made next */
};

struct tsr_plugin_users {
	GPtrArray *users;  /* struct tsr_plugin_user */
	GPtrArray *unread; /* TsrLibraryMachine: what these are made of could not be read */
};

struct tsr_plugin_users *tsr_plugin_users_new(void);
void tsr_plugin_users_free(struct tsr_plugin_users *users);

/* Adds the parts of a machine's manifest. */
void tsr_plugin_users_add_parts(struct tsr_plugin_users *users, TsrLibraryMachine *machine,
				const struct tsr_parts *parts);
/* Adds what the machine is made of now: its "plugins" of tsr_machine_get_status(), which is not
 * trusted. FALSE: it does not tell. */
gboolean tsr_plugin_users_add_status(struct tsr_plugin_users *users, TsrLibraryMachine *machine,
				     GVariant *status);

/* "Old PC (com1, com2), Other (com1)": the machines that use a plugin; NULL: none does. To be
 * freed. */
char *tsr_plugin_users_name(const struct tsr_plugin_users *users, const char *id,
			    const char *version);

/* Asks `tessera parts`, and the machines that run, one after another. program: the path of
 * `tessera`. Cancelling ends it. */
void tsr_plugin_users_read(GListModel *machines, const char *program, GCancellable *cancellable,
			   GAsyncReadyCallback callback, gpointer user);
/* NULL: it was cancelled. */
struct tsr_plugin_users *tsr_plugin_users_read_finish(GAsyncResult *result);

#endif
