/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of items; see items.h. Filled at attach and realize, constant afterwards. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../firmware-common/firmware.h"
#include "items.h"

#define DIRECTORY_ENTRY 64u /* bytes: size, number, reserved, name; integers are big-endian */

void items_finish(struct fw_cfg_items *items)
{
	for (unsigned i = 0; i < items->count; i++)
		free(items->item[i].bytes);
	items->count = 0;
}

const struct fw_cfg_item *items_find(const struct fw_cfg_items *items, uint16_t key)
{
	for (unsigned i = 0; i < items->count; i++) {
		if (items->item[i].key == key)
			return &items->item[i];
	}
	return NULL;
}

bool items_take(struct fw_cfg_items *items, uint16_t key, uint8_t *bytes, size_t length)
{
	struct fw_cfg_item *item = &items->item[items->count];

	if (!bytes || items->count == FW_CFG_MAX_ITEMS || length > UINT32_MAX) {
		free(bytes);
		return false;
	}
	items->count++;
	item->key = key;
	item->bytes = bytes;
	item->length = (uint32_t)length;
	return true;
}

bool items_add(struct fw_cfg_items *items, uint16_t key, const void *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (copy)
		memcpy(copy, bytes, length);
	return items_take(items, key, copy, length);
}

static bool add_integer(struct fw_cfg_items *items, uint16_t key, uint64_t value, unsigned width)
{
	uint8_t bytes[8];

	put_le(bytes, value, width);
	return items_add(items, key, bytes, width);
}

bool items_add_u16(struct fw_cfg_items *items, uint16_t key, uint16_t value)
{
	return add_integer(items, key, value, 2);
}

bool items_add_u32(struct fw_cfg_items *items, uint16_t key, uint32_t value)
{
	return add_integer(items, key, value, 4);
}

bool items_add_u64(struct fw_cfg_items *items, uint16_t key, uint64_t value)
{
	return add_integer(items, key, value, 8);
}

bool items_add_file(struct fw_cfg_items *items, const char *name, const void *bytes, size_t length)
{
	struct fw_cfg_item *item = &items->item[items->count];

	if (!items_add(items, (uint16_t)(FW_CFG_FILE_FIRST + items->files), bytes, length))
		return false;
	snprintf(item->name, sizeof(item->name), "%s", name);
	items->files++;
	return true;
}

bool items_add_directory(struct fw_cfg_items *items)
{
	size_t length = 4 + items->files * DIRECTORY_ENTRY;
	uint8_t *directory = calloc(1, length), *at;

	if (!directory)
		return false;
	put_be(directory, items->files, 4);
	at = directory + 4;
	for (unsigned i = 0; i < items->count; i++) {
		const struct fw_cfg_item *item = &items->item[i];

		if (!*item->name)
			continue;
		put_be(at, item->length, 4);
		put_be(at + 4, item->key, 2);
		memcpy(at + 8, item->name, FW_CFG_FILE_NAME);
		at += DIRECTORY_ENTRY;
	}
	return items_take(items, FW_CFG_FILE_DIR, directory, length);
}

uint8_t *items_read_stream(FILE *file, const char *what, const char *path, size_t limit,
			   size_t *length, struct tsr_error *error)
{
	uint8_t *bytes = NULL;
	struct stat about;

	if (fstat(fileno(file), &about) < 0 || !S_ISREG(about.st_mode)) {
		tsr_error_set(error, TSR_ERROR_IO, "the %s %s is not a regular file", what, path);
		return NULL;
	}
	if ((uint64_t)about.st_size > limit) {
		tsr_error_set(error, TSR_ERROR_IO, "the %s %s is too large (%lld bytes)", what,
			      path, (long long)about.st_size);
		return NULL;
	}
	*length = (size_t)about.st_size;
	bytes = malloc(*length ? *length : 1);
	if (bytes && fread(bytes, 1, *length, file) == *length)
		return bytes;
	tsr_error_set(error, TSR_ERROR_IO, "cannot read the %s %s", what, path);
	free(bytes);
	return NULL;
}

uint8_t *items_read_host_file(const char *what, const char *path, size_t limit, size_t *length,
			      struct tsr_error *error)
{
	FILE *file = firmware_open_file(path);
	uint8_t *bytes;

	if (!file) {
		tsr_error_set(error, TSR_ERROR_NOT_FOUND, "cannot open the %s %s: %s", what, path,
			      strerror(errno));
		return NULL;
	}
	bytes = items_read_stream(file, what, path, limit, length, error);
	fclose(file);
	return bytes;
}
