/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Mode pages and features: what the drive can. Source: MMC-3 (T10/1363-D), 5.3 (features), 5.5
 * (mode pages). */
#include <string.h>

#include "mmc.h"

/* -- Mode pages; none can be changed */

enum mode_page {
	PAGE_ERROR_RECOVERY = 0x01,
	PAGE_CD_PARAMETERS = 0x0d,
	PAGE_AUDIO_CONTROL = 0x0e,
	PAGE_CAPABILITIES = 0x2a,
	PAGE_ALL = 0x3f,
};
enum mode_page_control { CONTROL_CHANGEABLE = 1, CONTROL_SAVED = 3 };
enum { CAPABILITY_LOCKED = 0x02 };                      /* byte 6 of the capabilities */
enum { MEDIUM_DATA_120_MM = 0x01, MEDIUM_NONE = 0x70 }; /* medium type */

static const uint8_t page_recovery[] = { PAGE_ERROR_RECOVERY, 0x0a, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t page_cd[] = { PAGE_CD_PARAMETERS, 0x06, 0, 0x0d, 0, 60, 0, 75 };
static const uint8_t page_audio[] = {
	PAGE_AUDIO_CONTROL, 0x0e, 0x04, 0, 0, 0, 0, 75, 1, 255, 2, 255, 0, 0, 0, 0,
};
/* clang-format off */
static const uint8_t page_capabilities[] = {
	PAGE_CAPABILITIES, 0x14,
	0x3b, 0x00, /* reads CD-R, CD-RW, DVD-ROM, DVD-R, DVD-RAM; writes nothing */
	0x70,       /* mode 2 forms 1 and 2, multisession */
	0x00, 0x29, /* lock, eject, tray */
	0x00, 0x1b, 0x90, /* 7056 kB/s: 40 x */
	0x00, 0x00, 0x02, 0x00, /* 512 KiB buffer */
	0x1b, 0x90, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
};
/* clang-format on */

static const struct {
	const uint8_t *bytes;
	unsigned length;
} pages[] = {
	{ page_recovery, sizeof(page_recovery) },
	{ page_cd, sizeof(page_cd) },
	{ page_audio, sizeof(page_audio) },
	{ page_capabilities, sizeof(page_capabilities) },
};

/* Appends the pages asked for; returns the new length, or `length` if there is none. */
static unsigned put_pages(struct cdrom *c, unsigned length, bool changeable)
{
	uint8_t wanted = c->cdb[2] & PAGE_ALL, *b = c->port->buffer;

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (wanted != PAGE_ALL && wanted != pages[i].bytes[0])
			continue;
		memcpy(b + length, pages[i].bytes, pages[i].length);
		if (changeable)
			memset(b + length + 2, 0, pages[i].length - 2);
		else if (pages[i].bytes == page_capabilities)
			b[length + 6] |= c->locked ? CAPABILITY_LOCKED : 0;
		length += pages[i].length;
	}
	return length;
}

static uint8_t medium_type(const struct cdrom *c)
{
	return c->present ? MEDIUM_DATA_120_MM : MEDIUM_NONE;
}

static unsigned mode_sense(struct cdrom *c, unsigned header)
{
	unsigned control = c->cdb[2] >> 6, length;

	memset(c->port->buffer, 0, header);
	if (control == CONTROL_SAVED) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_SAVING_NOT_SUPPORTED);
		return 0;
	}
	length = put_pages(c, header, control == CONTROL_CHANGEABLE);
	if (length == header) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return 0;
	}
	return length;
}

void mmc_mode_sense_6(struct cdrom *c)
{
	unsigned length = mode_sense(c, 4);

	if (!length)
		return;
	c->port->buffer[0] = (uint8_t)(length - 1);
	c->port->buffer[1] = medium_type(c);
	cdrom_reply(c, length, c->cdb[4]);
}

void mmc_mode_sense_10(struct cdrom *c)
{
	unsigned length = mode_sense(c, 8);

	if (!length)
		return;
	put_be16(c->port->buffer, length - 2);
	c->port->buffer[2] = medium_type(c);
	cdrom_reply(c, length, get_be16(c->cdb + 7));
}

/* -- Features */

enum { ALL_FEATURES = 0, CURRENT_FEATURES = 1, ONE_FEATURE = 2 }; /* byte 1: RT */
enum { PROFILE_CD = 0x08, PROFILE_DVD = 0x10 };
enum {
	FEATURE_PROFILES = 0x0000,
	FEATURE_CORE = 0x0001,
	FEATURE_REMOVABLE = 0x0003,
	FEATURE_RANDOM = 0x0010,
	FEATURE_CD = 0x001e,
	FEATURE_DVD = 0x001f
};

static const struct feature {
	uint16_t code;
	uint8_t flags; /* version << 2 | persistent << 1 | current */
	uint8_t length;
	uint8_t data[8];
} features[] = {
	{ FEATURE_PROFILES, 0x03, 8, { 0, PROFILE_DVD, 0, 0, 0, PROFILE_CD, 0, 0 } },
	{ FEATURE_CORE, 0x03, 4, { 0, 0, 0, 2 } },               /* ATAPI */
	{ FEATURE_REMOVABLE, 0x03, 4, { 0x29, 0, 0, 0 } },       /* tray, eject, lock */
	{ FEATURE_RANDOM, 0x00, 8, { 0, 0, 8, 0, 0, 1, 0, 0 } }, /* blocks of 2048 bytes */
	{ FEATURE_CD, 0x00, 4, { 0, 0, 0, 0 } },
	{ FEATURE_DVD, 0x00, 4, { 0, 0, 0, 0 } },
};

static uint16_t profile(const struct cdrom *c)
{
	if (!c->present)
		return 0;
	return c->sectors > CD_MAX_SECTORS ? PROFILE_DVD : PROFILE_CD;
}

static bool is_current(const struct cdrom *c, const struct feature *f)
{
	switch (f->code) {
	case FEATURE_RANDOM:
		return c->present;
	case FEATURE_CD:
		return profile(c) == PROFILE_CD;
	case FEATURE_DVD:
		return profile(c) == PROFILE_DVD;
	}
	return true;
}

static unsigned put_feature(const struct cdrom *c, const struct feature *f, uint8_t *to)
{
	put_be16(to, f->code);
	to[2] = f->flags | is_current(c, f);
	to[3] = f->length;
	memcpy(to + 4, f->data, f->length);
	if (f->code == FEATURE_PROFILES) {
		to[6] = profile(c) == PROFILE_DVD;
		to[10] = profile(c) == PROFILE_CD;
	}
	return 4u + f->length;
}

void mmc_get_configuration(struct cdrom *c)
{
	uint8_t *b = c->port->buffer, type = c->cdb[1] & 3;
	uint16_t first = get_be16(c->cdb + 2);
	unsigned length = 8;

	if (type > ONE_FEATURE) {
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_INVALID_FIELD_IN_CDB);
		return;
	}
	memset(b, 0, 8);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const struct feature *f = &features[i];

		if (type == ONE_FEATURE
			    ? f->code == first
			    : f->code >= first && (type == ALL_FEATURES || is_current(c, f)))
			length += put_feature(c, f, b + length);
	}
	put_be32(b, length - 4);
	put_be16(b + 6, profile(c));
	cdrom_reply(c, length, get_be16(c->cdb + 7));
}
