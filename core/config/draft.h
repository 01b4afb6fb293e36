/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine manifest on its way to a TsrConfig: what is written, not yet what it means.
 * Steps, a file each:
 *
 *   read-file.c         the manifest's groups and keys
 *   read-options.c      the command line: options, slots, --set
 *   resolve.c           which instances exist and their plugins, and whether all fits together
 *   resolve-machine.c   [Machine] and [Aliases]
 *   resolve-instance.c  an instance's properties, connections, resources and PCI address
 *   resolve-path.c      properties that name files
 *   order.c             providers before users
 */
#ifndef TSR_CONFIG_DRAFT_H
#define TSR_CONFIG_DRAFT_H

#include <tessera-glib/machine.h>

#include "config/config.h"
#include "manifest/keyfile.h"

/* A value and who said it, for messages. */
typedef struct {
	char *value;
	char *where;       /* "FILE:LINE: KEY" or "--OPTION" */
	char *base_folder; /* the manifest's, if it says the value: relative paths start there;
			      NULL: the command line says it, they start at the working directory */
	gboolean asked;    /* the command line asks for it, if only by a word of the manifest's */
} TsrSetting;

typedef struct {
	char *name;
	char *where;          /* "FILE:LINE: [Instance NAME]" */
	GHashTable *settings; /* key -> TsrSetting: plugin, with, address, connect.*, resource.*,
				 properties */
	/* A slot; slot == NULL: the instance always exists. */
	char *slot;        /* the option's name */
	char *slot_choice; /* the option's first part must be this; NULL: it goes into slot_value */
	char **slot_value; /* properties that the parts between colons of the option's first part
			      fill */
	char *slot_default; /* the option's value when the command line has none of it; NULL: none
			     */
	char **slot_auto; /* "--SLOT auto" takes it if one of these environment variables is set */
	GHashTable *slot_keys; /* KEY of the option -> "INSTANCE.PROPERTY" when it is not a property
				  of this instance */
	gboolean slot_taken, slot_filled;
	gboolean from_default; /* filled by slot_default: left out if its plugin is not installed */
	gboolean replaced; /* --cpu put another plugin here: connections that it does not need are
			      dropped */
	gboolean exists;
	TsrPlugin *plugin;
	TsrInstanceConfig *result; /* borrowed */
} TsrDraftInstance;

typedef struct {
	TsrRegistry *registry;
	char *path;
	char *folder;         /* of the manifest, absolute */
	gboolean trusted;     /* the manifest may name files outside of its folder */
	GHashTable *machine;  /* key of [Machine] -> TsrSetting */
	GHashTable *aliases;  /* name -> TsrSetting */
	GHashTable *options;  /* name -> TsrSetting: INSTANCE.PROPERTY;… */
	GPtrArray *instances; /* TsrDraftInstance, in the file's order */
} TsrDraft;

/* Empty; path is the manifest's. */
TsrDraft *tsr_draft_new(TsrRegistry *registry, const char *path);
void tsr_draft_free(TsrDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrDraft, tsr_draft_free)

/* A new instance, last in the order. */
TsrDraftInstance *tsr_draft_add(TsrDraft *draft, const char *name, const char *where);
/* NULL if there is none of that name. */
TsrDraftInstance *tsr_draft_find(TsrDraft *draft, const char *name);

/* base_folder is NULL for values of the command line. Replaces an earlier value. */
TsrSetting *tsr_draft_set(GHashTable *settings, const char *key, const char *value,
			  const char *where, const char *base_folder);

/* "WHERE: message"; returns FALSE. */
gboolean tsr_draft_error(GError **error, int code, const char *where, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* "WHERE: "VALUE" is not ALLOWED"; returns FALSE. */
gboolean tsr_draft_value_error(GError **error, const TsrSetting *setting, const char *allowed);

/* -- The steps, each in the file that the head names. */

TsrDraft *tsr_draft_new_from_keyfile(TsrRegistry *registry, TsrKeyFile *file, GError **error);

gboolean tsr_draft_apply_override(TsrDraft *draft, const char *override, GError **error);
/* After the last override. */
void tsr_draft_fill_defaults(TsrDraft *draft);

TsrConfig *tsr_draft_resolve(TsrDraft *draft, GError **error);
/* [Machine] and [Aliases], when it is known which instances exist. */
gboolean tsr_draft_resolve_machine(TsrDraft *draft, TsrConfig *config, GError **error);
/* One instance that exists: its keys, checked against its plugin's manifest. */
gboolean tsr_draft_resolve_instance(TsrDraft *draft, TsrDraftInstance *instance, GError **error);
/* The value of a property of type file or files with absolute paths; NULL: one cannot be used, or
 * the manifest must not name it. "" stays "". */
char *tsr_draft_resolve_paths(const TsrDraft *draft, const TsrDraftInstance *instance,
			      const TsrSetting *setting, const TsrPropertySpec *spec,
			      const char *value, GError **error);

gboolean tsr_config_order(TsrConfig *config, GError **error);

#endif
