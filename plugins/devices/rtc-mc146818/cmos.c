/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What PC firmware expects in CMOS (IBM PC AT Technical Reference, 1-56; SeaBIOS' use of 34h/35h,
 * 38h, 3Dh, 5Bh-5Dh, 5Fh), and the file that takes the place of the battery.
 */
#include "rtc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KIB 1024u
#define MIB (1024u * KIB)

/* clang-format off */
enum cmos_byte {
	CMOS_FLOPPIES = 0x10, CMOS_DISKS = 0x12, CMOS_EQUIPMENT = 0x14, CMOS_BASE_MEMORY = 0x15, CMOS_MEMORY = 0x17,
	CMOS_CHECKSUM = 0x2e, CMOS_MEMORY_2 = 0x30, CMOS_ABOVE_16M = 0x34, CMOS_BOOT_3 = 0x38, CMOS_BOOT_1_2 = 0x3d,
	CMOS_ABOVE_4G = 0x5b, CMOS_MORE_CPUS = 0x5f,
};
/* clang-format on */

enum { FLOPPY_1440K = 4 };
enum {
	EQUIPMENT_FLOPPY = 0x01,
	EQUIPMENT_FPU = 0x02,
	EQUIPMENT_POINTER = 0x04,
	EQUIPMENT_FLOPPIES_SHIFT = 6
};
#define SKIP_FLOPPY_SIGNATURE 1 /* bit 0 of CMOS_BOOT_3 */

/* A size in units that the register may be too small for. */
static void put_size(uint8_t *at, uint64_t units)
{
	tsr_store_le16(at, units > 0xffff ? 0xffff : (uint16_t)units);
}

void tsr_rtc_checksum(uint8_t cmos[CMOS_SIZE])
{
	unsigned sum = 0;

	for (unsigned i = 0x10; i < CMOS_CHECKSUM; i++)
		sum += cmos[i];
	cmos[CMOS_CHECKSUM] = sum >> 8;
	cmos[CMOS_CHECKSUM + 1] = sum;
}

static int boot_code(const char *name, size_t length)
{
	static const char *const names[] = { "floppy", "disk", "cdrom", "network" };

	for (int i = 0; i < 4; i++)
		if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
			return i + 1;
	return 0;
}

/* The first three places to look; what the text leaves open is filled with the others. */
bool tsr_rtc_boot_order(const char *text, uint8_t cmos[CMOS_SIZE], struct tsr_error *error)
{
	static const uint8_t others[] = { 2, 3, 1, 4 };
	uint8_t order[8] = { 0 };
	unsigned count = 0;

	for (const char *at = text; *at; at += strcspn(at, ","), at += *at == ',') {
		int code = boot_code(at, strcspn(at, ","));

		if (!code || count == 4 || memchr(order, code, count))
			return tsr_error_set(error, TSR_ERROR_INVALID,
					     "boot=%s: allowed are disk, cdrom, floppy and "
					     "network, each once, with commas between",
					     text);
		order[count++] = code;
	}
	for (unsigned i = 0; i < 4 && count < 4; i++)
		if (!memchr(order, others[i], count))
			order[count++] = others[i];
	cmos[CMOS_BOOT_1_2] = order[0] | order[1] << 4;
	cmos[CMOS_BOOT_3] = order[2] << 4 | SKIP_FLOPPY_SIGNATURE;
	return true;
}

static void describe_memory(const struct tsr_host *host, uint8_t *cmos)
{
	const struct tsr_memory *memory = host->get(host, TSR_MEMORY);
	uint64_t all = memory->ram_size(host), below = memory->ram_below_4g(host),
		 above = (all - below) / (64 * KIB);

	put_size(cmos + CMOS_BASE_MEMORY, 640);
	put_size(cmos + CMOS_MEMORY, below > MIB ? (below - MIB) / KIB : 0);
	put_size(cmos + CMOS_MEMORY_2, below > MIB ? (below - MIB) / KIB : 0);
	put_size(cmos + CMOS_ABOVE_16M, below > 16 * MIB ? (below - 16 * MIB) / (64 * KIB) : 0);
	put_size(cmos + CMOS_ABOVE_4G, above & 0xffff);
	cmos[CMOS_ABOVE_4G + 2] = above >> 16;
}

void tsr_rtc_describe_machine(const struct tsr_host *host, uint8_t cmos[CMOS_SIZE])
{
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	int64_t floppies = properties->get_int(host, "floppies");

	describe_memory(host, cmos);
	cmos[CMOS_FLOPPIES] =
		(floppies ? FLOPPY_1440K << 4 : 0) | (floppies > 1 ? FLOPPY_1440K : 0);
	cmos[CMOS_DISKS] = 0; /* none of the ST-506 types */
	cmos[CMOS_EQUIPMENT] = EQUIPMENT_FPU | EQUIPMENT_POINTER;
	if (floppies)
		cmos[CMOS_EQUIPMENT] |= EQUIPMENT_FLOPPY | (floppies - 1)
								   << EQUIPMENT_FLOPPIES_SHIFT;
	cmos[CMOS_MORE_CPUS] = 0;
	tsr_rtc_boot_order(properties->get_string(host, "boot"), cmos, NULL);
	tsr_rtc_checksum(cmos);
}

bool tsr_rtc_read_file(const char *path, uint8_t cmos[CMOS_SIZE], struct tsr_error *error)
{
	uint8_t bytes[CMOS_SIZE + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0 && errno == ENOENT)
		return true;
	if (fd < 0)
		return tsr_error_set(error, TSR_ERROR_IO, "CMOS file %s: %s", path,
				     strerror(errno));
	got = read(fd, bytes, sizeof(bytes));
	close(fd);
	if (got != CMOS_SIZE)
		return tsr_error_set(
			error, TSR_ERROR_IO,
			"CMOS file %s does not hold 128 bytes: name another file or remove it",
			path);
	memcpy(cmos, bytes, CMOS_SIZE);
	return true;
}

bool tsr_rtc_write_file(const char *path, const uint8_t cmos[CMOS_SIZE])
{
	char beside[4096];
	bool good;
	int fd;

	if ((size_t)snprintf(beside, sizeof(beside), "%s.new", path) >= sizeof(beside))
		return false;
	/* A folder of a stranger may have a link there. */
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return false;
	good = write(fd, cmos, CMOS_SIZE) == CMOS_SIZE && fdatasync(fd) == 0;
	good = close(fd) == 0 && good;
	if (good && rename(beside, path) == 0)
		return true;
	unlink(beside);
	return false;
}
