/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Disk images of other programs, as far as they are judged before `qemu-img` converts one: which
 * format it is, how large its disk is, and which other files it names. An image that names others
 * could make the converter read any file of the user's, so only extents of a VMDK beside it may be.
 */
#ifndef TSR_LIBRARY_DISK_FILE_H
#define TSR_LIBRARY_DISK_FILE_H

#include <gio/gio.h>

#define TSR_DISK_HEAD_BYTES 65536 /* a descriptor of a VMDK is shorter */
#define TSR_DISK_TAIL_BYTES 512

typedef enum {
	TSR_DISK_RAW,
	TSR_DISK_QCOW2,
	TSR_DISK_VMDK,
	TSR_DISK_VDI,
	TSR_DISK_VHD,
	TSR_DISK_VHDX,
} TsrDiskFormat;

/* A file beside a VMDK that holds part of its disk. */
struct tsr_disk_extent {
	char *name;
	guint64 least; /* bytes that it has if it is complete; 0: that is not known */
};

struct tsr_disk_file {
	TsrDiskFormat format;
	guint64 bytes;      /* of the disk, as a guest sees it; 0: the header does not say */
	guint64 stored;     /* of the files that hold it */
	GPtrArray *extents; /* struct tsr_disk_extent * */
};

void tsr_disk_file_clear(struct tsr_disk_file *disk);

/* "VMDK", as users know it, and the name that `qemu-img` has for it. */
const char *tsr_disk_format_name(TsrDiskFormat format);
const char *tsr_disk_format_driver(TsrDiskFormat format);
/* By its first bytes, and its last 512 (NULL: not known). RAW: it is none of the others. */
TsrDiskFormat tsr_disk_format_of(const guint8 *head, gsize length, const guint8 *tail);

/* The ends of an image, and how long it is. */
struct tsr_disk_ends {
	const guint8 *head, *tail; /* the tail has TSR_DISK_TAIL_BYTES; NULL: the file is shorter */
	gsize length;              /* of the head */
	guint64 bytes;             /* of the file */
};

/* What the ends of an image say; name: of the file, for messages. FALSE with error. [any] */
gboolean tsr_disk_file_parse(const struct tsr_disk_ends *ends, const char *name,
			     struct tsr_disk_file *disk, GError **error);
/* Of a file, with all that it names. FALSE with error. Waits for the file system. [any] */
gboolean tsr_disk_file_read(const char *path, struct tsr_disk_file *disk, GError **error);

#endif
