/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Changes of a machine's parts, as changes of its manifest. What is not changed stays as it is
 * written, with its comments. A part is the manifest's own, or it is of a machine that the manifest
 * extends: then the manifest gets the keys that differ. Nothing is checked here: `tessera parts`
 * judges. All functions are pure. [any]
 */
#ifndef TSR_LIBRARY_MACHINE_EDIT_H
#define TSR_LIBRARY_MACHINE_EDIT_H

#include "model/parts.h"

/* A manifest that is edited. */
struct tsr_edit {
	GKeyFile *file;
	const char *path;              /* where `parts` was read from */
	const struct tsr_parts *parts; /* as it was before the edit */
	const struct tsr_catalogue *catalogue;
};

/* mib: memory in MiB. */
void tsr_edit_set_memory(const struct tsr_edit *edit, guint mib);
/* Whether devices may be upgraded while the machine runs. */
void tsr_edit_set_upgrades(const struct tsr_edit *edit, gboolean may);
/* The value of a property; NULL: its default. A part that an option of the command line would make
 * another of (a slot) becomes one that is always there. */
void tsr_edit_set_property(const struct tsr_edit *edit, const char *part, const char *property,
			   const char *value);
/* Any other key: "resource.irq.line", "address". value NULL: none. */
void tsr_edit_set_key(const struct tsr_edit *edit, const char *part, const char *key,
		      const char *value);
/* other NULL: nothing. */
void tsr_edit_connect(const struct tsr_edit *edit, const char *part, const char *need,
		      const char *other);
/* range: "=1.2.0"; NULL: the newest that is installed. */
void tsr_edit_set_version(const struct tsr_edit *edit, const char *part, const char *range);
/* A new part. Its name, which is to be freed. */
char *tsr_edit_add(const struct tsr_edit *edit, const struct tsr_plugin *plugin);
/* Removes a part, those that belong to it, back ends that only it uses, and connections to them.
 * The removed ones' names. (transfer full) */
GPtrArray *tsr_edit_remove(const struct tsr_edit *edit, const char *part);

/* Which plugins the machine would get for another network card and for another disk; NULL: none. */
const struct tsr_plugin *tsr_edit_find_network_card(const struct tsr_edit *edit);
const struct tsr_plugin *tsr_edit_find_drive(const struct tsr_edit *edit);
/* The first back end that is installed for a need; NULL: none. */
const struct tsr_plugin *tsr_edit_find_backend(const struct tsr_edit *edit,
					       const struct tsr_plugin_need *need);
/* Where a new part of this plugin can be plugged in: "PART.NEED", those that are free. (transfer
 * full) */
GPtrArray *tsr_edit_list_places(const struct tsr_edit *edit, const struct tsr_plugin *plugin);
/* Parts that a need can be connected to, used or not. (transfer full): char * */
GPtrArray *tsr_edit_list_providers(const struct tsr_edit *edit, const struct tsr_plugin_need *need);
/* The plugin of a part; NULL: it is not installed. */
const struct tsr_plugin *tsr_edit_plugin_of(const struct tsr_edit *edit,
					    const struct tsr_part *part);

#endif
