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
	uint32_t cylinder = r->lba_mid | r->lba_high << 8, head = r->device & ATA_DEVICE_HEAD;

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
		*lba |= (uint64_t)(r->device & ATA_DEVICE_HEAD) << 24;
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
	d->transfer_mode = ATA_PIO_MODE | ATA_PIO_LAST;
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
	d->current_heads = (registers(d)->device & ATA_DEVICE_HEAD) + 1;
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
	case ATA_ENABLE_WRITE_CACHE:
		d->write_cache = 1;
		break;
	case ATA_DISABLE_WRITE_CACHE: /* what was cached goes out first */
		d->write_cache = 0;
		flush(d);
		return;
	case ATA_DISABLE_LOOK_AHEAD:
		d->look_ahead = 0;
		break;
	case ATA_ENABLE_LOOK_AHEAD:
		d->look_ahead = 1;
		break;
	case ATA_DISABLE_REVERT_TO_DEFAULTS:
		d->revert = 0;
		break;
	case ATA_ENABLE_REVERT_TO_DEFAULTS:
		d->revert = 1;
		break;
	case ATA_SET_TRANSFER_MODE:
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
	registers(d)->count = d->power == POWER_ACTIVE ? ATA_POWER_ACTIVE : ATA_POWER_STANDBY;
	disk_finish(d, 0);
}

/* -- The table */

/* A range of opcodes that mean the same. */
static const struct {
	uint8_t first, last;
	handler run;
	uint8_t flags;
} commands[] = {
#define ONE(opcode) opcode, opcode
	{ ATA_RECALIBRATE_OLD, ATA_RECALIBRATE_LAST_OLD, recalibrate, 0 },
	{ ATA_READ_SECTORS, ATA_READ_SECTORS_NO_RETRY_OLD, read_write, 0 },
	{ ONE(ATA_READ_SECTORS_EXT), read_write, FLAG_EXT },
	{ ONE(ATA_READ_DMA_EXT), read_write, FLAG_EXT | FLAG_DMA },
	{ ONE(ATA_READ_MULTIPLE_EXT), read_write, FLAG_EXT | FLAG_MULTIPLE },
	{ ATA_WRITE_SECTORS, ATA_WRITE_SECTORS_NO_RETRY_OLD, read_write, FLAG_WRITE },
	{ ONE(ATA_WRITE_SECTORS_EXT), read_write, FLAG_WRITE | FLAG_EXT },
	{ ONE(ATA_WRITE_DMA_EXT), read_write, FLAG_WRITE | FLAG_EXT | FLAG_DMA },
	{ ONE(ATA_WRITE_MULTIPLE_EXT), read_write, FLAG_WRITE | FLAG_EXT | FLAG_MULTIPLE },
	{ ONE(ATA_WRITE_VERIFY_OLD), read_write, FLAG_WRITE },
	{ ATA_READ_VERIFY_SECTORS, ATA_READ_VERIFY_SECTORS_NO_RETRY_OLD, verify, 0 },
	{ ONE(ATA_READ_VERIFY_SECTORS_EXT), verify, FLAG_EXT },
	{ ATA_SEEK, ATA_SEEK_LAST_OLD, seek, 0 },
	{ ONE(ATA_INITIALIZE_DEVICE_PARAMETERS_OLD), initialize_parameters, 0 },
	{ ONE(ATA_STANDBY_IMMEDIATE_OLD), standby, 0 },
	{ ONE(ATA_IDLE_IMMEDIATE_OLD), idle, 0 },
	{ ONE(ATA_STANDBY_OLD), standby, 0 },
	{ ONE(ATA_IDLE_OLD), idle, 0 },
	{ ONE(ATA_CHECK_POWER_MODE_OLD), check_power, 0 },
	{ ONE(ATA_SLEEP_OLD), sleep_now, 0 },
	{ ONE(ATA_READ_MULTIPLE), read_write, FLAG_MULTIPLE },
	{ ONE(ATA_WRITE_MULTIPLE), read_write, FLAG_WRITE | FLAG_MULTIPLE },
	{ ONE(ATA_SET_MULTIPLE_MODE), set_multiple, 0 },
	{ ATA_READ_DMA, ATA_READ_DMA_NO_RETRY_OLD, read_write, FLAG_DMA },
	{ ATA_WRITE_DMA, ATA_WRITE_DMA_NO_RETRY_OLD, read_write, FLAG_WRITE | FLAG_DMA },
	{ ONE(ATA_STANDBY_IMMEDIATE), standby, 0 },
	{ ONE(ATA_IDLE_IMMEDIATE), idle, 0 },
	{ ONE(ATA_STANDBY), standby, 0 },
	{ ONE(ATA_IDLE), idle, 0 },
	{ ONE(ATA_CHECK_POWER_MODE), check_power, 0 },
	{ ONE(ATA_SLEEP), sleep_now, 0 },
	{ ONE(ATA_FLUSH_CACHE), flush, 0 },
	{ ONE(ATA_FLUSH_CACHE_EXT), flush, FLAG_EXT },
	{ ONE(ATA_IDENTIFY_DEVICE), identify, 0 },
	{ ONE(ATA_SET_FEATURES), set_features, 0 },
#undef ONE
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
	d->flags = commands[i].flags | (registers(d)->device & ATA_DEVICE_LBA ? FLAG_LBA : 0);
	if (wakes(commands[i].run))
		d->power = POWER_ACTIVE;
	commands[i].run(d);
}
