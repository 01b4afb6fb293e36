/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the disc says of itself: one closed session, one data track from LBA 0 to the end.
 * Source: MMC-3 (T10/1363-D), 6.22-6.31; Mt. Fuji 5 for READ DVD STRUCTURE.
 */
#include <string.h>

#include "mmc.h"

enum { DATA_TRACK = 0x14, LEAD_OUT = 0xaa }; /* ADR 1, control 4 */
enum { TOC_TRACKS = 0, TOC_SESSIONS = 1, TOC_FULL = 2 };
enum { POINT_FIRST_TRACK = 0xa0, POINT_LAST_TRACK = 0xa1, POINT_LEAD_OUT = 0xa2 };
enum { SUB_CHANNEL_DATA = 0x40, SUB_CHANNEL_POSITION = 1, SUB_CHANNEL_LAST = 3 };
enum { AUDIO_NO_STATUS = 0x15 };
enum { DISC_COMPLETE = 0x0e, DISC_UNRESTRICTED = 0x20 }; /* last session complete, not erasable */
enum { BY_LBA = 0, BY_TRACK = 1, BY_SESSION = 2 };       /* READ TRACK INFORMATION */
enum { TRACK_DATA = 4, TRACK_MODE_1 = 1 };
enum { DVD_PHYSICAL = 0, DVD_COPYRIGHT = 1, DVD_MANUFACTURER = 4 };
enum { DVD_ROM_PART_1 = 0x01, DVD_12_CM = 0x0f, DVD_ONE_LAYER = 0x01, DVD_FIRST_SECTOR = 0x30000 };

static void put_address(uint8_t *to, uint32_t lba, bool msf)
{
	if (!msf) {
		put_be32(to, lba);
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
	to = put_point(to, POINT_FIRST_TRACK, 1, 0, 0);
	to = put_point(to, POINT_LAST_TRACK, 1, 0, 0);
	to = put_point(to, POINT_LEAD_OUT, end[0], end[1], end[2]);
	return put_point(to, 1, 0, 2, 0);
}

void mmc_read_toc(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, *to = b + 4, from = c->cdb[6];
	uint8_t format = c->cdb[2] & 0x0f ? c->cdb[2] & 0x0f : c->cdb[9] >> 6;
	bool msf = c->cdb[1] & MMC_MSF;

	b[2] = b[3] = 1;
	if (format > TOC_FULL || (format == TOC_TRACKS && from > 1 && from != LEAD_OUT)) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	if (format == TOC_TRACKS && from != LEAD_OUT)
		to = put_track(to, 1, 0, msf);
	if (format == TOC_TRACKS)
		to = put_track(to, LEAD_OUT, c->sectors, msf);
	else if (format == TOC_SESSIONS)
		to = put_track(to, 1, 0, msf);
	else
		to = put_full_toc(c, to);
	put_be16(b, (uint32_t)(to - b) - 2);
	cdrom_reply(c, (uint32_t)(to - b), get_be16(c->cdb + 7));
}

/* -- The rest */

void mmc_read_subchannel(struct cdrom *c)
{
	static const uint8_t lengths[4] = { 0, 12, 20, 20 };
	uint8_t *b = c->port->buffer, format = c->cdb[3];
	unsigned length =
		c->cdb[2] & SUB_CHANNEL_DATA && format <= SUB_CHANNEL_LAST ? lengths[format] : 0;

	if (c->cdb[2] & SUB_CHANNEL_DATA && (!format || format > SUB_CHANNEL_LAST)) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, 24);
	b[1] = AUDIO_NO_STATUS;
	put_be16(b + 2, length);
	b[4] = format;
	if (format == SUB_CHANNEL_POSITION) {
		b[5] = DATA_TRACK;
		b[6] = b[7] = 1;
		put_address(b + 8, 0, c->cdb[1] & MMC_MSF);
		put_address(b + 12, 0, c->cdb[1] & MMC_MSF);
	}
	cdrom_reply(c, 4 + length, get_be16(c->cdb + 7));
}

void mmc_read_disc_information(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	memset(b, 0, 34);
	put_be16(b, 32);
	b[2] = DISC_COMPLETE;
	b[3] = b[4] = b[5] = b[6] = 1;
	b[7] = DISC_UNRESTRICTED;
	memset(b + 16, 0xff, 8); /* no further lead-in or lead-out */
	cdrom_reply(c, 34, get_be16(c->cdb + 7));
}

void mmc_read_track_information(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, type = c->cdb[1] & 3;
	uint32_t where = get_be32(c->cdb + 2);

	if (type > BY_SESSION || (type == BY_LBA ? where >= c->sectors : where != 1)) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, 36);
	put_be16(b, 34);
	b[2] = b[3] = 1;
	b[5] = TRACK_DATA;
	b[6] = TRACK_MODE_1;
	put_be32(b + 24, c->sectors);
	cdrom_reply(c, 36, get_be16(c->cdb + 7));
}

void mmc_read_header(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;
	uint32_t lba = get_be32(c->cdb + 2);

	if (lba >= c->sectors) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ADDRESS_OUT_OF_RANGE);
		return;
	}
	memset(b, 0, 8);
	b[0] = TRACK_MODE_1;
	put_address(b + 4, lba, c->cdb[1] & MMC_MSF);
	cdrom_reply(c, 8, get_be16(c->cdb + 7));
}

/* Formats 0 (physical), 1 (copyright: none), 4 (manufacturer: empty) of a single-layer DVD-ROM. */
void mmc_read_dvd_structure(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, format = c->cdb[7];
	unsigned length = format == DVD_COPYRIGHT ? 8 : 2052;

	if (c->sectors <= CD_MAX_SECTORS || c->cdb[6] ||
	    (format != DVD_PHYSICAL && format != DVD_COPYRIGHT && format != DVD_MANUFACTURER)) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST,
			   c->sectors <= CD_MAX_SECTORS ? CODE_INCOMPATIBLE_FORMAT
							: CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, length);
	put_be16(b, length - 2);
	if (format == DVD_PHYSICAL) {
		b[4] = DVD_ROM_PART_1;
		b[5] = DVD_12_CM; /* and no maximum rate */
		b[6] = DVD_ONE_LAYER;
		put_be32(b + 8, DVD_FIRST_SECTOR);
		put_be32(b + 12, DVD_FIRST_SECTOR + c->sectors - 1);
	}
	cdrom_reply(c, length, get_be16(c->cdb + 8));
}
