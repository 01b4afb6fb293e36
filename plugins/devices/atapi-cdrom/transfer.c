/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data phases of a packet command and its end.
 * Source: ATA/ATAPI-6 (T13/1410D), 9.8, 9.9. A PIO data phase moves blocks of at most the host's
 * byte count limit, each with its own interrupt; a DMA phase moves sectors straight from the back
 * end to guest memory. What is interrupted starts again.
 */
#include <string.h>

#include "../ide-common/ata.h"
#include "cdrom.h"

static struct tsr_ide_registers *registers(struct cdrom *c)
{
	return c->port->registers;
}

/* -- Ends */

static void finish(struct cdrom *c, uint8_t error)
{
	c->step = STEP_IDLE;
	registers(c)->count = ATA_REASON_CD | ATA_REASON_IO;
	c->port->finish(c->port->to, READY, error, true);
}

void cdrom_good(struct cdrom *c)
{
	c->sense = (struct cdrom_sense){ 0 };
	finish(c, 0);
}

void cdrom_fail(struct cdrom *c, uint8_t key, uint16_t code)
{
	c->sense = (struct cdrom_sense){ key, (uint8_t)(code >> 8), (uint8_t)code };
	finish(c, (uint8_t)(key << 4 | TSR_IDE_ABRT));
}

/* -- Buffer to host */

static void move_block(struct cdrom *c)
{
	uint32_t rest = c->filled - c->at;

	c->piece = rest < c->limit ? rest : c->limit;
	registers(c)->count = ATA_REASON_IO;
	registers(c)->lba_mid = (uint8_t)c->piece;
	registers(c)->lba_high = (uint8_t)(c->piece >> 8);
	c->port->pio(c->port->to, true, c->at, c->piece, READY, true);
}

static void send_buffer(struct cdrom *c, uint8_t step)
{
	c->step = step;
	if (c->use_dma)
		c->port->dma(c->port->to, true, c->filled - c->at);
	else
		move_block(c);
}

void cdrom_reply(struct cdrom *c, uint32_t length, uint32_t allocation)
{
	c->at = 0;
	c->filled = length < allocation ? length : allocation;
	if (c->filled)
		send_buffer(c, STEP_REPLY);
	else
		cdrom_good(c);
}

/* -- Sectors */

static void on_done(struct tsr_block_request *request, enum tsr_block_status status);

static void submit(struct cdrom *c, uint64_t offset, uint64_t length)
{
	c->request.size = sizeof(c->request);
	c->request.op = TSR_BLOCK_READ;
	c->request.offset = offset;
	c->request.length = length;
	c->request.done = on_done;
	c->request.user = c;
	c->busy = true;
	c->block->submit(c->block_self, &c->request);
}

static uint32_t fetch_count(const struct cdrom *c)
{
	uint32_t bytes = sector_bytes(c->parts),
		 most = TSR_IDE_BUFFER / (bytes > CD_SECTOR ? bytes : CD_SECTOR);

	return c->left < most ? c->left : most;
}

/* Plain sectors are put where sector_expand wants them. */
static uint32_t fetch_place(const struct cdrom *c)
{
	uint32_t bytes = sector_bytes(c->parts);

	return bytes > CD_SECTOR ? fetch_count(c) * (bytes - CD_SECTOR) : 0;
}

static void fetch(struct cdrom *c)
{
	c->step = STEP_FETCH;
	c->request = (struct tsr_block_request){ .buffer = c->port->buffer + fetch_place(c) };
	submit(c, (uint64_t)c->lba * CD_SECTOR, (uint64_t)fetch_count(c) * CD_SECTOR);
}

static void fetch_done(struct cdrom *c)
{
	uint32_t n = fetch_count(c);

	sector_expand(c->port->buffer, fetch_place(c), c->lba, n, c->parts);
	c->lba += n;
	c->left -= n;
	c->at = 0;
	c->filled = n * sector_bytes(c->parts);
	send_buffer(c, STEP_READ);
}

static void stream(struct cdrom *c)
{
	c->step = STEP_STREAM;
	c->port->dma(c->port->to, true, (uint64_t)c->left * CD_SECTOR - c->streamed);
}

static void stream_done(struct cdrom *c)
{
	uint32_t bytes = c->streamed + c->moving;

	c->port->dma_done(c->port->to);
	c->lba += bytes / CD_SECTOR;
	c->left -= bytes / CD_SECTOR;
	c->streamed = bytes % CD_SECTOR;
	if (c->left)
		stream(c);
	else
		cdrom_good(c);
}

void cdrom_read(struct cdrom *c, uint32_t lba, uint32_t count, uint8_t parts)
{
	c->lba = lba;
	c->left = count;
	c->parts = parts;
	c->streamed = 0;
	if (lba > c->sectors || count > c->sectors - lba)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ADDRESS_OUT_OF_RANGE);
	else if (!count || !sector_bytes(parts))
		cdrom_good(c);
	else if (c->use_dma && parts == PART_USER)
		stream(c);
	else
		fetch(c);
}

static void fail_reading(struct cdrom *c, enum tsr_block_status status)
{
	if (status == TSR_BLOCK_NO_MEDIUM)
		cdrom_fail(c, SENSE_NOT_READY, CODE_MEDIUM_NOT_PRESENT);
	else if (status == TSR_BLOCK_OUT_OF_RANGE)
		cdrom_fail(c, SENSE_ILLEGAL_REQUEST, CODE_ADDRESS_OUT_OF_RANGE);
	else
		cdrom_fail(c, SENSE_MEDIUM_ERROR, CODE_UNRECOVERED_READ_ERROR);
}

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct cdrom *c = request->user;

	c->busy = false;
	if (c->cancelled)
		return;
	if (status != TSR_BLOCK_OK)
		fail_reading(c, status);
	else if (c->step == STEP_FETCH)
		fetch_done(c);
	else if (c->step == STEP_STREAM)
		stream_done(c);
}

void cdrom_cancel(void *self)
{
	struct cdrom *c = self;

	if (!c->busy)
		return;
	c->cancelled = true;
	c->block->drain(c->block_self);
	c->cancelled = false;
}

/* -- Host to buffer: parameter lists, which change nothing */

static void receive_block(struct cdrom *c)
{
	uint32_t rest = c->filled - c->at;

	c->piece = rest < c->limit ? rest : c->limit;
	registers(c)->count = 0;
	registers(c)->lba_mid = (uint8_t)c->piece;
	registers(c)->lba_high = (uint8_t)(c->piece >> 8);
	c->port->pio(c->port->to, false, c->at, c->piece, READY, true);
}

void cdrom_receive(struct cdrom *c, uint32_t length)
{
	c->at = 0;
	c->filled = length;
	c->step = STEP_RECEIVE;
	if (!length)
		cdrom_good(c);
	else if (c->use_dma)
		c->port->dma(c->port->to, false, length);
	else
		receive_block(c);
}

/* -- Phases end */

static void next_block(struct cdrom *c)
{
	if (c->at < c->filled && c->step == STEP_RECEIVE)
		receive_block(c);
	else if (c->at < c->filled)
		send_buffer(c, c->step);
	else if (c->step == STEP_READ && c->left)
		fetch(c);
	else
		cdrom_good(c);
}

void cdrom_block_moved(struct cdrom *c)
{
	c->at += c->piece;
	next_block(c);
}

static void copy_to_segments(const struct tsr_block_segment *segments, unsigned count,
			     const uint8_t *from, uint64_t length)
{
	for (unsigned i = 0; i < count; i++) {
		uint64_t n = segments[i].length < length ? segments[i].length : length;

		memcpy(segments[i].base, from, n);
		from += n;
		length -= n;
	}
}

void cdrom_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
		     uint64_t length)
{
	struct cdrom *c = self;

	if (c->busy)
		return;
	switch (c->step) {
	case STEP_STREAM:
		if (length > (uint64_t)c->left * CD_SECTOR - c->streamed)
			return;
		c->moving = (uint32_t)length;
		c->request =
			(struct tsr_block_request){ .segments = segments, .segment_count = count };
		submit(c, (uint64_t)c->lba * CD_SECTOR + c->streamed, length);
		break;
	case STEP_REPLY:
	case STEP_READ:
	case STEP_RECEIVE:
		if (length > c->filled - c->at)
			return;
		if (c->step != STEP_RECEIVE)
			copy_to_segments(segments, count, c->port->buffer + c->at, length);
		c->port->dma_done(c->port->to);
		c->at += (uint32_t)length;
		if (c->at < c->filled && c->step == STEP_RECEIVE)
			c->port->dma(c->port->to, false, c->filled - c->at);
		else
			next_block(c);
		break;
	}
}

void cdrom_resume(struct cdrom *c)
{
	if (c->busy)
		return;
	if (c->step == STEP_FETCH)
		fetch(c);
	else if (c->step == STEP_STREAM)
		stream(c);
	else if (c->use_dma && (c->step == STEP_REPLY || c->step == STEP_READ))
		c->port->dma(c->port->to, true, c->filled - c->at);
	else if (c->use_dma && c->step == STEP_RECEIVE)
		c->port->dma(c->port->to, false, c->filled - c->at);
}
