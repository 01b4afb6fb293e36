/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine whose plugins are chosen and which is not made. */
#ifndef TSR_PRODUCT_PLAN_H
#define TSR_PRODUCT_PLAN_H

#include "config/draft.h"

/* Firmware that an instance of a plan uses. */
typedef struct {
	char *instance, *property;
	char *path;
} TsrPlanFirmware;

void tsr_plan_firmware_free(TsrPlanFirmware *firmware);

/* All instances whose plugins are installed. unlocked: whatever lock there is. NULL with error. */
TsrDraft *tsr_plan_new(TsrRegistry *registry, const char *file, const char *const *overrides,
		       gboolean unlocked, GError **error);
/* Its plugins, each once, by id, the newest version first. (transfer container) */
GPtrArray *tsr_plan_list_plugins(TsrDraft *plan);
/* TsrPlanFirmware, in the manifest's order. With a lock, NULL with error if it is not as locked.
 * (transfer full) */
GPtrArray *tsr_plan_list_firmware(TsrDraft *plan, GError **error);

#endif
