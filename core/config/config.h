/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine as it is to be built: a machine manifest plus what the command line overrides, resolved
 * against the registry and checked. What a TsrConfig says can be built without looking at a
 * manifest again.
 */
#ifndef TSR_CONFIG_CONFIG_H
#define TSR_CONFIG_CONFIG_H

#include <glib.h>

#include <tessera-glib/registry.h>
#include <tessera/plugin.h>

typedef enum { TSR_CLOCK_REALTIME, TSR_CLOCK_DETERMINISTIC } TsrClockMode;
typedef enum { TSR_ON_TRIPLE_FAULT_RESET, TSR_ON_TRIPLE_FAULT_STOP } TsrOnTripleFault;

typedef struct {
	char *name;                           /* unique in the machine */
	TsrPlugin *plugin;                    /* resolved to one version; strong reference */
	const struct tsr_plugin_entry *entry; /* loaded; NULL if apart */
	gboolean apart;    /* placement=process: it is not made, and its plugin not loaded, in the
			      machine's process */
	gboolean isolated; /* isolation=process: its plugin runs in a process of its own, and is not
			      loaded in the machine's */
	GHashTable *properties; /* name -> value text; validated, defaults filled in: every property
				   of the manifest is here */
	GHashTable
		*connections; /* need -> char *instance name; a missing optional need is absent */
	GPtrArray *resources; /* TsrResource, with overrides applied */
	int pci_device, pci_function; /* address=DD.F; -1: none */
} TsrInstanceConfig;

typedef struct {
	char *name; /* of the machine */
	char *description;
	guint64 memory; /* bytes of guest RAM, a multiple of 1 MiB */
	TsrClockMode clock;
	guint64 ips;      /* deterministic: guest instructions per second of guest time */
	guint64 rtc_base; /* deterministic: seconds since 1970 at power-on; 0: the host's now */
	guint64 stop_at;  /* deterministic: the run ends when so many instructions have retired; 0:
			     never */
	TsrOnTripleFault on_triple_fault;
	gboolean exit_on_reset;
	gboolean upgrades;    /* the jail takes in other versions of its plugins */
	char *cpu;            /* the instance that is the processor */
	char *mmu;            /* the instance that is the MMU */
	GHashTable *aliases;  /* provider name in resource lines ("isa") -> instance name */
	GPtrArray *instances; /* TsrInstanceConfig, in order of attach: providers before users */
	char *lock;           /* path of the lock that it was made with; NULL: none */
	char *lock_machine;   /* whose lock, as the user named it */
} TsrConfig;

/* Empty: for a config that is built in code. */
TsrConfig *tsr_config_new(void);
void tsr_config_free(TsrConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrConfig, tsr_config_free)

/* One that is in no config, with the properties and resources of the plugin's manifest. */
TsrInstanceConfig *tsr_instance_config_new(const char *name, TsrPlugin *plugin);
void tsr_instance_config_free(TsrInstanceConfig *instance);

/* A new instance, last in the order, with the properties and resources of the plugin's manifest.
 * It belongs to the config. */
TsrInstanceConfig *tsr_config_add(TsrConfig *config, const char *name, TsrPlugin *plugin);

/* Finds by name; NULL if absent. */
TsrInstanceConfig *tsr_config_find(TsrConfig *config, const char *name);

/* A resource of the instance by name; NULL if absent. */
TsrResource *tsr_config_find_resource(const TsrInstanceConfig *instance, const char *name);

#endif
