/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disk as a plugin: its cable, properties, life cycle and state. */
#include <string.h>

#include "../ide-common/ata.h"
#include "../ide-common/fields.h"
#include "ata-disk.h"

/* -- tessera.ide-drive/1 */

static void drive_connect(void *self, const struct tsr_ide_port *port)
{
	struct ata_disk *d = self;

	d->port = port;
}

static void drive_reset(void *self, enum tsr_ide_reset kind)
{
	struct ata_disk *d = self;
	struct tsr_ide_registers *r = d->port->registers;

	disk_cancel(d);
	d->step = STEP_IDLE;
	d->power = POWER_ACTIVE;
	if (kind == TSR_IDE_RESET_POWER || d->revert)
		disk_defaults(d);
	if (kind == TSR_IDE_RESET_POWER) {
		d->current_heads = d->heads;
		d->current_track = d->track;
	}
	r->count = r->lba_low = 1;
	r->lba_mid = r->lba_high = 0;
	r->device = ATA_DEVICE_OBSOLETE;
	r->error = ATA_DIAGNOSTIC_PASSED;
	r->status = READY;
}

static const struct tsr_ide_drive drive_table = {
	.size = sizeof(drive_table),
	.connect = drive_connect,
	.reset = drive_reset,
	.command = disk_command,
	.pio_done = disk_pio_done,
	.dma_ready = disk_dma_ready,
	.dma_stop = disk_cancel,
};

/* -- Life cycle */

static void on_resume(void *self, uint64_t deadline_ns)
{
	struct ata_disk *d = self;

	if (d->port)
		disk_resume(d);
}

/* "TS" and a hash of the instance's name: the same disk in every run, different disks in one
 * machine. */
static void make_serial(struct ata_disk *d, const char *given)
{
	uint32_t hash = 2166136261u;

	for (const char *c = d->host->name; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	if (given[0])
		snprintf(d->serial, sizeof(d->serial), "%s", given);
	else
		snprintf(d->serial, sizeof(d->serial), "TS%010u", hash);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct ata_disk *d = self;
	const struct tsr_properties *p = host->get(host, TSR_PROPERTIES);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct tsr_interface medium;

	d->host = host;
	d->clock = host->get(host, TSR_CLOCK);
	d->resume = d->clock->timer_new(host, on_resume, d);
	if (!bus->get(host, "medium", &medium))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "connect.medium is missing");
	d->block = medium.table;
	d->block_self = medium.self;
	snprintf(d->model, sizeof(d->model), "%s", p->get_string(host, "model"));
	snprintf(d->firmware, sizeof(d->firmware), "%s", p->get_string(host, "firmware"));
	make_serial(d, p->get_string(host, "serial"));
	d->cylinders = (uint16_t)p->get_int(host, "cylinders");
	d->heads = (uint8_t)p->get_int(host, "heads");
	d->track = (uint8_t)p->get_int(host, "sectors");
	return true;
}

/* A disk's medium does not change: the back end has to keep it. */
static bool realize(void *self, struct tsr_error *error)
{
	struct ata_disk *d = self;
	struct tsr_block_info info = { .size = sizeof(info) };

	d->block->info(d->block_self, &info);
	if (!info.present || info.length < SECTOR)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "a disk needs a medium: give its back end a file");
	d->block->lock(d->block_self, true);
	d->sectors = info.length / SECTOR;
	disk_geometry(d);
	d->current_heads = d->heads;
	d->current_track = d->track;
	disk_defaults(d);
	return true;
}

static void detach(void *self)
{
	disk_cancel(self);
}

/* -- State */

static const struct ide_field fields[] = {
	IDE_FIELD(struct ata_disk, sectors, "sectors"),
	IDE_FIELD(struct ata_disk, current_heads, "current-heads"),
	IDE_FIELD(struct ata_disk, current_track, "current-track"),
	IDE_FIELD(struct ata_disk, multiple, "multiple"),
	IDE_FIELD(struct ata_disk, transfer_mode, "transfer-mode"),
	IDE_FIELD(struct ata_disk, write_cache, "write-cache"),
	IDE_FIELD(struct ata_disk, look_ahead, "look-ahead"),
	IDE_FIELD(struct ata_disk, revert, "revert"),
	IDE_FIELD(struct ata_disk, power, "power"),
	IDE_FIELD(struct ata_disk, step, "step"),
	IDE_FIELD(struct ata_disk, flags, "flags"),
	IDE_FIELD(struct ata_disk, lba, "lba"),
	IDE_FIELD(struct ata_disk, left, "left"),
	IDE_FIELD(struct ata_disk, at, "buffer-at"),
	IDE_FIELD(struct ata_disk, filled, "buffer-filled"),
	IDE_FIELD(struct ata_disk, piece, "piece"),
	IDE_FIELDS_END,
};

static void save(void *self, struct tsr_state_writer *out)
{
	ide_fields_save(out, fields, self);
}

/* What a step that moves sectors relies on. */
static bool sane_movement(const struct ata_disk *d)
{
	uint32_t good;

	if (d->left > COUNT_MAX || d->lba >= d->sectors)
		return false;
	good = disk_reachable(d);
	return good && (!d->filled || d->step == STEP_DMA || d->filled - d->at <= good) &&
	       (d->step != STEP_STORE || (d->filled && d->filled <= good));
}

static bool sane(const struct ata_disk *d)
{
	bool moving = d->step != STEP_IDLE && d->step != STEP_FLUSH && d->step != STEP_IDENTIFY;
	bool pio = d->step == STEP_PIO_IN || d->step == STEP_PIO_OUT;

	return d->current_heads && d->current_heads <= 16 && d->current_track &&
	       d->multiple <= MULTIPLE_MAX && d->step < STEPS && d->power <= POWER_SLEEP &&
	       d->filled <= BUFFER_SECTORS && d->at <= d->filled && d->piece <= BUFFER_SECTORS &&
	       (!pio || (d->piece && d->at + d->piece <= d->filled)) &&
	       (!moving || sane_movement(d)) &&
	       (d->step != STEP_DMA || (d->port && d->port->dma)) &&
	       (!moving || !(d->flags & FLAG_MULTIPLE) || d->multiple);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct ata_disk *d = self, loaded = *d;

	if (!ide_fields_load(in, fields, &loaded))
		return tsr_state_damaged(error, "a field of the disk");
	if (loaded.sectors != d->sectors)
		return tsr_error_set(
			error, TSR_ERROR_CONFLICT,
			"the disk had %llu sectors when the state was saved and has %llu now",
			(unsigned long long)loaded.sectors, (unsigned long long)d->sectors);
	if (!sane(&loaded))
		return tsr_state_damaged(error, "the disk's command");
	disk_cancel(d);
	loaded.busy = loaded.cancelled = false;
	*d = loaded;
	d->clock->arm(d->resume, d->clock->now(d->host));
	return true;
}

static const void *get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_IDE_DRIVE) ? NULL : &drive_table;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct ata_disk),
	.attach = attach,
	.realize = realize,
	.detach = detach,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
