/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the disc says of itself: one closed session, one data track from LBA 0 to the end.
 * Source: MMC-3 (T10/1363-D), 6.22-6.31; Mt. Fuji 5 for READ DVD STRUCTURE.
 */
#include <string.h>

#include "cdrom.h"

enum { DATA_TRACK = 0x14, LEAD_OUT = 0xaa }; /* ADR 1, control 4 */

static void put_address(uint8_t *to, uint32_t lba, bool msf)
{
	if (!msf) {
		put32(to, lba);
		return;
	}
	to[0] = 0;
	sector_to_msf(lba, to + 1);
}

/* -- READ TOC */

static uint8_t *put_track(uint8_t *to, uint8_t track, uint32_t lba, bool msf)
{
	memset(to, 0, 4);
	to[1] = DATA_TRACK;
	to[2] = track;
	put_address(to + 4, lba, msf);
	return to + 8;
}

static uint8_t *put_point(uint8_t *to, uint8_t point, uint8_t a, uint8_t b, uint8_t c)
{
	memset(to, 0, 11);
	to[0] = 1;
	to[1] = DATA_TRACK;
	to[3] = point;
	to[8] = a;
	to[9] = b;
	to[10] = c;
	return to + 11;
}

static uint8_t *put_full_toc(struct cdrom *c, uint8_t *to)
{
	uint8_t end[3];

	sector_to_msf(c->sectors, end);
	to = put_point(to, 0xa0, 1, 0, 0);
	to = put_point(to, 0xa1, 1, 0, 0);
	to = put_point(to, 0xa2, end[0], end[1], end[2]);
	return put_point(to, 1, 0, 2, 0);
}

void mmc_read_toc(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, *to = b + 4, from = c->cdb[6];
	uint8_t format = c->cdb[2] & 0x0f ? c->cdb[2] & 0x0f : c->cdb[9] >> 6;
	bool msf = c->cdb[1] & 2;

	b[2] = b[3] = 1;
	if (format > 2 || (format == 0 && from > 1 && from != LEAD_OUT)) {
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
		return;
	}
	if (format == 0 && from != LEAD_OUT)
		to = put_track(to, 1, 0, msf);
	if (format == 0)
		to = put_track(to, LEAD_OUT, c->sectors, msf);
	else if (format == 1)
		to = put_track(to, 1, 0, msf);
	else
		to = put_full_toc(c, to);
	put16(b, (uint32_t)(to - b) - 2);
	cdrom_reply(c, (uint32_t)(to - b), get16(c->cdb + 7));
}

/* -- The rest */

void mmc_read_subchannel(struct cdrom *c)
{
	static const uint8_t lengths[4] = { 0, 12, 20, 20 };
	uint8_t *b = c->port->buffer, format = c->cdb[3];
	unsigned length = c->cdb[2] & 0x40 && format < 4 ? lengths[format] : 0;

	if (c->cdb[2] & 0x40 && (!format || format > 3)) {
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
		return;
	}
	memset(b, 0, 24);
	b[1] = 0x15; /* no audio status */
	put16(b + 2, length);
	b[4] = format;
	if (format == 1) {
		b[5] = DATA_TRACK;
		b[6] = b[7] = 1;
		put_address(b + 8, 0, c->cdb[1] & 2);
		put_address(b + 12, 0, c->cdb[1] & 2);
	}
	cdrom_reply(c, 4 + length, get16(c->cdb + 7));
}

void mmc_read_disc_information(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	memset(b, 0, 34);
	put16(b, 32);
	b[2] = 0x0e; /* complete, not erasable */
	b[3] = b[4] = b[5] = b[6] = 1;
	b[7] = 0x20;
	memset(b + 16, 0xff, 8); /* no further lead-in or lead-out */
	cdrom_reply(c, 34, get16(c->cdb + 7));
}

void mmc_read_track_information(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, type = c->cdb[1] & 3;
	uint32_t where = get32(c->cdb + 2);

	if (type == 3 || (type == 0 ? where >= c->sectors : where != 1)) {
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
		return;
	}
	memset(b, 0, 36);
	put16(b, 34);
	b[2] = b[3] = 1;
	b[5] = 4; /* data */
	b[6] = 1; /* mode 1 */
	put32(b + 24, c->sectors);
	cdrom_reply(c, 36, get16(c->cdb + 7));
}

void mmc_read_header(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;
	uint32_t lba = get32(c->cdb + 2);

	if (lba >= c->sectors) {
		cdrom_fail(c, SENSE_ILLEGAL, CODE_OUT_OF_RANGE);
		return;
	}
	memset(b, 0, 8);
	b[0] = 1;
	put_address(b + 4, lba, c->cdb[1] & 2);
	cdrom_reply(c, 8, get16(c->cdb + 7));
}

/* Formats 0 (physical), 1 (copyright: none), 4 (manufacturer: empty) of a single-layer DVD-ROM. */
void mmc_read_dvd_structure(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, format = c->cdb[7];
	unsigned length = format == 1 ? 8 : 2052;

	if (c->sectors <= CD_MAX_SECTORS || c->cdb[6] ||
	    (format != 0 && format != 1 && format != 4)) {
		cdrom_fail(c, SENSE_ILLEGAL,
			   c->sectors <= CD_MAX_SECTORS ? 0x3002 : CODE_INVALID_FIELD);
		return;
	}
	memset(b, 0, length);
	put16(b, length - 2);
	if (format == 0) {
		b[4] = 0x01; /* DVD-ROM, part version 1 */
		b[5] = 0x0f; /* 12 cm, no maximum rate */
		b[6] = 0x01; /* one layer, embossed */
		put32(b + 8, 0x30000);
		put32(b + 12, 0x30000 + c->sectors - 1);
	}
	cdrom_reply(c, length, get16(c->cdb + 8));
}
