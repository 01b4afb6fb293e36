/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packet commands: their opcodes, what REQUEST SENSE says of them, and the files that run them.
 * Source: MMC-3 (T10/1363-D), 5 (pages, features) and 6 (commands); SPC-2 (T10/1236-D), 7.
 */
#ifndef CDROM_MMC_H
#define CDROM_MMC_H

#include "../ide-common/bytes.h"
#include "cdrom.h"

enum mmc_opcode {
	MMC_TEST_UNIT_READY = 0x00,
	MMC_REQUEST_SENSE = 0x03,
	MMC_INQUIRY = 0x12,
	MMC_MODE_SELECT_6 = 0x15,
	MMC_MODE_SENSE_6 = 0x1a,
	MMC_START_STOP_UNIT = 0x1b,
	MMC_PREVENT_ALLOW_MEDIUM_REMOVAL = 0x1e,
	MMC_READ_CAPACITY = 0x25,
	MMC_READ_10 = 0x28,
	MMC_SEEK_10 = 0x2b,
	MMC_READ_SUB_CHANNEL = 0x42,
	MMC_READ_TOC_PMA_ATIP = 0x43,
	MMC_READ_HEADER = 0x44,
	MMC_PLAY_AUDIO_10 = 0x45,
	MMC_GET_CONFIGURATION = 0x46,
	MMC_PLAY_AUDIO_MSF = 0x47,
	MMC_PLAY_AUDIO_TRACK_INDEX = 0x48,
	MMC_GET_EVENT_STATUS_NOTIFICATION = 0x4a,
	MMC_STOP_PLAY_SCAN = 0x4e,
	MMC_READ_DISC_INFORMATION = 0x51,
	MMC_READ_TRACK_INFORMATION = 0x52,
	MMC_MODE_SELECT_10 = 0x55,
	MMC_MODE_SENSE_10 = 0x5a,
	MMC_PLAY_AUDIO_12 = 0xa5,
	MMC_READ_12 = 0xa8,
	MMC_READ_DVD_STRUCTURE = 0xad,
	MMC_READ_CD_MSF = 0xb9,
	MMC_SET_CD_SPEED = 0xbb,
	MMC_MECHANISM_STATUS = 0xbd,
	MMC_READ_CD = 0xbe,
};

enum { MMC_MSF = 0x02 }; /* byte 1 of the table of contents and the like: no LBA but MSF */

/* -- mmc.c: runs the packet in c->cdb; the other files have rows of its table */
void mmc_execute(struct cdrom *c);

/* -- mode.c, disc.c: commands */
void mmc_mode_sense_6(struct cdrom *c);
void mmc_mode_sense_10(struct cdrom *c);
void mmc_get_configuration(struct cdrom *c);
void mmc_read_toc(struct cdrom *c);
void mmc_read_subchannel(struct cdrom *c);
void mmc_read_disc_information(struct cdrom *c);
void mmc_read_track_information(struct cdrom *c);
void mmc_read_header(struct cdrom *c);
void mmc_read_dvd_structure(struct cdrom *c);

#endif
