/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See option-rom.h. A ROM is a region of the memory map like others, which knows how long its image
 * is; so what an instance has mapped goes with its other regions.
 */
#include "board/option-rom.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "board/memory-map.h"
#include "instance/check.h"
#include "instance/machine-parts.h"

#define AREA_BASE 0xc0000u
#define AREA_END 0xe0000u
/* IBM PC AT Technical Reference, "Adapter Cards with System-Accessible ROM Modules" */
#define IMAGE_UNIT 512u
#define IMAGE_LENGTH 2 /* the byte with the length in units */

/* The resource as the machine manifest places it; NULL with error. */
static const TsrResource *find_socket(TsrInstance *instance, const char *name,
				      struct tsr_error *error)
{
	const TsrResource *r = tsr_config_find_resource(instance->config, name);

	if (!r || r->type != TSR_RESOURCE_ROM) {
		tsr_error_set(error, TSR_ERROR_NOT_FOUND, "its manifest has no rom resource '%s'",
			      name);
		return NULL;
	}
	if (r->length && r->length % TSR_PAGE_SIZE == 0 && r->base % TSR_PAGE_SIZE == 0 &&
	    r->base >= AREA_BASE && r->base < AREA_END && r->length <= AREA_END - r->base)
		return r;
	tsr_error_set(error, TSR_ERROR_INVALID,
		      "the ROM '%s' is at 0x%llx with 0x%llx bytes; base and length are multiples "
		      "of 4096, between 0xc0000 and 0xdffff: set resource.%s.base",
		      name, (unsigned long long)r->base, (unsigned long long)r->length, name);
	return NULL;
}

static bool check_image(const TsrResource *socket, const uint8_t *image, size_t length,
			struct tsr_error *error)
{
	if (length > socket->length)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the image of the ROM '%s' has more bytes than its socket, "
				     "%llu",
				     socket->name, (unsigned long long)socket->length);
	if (length < IMAGE_UNIT || image[0] != 0x55 || image[1] != 0xaa ||
	    image[IMAGE_LENGTH] * IMAGE_UNIT > length || !image[IMAGE_LENGTH])
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the image of the ROM '%s' is no option ROM: it begins with "
				     "55 AA and the number of its blocks of 512 bytes",
				     socket->name);
	return true;
}

static void warn_of_sum(const TsrInstance *instance, const uint8_t *image)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < image[IMAGE_LENGTH] * IMAGE_UNIT; i++)
		sum = (uint8_t)(sum + image[i]);
	if (sum)
		g_log("tessera", G_LOG_LEVEL_WARNING,
		      "%s: the bytes of its option ROM do not add up to 0, but to %u: the BIOS "
		      "will pass over it",
		      instance->config->name, sum);
}

static struct tsr_region *map_image(TsrInstance *instance, const TsrResource *socket,
				    const uint8_t *image, size_t length, struct tsr_error *error)
{
	struct tsr_region template = { .owner = instance,
				       .name = socket->name,
				       .base = socket->base,
				       .length =
					       (length + TSR_PAGE_MASK) & ~(uint64_t)TSR_PAGE_MASK,
				       .priority = TSR_PRIORITY_BAR,
				       .flags = TSR_MEMORY_ROM,
				       .enabled = true };
	struct tsr_region *r;

	if (!check_image(socket, image, length, error))
		return NULL;
	r = tsr_memory_map_add_bytes(instance->machine->memory, &template, error);
	if (!r)
		return NULL;
	memset(r->bytes, 0xff, r->length);
	memcpy(r->bytes, image, length);
	r->rom_image = (uint32_t)length;
	warn_of_sum(instance, image);
	return r;
}

static struct tsr_region *rom_map(const struct tsr_host *host, const char *name, const void *image,
				  size_t length, struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "option_rom.map");
	const TsrResource *socket = find_socket(instance, name, error);

	return socket ? map_image(instance, socket, image, length, error) : NULL;
}

/* Reads up to `room` bytes; -1: cannot, errno says why. */
static ssize_t read_file(int fd, uint8_t *to, size_t room)
{
	size_t length = 0;
	ssize_t n;

	do {
		n = pread(fd, to + length, room - length, (off_t)length);
		if (n > 0)
			length += (size_t)n;
	} while ((n > 0 && length < room) || (n < 0 && errno == EINTR));
	return n < 0 ? -1 : (ssize_t)length;
}

/* The file that the property names, open; -1: errno says why. A jail has what was opened before. */
static int open_file(const struct tsr_host *host, const char *property, const char *path)
{
	int fd = tsr_files_table.take(host, property);

	if (fd < 0)
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		tsr_files_table.keep(host, property, fd);
	return fd;
}

static ssize_t load_image(const struct tsr_host *host, const char *property, const char *path,
			  uint8_t *to, size_t room)
{
	int fd = open_file(host, property, path), why;
	ssize_t length = fd >= 0 ? read_file(fd, to, room) : -1;

	why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return length;
}

static bool rom_map_file(const struct tsr_host *host, const char *name, const char *property,
			 struct tsr_region **region, struct tsr_error *error)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "option_rom.map_file");
	const char *path = tsr_properties_table.get_string(host, property);
	const TsrResource *socket = find_socket(instance, name, error);
	g_autofree uint8_t *image = socket ? g_malloc(socket->length + 1) : NULL;
	ssize_t length;

	*region = NULL;
	if (!socket || !*path)
		return socket != NULL;
	length = load_image(host, property, path, image, socket->length + 1);
	if (length < 0)
		return tsr_error_set(error, TSR_ERROR_IO, "cannot read the option ROM %s: %s", path,
				     g_strerror(errno));
	*region = map_image(instance, socket, image, (size_t)length, error);
	return *region != NULL;
}

/* -- For the firmware */

/* The one at the lowest address behind `after`; NULL: none. */
static const struct tsr_region *find_behind(GPtrArray *regions, uint64_t after)
{
	const struct tsr_region *found = NULL;

	for (guint i = 0; i < regions->len; i++) {
		const struct tsr_region *r = g_ptr_array_index(regions, i);

		if (r->rom_image && r->enabled && r->base > after &&
		    (!found || r->base < found->base))
			found = r;
	}
	return found;
}

static bool rom_get(const struct tsr_host *host, unsigned index, struct tsr_option_rom_image *image)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "option_rom.get");
	GPtrArray *regions = tsr_memory_map_get_regions(instance->machine->memory);
	const struct tsr_region *r = find_behind(regions, 0);

	while (r && index--)
		r = find_behind(regions, r->base);
	if (!r)
		return false;
	tsr_struct_fill(image, &(struct tsr_option_rom_image){ .size = sizeof(*image),
							       .length = r->rom_image,
							       .instance = r->owner->config->name,
							       .name = r->name,
							       .bytes = r->bytes,
							       .base = r->base });
	return true;
}

const struct tsr_option_rom tsr_option_rom_table = {
	.size = sizeof(struct tsr_option_rom),
	.map = rom_map,
	.map_file = rom_map_file,
	.get = rom_get,
};
