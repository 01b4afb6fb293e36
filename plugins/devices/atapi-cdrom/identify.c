/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IDENTIFY PACKET DEVICE's 256 words. Source: ATA/ATAPI-6 (T13/1410D), 8.16. */
#include <string.h>

#include "cdrom.h"

static const struct {
	uint8_t word;
	uint16_t value;
} constants[] = {
	{ 0, 0x85c0 },  /* ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets */
	{ 50, 0x4000 },
	{ 53, 0x0007 }, /* words 64-70, 88 are valid */
	{ 64, 0x0003 }, /* PIO 3 and 4 */
	{ 65, 120 },    /* cycle times in ns */
	{ 66, 120 },
	{ 67, 120 },
	{ 68, 120 },
	{ 80, 0x007e }, /* ATA-1 to ATA/ATAPI-6 */
	{ 82, 0x4218 }, /* NOP, DEVICE RESET, PACKET, power management */
	{ 83, 0x4000 },
	{ 84, 0x4000 },
	{ 85, 0x4218 },
	{ 87, 0x4000 },
	{ 93, 0x6001 }, /* 80-conductor cable */
};

static void put(uint8_t *data, unsigned word, uint32_t value)
{
	data[word * 2] = (uint8_t)value;
	data[word * 2 + 1] = (uint8_t)(value >> 8);
}

static void put_text(uint8_t *data, unsigned word, unsigned length, const char *text)
{
	size_t given = strlen(text);

	for (unsigned i = 0; i < length; i++)
		data[word * 2 + (i ^ 1)] = (uint8_t)(i < given ? text[i] : ' ');
}

void cdrom_identify(const struct cdrom *c, uint8_t *data)
{
	unsigned kind = c->transfer_mode >> 3, mode = c->transfer_mode & 7;

	memset(data, 0, 512);
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		put(data, constants[i].word, constants[i].value);
	put_text(data, 10, 20, c->serial);
	put_text(data, 23, 8, c->firmware);
	put_text(data, 27, 40, c->model);
	put(data, 49, c->port->dma ? 0x0f00 : 0x0e00); /* LBA, IORDY, DMA */
	if (!c->port->dma)
		return;
	put(data, 63, 0x0007 | (kind == 4 ? 0x100u << mode : 0));
	put(data, 88, 0x003f | (kind == 8 ? 0x100u << mode : 0));
}
