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
const char *tsr_plugin_get_manifest_path(TsrPlugin *self);
guint tsr_plugin_get_state_version(TsrPlugin *self);
guint tsr_plugin_get_state_oldest(TsrPlugin *self);
const char *const *tsr_plugin_get_provides(TsrPlugin *self);
/* Arrays of TsrPropertySpec, TsrNeed, TsrResource; owned by the plugin. */
GPtrArray *tsr_plugin_get_properties(TsrPlugin *self);
GPtrArray *tsr_plugin_get_needs(TsrPlugin *self);
GPtrArray *tsr_plugin_get_resources(TsrPlugin *self);

#define TSR_TYPE_REGISTRY (tsr_registry_get_type())
G_DECLARE_FINAL_TYPE(TsrRegistry, tsr_registry, TSR, REGISTRY, GObject)

TsrRegistry *tsr_registry_new(void);

G_END_DECLS

#endif
