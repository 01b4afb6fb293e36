/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A disk controller, the least there is: registers for a place on the medium, a place in memory and
 * a command, and one request at a time. Its state says what is under way, and with that it begins
 * again, as disks do. Its guest (mover.S) tells it at which point of a command its process is to be
 * killed. Its property `door` is what a guest would do with the door of a drive.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <tessera/block.h>
#include <tessera/tessera.h>

#define SECTOR 512u
#define SECTORS_MAX 256u
#define SEGMENTS 64u
#define DEATH 0x6ff0u /* in guest memory: the point, or 0; after it, how often it was reached */

enum mover_register { LBA = 0, COUNT = 2, PARAGRAPH = 4, COMMAND = 6 };
enum mover_command { READ = 1, WRITE, FLUSH, ABORT, THROUGH_BUFFER = 0x80 };
enum mover_status { BUSY = 1, BAD = 2 };
enum point { NOWHERE, BEFORE_SUBMIT, AFTER_SUBMIT, DONE, MOVED, UNDER_WAY, BEFORE_DRAIN, DRAINED };

struct mover {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	const struct tsr_clock *clock;
	const struct tsr_properties *properties;
	struct tsr_timer *resume;
	struct tsr_interface medium;
	struct tsr_block_request request;
	struct tsr_block_segment segments[SEGMENTS];
	uint16_t registers[3];
	uint8_t command, status;
	bool is_under_way; /* the request; its state says only that there was one */
	bool is_aborting;
	bool is_locked; /* the door */
	uint8_t buffer[SECTORS_MAX * SECTOR];
};

static void die_at(const struct mover *m, enum point point)
{
	uint64_t length = 2;
	uint8_t *death = m->dma->map(m->host, DEATH, &length, true);

	if (!death || death[0] != (uint8_t)point)
		return;
	death[0] = NOWHERE;
	death[1]++;
	raise(SIGKILL);
}

static uint64_t memory_of(const struct mover *m)
{
	return (uint64_t)m->registers[PARAGRAPH / 2] << 4;
}

/* -- Requests */

static void on_done(struct tsr_block_request *request, enum tsr_block_status status)
{
	struct mover *m = request->user;

	m->is_under_way = false;
	die_at(m, DONE);
	m->status = status == TSR_BLOCK_OK ? 0 : BAD;
	if (m->is_aborting)
		return;
	if (request->op == TSR_BLOCK_READ && request->buffer)
		m->dma->write(m->host, memory_of(m), m->buffer, request->length);
	else if (request->op == TSR_BLOCK_READ)
		m->dma->written(m->host, memory_of(m), request->length);
	die_at(m, MOVED);
}

static bool map_segments(struct mover *m)
{
	struct tsr_block_request *r = &m->request;
	uint64_t at = memory_of(m), left = r->length;

	while (left && r->segment_count < SEGMENTS) {
		uint64_t length = left < 4096 ? left : 4096;
		void *base = m->dma->map(m->host, at, &length, r->op == TSR_BLOCK_READ);

		if (!base)
			return false;
		m->segments[r->segment_count++] = (struct tsr_block_segment){ base, length };
		at += length;
		left -= length;
	}
	r->segments = m->segments;
	return !left;
}

static bool prepare(struct mover *m)
{
	static const enum tsr_block_op ops[] = {
		[READ] = TSR_BLOCK_READ, [WRITE] = TSR_BLOCK_WRITE, [FLUSH] = TSR_BLOCK_FLUSH
	};
	unsigned command = m->command & ~THROUGH_BUFFER;
	unsigned sectors = command == FLUSH ? 0 : m->registers[COUNT / 2];

	if (command < READ || command > FLUSH || sectors > SECTORS_MAX)
		return false;
	m->request = (struct tsr_block_request){ .size = sizeof(m->request),
						 .op = ops[command],
						 .offset = (uint64_t)m->registers[LBA / 2] * SECTOR,
						 .length = (uint64_t)sectors * SECTOR,
						 .done = on_done,
						 .user = m };
	if (command == FLUSH)
		return true;
	if (!(m->command & THROUGH_BUFFER))
		return map_segments(m);
	m->request.buffer = m->buffer;
	return command == READ || m->dma->read(m->host, memory_of(m), m->buffer, m->request.length);
}

static void begin(struct mover *m)
{
	const struct tsr_block *block = m->medium.table;

	if (!prepare(m)) {
		m->status = BAD;
		return;
	}
	m->status = BUSY;
	m->is_under_way = true;
	block->submit(m->medium.self, &m->request);
}

static void drain(struct mover *m)
{
	const struct tsr_block *block = m->medium.table;

	m->is_aborting = true;
	if (m->is_under_way)
		block->drain(m->medium.self);
	m->is_aborting = false;
	m->status = 0;
}

/* How many sectors the medium has. */
static uint64_t look(const struct mover *m)
{
	const struct tsr_block *block = m->medium.table;
	struct tsr_block_info info = { .size = sizeof(info) };

	block->info(m->medium.self, &info);
	return info.present ? info.length / SECTOR : 0;
}

/* -- Registers */

static void write_command(struct mover *m, uint8_t command)
{
	if (command == ABORT) {
		die_at(m, BEFORE_DRAIN);
		drain(m);
		die_at(m, DRAINED);
		return;
	}
	if (m->status & BUSY)
		return;
	m->command = command;
	die_at(m, BEFORE_SUBMIT);
	begin(m);
	die_at(m, AFTER_SUBMIT);
}

static void write_port(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct mover *m = self;

	if (offset == COMMAND)
		write_command(m, (uint8_t)value);
	else if (width == 2 && offset < COMMAND && !(m->status & BUSY))
		m->registers[offset / 2] = (uint16_t)value;
}

static uint64_t read_port(void *self, uint64_t offset, unsigned width)
{
	struct mover *m = self;

	if (m->status & BUSY) {
		die_at(m, UNDER_WAY);
		look(m);
	}
	return offset == COMMAND ? m->status : ~UINT64_C(0);
}

/* -- The door */

static void set_lock(struct mover *m, bool locked)
{
	const struct tsr_block *block = m->medium.table;

	m->is_locked = locked;
	block->lock(m->medium.self, locked);
}

static bool on_door(void *self, const char *name, struct tsr_error *error)
{
	struct mover *m = self;
	const struct tsr_block *block = m->medium.table;
	const char *door = m->properties->get_string(m->host, "door");

	if (strcmp(door, "out") == 0 || strcmp(door, "in") == 0)
		return block->eject(m->medium.self, *door == 'o') ||
		       tsr_error_set(error, TSR_ERROR_CONFLICT, "the back end refuses");
	set_lock(m, strcmp(door, "locked") == 0);
	return true;
}

static void on_medium(void *user)
{
	struct mover *m = user;

	m->properties->set_int(m->host, "sectors", (int64_t)look(m));
}

/* -- Life cycle */

static void on_resume(void *self, uint64_t deadline_ns)
{
	struct mover *m = self;

	if (m->status & BUSY && !m->is_under_way)
		begin(m);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 3, .read = read_port, .write = write_port
	};
	struct mover *m = self;
	const struct tsr_io *io = host->get(host, TSR_IO);
	const struct tsr_bus *bus = host->get(host, TSR_BUS);

	m->host = host;
	m->dma = host->get(host, TSR_DMA);
	m->clock = host->get(host, TSR_CLOCK);
	m->properties = host->get(host, TSR_PROPERTIES);
	m->properties->on_change(host, "door", on_door, m);
	m->resume = m->clock->timer_new(host, on_resume, m);
	if (!bus->get(host, "medium", &m->medium))
		return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "connect.medium is missing");
	return io->claim(host, "regs", &ops, m, error) != NULL;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct mover *m = self;
	const struct tsr_block *block = m->medium.table;

	block->listen(m->medium.self, on_medium, m);
	return true;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct mover *m = self;

	drain(m);
	set_lock(m, true);
	memset(m->registers, 0, sizeof(m->registers));
	m->command = m->status = 0;
}

static void save(void *self, struct tsr_state_writer *out)
{
	const struct mover *m = self;

	tsr_state_put_bytes(out, "registers", m->registers, sizeof(m->registers));
	tsr_state_put_u8(out, "command", m->command);
	tsr_state_put_u8(out, "status", m->status);
	tsr_state_put_bool(out, "locked", m->is_locked);
}

/* Begins again, in one of the two ways that there are. */
static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct mover *m = self;

	if (!tsr_state_get_bytes(in, "registers", m->registers, sizeof(m->registers)) ||
	    !tsr_state_get_u8(in, "command", &m->command) ||
	    !tsr_state_get_u8(in, "status", &m->status) ||
	    !tsr_state_get_bool(in, "locked", &m->is_locked))
		return tsr_state_damaged(error, "a register");
	if (m->command & THROUGH_BUFFER)
		on_resume(m, 0);
	else
		m->clock->arm(m->resume, m->clock->now(m->host));
	return true;
}

static void detach(void *self)
{
	drain(self);
}

static const struct tsr_device_class mover_class = {
	.size = sizeof(mover_class),
	.instance_size = sizeof(struct mover),
	.attach = attach,
	.realize = realize,
	.detach = detach,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(mover_class);
