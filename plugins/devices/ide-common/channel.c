/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host's side of an IDE cable with two drives.
 * Source: ATA/ATAPI-6 (T13/1410D): 7 (registers), 9.1-9.9 (protocols), 9.16 (one drive only).
 * A write of the command block goes to both drives; the selected one answers. Where only drive 0
 * exists it answers for drive 1 with status 0; where no drive answers, DD7 is pulled down and reads
 * give 7Fh.
 */
#include "channel.h"

#include <string.h>

#include "ata.h"
#include "fields.h"

#define FLOATING 0x7f

/* -- Interrupt line */

static void update_line(struct ide_channel *c)
{
	uint8_t level = c->unit[c->selected].intrq && !(c->control & ATA_NIEN);

	if (level == c->level)
		return;
	c->level = level;
	if (level && c->bm)
		c->bm->status |= BM_INTERRUPT;
	tsr_irq_set(c->irq, level);
}

static void set_intrq(struct ide_unit *u, bool on)
{
	u->intrq = on;
	update_line(u->channel);
}

/* -- What a drive asks for */

static void set_status(struct ide_unit *u, uint8_t status)
{
	u->r.status = status & (uint8_t) ~(TSR_IDE_BSY | TSR_IDE_DRQ);
}

static void port_finish(void *to, uint8_t status, uint8_t error, bool interrupt)
{
	struct ide_unit *u = to;

	u->phase = IDE_IDLE;
	set_status(u, error ? status | TSR_IDE_ERR : status);
	u->r.error = error;
	if (interrupt)
		set_intrq(u, true);
}

/* A drive plugin that asks for bytes outside the buffer has a fault: its command ends with DF. */
static void port_pio(void *to, bool to_host, uint32_t offset, uint32_t length, uint8_t status,
		     bool interrupt)
{
	struct ide_unit *u = to;

	if (!length || offset > TSR_IDE_BUFFER || length > TSR_IDE_BUFFER - offset) {
		port_finish(u, TSR_IDE_DRDY | TSR_IDE_DF, TSR_IDE_ABRT, true);
		return;
	}
	u->phase = to_host ? IDE_PIO_IN : IDE_PIO_OUT;
	u->at = offset;
	u->end = offset + length;
	set_status(u, status);
	u->r.status |= TSR_IDE_DRQ;
	if (interrupt)
		set_intrq(u, true);
}

static void dma_run(struct ide_unit *u)
{
	struct bus_master *bm = u->channel->bm;
	uint64_t length;

	u->phase = IDE_DMA_WAIT;
	if (!(bm->status & BM_ACTIVE))
		return;
	length = bm_gather(bm, u->dma_in, u->dma_left);
	if (!length)
		return;
	u->phase = IDE_DMA_RUN;
	u->drive->dma_ready(u->drive_self, bm->segments, bm->count, length);
}

static void port_dma(void *to, bool to_host, uint64_t length)
{
	struct ide_unit *u = to;

	u->dma_in = to_host;
	u->dma_left = length;
	dma_run(u);
}

static void port_dma_done(void *to)
{
	struct ide_unit *u = to;

	if (u->phase == IDE_DMA_RUN)
		bm_commit(u->channel->bm, u->dma_in);
	u->phase = IDE_IDLE;
}

/* -- Data register */

static void move_done(struct ide_unit *u)
{
	u->phase = IDE_IDLE;
	set_status(u, u->r.status);
	u->r.status |= TSR_IDE_BSY;
	u->drive->pio_done(u->drive_self);
}

static uint32_t read_data(struct ide_unit *u, unsigned width)
{
	uint32_t value = 0;
	unsigned n;

	if (u->phase != IDE_PIO_IN)
		return 0;
	n = width < u->end - u->at ? width : u->end - u->at;
	memcpy(&value, u->buffer + u->at, n);
	u->at += n;
	if (u->at == u->end)
		move_done(u);
	return value;
}

static void write_data(struct ide_unit *u, uint32_t value, unsigned width)
{
	unsigned n;

	if (u->phase != IDE_PIO_OUT)
		return;
	n = width < u->end - u->at ? width : u->end - u->at;
	memcpy(u->buffer + u->at, &value, n);
	u->at += n;
	if (u->at == u->end)
		move_done(u);
}

/* -- Reset and diagnostics */

static void reset_unit(struct ide_unit *u, enum tsr_ide_reset kind)
{
	bool moving = u->phase == IDE_DMA_RUN;

	u->phase = IDE_IDLE;
	u->intrq = false;
	if (u->drive)
		u->drive->reset(u->drive_self, kind);
	if (moving)
		bm_abandon(u->channel->bm, u->dma_in);
}

static void reset_units(struct ide_channel *c, enum tsr_ide_reset kind)
{
	for (unsigned i = 0; i < 2; i++)
		reset_unit(&c->unit[i], kind);
	c->selected = 0;
	update_line(c);
}

static void diagnose(struct ide_channel *c)
{
	reset_units(c, TSR_IDE_RESET_DIAGNOSTIC);
	for (unsigned i = 0; i < 2; i++)
		c->unit[i].r.error = ATA_DIAGNOSTIC_PASSED;
	if (c->unit[0].drive)
		set_intrq(&c->unit[0], true);
}

/* -- Command block */

/* Who answers for the selected position, or NULL. */
static struct ide_unit *answering(struct ide_channel *c)
{
	if (c->unit[c->selected].drive)
		return &c->unit[c->selected];
	return c->selected && c->unit[0].drive ? &c->unit[0] : NULL;
}

static uint8_t read_status(struct ide_channel *c)
{
	struct ide_unit *u = answering(c);

	if (!u)
		return FLOATING;
	return u == &c->unit[c->selected] ? u->r.status : 0;
}

static uint8_t read_register(struct ide_channel *c, unsigned reg)
{
	struct ide_unit *u = answering(c);
	bool hob = c->control & ATA_HOB;

	if (reg == IDE_STATUS) {
		uint8_t status = read_status(c);

		set_intrq(&c->unit[c->selected], false);
		return status;
	}
	if (!u)
		return FLOATING;
	switch (reg) {
	case IDE_ERROR:
		return hob ? u->r.hob_feature : u->r.error;
	case IDE_COUNT:
		return hob ? u->r.hob_count : u->r.count;
	case IDE_LBA_LOW:
		return hob ? u->r.hob_lba_low : u->r.lba_low;
	case IDE_LBA_MID:
		return hob ? u->r.hob_lba_mid : u->r.lba_mid;
	case IDE_LBA_HIGH:
		return hob ? u->r.hob_lba_high : u->r.lba_high;
	case IDE_DEVICE:
		return (u->r.device & ~ATA_DEVICE_DEV) | (c->selected ? ATA_DEVICE_DEV : 0);
	}
	return 0;
}

/* A position without a drive is never busy, whatever a reset left in its registers. */
static bool is_busy(const struct ide_unit *u)
{
	return u->drive && u->r.status & (TSR_IDE_BSY | TSR_IDE_DRQ);
}

static void write_unit(struct ide_unit *u, unsigned reg, uint8_t value)
{
	static const struct {
		size_t now, before;
	} pairs[] = {
#define PAIR(member) \
	{ offsetof(struct tsr_ide_registers, member), \
	  offsetof(struct tsr_ide_registers, hob_##member) }
		[IDE_FEATURE] = PAIR(feature),   [IDE_COUNT] = PAIR(count),
		[IDE_LBA_LOW] = PAIR(lba_low),   [IDE_LBA_MID] = PAIR(lba_mid),
		[IDE_LBA_HIGH] = PAIR(lba_high),
#undef PAIR
	};
	uint8_t *registers = (uint8_t *)&u->r;

	if (is_busy(u))
		return;
	if (reg == IDE_DEVICE) {
		u->r.device = value | ATA_DEVICE_OBSOLETE;
		return;
	}
	registers[pairs[reg].before] = registers[pairs[reg].now];
	registers[pairs[reg].now] = value;
}

static void write_command(struct ide_channel *c, uint8_t command)
{
	struct ide_unit *u = &c->unit[c->selected];
	bool busy = is_busy(u), moving = u->phase == IDE_DMA_RUN;

	if (command == ATA_EXECUTE_DEVICE_DIAGNOSTIC && !busy)
		diagnose(c);
	if (!u->drive || command == ATA_EXECUTE_DEVICE_DIAGNOSTIC)
		return;
	if (busy && !(u->drive->packet && command == ATA_DEVICE_RESET))
		return;
	set_intrq(u, false);
	u->phase = IDE_IDLE;
	u->r.error = 0;
	u->r.status = TSR_IDE_BSY;
	u->drive->command(u->drive_self, command);
	if (moving)
		bm_abandon(c->bm, u->dma_in);
}

static void write_register(struct ide_channel *c, unsigned reg, uint8_t value)
{
	c->control &= (uint8_t)~ATA_HOB;
	if (c->control & ATA_SRST)
		return;
	if (reg == IDE_COMMAND) {
		write_command(c, value);
		return;
	}
	if (is_busy(&c->unit[c->selected]))
		return;
	for (unsigned i = 0; i < 2; i++)
		write_unit(&c->unit[i], reg, value);
	if (reg == IDE_DEVICE) {
		c->selected = (value & ATA_DEVICE_DEV) != 0;
		update_line(c);
	}
}

uint64_t ide_channel_read(void *channel, uint64_t offset, unsigned width)
{
	struct ide_channel *c = channel;
	uint64_t value = 0;

	if (offset == IDE_DATA)
		return answering(c) ? read_data(&c->unit[c->selected], width) : 0xffffffffu;
	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)(offset + i < 8 ? read_register(c, (unsigned)offset + i) : 0xff)
			 << i * 8;
	return value;
}

void ide_channel_write(void *channel, uint64_t offset, uint64_t value, unsigned width)
{
	struct ide_channel *c = channel;

	if (offset == IDE_DATA) {
		write_data(&c->unit[c->selected], (uint32_t)value, width);
		return;
	}
	for (unsigned i = 0; i < width && offset + i < 8; i++)
		write_register(c, (unsigned)offset + i, (uint8_t)(value >> i * 8));
}

/* -- Control block */

uint64_t ide_channel_read_control(void *channel, uint64_t offset, unsigned width)
{
	return read_status(channel);
}

void ide_channel_write_control(void *channel, uint64_t offset, uint64_t value, unsigned width)
{
	struct ide_channel *c = channel;
	bool was = c->control & ATA_SRST, is = value & ATA_SRST;

	c->control = (uint8_t)value;
	if (is || was)
		reset_units(c, TSR_IDE_RESET_SOFT);
	for (unsigned i = 0; i < 2 && is; i++)
		c->unit[i].r.status = TSR_IDE_BSY;
	update_line(c);
}

const struct tsr_io_ops ide_command_ops = {
	.size = sizeof(ide_command_ops),
	.widths = 1 | 2 | 4,
	.read = ide_channel_read,
	.write = ide_channel_write,
};

const struct tsr_io_ops ide_control_ops = {
	.size = sizeof(ide_control_ops),
	.widths = 1,
	.read = ide_channel_read_control,
	.write = ide_channel_write_control,
};

/* -- Bus master */

void ide_channel_bm_write(struct ide_channel *c, unsigned reg, uint8_t value)
{
	int change = bm_write(c->bm, reg, value);

	for (unsigned i = 0; i < 2; i++) {
		struct ide_unit *u = &c->unit[i];

		if (change < 0 && u->phase == IDE_DMA_RUN) {
			u->phase = IDE_DMA_WAIT;
			u->drive->dma_stop(u->drive_self);
			bm_abandon(c->bm, u->dma_in);
		} else if (change > 0 && u->phase == IDE_DMA_WAIT) {
			dma_run(u);
		}
	}
}

/* -- Life cycle */

void ide_channel_init(struct ide_channel *c, const struct tsr_irq *irq, struct bus_master *bm)
{
	c->irq = irq;
	c->bm = bm;
	for (unsigned i = 0; i < 2; i++) {
		struct ide_unit *u = &c->unit[i];

		u->channel = c;
		u->port = (struct tsr_ide_port){
			.size = sizeof(u->port),
			.to = u,
			.registers = &u->r,
			.buffer = u->buffer,
			.pio = port_pio,
			.dma = bm ? port_dma : NULL,
			.dma_done = port_dma_done,
			.finish = port_finish,
		};
	}
}

void ide_channel_attach(struct ide_channel *c, unsigned position, const struct tsr_interface *drive)
{
	c->unit[position].drive = drive->table;
	c->unit[position].drive_self = drive->self;
}

void ide_channel_connect(struct ide_channel *c)
{
	for (unsigned i = 0; i < 2; i++)
		if (c->unit[i].drive)
			c->unit[i].drive->connect(c->unit[i].drive_self, &c->unit[i].port);
}

void ide_channel_reset(struct ide_channel *c)
{
	c->control = 0;
	for (unsigned i = 0; i < 2; i++)
		memset(&c->unit[i].r, 0, sizeof(c->unit[i].r));
	reset_units(c, TSR_IDE_RESET_POWER);
	if (c->bm)
		bm_reset(c->bm);
}

/* -- State */

static const struct ide_field channel_fields[] = {
	IDE_FIELD(struct ide_channel, selected, "selected"),
	IDE_FIELD(struct ide_channel, control, "control"),
	IDE_FIELD(struct ide_channel, level, "level"),
	IDE_FIELDS_END,
};

#define REGISTER(member, label) IDE_FIELD(struct ide_unit, r.member, label)
static const struct ide_field unit_fields[] = {
	REGISTER(feature, "feature"),
	REGISTER(count, "count"),
	REGISTER(lba_low, "lba-low"),
	REGISTER(lba_mid, "lba-mid"),
	REGISTER(lba_high, "lba-high"),
	REGISTER(hob_feature, "previous-feature"),
	REGISTER(hob_count, "previous-count"),
	REGISTER(hob_lba_low, "previous-lba-low"),
	REGISTER(hob_lba_mid, "previous-lba-mid"),
	REGISTER(hob_lba_high, "previous-lba-high"),
	REGISTER(device, "device"),
	REGISTER(status, "status"),
	REGISTER(error, "error"),
	IDE_FIELD(struct ide_unit, phase, "phase"),
	IDE_FIELD(struct ide_unit, at, "pio-at"),
	IDE_FIELD(struct ide_unit, end, "pio-end"),
	IDE_FIELD(struct ide_unit, dma_left, "dma-left"),
	IDE_FIELD(struct ide_unit, dma_in, "dma-in"),
	IDE_FIELDS_END,
};

/* A DMA chunk under way is saved as one that waits: the drive's step after loading begins it again.
 */
static void save_unit(struct ide_unit *u, struct tsr_state_writer *out)
{
	uint8_t phase = u->phase;

	if (phase == IDE_DMA_RUN)
		u->phase = IDE_DMA_WAIT;
	ide_fields_save(out, unit_fields, u);
	u->phase = phase;
	tsr_state_put_bool(out, "interrupt", u->intrq);
	tsr_state_put_bytes(out, "buffer", u->buffer, sizeof(u->buffer));
}

static bool load_unit(struct ide_unit *u, struct tsr_state_reader *in)
{
	bool good = ide_fields_load(in, unit_fields, u) &&
		    tsr_state_get_bool(in, "interrupt", &u->intrq) &&
		    tsr_state_get_bytes(in, "buffer", u->buffer, sizeof(u->buffer));
	bool dma = u->phase == IDE_DMA_WAIT,
	     pio = u->phase == IDE_PIO_IN || u->phase == IDE_PIO_OUT;

	if (!u->drive || u->phase >= IDE_DMA_RUN || (dma && !u->channel->bm) ||
	    (pio && (u->at >= u->end || u->end > TSR_IDE_BUFFER)))
		u->phase = IDE_IDLE;
	u->dma_in = u->dma_in != 0;
	return good;
}

void ide_channel_save(struct ide_channel *c, const char *name, struct tsr_state_writer *out)
{
	static const char *const units[] = { "drive-0", "drive-1" };

	out->ops->begin(out, name);
	ide_fields_save(out, channel_fields, c);
	for (unsigned i = 0; i < 2; i++) {
		out->ops->begin(out, units[i]);
		save_unit(&c->unit[i], out);
		out->ops->end(out);
	}
	if (c->bm)
		bm_save(c->bm, out);
	out->ops->end(out);
}

bool ide_channel_load(struct ide_channel *c, const char *name, struct tsr_state_reader *in)
{
	static const char *const units[] = { "drive-0", "drive-1" };
	bool good;

	if (!in->ops->begin(in, name))
		return false;
	good = ide_fields_load(in, channel_fields, c);
	for (unsigned i = 0; i < 2; i++) {
		if (!in->ops->begin(in, units[i])) {
			good = false;
			continue;
		}
		good = load_unit(&c->unit[i], in) && good;
		in->ops->end(in);
	}
	good = (!c->bm || bm_load(c->bm, in)) && good;
	in->ops->end(in);
	c->selected &= 1;
	c->level = c->level != 0;
	tsr_irq_set(c->irq, c->level);
	return good;
}
