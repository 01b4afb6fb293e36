/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An instance of a plugin in a machine: the host that it sees, its properties and what it claimed.
 */
#ifndef TSR_INSTANCE_INSTANCE_H
#define TSR_INSTANCE_INSTANCE_H

#include <glib.h>

#include <tessera-glib/machine.h>
#include <tessera/device.h>
#include <tessera/draft/files.h>
#include <tessera/draft/script.h>
#include <tessera/pci.h>

#include "calls/call.h"
#include "config/config.h"
#include "instance/mistakes.h"

typedef struct TsrInstance TsrInstance;

/* Every `struct tsr_host *` that a plugin holds is the first member of one of these. */
struct tsr_host_record {
	struct tsr_host host;
	TsrInstance *instance;
	struct tsr_pci_function
		*function; /* the bus master, for DMA through a PCI function's host */
};

/* Who is told of calls into an instance that come from the core itself; zero: nobody. `done`
 * follows each of the others, with what the instance returned. [locked] */
struct tsr_instance_watch {
	void (*reset)(void *user, enum tsr_reset kind);
	void (*changed)(void *user, const char *property, const char *value);
	void (*done)(void *user, bool good);
	void *user;
};

struct TsrInstance {
	struct tsr_host_record record;
	struct tsr_callee callee; /* its name, for marks of calls */
	char *folder;             /* of the plugin's manifest, absolute */
	TsrMachine *machine;      /* not owned */
	const TsrInstanceConfig *config;
	TsrInstanceConfig *own_config; /* the same, when no TsrConfig has it; freed with this */
	const struct tsr_device_class *class;
	void *self;
	TsrInstance *replaces; /* staged: whose place it is to take; NULL otherwise */
	bool attached;
	bool is_detached;
	GHashTable *watches; /* property -> struct property_watch */
	struct tsr_instance_watch watch;
	struct tsr_log_budget log;
	struct tsr_mistakes mistakes;
	const char *passed_property; /* that passed_fd came with; NULL: no descriptor was passed */
	int passed_fd;               /* not owned */
	GHashTable *kept_files;      /* property -> descriptor, for the instance that replaces it */
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
/* Frees what only the instance itself uses; it is detached. What has its name may still look. */
void tsr_instance_retire(TsrInstance *instance);

/* -- The functions of its class, as tessera/device.h has them; those that it lacks do nothing. */

gboolean tsr_instance_attach(TsrInstance *instance, GError **error);
gboolean tsr_instance_realize(TsrInstance *instance, GError **error);
/* Tells the bus what it provides, and with which tables. Attach does it, except of a newcomer. */
void tsr_instance_provide(TsrInstance *instance);
void tsr_instance_detach(TsrInstance *instance);
void tsr_instance_reset(TsrInstance *instance, enum tsr_reset kind);
void tsr_instance_save(TsrInstance *instance, struct tsr_state_writer *out);
gboolean tsr_instance_quiesce(TsrInstance *instance, GError **error);
void tsr_instance_resume(TsrInstance *instance);
gboolean tsr_instance_load(TsrInstance *instance, struct tsr_state_reader *in, GError **error);
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
extern const struct tsr_script tsr_script_table;

#endif
