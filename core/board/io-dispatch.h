/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accesses to handlers: split into, or cut out of, the widths that they take (host.h,
 * tsr_io_ops.widths). */
#ifndef TSR_BOARD_IO_DISPATCH_H
#define TSR_BOARD_IO_DISPATCH_H

#include "board/region.h"

uint64_t tsr_io_dispatch_read(const struct tsr_region *region, uint64_t offset, unsigned width);
void tsr_io_dispatch_write(const struct tsr_region *region, uint64_t offset, uint64_t value,
			   unsigned width);

#endif
