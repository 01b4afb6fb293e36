/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CRT controller's timing: what the registers mean in pixels and lines, which memory each line
 * shows, and where the beam is at this moment of the machine's clock.
 * Source: IBM VGA/XGA Technical Reference Manual, "CRT Controller".
 */
#include "vga.h"

/* Ten bits: the low eight in a register, two in the overflow register. */
static unsigned with_overflow(const struct vga *v, unsigned low, unsigned bit8, unsigned bit9)
{
	unsigned overflow = v->crtc[CR_OVERFLOW];

	return v->crtc[low] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

static unsigned retrace_end(const struct vga *v, unsigned start)
{
	unsigned lines = (v->crtc[CR_VRETRACE_END] - start) & 15;

	return start + (lines ? lines : 16);
}

void vga_get_geometry(const struct vga *v, struct vga_geometry *g)
{
	bool graphics = v->gr[GR_MISC] & GR_MISC_GRAPHICS;

	g->columns = v->crtc[CR_HDISPLAY] + 1u;
	g->dots = graphics || v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_8_DOTS ? 8 : 9;
	g->repeat = v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_HALF ? 2 : 1;
	g->height = with_overflow(v, CR_VDISPLAY, 1, 6) + 1;
	g->rows_per_char = (v->crtc[CR_MAX_SCAN] & CR_MAX_SCAN_LINES) + 1u;
	g->double_scan = v->crtc[CR_MAX_SCAN] & CR_MAX_SCAN_DOUBLE;
	g->line_compare = v->crtc[CR_LINE_COMPARE] | (v->crtc[CR_OVERFLOW] >> 4 & 1u) << 8 |
			  (v->crtc[CR_MAX_SCAN] >> 6 & 1u) << 9;
	g->htotal = v->crtc[CR_HTOTAL] + 5u;
	g->vtotal = with_overflow(v, CR_VTOTAL, 0, 5) + 2;
	g->retrace_start = with_overflow(v, CR_VRETRACE_START, 2, 7);
	g->retrace_end = retrace_end(v, g->retrace_start);
	g->dot_clock_hz = MISC_CLOCK(v->misc) == 0 ? 25175000 : 28322000;
	if (vbe_is_on(v)) { /* planar VBE: the size comes from the mode, the rest from the VGA */
		g->columns = v->vbe[VBE_XRES] / 8u;
		g->height = v->vbe[VBE_YRES];
		g->repeat = 1;
		g->line_compare = 0x3ff;
	}
	if (g->columns > VGA_MAX_COLUMNS)
		g->columns = VGA_MAX_COLUMNS;
	g->width = g->columns * g->dots * g->repeat;
}

static unsigned start_address(const struct vga *v)
{
	if (vbe_is_on(v))
		return v->vbe[VBE_Y_OFFSET] * (vbe_pitch(v) / 4u) + v->vbe[VBE_X_OFFSET] / 8u;
	return (v->crtc[CR_START_HIGH] << 8u | v->crtc[CR_START_LOW]) +
	       (v->crtc[CR_PRESET_ROW] >> 5 & 3u);
}

static unsigned row_step(const struct vga *v)
{
	return vbe_is_on(v) ? vbe_pitch(v) / 4u : v->crtc[CR_OFFSET] * 2u;
}

void vga_scan_first(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s)
{
	*s = (struct vga_scan){ .ma = start_address(v),
				.row = v->crtc[CR_PRESET_ROW] & CR_PRESET_ROW_SCAN };
	if (vbe_is_on(v) || s->row >= g->rows_per_char)
		s->row = 0;
}

void vga_scan_next(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s)
{
	if (s->y++ == g->line_compare) {
		s->ma = s->row = 0;
		s->second = false;
		s->below_split = true;
		return;
	}
	if (g->double_scan && !s->second) {
		s->second = true;
		return;
	}
	s->second = false;
	if (++s->row < g->rows_per_char)
		return;
	s->row = 0;
	s->ma += row_step(v);
}

unsigned vga_scan_band(const struct vga *v, const struct vga_geometry *g, struct vga_scan *s)
{
	unsigned first = s->y;
	bool below = s->below_split;

	do
		vga_scan_next(v, g, s);
	while (s->y < g->height && s->below_split == below && (s->row || s->second));
	return (s->y < g->height ? s->y : g->height) - first;
}

/*
 * Turns the address counter into an address of the planes: byte, word or doubleword mode, and the
 * row scan counter's bits that the CGA's and Hercules' interleaved modes put in. In doubleword mode
 * the two low bits are bits 14 and 15 of the counter.
 */
unsigned vga_address(const struct vga *v, unsigned ma, unsigned row)
{
	unsigned mode = v->crtc[CR_MODE];

	if (vbe_is_on(v))
		return ma;
	if (v->crtc[CR_UNDERLINE] & CR_UNDERLINE_DOUBLEWORD)
		ma = ma << 2 | (ma >> 14 & 3);
	else if (!(mode & CR_MODE_BYTE))
		ma = ma << 1 | (ma >> (mode & CR_MODE_WRAP_15 ? 15 : 13) & 1);
	if (!(mode & CR_MODE_NOT_ROW_0_AT_13))
		ma = (ma & ~0x2000u) | (row & 1) << 13;
	if (!(mode & CR_MODE_NOT_ROW_1_AT_14))
		ma = (ma & ~0x4000u) | (row >> 1 & 1) << 14;
	return ma & (VGA_PLANE_SIZE - 1);
}

/* Input status 1. */
uint8_t vga_retrace_status(const struct vga *v)
{
	struct vga_geometry g;
	uint64_t frame_ns, at, line, column;
	bool retrace;

	vga_get_geometry(v, &g);
	if (vbe_is_packed(v)) {
		g.columns = 80;
		g.htotal = 100;
		g.height = v->vbe[VBE_YRES];
		g.vtotal = g.height + 45;
		g.retrace_start = g.height + 10;
		g.retrace_end = g.height + 12;
		frame_ns = 16666667;
	} else {
		frame_ns = tsr_muldiv((uint64_t)g.htotal * g.vtotal * g.dots * g.repeat, 1000000000,
				      g.dot_clock_hz);
	}
	at = v->clock->now(v->host) % frame_ns * g.vtotal * g.htotal / frame_ns;
	line = at / g.htotal;
	column = at % g.htotal;
	retrace = line >= g.retrace_start && line < g.retrace_end;
	return (line >= g.height || column >= g.columns ? STATUS_1_BLANKED : 0) |
	       (retrace ? STATUS_1_RETRACE : 0);
}
