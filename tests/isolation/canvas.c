/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A graphics card, the least there is: a framebuffer with a dirty log, a register for the mode, one
 * that fills a line, and an option ROM; beside it a page of memory, a page with handlers, and a
 * window to the framebuffer that can be opened and moved. At the end of the framebuffer the guest
 * says at which point its process is to be killed, and finds how often it was.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <tessera/display.h>
#include <tessera/pci.h>
#include <tessera/tessera.h>

#define LENGTH (1u << 20)
#define PAGES (LENGTH >> TSR_PAGE_SHIFT)
#define DEATH (LENGTH - 8) /* the point, or 0 */
#define DEATHS (LENGTH - 4)
#define LINES_MAX 300u
#define SCRATCH 0xd0000000u
#define ECHO (SCRATCH + 0x1000)
#define WINDOW (SCRATCH + 0x2000)
#define ROM_LENGTH 40000u
#define TEXT_LINES 600u

enum canvas_register { MODE = 0, COLOR = 4, FILL = 8, WINDOW_AT = 12 }; /* 0: closed */
enum point { NOWHERE, FILLING, REFRESHING, FETCHED, DRAWN };

struct canvas {
	const struct tsr_host *host;
	const struct tsr_memory *memory;
	const struct tsr_display_table *displays;
	struct tsr_display *display;
	struct tsr_region *vram_region, *window;
	uint8_t *vram, *scratch;
	uint32_t mode, color, window_at, echo;
	bool is_drawn[LINES_MAX]; /* by the card, so it is not in the dirty log */
};

static const struct {
	unsigned width, height;
} modes[] = { { 0, 0 }, { 320, 200 }, { 400, LINES_MAX } };

static void die_at(struct canvas *c, enum point point)
{
	uint32_t wanted, deaths;

	memcpy(&wanted, c->vram + DEATH, 4);
	if (wanted != (uint32_t)point)
		return;
	memcpy(&deaths, c->vram + DEATHS, 4);
	deaths++;
	memcpy(c->vram + DEATHS, &deaths, 4);
	memset(c->vram + DEATH, 0, 4);
	raise(SIGKILL);
}

/* -- Registers */

static void fill(struct canvas *c, unsigned line)
{
	unsigned width = modes[c->mode].width;
	uint32_t *at = (uint32_t *)(void *)c->vram + (size_t)line * width;

	if (line >= modes[c->mode].height)
		return;
	c->is_drawn[line] = true;
	for (unsigned x = 0; x < width; x++) {
		if (x == width / 2)
			die_at(c, FILLING);
		at[x] = c->color + x;
	}
}

static void place_window(struct canvas *c)
{
	c->memory->enable(c->window, false);
	if (c->window_at)
		c->memory->move(c->window, c->window_at);
	c->memory->enable(c->window, c->window_at != 0);
}

static void write_register(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	struct canvas *c = self;

	if (offset == MODE) {
		c->mode = value < sizeof(modes) / sizeof(modes[0]) ? (uint32_t)value : 0;
	} else if (offset == COLOR) {
		c->color = (uint32_t)value;
	} else if (offset == FILL) {
		fill(c, (unsigned)value);
	} else {
		c->window_at = (uint32_t)value;
		place_window(c);
	}
}

static uint64_t read_register(void *self, uint64_t offset, unsigned width)
{
	const struct canvas *c = self;

	return offset == MODE ? c->mode : c->color;
}

static uint64_t read_echo(void *self, uint64_t offset, unsigned width)
{
	return ((struct canvas *)self)->echo + offset;
}

static void write_echo(void *self, uint64_t offset, uint64_t value, unsigned width)
{
	((struct canvas *)self)->echo = (uint32_t)value;
}

/* -- The picture */

static bool is_dirty(const uint8_t *bitmap, uint32_t offset, uint32_t length)
{
	for (uint32_t page = offset >> TSR_PAGE_SHIFT;
	     page <= (offset + length - 1) >> TSR_PAGE_SHIFT; page++)
		if (bitmap[page / 8] & 1u << page % 8)
			return true;
	return false;
}

static uint32_t *prepare(struct canvas *c, size_t *stride, bool *full)
{
	unsigned width = modes[c->mode].width, height = modes[c->mode].height, w, h;
	uint32_t *pixels = c->displays->pixels(c->display, &w, &h, stride);

	if (pixels && w == width && h == height)
		return pixels;
	*full = true;
	return c->displays->resize(c->display, width, height, stride);
}

static void refresh(void *self, bool full)
{
	struct canvas *c = self;
	uint32_t row = modes[c->mode].width * 4;
	uint8_t bitmap[PAGES / 8];
	uint32_t *pixels;
	size_t stride;

	if (!c->mode)
		return;
	die_at(c, REFRESHING);
	pixels = prepare(c, &stride, &full);
	c->memory->fetch_dirty(c->vram_region, 0, PAGES, bitmap);
	die_at(c, FETCHED);
	for (unsigned y = 0; y < modes[c->mode].height; y++) {
		if (!full && !c->is_drawn[y] && !is_dirty(bitmap, y * row, row))
			continue;
		memcpy((uint8_t *)pixels + y * stride, c->vram + (size_t)y * row, row);
		c->displays->damage(c->display, 0, y, row / 4, 1);
		c->is_drawn[y] = false;
	}
	die_at(c, DRAWN);
}

static size_t text(void *self, char *buffer, size_t length)
{
	static const char format[] = "line %03u of the canvas\n";
	const size_t line = (size_t)snprintf(NULL, 0, format, 0u);

	for (unsigned i = 0; (i + 1) * line < length && i < TEXT_LINES; i++)
		snprintf(buffer + i * line, line + 1, format, i);
	return line * TEXT_LINES;
}

/* -- Its life */

static bool add_function(struct canvas *c, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 4, .read = read_register, .write = write_register
	};
	static const struct tsr_pci_id id = {
		.size = sizeof(id), .vendor = 0x1234, .device = 0xcafe, .class_code = 0x038000
	};
	const struct tsr_pci *pci = c->host->get(c->host, TSR_PCI);
	struct tsr_pci_function *f = pci->add(c->host, &id, NULL, c, error);
	static uint8_t image[ROM_LENGTH];

	for (unsigned i = 0; i < ROM_LENGTH; i++)
		image[i] = (uint8_t)(i * 7 + (i >> 8));
	return f &&
	       pci->bar_memory(f, 0, LENGTH, true, TSR_MEMORY_DIRTY_LOG, &c->vram, &c->vram_region,
			       error) &&
	       pci->bar_io(f, 1, TSR_PCI_BAR_IO, 16, &ops, c, error) &&
	       pci->rom(f, image, sizeof(image), error);
}

static bool map_memory(struct canvas *c, struct tsr_error *error)
{
	static const struct tsr_io_ops ops = {
		.size = sizeof(ops), .widths = 4, .read = read_echo, .write = write_echo
	};

	if (!c->memory->map(c->host, "scratch", SCRATCH, TSR_PAGE_SIZE, TSR_PRIORITY_MMIO, 0,
			    &c->scratch, error) ||
	    !c->memory->map_io(c->host, "echo", ECHO, TSR_PAGE_SIZE, TSR_PRIORITY_MMIO, 0, &ops, c,
			       error))
		return false;
	c->window = c->memory->alias(c->host, "window", WINDOW, TSR_PAGE_SIZE, TSR_PRIORITY_OVERLAY,
				     TSR_MEMORY_DISABLED, c->vram_region, TSR_PAGE_SIZE, error);
	return c->window != NULL;
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const struct tsr_display_ops ops = { .size = sizeof(ops),
						    .refresh = refresh,
						    .text = text };
	struct canvas *c = self;

	c->host = host;
	c->memory = host->get(host, TSR_MEMORY);
	c->displays = host->get(host, TSR_DISPLAY);
	if (!add_function(c, error) || !map_memory(c, error))
		return false;
	c->display = c->displays->add(host, &ops, c);
	return true;
}

static void reset(void *self, enum tsr_reset kind)
{
	struct canvas *c = self;

	if (kind == TSR_RESET_SOFT)
		return;
	memset(c->vram, 0, LENGTH);
	memset(c->scratch, 0, TSR_PAGE_SIZE);
	c->mode = c->color = c->window_at = c->echo = 0;
	place_window(c);
}

static void save(void *self, struct tsr_state_writer *out)
{
	struct canvas *c = self;

	tsr_state_put_u32(out, "mode", c->mode);
	tsr_state_put_u32(out, "color", c->color);
	tsr_state_put_u32(out, "window", c->window_at);
	tsr_state_put_u32(out, "echo", c->echo);
	tsr_state_put_bytes(out, "vram", c->vram, LENGTH);
	tsr_state_put_bytes(out, "scratch", c->scratch, TSR_PAGE_SIZE);
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct canvas *c = self;
	bool ok = tsr_state_get_u32(in, "mode", &c->mode) &&
		  tsr_state_get_u32(in, "color", &c->color) &&
		  tsr_state_get_u32(in, "window", &c->window_at) &&
		  tsr_state_get_u32(in, "echo", &c->echo) &&
		  in->ops->length(in, "vram") == LENGTH &&
		  tsr_state_get_bytes(in, "vram", c->vram, LENGTH) &&
		  tsr_state_get_bytes(in, "scratch", c->scratch, TSR_PAGE_SIZE);

	place_window(c);
	return ok || tsr_error_set(error, TSR_ERROR_INVALID, "the canvas has another state");
}

static const struct tsr_device_class canvas_class = {
	.size = sizeof(canvas_class),
	.instance_size = sizeof(struct canvas),
	.attach = attach,
	.reset = reset,
	.save = save,
	.load = load,
};

TSR_DEVICE_PLUGIN(canvas_class);
