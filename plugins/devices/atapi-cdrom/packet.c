/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The drive's ATA side: the few ATA commands, and the packet's 12 bytes.
 * Source: ATA/ATAPI-6 (T13/1410D), 8 (commands), 8.23 (PACKET). An overlapped command (OVL) is not
 * offered by IDENTIFY's word 49 and runs as any other.
 */
#include <string.h>

#include "../ide-common/identify.h"
#include "mmc.h"

#define LIMIT_MAX 0xfffeu

static struct tsr_ide_registers *registers(struct cdrom *c)
{
	return c->port->registers;
}

/* -- Ends */

static void ata_finish(struct cdrom *c, uint8_t error)
{
	c->step = STEP_IDLE;
	c->port->finish(c->port->to, READY, error, true);
}

/* -- ATA commands */

void cdrom_signature(struct cdrom *c)
{
	struct tsr_ide_registers *r = registers(c);

	r->count = r->lba_low = 1;
	r->lba_mid = ATA_SIGNATURE_PACKET_MID;
	r->lba_high = ATA_SIGNATURE_PACKET_HIGH;
}

static void abort_with_signature(struct cdrom *c)
{
	cdrom_signature(c);
	ata_finish(c, TSR_IDE_ABRT);
}

static void packet(struct cdrom *c)
{
	struct tsr_ide_registers *r = registers(c);

	c->use_dma = r->feature & ATA_PACKET_DMA;
	c->limit = (uint16_t)(r->lba_mid | r->lba_high << 8);
	c->limit &= LIMIT_MAX; /* even */
	if (!c->limit)
		c->limit = LIMIT_MAX;
	if (c->use_dma && !c->port->dma) {
		ata_finish(c, TSR_IDE_ABRT);
		return;
	}
	c->step = STEP_PACKET;
	r->count = ATA_REASON_CD;
	c->port->pio(c->port->to, false, 0, sizeof(c->cdb), READY, false);
}

static void identify(struct cdrom *c)
{
	cdrom_identify(c, c->port->buffer);
	c->step = STEP_IDENTIFY;
	c->port->pio(c->port->to, true, 0, IDE_IDENTIFY_BYTES, READY, true);
}

static void device_reset(struct cdrom *c)
{
	cdrom_cancel(c);
	cdrom_signature(c);
	c->step = STEP_IDLE;
	registers(c)->device = ATA_DEVICE_OBSOLETE | (registers(c)->device & ATA_DEVICE_DEV);
	c->port->finish(c->port->to, 0, 0, false);
	registers(c)->error = ATA_DIAGNOSTIC_PASSED;
}

static void set_features(struct cdrom *c)
{
	uint8_t mode = registers(c)->count;

	switch (registers(c)->feature) {
	case ATA_SET_TRANSFER_MODE:
		if (!ide_knows_transfer_mode(mode, c->port->dma))
			break;
		c->transfer_mode = mode;
		ata_finish(c, 0);
		return;
	case ATA_DISABLE_REVERT_TO_DEFAULTS:
	case ATA_ENABLE_REVERT_TO_DEFAULTS:
		ata_finish(c, 0);
		return;
	}
	ata_finish(c, TSR_IDE_ABRT);
}

static void idle(struct cdrom *c)
{
	c->standby = 0;
	ata_finish(c, 0);
}

static void standby(struct cdrom *c)
{
	c->standby = 1;
	ata_finish(c, 0);
}

static void check_power(struct cdrom *c)
{
	registers(c)->count = c->standby ? ATA_POWER_STANDBY : ATA_POWER_ACTIVE;
	ata_finish(c, 0);
}

static const struct {
	uint8_t command;
	void (*run)(struct cdrom *c);
} commands[] = {
	{ ATA_DEVICE_RESET, device_reset },
	{ ATA_READ_SECTORS, abort_with_signature },
	{ ATA_PACKET, packet },
	{ ATA_IDENTIFY_PACKET_DEVICE, identify },
	{ ATA_STANDBY_IMMEDIATE, standby },
	{ ATA_IDLE_IMMEDIATE, idle },
	{ ATA_STANDBY, standby },
	{ ATA_IDLE, idle },
	{ ATA_CHECK_POWER_MODE, check_power },
	{ ATA_SLEEP, standby },
	{ ATA_IDENTIFY_DEVICE, abort_with_signature },
	{ ATA_SET_FEATURES, set_features },
};

void cdrom_command(void *self, uint8_t command)
{
	struct cdrom *c = self;

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].command == command) {
			commands[i].run(c);
			return;
		}
	ata_finish(c, TSR_IDE_ABRT);
}

void cdrom_pio_done(void *self)
{
	struct cdrom *c = self;

	switch (c->step) {
	case STEP_PACKET:
		memcpy(c->cdb, c->port->buffer, sizeof(c->cdb));
		c->step = STEP_IDLE;
		mmc_execute(c);
		break;
	case STEP_REPLY:
	case STEP_READ:
	case STEP_RECEIVE:
		cdrom_block_moved(c);
		break;
	case STEP_IDENTIFY:
		c->step = STEP_IDLE;
		c->port->finish(c->port->to, READY, 0, false);
		break;
	default:
		ata_finish(c, TSR_IDE_ABRT);
	}
}
