/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How sectors move. PIO goes through the channel's buffer, up to 128 sectors for one request of the
 * back end; DMA goes straight between back end and guest memory. A step that is interrupted (a
 * saved state, a stopped bus master) starts again: lba, left, at and filled change only when a
 * step is done. Source: ATA/ATAPI-6 (T13/1410D), 9.5-9.7.
 */
#include "../ide-common/ata.h"
#include "ata-disk.h"

/* -- Ends */

/* The registers show an address in the form in which the command gave it. */
void disk_put_address(struct ata_disk *d, uint64_t lba)
{
	struct tsr_ide_registers *r = d->port->registers;
	uint32_t cylinder_sectors = (uint32_t)d->current_heads * d->current_track;

	if (d->flags & (FLAG_LBA | FLAG_EXT)) {
		r->lba_low = (uint8_t)lba;
		r->lba_mid = (uint8_t)(lba >> 8);
		r->lba_high = (uint8_t)(lba >> 16);
		if (!(d->flags & FLAG_EXT)) {
			r->device = (uint8_t)((r->device & ~ATA_DEVICE_HEAD) |
					      (lba >> 24 & ATA_DEVICE_HEAD));
			return;
		}
		r->hob_lba_low = (uint8_t)(lba >> 24);
		r->hob_lba_mid = (uint8_t)(lba >> 32);
		r->hob_lba_high = (uint8_t)(lba >> 40);
		return;
	}
	r->lba_mid = (uint8_t)(lba / cylinder_sectors);
	r->lba_high = (uint8_t)(lba / cylinder_sectors >> 8);
	r->device = (uint8_t)((r->device & ~ATA_DEVICE_HEAD) |
			      (lba / d->current_track % d->current_heads));
	r->lba_low = (uint8_t)(lba % d->current_track + 1);
}

void disk_finish_failed(struct ata_disk *d, uint8_t error, uint8_t status)
{
	d->step = STEP_IDLE;
	d->port->finish(d->port->to, status, error, true);
}

void disk_finish(struct ata_disk *d, uint8_t error)
{
	disk_finish_failed(d, error, READY);
}

uint32_t disk_reachable(const struct ata_disk *d)
{
	uint64_t room = d->sectors - d->lba;

	return d->left < room ? d->left : (uint32_t)room;
}

static void finish_beyond_end(struct ata_disk *d)
{
	disk_put_address(d, d->lba);
	disk_finish(d, TSR_IDE_IDNF);
}

/* The registers show the last sector moved after success, and the first one that is not there after
 * a command that went over the disk's end. PIO reads end with the host's last read, without INTRQ.
 */
void disk_finish_transfer(struct ata_disk *d, bool interrupt)
{
	if (d->left) {
		finish_beyond_end(d);
		return;
	}
	disk_put_address(d, d->lba - 1);
	d->port->registers->count = 0;
	d->step = STEP_IDLE;
	d->port->finish(d->port->to, READY, 0, interrupt);
}

static void finish_writing(struct ata_disk *d)
{
	if (d->write_cache)
		disk_finish_transfer(d, true);
	else
		disk_flush(d);
}

static void fail(struct ata_disk *d, enum tsr_block_status status)
{
	if (d->step != STEP_FLUSH)
		disk_put_address(d, d->lba);
	if (status == TSR_BLOCK_IO_ERROR && !(d->flags & FLAG_WRITE))
		disk_finish(d, TSR_IDE_UNC);
	else if (status == TSR_BLOCK_IO_ERROR)
		disk_finish_failed(d, TSR_IDE_ABRT, READY | TSR_IDE_DF);
	else
		disk_finish(d, status == TSR_BLOCK_OUT_OF_RANGE ? TSR_IDE_IDNF : TSR_IDE_ABRT);
}

/* -- Requests to the back end */

static void on_done(struct tsr_block_request *request, enum tsr_block_status status);

static void submit(struct ata_disk *d, enum tsr_block_op op, uint32_t sectors, void *buffer)
{
	d->request = (struct tsr_block_request){
		.size = sizeof(d->request),
		.op = op,
		.offset = op == TSR_BLOCK_FLUSH ? 0 : d->lba * SECTOR,
		.length = (uint64_t)sectors * SECTOR,
		.buffer = buffer,
		.done = on_done,
		.user = d,
	};
	d->busy = true;
	d->block->submit(d->block_self, &d->request);
}

void disk_cancel(void *self)
{
	struct ata_disk *d = self;

	if (!d->busy)
		return;
	d->cancelled = true;
	d->block->drain(d->block_self);
	d->cancelled = false;
}

/* -- PIO */

/* What the buffer holds next: as much as there is, or fits. */
static void next_fill(struct ata_disk *d)
{
	uint32_t good = disk_reachable(d);

	d->filled = good < BUFFER_SECTORS ? good : BUFFER_SECTORS;
	d->at = 0;
}

static void fetch(struct ata_disk *d)
{
	d->step = STEP_FETCH;
	next_fill(d);
	submit(d, TSR_BLOCK_READ, d->filled, d->port->buffer);
}

static void store(struct ata_disk *d)
{
	d->step = STEP_STORE;
	submit(d, TSR_BLOCK_WRITE, d->filled, d->port->buffer);
}

static void move_block(struct ata_disk *d, bool interrupt)
{
	uint32_t most = d->flags & FLAG_MULTIPLE ? d->multiple : 1, rest = d->filled - d->at;
	bool in = !(d->flags & FLAG_WRITE);

	d->step = in ? STEP_PIO_IN : STEP_PIO_OUT;
	d->piece = rest < most ? rest : most;
	d->port->pio(d->port->to, in, d->at * SECTOR, d->piece * SECTOR, READY, interrupt);
}

static void collect(struct ata_disk *d, bool interrupt)
{
	next_fill(d);
	move_block(d, interrupt);
}

static void pio_in_done(struct ata_disk *d)
{
	d->at += d->piece;
	d->lba += d->piece;
	d->left -= d->piece;
	if (d->at < d->filled)
		move_block(d, true);
	else if (disk_reachable(d))
		fetch(d);
	else
		disk_finish_transfer(d, false);
}

void disk_pio_done(void *self)
{
	struct ata_disk *d = self;

	switch (d->step) {
	case STEP_PIO_IN:
		pio_in_done(d);
		break;
	case STEP_PIO_OUT:
		d->at += d->piece;
		if (d->at < d->filled)
			move_block(d, true);
		else
			store(d);
		break;
	case STEP_IDENTIFY:
		d->step = STEP_IDLE;
		d->port->finish(d->port->to, READY, 0, false);
		break;
	default:
		disk_finish(d, TSR_IDE_ABRT);
	}
}

/* -- DMA */

static void ask_for_dma(struct ata_disk *d)
{
	d->step = STEP_DMA;
	d->port->dma(d->port->to, !(d->flags & FLAG_WRITE), (uint64_t)disk_reachable(d) * SECTOR);
}

void disk_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
		    uint64_t length)
{
	struct ata_disk *d = self;

	if (d->step != STEP_DMA || d->busy || length > (uint64_t)disk_reachable(d) * SECTOR)
		return;
	d->moving = (uint32_t)(length / SECTOR);
	d->request = (struct tsr_block_request){
		.size = sizeof(d->request),
		.op = d->flags & FLAG_WRITE ? TSR_BLOCK_WRITE : TSR_BLOCK_READ,
		.offset = d->lba * SECTOR,
		.length = length,
		.segments = segments,
		.segment_count = count,
		.done = on_done,
		.user = d,
	};
	d->busy = true;
	d->block->submit(d->block_self, &d->request);
}

static void dma_done(struct ata_disk *d)
{
	d->port->dma_done(d->port->to);
	d->lba += d->moving;
	d->left -= d->moving;
	if (disk_reachable(d))
		ask_for_dma(d);
	else if (d->flags & FLAG_WRITE)
		finish_writing(d);
	else
		disk_finish_transfer(d, true);
}

/* -- Steps */

void disk_flush(struct ata_disk *d)
{
	d->step = STEP_FLUSH;
	submit(d, TSR_BLOCK_FLUSH, 0, NULL);
}

/* Sectors are left over when this flush ends a write that went over the disk's end. */
static void flush_done(struct ata_disk *d)
{
	if (d->left)
		finish_beyond_end(d);
	else
		disk_finish(d, 0);
}

static void store_done(struct ata_disk *d)
{
	d->lba += d->filled;
	d->left -= d->filled;
	if (disk_reachable(d))
		collect(d, true);
	else
		finish_writing(d);
}

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct ata_disk *d = request->user;

	d->busy = false;
	if (d->cancelled)
		return;
	if (status != TSR_BLOCK_OK) {
		fail(d, status);
		return;
	}
	switch (d->step) {
	case STEP_FETCH:
		move_block(d, true);
		break;
	case STEP_STORE:
		store_done(d);
		break;
	case STEP_DMA:
		dma_done(d);
		break;
	case STEP_FLUSH:
		flush_done(d);
		break;
	}
}

void disk_transfer(struct ata_disk *d)
{
	if (d->flags & FLAG_DMA)
		ask_for_dma(d);
	else if (d->flags & FLAG_WRITE)
		collect(d, false);
	else
		fetch(d);
}

void disk_resume(struct ata_disk *d)
{
	if (d->busy)
		return;
	switch (d->step) {
	case STEP_FETCH:
		fetch(d);
		break;
	case STEP_STORE:
		store(d);
		break;
	case STEP_DMA:
		ask_for_dma(d);
		break;
	case STEP_FLUSH:
		disk_flush(d);
		break;
	}
}
