/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Breakpoints and the debug status register. */
#ifndef INTERP_DEBUG_H
#define INTERP_DEBUG_H

#include "interp.h"

bool debug_watching(const cpu *c); /* a breakpoint is enabled */
void debug_data_access(cpu *c, tsr_gla gla, uint32_t size, bool write);
void debug_port_access(cpu *c, uint16_t port, uint32_t size);
bool debug_code_match(cpu *c,
		      tsr_gla gla); /* true: DR6 is set for the fault before the instruction */
void debug_report(cpu *c, uint32_t conditions); /* DR6 for a #DB */

#endif
