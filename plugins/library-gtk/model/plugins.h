/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The installed plugins, who uses them, and what is done with them. `tessera plugins` and `tessera
 * ctl SOCKET upgrade` do the work in processes of their own: what they refuse is told in the words
 * of the command line. One thing at a time is under way, and everything is read anew after it.
 * [main]
 */
#ifndef TSR_LIBRARY_PLUGINS_H
#define TSR_LIBRARY_PLUGINS_H

#include "model/library.h"
#include "model/plugin-users.h"

/* Signal: changed. */
#define TSR_TYPE_PLUGINS (tsr_plugins_get_type())
G_DECLARE_FINAL_TYPE(TsrPlugins, tsr_plugins, TSR, PLUGINS, GObject)

/* Begins to read. Machines that come, go, start or end are read anew. */
TsrPlugins *tsr_plugins_new(TsrLibrary *library);
/* Nothing is signalled any more. What was begun goes on, but nobody is told. */
void tsr_plugins_close(TsrPlugins *self);
/* Reads everything anew. */
void tsr_plugins_read(TsrPlugins *self);

/* NULL: not read yet. Valid until the next signal, as is all that points into it. */
const struct tsr_catalogue *tsr_plugins_get_catalogue(TsrPlugins *self);
/* NULL: not read yet. The same. */
const struct tsr_plugin_users *tsr_plugins_get_users(TsrPlugins *self);
/* Why the catalogue cannot be read; NULL: it can. */
const char *tsr_plugins_get_problem(TsrPlugins *self);
/* Whether something is read or done just now. */
gboolean tsr_plugins_is_busy(TsrPlugins *self);
/* Whether something is done, so that nothing else can be. */
gboolean tsr_plugins_is_working(TsrPlugins *self);

/* As tsr_plugin_users_name(). */
char *tsr_plugins_name_users(TsrPlugins *self, const struct tsr_plugin *plugin);
/* All that is known of a plugin and who uses it, as a text: another one asks for another page. To
 * be freed. */
char *tsr_plugins_signature(TsrPlugins *self, const struct tsr_plugin *plugin);
/* What a line of the registry about a refused plugin is about, in short. To be freed. */
char *tsr_plugins_refused_subject(const char *line);

/* path: a folder or archive. */
void tsr_plugins_install(TsrPlugins *self, const char *path, GAsyncReadyCallback callback,
			 gpointer user);
/* Looks once more whether a machine uses it, and refuses it then. */
void tsr_plugins_remove(TsrPlugins *self, const struct tsr_plugin *plugin,
			GAsyncReadyCallback callback, gpointer user);
/* Puts a version in the place of the one that a part of a running machine is made of. */
void tsr_plugins_upgrade(TsrPlugins *self, TsrLibraryMachine *machine, const char *part,
			 const char *version, GAsyncReadyCallback callback, gpointer user);
/* The end of each of these; FALSE with error: a sentence for the user. */
gboolean tsr_plugins_finish(GAsyncResult *result, GError **error);

#endif
