/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last words of a process that crashes, or in which a plugin calls exit(): whose fault it was.
 */
#ifndef TSR_PROGRAM_FAULTS_H
#define TSR_PROGRAM_FAULTS_H

#include <glib.h>

#define FAULTS_NAMES 512 /* bytes for the names of calls into plugins */

/* From now on. `before`, which may be NULL, is called first; it must be async-signal-safe. */
void faults_start(void (*before)(void));
/* Writes a line to standard error that consists of these parts. Async-signal-safe. */
void faults_say(const char *const *parts, guint count);

#endif
