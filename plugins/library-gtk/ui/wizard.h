/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The wizard for a new machine, in three pages: what it starts from; a page to review what is
 * proposed for that; and, when a disk image is copied, how far that is.
 */
#ifndef TSR_LIBRARY_WIZARD_H
#define TSR_LIBRARY_WIZARD_H

#include <adwaita.h>

#include "model/library.h"

#define TSR_TYPE_WIZARD (tsr_wizard_get_type())
G_DECLARE_FINAL_TYPE(TsrWizard, tsr_wizard, TSR, WIZARD, AdwWindow)

/* preset: the manifest that the machine is made of. path: a disc or image that was chosen already;
 * NULL: none. [main] */
GtkWidget *tsr_wizard_new(GtkWindow *over, TsrLibrary *library, const char *preset,
			  const char *path);

#endif
