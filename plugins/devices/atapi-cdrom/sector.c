/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * CD sectors in the forms that READ CD asks for. The disc is one track of mode 1.
 * Source: MMC-3 (T10/1363-D), 4.2 (sector layouts). Gap: EDC and ECC bytes are zero.
 */
#include <string.h>

#include "cdrom.h"

enum { SYNC_BYTES = 12, HEADER_BYTES = 4, ECC_BYTES = 288 };

uint32_t sector_bytes(uint8_t parts)
{
	return (parts & PART_SYNC ? SYNC_BYTES : 0) + (parts & PART_HEADER ? HEADER_BYTES : 0) +
	       (parts & PART_USER ? CD_SECTOR : 0) + (parts & PART_ECC ? ECC_BYTES : 0);
}

void sector_to_msf(uint32_t lba, uint8_t *msf)
{
	lba += PREGAP;
	msf[0] = (uint8_t)(lba / FRAMES_PER_SECOND / 60);
	msf[1] = (uint8_t)(lba / FRAMES_PER_SECOND % 60);
	msf[2] = (uint8_t)(lba % FRAMES_PER_SECOND);
}

static uint8_t to_bcd(uint8_t value)
{
	return (uint8_t)(value / 10 << 4 | value % 10);
}

static uint8_t *put_sync(uint8_t *to)
{
	memset(to, 0xff, SYNC_BYTES);
	to[0] = to[SYNC_BYTES - 1] = 0;
	return to + SYNC_BYTES;
}

static uint8_t *put_header(uint8_t *to, uint32_t lba)
{
	uint8_t msf[3];

	sector_to_msf(lba, msf);
	for (unsigned i = 0; i < 3; i++)
		to[i] = to_bcd(msf[i]);
	to[3] = 1;
	return to + HEADER_BYTES;
}

/* Front to back: with `from` at the buffer's used end a sector never overwrites one that is still
 * to be read. */
void sector_expand(uint8_t *buffer, uint32_t from, uint32_t lba, uint32_t n, uint8_t parts)
{
	uint8_t *to = buffer, user[CD_SECTOR];

	for (uint32_t i = 0; i < n; i++) {
		memcpy(user, buffer + from + i * CD_SECTOR, CD_SECTOR);
		if (parts & PART_SYNC)
			to = put_sync(to);
		if (parts & PART_HEADER)
			to = put_header(to, lba + i);
		if (parts & PART_USER) {
			memcpy(to, user, CD_SECTOR);
			to += CD_SECTOR;
		}
		if (parts & PART_ECC) {
			memset(to, 0, ECC_BYTES);
			to += ECC_BYTES;
		}
	}
}
