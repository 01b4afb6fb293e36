/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The packet commands: a table, and the short ones. The disc has one session with one data track.
 * Source: MMC-3 (T10/1363-D), 6; SPC-2 (T10/1236-D), 7; INF-8020i for READ TOC's old format field.
 */
#include <string.h>

#include "cdrom.h"

enum { NEEDS_MEDIUM = 1, DESPITE_ATTENTION = 2 };

/* -- Status */

static void test_unit_ready(struct cdrom *c)
{
	cdrom_good(c);
}

static void request_sense(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	if (!c->sense.key && c->attention) {
		c->sense = (struct cdrom_sense){SENSE_ATTENTION,
						c->attention == ATTENTION_RESET ? 0x29 : 0x28, 0};
		c->attention = ATTENTION_NONE;
	}
	memset(b, 0, 18);
	b[0] = 0x70;
	b[2] = c->sense.key;
	b[7] = 10;
	b[12] = c->sense.code;
	b[13] = c->sense.qualifier;
	cdrom_reply(c, 18, c->cdb[4]);
}

static void put_text(uint8_t *to, const char *text, size_t length)
{
	memset(to, ' ', length);
	memcpy(to, text, strlen(text) < length ? strlen(text) : length);
}

static void inquiry(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;

	if (c->cdb[1] & 1 || c->cdb[2]) {
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
		return;
	}
	memset(b, 0, 36);
	b[0] = 0x05; /* CD-ROM */
	b[1] = 0x80; /* removable */
	b[3] = 0x21; /* ATAPI */
	b[4] = 31;
	put_text(b + 8, "TESSERA", 8);
	put_text(b + 16, "CD/DVD-ROM", 16);
	put_text(b + 32, c->firmware, 4);
	cdrom_reply(c, 36, get16(c->cdb + 3));
}

static void get_event_status(struct cdrom *c)
{
	uint8_t *b = c->port->buffer;
	struct tsr_block_info info;

	if (!(c->cdb[1] & 1)) { /* only polling */
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
		return;
	}
	memset(b, 0, 8);
	b[3] = 0x10; /* the classes there are: media */
	if (!(c->cdb[4] & 0x10)) {
		put16(b, 2);
		b[2] = 0x80;
		cdrom_reply(c, 4, get16(c->cdb + 7));
		return;
	}
	c->block->info(c->block_self, &info);
	put16(b, 6);
	b[2] = 4;
	b[4] = c->event;
	b[5] = info.present ? 2 : 1;
	c->event = EVENT_NONE;
	cdrom_reply(c, 8, get16(c->cdb + 7));
}

static void mechanism_status(struct cdrom *c)
{
	memset(c->port->buffer, 0, 8);
	c->port->buffer[5] = 1;
	cdrom_reply(c, 8, get16(c->cdb + 8));
}

/* -- The tray */

static void start_stop(struct cdrom *c)
{
	bool load_eject = c->cdb[4] & 2, start = c->cdb[4] & 1;

	if (c->cdb[4] & 0xf0 || !load_eject)
		cdrom_good(c);
	else if (!start && c->locked)
		cdrom_fail(c, SENSE_ILLEGAL, CODE_LOCKED);
	else if (c->block->eject(c->block_self, !start))
		cdrom_good(c);
	else
		cdrom_fail(c, SENSE_ILLEGAL, CODE_LOCKED);
}

static void prevent_allow(struct cdrom *c)
{
	c->locked = c->cdb[4] & 1;
	c->block->lock(c->block_self, c->locked);
	cdrom_good(c);
}

/* -- Reading */

static void read_capacity(struct cdrom *c)
{
	put32(c->port->buffer, c->sectors - 1);
	put32(c->port->buffer + 4, CD_SECTOR);
	cdrom_reply(c, 8, 8);
}

static void read_10(struct cdrom *c)
{
	cdrom_read(c, get32(c->cdb + 2), get16(c->cdb + 7), PART_USER);
}

static void read_12(struct cdrom *c)
{
	cdrom_read(c, get32(c->cdb + 2), get32(c->cdb + 6), PART_USER);
}

static void seek(struct cdrom *c)
{
	if (get32(c->cdb + 2) < c->sectors)
		cdrom_good(c);
	else
		cdrom_fail(c, SENSE_ILLEGAL, CODE_OUT_OF_RANGE);
}

/* Byte 9 asks for parts; of header code 01b and 11b there is a header, a sub-header has mode 2
 * only. */
static void read_cd_range(struct cdrom *c, uint32_t lba, uint32_t count)
{
	uint8_t type = c->cdb[1] >> 2 & 7,
		parts = c->cdb[9] & (PART_SYNC | PART_HEADER | PART_USER | PART_ECC);

	if (type != 0 && type != 2)
		cdrom_fail(c, SENSE_ILLEGAL, CODE_WRONG_TRACK);
	else if (c->cdb[9] & 0x06 || c->cdb[10] & 0x07)
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
	else
		cdrom_read(c, lba, count, parts);
}

static void read_cd(struct cdrom *c)
{
	read_cd_range(c, get32(c->cdb + 2), get32(c->cdb + 5) & 0xffffff);
}

static void read_cd_msf(struct cdrom *c)
{
	uint32_t from = (c->cdb[3] * 60u + c->cdb[4]) * 75u + c->cdb[5],
		 to = (c->cdb[6] * 60u + c->cdb[7]) * 75u + c->cdb[8];

	if (from < 150 || to < from)
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_FIELD);
	else
		read_cd_range(c, from - 150, to - from);
}

/* -- What needs no work */

static void mode_select_6(struct cdrom *c)
{
	cdrom_receive(c, c->cdb[4]);
}

static void mode_select_10(struct cdrom *c)
{
	cdrom_receive(c, get16(c->cdb + 7));
}

static void accept(struct cdrom *c)
{
	cdrom_good(c);
}

static void play(struct cdrom *c)
{
	cdrom_fail(c, SENSE_ILLEGAL, CODE_WRONG_TRACK);
}

/* -- The table */

static const struct mmc_command {
	uint8_t opcode;
	uint8_t flags;
	void (*run)(struct cdrom *c);
} commands[] = {
	{ 0x00, NEEDS_MEDIUM, test_unit_ready },
	{ 0x03, DESPITE_ATTENTION, request_sense },
	{ 0x12, DESPITE_ATTENTION, inquiry },
	{ 0x15, 0, mode_select_6 },
	{ 0x1a, 0, mmc_mode_sense_6 },
	{ 0x1b, 0, start_stop },
	{ 0x1e, 0, prevent_allow },
	{ 0x25, NEEDS_MEDIUM, read_capacity },
	{ 0x28, NEEDS_MEDIUM, read_10 },
	{ 0x2b, NEEDS_MEDIUM, seek },
	{ 0x42, NEEDS_MEDIUM, mmc_read_subchannel },
	{ 0x43, NEEDS_MEDIUM, mmc_read_toc },
	{ 0x44, NEEDS_MEDIUM, mmc_read_header },
	{ 0x45, NEEDS_MEDIUM, play },
	{ 0x46, DESPITE_ATTENTION, mmc_get_configuration },
	{ 0x47, NEEDS_MEDIUM, play },
	{ 0x48, NEEDS_MEDIUM, play },
	{ 0x4a, DESPITE_ATTENTION, get_event_status },
	{ 0x4e, NEEDS_MEDIUM, accept },
	{ 0x51, NEEDS_MEDIUM, mmc_read_disc_information },
	{ 0x52, NEEDS_MEDIUM, mmc_read_track_information },
	{ 0x55, 0, mode_select_10 },
	{ 0x5a, 0, mmc_mode_sense_10 },
	{ 0xa5, NEEDS_MEDIUM, play },
	{ 0xa8, NEEDS_MEDIUM, read_12 },
	{ 0xad, NEEDS_MEDIUM, mmc_read_dvd_structure },
	{ 0xb9, NEEDS_MEDIUM, read_cd_msf },
	{ 0xbb, 0, accept }, /* SET CD SPEED */
	{ 0xbd, 0, mechanism_status },
	{ 0xbe, NEEDS_MEDIUM, read_cd },
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
		cdrom_fail(c, SENSE_ILLEGAL, CODE_INVALID_OPCODE);
	} else if (c->attention && !(command->flags & DESPITE_ATTENTION)) {
		uint16_t code = c->attention == ATTENTION_RESET ? CODE_RESET : CODE_CHANGED;

		c->attention = ATTENTION_NONE;
		cdrom_fail(c, SENSE_ATTENTION, code);
	} else if (command->flags & NEEDS_MEDIUM && !(c->present && c->sectors)) {
		cdrom_fail(c, SENSE_NOT_READY, CODE_NO_MEDIUM);
	} else {
		command->run(c);
	}
}
