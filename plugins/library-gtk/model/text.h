/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Translation, and the error domain of the library: its messages are sentences for the user. */
#ifndef TSR_LIBRARY_TEXT_H
#define TSR_LIBRARY_TEXT_H

#include <gio/gio.h>
#include <glib/gi18n-lib.h>

typedef enum {
	TSR_LIBRARY_ERROR_DAMAGED, /* what is in a machine's folder cannot be used */
	TSR_LIBRARY_ERROR_FAILED,  /* the host refused: no space, no permission */
	TSR_LIBRARY_ERROR_INVALID, /* what the user asked for cannot be done */
} TsrLibraryError;

#define TSR_LIBRARY_ERROR (tsr_library_error_quark())
GQuark tsr_library_error_quark(void);

#endif
