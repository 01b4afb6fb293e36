/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Any bytes as an index of snapshots: an error, or what is the same when it is printed and read
 * again. And as the start of a layer's file, after which sectors are read and written: an error or
 * a disk, no crash. Each input is read as both, so that seeds are plain files.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blk-raw.h"
#include "config/snapshot-index.h"

#define SECTOR_OF_TEST 512u

static void read_index(const char *text, gsize length)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(TsrSnapshotIndex) index =
		tsr_snapshot_index_parse("/nonexistent", "index", text, length, &error);
	g_autoptr(TsrSnapshotIndex) again = NULL;
	g_autofree char *printed = NULL, *twice = NULL;

	if (!index != !!error)
		abort();
	if (!index)
		return;
	printed = tsr_snapshot_index_print(index);
	again = tsr_snapshot_index_parse("/nonexistent", "index", printed, strlen(printed), NULL);
	twice = again ? tsr_snapshot_index_print(again) : NULL;
	if (g_strcmp0(printed, twice) != 0)
		abort();
}

/* A file with the size that its head asks for, if that is small. */
static int make_layer(const uint8_t *data, size_t size)
{
	struct tsr_layer_head head;
	int fd = memfd_create("layer", MFD_CLOEXEC);
	uint64_t whole = TSR_LAYER_ALIGN;

	if (size >= sizeof(head)) {
		memcpy(&head, data, sizeof(head));
		if (head.disk_size && head.disk_size <= 1 << 20)
			whole = tsr_layer_map_of(head.disk_size).file_size;
	}
	if (write(fd, data, size) != (ssize_t)size || ftruncate(fd, (off_t)whole))
		abort();
	return fd;
}

static void use_layer(struct overlay *o)
{
	struct medium base = { .base_fd = memfd_create("base", MFD_CLOEXEC), .size = o->length };
	uint8_t bytes[SECTOR_OF_TEST];

	if (ftruncate(base.base_fd, (off_t)o->length))
		abort();
	for (uint64_t at = 0; at < o->length; at += sizeof(bytes))
		overlay_read(o, &base, at, bytes, sizeof(bytes));
	memset(bytes, 0x5a, sizeof(bytes));
	if (overlay_write(o, o->length - sizeof(bytes), bytes, sizeof(bytes)) || layer_flush(o) ||
	    overlay_read(o, &base, o->length - sizeof(bytes), bytes, sizeof(bytes)) ||
	    bytes[0] != 0x5a)
		abort();
	close(base.base_fd);
}

static void read_layer(const uint8_t *data, size_t size)
{
	static const uint8_t boot[TSR_LAYER_ID] = { 1 };
	struct tsr_error error = { 0 };
	struct overlay *o = layer_open(make_layer(data, size), true, boot, "layer", &error);

	if (!o != (error.code != 0))
		abort();
	if (o)
		use_layer(o);
	overlay_destroy(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_index((const char *)data, size);
	read_layer(data, size);
	return 0;
}
