/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Firmware images by name, from the host's data directories. */
#ifndef FIRMWARE_H
#define FIRMWARE_H

#include <stdio.h>

#define FIRMWARE_PATH 4096 /* bytes */

/* Opens the first that exists of `names` (separated by semicolons); *path tells which. NULL:
 * none. */
FILE *firmware_open(const char *names, char path[FIRMWARE_PATH]);
/* Opens a file for reading; a pipe that nobody writes to is no reason to wait. NULL: see errno. */
FILE *firmware_open_file(const char *path);
/* The directories searched, separated by colons, for messages. */
const char *firmware_directories(void);

#endif
