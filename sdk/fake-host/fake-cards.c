/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What cards of the ISA bus have besides ports and lines: option ROMs, and the numbers of DMA
 * channels. */
#include <stdio.h>

#include "fake-private.h"

#define AREA_BASE 0xc0000u
#define AREA_END 0xe0000u

/* -- tessera.isa-channels/1 */

static unsigned channels_get(const struct tsr_host *host, const char *name)
{
	return (unsigned)fake_resource_number(fake_device_of(host), name, "channel");
}

const struct tsr_isa_channels fake_isa_channels_table = { .size = sizeof(struct tsr_isa_channels),
							  .get = channels_get };

/* -- tessera.option-rom/1 */

static bool is_image(const uint8_t *image, size_t length)
{
	return length >= 512 && image[0] == 0x55 && image[1] == 0xaa && image[2] &&
	       image[2] * 512u <= length;
}

static struct tsr_region *rom_map(const struct tsr_host *host, const char *name, const void *image,
				  size_t length, struct tsr_error *error)
{
	struct fake_device *d = fake_device_of(host);
	uint64_t base = fake_resource_number(d, name, "base"),
		 room = fake_resource_number(d, name, "length");
	struct tsr_region *r;
	uint8_t *bytes;

	if (base < AREA_BASE || base >= AREA_END || !room || room > AREA_END - base ||
	    length > room || !is_image(image, length)) {
		tsr_error_set(error, TSR_ERROR_INVALID,
			      "the ROM '%s' is no option ROM, or has no room at 0x%llx", name,
			      (unsigned long long)base);
		return NULL;
	}
	room = (length + TSR_PAGE_MASK) & ~(uint64_t)TSR_PAGE_MASK;
	r = fake_memory_table.map(host, name, base, room, TSR_PRIORITY_BAR, TSR_MEMORY_ROM, &bytes,
				  error);
	memset(bytes, 0xff, room);
	memcpy(bytes, image, length);
	r->rom_image = (uint32_t)length;
	snprintf(r->rom_name, sizeof(r->rom_name), "%s", name);
	return r;
}

static bool rom_map_file(const struct tsr_host *host, const char *name, const char *property,
			 struct tsr_region **region, struct tsr_error *error)
{
	const char *path = fake_property(host, property)->value;
	size_t room = fake_resource_number(fake_device_of(host), name, "length") + 1, length;
	FILE *file = *path ? fopen(path, "rb") : NULL;
	uint8_t *image;

	*region = NULL;
	if (!*path)
		return true;
	if (!file)
		return tsr_error_set(error, TSR_ERROR_IO, "cannot read the option ROM %s", path);
	image = malloc(room);
	length = fread(image, 1, room, file);
	fclose(file);
	*region = rom_map(host, name, image, length, error);
	free(image);
	return *region != NULL;
}

static const struct tsr_region *rom_behind(uint64_t after)
{
	const struct tsr_region *found = NULL;

	for (const struct tsr_region *r = fake.regions; r; r = r->next)
		if (r->rom_image && r->enabled && r->base > after &&
		    (!found || r->base < found->base))
			found = r;
	return found;
}

static bool rom_get(const struct tsr_host *host, unsigned index, struct tsr_option_rom_image *image)
{
	const struct tsr_region *r = rom_behind(0);

	while (r && index--)
		r = rom_behind(r->base);
	if (!r)
		return false;
	tsr_struct_fill(image, &(struct tsr_option_rom_image){ .size = sizeof(*image),
							       .length = r->rom_image,
							       .instance = r->device->id,
							       .name = r->rom_name,
							       .bytes = r->bytes,
							       .base = r->base });
	return true;
}

const struct tsr_option_rom fake_option_rom_table = { .size = sizeof(struct tsr_option_rom),
						      .map = rom_map,
						      .map_file = rom_map_file,
						      .get = rom_get };
