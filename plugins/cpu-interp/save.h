/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_SAVE_H
#define INTERP_SAVE_H

#include "interp.h"

void save_state(struct tsr_x86_state *s, uint32_t pins, struct tsr_state_writer *out);
bool load_state(struct tsr_x86_state *s, uint32_t *pins, struct tsr_state_reader *in, struct tsr_error *error);

#endif
