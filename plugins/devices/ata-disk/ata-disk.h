/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An ATA disk: its state, and the border between the commands and the movement of sectors. */
#ifndef ATA_DISK_H
#define ATA_DISK_H

#include <tessera/draft/ide.h>
#include <tessera/tessera.h>

#define SECTOR 512u
#define BUFFER_SECTORS (TSR_IDE_BUFFER / SECTOR)
#define MULTIPLE_MAX 16u
#define COUNT_MAX 65536u /* sectors of one command */
#define READY (TSR_IDE_DRDY | TSR_IDE_DSC)

enum disk_step {
	STEP_IDLE,
	STEP_FETCH,   /* back end -> buffer */
	STEP_PIO_IN,  /* buffer -> host */
	STEP_PIO_OUT, /* host -> buffer */
	STEP_STORE,   /* buffer -> back end */
	STEP_DMA,
	STEP_FLUSH,
	STEP_IDENTIFY, /* IDENTIFY data -> host */
	STEPS,
};

enum disk_power { POWER_ACTIVE, POWER_STANDBY, POWER_SLEEP };

struct ata_disk {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_block *block;
	void *block_self;
	const struct tsr_ide_port *port;
	struct tsr_timer *resume;
	uint64_t sectors;     /* of the medium */
	uint16_t cylinders;   /* default translation */
	uint8_t heads, track; /* track: sectors of one */
	char model[41], serial[21], firmware[9];

	/* settings */
	uint8_t current_heads, current_track; /* after INITIALIZE DEVICE PARAMETERS */
	uint8_t multiple;                     /* sectors of a block, 0: off */
	uint8_t transfer_mode;                /* enum ata_transfer_mode */
	uint8_t write_cache, look_ahead, revert;
	uint8_t power;

	/* the command under way */
	uint8_t step;
	uint8_t flags; /* enum command_flags */
	uint64_t lba;  /* of the next sector to move */
	uint32_t left; /* sectors asked for and not yet moved; those beyond the end never are */
	uint32_t at, filled, piece; /* sectors of the buffer: moved, in it, in this PIO block */

	/* the request under way */
	struct tsr_block_request request;
	bool busy, cancelled;
	uint32_t moving; /* sectors of the DMA chunk */
};

enum command_flags {
	FLAG_EXT = 1, /* 48-bit address and 16-bit count */
	FLAG_WRITE = 2,
	FLAG_MULTIPLE = 4,
	FLAG_DMA = 8,
	FLAG_LBA = 16, /* not CHS: how the registers show the address */
};

/* -- command.c */
void disk_command(void *self, uint8_t command);
void disk_defaults(struct ata_disk *d);

/* -- identify.c: fills 512 bytes */
void disk_identify(const struct ata_disk *d, uint8_t *data);
void disk_geometry(struct ata_disk *d);

/* -- transfer.c */
void disk_finish(struct ata_disk *d, uint8_t error);
void disk_finish_failed(struct ata_disk *d, uint8_t error, uint8_t status);
/* Moves d->left sectors at d->lba as d->flags say. */
void disk_transfer(struct ata_disk *d);
/* How many of the sectors that are left exist. */
uint32_t disk_reachable(const struct ata_disk *d);
/* What was to be moved has moved: success, or the error of an address beyond the disk's end. */
void disk_finish_transfer(struct ata_disk *d, bool interrupt);
void disk_flush(struct ata_disk *d);
void disk_pio_done(void *self);
void disk_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
		    uint64_t length);
void disk_cancel(void *self);         /* gives up the request; the step stays */
void disk_resume(struct ata_disk *d); /* does the step again */
void disk_put_address(struct ata_disk *d, uint64_t lba);

#endif
