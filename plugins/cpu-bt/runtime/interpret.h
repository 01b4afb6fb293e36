/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instructions that the interpreter does. */
#ifndef TSR_BT_INTERPRET_H
#define TSR_BT_INTERPRET_H

#include "code/bt.h"

enum tsr_x86_stop tsr_bt_interpret(struct tsr_bt *bt, uint64_t count,
				   uint64_t *executed); /* `executed` may be NULL */

#endif
