/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cursors and wishes of viewers: the host table tsr_display_hints, and what viewers call. */
#ifndef TSR_BOARD_DISPLAY_HINTS_H
#define TSR_BOARD_DISPLAY_HINTS_H

#include <tessera/draft/display-hints.h>

extern const struct tsr_display_hints tsr_display_hints_table;

#endif
