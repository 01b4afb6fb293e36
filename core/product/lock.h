/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The lock of a plan. */
#ifndef TSR_PRODUCT_LOCK_H
#define TSR_PRODUCT_LOCK_H

#include "product/plan.h"

/* The text of its lock file; NULL with error. (transfer full) */
char *tsr_plan_lock_text(TsrDraft *plan, GError **error);

#endif
