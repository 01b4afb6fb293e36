/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Firmware by its name: a property of type file with access=read may have the value
 * "firmware:NAME;NAME…", which is the first file of these names in the folders of firmware, or, if
 * there is none, no file, so that the plugin decides. A name counts for more than a folder.
 */
#ifndef TSR_CONFIG_FIRMWARE_H
#define TSR_CONFIG_FIRMWARE_H

#include <glib.h>

#define TSR_FIRMWARE "firmware:"

/* The names of such a value; NULL: it is another one. Points into the value. */
const char *tsr_firmware_names(const char *value);
/* The absolute path of the first that exists; NULL: none. (transfer full) */
char *tsr_firmware_find(const char *names);

#endif
