/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IDENTIFY DEVICE's 256 words and the default translation.
 * Source: ATA/ATAPI-6 (T13/1410D), 8.15 and annex C (default translation: at most 16383 cylinders,
 * 16 heads, 63 sectors).
 */
#include <string.h>

#include "../ide-common/identify.h"
#include "ata-disk.h"

#define LBA28_MAX 0x0fffffffu

static const struct ide_word constants[] = {
	{ 0, 0x0040 }, /* fixed */
	{ 20, 3 },     /* dual ported, caching */
	{ 21, 2048 },  /* buffer in sectors */
	{ 22, 4 },     /* bytes of READ LONG */
	{ 47, 0x8000 | MULTIPLE_MAX },
	{ 48, 1 }, /* 32-bit transfers */
	{ 50, 0x4000 },
	{ 51, 0x0200 }, /* PIO cycle timing mode */
	{ 53, 0x0007 }, /* words 54-58, 64-70, 88 are valid */
	{ 64, 0x0003 }, /* PIO 3 and 4 */
	{ 65, 120 },    /* cycle times in ns */
	{ 66, 120 },
	{ 67, 120 },
	{ 68, 120 },
	{ 80, 0x007e }, /* ATA-1 to ATA/ATAPI-6 */
	{ 82, 0x4068 }, /* NOP, look ahead, write cache, power management */
	{ 83, 0x7400 }, /* FLUSH CACHE (EXT), 48-bit addresses */
	{ 84, 0x4000 },
	{ 86, 0x3400 },
	{ 87, 0x4000 },
};

static void put32(uint8_t *data, unsigned word, uint32_t value)
{
	ide_put_word(data, word, value);
	ide_put_word(data, word + 1, value >> 16);
}

static void put_geometry(const struct ata_disk *d, uint8_t *data)
{
	uint32_t track_bytes = (uint32_t)d->current_heads * d->current_track;
	uint64_t cylinders = d->sectors / track_bytes;

	ide_put_word(data, 1, d->cylinders);
	ide_put_word(data, 3, d->heads);
	ide_put_word(data, 6, d->track);
	cylinders = cylinders > 65535 ? 65535 : cylinders;
	if (d->current_heads == d->heads && d->current_track == d->track)
		cylinders = d->cylinders;
	ide_put_word(data, 54, (uint32_t)cylinders);
	ide_put_word(data, 55, d->current_heads);
	ide_put_word(data, 56, d->current_track);
	put32(data, 57, (uint32_t)cylinders * track_bytes);
	put32(data, 60, d->sectors < LBA28_MAX ? (uint32_t)d->sectors : LBA28_MAX);
	put32(data, 100, (uint32_t)d->sectors);
	put32(data, 102, (uint32_t)(d->sectors >> 32));
}

void disk_identify(const struct ata_disk *d, uint8_t *data)
{
	uint8_t sum = 0xa5;

	memset(data, 0, SECTOR);
	ide_put_words(data, constants, sizeof(constants) / sizeof(constants[0]));
	ide_put_text(data, IDE_WORD_SERIAL, 20, d->serial);
	ide_put_text(data, IDE_WORD_FIRMWARE, 8, d->firmware);
	ide_put_text(data, IDE_WORD_MODEL, 40, d->model);
	ide_put_modes(data, d->port, d->transfer_mode);
	ide_put_reset_result(data, d->port);
	put_geometry(d, data);
	ide_put_word(data, 59, d->multiple ? 0x0100u | d->multiple : 0);
	ide_put_word(data, 85, 0x4008 | (d->write_cache ? 0x20 : 0) | (d->look_ahead ? 0x40 : 0));
	data[510] = 0xa5;
	for (unsigned i = 0; i < 510; i++)
		sum += data[i];
	data[511] = (uint8_t)-sum;
}

/* Fills in what the properties left at 0. */
void disk_geometry(struct ata_disk *d)
{
	uint64_t cylinders;

	if (!d->heads)
		d->heads = 16;
	if (!d->track)
		d->track = 63;
	cylinders = d->sectors / ((uint32_t)d->heads * d->track);
	if (!d->cylinders)
		d->cylinders = (uint16_t)(cylinders > 16383 ? 16383 : cylinders ? cylinders : 1);
}
