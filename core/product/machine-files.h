/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a machine itself, in one folder: its manifest, those that it extends, and the files
 * that they name beside themselves. */
#ifndef TSR_PRODUCT_MACHINE_FILES_H
#define TSR_PRODUCT_MACHINE_FILES_H

#include "product/plan.h"

/* Writes them into the folder, which exists. FALSE with error. */
gboolean tsr_plan_copy_machine(TsrDraft *plan, const char *folder, GError **error);
/* NAME of NAME.machine. (transfer full) */
char *tsr_plan_name(TsrDraft *plan);

/* Copies a file with the permissions `mode`, and makes the folder it goes into. FALSE with error.
 */
gboolean tsr_copy_file(const char *from, const char *to, int mode, GError **error);

#endif
