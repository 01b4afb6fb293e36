/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The copy-on-write view of memory that shadow runs have. Pages that are written are copied; a log
 * says which bytes were written, in the order of execution.
 */
#ifndef INTERP_OVERLAY_H
#define INTERP_OVERLAY_H

#include "interp.h"

bool overlay_start(cpu *c); /* empty; false: no memory */
void overlay_finish(cpu *c);
/* `host` is where the byte at `gpa` really is; the range lies within its page. */
void overlay_read(cpu *c, tsr_gpa gpa, const uint8_t *host, void *to, uint32_t length);
void overlay_write(cpu *c, tsr_gpa gpa, const uint8_t *host, const void *from, uint32_t length);
size_t overlay_written(const cpu *c); /* bytes in the log */
void overlay_each(cpu *c, void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user);

#endif
