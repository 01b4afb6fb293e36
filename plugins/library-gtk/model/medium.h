/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a file is that the user wants to install or start a system from: a disc or a disk image, the
 * system on it, and what that system wants of a machine. A disc is judged by its volume label and
 * its boot catalogue (ECMA-119, El Torito 1.0); nothing of it is executed.
 */
#ifndef TSR_LIBRARY_MEDIUM_H
#define TSR_LIBRARY_MEDIUM_H

#include <gio/gio.h>

struct tsr_system {
	const char *labels; /* patterns of volume labels, g_pattern_match, with | between */
	const char *name;   /* of the system, as people say it */
	guint memory_mib;   /* proposed */
	guint64 disk_mib;   /* proposed */
	gboolean is_old;    /* older than the internet: no network proposed */
};

typedef enum {
	TSR_MEDIUM_DISC,  /* ISO 9660 */
	TSR_MEDIUM_IMAGE, /* a raw image of a hard disk */
} TsrMediumKind;

struct tsr_medium {
	char *path;
	TsrMediumKind kind;
	char *label; /* of a disc; may be empty */
	char *title; /* proposed for the machine, not empty */
	guint64 bytes;
	gboolean is_bootable;
	gboolean is_64_bit;              /* its label says that it is for x86-64 */
	const struct tsr_system *system; /* never NULL */
};

/* Reads some kilobytes of the file. NULL with TSR_LIBRARY_ERROR_INVALID and a sentence. Waits for
 * the file system. [any] */
struct tsr_medium *tsr_medium_read(const char *path, GError **error);
void tsr_medium_free(struct tsr_medium *medium);

/* What is proposed when there is no medium. */
const struct tsr_system *tsr_system_unknown(void);
/* The system whose disc has such a label; NULL: none is known. [any] */
const struct tsr_system *tsr_system_of_label(const char *label);
/* The newest discs and images in a folder, as paths, at most so many; NULL with error. Waits for
 * the file system. [any] */
char **tsr_medium_list(const char *folder, guint limit, GError **error);

#endif
