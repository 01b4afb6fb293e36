/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupt lines between instances. */
#ifndef TSR_BOARD_LINES_H
#define TSR_BOARD_LINES_H

#include <tessera-glib/machine.h>
#include <tessera/host.h>
#include <tessera/state.h>

#include "instance/instance.h"

struct tsr_lines;

struct tsr_lines *tsr_lines_new(TsrMachine *m);
void tsr_lines_free(struct tsr_lines *lines);
/* All instances are attached; also to be called when one of them has got more lines. */
gboolean tsr_lines_connect(struct tsr_lines *lines, GError **error);

/* Whether an interrupt waits at the processor (its INTR is high), and so was not accepted yet.
 * [locked] */
bool tsr_lines_interrupt_waits(const struct tsr_lines *lines);

/* An instance is being replaced: its sources keep their levels, whatever it and the newcomer, who
 * gets them by their names, set. thaw: they are the newcomer's from now on; those that it did not
 * get are gone. thaw_back: they are the old one's, and what only the newcomer had is gone. */
void tsr_lines_freeze(struct tsr_lines *lines, const TsrInstance *old);
void tsr_lines_thaw(struct tsr_lines *lines, const TsrInstance *old, const TsrInstance *new);
void tsr_lines_thaw_back(struct tsr_lines *lines, const TsrInstance *old, const TsrInstance *new);

/* "INSTANCE:RESOURCE -> PROVIDER:INPUT" of those that lead somewhere. [locked] */
char **tsr_lines_list(struct tsr_lines *lines);
gboolean tsr_lines_tap(struct tsr_lines *lines, const char *name, gboolean on);
/* A line's source has changed its level: the resource of a device, and the input "PROVIDER:INPUT"
 * that it leads to; NULL: nowhere. Before its receiver hears of it. */
struct tsr_lines_watch {
	void (*changed)(void *user, const char *device, const char *resource, const char *input,
			int level);
	/* Whether changes of this line are wanted. */
	bool (*wants)(void *user, const char *device, const char *resource);
	void *user;
};
/* Calls `source` for each line of an instance, with its resource and level. [locked] */
void tsr_lines_each(struct tsr_lines *lines, const TsrInstance *owner,
		    void (*source)(void *user, const char *resource, int level), void *user);
/* Sets who is told of changes; asks for every line whether it is wanted. [locked] */
void tsr_lines_set_watch(struct tsr_lines *lines, const struct tsr_lines_watch *watch);
void tsr_lines_put_state(struct tsr_lines *lines, struct tsr_state_writer *out);
void tsr_lines_get_state(struct tsr_lines *lines, struct tsr_state_reader *in);
/* While a saved state is loaded: what instances set does nothing. They may pass through other
 * levels, whose edges receivers would take for interrupts. [locked] */
void tsr_lines_set_loading(struct tsr_lines *lines, bool loading);
extern const struct tsr_irq_table tsr_irq_table_impl;

#endif
