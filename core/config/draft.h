/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine manifest on its way to a TsrConfig: what is written, not yet what it means.
 * Steps, a file each:
 *
 *   read-file.c         the manifest's groups and keys, on those of the manifest that it extends
 *   extends.c           which manifest that is
 *   read-options.c      the command line: options, slots, --set
 *   read-add.c          the command line: --add
 *   choose.c            which instances exist, and the versions of their plugins
 *   resolve.c           whether all fits together
 *   resolve-machine.c   [Machine] and [Aliases]
 *   resolve-instance.c  an instance's properties, connections, resources and PCI address
 *   resolve-path.c      properties that name files
 *   reach.c             which files a manifest may name
 *   snapshot-layers.c   what was written to disks since a snapshot
 *   order.c             providers before users
 */
#ifndef TSR_CONFIG_DRAFT_H
#define TSR_CONFIG_DRAFT_H

#include <tessera-glib/machine.h>

#include "config/config.h"
#include "config/lock.h"
#include "manifest/keyfile.h"

/* A value and who said it, for messages. */
typedef struct {
	char *value;
	char *where;        /* "FILE:LINE: KEY" or "--OPTION" */
	char *base_folder;  /* the manifest's, if it says the value: relative paths start there;
			       NULL: the command line says it, they start at the working directory */
	gboolean asked;     /* the command line asks for it, if only by a word of the manifest's */
	gboolean inherited; /* said of another plugin than the one that the instance has now: a
			       connection or resource that it does not have is dropped */
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
	TsrSetting *slot_default; /* the option's value when the command line has none of it; NULL:
				     none */
	char **slot_auto; /* "--SLOT auto" takes it if one of these environment variables is set */
	GHashTable *slot_keys; /* KEY of the option -> "INSTANCE.PROPERTY" when it is not a property
				  of this instance */
	gboolean slot_taken, slot_filled;
	gboolean from_default; /* filled by slot_default: left out if its plugin is not installed */
	gboolean exists;
	char *absence;     /* why it does not exist, for the user; NULL: it exists */
	char *requirement; /* id and all ranges of versions that its plugin must be in */
	TsrPlugin *plugin;
	TsrInstanceConfig *result; /* borrowed */
} TsrDraftInstance;

typedef struct {
	TsrRegistry *registry;
	char *path;           /* of the manifest, as messages name it */
	GPtrArray *files;     /* char *: its path and those of the manifests that it extends, the
				 outermost first; absolute */
	TsrLock *lock;        /* NULL: any plugin that fits will do */
	gboolean all;         /* every instance exists whose plugin is installed, but for slots that
				 the command line leaves empty: not for a run */
	gboolean unloaded;    /* plugins are chosen, their code is not loaded: not for a run */
	gboolean trusted;     /* manifests may name files outside of their folders */
	GHashTable *machine;  /* key of [Machine] -> TsrSetting */
	GHashTable *versions; /* id of a plugin -> TsrSetting: a range for all of its instances */
	GHashTable *aliases;  /* name -> TsrSetting */
	GHashTable *options;  /* name -> TsrSetting: INSTANCE.PROPERTY;… */
	GPtrArray *instances; /* TsrDraftInstance, in the file's order */
} TsrDraft;

/* Empty; path is the manifest's. trusted: as --trust. */
TsrDraft *tsr_draft_new(TsrRegistry *registry, const char *path, gboolean trusted);
void tsr_draft_free(TsrDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrDraft, tsr_draft_free)

/* A new instance, last in the order. */
TsrDraftInstance *tsr_draft_add(TsrDraft *draft, const char *name, const char *where);
void tsr_draft_remove(TsrDraft *draft, TsrDraftInstance *instance);
/* NULL if there is none of that name. */
TsrDraftInstance *tsr_draft_find(TsrDraft *draft, const char *name);

/* base_folder is NULL for values of the command line. Replaces an earlier value. */
TsrSetting *tsr_draft_set(GHashTable *settings, const char *key, const char *value,
			  const char *where, const char *base_folder);
TsrSetting *tsr_setting_new(const char *value, const char *where, const char *base_folder);
void tsr_setting_free(TsrSetting *setting);

/* "WHERE: message"; returns FALSE. */
gboolean tsr_draft_error(GError **error, int code, const char *where, const char *format, ...)
	G_GNUC_PRINTF(4, 5);
/* "WHERE: "VALUE" is not ALLOWED"; returns FALSE. */
gboolean tsr_draft_value_error(GError **error, const TsrSetting *setting, const char *allowed);

/* The whole way from a manifest (a path, or a preset's name) and the command line to a draft that
 * can be resolved (load.c). */
TsrDraft *tsr_draft_load(TsrRegistry *registry, const char *file, const char *const *overrides,
			 GError **error);

/* -- The steps, each in the file that the head names. */

TsrDraft *tsr_draft_new_from_keyfile(TsrRegistry *registry, TsrKeyFile *file, gboolean trusted,
				     GError **error);
/* The manifest that the value of `extends` in a file means, read. */
TsrKeyFile *tsr_draft_find_base(TsrDraft *draft, const TsrKeyFile *file, const TsrKey *extends,
				GError **error);

/* The instance is about to get another plugin: drops the properties of the one it has, and keeps
 * what may fit the other one, too. */
void tsr_draft_replace_plugin(TsrDraftInstance *instance);
/* Whether it is a name for an instance. */
gboolean tsr_draft_check_name(const char *name, const char *where, GError **error);

/* Whether the overrides trust the manifest; what is wrong with the text is found later. */
gboolean tsr_overrides_trust(const char *const *overrides);
/* The value of the last override "lock=…", or NULL. */
const char *tsr_overrides_lock(const char *const *overrides);
/* All of them: --add first, so that the others reach what it adds. */
gboolean tsr_draft_apply_overrides(TsrDraft *draft, const char *const *overrides, GError **error);
/* --add NAME=PLUGIN[,KEY=VALUE]… */
gboolean tsr_draft_apply_add(TsrDraft *draft, const char *value, GError **error);
/* Those of the index of snapshots that lies beside the manifest, if there is one. */
gboolean tsr_draft_add_layers(TsrDraft *draft, GError **error);
/* Once. */
gboolean tsr_draft_choose(TsrDraft *draft, GError **error);
/* Whether the machine does without the instance when its plugin is not installed. */
gboolean tsr_draft_is_optional(const TsrDraftInstance *instance);

/* Chooses, too. */
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

/* Whether a manifest in `folder` may name the file: it lies in there, with all links resolved, and
 * is not hidden, or the manifest is one that is installed with Tessera. */
gboolean tsr_reach_allows(const char *folder, const char *path);
/* Whether the file is firmware of the system's packages. */
gboolean tsr_reach_is_firmware(const char *path);

gboolean tsr_config_order(TsrConfig *config, GError **error);

#endif
