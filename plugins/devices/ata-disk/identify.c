/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * IDENTIFY DEVICE's 256 words and the default translation.
 * Source: ATA/ATAPI-6 (T13/1410D), 8.15 and annex C (default translation: at most 16383 cylinders,
 * 16 heads, 63 sectors).
 */
#include <string.h>

#include "ata-disk.h"

#define LBA28_MAX 0x0fffffffu

static const struct {
	uint8_t word;
	uint16_t value;
} constants[] = {
	{ 0, 0x0040 },   /* fixed */
	{ 20, 3 },       /* dual ported, caching */
	{ 21, 2048 },    /* buffer in sectors */
	{ 22, 4 },       /* bytes of READ LONG */
	{ 47, 0x8000 | MULTIPLE_MAX },
	{ 48, 1 },       /* 32-bit transfers */
	{ 50, 0x4000 },
	{ 51, 0x0200 },  /* PIO cycle timing mode */
	{ 53, 0x0007 },  /* words 54-58, 64-70, 88 are valid */
	{ 64, 0x0003 },  /* PIO 3 and 4 */
	{ 65, 120 },     /* cycle times in ns */
	{ 66, 120 },
	{ 67, 120 },
	{ 68, 120 },
	{ 80, 0x007e },  /* ATA-1 to ATA/ATAPI-6 */
	{ 82, 0x4068 },  /* NOP, look ahead, write cache, power management */
	{ 83, 0x7400 },  /* FLUSH CACHE (EXT), 48-bit addresses */
	{ 84, 0x4000 },
	{ 86, 0x3400 },
	{ 87, 0x4000 },
	{ 93, 0x6001 },  /* 80-conductor cable */
};

static void put(uint8_t *data, unsigned word, uint32_t value)
{
	data[word * 2] = (uint8_t)value;
	data[word * 2 + 1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *data, unsigned word, uint32_t value)
{
	put(data, word, value);
	put(data, word + 1, value >> 16);
}

/* Two characters a word, the first in the high byte, padded with spaces. */
static void put_text(uint8_t *data, unsigned word, unsigned length, const char *text)
{
	size_t given = strlen(text);

	for (unsigned i = 0; i < length; i++)
		data[word * 2 + (i ^ 1)] = (uint8_t)(i < given ? text[i] : ' ');
}

static void put_modes(const struct ata_disk *d, uint8_t *data)
{
	unsigned kind = d->transfer_mode >> 3, mode = d->transfer_mode & 7;

	put(data, 49, d->port->dma ? 0x0f00 : 0x0e00); /* LBA, IORDY, DMA */
	if (!d->port->dma)
		return;
	put(data, 63, 0x0007 | (kind == 4 ? 0x100u << mode : 0));
	put(data, 88, 0x003f | (kind == 8 ? 0x100u << mode : 0));
}

static void put_geometry(const struct ata_disk *d, uint8_t *data)
{
	uint32_t track_bytes = (uint32_t)d->current_heads * d->current_track;
	uint64_t cylinders = d->sectors / track_bytes;

	put(data, 1, d->cylinders);
	put(data, 3, d->heads);
	put(data, 6, d->track);
	cylinders = cylinders > 65535 ? 65535 : cylinders;
	if (d->current_heads == d->heads && d->current_track == d->track)
		cylinders = d->cylinders;
	put(data, 54, (uint32_t)cylinders);
	put(data, 55, d->current_heads);
	put(data, 56, d->current_track);
	put32(data, 57, (uint32_t)cylinders * track_bytes);
	put32(data, 60, d->sectors < LBA28_MAX ? (uint32_t)d->sectors : LBA28_MAX);
	put32(data, 100, (uint32_t)d->sectors);
	put32(data, 102, (uint32_t)(d->sectors >> 32));
}

void disk_identify(const struct ata_disk *d, uint8_t *data)
{
	uint8_t sum = 0xa5;

	memset(data, 0, SECTOR);
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		put(data, constants[i].word, constants[i].value);
	put_text(data, 10, 20, d->serial);
	put_text(data, 23, 8, d->firmware);
	put_text(data, 27, 40, d->model);
	put_modes(d, data);
	put_geometry(d, data);
	put(data, 59, d->multiple ? 0x0100u | d->multiple : 0);
	put(data, 85, 0x4008 | (d->write_cache ? 0x20 : 0) | (d->look_ahead ? 0x40 : 0));
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
