/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.ide-drive/1 (link.h). A drive may look at the channel's registers and buffer
 * while it loads, so a newcomer has a cable of its own until it takes its predecessor's place. */
#include <string.h>

#include "links/link.h"

/* -- What the drive calls */

static void pio(void *to, bool to_host, uint32_t offset, uint32_t length, uint8_t status,
		bool interrupt)
{
	const struct tsr_ide_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->pio(port->to, to_host, offset, length, status, interrupt);
}

static void dma(void *to, bool to_host, uint64_t length)
{
	const struct tsr_ide_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->dma(port->to, to_host, length);
}

static void dma_done(void *to)
{
	const struct tsr_ide_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->dma_done(port->to);
}

static void finish(void *to, uint8_t status, uint8_t error, bool interrupt)
{
	const struct tsr_ide_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->finish(port->to, status, error, interrupt);
}

/* Registers and buffer are the channel's own. */
static void refresh(struct tsr_link *link)
{
	const struct tsr_ide_port *port = link->port;

	if (!port)
		return;
	link->shim.ide = (struct tsr_ide_port){ .size = sizeof(link->shim.ide),
						.to = link,
						.registers = port->registers,
						.buffer = port->buffer,
						.pio = pio,
						.dma = port->dma ? dma : NULL,
						.dma_done = dma_done,
						.finish = finish };
}

static void connect_provider(struct tsr_link *link)
{
	const struct tsr_ide_drive *drive = link->to.table;

	link->is_connected = true;
	refresh(link);
	drive->connect(link->to.self, &link->shim.ide);
}

/* -- What the channel calls. Held: the drive goes on with what the predecessor has told it. */

static void user_connect(void *self, const struct tsr_ide_port *port)
{
	struct tsr_link_handle *handle = self;

	if (handle->is_held) {
		handle->port = port;
		return;
	}
	handle->link->port = port;
	connect_provider(handle->link);
}

static void user_reset(void *self, enum tsr_ide_reset kind)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_ide_drive *drive = handle->link->to.table;

	if (!handle->is_held)
		drive->reset(handle->link->to.self, kind);
}

static void user_command(void *self, uint8_t command)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_ide_drive *drive = handle->link->to.table;

	if (!handle->is_held)
		drive->command(handle->link->to.self, command);
}

static void user_pio_done(void *self)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_ide_drive *drive = handle->link->to.table;

	if (!handle->is_held)
		drive->pio_done(handle->link->to.self);
}

static void user_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
			   uint64_t length)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_ide_drive *drive = handle->link->to.table;

	if (!handle->is_held)
		drive->dma_ready(handle->link->to.self, segments, count, length);
}

static void user_dma_stop(void *self)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_ide_drive *drive = handle->link->to.table;

	if (!handle->is_held)
		drive->dma_stop(handle->link->to.self);
}

static void fill(struct tsr_link_handle *handle)
{
	const struct tsr_ide_drive *drive = handle->link->to.table;

	handle->table.ide = (struct tsr_ide_drive){ .size = sizeof(handle->table.ide),
						    .packet = drive->packet,
						    .connect = user_connect,
						    .reset = user_reset,
						    .command = user_command,
						    .pio_done = user_pio_done,
						    .dma_ready = user_dma_ready,
						    .dma_stop = user_dma_stop };
}

static void release(struct tsr_link_handle *handle)
{
}

/* -- A newcomer's cable, whose other end is nobody */

struct cable {
	struct tsr_ide_port port;
	TsrInstance *drive;
	struct tsr_ide_registers registers;
	uint8_t buffer[TSR_IDE_BUFFER];
};

static void is_early(void *to, const char *what)
{
	tsr_mistake(&((struct cable *)to)->drive->mistakes,
		    "it %s before it has taken its predecessor's place; a drive goes on with a "
		    "loaded command from a timer",
		    what);
}

static void early_pio(void *to, bool to_host, uint32_t offset, uint32_t length, uint8_t status,
		      bool interrupt)
{
	is_early(to, "asks for a PIO data phase");
}

static void early_dma(void *to, bool to_host, uint64_t length)
{
	is_early(to, "asks for DMA");
}

static void early_dma_done(void *to)
{
	is_early(to, "ends DMA");
}

static void early_finish(void *to, uint8_t status, uint8_t error, bool interrupt)
{
	is_early(to, "ends a command");
}

/* As the channel has them now. */
static void copy_registers(struct cable *cable, const struct tsr_ide_port *port)
{
	cable->registers = *port->registers;
	memcpy(cable->buffer, port->buffer, sizeof(cable->buffer));
}

static void stage(struct tsr_link *link, const struct tsr_interface *to, TsrInstance *newcomer)
{
	const struct tsr_ide_port *port = link->port;
	const struct tsr_ide_drive *drive = to->table;
	struct cable *cable = g_new0(struct cable, 1);

	link->staged = cable;
	cable->drive = newcomer;
	cable->port = (struct tsr_ide_port){ .size = sizeof(cable->port),
					     .to = cable,
					     .registers = &cable->registers,
					     .buffer = cable->buffer,
					     .pio = early_pio,
					     .dma = port->dma ? early_dma : NULL,
					     .dma_done = early_dma_done,
					     .finish = early_finish };
	copy_registers(cable, port);
	TSR_CALLING(&newcomer->callee, "connect", drive->connect(to->self, &cable->port));
	TSR_CALLING(&newcomer->callee, "reset", drive->reset(to->self, TSR_IDE_RESET_POWER));
	copy_registers(cable, port);
}

const struct tsr_link_kind tsr_link_ide = {
	.interface = TSR_IDE_DRIVE,
	.fill = fill,
	.connect = connect_provider,
	.refresh = refresh,
	.release = release,
	.stage = stage,
};
