/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text modes: character and attribute in planes 0 and 1, glyphs in plane 2. Cells that show what
 * they showed are left alone.
 * Source: IBM VGA/XGA Technical Reference Manual, "Alphanumeric Modes", "Attribute Controller".
 */
#include <stdlib.h>

#include "vga.h"

#define CELL_CURSOR 0x10000u
#define CELL_DARK 0x20000u /* blinking, and now off */

/* What a row of characters has in common. */
struct row {
	struct vga_scan scan; /* of its first line */
	unsigned lines;
	unsigned panning;  /* pixels */
	uint32_t fonts[2]; /* by attribute bit 3: offset in plane 2 */
	uint32_t cursor;   /* the address counter's value there; beyond all: none */
	unsigned skew;     /* the cursor appears so many characters to the right */
	unsigned blink;
};

/* Sequencer register 3: the high bit of each selector adds 8 KiB, the low two 16 KiB each. */
static uint32_t font_offset(unsigned low, unsigned high)
{
	return low * 0x4000u + high * 0x2000u;
}

static void get_fonts(const struct vga *v, uint32_t fonts[2])
{
	unsigned select = v->seq[SEQ_FONTS];

	fonts[0] = font_offset(select & 3, select >> 4 & 1);
	fonts[1] = font_offset(select >> 2 & 3, select >> 5 & 1);
}

static uint32_t cursor_place(const struct vga *v)
{
	if (v->crtc[CR_CURSOR_START] & CR_CURSOR_OFF)
		return UINT32_MAX;
	return v->crtc[CR_CURSOR_HIGH] << 8u | v->crtc[CR_CURSOR_LOW];
}

/* A cell's contents: character, attribute and the flags above. */
static uint32_t cell_at(const struct vga *v, const struct row *r, unsigned column)
{
	uint32_t ma = r->scan.ma + column;
	const uint8_t *at = v->vram + 4 * vga_dword(v, vga_address(v, ma, 0));
	uint32_t cell = tsr_load_le16(at);

	if (column >= r->skew && ((ma - r->skew) & 0xffff) == r->cursor && r->blink & BLINK_CURSOR)
		cell |= CELL_CURSOR;
	if (v->attr[AR_MODE] & AR_MODE_BLINK && at[1] & 0x80 && !(r->blink & BLINK_CHARACTERS))
		cell |= CELL_DARK;
	return cell;
}

/* The pixels of one line of a character, a bit each; the leftmost is the highest of g->dots bits.
 */
static unsigned glyph_dots(const struct vga *v, const struct vga_geometry *g, const struct row *r,
			   uint32_t cell, unsigned line)
{
	unsigned code = cell & 0xff, attribute = cell >> 8 & 0xff, all = (1u << g->dots) - 1, dots,
		 glyph;
	unsigned start = v->crtc[CR_CURSOR_START] & CR_CURSOR_LINE,
		 end = v->crtc[CR_CURSOR_END] & CR_CURSOR_LINE;

	if (cell & CELL_CURSOR && line >= start && line <= end)
		return all;
	if (cell & CELL_DARK)
		return 0;
	if ((attribute & 7) == 1 && line == (v->crtc[CR_UNDERLINE] & CR_UNDERLINE_LINE))
		return all;
	glyph = (r->fonts[attribute >> 3 & 1] + code * 32 + line) & (VGA_PLANE_SIZE - 1);
	dots = v->vram[4 * vga_dword(v, glyph) + 2];
	if (g->dots == 8)
		return dots;
	if (v->attr[AR_MODE] & AR_MODE_LINE_GRAPHICS && code >= 0xc0 && code <= 0xdf)
		return dots << 1 | (dots & 1);
	return dots << 1;
}

static void cell_colors(const struct vga *v, uint32_t cell, uint32_t *front, uint32_t *back)
{
	uint8_t attribute = cell >> 8 & 0xff, background = attribute >> 4;

	if (v->attr[AR_MODE] & AR_MODE_BLINK)
		background &= 7;
	*front = v->colors[vga_palette(v, attribute & 15)];
	*back = v->colors[vga_palette(v, background)];
}

static void draw_cell(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		      const struct row *r, unsigned column, uint32_t cell)
{
	int left = (int)(column * g->dots) - (int)r->panning;
	uint32_t front, back;

	cell_colors(v, cell, &front, &back);
	for (unsigned i = 0; i < r->lines; i++) {
		unsigned line = r->scan.row + (g->double_scan ? (i + r->scan.second) / 2 : i);
		unsigned dots = glyph_dots(v, g, r, cell, line);
		uint32_t *to = s->pixels + (r->scan.y + i) * s->stride;

		for (unsigned d = 0; d < g->dots * g->repeat; d++) {
			unsigned x = (unsigned)(left * (int)g->repeat) + d;

			if (x < s->width) /* a negative x is a huge one */
				to[x] = dots >> (g->dots - 1 - d / g->repeat) & 1 ? front : back;
		}
	}
}

static void draw_row(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		     const struct row *r, uint32_t *cells, bool full)
{
	unsigned columns = g->columns + (r->panning ? 1 : 0), first = columns, last = 0, left,
		 right;

	for (unsigned column = 0; column < columns; column++) {
		uint32_t cell = cell_at(v, r, column);

		if (!full && cells[column] == cell)
			continue;
		cells[column] = cell;
		draw_cell(v, g, s, r, column, cell);
		first = column < first ? column : first;
		last = column;
	}
	if (first == columns)
		return;
	left = first ? (first * g->dots - r->panning) * g->repeat : 0;
	right = ((last + 1) * g->dots - r->panning) * g->repeat;
	if (right > s->width)
		right = s->width;
	v->displays->damage(v->display, left, r->scan.y, right - left, r->lines);
}

/* Room for the most cells that the geometry can show; false: no memory. */
static bool prepare_cells(struct vga *v, const struct vga_geometry *g, bool *full)
{
	unsigned count = (g->columns + 1) * g->height;
	uint32_t *cells;

	if (v->cell_count >= count)
		return true;
	cells = realloc(v->cells, count * sizeof(*cells));
	if (!cells)
		return false;
	v->cells = cells;
	v->cell_count = count;
	*full = true;
	return true;
}

static uint32_t cursor_key(const struct vga *v)
{
	return v->crtc[CR_CURSOR_START] | v->crtc[CR_CURSOR_END] << 8 |
	       v->crtc[CR_CURSOR_HIGH] << 16 | (uint32_t)v->crtc[CR_CURSOR_LOW] << 24;
}

void vga_draw_text(struct vga *v, const struct vga_geometry *g, const struct vga_surface *s,
		   bool full)
{
	struct row r = { .blink = vga_blink_phase(v),
			 .cursor = cursor_place(v),
			 .skew = v->crtc[CR_CURSOR_END] >> 5 & 3u };
	uint32_t key = cursor_key(v), *cells;
	struct vga_scan scan;

	if (!full && r.blink == v->shown_blink && key == v->shown_cursor &&
	    !vga_any_dirty(v, VGA_LEGACY_MEMORY))
		return;
	if (key != v->shown_cursor)
		/* the cursor's shape is not in the cells */
		full = full || (key & 0xffff) != (v->shown_cursor & 0xffff);
	if (!prepare_cells(v, g, &full))
		return;
	v->shown_blink = r.blink;
	v->shown_cursor = key;
	get_fonts(v, r.fonts);
	cells = v->cells;
	vga_scan_first(v, g, &scan);
	while (scan.y < g->height) {
		r.scan = scan;
		r.lines = vga_scan_band(v, g, &scan);
		r.panning = vga_panning(v, g, &r.scan);
		draw_row(v, g, s, &r, cells, full);
		cells += g->columns + 1;
	}
}
