/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a counter to the primary disk without end, one sector after the other, and looks whether
 * the disk still has what it wrote before: a state that meets other contents than it remembers is
 * noticed (tests/snapshots). */
#include "ata.h"

#define SECTORS 64u

static uint16_t sector[SECTOR_WORDS];

static void write_count(uint32_t count)
{
	for (unsigned i = 0; i < SECTOR_WORDS; i++)
		sector[i] = (uint16_t)count;
	if (ata_write(count % SECTORS, sector) & STATUS_ERR)
		print("error: write %u\n", count);
}

static void check_count(uint32_t count)
{
	if (ata_read(count % SECTORS, sector) & STATUS_ERR)
		print("error: read %u\n", count);
	for (unsigned i = 0; i < SECTOR_WORDS; i++) {
		if (sector[i] == (uint16_t)count)
			continue;
		print("lost: %u is %u\n", count, sector[i]);
		return;
	}
}

void guest_main(void)
{
	for (uint32_t count = 1;; count++) {
		write_count(count);
		if (count > SECTORS)
			check_count(count - SECTORS + 1);
		if (count % 256 == 0) {
			ata_flush();
			print("count %u\n", count);
		}
	}
}
