/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a machine and the installed plugins, as `tessera parts` and `tessera plugins list`
 * print them (--gvariant). A snapshot: what is changed is read anew. No plugin's code runs here.
 * [any]
 */
#ifndef TSR_LIBRARY_PARTS_H
#define TSR_LIBRARY_PARTS_H

#include <gio/gio.h>

struct tsr_plugin_property {
	char *name, *type; /* string int bool size enum file files */
	char *initial;     /* its default */
	char *text;        /* in the user's language, as far as the manifest has it */
	char **values;     /* of an enum */
	gint64 min, max;
	gboolean is_mutable, writable, saved;
};

struct tsr_plugin_need {
	char *name;
	char **interfaces;
	gboolean optional;
};

struct tsr_plugin_resource {
	char *name, *type; /* ports mmio irq dma rom */
	char *line;        /* of an irq */
	guint64 base, length;
	guint channel;
};

struct tsr_plugin {
	char *id, *version, *name, *description, *kind;
	char *vendor, *licence, *language, *manifest;
	char *abi_oldest, *abi_newest; /* "1" is every 1.x */
	gboolean is_removable;         /* it lies in the user's own folder */
	char **provides;
	GPtrArray *properties; /* struct tsr_plugin_property */
	GPtrArray *needs;      /* struct tsr_plugin_need */
	GPtrArray *resources;  /* struct tsr_plugin_resource */
};

struct tsr_catalogue {
	GPtrArray *plugins; /* struct tsr_plugin, by id, the newest version first */
	char **refused;     /* a line for each */
};

/* text: not trusted. NULL: it is none. */
struct tsr_catalogue *tsr_catalogue_parse(const char *text);
void tsr_catalogue_free(struct tsr_catalogue *catalogue);
/* version NULL: the newest. NULL: it is not installed. */
const struct tsr_plugin *tsr_catalogue_find(const struct tsr_catalogue *catalogue, const char *id,
					    const char *version);
const struct tsr_plugin_property *tsr_plugin_property_of(const struct tsr_plugin *plugin,
							 const char *name);
/* Whether the plugin can be what a need wants. */
gboolean tsr_plugin_serves(const struct tsr_plugin *plugin, const struct tsr_plugin_need *need);

struct tsr_part {
	char *name, *where; /* where: FILE:LINE: [Instance NAME] */
	char *id, *version; /* version empty: no plugin is installed that fits */
	char *requirement;  /* id and versions as they are written */
	char *slot;         /* empty: it has none */
	gboolean exists;
	GHashTable *settings;    /* key: value, as they are written */
	GHashTable *properties;  /* with defaults; empty: not known */
	GHashTable *connections; /* need: part */
};

struct tsr_parts {
	char *memory;        /* as it is written; may be empty */
	char *cpu, *mmu;     /* parts that every machine has */
	char *problem;       /* why the machine cannot be made; empty: it can */
	gboolean upgrades;   /* devices may be upgraded while the machine runs */
	GHashTable *aliases; /* name that lines of interrupts have for a part: the part */
	char **files;        /* the manifests that it is read from, the outermost first */
	GPtrArray *parts;    /* struct tsr_part, in the manifest's order */
};

/* text: not trusted. NULL: it is none. */
struct tsr_parts *tsr_parts_parse(const char *text);
void tsr_parts_free(struct tsr_parts *parts);
/* Also one that is only written, and does not exist. NULL: there is none of that name. */
const struct tsr_part *tsr_parts_find(const struct tsr_parts *parts, const char *name);
/* The part that the problem is about; NULL: it is about the machine as a whole. path: of the
 * manifest, lines: its text. */
const struct tsr_part *tsr_parts_blame(const struct tsr_parts *parts, const char *path,
				       const char *lines);
/* The value that a property has, or would have: written, or its default. */
const char *tsr_part_value(const struct tsr_part *part, const struct tsr_plugin_property *property);
/* Of a switch, as manifests write it. */
gboolean tsr_part_is_true(const char *value);

#endif
