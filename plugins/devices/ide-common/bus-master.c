/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bus-master engine of one IDE channel.
 * Source: Intel, Programming Interface for Bus Master IDE Controller, revision 1.0.
 * The status register at the end of a transfer:
 *   table and drive end together   ACTIVE 0, INTERRUPT 1
 *   the drive ends first           ACTIVE 1, INTERRUPT 1 (the host stops the engine)
 *   the table ends first           ACTIVE 0, INTERRUPT 0 (the drive waits; started again with a
 *                                  new table, the engine continues)
 *   memory cannot be reached       ACTIVE 0, ERROR 1
 * The direction bit is kept but not obeyed: the drive's command decides. Regions and tables that
 * cross a 64 KiB boundary, which the specification forbids, continue in the next 64 KiB.
 */
#include "bus-master.h"

#include <string.h>

#include "fields.h"

void bm_reset(struct bus_master *bm)
{
	bm->command = 0;
	bm->status = 0;
	bm->table = 0;
	bm->cursor = (struct bm_cursor){ 0 };
	bm->count = 0;
	bm->bounced = 0;
}

static void stop(struct bus_master *bm, uint8_t why)
{
	bm->status = (bm->status & ~BM_ACTIVE) | why;
}

/* -- Descriptors: address, then count in bits 15-0 (0: 64 KiB) and end of table in bit 31 */

static bool fetch_descriptor(struct bus_master *bm, struct bm_cursor *c)
{
	uint8_t raw[8];

	if (!bm->dma->read(bm->host, c->next, raw, sizeof(raw))) {
		stop(bm, BM_ERROR);
		return false;
	}
	c->next += sizeof(raw);
	c->base = tsr_load_le32(raw) & ~1u;
	c->left = tsr_load_le32(raw + 4) & 0xfffe;
	if (!c->left)
		c->left = 0x10000;
	c->last = raw[7] >> 7;
	return true;
}

/* -- A chunk's pieces */

static bool joins(const struct bm_piece *p, const void *host, tsr_gpa at)
{
	return !p->bounced && (uint8_t *)p->host + p->length == host && p->at + p->length == at;
}

/* bm_gather asks for room before each piece. */
static void add_piece(struct bus_master *bm, tsr_gpa at, void *host, uint64_t length, bool bounced)
{
	struct bm_piece *last = bm->count ? &bm->pieces[bm->count - 1] : NULL;

	if (last && !bounced && joins(last, host, at))
		last->length += length;
	else
		bm->pieces[bm->count++] = (struct bm_piece){ at, length, host, bounced };
}

/* Memory that cannot be mapped (a ROM, a hole) takes the way over the bounce buffer. 0: no more
 * room in it. */
static uint64_t bounce(struct bus_master *bm, bool to_memory, tsr_gpa at, uint64_t length)
{
	uint8_t *host = bm->bounce + bm->bounced;

	if (length > BM_BOUNCE - bm->bounced)
		length = BM_BOUNCE - bm->bounced;
	if (!length)
		return 0;
	if (!to_memory && !bm->dma->read(bm->host, at, host, length))
		bm->status |= BM_ERROR;
	bm->bounced += (uint32_t)length;
	add_piece(bm, at, host, length, true);
	return length;
}

static uint64_t take(struct bus_master *bm, bool to_memory, tsr_gpa at, uint64_t length)
{
	uint64_t run = length;
	void *host = bm->dma->map(bm->host, at, &run, to_memory);

	if (!host || !run)
		return bounce(bm, to_memory, at, length);
	add_piece(bm, at, host, run, false);
	return run;
}

/* Takes `surplus` bytes back from the chunk's end. They lie within the last sector, so in few
 * pieces. */
static void trim(struct bus_master *bm, uint64_t surplus)
{
	while (surplus && bm->count) {
		struct bm_piece *p = &bm->pieces[bm->count - 1];
		uint64_t n = surplus < p->length ? surplus : p->length;

		p->length -= n;
		surplus -= n;
		if (!p->length)
			bm->count--;
	}
}

static struct bm_cursor walk(struct bus_master *bm, struct bm_cursor c, uint64_t length);

uint64_t bm_gather(struct bus_master *bm, bool to_memory, uint64_t length)
{
	struct bm_cursor c = bm->cursor;
	uint64_t wanted = length < BM_CHUNK ? length : BM_CHUNK, got = 0;
	unsigned fetched = 0;

	bm->count = 0;
	bm->bounced = 0;
	while (got < wanted && bm->count < BM_SEGMENTS && (bm->status & BM_ACTIVE)) {
		uint64_t n;

		if (!c.left && (c.last || fetched++ == BM_SEGMENTS || !fetch_descriptor(bm, &c)))
			break;
		n = take(bm, to_memory, c.base, c.left < wanted - got ? c.left : wanted - got);
		if (!n)
			break;
		c.base += (uint32_t)n;
		c.left -= (uint32_t)n;
		got += n;
	}
	if (got < length && got % 512) {
		trim(bm, got % 512);
		got -= got % 512;
		bm->after = walk(bm, bm->cursor, got);
	} else {
		bm->after = c;
	}
	if (!got)
		stop(bm, 0);
	for (unsigned i = 0; i < bm->count; i++)
		bm->segments[i] =
			(struct tsr_block_segment){ bm->pieces[i].host, bm->pieces[i].length };
	return got;
}

/* The engine's position after `length` more bytes. */
static struct bm_cursor walk(struct bus_master *bm, struct bm_cursor c, uint64_t length)
{
	while (length) {
		uint32_t n;

		if (!c.left && (c.last || !fetch_descriptor(bm, &c)))
			break;
		n = c.left < length ? c.left : (uint32_t)length;
		c.base += n;
		c.left -= n;
		length -= n;
	}
	return c;
}

void bm_commit(struct bus_master *bm, bool to_memory)
{
	for (unsigned i = 0; i < bm->count && to_memory; i++) {
		const struct bm_piece *p = &bm->pieces[i];

		if (!p->bounced)
			bm->dma->written(bm->host, p->at, p->length);
		else if (!bm->dma->write(bm->host, p->at, p->host, p->length))
			stop(bm, BM_ERROR);
	}
	bm->count = 0;
	bm->cursor = bm->after;
	if (!bm->cursor.left && bm->cursor.last)
		stop(bm, 0);
}

void bm_abandon(struct bus_master *bm, bool to_memory)
{
	for (unsigned i = 0; i < bm->count && to_memory; i++)
		if (!bm->pieces[i].bounced)
			bm->dma->written(bm->host, bm->pieces[i].at, bm->pieces[i].length);
	bm->count = 0;
}

/* -- Registers */

uint8_t bm_read(const struct bus_master *bm, unsigned reg)
{
	switch (reg) {
	case 0:
		return bm->command;
	case 2:
		return bm->status;
	case 4:
	case 5:
	case 6:
	case 7:
		return (uint8_t)(bm->table >> (reg - 4) * 8);
	}
	return 0;
}

static int write_command(struct bus_master *bm, uint8_t value)
{
	uint8_t changed = bm->command ^ value;

	bm->command = value & (BM_START | BM_TO_MEMORY);
	if (!(changed & BM_START))
		return 0;
	if (!(value & BM_START)) {
		stop(bm, 0);
		return -1;
	}
	bm->cursor = (struct bm_cursor){ .next = bm->table };
	bm->status |= BM_ACTIVE;
	return 1;
}

int bm_write(struct bus_master *bm, unsigned reg, uint8_t value)
{
	unsigned shift = (reg - 4) * 8;

	if (reg == 0)
		return write_command(bm, value);
	if (reg == 2)
		bm->status = (bm->status & BM_ACTIVE) |
			     (bm->status & ~value & (BM_ERROR | BM_INTERRUPT)) |
			     (value & BM_CAPABLE);
	else if (reg >= 4)
		bm->table = ((bm->table & ~(0xffu << shift)) | (uint32_t)value << shift) & ~3u;
	return 0;
}

/* -- State */

static const struct ide_field fields[] = {
	IDE_FIELD(struct bus_master, command, "command"),
	IDE_FIELD(struct bus_master, status, "status"),
	IDE_FIELD(struct bus_master, table, "table"),
	IDE_FIELD(struct bus_master, cursor.next, "descriptor"),
	IDE_FIELD(struct bus_master, cursor.base, "region-base"),
	IDE_FIELD(struct bus_master, cursor.left, "region-left"),
	IDE_FIELD(struct bus_master, cursor.last, "region-last"),
	IDE_FIELDS_END,
};

void bm_save(const struct bus_master *bm, struct tsr_state_writer *out)
{
	out->ops->begin(out, "bus-master");
	ide_fields_save(out, fields, bm);
	out->ops->end(out);
}

bool bm_load(struct bus_master *bm, struct tsr_state_reader *in)
{
	bool good;

	if (!in->ops->begin(in, "bus-master"))
		return false;
	good = ide_fields_load(in, fields, bm);
	in->ops->end(in);
	bm->command &= BM_START | BM_TO_MEMORY;
	bm->status &= BM_ACTIVE | BM_ERROR | BM_INTERRUPT | BM_CAPABLE;
	bm->table &= ~3u;
	bm->cursor.last = bm->cursor.last != 0;
	if (bm->cursor.left > 0x10000)
		bm->cursor.left = 0x10000;
	bm->count = 0;
	bm->bounced = 0;
	return good;
}
