/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The board's flash: a BIOS image that ends at 4 GiB, and its last 128 KiB once more below 1 MiB
 * (E0000h-FFFFFh), where a host bridge may put RAM over it.
 *
 * An image that is no multiple of 64 KiB is padded at its start, so that the reset vector stays at
 * its end. The image is part of the saved state: a resumed machine has the BIOS that it was
 * suspended with.
 *
 * Gaps: the flash cannot be programmed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/shadow-ram.h>
#include <tessera/tessera.h>

#include "../firmware-common/firmware.h"

#define UNIT 0x10000u        /* bytes; ROM sizes are multiples of it */
#define MAX_SIZE (16u << 20) /* bytes */
#define LOW_SIZE 0x20000u    /* bytes */
#define LOW_END 0x100000u
#define SHADOW_BASE 0xc0000u
#define FOUR_GIB 0x100000000ull

struct board_rom {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	const struct tsr_memory *memory;
	const struct tsr_shadow_ram *shadow_ram;
	uint8_t *image;      /* `size` bytes, read from the file; freed at detach */
	uint8_t *high, *low; /* what the guest sees */
	uint32_t size, low_size;
	bool writable;
};

/* -- Finding and reading the file */

static FILE *open_default(const char *names, char path[FIRMWARE_PATH], struct tsr_error *error)
{
	FILE *file = firmware_open(names, path);

	if (!file)
		tsr_error_set(error, TSR_ERROR_NOT_FOUND,
			      "no BIOS found: install the package seabios or name a file with "
			      "--bios FILE "
			      "(looked for seabios/%s in %s)",
			      names, firmware_directories());
	return file;
}

/* The whole file, padded at its start to a multiple of UNIT. */
static bool read_image(struct board_rom *s, FILE *file, const char *path, struct tsr_error *error)
{
	uint8_t *bytes = malloc(MAX_SIZE + 1);
	size_t length;

	if (!bytes)
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the BIOS");
	errno = 0;
	length = fread(bytes, 1, MAX_SIZE + 1, file);
	if (ferror(file))
		tsr_error_set(error, TSR_ERROR_IO, "cannot read the BIOS %s: %s", path,
			      strerror(errno));
	else if (length == 0)
		tsr_error_set(error, TSR_ERROR_IO, "the BIOS %s is empty: give a ROM image", path);
	else if (length > MAX_SIZE)
		tsr_error_set(error, TSR_ERROR_IO,
			      "the BIOS %s is larger than 16 MiB: give a ROM image", path);
	else
		s->size = (uint32_t)(length + UNIT - 1) / UNIT * UNIT;
	if (s->size) {
		s->image = malloc(s->size);
		if (s->image) {
			memset(s->image, 0xff, s->size - length);
			memcpy(s->image + s->size - length, bytes, length);
		}
	}
	free(bytes);
	return s->image != NULL;
}

static bool load_image(struct board_rom *s, const char *name, const char *search,
		       struct tsr_error *error)
{
	char path[FIRMWARE_PATH];
	FILE *file;
	bool ok;

	if (*name) {
		snprintf(path, sizeof(path), "%s", name);
		file = firmware_open_file(path);
		if (!file)
			return tsr_error_set(error, TSR_ERROR_NOT_FOUND,
					     "cannot open the BIOS %s: %s", path, strerror(errno));
	} else {
		file = open_default(search, path, error);
		if (!file)
			return false;
	}
	ok = read_image(s, file, path, error);
	fclose(file);
	return ok;
}

/* -- Life cycle */

static void fill(struct board_rom *s)
{
	memcpy(s->high, s->image, s->size);
	memcpy(s->low, s->image + s->size - s->low_size, s->low_size);
	s->dma->written(s->host, FOUR_GIB - s->size, s->size);
	s->dma->written(s->host, LOW_END - s->low_size, s->low_size);
}

/* RAM replaces all ROMs below 1 MiB; the BIOS is copied into it. */
static void copy_to_ram(struct board_rom *s)
{
	s->shadow_ram->set(s->host, SHADOW_BASE, LOW_END - SHADOW_BASE, true, true);
	s->dma->write(s->host, LOW_END - s->low_size, s->image + s->size - s->low_size,
		      s->low_size);
}

static bool board_rom_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct board_rom *s = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	s->host = host;
	s->dma = host->get(host, TSR_DMA);
	s->memory = host->get(host, TSR_MEMORY);
	s->shadow_ram = host->get(host, TSR_SHADOW_RAM);
	s->writable = properties->get_bool(host, "writable");
	if (!load_image(s, properties->get_string(host, "bios"),
			properties->get_string(host, "search"), error))
		return false;
	s->low_size = s->size < LOW_SIZE ? s->size : LOW_SIZE;
	if (!s->memory->map(host, "flash", FOUR_GIB - s->size, s->size, TSR_PRIORITY_BOARD,
			    TSR_MEMORY_ROM, &s->high, error) ||
	    !s->memory->map(host, "low flash", LOW_END - s->low_size, s->low_size,
			    TSR_PRIORITY_BOARD, TSR_MEMORY_ROM, &s->low, error))
		return false;
	fill(s);
	return true;
}

static void board_rom_detach(void *self)
{
	free(((struct board_rom *)self)->image);
}

static void board_rom_reset(void *self, enum tsr_reset kind)
{
	struct board_rom *s = self;

	if (kind == TSR_RESET_SOFT)
		return;
	fill(s);
	if (s->writable)
		copy_to_ram(s);
}

static void board_rom_save(void *self, struct tsr_state_writer *out)
{
	struct board_rom *s = self;

	tsr_state_put_bytes(out, "image", s->image, s->size);
}

static bool board_rom_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct board_rom *s = self;

	if (in->ops->length(in, "image") != (int64_t)s->size)
		return tsr_error_set(
			error, TSR_ERROR_INVALID,
			"the saved machine has a BIOS of another size; set bios to that one");
	tsr_state_get_bytes(in, "image", s->image, s->size);
	fill(s);
	return true;
}

static const struct tsr_device_class board_rom_class = {
	.size = sizeof(board_rom_class),
	.instance_size = sizeof(struct board_rom),
	.attach = board_rom_attach,
	.detach = board_rom_detach,
	.reset = board_rom_reset,
	.save = board_rom_save,
	.load = board_rom_load,
};

TSR_DEVICE_PLUGIN(board_rom_class);
