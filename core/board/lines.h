/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Interrupt lines between instances. */
#ifndef TSR_BOARD_LINES_H
#define TSR_BOARD_LINES_H

#include <tessera-glib/machine.h>
#include <tessera/host.h>
#include <tessera/state.h>

struct tsr_lines;

struct tsr_lines *tsr_lines_new(TsrMachine *m);
void tsr_lines_free(struct tsr_lines *lines);
gboolean tsr_lines_connect(struct tsr_lines *lines,
			   GError **error); /* all instances are attached */
gboolean tsr_lines_tap(struct tsr_lines *lines, const char *name, gboolean on);
void tsr_lines_put_state(struct tsr_lines *lines, struct tsr_state_writer *out);
void tsr_lines_get_state(struct tsr_lines *lines, struct tsr_state_reader *in);
extern const struct tsr_irq_table tsr_irq_table_impl;

#endif
