/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The manifest NAME.machine in a machine's folder, as far as the library reads and writes it. A new
 * one is made of a preset: what is not asked for stays as the preset has it. `tessera run` judges
 * the rest. All functions read or write files: not on the main loop. [any]
 */
#ifndef TSR_LIBRARY_MACHINE_FILE_H
#define TSR_LIBRARY_MACHINE_FILE_H

#include <gio/gio.h>

#define TSR_LIBRARY_SUFFIX ".machine"
#define TSR_LIBRARY_DISK "disk.img"

struct tsr_machine_file {
	char *path;
	char *title;   /* not empty */
	char *details; /* its description; may be empty */
	char *memory;  /* as written, "512M"; may be empty */
};

void tsr_machine_file_clear(struct tsr_machine_file *file);

/* Finds and reads the manifest in a folder, and checks that the disks it names are there. FALSE
 * with TSR_LIBRARY_ERROR_DAMAGED; then `file` has the title that the folder's name gives, and what
 * else could be read. */
gboolean tsr_machine_file_read(const char *folder, struct tsr_machine_file *file, GError **error);

struct tsr_machine_choices {
	const char *title;
	const char *details;
	guint memory_mib;
	gboolean has_disk; /* TSR_LIBRARY_DISK, next to the manifest */
	guint more_disks;  /* the names of which tsr_machine_file_disk() has, from 1 on */
	gboolean has_network;
};

/* At most so many the preset has. */
#define TSR_LIBRARY_DISKS 3
/* The name of a disk's file: TSR_LIBRARY_DISK, "disk1.img", … */
char *tsr_machine_file_disk(guint number);
/* The disks that a manifest names, as it names them. NULL with error. */
char **tsr_machine_file_list_disks(const char *path, GError **error);

/* Writes a new manifest. FALSE with error. */
gboolean tsr_machine_file_write(const char *path, const char *preset,
				const struct tsr_machine_choices *choices, GError **error);
/* Writes another title. FALSE with error: the file is as it was. */
gboolean tsr_machine_file_set_title(const char *path, const char *title, GError **error);

#endif
