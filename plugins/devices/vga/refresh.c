/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bringing the surface up to date. Everything is drawn after a change of any register that matters
 * (struct vga_look), else only lines and cells whose memory was written. The monitor sees what a
 * real one would: the pixels and lines that the CRTC produces, so that 320x200 arrives as 640x400
 * and text as 720x400. Gaps: registers that a program changes while the beam travels (raster
 * effects) count for the whole picture.
 */
#include <string.h>

#include "vga.h"

#define CURSOR_HALF_NS 133333333u /* 8 frames */

bool vga_is_text(const struct vga *v)
{
	return !vbe_is_on(v) && !(v->gr[GR_MISC] & GR_MISC_GRAPHICS);
}

/* The palette belongs to the CPU, or the sequencer has turned the screen off. */
bool vga_is_blank(const struct vga *v)
{
	return !(v->attr_index & AR_INDEX_DISPLAY) ||
	       (!vbe_is_packed(v) && v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_OFF);
}

unsigned vga_blink_phase(const struct vga *v)
{
	uint64_t halves = v->clock->now(v->host) / CURSOR_HALF_NS;

	return (halves & 1 ? 0 : BLINK_CURSOR) | (halves & 2 ? 0 : BLINK_CHARACTERS);
}

unsigned vga_panning(const struct vga *v, const struct vga_geometry *g, const struct vga_scan *s)
{
	unsigned pan = v->attr[AR_PANNING];

	if (s->below_split && v->attr[AR_MODE] & AR_MODE_PANNING_SPLIT)
		return 0;
	if (g->dots == 9)
		return pan >= 8 ? 0 : pan + 1;
	return pan & 7;
}

uint8_t vga_attribute(const struct vga *v, uint8_t index)
{
	uint8_t value = v->attr[index & 15], select = v->attr[AR_COLOR_SELECT];

	if (v->attr[AR_MODE] & AR_MODE_P54S)
		value = (value & 0x0f) | (select & 3) << 4;
	return (value & 0x3f) | (select & 0x0c) << 4;
}

uint8_t vga_palette(const struct vga *v, uint8_t index)
{
	return vga_attribute(v, index & v->attr[AR_PLANES]);
}

/*
 * The two halves of a byte pass the palette one after the other, and the low four bits of each make
 * the DAC's index; the colour select register has no part in it.
 */
uint8_t vga_palette_256(const struct vga *v, uint8_t index)
{
	unsigned planes = v->attr[AR_PLANES] & 15;

	return (uint8_t)((v->attr[index >> 4 & planes] & 15) << 4 | (v->attr[index & planes] & 15));
}

/* -- What changed */

static void take_look(const struct vga *v, struct vga_look *look)
{
	static const uint8_t cursor[] = { CR_CURSOR_START, CR_CURSOR_END, CR_CURSOR_HIGH,
					  CR_CURSOR_LOW };

	memset(look, 0, sizeof(*look));
	memcpy(look->seq, v->seq, sizeof(look->seq));
	look->seq[SEQ_MAP_MASK] = look->seq[SEQ_MEMORY] = 0; /* these are for the CPU's side */
	look->gr_mode = v->gr[GR_MODE] & (GR_MODE_SHIFT_PAIRS | GR_MODE_SHIFT_256);
	look->gr_misc = v->gr[GR_MISC] & GR_MISC_GRAPHICS;
	memcpy(look->crtc, v->crtc, sizeof(look->crtc));
	for (size_t i = 0; i < sizeof(cursor); i++)
		look->crtc[cursor[i]] = 0;
	memcpy(look->attr, v->attr, sizeof(look->attr));
	look->blank = vga_is_blank(v);
	look->pel_mask = v->pel_mask;
	memcpy(look->dac, v->dac, sizeof(look->dac));
	memcpy(look->vbe, v->vbe, sizeof(look->vbe));
	look->vbe[VBE_BANK] = 0;
}

static uint32_t rgb(const struct vga *v, const uint8_t dac[3])
{
	uint32_t color = 0;

	for (unsigned i = 0; i < 3; i++) {
		uint8_t c = dac[i];

		if (!(v->vbe[VBE_ENABLE] & VBE_8BIT_DAC))
			c = (uint8_t)(c << 2 | (c >> 4 & 3));
		color = color << 8 | c;
	}
	return color;
}

/* true: everything has to be drawn. */
static bool look_changed(struct vga *v)
{
	struct vga_look look;

	take_look(v, &look);
	/* The bytes between the members are cleared by take_look. */
	/* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison) */
	if (!memcmp(&look, &v->shown, sizeof(look)))
		return false;
	v->shown = look;
	for (unsigned i = 0; i < 256; i++)
		v->colors[i] = rgb(v, v->dac[i & v->pel_mask]);
	return true;
}

/* -- Dirty pages. The log of the machine and our own handlers' marks are joined in v->dirty. */

bool vga_is_dirty(const struct vga *v, uint32_t offset, uint32_t length)
{
	uint32_t last = (offset + length - 1) >> TSR_PAGE_SHIFT;

	for (uint32_t page = offset >> TSR_PAGE_SHIFT; page <= last; page++)
		if (v->dirty[page / 8] & 1u << (page % 8))
			return true;
	return false;
}

bool vga_any_dirty(const struct vga *v, uint32_t length)
{
	for (uint32_t i = 0; i < length >> (TSR_PAGE_SHIFT + 3); i++)
		if (v->dirty[i])
			return true;
	return false;
}

/*
 * Pages [first, end) in whole bytes of the bitmap. true: the guest wrote directly to one of them.
 */
static bool gather_dirty(struct vga *v, uint32_t first, uint32_t end)
{
	uint8_t bitmap[128];
	bool any = false;

	for (uint32_t page = first; page < end; page += sizeof(bitmap) * 8) {
		uint32_t count = end - page < sizeof(bitmap) * 8 ? end - page : sizeof(bitmap) * 8;

		if (!v->memory->fetch_dirty(v->vram_region, page, count, bitmap))
			continue;
		any = true;
		for (uint32_t i = 0; i < (count + 7) / 8; i++)
			v->dirty[page / 8 + i] |= bitmap[i];
	}
	return any;
}

static void shown_pages(const struct vga *v, uint32_t *first, uint32_t *end)
{
	uint32_t start = 0, length = VGA_LEGACY_MEMORY;

	if (vbe_is_on(v)) {
		start = v->vbe[VBE_BPP] == 4 ? 0 : v->vbe[VBE_Y_OFFSET] * vbe_pitch(v);
		length = v->vbe[VBE_BPP] == 4 ? v->vram_size
					      : (v->vbe[VBE_YRES] + 1u) * vbe_pitch(v);
	}
	*first = start >> TSR_PAGE_SHIFT & ~7u;
	*end = ((uint64_t)start + length + 8 * TSR_PAGE_SIZE - 1) >> TSR_PAGE_SHIFT & ~7u;
	if (*end > v->vram_size >> TSR_PAGE_SHIFT)
		*end = v->vram_size >> TSR_PAGE_SHIFT;
}

/* -- The surface */

static bool get_surface(struct vga *v, struct vga_surface *s, unsigned width, unsigned height)
{
	size_t stride = 0;
	bool resized = false;

	s->pixels = v->displays->pixels(v->display, &s->width, &s->height, &stride);
	if (!s->pixels || s->width != width || s->height != height) {
		s->pixels = v->displays->resize(v->display, width, height, &stride);
		resized = true;
	}
	s->width = width;
	s->height = height;
	s->stride = stride / 4;
	return resized;
}

static void draw_black(struct vga *v, const struct vga_surface *s)
{
	for (unsigned y = 0; y < s->height; y++)
		memset(s->pixels + y * s->stride, 0, s->width * sizeof(uint32_t));
	v->displays->damage(v->display, 0, 0, s->width, s->height);
}

/* A text screen's size while nothing has programmed the CRTC, and for pictures too small to show.
 */
static void shown_size(const struct vga *v, const struct vga_geometry *g, unsigned *width,
		       unsigned *height)
{
	*width = vbe_is_packed(v) ? v->vbe[VBE_XRES] : g->width;
	*height = vbe_is_packed(v) ? v->vbe[VBE_YRES] : g->height;
	if (*width < 16 || *height < 16) {
		*width = 720;
		*height = 400;
	}
}

/* There is a picture, and it has the size that is shown: drawing another would leave video memory.
 */
static bool has_picture(const struct vga *v, const struct vga_geometry *g, unsigned width,
			unsigned height)
{
	if (vga_is_blank(v))
		return false;
	if (vbe_is_packed(v))
		return v->vbe[VBE_XRES] == width && v->vbe[VBE_YRES] == height;
	return g->width == width && g->height == height;
}

void vga_refresh(void *self, bool full)
{
	struct vga *v = self;
	struct vga_geometry g;
	struct vga_surface s;
	uint32_t first, end;
	unsigned width, height;
	bool written;

	vga_get_geometry(v, &g);
	shown_size(v, &g, &width, &height);
	full = get_surface(v, &s, width, height) || full;
	full = look_changed(v) || v->stale || full;
	if (!s.pixels)
		return;
	shown_pages(v, &first, &end);
	written = gather_dirty(v, first, end);
	if (!has_picture(v, &g, width, height)) {
		if (full)
			draw_black(v, &s);
	} else if (vbe_is_packed(v)) {
		vga_draw_vbe(v, &s, full);
	} else if (vga_is_text(v)) {
		vga_draw_text(v, &g, &s, full || written || v->fonts_changed);
	} else {
		vga_draw_graphics(v, &g, &s, full);
	}
	memset(v->dirty + first / 8, 0, (end - first) / 8);
	v->fonts_changed = false;
	v->stale = false;
}
