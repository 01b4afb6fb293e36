/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the manifest parser fills in and the loader uses. */
#ifndef TSR_MANIFEST_PLUGIN_H
#define TSR_MANIFEST_PLUGIN_H

#include <tessera-glib/registry.h>
#include <tessera/plugin.h>

#include "manifest/version.h"

#define TSR_KIND_UI "ui" /* a user interface */

struct _TsrPlugin {
	GObject parent;
	char *path;    /* of the manifest */
	char *library; /* of the .so: absolute, or relative as `path` is */
	char *id, *version, *name, *description, *kind;
	char *licence, *vendor, *documentation;
	char *language; /* in which `library` is a script; NULL: it is a shared object */
	char **provides, **replaces; /* never NULL */
	TsrVersion number;
	TsrVersion abi_oldest, abi_newest;
	guint state_version, state_oldest;
	GHashTable *local_names, *local_descriptions; /* texts by language; NULL: none */
	GHashTable *local_texts; /* such tables by the names of properties, which own those */
	unsigned needs_host;     /* enum tsr_jail_need */
	GPtrArray *properties, *needs, *resources;
	const struct tsr_plugin_entry
		*entry; /* once loaded; the object stays mapped as long as the process lives */
};

/* Parses a plugin manifest. text: not trusted. Does not check the library. NULL with a
 * TSR_MACHINE_ERROR, which is VERSION if it is for another ABI, whatever else is in it. [any] */
TsrPlugin *tsr_plugin_new_from_manifest(const char *path, const char *text, gsize length,
					GError **error);
TsrPlugin *tsr_plugin_new_from_file(const char *path, GError **error);

const TsrPropertySpec *tsr_plugin_find_property(TsrPlugin *self, const char *name);
const TsrNeed *tsr_plugin_find_need(TsrPlugin *self, const char *name);
/* The first of the need's interfaces that the plugin's manifest says it provides; NULL: none. */
const char *tsr_need_choose(const TsrNeed *need, TsrPlugin *provider);
/* The folder among others of plugins that it came from, which may be in no search path: the
 * manifest is FOLDER/ID/VERSION/ID.plugin. */
char *tsr_plugin_dup_folder(const TsrPlugin *self);

/* Whether the manifest says that it provides the interface, NAME/VERSION. */
gboolean tsr_plugin_has_interface(TsrPlugin *self, const char *interface);

TsrResource *tsr_resource_copy(const TsrResource *resource);
void tsr_resource_free(TsrResource *resource);

#endif
