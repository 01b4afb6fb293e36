/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Finding the video BIOS: the file that the user names, or SeaBIOS's from one of the places
 * distributions put it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../firmware-common/firmware.h"
#include "vga.h"

#define ROM_MAX (256u << 10)

static const char *const data_dirs[] = {
	"/usr/share/seabios",       "/usr/share/qemu",       "/usr/share/vgabios",
	"/usr/local/share/seabios", "/usr/local/share/qemu",
};

/* An option ROM starts with 55 AA and its length in units of 512 bytes. */
static bool read_rom(FILE *file, const char *path, uint8_t **image, size_t *length,
		     struct tsr_error *error)
{
	uint8_t *bytes = malloc(ROM_MAX + 1);

	if (!bytes)
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for %s", path);
	*length = fread(bytes, 1, ROM_MAX + 1, file);
	if (*length < 512 || *length > ROM_MAX || bytes[0] != 0x55 || bytes[1] != 0xaa) {
		free(bytes);
		return tsr_error_set(error, TSR_ERROR_IO,
				     "%s is not an option ROM: it begins with 55 AA and has 512 "
				     "bytes to 256 KiB",
				     path);
	}
	*image = bytes;
	return true;
}

static FILE *open_default(const char *name, char *path, size_t size)
{
	for (size_t i = 0; i < sizeof(data_dirs) / sizeof(data_dirs[0]); i++) {
		FILE *file;

		snprintf(path, size, "%s/%s", data_dirs[i], name);
		file = fopen(path, "rb");
		if (file)
			return file;
	}
	return NULL;
}

/*
 * true with *image NULL: there is no video BIOS on this host, and none was asked for. Else *image
 * is the caller's to free.
 */
bool vga_load_rom(struct vga *v, const char *path, const char *name, uint8_t **image,
		  size_t *length, struct tsr_error *error)
{
	char found[256];
	FILE *file;
	bool ok;

	*image = NULL;
	file = *path ? firmware_open_file(path) : open_default(name, found, sizeof(found));
	if (!file && *path)
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND,
				     "cannot read the video BIOS %s: %s", path, strerror(errno));
	if (!file) {
		tsr_log_at(v->log, v->host, TSR_LOG_WARNING,
			   "no video BIOS: the screen stays dark until a driver starts; install "
			   "the package seabios or set rom");
		return true;
	}
	ok = read_rom(file, *path ? path : found, image, length, error);
	fclose(file);
	return ok;
}
