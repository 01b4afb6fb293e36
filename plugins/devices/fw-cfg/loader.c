/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table loader's script; see loader.h. An entry is a command and its operands; names are fields
 * of FW_CFG_FILE_NAME bytes.
 *
 * Sources: QEMU's docs/specs/fw_cfg and SeaBIOS' romfile loader.
 */
#include <string.h>

#include "loader.h"

enum { ALLOCATE = 1, ADD_POINTER = 2, ADD_CHECKSUM = 3 };

/* Its operands, all zero; NULL and a script that fails when the script is full. */
static uint8_t *new_entry(struct loader *l, unsigned command)
{
	uint8_t *entry = l->bytes + LOADER_ENTRY * l->entries;

	if (l->entries == LOADER_ENTRIES) {
		l->failed = true;
		return NULL;
	}
	l->entries++;
	put_le(entry, command, 4);
	return entry + 4;
}

static void put_name(uint8_t *to, const char *file)
{
	memcpy(to, file, strnlen(file, FW_CFG_FILE_NAME - 1)); /* the entry is zeroed */
}

void loader_allocate(struct loader *l, const char *file, uint32_t alignment, enum loader_zone zone)
{
	uint8_t *entry = new_entry(l, ALLOCATE);

	if (!entry)
		return;
	put_name(entry, file);
	put_le(entry + FW_CFG_FILE_NAME, alignment, 4);
	entry[FW_CFG_FILE_NAME + 4] = (uint8_t)zone;
}

void loader_pointer(struct loader *l, const char *file, uint32_t offset, const char *target)
{
	uint8_t *entry = new_entry(l, ADD_POINTER);

	if (!entry)
		return;
	put_name(entry, file);
	put_name(entry + FW_CFG_FILE_NAME, target);
	put_le(entry + 2 * FW_CFG_FILE_NAME, offset, 4);
	entry[2 * FW_CFG_FILE_NAME + 4] = 4;
}

void loader_checksum(struct loader *l, const char *file, uint32_t at, uint32_t start,
		     uint32_t length)
{
	uint8_t *entry = new_entry(l, ADD_CHECKSUM);

	if (!entry)
		return;
	put_name(entry, file);
	put_le(entry + FW_CFG_FILE_NAME, at, 4);
	put_le(entry + FW_CFG_FILE_NAME + 4, start, 4);
	put_le(entry + FW_CFG_FILE_NAME + 8, length, 4);
}

bool loader_add(const struct loader *l, struct fw_cfg_items *items)
{
	if (l->failed)
		return false;
	return !l->entries ||
	       items_add_file(items, "etc/table-loader", l->bytes, l->entries * LOADER_ENTRY);
}
