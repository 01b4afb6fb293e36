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

#include <tessera/tessera.h>

#define UNIT 0x10000u          /* bytes; ROM sizes are multiples of it */
#define MAX_SIZE (16u << 20)   /* bytes */
#define LOW_SIZE 0x20000u      /* bytes */
#define LOW_END 0x100000u
#define FOUR_GIB 0x100000000ull
#define PRIORITY 1             /* over RAM, under BARs: the ISA bridge decodes subtractively */
#define DEFAULT_DATA_DIRS "/usr/local/share:/usr/share" /* XDG Base Directory Specification */

static const char *const folders[] = { "tessera/firmware", "seabios", "qemu" };
static const char *const names[] = { "bios-256k.bin", "bios.bin" };

struct board_rom {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	uint8_t *image;      /* `size` bytes, read from the file; freed at detach */
	uint8_t *high, *low; /* what the guest sees; it may write low if writable */
	uint32_t size, low_size;
	bool writable;
};

/* -- Finding and reading the file */

/*
 * Opens the first of `names` in `directory`/each of `folders`. A board without a host bridge takes
 * the smaller image first: only its last 128 KiB can be seen below 1 MiB.
 */
static FILE *open_in(const struct board_rom *s, const char *directory, size_t length, char *path,
		     size_t path_size)
{
	const size_t count = sizeof(names) / sizeof(names[0]);

	for (size_t n = 0; n < count; n++) {
		for (size_t f = 0; f < sizeof(folders) / sizeof(folders[0]); f++) {
			FILE *file;

			snprintf(path, path_size, "%.*s/%s/%s", (int)length, directory, folders[f],
				 names[s->writable ? count - 1 - n : n]);
			file = fopen(path, "rb");
			if (file)
				return file;
		}
	}
	return NULL;
}

static FILE *open_default(const struct board_rom *s, char *path, size_t path_size,
			  struct tsr_error *error)
{
	const char *directories = getenv("XDG_DATA_DIRS");

	if (!directories || !*directories)
		directories = DEFAULT_DATA_DIRS;
	for (const char *at = directories; *at;) {
		size_t length = strcspn(at, ":");
		FILE *file = open_in(s, at, length, path, path_size);

		if (file)
			return file;
		at += length + (at[length] == ':');
	}
	tsr_error_set(error, TSR_ERROR_NOT_FOUND,
		      "no BIOS found: install the package seabios or name a file with --bios FILE "
		      "(looked for seabios/%s in %s)",
		      names[0], directories);
	return NULL;
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
		tsr_error_set(error, TSR_ERROR_INVALID, "the BIOS %s is empty: give a ROM image",
			      path);
	else if (length > MAX_SIZE)
		tsr_error_set(error, TSR_ERROR_INVALID,
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

static bool load_image(struct board_rom *s, const char *name, struct tsr_error *error)
{
	char path[4096];
	FILE *file;
	bool ok;

	if (*name) {
		snprintf(path, sizeof(path), "%s", name);
		file = fopen(path, "rb");
		if (!file)
			return tsr_error_set(error, TSR_ERROR_NOT_FOUND,
					     "cannot open the BIOS %s: %s", path, strerror(errno));
	} else {
		file = open_default(s, path, sizeof(path), error);
		if (!file)
			return false;
	}
	ok = read_image(s, file, path, error);
	fclose(file);
	return ok;
}

/* -- Life cycle */

static void low_changed(struct board_rom *s)
{
	s->dma->written(s->host, LOW_END - s->low_size, s->low_size);
}

static void fill(struct board_rom *s)
{
	memcpy(s->high, s->image, s->size);
	memcpy(s->low, s->image + s->size - s->low_size, s->low_size);
	s->dma->written(s->host, FOUR_GIB - s->size, s->size);
	low_changed(s);
}

static bool board_rom_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct board_rom *s = self;
	const struct tsr_memory *memory = host->get(host, TSR_MEMORY);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	s->host = host;
	s->dma = host->get(host, TSR_DMA);
	s->writable = properties->get_bool(host, "writable");
	if (!load_image(s, properties->get_string(host, "bios"), error))
		return false;
	s->low_size = s->size < LOW_SIZE ? s->size : LOW_SIZE;
	if (!memory->map(host, "flash", FOUR_GIB - s->size, s->size, PRIORITY, TSR_MEMORY_ROM,
			 &s->high, error) ||
	    !memory->map(host, "low flash", LOW_END - s->low_size, s->low_size, PRIORITY,
			 s->writable ? 0 : TSR_MEMORY_ROM, &s->low, error))
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
	if (kind != TSR_RESET_SOFT)
		fill(self);
}

static void board_rom_save(void *self, struct tsr_state_writer *out)
{
	struct board_rom *s = self;

	tsr_state_put_bytes(out, "image", s->image, s->size);
	if (s->writable)
		tsr_state_put_bytes(out, "low", s->low, s->low_size);
}

static bool board_rom_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct board_rom *s = self;

	if (in->ops->length(in, "image") != (int64_t)s->size)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "board-rom: the state was saved with a BIOS of another size");
	tsr_state_get_bytes(in, "image", s->image, s->size);
	fill(s);
	if (s->writable && !tsr_state_get_bytes(in, "low", s->low, s->low_size))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "board-rom: the state lacks the writable BIOS area");
	low_changed(s);
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

static const void *get_factory(const char *factory)
{
	return strcmp(factory, TSR_FACTORY_DEVICE) == 0 ? &board_rom_class : NULL;
}

TSR_PLUGIN_ENTRY = {
	.size = sizeof(struct tsr_plugin_entry),
	.abi = TSR_ABI_CURRENT,
	.id = PLUGIN_ID,
	.version = PLUGIN_VERSION,
	.get_factory = get_factory,
};
