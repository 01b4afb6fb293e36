/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See little-8237.h. Source: Intel 8237A data sheet, "Register Description"; IBM PC AT Technical
 * Reference for the page registers. Memory to memory, priorities and block mode's hold are left
 * out.
 */
#include "little-8237.h"

#include <string.h>

#define CHANNELS 4
#define LINES 8

struct tsr_isa_dma_line {
	const struct tsr_isa_dma_port *port;
	unsigned channel;
	bool up, granted;
};

struct channel {
	uint16_t address, base_address, count, base_count; /* count: of units, less 1 */
	uint8_t page, mode;
	bool masked, requested, ended; /* by software; at terminal count */
};

struct controller {
	const struct tsr_host *host;
	const struct tsr_dma *dma;
	struct channel channels[CHANNELS];
	struct tsr_isa_dma_line lines[LINES];
	unsigned line_count;
	uint8_t command;
	bool high; /* the byte pointer flip-flop */
};

static unsigned width_of(unsigned channel)
{
	return channel == 0 ? 2 : 1;
}

static unsigned mode_of(const struct channel *ch)
{
	return ch->mode >> 6;
}

static bool is_held_by_another(const struct controller *c, const struct tsr_isa_dma_line *line)
{
	for (unsigned i = 0; i < c->line_count; i++)
		if (&c->lines[i] != line && c->lines[i].channel == line->channel && c->lines[i].up)
			return true;
	return false;
}

static bool is_ready(const struct controller *c, const struct tsr_isa_dma_line *line)
{
	const struct channel *ch = &c->channels[line->channel];

	return !(c->command & DMA_COMMAND_DISABLE) && (!ch->masked || ch->requested) &&
	       !is_held_by_another(c, line);
}

static bool is_granted(const struct controller *c, const struct tsr_isa_dma_line *line)
{
	return is_ready(c, line) && (line->up || c->channels[line->channel].requested);
}

/* After the guest, or the card with the line `by`, has changed something. */
static void grant_new(struct controller *c, const struct tsr_isa_dma_line *by)
{
	for (unsigned i = 0; i < c->line_count; i++) {
		struct tsr_isa_dma_line *line = &c->lines[i];
		bool was = line->granted;

		line->granted = is_granted(c, line);
		if (line->granted && !was && line != by)
			line->port->granted(line->port->to);
	}
}

/* -- The card's side */

static struct tsr_isa_dma_line *dma_connect(void *self, unsigned channel,
					    const struct tsr_isa_dma_port *port,
					    struct tsr_error *error)
{
	struct controller *c = self;
	struct tsr_isa_dma_line *line = &c->lines[c->line_count];

	if (channel >= CHANNELS || c->line_count == LINES) {
		tsr_error_set(error, TSR_ERROR_NOT_FOUND, "there is no DMA channel %u for cards",
			      channel);
		return NULL;
	}
	c->line_count++;
	*line = (struct tsr_isa_dma_line){ .port = port, .channel = channel };
	return line;
}

static bool dma_request(void *self, struct tsr_isa_dma_line *line, bool up)
{
	struct controller *c = self;

	line->up = up;
	grant_new(c, line);
	return up && line->granted;
}

static tsr_gpa address_of(const struct channel *ch, unsigned width)
{
	return width == 2 ? (tsr_gpa)(ch->page & 0xfe) << 16 | (tsr_gpa)ch->address << 1
			  : (tsr_gpa)ch->page << 16 | ch->address;
}

static void end_transfer(struct channel *ch)
{
	ch->ended = true;
	ch->requested = false;
	if (!(ch->mode & DMA_MODE_AUTOINITIALIZE)) {
		ch->masked = true;
		return;
	}
	ch->address = ch->base_address;
	ch->count = ch->base_count;
}

static size_t move(struct controller *c, struct tsr_isa_dma_line *line, const uint8_t *from,
		   uint8_t *to, size_t length, bool *terminal)
{
	struct channel *ch = &c->channels[line->channel];
	unsigned width = width_of(line->channel), transfer = ch->mode >> 2 & 3;
	size_t moved = 0;

	*terminal = false;
	while (moved + width <= length && !*terminal && mode_of(ch) != TSR_ISA_DMA_CASCADE &&
	       is_granted(c, line)) {
		if (from && transfer == TSR_ISA_DMA_WRITE)
			c->dma->write(c->host, address_of(ch, width), from + moved, width);
		if (to && transfer == TSR_ISA_DMA_READ)
			c->dma->read(c->host, address_of(ch, width), to + moved, width);
		else if (to)
			memset(to + moved, 0xff, width);
		moved += width;
		ch->address = (uint16_t)(ch->address + (ch->mode & DMA_MODE_DOWN ? -1 : 1));
		*terminal = ch->count-- == 0;
		if (*terminal)
			end_transfer(ch);
	}
	return moved;
}

static size_t dma_put(void *self, struct tsr_isa_dma_line *line, const void *bytes, size_t length,
		      bool *terminal)
{
	return move(self, line, bytes, NULL, length, terminal);
}

static size_t dma_take(void *self, struct tsr_isa_dma_line *line, void *bytes, size_t length,
		       bool *terminal)
{
	return move(self, line, NULL, bytes, length, terminal);
}

static void dma_look(void *self, struct tsr_isa_dma_line *line, struct tsr_isa_dma_channel *out)
{
	struct controller *c = self;
	const struct channel *ch = &c->channels[line->channel];
	unsigned width = width_of(line->channel);

	tsr_struct_fill(out, &(struct tsr_isa_dma_channel){
				     .size = sizeof(*out),
				     .remaining = (ch->count + 1u) * width,
				     .mode = (uint8_t)mode_of(ch),
				     .transfer = ch->mode >> 2 & 3,
				     .width = (uint8_t)width,
				     .autoinitialize = ch->mode & DMA_MODE_AUTOINITIALIZE,
				     .ready = is_ready(c, line),
			     });
}

static const struct tsr_isa_dma dma_table = {
	.size = sizeof(dma_table),
	.connect = dma_connect,
	.request = dma_request,
	.put = dma_put,
	.take = dma_take,
	.look = dma_look,
};

/* -- The guest's side */

static void write_half(struct controller *c, uint16_t *base, uint16_t *current, uint8_t value)
{
	unsigned shift = c->high ? 8 : 0;

	*base = (uint16_t)((*base & ~(0xffu << shift)) | (unsigned)value << shift);
	*current = *base;
	c->high = !c->high;
}

static uint8_t read_status(struct controller *c)
{
	uint8_t status = 0;

	for (unsigned i = 0; i < CHANNELS; i++)
		status |= (uint8_t)(c->channels[i].ended << i);
	for (unsigned i = 0; i < c->line_count; i++)
		status |= (uint8_t)(c->lines[i].up << (4 + c->lines[i].channel));
	for (unsigned i = 0; i < CHANNELS; i++)
		c->channels[i].ended = false;
	return status;
}

static uint64_t regs_read(void *self, uint64_t offset, unsigned width)
{
	struct controller *c = self;
	const struct channel *ch = &c->channels[offset >> 1 & 3];
	uint16_t value = offset & 1 ? ch->count : ch->address;

	if (offset == DMA_STATUS)
		return read_status(c);
	if (offset >= 8)
		return 0xff;
	c->high = !c->high;
	return c->high ? value & 0xff : value >> 8;
}

static void clear(struct controller *c)
{
	c->command = 0;
	c->high = false;
	for (unsigned i = 0; i < CHANNELS; i++) {
		c->channels[i].masked = true;
		c->channels[i].requested = c->channels[i].ended = false;
	}
}

static void regs_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct controller *c = self;
	struct channel *ch = &c->channels[offset < 8 ? offset >> 1 : value & 3];

	if (offset < 8 && offset & 1)
		write_half(c, &ch->base_count, &ch->count, (uint8_t)value);
	else if (offset < 8)
		write_half(c, &ch->base_address, &ch->address, (uint8_t)value);
	else if (offset == DMA_COMMAND)
		c->command = (uint8_t)value;
	else if (offset == DMA_REQUEST)
		ch->requested = value & 4;
	else if (offset == DMA_MASK)
		ch->masked = value & 4;
	else if (offset == DMA_MODE)
		ch->mode = (uint8_t)value;
	else if (offset == DMA_CLEAR_BYTE_POINTER)
		c->high = false;
	else if (offset == DMA_MASTER_CLEAR)
		clear(c);
	else if (offset == DMA_ALL_MASKS)
		for (unsigned i = 0; i < CHANNELS; i++)
			c->channels[i].masked = value >> i & 1;
	grant_new(c, NULL);
}

static const struct tsr_io_ops regs_ops = {
	.size = sizeof(regs_ops), .widths = 1, .read = regs_read, .write = regs_write
};

static void pages_write(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	/* The page registers of channels 0 to 3, 87h, 83h, 81h and 82h. */
	static const uint8_t ports[] = { 7, 3, 1, 2 };
	struct controller *c = self;

	for (unsigned i = 0; i < CHANNELS; i++)
		if (ports[i] == offset)
			c->channels[i].page = (uint8_t)value;
}

static const struct tsr_io_ops pages_ops = { .size = sizeof(pages_ops),
					     .widths = 1,
					     .write = pages_write };

/* -- Life cycle */

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct controller *c = self;
	const struct tsr_io *io = host->get(host, TSR_IO);

	c->host = host;
	c->dma = host->get(host, TSR_DMA);
	return io->claim(host, "regs", &regs_ops, c, error) &&
	       io->claim(host, "pages", &pages_ops, c, error);
}

static void reset(void *self, enum tsr_reset kind)
{
	if (kind != TSR_RESET_SOFT)
		clear(self);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct controller *c = self;

	tsr_state_put_bytes(out, "channels", c->channels, sizeof(c->channels));
	tsr_state_put_u8(out, "command", c->command);
	tsr_state_put_bool(out, "high", c->high);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct controller *c = self;

	if (!tsr_state_get_bytes(in, "channels", c->channels, sizeof(c->channels)) ||
	    !tsr_state_get_u8(in, "command", &c->command) ||
	    !tsr_state_get_bool(in, "high", &c->high))
		return tsr_state_damaged(error, "the controller");
	/* A load is no change that `granted` tells of. */
	for (unsigned i = 0; i < c->line_count; i++)
		c->lines[i].granted = is_granted(c, &c->lines[i]);
	return true;
}

static const void *get_interface(void *self, const char *name)
{
	return strcmp(name, TSR_ISA_DMA) == 0 ? &dma_table : NULL;
}

const struct tsr_device_class little_8237_class = {
	.size = sizeof(little_8237_class),
	.instance_size = sizeof(struct controller),
	.attach = attach,
	.reset = reset,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};
