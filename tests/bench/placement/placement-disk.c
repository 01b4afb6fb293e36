/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A device for placement-costs whose port +0 asks a block back end for 4 KiB when it is written,
 * and reads 1 until they have come. */
#include <stdio.h>

#include <tessera/block.h>
#include <tessera/tessera.h>

#define FIELDS 1000
#define LENGTH 4096u
#define MEDIUM (1u << 20) /* bytes of it that are read, one piece after the other */

struct disk {
	const struct tsr_host *host;
	const struct tsr_log *log;
	struct tsr_interface block;
	struct tsr_block_request request;
	uint64_t next; /* offset in the medium */
	uint8_t busy;
	int64_t fields; /* of its state */
	char names[FIELDS][8];
	uint8_t buffer[LENGTH];
};

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct disk *d = request->user;

	d->busy = 0;
	if (status != TSR_BLOCK_OK)
		d->log->write(d->host, on_done, TSR_LOG_ERROR, "the request failed");
}

static void write_port(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct disk *d = self;
	const struct tsr_block *block = d->block.table;

	if (d->busy)
		return;
	d->busy = 1;
	d->request = (struct tsr_block_request){ .size = sizeof(d->request),
						 .op = TSR_BLOCK_READ,
						 .offset = d->next,
						 .length = LENGTH,
						 .buffer = d->buffer,
						 .done = on_done,
						 .user = d };
	d->next = (d->next + LENGTH) % MEDIUM;
	block->submit(d->block.self, &d->request);
}

static uint64_t read_port(void *self, uint64_t offset, unsigned width)
{
	return ((struct disk *)self)->busy;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 1, .read = read_port, .write = write_port
	};
	struct disk *d = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	d->host = host;
	d->log = host->get(host, TSR_LOG);
	d->fields = properties->get_int(host, "fields");
	for (int i = 0; i < d->fields; i++)
		snprintf(d->names[i], sizeof(d->names[i]), "f%d", i % FIELDS);
	return io->claim(host, "regs", &ops, d, error) != NULL;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct disk *d = self;
	const struct tsr_bus *bus = d->host->get(d->host, TSR_BUS);

	return bus->get(d->host, "backend", &d->block) ||
	       tsr_error_set(error, TSR_ERROR_INVALID, "it needs a medium");
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct disk *d = self;

	for (int64_t i = 0; i < d->fields; i++)
		tsr_state_put_u16(out, d->names[i], d->busy);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	return true;
}

static const struct tsr_device_class disk_class = {
	.size = sizeof(disk_class),
	.instance_size = sizeof(struct disk),
	.attach = attach,
	.realize = realize,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(disk_class);
