/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A debug console: bytes written to one port come out on the host. Reads give E9h, by which
 * software recognises the console (Bochs' port E9h; SeaBIOS writes its log to such a port
 * at 402h).
 *
 * The bytes go to the back end where one is connected, else to the file of the property, else
 * nowhere. A back end that has no room loses bytes: a console must not change the timing of what it
 * observes.
 */
#include <errno.h>
#include <string.h>

#include <tessera/tessera.h>

#define READBACK 0xe9

struct debugcon {
	const struct tsr_chardev *chardev; /* NULL: none */
	void *chardev_self;
	FILE *file; /* NULL: none; closed at detach */
};

static uint64_t debugcon_read(void *self, uint64_t offset, unsigned width)
{
	return READBACK;
}

static void debugcon_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct debugcon *s = self;
	uint8_t byte = (uint8_t)value;

	if (s->chardev)
		s->chardev->write(s->chardev_self, &byte, 1);
	if (s->file)
		fputc(byte, s->file);
}

static size_t room(void *to)
{
	return SIZE_MAX;
}

static void discard(void *to, const uint8_t *bytes, size_t length)
{
}

static bool open_file(struct debugcon *s, const char *path, struct tsr_error *error)
{
	s->file = fopen(path, "ab");
	if (!s->file)
		return tsr_error_set(error, TSR_ERROR_IO,
				     "cannot write the debug console's file %s: %s", path,
				     strerror(errno));
	setvbuf(s->file, NULL, _IOLBF, BUFSIZ);
	return true;
}

static bool debugcon_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 1, .read = debugcon_read, .write = debugcon_write
	};
	static const struct tsr_chardev_port port = { .size = sizeof(port),
						      .room = room,
						      .receive = discard };
	struct debugcon *s = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);
	const char *path = properties->get_string(host, "file");
	struct tsr_interface backend;
	struct tsr_region *region;

	if (bus->get(host, "backend", &backend)) {
		s->chardev = backend.table;
		s->chardev_self = backend.self;
		s->chardev->connect(s->chardev_self, &port);
	}
	if (*path && !open_file(s, path, error))
		return false;
	region = io->claim_ports(host, "console", (uint16_t)properties->get_int(host, "port"), 1,
				 &ops, s, error);
	if (!region)
		return false;
	io->move(region, (uint64_t)properties->get_int(host, "port"));
	io->enable(region, true);
	return true;
}

static void debugcon_detach(void *self)
{
	struct debugcon *s = self;

	if (s->file)
		fclose(s->file);
}

static const struct tsr_device_class debugcon_class = {
	.size = sizeof(debugcon_class),
	.instance_size = sizeof(struct debugcon),
	.attach = debugcon_attach,
	.detach = debugcon_detach,
};

TSR_DEVICE_PLUGIN(debugcon_class);
