/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A new file that takes an old one's place once it is whole. It is made beside the old one, in the
 * same folder, under the name PATH.XXXXXX: whatever fails, the old one stays as it is. Used by who
 * writes a state himself, and by a client that has a machine write it. Knows no object of the
 * library, because the program has this file, too.
 */
#ifndef TSR_STATE_NEW_FILE_H
#define TSR_STATE_NEW_FILE_H

struct tsr_new_file {
	char *path, *beside;
	int fd; /* for reading and writing; empty at first */
};

/* Makes an empty file that only its user can read. 0, or an error number. */
int tsr_new_file_open(struct tsr_new_file *file, const char *path);
/* Ends it: with failure 0, the file gets its name, and the name is on stable storage; the contents
 * must be, see tsr_new_file_sync(). With an error number the file is removed. Returns the first
 * error number, or 0. */
int tsr_new_file_close(struct tsr_new_file *file, int failure);
/* Puts a file's contents on stable storage, if it can be synced: a pipe cannot, nor a folder on
 * every file system. 0, or an error number. */
int tsr_new_file_sync(int fd);

#endif
