/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SHA-256 of files. */
#ifndef TSR_CONFIG_DIGEST_H
#define TSR_CONFIG_DIGEST_H

#include <glib.h>

/* In hexadecimal, or NULL with a TSR_MACHINE_ERROR. (transfer full) */
char *tsr_digest_file(const char *path, GError **error);

#endif
