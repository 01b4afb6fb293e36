/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Machines from elsewhere: a machine of Tessera in another folder, one of VMware (.vmx), one in the
 * Open Virtualization Format (.ovf, .ova), and a disk image of another program. A machine of the
 * library is made of each, in a folder of its own; what it is made of stays as it is. All functions
 * wait for the file system: not on the main loop. [any]
 */
#ifndef TSR_LIBRARY_IMPORT_H
#define TSR_LIBRARY_IMPORT_H

#include "model/copy-file.h"

typedef enum {
	TSR_IMPORT_DISC,    /* an ISO: a machine can start from it */
	TSR_IMPORT_IMAGE,   /* a raw image of a disk */
	TSR_IMPORT_DISK,    /* an image in another format */
	TSR_IMPORT_FOREIGN, /* a description of a machine, or an archive with one */
	TSR_IMPORT_MACHINE, /* of Tessera */
} TsrImportKind;

struct tsr_import {
	TsrImportKind kind;
	char *path;   /* absolute, of the file; a folder was asked for the one in it */
	char *folder; /* a machine's that is copied as a whole; NULL: the path is all there is */
	char *title;  /* of a machine, or what the file's name gives; not empty */
};

/* What a file or folder is. NULL with error: a sentence. */
struct tsr_import *tsr_import_look(const char *path, GError **error);
void tsr_import_free(struct tsr_import *import);
/* Whether a file of several that are imported at once is taken to belong to a machine among them,
 * because the machine's description (.vmx, .ovf, .machine) lies beside it: then it is not imported
 * by itself. paths: all of them, absolute. Discs, archives and folders belong to none. */
gboolean tsr_import_is_part(const char *path, const char *const *paths);

struct tsr_import_place {
	const char *parent;  /* the folder of the new machine's folder */
	const char *preset;  /* the manifest that it is made of */
	const char *program; /* the path of `tessera` */
};

/* Makes the machine of any kind but a disc. notes: gets sentences (char *) about what differs from
 * what was imported. Returns the new folder; NULL with error: nothing is left of it. */
char *tsr_import_make(const struct tsr_import *import, const struct tsr_import_place *place,
		      GPtrArray *notes, struct tsr_progress *progress, GCancellable *cancellable,
		      GError **error);

#endif
