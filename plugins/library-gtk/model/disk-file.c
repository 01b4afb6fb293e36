/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See disk-file.h. Fields are those of QEMU's docs/interop/qcow2.txt ("Header"); "Virtual Disk
 * Format 5.0" by VMware ("The Descriptor File", "Hosted Sparse Extents"); "Virtual Hard Disk Image
 * Format Specification" 1.0 by Microsoft ("Hard Disk Footer Format"), and [MS-VHDX], section 2.2.1.
 * VirtualBox describes VDI in VDICore.h: VDIPREHEADER, VDIHEADER1. Gaps: images that are layers
 * above others are refused, and of VHDX the size is not read.
 */
#define _GNU_SOURCE
#include "model/disk-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/inside.h"
#include "model/text.h"

#define SECTOR 512
#define EXTENTS_MAX 4096
#define OFFSET_MAX ((guint64)1 << 50) /* sectors; more than any file has */

#define QCOW2_VERSION 4
#define QCOW2_BACKING_OFFSET 8
#define QCOW2_SIZE 24
#define QCOW2_CRYPT_METHOD 32
#define QCOW2_INCOMPATIBLE 72
#define QCOW2_EXTERNAL_DATA ((guint64)1 << 2)
#define VMDK_CAPACITY 12
#define VMDK_PARENT "parentFileNameHint"
#define VDI_TYPE 0x4c
#define VDI_TYPE_DIFFERENCING 4
#define VDI_DATA 0x158 /* offset of the blocks */
#define VDI_SIZE 0x170
#define VDI_BLOCK_BYTES 0x178
#define VDI_BLOCKS_ALLOCATED 0x184
#define VHD_COOKIE "conectix"
#define VHD_CURRENT_SIZE 48
#define VHD_TYPE 60
#define VHD_TYPE_DIFFERENCING 4

static const struct {
	TsrDiskFormat format;
	guint offset;
	const char *magic;
	guint length;
} magics[] = {
	{ TSR_DISK_QCOW2, 0, "QFI\xfb", 4 },
	{ TSR_DISK_VMDK, 0, "KDMV", 4 },
	{ TSR_DISK_VMDK, 0, "# Disk Descriptor", 17 },
	{ TSR_DISK_VDI, 64, "\x7f\x10\xda\xbe", 4 },
	{ TSR_DISK_VHD, 0, VHD_COOKIE, 8 },
	{ TSR_DISK_VHDX, 0, "vhdxfile", 8 },
};

static const struct {
	const char *name, *driver;
} formats[] = {
	[TSR_DISK_RAW] = { "raw", "raw" },    [TSR_DISK_QCOW2] = { "qcow2", "qcow2" },
	[TSR_DISK_VMDK] = { "VMDK", "vmdk" }, [TSR_DISK_VDI] = { "VDI", "vdi" },
	[TSR_DISK_VHD] = { "VHD", "vpc" },    [TSR_DISK_VHDX] = { "VHDX", "vhdx" },
};

const char *tsr_disk_format_name(TsrDiskFormat format)
{
	return formats[format].name;
}

const char *tsr_disk_format_driver(TsrDiskFormat format)
{
	return formats[format].driver;
}

static void extent_free(gpointer data)
{
	struct tsr_disk_extent *extent = data;

	g_free(extent->name);
	g_free(extent);
}

void tsr_disk_file_clear(struct tsr_disk_file *disk)
{
	g_clear_pointer(&disk->extents, g_ptr_array_unref);
}

TsrDiskFormat tsr_disk_format_of(const guint8 *head, gsize length, const guint8 *tail)
{
	for (guint i = 0; i < G_N_ELEMENTS(magics); i++)
		if (magics[i].offset + magics[i].length <= length &&
		    memcmp(head + magics[i].offset, magics[i].magic, magics[i].length) == 0)
			return magics[i].format;
	return tail && memcmp(tail, VHD_COOKIE, 8) == 0 ? TSR_DISK_VHD : TSR_DISK_RAW;
}

/* -- One image */

typedef struct {
	const guint8 *head, *tail;
	gsize length;
	guint64 bytes;
	const char *name;
	struct tsr_disk_file *disk;
} Parse;

static guint64 get(const guint8 *bytes, guint count, gboolean big)
{
	guint64 value = 0;

	for (guint i = 0; i < count; i++)
		value = value << 8 | bytes[big ? i : count - 1 - i];
	return value;
}

static guint64 big_endian(const guint8 *bytes, guint count)
{
	return get(bytes, count, TRUE);
}

static guint64 little_endian(const guint8 *bytes, guint count)
{
	return get(bytes, count, FALSE);
}

static gboolean fail(const Parse *p, const char *sentence, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, p->name);
	return FALSE;
}

static gboolean fail_damaged(const Parse *p, GError **error)
{
	return fail(p, _("“%s” is damaged, or not complete. Copy it again."), error);
}

static gboolean fail_layer(const Parse *p, GError **error)
{
	return fail(p,
		    _("“%s” holds only what changed since another disk, as snapshots do. Merge "
		      "them with the program that made it, and take the result."),
		    error);
}

static gboolean parse_qcow2(Parse *p, GError **error)
{
	guint64 version;

	if (p->length < QCOW2_INCOMPATIBLE + 8)
		return fail_damaged(p, error);
	version = big_endian(p->head + QCOW2_VERSION, 4);
	if (version < 2 || version > 3)
		return fail_damaged(p, error);
	if (big_endian(p->head + QCOW2_BACKING_OFFSET, 8) ||
	    (version == 3 && big_endian(p->head + QCOW2_INCOMPATIBLE, 8) & QCOW2_EXTERNAL_DATA))
		return fail_layer(p, error);
	if (big_endian(p->head + QCOW2_CRYPT_METHOD, 4))
		return fail(p,
			    _("“%s” is encrypted. Decrypt it with the program that made it, and "
			      "take the result."),
			    error);
	p->disk->bytes = big_endian(p->head + QCOW2_SIZE, 8);
	return TRUE;
}

/* QEMU reads zeros where a file has ended before its time. */
static gboolean parse_vdi(Parse *p, GError **error)
{
	if (p->length < VDI_BLOCKS_ALLOCATED + 4 ||
	    little_endian(p->head + VDI_DATA, 4) +
			    little_endian(p->head + VDI_BLOCK_BYTES, 4) *
				    little_endian(p->head + VDI_BLOCKS_ALLOCATED, 4) >
		    p->bytes)
		return fail_damaged(p, error);
	if (little_endian(p->head + VDI_TYPE, 4) == VDI_TYPE_DIFFERENCING)
		return fail_layer(p, error);
	p->disk->bytes = little_endian(p->head + VDI_SIZE, 8);
	return TRUE;
}

/* The footer, of which a dynamic image begins with a copy. Virtual PC before 2004 wrote one byte
 * less of it. */
static gboolean parse_vhd(Parse *p, GError **error)
{
	const guint8 *footer = p->head;

	if (!p->tail ||
	    (memcmp(p->tail, VHD_COOKIE, 8) != 0 && memcmp(p->tail + 1, VHD_COOKIE, 8) != 0))
		return fail_damaged(p, error);
	if (memcmp(p->head, VHD_COOKIE, 8) != 0)
		footer = p->tail;
	if (big_endian(footer + VHD_TYPE, 4) == VHD_TYPE_DIFFERENCING)
		return fail_layer(p, error);
	p->disk->bytes = big_endian(footer + VHD_CURRENT_SIZE, 8);
	return TRUE;
}

/* -- VMDK */

/* A name that is not one of the folder, or that QEMU would take for a URL. */
static gboolean is_plain(const char *name)
{
	return *name && *name != '.' && !strpbrk(name, "/\\:");
}

/* Takes name. */
static void add_extent(Parse *p, char *name, guint64 least)
{
	struct tsr_disk_extent *extent = g_new0(struct tsr_disk_extent, 1);

	extent->name = name;
	extent->least = least;
	g_ptr_array_add(p->disk->extents, extent);
}

/* “RW 4192256 SPARSE "disk-s001.vmdk" 0”; a line that is not of an extent is none. */
static gboolean parse_extent(Parse *p, const char *line, GError **error)
{
	char access[16], type[16];
	guint64 sectors, offset = 0;
	const char *quote = strchr(line, '"'), *end = quote ? strchr(quote + 1, '"') : NULL;
	g_autofree char *name = end ? g_strndup(quote + 1, (gsize)(end - quote - 1)) : NULL;

	if (sscanf(line, "%15s %" G_GUINT64_FORMAT " %15s", access, &sectors, type) != 3 ||
	    (strcmp(access, "RW") != 0 && strcmp(access, "RDONLY") != 0 &&
	     strcmp(access, "NOACCESS") != 0))
		return TRUE;
	if (sectors > G_MAXINT64 / SECTOR - p->disk->bytes / SECTOR ||
	    p->disk->extents->len == EXTENTS_MAX || (!name && strcmp(type, "ZERO") != 0))
		return fail_damaged(p, error);
	p->disk->bytes += sectors * SECTOR;
	if (!name)
		return TRUE;
	if (!is_plain(name)) {
		g_autofree char *shown = g_utf8_make_valid(name, -1);

		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” names the file “%s”, which lies outside of its folder. Put "
			      "the file beside it, and correct the name."),
			    p->name, shown);
		return FALSE;
	}
	if (strcmp(type, "FLAT") == 0 || strcmp(type, "VMFS") == 0)
		offset = MIN(g_ascii_strtoull(end + 1, NULL, 10), OFFSET_MAX) + sectors;
	add_extent(p, g_steal_pointer(&name), offset * SECTOR);
	return TRUE;
}

static gboolean parse_descriptor(Parse *p, GError **error)
{
	g_autofree char *text = g_strndup((const char *)p->head, p->length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	if (p->length == TSR_DISK_HEAD_BYTES)
		return fail_damaged(p, error);
	for (char **line = lines; *line; line++)
		if (!parse_extent(p, *line, error))
			return FALSE;
	return p->disk->bytes || fail_damaged(p, error);
}

/* One without capacity would be described by a text in it, which could name other files. */
static gboolean parse_vmdk(Parse *p, GError **error)
{
	guint64 sectors;

	if (memmem(p->head, p->length, VMDK_PARENT, strlen(VMDK_PARENT)))
		return fail_layer(p, error);
	if (p->head[0] == '#')
		return parse_descriptor(p, error);
	sectors = p->length < SECTOR ? 0 : little_endian(p->head + VMDK_CAPACITY, 8);
	if (!sectors || sectors > G_MAXINT64 / SECTOR)
		return fail_damaged(p, error);
	p->disk->bytes = sectors * SECTOR;
	return TRUE;
}

gboolean tsr_disk_file_parse(const struct tsr_disk_ends *ends, const char *name,
			     struct tsr_disk_file *disk, GError **error)
{
	static gboolean (*const parsers[])(Parse * p, GError * *error) = {
		[TSR_DISK_QCOW2] = parse_qcow2, [TSR_DISK_VMDK] = parse_vmdk,
		[TSR_DISK_VDI] = parse_vdi,     [TSR_DISK_VHD] = parse_vhd,
		[TSR_DISK_VHDX] = NULL,
	};
	Parse p = { ends->head, ends->tail, ends->length, ends->bytes, name, disk };

	disk->format = tsr_disk_format_of(ends->head, ends->length, ends->tail);
	disk->bytes = disk->format == TSR_DISK_RAW ? ends->bytes : 0;
	disk->stored = ends->bytes;
	disk->extents = g_ptr_array_new_with_free_func(extent_free);
	if (parsers[disk->format] && !parsers[disk->format](&p, error))
		return FALSE;
	if (disk->bytes <= G_MAXINT64)
		return TRUE;
	return fail_damaged(&p, error);
}

/* -- Files */

typedef struct {
	guint8 head[TSR_DISK_HEAD_BYTES], tail[TSR_DISK_TAIL_BYTES];
	struct tsr_disk_ends ends;
} Buffer;

static gboolean fail_open(const char *name, int failure, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("“%s” cannot be opened: %s"), name, g_strerror(failure));
	return FALSE;
}

/* Returns 0, or an errno. */
static int read_open(int fd, Buffer *b)
{
	struct stat info;
	gssize got;

	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode))
		return EINVAL;
	got = pread(fd, b->head, sizeof(b->head), 0);
	if (got < 0)
		return errno;
	b->ends.length = (gsize)got;
	b->ends.bytes = (guint64)info.st_size;
	if (info.st_size >= TSR_DISK_TAIL_BYTES &&
	    pread(fd, b->tail, sizeof(b->tail), info.st_size - TSR_DISK_TAIL_BYTES) ==
		    TSR_DISK_TAIL_BYTES)
		b->ends.tail = b->tail;
	return 0;
}

/* Opening a pipe without a writer must not wait. NULL with error. */
static Buffer *read_ends(const char *path, const char *name, GError **error)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	g_autofree Buffer *b = g_new0(Buffer, 1);
	int failure;

	b->ends.head = b->head;
	failure = fd < 0 ? errno : read_open(fd, b);
	if (fd >= 0)
		close(fd);
	if (!failure)
		return g_steal_pointer(&b);
	fail_open(name, failure, error);
	return NULL;
}

/* An extent is not opened by what it says of itself, but QEMU believes a sparse one that it is a
 * description of others. */
static gboolean check_extent(const char *folder, const struct tsr_disk_extent *extent,
			     const char *owner, struct tsr_disk_file *disk, GError **error)
{
	const Parse p = { .name = extent->name };
	g_autofree char *path = tsr_inside_find(folder, extent->name, owner, error);
	g_autofree Buffer *b = path ? read_ends(path, extent->name, error) : NULL;
	struct tsr_disk_file inner = { 0 };
	gboolean done = b != NULL;

	if (b && b->ends.bytes < extent->least)
		return fail_damaged(&p, error);
	if (b && b->ends.length >= 4 && memcmp(b->head, "KDMV", 4) == 0)
		done = tsr_disk_file_parse(&b->ends, extent->name, &inner, error);
	disk->stored += b ? b->ends.bytes : 0;
	tsr_disk_file_clear(&inner);
	return done;
}

gboolean tsr_disk_file_read(const char *path, struct tsr_disk_file *disk, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path),
			*folder = g_path_get_dirname(path);
	g_autofree Buffer *b = read_ends(path, name, error);

	*disk = (struct tsr_disk_file){ 0 };
	if (!b || !tsr_disk_file_parse(&b->ends, name, disk, error))
		return FALSE;
	for (guint i = 0; i < disk->extents->len; i++)
		if (!check_extent(folder, disk->extents->pdata[i], name, disk, error))
			return FALSE;
	return TRUE;
}
