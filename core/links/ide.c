/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.ide-drive/1 (link.h). A drive may look at the channel's registers and buffer
 * while it loads, so a newcomer has a cable of its own until it takes its predecessor's place. */
#include <string.h>

#include "links/link.h"

#include "links/ide.inc"

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
	cable->port = early_port(port, cable);
	cable->port.registers = &cable->registers;
	cable->port.buffer = cable->buffer;
	copy_registers(cable, port);
	TSR_CALLING(&newcomer->callee, "connect", drive->connect(to->self, &cable->port));
	TSR_CALLING(&newcomer->callee, "reset", drive->reset(to->self, TSR_IDE_RESET_POWER));
	copy_registers(cable, port);
}
