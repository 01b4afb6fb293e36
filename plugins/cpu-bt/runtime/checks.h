/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Memory checks and the jump-cache look-up, shared by all translated code. */
#ifndef TSR_BT_CHECKS_H
#define TSR_BT_CHECKS_H

#include "code/bt.h"
#include "code/emit.h"

void tsr_bt_checks_emit(struct tsr_bt *bt, struct emitter *e);

#endif
