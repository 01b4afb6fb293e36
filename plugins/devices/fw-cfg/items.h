/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the firmware can select: blobs by number, some of them files with a name. */
#ifndef FW_CFG_ITEMS_H
#define FW_CFG_ITEMS_H

#include <tessera/tessera.h>

/* Numbers of QEMU's docs/specs/fw_cfg and of SeaBIOS' and option ROMs' use. */
enum fw_cfg_key {
	FW_CFG_SIGNATURE = 0x00,
	FW_CFG_ID = 0x01,
	FW_CFG_UUID = 0x02,
	FW_CFG_RAM_SIZE = 0x03,
	FW_CFG_NOGRAPHIC = 0x04,
	FW_CFG_NB_CPUS = 0x05,
	FW_CFG_KERNEL_ADDR = 0x07,
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_ADDR = 0x0a,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_BOOT_DEVICE = 0x0c,
	FW_CFG_NUMA = 0x0d,
	FW_CFG_BOOT_MENU = 0x0e,
	FW_CFG_MAX_CPUS = 0x0f,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_ADDR = 0x13,
	FW_CFG_CMDLINE_SIZE = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
	FW_CFG_SETUP_ADDR = 0x16,
	FW_CFG_SETUP_SIZE = 0x17,
	FW_CFG_SETUP_DATA = 0x18,
	FW_CFG_FILE_DIR = 0x19,
	FW_CFG_FILE_FIRST = 0x20,
};

#define FW_CFG_FILE_NAME 56 /* bytes in the directory, with the final 0 */
#define FW_CFG_MAX_ITEMS 80

struct fw_cfg_item {
	uint16_t key;
	char name[FW_CFG_FILE_NAME]; /* "" for items that are no files */
	uint8_t *bytes;              /* malloc'ed */
	uint32_t length;
};

struct fw_cfg_items {
	struct fw_cfg_item item[FW_CFG_MAX_ITEMS];
	unsigned count, files;
};

void items_finish(struct fw_cfg_items *items);
/* Copies. false: no memory or no room (our bug or a user with very many files). */
bool items_add(struct fw_cfg_items *items, uint16_t key, const void *bytes, size_t length);
bool items_add_u16(struct fw_cfg_items *items, uint16_t key, uint16_t value);
bool items_add_u32(struct fw_cfg_items *items, uint16_t key, uint32_t value);
bool items_add_u64(struct fw_cfg_items *items, uint16_t key, uint64_t value);
bool items_add_file(struct fw_cfg_items *items, const char *name, const void *bytes, size_t length);
/* Takes ownership of malloc'ed bytes, also when it fails. */
bool items_take(struct fw_cfg_items *items, uint16_t key, uint8_t *bytes, size_t length);
/* After the last file: makes item FW_CFG_FILE_DIR. */
bool items_add_directory(struct fw_cfg_items *items);
const struct fw_cfg_item *items_find(const struct fw_cfg_items *items,
				     uint16_t key); /* NULL if absent */
/* What is left of an open host file, malloc'ed; NULL and error. */
uint8_t *items_read_stream(FILE *file, const char *what, const char *path, size_t limit,
			   size_t *length, struct tsr_error *error);
/* The whole host file, malloc'ed; NULL and error ("cannot read WHAT PATH: why"). */
uint8_t *items_read_host_file(const char *what, const char *path, size_t limit, size_t *length,
			      struct tsr_error *error);

static inline void put_le(uint8_t *to, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		to[i] = (uint8_t)(value >> (8 * i));
}

static inline uint64_t get_le(const uint8_t *from, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)from[i] << (8 * i);
	return value;
}

static inline void put_be(uint8_t *to, uint64_t value, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		to[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
}

static inline uint64_t get_be(const uint8_t *from, unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value = value << 8 | from[i];
	return value;
}

#endif
