/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The signals of a TsrMachine. They are emitted on the main thread: what happens on another thread
 * is posted to the main loop first.
 */
#ifndef TSR_INSTANCE_SIGNALS_H
#define TSR_INSTANCE_SIGNALS_H

#include <tessera-glib/machine.h>

struct tsr_post;

/* Adds the signals to the class. */
void tsr_signals_install(GType type);

/* -- Emit on the main loop, in this order; posts.h says what is dropped. [any] */

void tsr_machine_post_event(TsrMachine *m, const char *instance, const char *event,
			    const char *detail);
void tsr_machine_post_line(TsrMachine *m, const char *line, int level);
void tsr_machine_post_panic(TsrMachine *m, const char *why);
/* The machine becomes stopped with that exit status. */
void tsr_machine_post_stopped(TsrMachine *m, int status, const char *why);

/* -- Emit at once, if anything changes. [main] */

/* What was posted. */
void tsr_signals_emit_post(TsrMachine *m, const struct tsr_post *post);
void tsr_signals_set_state(TsrMachine *m, TsrMachineState state);
void tsr_signals_become_stopped(TsrMachine *m, int status, const char *why);
void tsr_signals_display_changed(TsrMachine *m, guint display, guint width, guint height);

#endif
