/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See medium.h. Numbers of sectors and fields are those of ECMA-119 (section 8.4, Primary Volume
 * Descriptor) and of "El Torito" Bootable CD-ROM Format 1.0 (figures 2 to 4).
 */
#define _GNU_SOURCE
#include "model/medium.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/disk-file.h"
#include "model/name.h"
#include "model/text.h"

#define SECTOR 2048
#define VOLUME_DESCRIPTORS 16 /* the first one's sector */
#define DESCRIPTORS_MAX 16
#define DESCRIPTOR_BOOT 0
#define DESCRIPTOR_PRIMARY 1
#define DESCRIPTOR_END 255
#define VOLUME_ID 40
#define VOLUME_ID_BYTES 32
#define BOOT_CATALOGUE 0x47 /* sector, little endian */
#define CATALOGUE_INITIAL_ENTRY 32
#define ENTRY_BOOTABLE 0x88
#define ENTRY_SECTOR 8
#define MBR_SIGNATURE 510

void tsr_medium_free(struct tsr_medium *medium)
{
	if (!medium)
		return;
	g_free(medium->path);
	g_free(medium->label);
	g_free(medium->title);
	g_free(medium);
}

static gboolean read_sector(int fd, guint32 sector, guint8 *bytes)
{
	return pread(fd, bytes, SECTOR, (off_t)sector * SECTOR) == SECTOR;
}

static guint32 little_endian(const guint8 *bytes)
{
	return (guint32)bytes[0] | (guint32)bytes[1] << 8 | (guint32)bytes[2] << 16 |
	       (guint32)bytes[3] << 24;
}

/* -- Discs */

/* A disc without a label is still one that a boot loader identifies. */
static const struct tsr_system *system_of_loader(const guint8 *image)
{
	static const struct tsr_system linux_system = { "", "Linux", 1024, 16 * 1024, FALSE };

	return memmem(image, SECTOR, "ISOLINUX", strlen("ISOLINUX")) ? &linux_system : NULL;
}

static void read_boot_catalogue(int fd, const guint8 *descriptor, struct tsr_medium *medium)
{
	guint8 catalogue[SECTOR], image[SECTOR];
	const guint8 *entry = catalogue + CATALOGUE_INITIAL_ENTRY;

	if (memcmp(descriptor + 7, "EL TORITO SPECIFICATION", 23) != 0 ||
	    !read_sector(fd, little_endian(descriptor + BOOT_CATALOGUE), catalogue))
		return;
	if (catalogue[0] != 1 || catalogue[30] != 0x55 || catalogue[31] != 0xaa ||
	    entry[0] != ENTRY_BOOTABLE)
		return;
	medium->is_bootable = TRUE;
	if (medium->system == tsr_system_unknown() &&
	    read_sector(fd, little_endian(entry + ENTRY_SECTOR), image) && system_of_loader(image))
		medium->system = system_of_loader(image);
}

static void read_label(const guint8 *descriptor, struct tsr_medium *medium)
{
	g_autofree char *text = g_strndup((const char *)descriptor + VOLUME_ID, VOLUME_ID_BYTES);
	const struct tsr_system *system;

	g_free(medium->label);
	medium->label = tsr_library_clean_title(text);
	system = tsr_system_of_label(medium->label);
	if (system)
		medium->system = system;
}

/* FALSE: it is no disc. */
static gboolean read_disc(int fd, struct tsr_medium *medium)
{
	guint8 descriptor[SECTOR];
	gboolean is_disc = FALSE;

	for (guint i = 0; i < DESCRIPTORS_MAX; i++) {
		if (!read_sector(fd, VOLUME_DESCRIPTORS + i, descriptor) ||
		    memcmp(descriptor + 1, "CD001", 5) != 0 || descriptor[0] == DESCRIPTOR_END)
			break;
		is_disc = TRUE;
		if (descriptor[0] == DESCRIPTOR_PRIMARY)
			read_label(descriptor, medium);
		else if (descriptor[0] == DESCRIPTOR_BOOT)
			read_boot_catalogue(fd, descriptor, medium);
	}
	return is_disc;
}

static gboolean names_64_bits(const char *text)
{
	static const char *const words[] = { "amd64", "x86_64", "x86-64", "x64", "_64" };
	g_autofree char *lower = g_ascii_strdown(text, -1);

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (strstr(lower, words[i]))
			return TRUE;
	return FALSE;
}

/* -- What is neither a disc nor a raw image */

static const struct {
	guint offset;
	const char *magic;
	guint length;
	const char *name; /* NULL: packed */
} foreign[] = {
	{ 257, "ustar", 5, "OVA" },
	{ 0, "\x1f\x8b", 2, NULL },
	{ 0,
	  "\xfd"
	  "7zXZ",
	  5, NULL },
	{ 0, "BZh", 3, NULL },
	{ 0, "\x28\xb5\x2f\xfd", 4, NULL },
	{ 0, "PK\x03\x04", 4, NULL },
	{ 0, "7z\xbc\xaf", 4, NULL },
};

static gboolean fail_foreign(const char *name, const char *format, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("“%s” is a %s image. Drop it onto the library, or choose “Import…” in its "
		      "menu, to make a machine of it."),
		    name, format);
	return FALSE;
}

static gboolean check_foreign(const guint8 *start, const char *name, GError **error)
{
	const TsrDiskFormat format = tsr_disk_format_of(start, SECTOR, NULL);

	if (format != TSR_DISK_RAW)
		return fail_foreign(name, tsr_disk_format_name(format), error);
	for (guint i = 0; i < G_N_ELEMENTS(foreign); i++) {
		if (memcmp(start + foreign[i].offset, foreign[i].magic, foreign[i].length) != 0)
			continue;
		if (foreign[i].name)
			return fail_foreign(name, foreign[i].name, error);
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” is packed. Unpack it, and choose what is inside."), name);
		return FALSE;
	}
	return TRUE;
}

/* The sentence is a format with the name. */
static gboolean fail_invalid(const char *sentence, const char *name, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, name);
	return FALSE;
}

static gboolean read_image(int fd, const char *name, struct tsr_medium *medium, GError **error)
{
	guint8 start[SECTOR] = { 0 };

	if (pread(fd, start, SECTOR, 0) < 0)
		return fail_invalid(_("“%s” cannot be read."), name, error);
	if (!check_foreign(start, name, error))
		return FALSE;
	medium->kind = TSR_MEDIUM_IMAGE;
	medium->is_bootable = start[MBR_SIGNATURE] == 0x55 && start[MBR_SIGNATURE + 1] == 0xaa;
	return medium->is_bootable ||
	       fail_invalid(_("“%s” is neither a disc nor the image of a disk that can be "
			      "started."),
			    name, error);
}

/* -- A file */

static gboolean check_file(int fd, const char *name, struct tsr_medium *medium, GError **error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return fail_invalid(_("“%s” cannot be read."), name, error);
	if (S_ISDIR(info.st_mode))
		return fail_invalid(_("“%s” is a folder. Choose the file of a disc or disk image."),
				    name, error);
	if (!S_ISREG(info.st_mode))
		return fail_invalid(_("“%s” is not a file."), name, error);
	if (info.st_size == 0)
		return fail_invalid(_("“%s” is empty. Its download may not be complete."), name,
				    error);
	medium->bytes = (guint64)info.st_size;
	return TRUE;
}

/* The label of a disc of a known system, with blanks: "Debian 12.4.0 i386 n". */
static char *propose_title(const struct tsr_medium *medium, const char *name)
{
	const char *dot = strrchr(name, '.');
	g_autofree char *stem = dot && dot > name ? g_strndup(name, (gsize)(dot - name)) : NULL;
	char *title;

	if (*medium->system->name && medium->label && *medium->label && strchr(medium->label, ' '))
		return g_strdup(medium->label);
	if (*medium->system->name && tsr_system_of_label(medium->label ? medium->label : ""))
		return g_strdup(medium->system->name);
	title = tsr_library_clean_title(stem ? stem : name);
	if (*title)
		return title;
	g_free(title);
	return g_strdup(_("Machine"));
}

static gboolean read_open(int fd, const char *name, struct tsr_medium *medium, GError **error)
{
	if (!check_file(fd, name, medium, error) ||
	    (!read_disc(fd, medium) && !read_image(fd, name, medium, error)))
		return FALSE;
	medium->is_64_bit = names_64_bits(medium->label ? medium->label : "") ||
			    (medium->kind == TSR_MEDIUM_DISC && names_64_bits(name));
	medium->title = propose_title(medium, name);
	return TRUE;
}

struct tsr_medium *tsr_medium_read(const char *path, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path);
	struct tsr_medium *medium;
	/* Opening a pipe without a writer must not wait. */
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0) {
		g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
			    _("“%s” cannot be opened: %s"), name, g_strerror(errno));
		return NULL;
	}
	medium = g_new0(struct tsr_medium, 1);
	medium->path = g_strdup(path);
	medium->system = tsr_system_unknown();
	if (!read_open(fd, name, medium, error)) {
		tsr_medium_free(medium);
		medium = NULL;
	}
	close(fd);
	return medium;
}
