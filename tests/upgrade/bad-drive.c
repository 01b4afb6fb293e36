/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A version of the disk that cannot take the place of another: what is wrong with it is what its
 * build defines. */
#include <signal.h>
#include <string.h>

#include <tessera/device.h>
#include <tessera/draft/ide.h>

struct bad {
	struct tsr_interface medium;
	const struct tsr_ide_port *port;
};

static void on_connect(void *self, const struct tsr_ide_port *port)
{
	((struct bad *)self)->port = port;
}

/* What it does to the registers and the buffer of its channel, the guest must not see. */
static void on_reset(void *self, enum tsr_ide_reset kind)
{
	const struct tsr_ide_port *port = ((struct bad *)self)->port;

	memset(port->registers, 0xff, sizeof(*port->registers));
	memset(port->buffer, 0xff, TSR_IDE_BUFFER);
#ifdef CRASH_RESET
	raise(SIGSEGV);
#endif
}

static void on_command(void *self, uint8_t command)
{
}

static void on_event(void *self)
{
}

static void on_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
			 uint64_t length)
{
}

static const struct tsr_ide_drive drive __attribute__((unused)) = {
	/* unused with NO_INTERFACE */
	.size = sizeof(struct tsr_ide_drive),
	.connect = on_connect,
	.reset = on_reset,
	.command = on_command,
	.pio_done = on_event,
	.dma_ready = on_dma_ready,
	.dma_stop = on_event,
};

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct bad *b = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);

	return bus->get(host, "medium", &b->medium);
}

static void save(void *self, struct tsr_state_writer *out)
{
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct bad *b = self;
	const struct tsr_block *block = b->medium.table;

	memset(b->port->registers, 0, sizeof(*b->port->registers));
	block->lock(b->medium.self, false);
#ifdef FINISH_IN_LOAD
	b->port->finish(b->port->to, TSR_IDE_DRDY, 0, true);
#endif
#ifdef REFUSE_STATE
	return tsr_state_damaged(error, "the whole of it");
#endif
	return true;
}

static const void *get_interface(void *self, const char *interface)
{
#ifdef NO_INTERFACE
	return NULL;
#else
	return strcmp(interface, TSR_IDE_DRIVE) ? NULL : &drive;
#endif
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct bad),
	.attach = attach,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
