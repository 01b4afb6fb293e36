/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Bochs VBE extensions ("DISPI"): a 16-bit index and a 16-bit data port, a mode made of its
 * width, height and depth, and video memory as one linear framebuffer.
 * Source: the interface as its users know it: "VBE DISPI interface" of the LGPL VGABios
 * (vbe_display_api.txt), identifiers B0C0 to B0C5, and QEMU's public description of its standard
 * VGA (docs/specs/standard-vga.txt).
 */
#include <string.h>

#include "vga.h"

#define ID_OLDEST 0xb0c0u
#define ID_NEWEST 0xb0c5u

static unsigned bits_per_pixel(const struct vga *v)
{
	unsigned bpp = v->vbe[VBE_BPP];

	return bpp == 15 ? 16 : bpp;
}

uint32_t vbe_pitch(const struct vga *v)
{
	return v->vbe[VBE_VIRT_WIDTH] * bits_per_pixel(v) / 8;
}

static uint16_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
	return (uint16_t)(value < low ? low : value > high ? high : value);
}

/* Registers of an enabled mode always describe a picture that lies within video memory. */
static void make_consistent(struct vga *v)
{
	static const uint8_t depths[] = { 4, 8, 15, 16, 24, 32 };
	uint32_t start, lines;
	bool known = false;

	for (size_t i = 0; i < sizeof(depths); i++)
		known = known || v->vbe[VBE_BPP] == depths[i];
	if (!known)
		v->vbe[VBE_BPP] = 8;
	v->vbe[VBE_XRES] = clamp(v->vbe[VBE_XRES] & ~7u, 8,
				 v->vbe[VBE_BPP] == 4 ? VGA_MAX_COLUMNS * 8 : VGA_MAX_WIDTH);
	v->vbe[VBE_YRES] = clamp(v->vbe[VBE_YRES], 1, VGA_MAX_HEIGHT);
	v->vbe[VBE_VIRT_WIDTH] =
		clamp((v->vbe[VBE_VIRT_WIDTH] + 7u) & ~7u, v->vbe[VBE_XRES], 0x3ff8);
	if ((uint64_t)vbe_pitch(v) * v->vbe[VBE_YRES] > v->vram_size)
		v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_XRES];
	lines = v->vram_size / vbe_pitch(v);
	v->vbe[VBE_YRES] = clamp(v->vbe[VBE_YRES], 1, lines);
	v->vbe[VBE_VIRT_HEIGHT] = clamp(lines, 1, 0xffff);
	start = v->vbe[VBE_Y_OFFSET] * vbe_pitch(v) + v->vbe[VBE_X_OFFSET] * bits_per_pixel(v) / 8;
	if ((uint64_t)start + (uint64_t)(v->vbe[VBE_YRES] - 1u) * vbe_pitch(v) +
		    v->vbe[VBE_XRES] * bits_per_pixel(v) / 8 >
	    v->vram_size)
		v->vbe[VBE_X_OFFSET] = v->vbe[VBE_Y_OFFSET] = 0;
}

static void write_enable(struct vga *v, uint16_t value)
{
	bool was_on = vbe_is_on(v);

	v->vbe[VBE_ENABLE] =
		value & (VBE_ENABLED | VBE_GETCAPS | VBE_8BIT_DAC | VBE_LFB | VBE_NOCLEAR);
	if (!vbe_is_on(v)) {
		v->vbe[VBE_BANK] = 0;
	} else if (!was_on) {
		v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_X_OFFSET] = v->vbe[VBE_Y_OFFSET] = 0;
		make_consistent(v);
		if (!(value & VBE_NOCLEAR)) {
			memset(v->vram, 0, vbe_pitch(v) * v->vbe[VBE_YRES]);
			v->stale = true;
		}
	}
	vga_update_window(v);
}

static void write_id(struct vga *v, uint16_t value)
{
	if (value >= ID_OLDEST && value <= ID_NEWEST)
		v->vbe[VBE_ID] = value;
}

void vbe_write(struct vga *v, unsigned index, uint16_t value)
{
	switch (index) {
	case VBE_ID:
		write_id(v, value);
		break;
	case VBE_ENABLE:
		write_enable(v, value);
		break;
	case VBE_BANK:
		v->vbe[VBE_BANK] = value < v->vram_size / VGA_BANK_SIZE ? value : 0;
		vga_update_window(v);
		break;
	case VBE_XRES:
	case VBE_YRES:
	case VBE_BPP:
	case VBE_VIRT_WIDTH:
	case VBE_X_OFFSET:
	case VBE_Y_OFFSET:
		v->vbe[index] = value;
		if (vbe_is_on(v))
			make_consistent(v);
		vga_update_window(v);
		break;
	default: /* VIRT_HEIGHT follows from the rest; MEMORY is what it is */
		break;
	}
}

uint16_t vbe_read(const struct vga *v, unsigned index)
{
	static const uint16_t limits[] = {
		[VBE_XRES] = VGA_MAX_WIDTH, [VBE_YRES] = VGA_MAX_HEIGHT, [VBE_BPP] = 32
	};

	if (index >= VBE_COUNT)
		return 0;
	if (index == VBE_MEMORY)
		return (uint16_t)(v->vram_size / VGA_BANK_SIZE);
	if (v->vbe[VBE_ENABLE] & VBE_GETCAPS && index >= VBE_XRES && index <= VBE_BPP)
		return limits[index];
	return v->vbe[index];
}
