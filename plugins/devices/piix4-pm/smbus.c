/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SMBus host controller (Intel 290562, 7.3). No device is on the bus: every transaction ends at
 * once with a device error, as after a missing acknowledge. The slave part never sees a
 * transaction.
 */
#include <string.h>

#include "piix4-pm.h"

/* clang-format off */
enum {
	SMBHSTSTS = 0, SMBSLVSTS = 1, SMBHSTCNT = 2, SMBBLKDAT = 7,
	STS_INTR = 0x02, STS_DEV_ERR = 0x04, STS_FAILED = 0x10, STS_CLEARABLE = 0x1e,
	SLVSTS_CLEARABLE = 0x3c,
	CNT_INTEREN = 0x01, CNT_KILL = 0x02, CNT_START = 0x40,
	BLOCK_MASK = 31,
};
/* clang-format on */

static void host_control_write(struct smbus *bus, uint8_t value)
{
	bus->registers[SMBHSTCNT] = value & ~CNT_START;
	if (value & CNT_KILL)
		bus->registers[SMBHSTSTS] |= STS_FAILED;
	else if (value & CNT_START)
		bus->registers[SMBHSTSTS] |= STS_DEV_ERR;
}

static uint64_t smbus_read(void *self, uint64_t offset, unsigned width)
{
	struct smbus *bus = self;

	switch (offset) {
	case SMBHSTCNT:
		bus->block_index = 0;
		return bus->registers[offset];
	case SMBBLKDAT:
		return bus->block[bus->block_index++ & BLOCK_MASK];
	default:
		return bus->registers[offset];
	}
}

static void smbus_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct smbus *bus = self;
	uint8_t byte = (uint8_t)value;

	switch (offset) {
	case SMBHSTSTS:
		bus->registers[offset] &= (uint8_t) ~(byte & STS_CLEARABLE);
		break;
	case SMBSLVSTS:
		bus->registers[offset] &= (uint8_t) ~(byte & SLVSTS_CLEARABLE);
		break;
	case SMBHSTCNT:
		host_control_write(bus, byte);
		break;
	case SMBBLKDAT:
		bus->block[bus->block_index++ & BLOCK_MASK] = byte;
		break;
	default:
		bus->registers[offset] = byte;
		break;
	}
	bus->update_irq(bus->user);
}

const struct tsr_io_ops smbus_io_ops = {
	.size = sizeof(smbus_io_ops),
	.widths = 1,
	.read = smbus_read,
	.write = smbus_write,
};

bool smbus_irq(const struct smbus *bus)
{
	return bus->registers[SMBHSTCNT] & CNT_INTEREN &&
	       bus->registers[SMBHSTSTS] & (STS_INTR | STS_DEV_ERR | STS_FAILED);
}

void smbus_reset(struct smbus *bus)
{
	memset(bus->registers, 0, sizeof(bus->registers));
	memset(bus->block, 0, sizeof(bus->block));
	bus->block_index = 0;
}

void smbus_save(const struct smbus *bus, struct tsr_state_writer *out)
{
	tsr_state_put_bytes(out, "smbus", bus->registers, sizeof(bus->registers));
	tsr_state_put_bytes(out, "smbus-block", bus->block, sizeof(bus->block));
	tsr_state_put_u8(out, "smbus-index", bus->block_index);
}

bool smbus_load(struct smbus *bus, struct tsr_state_reader *in)
{
	return tsr_state_get_bytes(in, "smbus", bus->registers, sizeof(bus->registers)) &&
	       tsr_state_get_bytes(in, "smbus-block", bus->block, sizeof(bus->block)) &&
	       tsr_state_get_u8(in, "smbus-index", &bus->block_index);
}
