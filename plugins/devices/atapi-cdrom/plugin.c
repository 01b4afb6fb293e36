/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The drive as a plugin: its cable, properties, life cycle and state. */
#include <string.h>

#include "../ide-common/ata.h"
#include "../ide-common/fields.h"
#include "cdrom.h"

/* -- tessera.ide-drive/1 */

static void drive_connect(void *self, const struct tsr_ide_port *port)
{
	struct cdrom *c = self;

	c->port = port;
}

static void power_on(struct cdrom *c)
{
	cdrom_look_at_medium(c);
	c->attention = ATTENTION_RESET;
	c->event = EVENT_NONE;
	c->transfer_mode = ATA_PIO_MODE | ATA_PIO_LAST;
	c->sense = (struct cdrom_sense){ 0 };
	c->locked = 0;
	c->block->lock(c->block_self, false);
}

static void drive_reset(void *self, enum tsr_ide_reset kind)
{
	struct cdrom *c = self;
	struct tsr_ide_registers *r = c->port->registers;

	cdrom_cancel(c);
	c->step = STEP_IDLE;
	c->standby = 0;
	if (kind == TSR_IDE_RESET_POWER)
		power_on(c);
	cdrom_signature(c);
	r->device = ATA_DEVICE_OBSOLETE;
	r->error = ATA_DIAGNOSTIC_PASSED;
	r->status = 0;
}

static const struct tsr_ide_drive drive_table = {
	.size = sizeof(drive_table),
	.packet = true,
	.connect = drive_connect,
	.reset = drive_reset,
	.command = cdrom_command,
	.pio_done = cdrom_pio_done,
	.dma_ready = cdrom_dma_ready,
	.dma_stop = cdrom_cancel,
};

/* -- Life cycle */

static void on_resume(void *self, uint64_t deadline_ns)
{
	struct cdrom *c = self;

	if (c->port)
		cdrom_resume(c);
}

static void on_changed(void *user)
{
	cdrom_look_at_medium(user);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct cdrom *c = self;
	const struct tsr_properties *p = host->get(host, TSR_PROPERTIES);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	struct tsr_interface medium;

	c->host = host;
	c->clock = host->get(host, TSR_CLOCK);
	c->resume = c->clock->timer_new(host, on_resume, c);
	if (!bus->get(host, "medium", &medium))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "connect.medium is missing");
	c->block = medium.table;
	c->block_self = medium.self;
	snprintf(c->model, sizeof(c->model), "%s", p->get_string(host, "model"));
	snprintf(c->firmware, sizeof(c->firmware), "%s", p->get_string(host, "firmware"));
	snprintf(c->serial, sizeof(c->serial), "%s", p->get_string(host, "serial"));
	return true;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct cdrom *c = self;

	c->block->listen(c->block_self, on_changed, c);
	cdrom_look_at_medium(c);
	return true;
}

static void detach(void *self)
{
	cdrom_cancel(self);
}

/* -- State */

static const struct ide_field fields[] = {
	IDE_FIELD(struct cdrom, present, "present"),
	IDE_FIELD(struct cdrom, sectors, "sectors"),
	IDE_FIELD(struct cdrom, generation, "generation"),
	IDE_FIELD(struct cdrom, attention, "attention"),
	IDE_FIELD(struct cdrom, event, "event"),
	IDE_FIELD(struct cdrom, locked, "locked"),
	IDE_FIELD(struct cdrom, transfer_mode, "transfer-mode"),
	IDE_FIELD(struct cdrom, standby, "standby"),
	IDE_FIELD(struct cdrom, sense.key, "sense-key"),
	IDE_FIELD(struct cdrom, sense.code, "sense-code"),
	IDE_FIELD(struct cdrom, sense.qualifier, "sense-qualifier"),
	IDE_FIELD(struct cdrom, step, "step"),
	IDE_FIELD(struct cdrom, use_dma, "dma"),
	IDE_FIELD(struct cdrom, limit, "limit"),
	IDE_FIELD(struct cdrom, parts, "parts"),
	IDE_FIELD(struct cdrom, lba, "lba"),
	IDE_FIELD(struct cdrom, left, "left"),
	IDE_FIELD(struct cdrom, streamed, "streamed"),
	IDE_FIELD(struct cdrom, at, "buffer-at"),
	IDE_FIELD(struct cdrom, filled, "buffer-filled"),
	IDE_FIELD(struct cdrom, piece, "piece"),
	IDE_FIELDS_END,
};

static void save(void *self, struct tsr_state_writer *out)
{
	struct cdrom *c = self;

	ide_fields_save(out, fields, c);
	tsr_state_put_bytes(out, "packet", c->cdb, sizeof(c->cdb));
}

static bool moves_buffer(const struct cdrom *c)
{
	return c->step == STEP_REPLY || c->step == STEP_READ || c->step == STEP_RECEIVE;
}

static bool runs_a_packet(const struct cdrom *c)
{
	return c->step != STEP_IDLE && c->step != STEP_IDENTIFY;
}

/* The back end checks where a read continues, because the medium may have changed meanwhile. */
static bool sane(const struct cdrom *c)
{
	bool reads = c->step == STEP_FETCH || c->step == STEP_READ || c->step == STEP_STREAM;

	return c->step < STEPS && c->attention <= ATTENTION_CHANGED &&
	       (c->limit || !runs_a_packet(c)) && c->filled <= TSR_IDE_BUFFER &&
	       c->at <= c->filled && (!moves_buffer(c) || c->at < c->filled) &&
	       (!moves_buffer(c) || c->use_dma || (c->piece && c->piece <= c->filled - c->at)) &&
	       (!reads || !(c->parts & ~PARTS)) && (!reads || sector_bytes(c->parts)) &&
	       (c->step != STEP_FETCH || c->left) &&
	       (c->step != STEP_STREAM || (c->left && c->streamed < CD_SECTOR)) &&
	       (!(c->use_dma && (reads || moves_buffer(c))) || (c->port && c->port->dma)) &&
	       (c->step != STEP_STREAM || c->use_dma);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct cdrom *c = self, loaded = *c;

	if (!ide_fields_load(in, fields, &loaded) ||
	    !tsr_state_get_bytes(in, "packet", loaded.cdb, sizeof(loaded.cdb)))
		return tsr_state_damaged(error, "a field of the drive");
	if (!sane(&loaded))
		return tsr_state_damaged(error, "the drive's command");
	cdrom_cancel(c);
	loaded.busy = loaded.cancelled = false;
	*c = loaded;
	c->clock->arm(c->resume, c->clock->now(c->host));
	return true;
}

static const void *get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_IDE_DRIVE) ? NULL : &drive_table;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct cdrom),
	.attach = attach,
	.realize = realize,
	.detach = detach,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
