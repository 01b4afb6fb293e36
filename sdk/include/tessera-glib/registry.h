/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Installed plugins: their manifests, and how they are found and loaded. Control plane. */
#ifndef TESSERA_GLIB_REGISTRY_H
#define TESSERA_GLIB_REGISTRY_H

#include <glib-object.h>
#include <tessera/abi.h>

G_BEGIN_DECLS

/**
 * TsrPropertyType:
 * @TSR_PROPERTY_STRING: text
 * @TSR_PROPERTY_INT: a number from min to max
 * @TSR_PROPERTY_BOOL: true or false
 * @TSR_PROPERTY_SIZE: bytes from min to max, with the suffixes K, M, G
 * @TSR_PROPERTY_ENUM: one of values
 * @TSR_PROPERTY_FILE: a path on the host
 * @TSR_PROPERTY_FILES: names with paths, NAME=PATH;…
 *
 * The types of properties.
 */
typedef enum {
	TSR_PROPERTY_STRING,
	TSR_PROPERTY_INT,
	TSR_PROPERTY_BOOL,
	TSR_PROPERTY_SIZE,
	TSR_PROPERTY_ENUM,
	TSR_PROPERTY_FILE,
	TSR_PROPERTY_FILES,
} TsrPropertyType;

/**
 * TsrFileAccess:
 * @TSR_FILE_ACCESS_CREATE: it may be missing, and is made or written to
 * @TSR_FILE_ACCESS_READ: it must exist and is only read
 * @TSR_FILE_ACCESS_WRITE: it must exist and may be written to
 *
 * What a plugin does with the file that a property of type TSR_PROPERTY_FILE names.
 */
typedef enum {
	TSR_FILE_ACCESS_CREATE,
	TSR_FILE_ACCESS_READ,
	TSR_FILE_ACCESS_WRITE,
} TsrFileAccess;

/**
 * TsrPropertySpec:
 * @name: as in NAME.PROPERTY=VALUE
 * @type: what its values are
 * @min: the least value of an int or size
 * @max: the greatest
 * @default_value: its value when none is written, never NULL
 * @values: (array zero-terminated=1): of an enum
 * @is_mutable: whether it may be written while the machine exists
 * @writable: FALSE: a status that the plugin sets
 * @text: what the user interface says
 * @access: of a file: what the plugin does with it
 * @saved: of a mutable one that is no file: whether its value is part of a saved state
 *
 * A manifest's [Property NAME].
 */
typedef struct {
	char *name;
	TsrPropertyType type;
	gint64 min, max;
	char *default_value;
	char **values;
	gboolean is_mutable;
	gboolean writable;
	char *text;
	TsrFileAccess access;
	gboolean saved;
} TsrPropertySpec;

/**
 * TsrNeed:
 * @name: as in connect.NAME=INSTANCE
 * @interface: as it is written, "tessera.block/1" or "tessera.block/2;tessera.block/1"
 * @optional: whether an instance works without it
 * @interfaces: (array zero-terminated=1): the interfaces, the one that it likes best first; a
 *              provider of one of them is enough
 *
 * A manifest's [Needs NAME].
 */
typedef struct {
	char *name;
	char *interface;
	gboolean optional;
	char **interfaces;
} TsrNeed;

/**
 * TsrResourceType:
 * @TSR_RESOURCE_PORTS: I/O ports
 * @TSR_RESOURCE_MMIO: physical memory with registers
 * @TSR_RESOURCE_IRQ: an interrupt line
 * @TSR_RESOURCE_DMA: a DMA channel
 * @TSR_RESOURCE_ROM: physical memory with an option ROM
 *
 * The kinds of resources that a plugin claims.
 */
typedef enum {
	TSR_RESOURCE_PORTS,
	TSR_RESOURCE_MMIO,
	TSR_RESOURCE_IRQ,
	TSR_RESOURCE_DMA,
	TSR_RESOURCE_ROM
} TsrResourceType;

/**
 * TsrResource:
 * @name: as in resource.NAME.base
 * @type: what it is
 * @base: the first port or address of ports, mmio, rom
 * @length: how many
 * @line: of an irq, "PROVIDER:INPUT"; empty: unconnected
 * @channel: of a dma
 *
 * A manifest's [Resource NAME]; a machine manifest may override base, line and channel.
 */
typedef struct {
	char *name;
	TsrResourceType type;
	guint64 base, length;
	char *line;
	guint channel;
} TsrResource;

#define TSR_TYPE_PLUGIN (tsr_plugin_get_type())
/**
 * TsrPlugin:
 *
 * An installed plugin, as its manifest describes it; none of its code was run. What the functions
 * return belongs to the plugin. All are [main].
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrPlugin, tsr_plugin, TSR, PLUGIN, GObject)

/**
 * tsr_plugin_get_id:
 * @self: a plugin
 *
 * Gets its id. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_id(TsrPlugin *self);
/**
 * tsr_plugin_get_version:
 * @self: a plugin
 *
 * Gets its version, MAJOR.MINOR.PATCH. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_version(TsrPlugin *self);
/**
 * tsr_plugin_get_name:
 * @self: a plugin
 *
 * Gets its name for the user. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_name(TsrPlugin *self);
/**
 * tsr_plugin_get_description:
 * @self: a plugin
 *
 * Gets a sentence about it. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_description(TsrPlugin *self);
/**
 * tsr_plugin_get_kind:
 * @self: a plugin
 *
 * Gets "device", "backend", "cpu", "mmu" or "ui". [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_kind(TsrPlugin *self);
/**
 * tsr_plugin_get_licence:
 * @self: a plugin
 *
 * Gets an SPDX expression. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_licence(TsrPlugin *self);
/**
 * tsr_plugin_get_vendor:
 * @self: a plugin
 *
 * Gets who made it. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_vendor(TsrPlugin *self);
/**
 * tsr_plugin_get_documentation:
 * @self: a plugin
 *
 * Gets an address or a file, or an empty text. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_documentation(TsrPlugin *self);
/**
 * tsr_plugin_get_manifest_path:
 * @self: a plugin
 *
 * Gets its manifest's path. [main]
 *
 * Returns: (transfer none): the text
 */
TSR_EXPORT const char *tsr_plugin_get_manifest_path(TsrPlugin *self);
/**
 * tsr_plugin_get_state_version:
 * @self: a plugin
 *
 * Gets the version of the state that it saves. [main]
 *
 * Returns: a version, from 1 on; 0 without a state
 */
TSR_EXPORT guint tsr_plugin_get_state_version(TsrPlugin *self);
/**
 * tsr_plugin_get_state_oldest:
 * @self: a plugin
 *
 * Gets the oldest version of a state that it can load. [main]
 *
 * Returns: a version, from 1 on; 0 without a state
 */
TSR_EXPORT guint tsr_plugin_get_state_oldest(TsrPlugin *self);

/**
 * tsr_plugin_get_provides:
 * @self: a plugin
 *
 * Gets the interfaces that instances of it offer. [main]
 *
 * Returns: (transfer none) (array zero-terminated=1): interfaces as "tessera.block/1"
 */
TSR_EXPORT const char *const *tsr_plugin_get_provides(TsrPlugin *self);

/**
 * tsr_plugin_get_properties:
 * @self: a plugin
 *
 * Gets what a user can set or read. [main]
 *
 * Returns: (transfer none) (element-type TsrPropertySpec): what a user can set
 */
TSR_EXPORT GPtrArray *tsr_plugin_get_properties(TsrPlugin *self);

/**
 * tsr_plugin_get_needs:
 * @self: a plugin
 *
 * Gets the interfaces that instances of it use. [main]
 *
 * Returns: (transfer none) (element-type TsrNeed): the interfaces that it wants to be connected to
 */
TSR_EXPORT GPtrArray *tsr_plugin_get_needs(TsrPlugin *self);

/**
 * tsr_plugin_get_resources:
 * @self: a plugin
 *
 * Gets the ports, memory, lines and channels that instances of it claim. [main]
 *
 * Returns: (transfer none) (element-type TsrResource): ports, memory, lines and channels
 */
TSR_EXPORT GPtrArray *tsr_plugin_get_resources(TsrPlugin *self);

#define TSR_TYPE_REGISTRY (tsr_registry_get_type())
/**
 * TsrRegistry:
 *
 * The installed plugins. It reads the manifests, FOLDER/ID/VERSION/ID.plugin next to the library,
 * and runs no plugin's code. All functions are [main]; errors are in TSR_MACHINE_ERROR.
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrRegistry, tsr_registry, TSR, REGISTRY, GObject)

/**
 * tsr_registry_new:
 *
 * Scans, in this order: the build tree that the library runs from, the folders of
 * TESSERA_PLUGIN_PATH (separated by colons), the user's (~/.local/share/tessera/plugins) and the
 * system's. Of two with the same id and version the first counts. [main]
 *
 * Returns: (transfer full): a registry
 */
TSR_EXPORT TsrRegistry *tsr_registry_new(void);

/**
 * tsr_registry_new_for_folders:
 * @folders: (array zero-terminated=1): where to look, and nowhere else
 *
 * Scans these folders. [main]
 *
 * Returns: (transfer full): a registry
 */
TSR_EXPORT TsrRegistry *tsr_registry_new_for_folders(const char *const *folders);

/**
 * tsr_registry_list_plugins:
 * @self: a registry
 *
 * Lists the plugins. [main]
 *
 * Returns: (transfer container) (element-type TsrPlugin): those that can be used, by id, the newest
 * version first
 */
TSR_EXPORT GPtrArray *tsr_registry_list_plugins(TsrRegistry *self);

/**
 * tsr_registry_get_refused:
 * @self: a registry
 *
 * Lists the plugins that cannot be used. [main]
 *
 * Returns: (transfer none) (array zero-terminated=1): for each plugin that cannot be used, a line
 *          that says which and why; valid until the next call with the registry
 */
TSR_EXPORT const char *const *tsr_registry_get_refused(TsrRegistry *self);

/**
 * tsr_registry_find:
 * @self: a registry
 * @requirement: an id, or an id and versions: "nic", "nic >=1.2,<2", "nic =1.2.3"
 * @error: says what is installed, or why it is refused
 *
 * Finds the plugin that a requirement of a machine manifest means. [main]
 *
 * Returns: (transfer none) (nullable): the newest that fits, or NULL with @error set
 */
TSR_EXPORT TsrPlugin *tsr_registry_find(TsrRegistry *self, const char *requirement, GError **error);

/**
 * tsr_registry_load_plugin:
 * @self: a registry
 * @plugin: one of its plugins
 * @error: why it is rejected; from then on it is in tsr_registry_get_refused()
 *
 * Loads the plugin's library, which stays loaded until the process ends. Does nothing when it is
 * loaded. [main]
 *
 * Returns: whether it can be used
 */
TSR_EXPORT gboolean tsr_registry_load_plugin(TsrRegistry *self, TsrPlugin *plugin, GError **error);

G_END_DECLS

#endif
