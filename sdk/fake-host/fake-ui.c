/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Display and input of the fake machine: one surface, one keyboard, one pointer. */
#include "fake-private.h"

struct tsr_display {
	const struct tsr_display_ops *ops;
	void *self;
	uint32_t *pixels;
	unsigned width, height;
	unsigned damages;
	const struct tsr_display_hints_ops *hints; /* NULL: nobody listens */
	void *hints_self;
	uint32_t *cursor; /* NULL: it has no image */
	struct fake_cursor cursor_place;
	bool cursor_drawn;
};

static struct tsr_display screen;
static struct {
	const struct tsr_input_ops *ops;
	void *self;
} inputs[8];
static unsigned input_count, leds;

static struct tsr_display *display_add(const struct tsr_host *host,
				       const struct tsr_display_ops *ops, void *self)
{
	screen.ops = ops;
	screen.self = self;
	return &screen;
}

static uint32_t *display_pixels(struct tsr_display *d, unsigned *width, unsigned *height,
				size_t *stride)
{
	*width = d->width;
	*height = d->height;
	*stride = d->width * 4;
	return d->pixels;
}

static uint32_t *display_resize(struct tsr_display *d, unsigned width, unsigned height,
				size_t *stride)
{
	if (!width || !height || width > 16384 || height > 16384)
		fake_die("display size %ux%u", width, height);
	free(d->pixels);
	d->pixels = calloc((size_t)width * height, 4);
	d->width = width;
	d->height = height;
	*stride = width * 4;
	return d->pixels;
}

static void display_damage(struct tsr_display *d, unsigned x, unsigned y, unsigned width,
			   unsigned height)
{
	if (x + width > d->width || y + height > d->height)
		fake_die("damage %u,%u %ux%u leaves the surface", x, y, width, height);
	d->damages++;
}

static void display_remove(struct tsr_display *d)
{
	if (!d)
		return;
	free(d->pixels);
	memset(d, 0, sizeof(*d));
}

const struct tsr_display_table fake_display_tbl = {
	.size = sizeof(struct tsr_display_table),
	.add = display_add,
	.resize = display_resize,
	.pixels = display_pixels,
	.damage = display_damage,
	.remove = display_remove,
};

const uint32_t *fake_display_refresh(bool full, unsigned *width, unsigned *height, size_t *stride)
{
	if (!screen.ops)
		fake_die("no display was added");
	screen.damages = 0;
	screen.ops->refresh(screen.self, full);
	return display_pixels(&screen, width, height, stride);
}

size_t fake_display_text(char *buffer, size_t length)
{
	return screen.ops && screen.ops->text ? screen.ops->text(screen.self, buffer, length) : 0;
}

unsigned fake_display_damages(void)
{
	return screen.damages;
}

/* -- tessera.display-hints/1 */

static void hints_listen(const struct tsr_host *host, struct tsr_display *d,
			 const struct tsr_display_hints_ops *ops, void *self)
{
	d->hints = ops;
	d->hints_self = self;
}

static bool hints_set_cursor(struct tsr_display *d, const struct tsr_cursor_image *image)
{
	size_t bytes = (size_t)image->width * image->height * 4;

	if (!bytes || image->width > TSR_CURSOR_SIDE_MAX || image->height > TSR_CURSOR_SIDE_MAX ||
	    image->hot_x >= image->width || image->hot_y >= image->height || !image->pixels)
		return false;
	free(d->cursor);
	d->cursor = malloc(bytes);
	memcpy(d->cursor, image->pixels, bytes);
	d->cursor_place.width = image->width;
	d->cursor_place.height = image->height;
	d->cursor_place.hot_x = image->hot_x;
	d->cursor_place.hot_y = image->hot_y;
	return true;
}

static void hints_move_cursor(struct tsr_display *d, int x, int y, bool visible)
{
	d->cursor_place.x = x;
	d->cursor_place.y = y;
	d->cursor_place.visible = visible;
}

static bool hints_is_drawn(struct tsr_display *d)
{
	return d->cursor_drawn;
}

const struct tsr_display_hints fake_display_hints_table = {
	.size = sizeof(struct tsr_display_hints),
	.listen = hints_listen,
	.set_cursor = hints_set_cursor,
	.move_cursor = hints_move_cursor,
	.is_drawn = hints_is_drawn,
};

const uint32_t *fake_display_cursor(struct fake_cursor *cursor)
{
	*cursor = screen.cursor_place;
	cursor->visible = cursor->visible && screen.cursor;
	return screen.cursor;
}

void fake_display_draw_cursor(bool draws)
{
	screen.cursor_drawn = draws;
}

void fake_display_hint_mode(unsigned width, unsigned height)
{
	if (screen.hints && TSR_HAS(screen.hints, mode))
		screen.hints->mode(screen.hints_self, width, height);
}

/* -- tessera.input/1 */

static void input_add(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self)
{
	if (input_count == 8)
		fake_die("too many inputs");
	inputs[input_count].ops = ops;
	inputs[input_count++].self = self;
}

static void input_remove(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self)
{
	for (unsigned i = 0; i < input_count; i++)
		if (inputs[i].ops == ops && inputs[i].self == self) {
			inputs[i] = inputs[--input_count];
			return;
		}
	fake_die("%s: removes an input that it has not added", host->name);
}

static void input_leds(const struct tsr_host *host, unsigned mask)
{
	leds = mask;
}

const struct tsr_input fake_input_table = {
	.size = sizeof(struct tsr_input),
	.add = input_add,
	.leds = input_leds,
	.remove = input_remove,
};

void fake_key(unsigned code, bool down)
{
	for (unsigned i = 0; i < input_count; i++)
		if (inputs[i].ops->key)
			inputs[i].ops->key(inputs[i].self, code, down);
}

void fake_pointer(int dx, int dy, int wheel, unsigned buttons)
{
	for (unsigned i = 0; i < input_count; i++)
		if (inputs[i].ops->pointer)
			inputs[i].ops->pointer(inputs[i].self, dx, dy, wheel, buttons);
}

void fake_pointer_absolute(unsigned x, unsigned y, int wheel, unsigned buttons)
{
	for (unsigned i = 0; i < input_count; i++)
		if (inputs[i].ops->pointer_absolute)
			inputs[i].ops->pointer_absolute(inputs[i].self, x, y, wheel, buttons);
}

unsigned fake_leds(void)
{
	return leds;
}

bool fake_ui_has_display(void)
{
	return screen.ops != NULL;
}

bool fake_ui_has_input(void)
{
	return input_count > 0;
}

void fake_ui_free(void)
{
	free(screen.pixels);
	free(screen.cursor);
	memset(&screen, 0, sizeof(screen));
	memset(inputs, 0, sizeof(inputs));
	input_count = 0;
	leds = 0;
}
