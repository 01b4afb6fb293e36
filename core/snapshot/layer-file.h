/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Layers of disks (tessera/draft/disk-layer.h) while no machine uses them: making, merging,
 * deleting. Functions that fail set a TSR_MACHINE_ERROR_IO or _INVALID.
 */
#ifndef TSR_SNAPSHOT_LAYER_FILE_H
#define TSR_SNAPSHOT_LAYER_FILE_H

#include <glib.h>

#include <tessera/draft/disk-layer.h>

typedef struct {
	char *path;
	int fd;
	struct tsr_layer_head head;
	struct tsr_layer_use use;
	struct tsr_layer_map map;
	uint8_t *bits; /* map.bits_size bytes */
	guint64 written;
} TsrLayerFile;

/* An empty layer on stable storage. parent: an id; NULL: the image. */
gboolean tsr_layer_file_create(const char *folder, const char *parent, guint64 disk_size, char **id,
			       GError **error);
TsrLayerFile *tsr_layer_file_open(const char *folder, const char *id, gboolean writable,
				  GError **error);
void tsr_layer_file_free(TsrLayerFile *layer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrLayerFile, tsr_layer_file_free)

/* Sectors that `from` has and `to` lacks. */
guint64 tsr_layer_file_count_missing(const TsrLayerFile *to, const TsrLayerFile *from);
/* Gives `to` those sectors, and the parent of `from`. What is read through `to` is the same at
 * every moment, however this ends. */
gboolean tsr_layer_file_pull(TsrLayerFile *to, const TsrLayerFile *from, GError **error);
/* Writes the layer's sectors into the image that it is above. What is read through the layer is the
 * same at every moment. */
gboolean tsr_layer_file_push(const TsrLayerFile *from, const char *image, GError **error);
/* parent: an id; NULL: the image. */
gboolean tsr_layer_file_set_parent(TsrLayerFile *layer, const char *parent, GError **error);

/* Locks a file as a machine does: one writer or many readers. A descriptor, or -1 with error: it is
 * in use. */
int tsr_layer_file_lock(const char *path, gboolean writer, GError **error);
/* A file that other folders share (a hard link) becomes this folder's own. */
gboolean tsr_layer_file_unshare(const char *path, GError **error);
/* So that no machine can take it into use any more, and removes it. Does nothing if one has. */
void tsr_layer_file_remove(const char *path);

#endif
