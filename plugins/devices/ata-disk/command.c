/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The commands: one table, one small function each.
 * Source: ATA/ATAPI-6 (T13/1410D), 8; ATA-3 (X3T13/2008D) for the older ones (RECALIBRATE, SEEK,
 * CHS addresses, opcodes 94h-99h). Not in the table and so aborted: SMART, security, CFA, the
 * host protected area (IDENTIFY's word 82 does not offer it), queued commands, READ/WRITE LONG.
 */
#include "../ide-common/identify.h"
#include "ata-disk.h"

typedef void (*handler)(struct ata_disk *d);

static struct tsr_ide_registers *registers(struct ata_disk *d)
{
	return d->port->registers;
}

/* -- Addresses */

static bool chs_address(struct ata_disk *d, uint64_t *lba)
{
	const struct tsr_ide_registers *r = registers(d);
	uint32_t cylinder = r->lba_mid | r->lba_high << 8, head = r->device & 0x0f;

	*lba = ((uint64_t)cylinder * d->current_heads + head) * d->current_track + r->lba_low - 1;
	return r->lba_low && r->lba_low <= d->current_track && head < d->current_heads;
}

static bool read_address(struct ata_disk *d, uint64_t *lba)
{
	const struct tsr_ide_registers *r = registers(d);

	*lba = r->lba_low | r->lba_mid << 8 | r->lba_high << 16;
	if (d->flags & FLAG_EXT)
		*lba |= (uint64_t)r->hob_lba_low << 24 | (uint64_t)r->hob_lba_mid << 32 |
			(uint64_t)r->hob_lba_high << 40;
	else if (d->flags & FLAG_LBA)
		*lba |= (uint64_t)(r->device & 0x0f) << 24;
	else
		return chs_address(d, lba);
	return true;
}

/* Sets lba and left from the registers. False: the first sector is not there, and the command has
 * ended with that error. */
static bool address(struct ata_disk *d)
{
	const struct tsr_ide_registers *r = registers(d);

	d->left = d->flags & FLAG_EXT ? r->count | (uint32_t)r->hob_count << 8 : r->count;
	if (!d->left)
		d->left = d->flags & FLAG_EXT ? COUNT_MAX : 256;
	if (read_address(d, &d->lba) && d->lba < d->sectors)
		return true;
	d->left = 0;
	disk_finish(d, TSR_IDE_IDNF);
	return false;
}

/* -- Data */

static void read_write(struct ata_disk *d)
{
	if ((d->flags & FLAG_DMA && !d->port->dma) || (d->flags & FLAG_MULTIPLE && !d->multiple))
		disk_finish(d, TSR_IDE_ABRT);
	else if (address(d))
		disk_transfer(d);
}

static void verify(struct ata_disk *d)
{
	uint32_t good;

	if (!address(d))
		return;
	good = disk_reachable(d);
	d->lba += good;
	d->left -= good;
	disk_finish_transfer(d, true);
}

static void seek(struct ata_disk *d)
{
	uint64_t lba;

	disk_finish(d, read_address(d, &lba) && lba < d->sectors ? 0 : TSR_IDE_IDNF);
}

static void recalibrate(struct ata_disk *d)
{
	registers(d)->lba_mid = registers(d)->lba_high = 0;
	disk_finish(d, 0);
}

static void flush(struct ata_disk *d)
{
	d->flags |= FLAG_WRITE;
	disk_flush(d);
}

static void identify(struct ata_disk *d)
{
	disk_identify(d, d->port->buffer);
	d->step = STEP_IDENTIFY;
	d->port->pio(d->port->to, true, 0, SECTOR, READY, true);
}

/* -- Settings */

void disk_defaults(struct ata_disk *d)
{
	d->multiple = MULTIPLE_MAX;
	d->transfer_mode = 0x0c; /* PIO 4 */
	d->write_cache = d->look_ahead = 1;
	d->revert = 0;
}

static void set_multiple(struct ata_disk *d)
{
	uint8_t count = registers(d)->count;
	bool good = count <= MULTIPLE_MAX && !(count & (count - 1));

	d->multiple = good ? count : 0;
	disk_finish(d, good ? 0 : TSR_IDE_ABRT);
}

static void initialize_parameters(struct ata_disk *d)
{
	uint8_t track = registers(d)->count;

	if (!track) {
		disk_finish(d, TSR_IDE_ABRT);
		return;
	}
	d->current_track = track;
	d->current_heads = (registers(d)->device & 0x0f) + 1;
	disk_finish(d, 0);
}

static bool set_transfer_mode(struct ata_disk *d, uint8_t mode)
{
	if (!ide_knows_transfer_mode(mode, d->port->dma))
		return false;
	d->transfer_mode = mode;
	return true;
}

static void set_features(struct ata_disk *d)
{
	switch (registers(d)->feature) {
	case 0x02:
		d->write_cache = 1;
		break;
	case 0x82: /* what was cached goes out first */
		d->write_cache = 0;
		flush(d);
		return;
	case 0x55:
		d->look_ahead = 0;
		break;
	case 0xaa:
		d->look_ahead = 1;
		break;
	case 0x66:
		d->revert = 0;
		break;
	case 0xcc:
		d->revert = 1;
		break;
	case 0x03:
		if (set_transfer_mode(d, registers(d)->count))
			break;
		/* fall through */
	default:
		disk_finish(d, TSR_IDE_ABRT);
		return;
	}
	disk_finish(d, 0);
}

/* -- Power */

static void idle(struct ata_disk *d)
{
	d->power = POWER_ACTIVE;
	disk_finish(d, 0);
}

static void standby(struct ata_disk *d)
{
	d->power = POWER_STANDBY;
	flush(d);
}

static void sleep_now(struct ata_disk *d)
{
	d->power = POWER_SLEEP;
	flush(d);
}

static void check_power(struct ata_disk *d)
{
	registers(d)->count = d->power == POWER_ACTIVE ? 0xff : 0x00;
	disk_finish(d, 0);
}

/* -- The table */

static const struct {
	uint8_t first, last;
	handler run;
	uint8_t flags;
} commands[] = {
	{ 0x10, 0x1f, recalibrate, 0 },
	{ 0x20, 0x21, read_write, 0 },
	{ 0x24, 0x24, read_write, FLAG_EXT },
	{ 0x25, 0x25, read_write, FLAG_EXT | FLAG_DMA },
	{ 0x29, 0x29, read_write, FLAG_EXT | FLAG_MULTIPLE },
	{ 0x30, 0x31, read_write, FLAG_WRITE },
	{ 0x34, 0x34, read_write, FLAG_WRITE | FLAG_EXT },
	{ 0x35, 0x35, read_write, FLAG_WRITE | FLAG_EXT | FLAG_DMA },
	{ 0x39, 0x39, read_write, FLAG_WRITE | FLAG_EXT | FLAG_MULTIPLE },
	{ 0x3c, 0x3c, read_write, FLAG_WRITE }, /* WRITE VERIFY */
	{ 0x40, 0x41, verify, 0 },
	{ 0x42, 0x42, verify, FLAG_EXT },
	{ 0x70, 0x7f, seek, 0 },
	{ 0x91, 0x91, initialize_parameters, 0 },
	{ 0x94, 0x94, standby, 0 },
	{ 0x95, 0x95, idle, 0 },
	{ 0x96, 0x96, standby, 0 },
	{ 0x97, 0x97, idle, 0 },
	{ 0x98, 0x98, check_power, 0 },
	{ 0x99, 0x99, sleep_now, 0 },
	{ 0xc4, 0xc4, read_write, FLAG_MULTIPLE },
	{ 0xc5, 0xc5, read_write, FLAG_WRITE | FLAG_MULTIPLE },
	{ 0xc6, 0xc6, set_multiple, 0 },
	{ 0xc8, 0xc9, read_write, FLAG_DMA },
	{ 0xca, 0xcb, read_write, FLAG_WRITE | FLAG_DMA },
	{ 0xe0, 0xe0, standby, 0 },
	{ 0xe1, 0xe1, idle, 0 },
	{ 0xe2, 0xe2, standby, 0 },
	{ 0xe3, 0xe3, idle, 0 },
	{ 0xe5, 0xe5, check_power, 0 },
	{ 0xe6, 0xe6, sleep_now, 0 },
	{ 0xe7, 0xe7, flush, 0 },
	{ 0xea, 0xea, flush, FLAG_EXT },
	{ 0xec, 0xec, identify, 0 },
	{ 0xef, 0xef, set_features, 0 },
};

static bool wakes(handler run)
{
	return run == read_write || run == verify || run == seek || run == recalibrate;
}

void disk_command(void *self, uint8_t command)
{
	struct ata_disk *d = self;
	size_t i = 0;

	while (i < sizeof(commands) / sizeof(commands[0]) &&
	       (command < commands[i].first || command > commands[i].last))
		i++;
	if (i == sizeof(commands) / sizeof(commands[0]) || d->power == POWER_SLEEP) {
		disk_finish(d, TSR_IDE_ABRT);
		return;
	}
	d->left = 0;
	d->flags = commands[i].flags | (registers(d)->device & 0x40 ? FLAG_LBA : 0);
	if (wakes(commands[i].run))
		d->power = POWER_ACTIVE;
	commands[i].run(d);
}
