/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ATAPI CD/DVD-ROM drive: its state, and the border between its ATA side and its MMC commands.
 */
#ifndef CDROM_H
#define CDROM_H

#include <tessera/draft/ide.h>
#include <tessera/tessera.h>

#define CD_SECTOR 2048u
#define CD_RAW_SECTOR 2352u
#define CD_MAX_SECTORS (80u * 60 * FRAMES_PER_SECOND) /* more than that is a DVD */
#define FRAMES_PER_SECOND 75u
#define PREGAP 150u /* LBA 0 is 00:02:00 */
#define READY (TSR_IDE_DRDY | TSR_IDE_DSC)

enum cdrom_step {
	STEP_IDLE,
	STEP_PACKET,  /* the host sends the 12 bytes */
	STEP_REPLY,   /* buffer -> host, then the command is done */
	STEP_FETCH,   /* back end -> buffer */
	STEP_READ,    /* buffer -> host, then the next fetch */
	STEP_STREAM,  /* back end -> guest memory */
	STEP_RECEIVE, /* host -> buffer, thrown away */
	STEP_IDENTIFY,
	STEPS,
};

/* What a sector that is read consists of, as in READ CD's byte 9. */
enum cdrom_parts {
	PART_SYNC = 0x80,
	PART_HEADER = 0x20,
	PART_USER = 0x10,
	PART_ECC = 0x08,
	PARTS = PART_SYNC | PART_HEADER | PART_USER | PART_ECC,
};

enum cdrom_attention { ATTENTION_NONE, ATTENTION_RESET, ATTENTION_CHANGED };
enum cdrom_event { EVENT_NONE, EVENT_NEW_MEDIUM = 2, EVENT_REMOVED = 3 };

struct cdrom_sense {
	uint8_t key, code, qualifier;
};

enum cdrom_sense_key {
	SENSE_NOT_READY = 2,
	SENSE_MEDIUM_ERROR = 3,
	SENSE_ILLEGAL_REQUEST = 5,
	SENSE_UNIT_ATTENTION = 6,
};

/* ASC << 8 | ASCQ, by the name that SPC-2 gives it. */
enum cdrom_sense_code {
	CODE_UNRECOVERED_READ_ERROR = 0x1100,
	CODE_INVALID_OPERATION_CODE = 0x2000,
	CODE_ADDRESS_OUT_OF_RANGE = 0x2100,
	CODE_INVALID_FIELD_IN_CDB = 0x2400,
	CODE_MEDIUM_MAY_HAVE_CHANGED = 0x2800,
	CODE_POWER_ON_OR_RESET = 0x2900,
	CODE_INCOMPATIBLE_FORMAT = 0x3002,
	CODE_SAVING_NOT_SUPPORTED = 0x3900,
	CODE_MEDIUM_NOT_PRESENT = 0x3a00,
	CODE_REMOVAL_PREVENTED = 0x5302,
	CODE_ILLEGAL_MODE_FOR_TRACK = 0x6400,
};

struct cdrom {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_block *block;
	void *block_self;
	const struct tsr_ide_port *port;
	struct tsr_timer *resume;
	char model[41], serial[21], firmware[9];

	/* the medium */
	uint8_t present;
	uint32_t sectors; /* of 2048 bytes */
	uint32_t generation;
	uint8_t attention, event;
	uint8_t locked;

	/* settings */
	uint8_t transfer_mode;
	uint8_t standby;
	struct cdrom_sense sense;

	/* the command under way */
	uint8_t step;
	uint8_t cdb[12];
	uint8_t use_dma;
	uint16_t limit;             /* bytes of a PIO block */
	uint8_t parts;              /* enum cdrom_parts */
	uint32_t lba, left;         /* sectors not yet in the buffer or in guest memory */
	uint32_t streamed;          /* bytes of sector `lba` that are in guest memory */
	uint32_t at, filled, piece; /* bytes of the buffer: moved, in it, in this PIO block */

	/* the request under way */
	struct tsr_block_request request;
	bool busy, cancelled;
	uint32_t moving; /* bytes of the DMA chunk */
};

/* -- transfer.c: each of the first five ends a packet command or begins its data phase */
void cdrom_good(struct cdrom *c);
void cdrom_fail(struct cdrom *c, uint8_t key, uint16_t code); /* code: ASC << 8 | ASCQ */
/* The buffer's first bytes. */
void cdrom_reply(struct cdrom *c, uint32_t length, uint32_t allocation);
void cdrom_read(struct cdrom *c, uint32_t lba, uint32_t count, uint8_t parts);
void cdrom_receive(struct cdrom *c, uint32_t length);
void cdrom_block_moved(struct cdrom *c); /* PIO */
void cdrom_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
		     uint64_t length);
void cdrom_cancel(void *self);      /* gives up the request; the step stays */
void cdrom_resume(struct cdrom *c); /* does the step again */

/* -- medium.c */
void cdrom_look_at_medium(struct cdrom *c);

/* -- packet.c: the ATA side, above the commands of a packet */
void cdrom_command(void *self, uint8_t command);
void cdrom_pio_done(void *self);
void cdrom_signature(struct cdrom *c);

/* -- sector.c: bytes of a sector made of those parts; n plain sectors from `from` on in the buffer
 * become such sectors at 0 */
uint32_t sector_bytes(uint8_t parts);
void sector_expand(uint8_t *buffer, uint32_t from, uint32_t lba, uint32_t n, uint8_t parts);
void sector_to_msf(uint32_t lba, uint8_t *msf); /* minute, second, frame */

/* -- identify.c */
void cdrom_identify(const struct cdrom *c, uint8_t *data);

#endif
