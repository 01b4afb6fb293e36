/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An instance of a plugin in a machine: the host that it sees, its properties and what it claimed.
 */
#ifndef TSR_INSTANCE_INSTANCE_H
#define TSR_INSTANCE_INSTANCE_H

#include <glib.h>

#include <tessera-glib/machine.h>
#include <tessera/device.h>
#include <tessera/draft/files.h>
#include <tessera/pci.h>

#include "config/config.h"

typedef struct TsrInstance TsrInstance;

/* Every `struct tsr_host *` that a plugin holds is the first member of one of these. */
struct tsr_host_record {
	struct tsr_host host;
	TsrInstance *instance;
	struct tsr_pci_function
		*function; /* the bus master, for DMA through a PCI function's host */
};

struct TsrInstance {
	struct tsr_host_record record;
	TsrMachine *machine; /* not owned */
	const TsrInstanceConfig *config;
	const struct tsr_device_class *class;
	void *self;
	bool attached;
	GHashTable *watches;   /* property -> struct property_watch */
	GHashTable *log_sites; /* call site -> TsrLogRate */
	GMutex log_mutex;
	const char *passed_property; /* that passed_fd came with; NULL: no descriptor was passed */
	int passed_fd;               /* not owned */
	GQueue ordered_jobs;         /* worker: jobs that wait for their turn */
	unsigned jobs;               /* worker: not yet done */
	bool ordered_running;
};

static inline TsrInstance *tsr_instance_of(const struct tsr_host *host)
{
	return ((const struct tsr_host_record *)host)->instance;
}

/* get: what its host finds tables with. */
typedef const void *(*tsr_host_get)(const struct tsr_host *host, const char *name);
TsrInstance *tsr_instance_new(TsrMachine *machine, const TsrInstanceConfig *config,
			      tsr_host_get get, GError **error);
void tsr_instance_free(TsrInstance *instance);
gboolean tsr_instance_attach(TsrInstance *instance, GError **error);
/* What the instance's plugin refused, as a GError of the same class with the instance's name;
 * `otherwise` if it gave no reason. */
void tsr_instance_take_error(TsrInstance *instance, const struct tsr_error *why,
			     const char *otherwise, GError **error);
/* The table and self of an interface it provides, false if it does not. [main] */
bool tsr_instance_get_interface(TsrInstance *instance, const char *name, struct tsr_interface *out);

/* Properties as text, from outside. [locked] */
char *tsr_instance_get_property(TsrInstance *instance, const char *name, GError **error);
gboolean tsr_instance_set_property(TsrInstance *instance, const char *name, const char *value,
				   GError **error);

/* The same with an open file, which the instance can take while its listener runs. fd is not owned.
 * [locked] */
gboolean tsr_instance_set_property_fd(TsrInstance *instance, const char *name, const char *value,
				      int fd, GError **error);

/* By name; NULL if the machine has none. */
TsrInstance *tsr_machine_find_instance(TsrMachine *m, const char *name);
/* The instance that a resource line's PROVIDER names: alias or instance. */
TsrInstance *tsr_machine_find_provider(TsrMachine *m, const char *name);

extern const struct tsr_properties tsr_properties_table;
extern const struct tsr_files tsr_files_table;

#endif
