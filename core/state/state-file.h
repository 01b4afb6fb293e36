/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that holds the saved state of a whole machine. */
#ifndef TSR_STATE_STATE_FILE_H
#define TSR_STATE_STATE_FILE_H

#include <gio/gio.h>
#include <stdbool.h>
#include <stdint.h>

/* The file: a head (a{sv}), and memory in compressed pieces; a checksum over all. Written to a
 * temporary file in the same folder, synced, renamed, and the folder synced: after a failure the
 * file that was there before is intact, unless it was the folder that could not be synced. */
gboolean tsr_state_file_write(const char *path, GVariant *head, const uint8_t *memory,
			      guint64 length, GError **error);

/* The same into an open file, which stays the caller's; name is for messages. */
gboolean tsr_state_file_write_fd(int fd, const char *name, GVariant *head, const uint8_t *memory,
				 guint64 length, GError **error);

typedef struct TsrStateFile TsrStateFile;
/* Opens and checks the file as a whole: magic, lengths, checksum. Any contents are safe. NULL with
 * error. */
TsrStateFile *tsr_state_file_open(const char *path, GError **error);
TsrStateFile *tsr_state_file_open_fd(int fd, const char *name, GError **error);
void tsr_state_file_free(TsrStateFile *file);
GVariant *tsr_state_file_get_head(TsrStateFile *file); /* not owned; a{sv} */
guint64 tsr_state_file_get_memory_length(TsrStateFile *file);
gboolean tsr_state_file_read_memory(TsrStateFile *file, uint8_t *memory, guint64 length,
				    GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrStateFile, tsr_state_file_free)

#endif
