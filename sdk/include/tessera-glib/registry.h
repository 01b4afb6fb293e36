/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plugins that are installed: their manifests, and how they are found and loaded. Control plane. */
#ifndef TESSERA_GLIB_REGISTRY_H
#define TESSERA_GLIB_REGISTRY_H

#include <glib-object.h>

G_BEGIN_DECLS

/* A manifest's [Property NAME]. */
typedef enum {
	TSR_PROPERTY_STRING,
	TSR_PROPERTY_INT,  /* min..max */
	TSR_PROPERTY_BOOL,
	TSR_PROPERTY_SIZE, /* bytes, with the suffixes K, M, G; min..max */
	TSR_PROPERTY_ENUM, /* one of values */
	TSR_PROPERTY_FILE, /* a path on the host */
} TsrPropertyType;

typedef struct {
	char *name;
	TsrPropertyType type;
	gint64 min, max;
	char *default_value; /* never NULL */
	char **values;       /* ENUM */
	gboolean is_mutable; /* may be written while the machine exists */
	gboolean writable;   /* FALSE: a status the plugin sets */
	char *text;
} TsrPropertySpec;

/* A manifest's [Needs NAME]. */
typedef struct {
	char *name;
	char *interface; /* "tessera.block/1" */
	gboolean optional;
} TsrNeed;

typedef enum { TSR_RESOURCE_PORTS, TSR_RESOURCE_MMIO, TSR_RESOURCE_IRQ, TSR_RESOURCE_DMA, TSR_RESOURCE_ROM } TsrResourceType;

/* A manifest's [Resource NAME]; a machine manifest may override base and line. */
typedef struct {
	char *name;
	TsrResourceType type;
	guint64 base, length; /* PORTS, MMIO, ROM */
	char *line;           /* IRQ: "PROVIDER:INPUT"; "" unconnected */
	guint channel;        /* DMA */
} TsrResource;

#define TSR_TYPE_PLUGIN (tsr_plugin_get_type())
G_DECLARE_FINAL_TYPE(TsrPlugin, tsr_plugin, TSR, PLUGIN, GObject)

const char *tsr_plugin_get_id(TsrPlugin *self);
const char *tsr_plugin_get_version(TsrPlugin *self);
const char *tsr_plugin_get_name(TsrPlugin *self);
const char *tsr_plugin_get_description(TsrPlugin *self);
const char *tsr_plugin_get_kind(TsrPlugin *self);
const char *tsr_plugin_get_licence(TsrPlugin *self);
const char *tsr_plugin_get_vendor(TsrPlugin *self);
const char *tsr_plugin_get_documentation(TsrPlugin *self);
const char *tsr_plugin_get_manifest_path(TsrPlugin *self);
guint tsr_plugin_get_state_version(TsrPlugin *self);
guint tsr_plugin_get_state_oldest(TsrPlugin *self);

/**
 * tsr_plugin_get_provides:
 * @self: a plugin
 *
 * Returns: (transfer none) (array zero-terminated=1): interfaces as "tessera.block/1"
 */
const char *const *tsr_plugin_get_provides(TsrPlugin *self);

/**
 * tsr_plugin_get_properties:
 * @self: a plugin
 *
 * Returns: (transfer none) (element-type TsrPropertySpec): what a user can set
 */
GPtrArray *tsr_plugin_get_properties(TsrPlugin *self);

/**
 * tsr_plugin_get_needs:
 * @self: a plugin
 *
 * Returns: (transfer none) (element-type TsrNeed): the interfaces that it wants to be connected to
 */
GPtrArray *tsr_plugin_get_needs(TsrPlugin *self);

/**
 * tsr_plugin_get_resources:
 * @self: a plugin
 *
 * Returns: (transfer none) (element-type TsrResource): ports, memory, lines and channels
 */
GPtrArray *tsr_plugin_get_resources(TsrPlugin *self);

/*
 * The registry reads manifests and no plugin's code. Folders are FOLDER/ID/VERSION/ID.plugin, the library beside it. All
 * functions are [main]; errors are in TSR_MACHINE_ERROR.
 */
#define TSR_TYPE_REGISTRY (tsr_registry_get_type())
G_DECLARE_FINAL_TYPE(TsrRegistry, tsr_registry, TSR, REGISTRY, GObject)

/**
 * tsr_registry_new:
 *
 * Scans, in this order: the build tree that the library runs from, the folders of TESSERA_PLUGIN_PATH (separated by colons), the
 * user's (~/.local/share/tessera/plugins) and the system's. Of two with the same id and version the first counts.
 *
 * Returns: (transfer full): a registry
 */
TsrRegistry *tsr_registry_new(void);

/**
 * tsr_registry_new_for_folders:
 * @folders: (array zero-terminated=1): where to look, and nowhere else
 *
 * Returns: (transfer full): a registry
 */
TsrRegistry *tsr_registry_new_for_folders(const char *const *folders);

/**
 * tsr_registry_list_plugins:
 * @self: a registry
 *
 * Returns: (transfer container) (element-type TsrPlugin): those that can be used, by id, the newest version first
 */
GPtrArray *tsr_registry_list_plugins(TsrRegistry *self);

/**
 * tsr_registry_get_refused:
 * @self: a registry
 *
 * Returns: (transfer none) (array zero-terminated=1): for each plugin that cannot be used, a line that says which and why; valid
 *          until the next call with the registry
 */
const char *const *tsr_registry_get_refused(TsrRegistry *self);

/**
 * tsr_registry_find:
 * @self: a registry
 * @requirement: an id, or an id and versions: "nic", "nic >=1.2,<2", "nic =1.2.3"
 * @error: says what is installed, or why it is refused
 *
 * Returns: (transfer none) (nullable): the newest that fits
 */
TsrPlugin *tsr_registry_find(TsrRegistry *self, const char *requirement, GError **error);

/**
 * tsr_registry_load_plugin:
 * @self: a registry
 * @plugin: one of its plugins
 * @error: why it is refused; it is among the refused from then on
 *
 * Maps the plugin's library, which stays mapped as long as the process lives. Harmless when it is loaded.
 *
 * Returns: whether it can be used
 */
gboolean tsr_registry_load_plugin(TsrRegistry *self, TsrPlugin *plugin, GError **error);

G_END_DECLS

#endif
