/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the processor announces; the models are in tessera/draft/x86-models.h. */
#ifndef INTERP_CPUID_H
#define INTERP_CPUID_H

#include <tessera/draft/x86-models.h>

#include "interp.h"

bool cpuid_has(const cpu *c, unsigned feature); /* enum tsr_x86_feature */
uint32_t cpuid_cr4_mask(const cpu *c);
uint32_t cpuid_eflags_mask(const cpu *c); /* ID and AC where the model has them */
void cpuid_leaf(const struct tsr_x86_model *model, uint32_t leaf, uint32_t out[4]);

#endif
