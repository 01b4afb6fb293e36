/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The linear framebuffer of the VBE modes in 8, 15, 16, 24 and 32 bits a pixel. */
#include <string.h>

#include "vga.h"

/* n bits to eight: the highest bits fill the gap at the low end. */
static uint32_t widen5(uint32_t value)
{
	return (value & 31) << 3 | (value & 31) >> 2;
}

static uint32_t widen6(uint32_t value)
{
	return (value & 63) << 2 | (value & 63) >> 4;
}

static void convert_line(const struct vga *v, const uint8_t *from, uint32_t *to, unsigned width)
{
	unsigned x;

	switch (v->vbe[VBE_BPP]) {
	case 8:
		for (x = 0; x < width; x++)
			to[x] = v->colors[from[x]];
		break;
	case 15:
		for (x = 0; x < width; x++) {
			uint32_t pixel = tsr_load_le16(from + 2 * x);

			to[x] = widen5(pixel >> 10) << 16 | widen5(pixel >> 5) << 8 | widen5(pixel);
		}
		break;
	case 16:
		for (x = 0; x < width; x++) {
			uint32_t pixel = tsr_load_le16(from + 2 * x);

			to[x] = widen5(pixel >> 11) << 16 | widen6(pixel >> 5) << 8 | widen5(pixel);
		}
		break;
	case 24:
		for (x = 0; x < width; x++)
			to[x] = from[3 * x] | from[3 * x + 1] << 8 |
				(uint32_t)from[3 * x + 2] << 16;
		break;
	default:
		memcpy(to, from, width * sizeof(*to));
		break;
	}
}

/* vbe.c keeps the picture within video memory, so no line leaves it. */
void vga_draw_vbe(struct vga *v, const struct vga_surface *s, bool full)
{
	unsigned bytes = (v->vbe[VBE_BPP] + 7u) / 8, run = 0, y;
	uint32_t pitch = vbe_pitch(v),
		 offset = v->vbe[VBE_Y_OFFSET] * pitch + v->vbe[VBE_X_OFFSET] * bytes;

	for (y = 0; y < s->height; y++, offset += pitch) {
		bool draw = full || vga_is_dirty(v, offset, s->width * bytes);

		if (draw)
			convert_line(v, v->vram + offset, s->pixels + y * s->stride, s->width);
		else if (run)
			v->displays->damage(v->display, 0, y - run, s->width, run);
		run = draw ? run + 1 : 0;
	}
	if (run)
		v->displays->damage(v->display, 0, y - run, s->width, run);
}
