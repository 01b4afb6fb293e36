/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wizard's part for an installation without questions: shown for a disc that has an installer
 * which takes answers. Property "ready": nothing is asked for, or all answers are right.
 */
#ifndef TSR_LIBRARY_EXPRESS_H
#define TSR_LIBRARY_EXPRESS_H

#include <adwaita.h>

#define TSR_TYPE_EXPRESS (tsr_express_get_type())
G_DECLARE_FINAL_TYPE(TsrExpress, tsr_express, TSR, EXPRESS, AdwPreferencesGroup)

/* Looks, on another thread, whether the disc has such an installer, and is hidden until it is
 * known. disc NULL: there is none. [main] */
void tsr_express_set_disc(TsrExpress *self, const char *disc);
gboolean tsr_express_get_ready(TsrExpress *self);
/* The preconfiguration file; NULL without error: it is not wanted; NULL with error. [main] */
char *tsr_express_write(TsrExpress *self, GError **error);

#endif
