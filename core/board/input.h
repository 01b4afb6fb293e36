/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and pointers of a machine. */
#ifndef TSR_BOARD_INPUT_H
#define TSR_BOARD_INPUT_H

#include <tessera-glib/machine.h>
#include <tessera/input.h>

#include "instance/instance.h"

struct tsr_inputs;

struct tsr_inputs *tsr_inputs_new(void);
void tsr_inputs_free(struct tsr_inputs *inputs);
/* What an instance has added gets nothing any more. [locked] */
void tsr_inputs_drop(struct tsr_inputs *inputs, const TsrInstance *owner);
/* Whether an instance gets keys or the pointer. [locked] */
bool tsr_inputs_reach(const struct tsr_inputs *inputs, const TsrInstance *owner);
extern const struct tsr_input tsr_input_table;

#endif
