/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A block in print: its guest code and its host code, with what each part is for. */
#ifndef TSR_BT_DUMP_H
#define TSR_BT_DUMP_H

#include <stdio.h>

#include "code/bt.h"

bool tsr_bt_dump_wanted(const struct tsr_bt *bt,
			const struct bt_block *b); /* by the property dump */
void tsr_bt_dump(const struct tsr_bt *bt, const struct bt_block *b, FILE *out);

#endif
