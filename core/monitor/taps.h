/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watching a machine: what crosses the borders of its devices, as a stream. While nobody watches,
 * no tap stands anywhere: the tables and handlers are the plugins' own.
 */
#ifndef TSR_MONITOR_TAPS_H
#define TSR_MONITOR_TAPS_H

#include <tessera-glib/machine.h>
#include <tessera/abi.h>

#include "recording/event.h"

struct tsr_taps;
struct TsrInstance;

/* Before any instance is attached. */
struct tsr_taps *tsr_taps_new(TsrMachine *m);
/* The watches end; what is queued still arrives, within a second. May be called twice. [main, not
 * locked] */
void tsr_taps_close(struct tsr_taps *taps);
/* When every instance is detached. */
void tsr_taps_free(struct tsr_taps *taps);
/* What an instance gets for a host table of this machine. taps may be NULL, for a machine in
 * another process. [any] */
const void *tsr_taps_find_table(const struct tsr_taps *taps, const char *name, const void *table);
/* An instance connects its need: replaces the table in *out if taps can be put on it. [locked] */
void tsr_taps_add_link(struct tsr_taps *taps, const struct TsrInstance *owner, const char *user,
		       const char *need, const char *interface, struct tsr_interface *out);
/* What an instance connected is gone: another version has taken its place. [locked] */
void tsr_taps_drop_links(struct tsr_taps *taps, const struct TsrInstance *owner);
/* A recording of this instance, or of any if it is NULL, ends for that reason. [locked] */
void tsr_taps_end_recording(TsrMachine *m, const struct TsrInstance *instance,
			    enum tsr_recording_end why);
/* Regions or lines have come or gone while the machine runs. [locked] */
void tsr_taps_update(TsrMachine *m);

#endif
