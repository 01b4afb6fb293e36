/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A version of the serial port that cannot take the place of another: what is wrong with it is what
 * its build defines. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <tessera/chardev.h>
#include <tessera/device.h>

struct bad {
	const struct tsr_irq *irq;
	struct tsr_interface backend;
	struct tsr_chardev_port port;
};

static uint64_t on_read(void *self, uint64_t offset, unsigned width)
{
	return 0x5a;
}

static const struct tsr_io_ops ops = { .size = sizeof(ops), .widths = 1, .read = on_read };

static size_t room(void *to)
{
	abort();
}

static void receive(void *to, const uint8_t *bytes, size_t length)
{
	abort();
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct bad *b = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_irq_table *irqs = host->get(host, TSR_IRQ);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);

	b->irq = irqs->get(host, "irq");
	if (!bus->get(host, "backend", &b->backend) || !io->claim(host, "regs", &ops, b, error))
		return false;
	tsr_irq_set(b->irq, 1);
#ifdef CRASH_ATTACH
	raise(SIGSEGV);
#endif
#ifdef EXIT_ATTACH
	exit(0);
#endif
#ifdef REFUSE_ATTACH
	return tsr_error_set(error, TSR_ERROR_IO, "the host has no such port");
#endif
	return true;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct bad *b = self;
	const struct tsr_chardev *backend = b->backend.table;

	b->port = (struct tsr_chardev_port){
		.size = sizeof(b->port), .to = b, .room = room, .receive = receive
	};
#ifndef NO_BACKEND
	backend->connect(b->backend.self, &b->port);
#endif
	backend->ready(b->backend.self);
	return true;
}

static void save(void *self, struct tsr_state_writer *out)
{
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct bad *b = self;
	const struct tsr_chardev *backend = b->backend.table;

	tsr_irq_set(b->irq, 0);
	backend->write(b->backend.self, (const uint8_t *)"!", 1);
#ifdef CRASH_LOAD
	raise(SIGSEGV);
#endif
#ifdef HANG_LOAD
	for (;;)
		pause();
#endif
#ifdef REFUSE_STATE
	return tsr_state_damaged(error, "the whole of it");
#endif
	return true;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct bad),
	.attach = attach,
	.realize = realize,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(device_class);
