/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Direct boot of a Linux bzImage or zImage of boot protocol 2.00 or later. The header is filled in
 * here; the option ROM (linux-rom.S) only copies the four parts to their addresses and jumps to the
 * real-mode setup code, which finds memory and video mode by itself through the BIOS.
 *
 * Source: the kernel's Documentation/arch/x86/boot.rst; PnP BIOS specification 1.0A, 3.2 for the
 * ROM's header.
 * Gaps: no multiboot or ELF kernels, no setup_data.
 */
#include <stdlib.h>
#include <string.h>

#include "linux.h"

/* Offsets in the setup header. */
enum {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4,
	VID_MODE = 0x1fa,
	BOOT_FLAG = 0x1fe,
	HEADER_MAGIC = 0x202,
	VERSION = 0x206,
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	HEAP_END_PTR = 0x224,
	CMD_LINE_PTR = 0x228,
	INITRD_ADDR_MAX = 0x22c,
	CMDLINE_SIZE = 0x238,
	PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260,
	HEADER_END = 0x264,
	OLD_CMD_LINE_MAGIC = 0x20,
	OLD_CMD_LINE_OFFSET = 0x22,
};
enum { LOADED_HIGH = 0x01, CAN_USE_HEAP = 0x80, LOADER_UNDEFINED = 0xff };
enum { VGA_NORMAL = 0xffff, VGA_EXT = 0xfffe, VGA_ASK = 0xfffd };

#define SECTOR 512u
#define MAGIC_HDRS 0x53726448u /* "HdrS" */
#define HIGH_ADDRESS 0x100000u
#define LOW_ADDRESS 0x10000u  /* of a zImage's protected-mode part */
#define REAL_ADDRESS 0x10000u /* of the setup code, protocol 2.02 and later */
#define REAL_ADDRESS_OLD 0x90000u
#define HEAP_END \
	0xe000u /* offset from the setup code: top of the stack, followed by the command line */
#define HEAP_END_OLD 0x9800u
#define HEAP_STACK 0x200u
#define CMDLINE_ROOM 0x1fffu /* bytes after HEAP_END in the segment, without the final 0 */
#define CMDLINE_OLD 255u
#define INITRD_MAX_OLD 0x37ffffffu
#define BIOS_RESERVE 0x100000u /* bytes at the end of memory for the BIOS' tables */
#define MAX_FILE 0xf0000000u
#define MAX_SETUP_SECTS 64u

extern const uint8_t linux_rom[], linux_rom_end[];

struct image {
	const struct linux_boot *boot;
	uint8_t *bytes; /* the kernel file; setup header writable */
	size_t length;
	uint32_t setup_size; /* bytes, with the boot sector */
	unsigned version;    /* boot protocol */
	uint32_t setup_address, code_address, cmdline_address, initrd_address, initrd_size;
};

static uint32_t field(const struct image *k, unsigned offset, unsigned width)
{
	return (uint32_t)get_le(k->bytes + offset, width);
}

/* -- Checking the kernel */

/* For other loaders: ELF, or the magic number of Multiboot 0.6.96 (3.1) or 2.0 (3.1.1) where it may
 * stand. */
static bool is_for_grub(const struct image *k)
{
	size_t end = k->length < 0x8000 ? k->length : 0x8000;

	if (k->length >= 4 && !memcmp(k->bytes, "\177ELF", 4))
		return true;
	for (unsigned at = 0; at + 4 <= end; at += 4)
		if (field(k, at, 4) == 0x1badb002 || field(k, at, 4) == 0xe85250d6)
			return true;
	return false;
}

static bool check_kernel(struct image *k, struct tsr_error *error)
{
	const char *path = k->boot->kernel;
	uint32_t sectors;
	uint64_t paragraphs;

	if (k->length < HEADER_END || field(k, BOOT_FLAG, 2) != 0xaa55 ||
	    field(k, HEADER_MAGIC, 4) != MAGIC_HDRS)
		return tsr_error_set(
			error, TSR_ERROR_IO,
			is_for_grub(k) ? "%s is an ELF or Multiboot kernel, not a Linux bzImage: "
					 "boot it from a disc with GRUB (grub-mkrescue) by --cdrom"
				       : "%s is not a Linux kernel: give a bzImage such as "
					 "/boot/vmlinuz",
			path);
	k->version = field(k, VERSION, 2);
	if (k->version < 0x200)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "the kernel %s is too old: boot protocol 2.00 is needed",
				     path);
	sectors = k->bytes[SETUP_SECTS] ? k->bytes[SETUP_SECTS] : 4;
	k->setup_size = (sectors + 1) * SECTOR;
	paragraphs = field(k, SYSSIZE, k->version >= 0x204 ? 4 : 2);
	if (sectors > MAX_SETUP_SECTS || k->setup_size >= k->length)
		return tsr_error_set(error, TSR_ERROR_IO,
				     "the kernel %s is truncated in its setup code: fetch it again",
				     path);
	if (k->length + 15 < k->setup_size + paragraphs * 16)
		return tsr_error_set(
			error, TSR_ERROR_IO,
			"the kernel %s is truncated (%zu of %zu bytes): fetch it again", path,
			k->length, k->setup_size + paragraphs * 16);
	return true;
}

static bool check_append(const struct image *k, struct tsr_error *error)
{
	size_t limit = k->version >= 0x206 ? field(k, CMDLINE_SIZE, 4) : CMDLINE_OLD;

	if (limit > CMDLINE_ROOM)
		limit = CMDLINE_ROOM;
	if (strlen(k->boot->append) > limit)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the kernel's command line has %zu characters, %s takes %zu",
				     strlen(k->boot->append), k->boot->kernel, limit);
	return true;
}

/* -- Placing its parts */

/* The end of what the kernel uses before it looks at the memory map. */
static uint64_t kernel_end(const struct image *k)
{
	uint64_t end = k->code_address + (k->length - k->setup_size);

	if (k->version >= 0x20a) {
		uint64_t preferred = get_le(k->bytes + PREF_ADDRESS, 8),
			 size = field(k, INIT_SIZE, 4);
		if (preferred < UINT32_MAX && preferred + size > end)
			end = preferred + size;
	}
	return end;
}

static bool place_initrd(struct image *k, struct tsr_error *error)
{
	uint64_t top = k->version >= 0x203 ? field(k, INITRD_ADDR_MAX, 4) : INITRD_MAX_OLD;
	uint64_t ram_top = k->boot->ram > BIOS_RESERVE ? k->boot->ram - BIOS_RESERVE : 0;

	top = top + 1 < ram_top ? top + 1 : ram_top;
	top &= ~(uint64_t)TSR_PAGE_MASK;
	if (top < k->initrd_size ||
	    ((top - k->initrd_size) & ~(uint64_t)TSR_PAGE_MASK) < kernel_end(k))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the initial RAM disk %s does not fit into memory with its "
				     "kernel: give the machine more memory",
				     k->boot->initrd);
	k->initrd_address = (uint32_t)((top - k->initrd_size) & ~(uint64_t)TSR_PAGE_MASK);
	return true;
}

static void place(struct image *k)
{
	bool modern = k->version >= 0x202 && k->bytes[LOADFLAGS] & LOADED_HIGH;

	k->setup_address = modern ? REAL_ADDRESS : REAL_ADDRESS_OLD;
	k->cmdline_address = k->setup_address + (modern ? HEAP_END : HEAP_END_OLD);
	k->code_address = k->bytes[LOADFLAGS] & LOADED_HIGH ? HIGH_ADDRESS : LOW_ADDRESS;
}

/* The loader's part of "vga=" (boot.rst, "Special command line options"). */
static uint16_t video_mode(const char *append)
{
	const char *at = strstr(append, "vga=");

	if (!at || (at > append && at[-1] != ' '))
		return VGA_NORMAL;
	at += 4;
	if (strncmp(at, "normal", 6) == 0)
		return VGA_NORMAL;
	if (strncmp(at, "ext", 3) == 0)
		return VGA_EXT;
	return strncmp(at, "ask", 3) == 0 ? VGA_ASK : (uint16_t)strtoul(at, NULL, 0);
}

static void fill_header(struct image *k)
{
	uint8_t *header = k->bytes;
	uint32_t heap_end = k->cmdline_address - k->setup_address;

	put_le(header + VID_MODE, video_mode(k->boot->append), 2);
	header[TYPE_OF_LOADER] = LOADER_UNDEFINED;
	put_le(header + RAMDISK_IMAGE, k->initrd_address, 4);
	put_le(header + RAMDISK_SIZE, k->initrd_size, 4);
	if (k->version >= 0x201) {
		header[LOADFLAGS] |= CAN_USE_HEAP;
		put_le(header + HEAP_END_PTR, heap_end - HEAP_STACK, 2);
	}
	if (k->version >= 0x202) {
		put_le(header + CMD_LINE_PTR, k->cmdline_address, 4);
	} else {
		put_le(header + OLD_CMD_LINE_MAGIC, 0xa33f, 2);
		put_le(header + OLD_CMD_LINE_OFFSET, heap_end, 2);
	}
}

/* -- The items */

static uint8_t sum(const uint8_t *bytes, size_t length)
{
	uint8_t total = 0;

	while (length--)
		total += *bytes++;
	return total;
}

/* The ROM with both checksums: that of the PnP header and, in the last byte, that of the whole. */
static bool add_rom(struct fw_cfg_items *items)
{
	size_t length = (size_t)(linux_rom_end - linux_rom);
	uint8_t *rom = malloc(length), *pnp;
	bool ok;

	if (!rom)
		return false;
	memcpy(rom, linux_rom, length);
	pnp = rom + get_le(rom + 0x1a, 2);
	pnp[9] -= sum(pnp, pnp[5] * 16u);
	rom[length - 1] -= sum(rom, length);
	ok = items_add_file(items, LINUX_ROM_NAME, rom, length);
	free(rom);
	return ok;
}

static bool add_parts(struct fw_cfg_items *items, const struct image *k)
{
	const char *append = k->boot->append;
	uint32_t code_size = (uint32_t)(k->length - k->setup_size);

	return items_add_u32(items, FW_CFG_SETUP_ADDR, k->setup_address) &&
	       items_add_u32(items, FW_CFG_SETUP_SIZE, k->setup_size) &&
	       items_add(items, FW_CFG_SETUP_DATA, k->bytes, k->setup_size) &&
	       items_add_u32(items, FW_CFG_CMDLINE_ADDR, k->cmdline_address) &&
	       items_add_u32(items, FW_CFG_CMDLINE_SIZE, (uint32_t)strlen(append) + 1) &&
	       items_add(items, FW_CFG_CMDLINE_DATA, append, strlen(append) + 1) &&
	       items_add_u32(items, FW_CFG_KERNEL_ADDR, k->code_address) &&
	       items_add_u32(items, FW_CFG_KERNEL_SIZE, code_size) &&
	       items_add(items, FW_CFG_KERNEL_DATA, k->bytes + k->setup_size, code_size) &&
	       items_add_u32(items, FW_CFG_INITRD_ADDR, k->initrd_address) &&
	       items_add_u32(items, FW_CFG_INITRD_SIZE, k->initrd_size) && add_rom(items);
}

static bool add_initrd(struct fw_cfg_items *items, struct image *k, struct tsr_error *error)
{
	size_t length = 0;
	uint8_t *bytes;

	if (!*k->boot->initrd)
		return true;
	bytes = items_read_host_file("initial RAM disk", k->boot->initrd, MAX_FILE, &length, error);
	if (!bytes)
		return false;
	k->initrd_size = (uint32_t)length;
	if (!place_initrd(k, error)) {
		free(bytes);
		return false;
	}
	return items_take(items, FW_CFG_INITRD_DATA, bytes, length) ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the initial RAM disk");
}

static bool add_kernel(struct fw_cfg_items *items, struct image *k, struct tsr_error *error)
{
	if (!check_kernel(k, error) || !check_append(k, error))
		return false;
	place(k);
	if (kernel_end(k) > k->boot->ram)
		return tsr_error_set(
			error, TSR_ERROR_INVALID,
			"the kernel %s does not fit into the machine's memory: give it more memory",
			k->boot->kernel);
	if (!add_initrd(items, k, error))
		return false;
	fill_header(k);
	return add_parts(items, k) ||
	       tsr_error_set(error, TSR_ERROR_FAILED, "no memory for the kernel");
}

bool linux_add(struct fw_cfg_items *items, const struct linux_boot *boot, struct tsr_error *error)
{
	struct image kernel = { .boot = boot };
	bool ok;

	kernel.bytes =
		items_read_host_file("kernel", boot->kernel, MAX_FILE, &kernel.length, error);
	if (!kernel.bytes)
		return false;
	ok = add_kernel(items, &kernel, error);
	free(kernel.bytes);
	return ok;
}
