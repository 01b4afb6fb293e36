/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packet commands: a table, and the short ones. The disc has one session with one data track.
 * Source: MMC-3 (T10/1363-D), 6; SPC-2 (T10/1236-D), 7; INF-8020i for READ TOC's old format field.
 */
#include <string.h>

#include "mmc.h"

enum { NEEDS_MEDIUM = 1, DESPITE_ATTENTION = 2 };

enum { SENSE_CURRENT_FIXED = 0x70, SENSE_LENGTH = 18 };
enum { INQUIRY_EVPD = 0x01, INQUIRY_LENGTH = 36 };
enum { TYPE_CD_ROM = 0x05, TYPE_REMOVABLE = 0x80, TYPE_ATAPI = 0x21 };
enum { EVENT_POLLED = 0x01, EVENT_CLASS_MEDIA = 4, EVENT_MEDIA = 1 << 4, EVENT_NO_CLASS = 0x80 };
enum { TRAY_OPEN = 0x01, MEDIUM_PRESENT = 0x02 };
enum { START_STOP_START = 0x01, START_STOP_LOAD_EJECT = 0x02, START_STOP_POWER = 0xf0 };
enum { PREVENT = 0x01 };
enum { SECTOR_ANY = 0, SECTOR_MODE_1 = 2 };                     /* READ CD: type of sector */
enum { READ_CD_ERROR_BITS = 0x06, READ_CD_SUB_CHANNEL = 0x07 }; /* bytes 9 and 10 */

/* -- Status */

static void test_unit_ready(struct cdrom *c)
{
	cdrom_good(c);
}

static uint16_t attention_code(const struct cdrom *c)
{
	return c->attention == ATTENTION_RESET ? CODE_POWER_ON_OR_RESET
					       : CODE_MEDIUM_MAY_HAVE_CHANGED;
}

static void request_sense(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	if (!c->sense.key && c->attention) {
		uint16_t code = attention_code(c);

		c->sense = (struct cdrom_sense){ SENSE_UNIT_ATTENTION, (uint8_t)(code >> 8),
						 (uint8_t)code };
		c->attention = ATTENTION_NONE;
	}
	memset(b, 0, SENSE_LENGTH);
	b[0] = SENSE_CURRENT_FIXED;
	b[2] = c->sense.key;
	b[7] = SENSE_LENGTH - 8;
	b[12] = c->sense.code;
	b[13] = c->sense.qualifier;
	cdrom_reply(c, SENSE_LENGTH, c->cdb[4]);
}

static void put_text(uint8_t *to, const char *text, size_t length)
{
	memset(to, ' ', length);
	memcpy(to, text, strlen(text) < length ? strlen(text) : length);
}

static void inquiry(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	if (c->cdb[1] & INQUIRY_EVPD || c->cdb[2]) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, INQUIRY_LENGTH);
	b[0] = TYPE_CD_ROM;
	b[1] = TYPE_REMOVABLE;
	b[3] = TYPE_ATAPI;
	b[4] = INQUIRY_LENGTH - 5;
	put_text(b + 8, "TESSERA", 8);
	put_text(b + 16, "CD/DVD-ROM", 16);
	put_text(b + 32, c->firmware, 4);
	cdrom_reply(c, INQUIRY_LENGTH, get_be16(c->cdb + 3));
}

static void get_event_status(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;
	struct tsr_block_info info = { .size = sizeof(info) };

	if (!(c->cdb[1] & EVENT_POLLED)) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, 8);
	b[3] = EVENT_MEDIA; /* the classes there are */
	if (!(c->cdb[4] & EVENT_MEDIA)) {
		put_be16(b, 2);
		b[2] = EVENT_NO_CLASS;
		cdrom_reply(c, 4, get_be16(c->cdb + 7));
		return;
	}
	c->block->info(c->block_self, &info);
	put_be16(b, 6);
	b[2] = EVENT_CLASS_MEDIA;
	b[4] = c->event;
	b[5] = info.present ? MEDIUM_PRESENT : TRAY_OPEN;
	c->event = EVENT_NONE;
	cdrom_reply(c, 8, get_be16(c->cdb + 7));
}

static void mechanism_status(struct cdrom *c)
{
	memset(c->port->buffer, 0, 8);
	c->port->buffer[5] = 1; /* slots */
	cdrom_reply(c, 8, get_be16(c->cdb + 8));
}

/* -- The tray */

static void start_stop(struct cdrom *c)
{
	bool load_eject = c->cdb[4] & START_STOP_LOAD_EJECT, start = c->cdb[4] & START_STOP_START;

	if (c->cdb[4] & START_STOP_POWER || !load_eject)
		cdrom_good(c);
	else if (!start && c->locked)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_REMOVAL_PREVENTED);
	else if (c->block->eject(c->block_self, !start))
		cdrom_good(c);
	else
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_REMOVAL_PREVENTED);
}

static void prevent_allow(struct cdrom *c)
{
	c->locked = c->cdb[4] & PREVENT;
	c->block->lock(c->block_self, c->locked);
	cdrom_good(c);
}

/* -- Reading */

static void read_capacity(struct cdrom *c)
{
	put_be32(c->port->buffer, c->sectors - 1);
	put_be32(c->port->buffer + 4, CD_SECTOR);
	cdrom_reply(c, 8, 8);
}

static void read_10(struct cdrom *c)
{
	cdrom_read(c, get_be32(c->cdb + 2), get_be16(c->cdb + 7), PART_USER);
}

static void read_12(struct cdrom *c)
{
	cdrom_read(c, get_be32(c->cdb + 2), get_be32(c->cdb + 6), PART_USER);
}

static void seek(struct cdrom *c)
{
	if (get_be32(c->cdb + 2) < c->sectors)
		cdrom_good(c);
	else
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ADDRESS_OUT_OF_RANGE);
}

/* Byte 9 asks for parts; of header code 01b and 11b there is a header, a sub-header has mode 2
 * only. */
static void read_cd_range(struct cdrom *c, uint32_t lba, uint32_t count)
{
	uint8_t type = c->cdb[1] >> 2 & 7, parts = c->cdb[9] & PARTS;

	if (type != SECTOR_ANY && type != SECTOR_MODE_1)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ILLEGAL_MODE_FOR_TRACK);
	else if (c->cdb[9] & READ_CD_ERROR_BITS || c->cdb[10] & READ_CD_SUB_CHANNEL)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
	else
		cdrom_read(c, lba, count, parts);
}

static void read_cd(struct cdrom *c)
{
	read_cd_range(c, get_be32(c->cdb + 2), get_be24(c->cdb + 6));
}

/* Frames from 00:00:00. */
static uint32_t from_msf(const uint8_t *msf)
{
	return (msf[0] * 60u + msf[1]) * FRAMES_PER_SECOND + msf[2];
}

static void read_cd_msf(struct cdrom *c)
{
	uint32_t from = from_msf(c->cdb + 3), to = from_msf(c->cdb + 6);

	if (from < PREGAP || to < from)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
	else
		read_cd_range(c, from - PREGAP, to - from);
}

/* -- What needs no work */

static void mode_select_6(struct cdrom *c)
{
	cdrom_receive(c, c->cdb[4]);
}

static void mode_select_10(struct cdrom *c)
{
	cdrom_receive(c, get_be16(c->cdb + 7));
}

static void accept(struct cdrom *c)
{
	cdrom_good(c);
}

static void play(struct cdrom *c)
{
	cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ILLEGAL_MODE_FOR_TRACK);
}

/* -- The table */

static const struct mmc_command {
	uint8_t opcode;
	uint8_t flags;
	void (*run)(struct cdrom *c);
} commands[] = {
	{ MMC_TEST_UNIT_READY, NEEDS_MEDIUM, test_unit_ready },
	{ MMC_REQUEST_SENSE, DESPITE_ATTENTION, request_sense },
	{ MMC_INQUIRY, DESPITE_ATTENTION, inquiry },
	{ MMC_MODE_SELECT_6, 0, mode_select_6 },
	{ MMC_MODE_SENSE_6, 0, mmc_mode_sense_6 },
	{ MMC_START_STOP_UNIT, 0, start_stop },
	{ MMC_PREVENT_ALLOW_MEDIUM_REMOVAL, 0, prevent_allow },
	{ MMC_READ_CAPACITY, NEEDS_MEDIUM, read_capacity },
	{ MMC_READ_10, NEEDS_MEDIUM, read_10 },
	{ MMC_SEEK_10, NEEDS_MEDIUM, seek },
	{ MMC_READ_SUB_CHANNEL, NEEDS_MEDIUM, mmc_read_subchannel },
	{ MMC_READ_TOC_PMA_ATIP, NEEDS_MEDIUM, mmc_read_toc },
	{ MMC_READ_HEADER, NEEDS_MEDIUM, mmc_read_header },
	{ MMC_PLAY_AUDIO_10, NEEDS_MEDIUM, play },
	{ MMC_GET_CONFIGURATION, DESPITE_ATTENTION, mmc_get_configuration },
	{ MMC_PLAY_AUDIO_MSF, NEEDS_MEDIUM, play },
	{ MMC_PLAY_AUDIO_TRACK_INDEX, NEEDS_MEDIUM, play },
	{ MMC_GET_EVENT_STATUS_NOTIFICATION, DESPITE_ATTENTION, get_event_status },
	{ MMC_STOP_PLAY_SCAN, NEEDS_MEDIUM, accept },
	{ MMC_READ_DISC_INFORMATION, NEEDS_MEDIUM, mmc_read_disc_information },
	{ MMC_READ_TRACK_INFORMATION, NEEDS_MEDIUM, mmc_read_track_information },
	{ MMC_MODE_SELECT_10, 0, mode_select_10 },
	{ MMC_MODE_SENSE_10, 0, mmc_mode_sense_10 },
	{ MMC_PLAY_AUDIO_12, NEEDS_MEDIUM, play },
	{ MMC_READ_12, NEEDS_MEDIUM, read_12 },
	{ MMC_READ_DVD_STRUCTURE, NEEDS_MEDIUM, mmc_read_dvd_structure },
	{ MMC_READ_CD_MSF, NEEDS_MEDIUM, read_cd_msf },
	{ MMC_SET_CD_SPEED, 0, accept },
	{ MMC_MECHANISM_STATUS, 0, mechanism_status },
	{ MMC_READ_CD, NEEDS_MEDIUM, read_cd },
};

static const struct mmc_command *find(uint8_t opcode)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].opcode == opcode)
			return &commands[i];
	return NULL;
}

void mmc_execute(struct cdrom *c)
{
	const struct mmc_command *command = find(c->cdb[0]);

	cdrom_look_at_medium(c);
	if (!command) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_OPERATION_CODE);
	} else if (c->attention && !(command->flags & DESPITE_ATTENTION)) {
		uint16_t code = attention_code(c);

		c->attention = ATTENTION_NONE;
		cdrom_fail(c, SENSE_UNIT_ATTENTION, code);
	} else if (command->flags & NEEDS_MEDIUM && !(c->present && c->sectors)) {
		cdrom_fail(c, SENSE_NOT_READY, CODE_MEDIUM_NOT_PRESENT);
	} else {
		command->run(c);
	}
}
