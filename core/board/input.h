/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and pointers of a machine. */
#ifndef TSR_BOARD_INPUT_H
#define TSR_BOARD_INPUT_H

#include <tessera-glib/machine.h>
#include <tessera/input.h>

struct tsr_inputs;

struct tsr_inputs *tsr_inputs_new(void);
void tsr_inputs_free(struct tsr_inputs *inputs);
extern const struct tsr_input tsr_input_table;

#endif
