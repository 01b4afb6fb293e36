/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Graphics modes of the VGA: 16 colours from four planes, the CGA's 4 colours, 256 colours (mode
 * 13h and its unchained variants).
 * Source: IBM VGA/XGA Technical Reference Manual, "Graphics Controller" (shift register modes),
 * "Attribute Controller".
 * Gaps: address counters that count every second or fourth character clock.
 */
#include <string.h>

#include "vga.h"

enum shift { SHIFT_PLANES, SHIFT_PAIRS, SHIFT_BYTES };

struct painter {
	enum shift shift;
	uint32_t colors[256]; /* after palette and DAC; 16 of them but for SHIFT_BYTES */
};

static uint32_t fetch(const struct vga *v, unsigned ma, unsigned row)
{
	uint64_t offset = 4ull * vga_dword(v, vga_address(v, ma, row));
	uint32_t value = 0;

	if (offset + 4 <= v->vram_size)
		memcpy(&value, v->vram + offset, 4);
	return value;
}

/* The colour indices of the eight pixels of one character clock. */
static void dots_of_planes(uint32_t planes, uint8_t dots[8])
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t bits = planes >> (7 - i) & 0x01010101u;

		dots[i] = (uint8_t)((bits | bits >> 7 | bits >> 14 | bits >> 21) & 15);
	}
}

static void dots_of_pairs(uint32_t planes, uint8_t dots[8])
{
	for (unsigned i = 0; i < 8; i++) {
		uint32_t pair = planes >> (i < 4 ? 0 : 8) >> (6 - 2 * (i & 3)) & 0x00030003u;

		dots[i] = (uint8_t)((pair | pair >> 14) & 15);
	}
}

static void paint_character(const struct painter *p, uint32_t planes, uint32_t to[8])
{
	uint8_t dots[8];

	if (p->shift == SHIFT_BYTES) {
		for (unsigned i = 0; i < 8; i++)
			to[i] = p->colors[planes >> 8 * (i / 2) & 0xff];
		return;
	}
	if (p->shift == SHIFT_PLANES)
		dots_of_planes(planes, dots);
	else
		dots_of_pairs(planes, dots);
	for (unsigned i = 0; i < 8; i++)
		to[i] = p->colors[dots[i]];
}

/* Draws one line, panned, and with doubled pixels where the mode halves the dot clock. */
static void paint_line(struct vga *v, const struct vga_geometry *g, const struct painter *p,
		       const struct vga_surface *s, const struct vga_scan *scan)
{
	unsigned panning = vga_panning(v, g, scan), columns = g->columns + (panning ? 1 : 0);
	uint32_t *to = s->pixels + scan->y * s->stride;

	for (unsigned column = 0; column < columns; column++)
		paint_character(p, fetch(v, scan->ma + column, scan->row), v->line + column * 8);
	if (g->repeat == 1) {
		memcpy(to, v->line + panning, s->width * sizeof(*to));
		return;
	}
	for (unsigned x = 0; x < s->width; x++)
		to[x] = v->line[panning + x / 2];
}

static bool line_is_dirty(const struct vga *v, const struct vga_geometry *g,
			  const struct vga_scan *scan)
{
	uint64_t first = 4ull * vga_dword(v, vga_address(v, scan->ma, scan->row)),
		 last = 4ull * vga_dword(v, vga_address(v, scan->ma + g->columns, scan->row));
	bool scattered = v->is_chained && !(v->crtc[CR_UNDERLINE] & CR_UNDERLINE_DOUBLEWORD);

	if (scattered || last < first) /* or it wraps around the plane's end */
		return vga_any_dirty(v, VGA_LEGACY_MEMORY);
	if (last + 4 > v->vram_size)
		last = v->vram_size - 4;
	return first < last && vga_is_dirty(v, (uint32_t)first, (uint32_t)(last - first + 4));
}

static enum shift shift_mode(const struct vga *v)
{
	if (v->gr[GR_MODE] & GR_MODE_SHIFT_256)
		return SHIFT_BYTES;
	return v->gr[GR_MODE] & GR_MODE_SHIFT_PAIRS ? SHIFT_PAIRS : SHIFT_PLANES;
}

/*
 * Blinking in graphics modes concerns bit 3 of the index. Where plane 3 is displayed, colours 8-15
 * alternate with 0-7, and the bit is held at 1 for the others. Where it is not (mode 0Fh), the bit
 * alternates for all.
 */
static uint8_t blinking_color(const struct vga *v, uint8_t index, bool on)
{
	uint8_t shown = index & v->attr[AR_PLANES];

	if (on || (v->attr[AR_PLANES] & 8 && !(index & 8)))
		return vga_attribute(v, shown | 8);
	return vga_attribute(v, shown & 7);
}

static void prepare(const struct vga *v, struct painter *p, unsigned blink)
{
	p->shift = shift_mode(v);
	if (p->shift == SHIFT_BYTES)
		for (unsigned i = 0; i < 256; i++)
			p->colors[i] = v->colors[vga_palette_256(v, (uint8_t)i)];
	else if (v->attr[AR_MODE] & AR_MODE_BLINK)
		for (unsigned i = 0; i < 16; i++)
			p->colors[i] = v->colors[blinking_color(v, (uint8_t)i, blink)];
	else
		for (unsigned i = 0; i < 16; i++)
			p->colors[i] = v->colors[vga_palette(v, (uint8_t)i)];
}

void vga_draw_graphics(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		       bool full)
{
	struct vga_scan scan, last = { .ma = UINT32_MAX };
	struct painter p;
	unsigned run = 0; /* lines drawn just above */
	unsigned blink =
		v->attr[AR_MODE] & AR_MODE_BLINK ? vga_blink_phase(v) & BLINK_CHARACTERS : 0;
	bool last_dirty = false;

	full = full || blink != v->shown_blink;
	v->shown_blink = blink;
	prepare(v, &p, blink);
	for (vga_scan_first(v, g, &scan); scan.y < g->height; vga_scan_next(v, g, &scan)) {
		bool same = scan.ma == last.ma && scan.row == last.row &&
			    scan.below_split == last.below_split;
		bool draw = same ? last_dirty : full || line_is_dirty(v, g, &scan);

		if (draw && same)
			memcpy(s->pixels + scan.y * s->stride, s->pixels + last.y * s->stride,
			       s->width * sizeof(uint32_t));
		else if (draw)
			paint_line(v, g, &p, s, &scan);
		if (!draw && run)
			v->displays->damage(v->display, 0, scan.y - run, s->width, run);
		run = draw ? run + 1 : 0;
		last = scan;
		last_dirty = draw;
	}
	if (run)
		v->displays->damage(v->display, 0, g->height - run, s->width, run);
}
