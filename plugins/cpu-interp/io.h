/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Port space: the permission check, and the accesses themselves. */
#ifndef INTERP_IO_H
#define INTERP_IO_H

#include "interp.h"

void io_check(cpu *c, uint16_t port,
	      unsigned size); /* #GP(0) when IOPL and the TSS's bitmap forbid it */
uint32_t io_in(cpu *c, uint16_t port, unsigned size);
void io_out(cpu *c, uint16_t port, uint32_t value, unsigned size);

#endif
