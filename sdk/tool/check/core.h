/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plugin on a real core: a machine that is made for it, the preset pc with the plugin in it and
 * the plugin sdk-driver (sdk/driver) in the processor's place, which makes random accesses to it.
 */
#ifndef TSR_CHECK_CORE_H
#define TSR_CHECK_CORE_H

#include <tessera-glib/machine.h>

#include "check.h"

/* -- What the machine is (core-machine.c) */

/* Where plugins are found from now on, and in a machine's registry: this check's, the driver, and
 * those that are installed. */
TsrRegistry *core_registry(const struct check *check);
/* Writes the manifest of a machine with `count` instances of the plugin, 1 or 2, and returns its
 * path. Skips the test when no machine can be made for the plugin. (transfer full) */
char *core_write_machine(const struct check *check, TsrRegistry *registry, unsigned count);
/* The instance that is tested: device0, or that of the preset. */
const char *core_instance(void);
/* What the driver accesses, as its property has it. */
const char *core_places(void);

/* -- A run of it (core-run.c) */

struct core_run {
	TsrMachine *machine;
	char *log; /* the driver's file */
	gboolean reached, stopped;
};

/* Makes a machine from the manifest with `count` instances; the driver uses the seed. When that
 * cannot be, the test has failed; of two instances, it is skipped. */
struct core_run *core_run_new(const struct check *check, TsrRegistry *registry, const char *path,
			      guint64 seed, unsigned count);
/* Sets a property of the driver. */
void core_run_set(struct core_run *run, const char *name, const char *value);
/* Has the driver do the lines of a file, on a machine that is loaded or has been run; FALSE: it has
 * stopped before the last. */
gboolean core_run_script(struct core_run *run, const char *path);
/* Runs up to so many steps; TRUE: the machine has made them, and is paused. FALSE: it has
 * stopped before, because the plugin asked for it. */
gboolean core_run_to(struct core_run *run, unsigned steps);
/* What the driver has written, from the line after `steps` on. (transfer full) */
char *core_run_log(const struct core_run *run, unsigned steps);
/* (transfer full) */
char *core_run_hash(struct core_run *run);
void core_run_free(struct core_run *run);
/* Errors and warnings of the instance under test since the process began, and the first of them. */
unsigned core_run_mistakes(const char **first);

/* -- A state of it in parts (core-splice.c) */

/* A part of a head that the core has saved; fails when there is none. (transfer full) */
GVariant *core_part_of(GVariant *head, const char *name);
/* Whether a line is of the plugin or of what the check has put beside it. */
gboolean core_is_our_line(const char *name);
/* Puts what is kept of a head into a file; of what a new machine's head has, too, nothing. */
void core_put_state(GKeyFile *kept, GVariant *head, GVariant *new_head);
/* The head of today with what the file has. (transfer full) */
GVariant *core_merge_state(GKeyFile *kept, GVariant *head);

/* -- Tests (core-tests.c) */
void check_core_attach(const struct check *check);
void check_core_random(const struct check *check);
void check_core_resets(const struct check *check);
void check_core_two_instances(const struct check *check);
void check_core_log(const struct check *check);
void check_core_deterministic(const struct check *check);
void check_core_differential(const struct check *check);

#endif
