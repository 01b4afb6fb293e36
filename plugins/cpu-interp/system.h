/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef INTERP_SYSTEM_H
#define INTERP_SYSTEM_H

#include "interp.h"

bool system_load_pdptes(cpu *c, uint32_t cr3, uint64_t pdpte[4]);
void system_need_cpl0(cpu *c);
uint64_t system_tsc(cpu *c);

#endif
