/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The folder of a machine: its manifest, its disks, its suspended state, its last picture and its
 * log. What is made here is made under a hidden name and renamed when it is complete, so that
 * neither a full disk nor the end of the process leaves half a machine. All functions wait for the
 * file system: not on the main loop. [any]
 */
#ifndef TSR_LIBRARY_FOLDER_H
#define TSR_LIBRARY_FOLDER_H

#include "model/copy-file.h"
#include "model/machine-file.h"

#define TSR_LIBRARY_STATE "suspended.state"
#define TSR_LIBRARY_PICTURE "picture.png"
#define TSR_LIBRARY_LOG "log.txt"

struct tsr_new_machine {
	char *title, *details;
	guint memory_mib;
	guint64 disk_mib; /* 0: no disk */
	char *image;      /* a disk image that is copied; NULL: the disk is empty */
	gboolean has_network;
	char *preset; /* the path of the manifest that it is made of */
	/* An express installation (installation.h): from which disc, and the answers. NULL: none */
	char *installer, *answers;
};

/* Makes NAME/NAME.machine in the folder `parent`, which is made if it is missing. Returns the path
 * of the new folder; NULL with error: nothing is left of it. */
char *tsr_folder_create(const char *parent, const struct tsr_new_machine *machine,
			struct tsr_progress *progress, GCancellable *cancellable, GError **error);
/* Copies a machine with its disks, without a suspended state, under another title. Returns the new
 * folder; NULL with error. */
char *tsr_folder_clone(const char *folder, const char *title, struct tsr_progress *progress,
		       GCancellable *cancellable, GError **error);
/* Gives a machine that is off another title, and folder and manifest the name that follows from it.
 * Returns the new path; NULL with error: it is as it was. */
char *tsr_folder_rename(const char *folder, const char *title, GError **error);

#endif
