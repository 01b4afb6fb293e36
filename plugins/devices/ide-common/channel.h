/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An IDE channel: two drives' command blocks, selection, PIO data phases, INTRQ, SRST, and (with a
 * bus master) DMA phases. A controller embeds it, routes its ports to ide_channel_*, and connects
 * the drives. See draft/ide.h for the drive's side.
 */
#ifndef IDE_CHANNEL_H
#define IDE_CHANNEL_H

#include <tessera/draft/ide.h>

#include "bus-master.h"

enum ide_phase {
	IDE_IDLE,     /* no command, or the drive works by itself */
	IDE_PIO_IN,   /* the host reads the buffer */
	IDE_PIO_OUT,  /* the host fills the buffer */
	IDE_DMA_WAIT, /* the drive wants memory, the bus master does not run */
	IDE_DMA_RUN,  /* the drive has memory */
	IDE_PHASES,
};

struct ide_channel;

struct ide_unit {
	struct ide_channel *channel;
	struct tsr_ide_port port;
	const struct tsr_ide_drive *drive; /* NULL: none at this position */
	void *drive_self;
	struct tsr_ide_registers r;
	bool intrq;       /* pending; on the wire only while the drive is selected */
	uint8_t phase;    /* enum ide_phase */
	uint32_t at, end; /* PIO: bytes of the buffer still to move */
	uint64_t dma_left;
	uint8_t dma_in; /* towards the host's memory */
	uint8_t buffer[TSR_IDE_BUFFER];
};

struct ide_channel {
	const struct tsr_irq *irq;
	struct bus_master *bm; /* NULL: PIO only */
	struct ide_unit unit[2];
	uint8_t selected; /* 0, 1 */
	uint8_t control;  /* device control register as written */
	uint8_t level;    /* of the interrupt line */
};

/* The command block's registers by port offset. */
/* clang-format off */
enum {
	IDE_DATA, IDE_FEATURE, IDE_COUNT, IDE_LBA_LOW, IDE_LBA_MID, IDE_LBA_HIGH, IDE_DEVICE,
	IDE_COMMAND, IDE_ERROR = IDE_FEATURE, IDE_STATUS = IDE_COMMAND,
};
/* clang-format on */

void ide_channel_init(struct ide_channel *c, const struct tsr_irq *irq, struct bus_master *bm);
/* A drive at position 0 or 1: first fetched (attach), then connected (realize). */
void ide_channel_attach(struct ide_channel *c, unsigned position,
			const struct tsr_interface *drive);
void ide_channel_connect(struct ide_channel *c);
void ide_channel_reset(struct ide_channel *c);

/* The command block (offsets 0-7, widths 1, 2, 4) and the control block (device control, alternate
 * status). */
uint64_t ide_channel_read(void *channel, uint64_t offset, unsigned width);
void ide_channel_write(void *channel, uint64_t offset, uint64_t value, unsigned width);
uint64_t ide_channel_read_control(void *channel, uint64_t offset, unsigned width);
void ide_channel_write_control(void *channel, uint64_t offset, uint64_t value, unsigned width);
extern const struct tsr_io_ops ide_command_ops, ide_control_ops; /* those four, self: the channel */

void ide_channel_bm_write(struct ide_channel *c, unsigned reg, uint8_t value);

void ide_channel_save(struct ide_channel *c, const char *name, struct tsr_state_writer *out);
bool ide_channel_load(struct ide_channel *c, const char *name, struct tsr_state_reader *in);

#endif
