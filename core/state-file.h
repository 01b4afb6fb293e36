/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved states: named fields as GVariant dictionaries, and the file that holds a whole machine. */
#ifndef TSR_STATE_FILE_H
#define TSR_STATE_FILE_H

#include <gio/gio.h>

#include <tessera/state.h>

/* A writer that collects into an a{sv}. */
struct tsr_state_writer *tsr_variant_writer_new(void);
/* Frees the writer; a floating reference. */
GVariant *tsr_variant_writer_end(struct tsr_state_writer *w);

/* Reads from an a{sv}; keeps a reference. */
struct tsr_state_reader *tsr_variant_reader_new(GVariant *dictionary, uint32_t version);
void tsr_variant_reader_free(struct tsr_state_reader *r);

/* The file: a head (a{sv}), and memory in compressed pieces; a checksum over all. Written beside `path` and renamed. */
gboolean tsr_state_file_write(const char *path, GVariant *head, const uint8_t *memory, guint64 length, GError **error);

typedef struct TsrStateFile TsrStateFile;
/* Opens and checks the file as a whole: magic, lengths, checksum. Any contents are safe. NULL with error. */
TsrStateFile *tsr_state_file_open(const char *path, GError **error);
void tsr_state_file_free(TsrStateFile *file);
GVariant *tsr_state_file_get_head(TsrStateFile *file); /* not owned; a{sv} */
guint64 tsr_state_file_get_memory_length(TsrStateFile *file);
gboolean tsr_state_file_read_memory(TsrStateFile *file, uint8_t *memory, guint64 length, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrStateFile, tsr_state_file_free)

#endif
