/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A recording as a file: what a device did, from a known state on, and everything that was done to
 * it (docs/RECORDINGS.md has the format).
 *
 *   "TSRREC\r\n"                  eight bytes
 *   format, description's length  two numbers of 32 bits, little endian
 *   description                   a GVariant of type a{sv}, little endian
 *   events                        event.h; the last one is an END
 */
#ifndef TSR_RECORDING_FILE_H
#define TSR_RECORDING_FILE_H

#include "recording/event.h"

#define TSR_RECORDING_MAGIC "TSRREC\r\n"
#define TSR_RECORDING_FORMAT 1u
#define TSR_RECORDING_FRONT 16u                    /* bytes before the description */
#define TSR_RECORDING_DESCRIPTION_MAX (256u << 20) /* bytes */

struct tsr_recording;

/* All of the file is checked. NULL and an error of TSR_MACHINE_ERROR, which names it: it cannot be
 * read, is none, is damaged, is cut off, or has a format that this version does not know. */
struct tsr_recording *tsr_recording_open(const char *path, GError **error);
/* The same of bytes in memory, which it keeps. */
struct tsr_recording *tsr_recording_new(GBytes *bytes, const char *name, GError **error);
void tsr_recording_free(struct tsr_recording *recording);
/* (transfer none) In normal form, of type a{sv}. */
GVariant *tsr_recording_get_description(const struct tsr_recording *recording);
/* A value of the description. (transfer full) NULL: it has none of that name and type. */
GVariant *tsr_recording_lookup(const struct tsr_recording *recording, const char *name,
			       const char *type);
/* The next event; the last is the END, again and again. Valid while the recording is. */
const struct tsr_recording_event *tsr_recording_peek(struct tsr_recording *recording);
void tsr_recording_skip(struct tsr_recording *recording);
/* The number of the event that peek gives: 1 is the first. */
guint64 tsr_recording_get_number(const struct tsr_recording *recording);

/* The bytes before the events. (transfer full) */
GByteArray *tsr_recording_front(GVariant *description);
/* The length of what stands before the events, by its first TSR_RECORDING_FRONT bytes; 0: these are
 * of no recording, or of one in another format. */
size_t tsr_recording_front_length(const uint8_t *front);

/* -- The checksum of all before the END: FNV-1a, 64 bits (draft-eastlake-fnv, 6). */
#define TSR_RECORDING_SUM_START 0xcbf29ce484222325u
uint64_t tsr_recording_sum(uint64_t sum, const uint8_t *bytes, size_t length);

#endif
