/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU's window on video memory, A0000-BFFFF: map select, odd/even, chain 4, latches, write
 * modes 0-3, read modes 0-1.
 *
 * The four planes are interleaved: byte p of the dword at 4 * n is plane p at address n. Chained by
 * four, window and memory are then the same bytes in the same order, and the window can be plain
 * memory (a real VGA uses every fourth address of each plane in that mode; the CRTC's doubleword
 * mode undoes either layout, see vga_address).
 * Source: IBM VGA/XGA Technical Reference Manual, "Graphics Controller" and "Memory Organization".
 * Gaps: the odd/even page bit of the miscellaneous register.
 */
#include <string.h>

#include "vga.h"

static const uint32_t plane_bytes[16] = {
	0x00000000, 0x000000ff, 0x0000ff00, 0x0000ffff,
	0x00ff0000, 0x00ff00ff, 0x00ffff00, 0x00ffffff,
	0xff000000, 0xff0000ff, 0xff00ff00, 0xff00ffff,
	0xffff0000, 0xffff00ff, 0xffffff00, 0xffffffff,
};

#define SEQ_CHAIN4 0x08u
#define SEQ_NOT_ODD_EVEN 0x04u
#define GR_READ_ODD_EVEN 0x10u
#define GR_CHAIN_ODD_EVEN 0x02u

void vga_mark_dirty(struct vga *v, uint32_t offset, uint32_t length)
{
	uint32_t last = (offset + length - 1) >> TSR_PAGE_SHIFT;

	if (length)
		for (uint32_t page = offset >> TSR_PAGE_SHIFT; page <= last; page++)
			v->dirty[page / 8] |= 1u << (page % 8);
}

/* -- Where a window offset leads */

/* false: the window that the graphics controller selects does not reach there. */
static bool in_window(const struct vga *v, uint32_t *offset)
{
	static const struct {
		uint32_t base, length;
	} maps[4] = { { 0, 0x20000 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 } };
	unsigned map = vbe_is_packed(v) ? 1 : v->gr[GR_MISC] >> 2 & 3;

	*offset -= maps[map].base;
	return *offset < maps[map].length;
}

/* A plane address as a dword's offset in video memory; false: beyond its end. */
static bool plane_offset(const struct vga *v, uint32_t address, uint32_t *offset)
{
	if (vbe_is_on(v))
		address += v->vbe[VBE_BANK] * VGA_BANK_SIZE;
	else
		address &= VGA_PLANE_SIZE - 1;
	*offset = address * 4;
	return (uint64_t)address * 4 + 4 <= v->vram_size;
}

static uint32_t load_dword(const struct vga *v, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, v->vram + offset, 4);
	return value;
}

static void store_planes(struct vga *v, uint32_t offset, uint32_t value, unsigned planes)
{
	uint32_t mask = plane_bytes[planes];

	value = (load_dword(v, offset) & ~mask) | (value & mask);
	memcpy(v->vram + offset, &value, 4);
	v->dirty[offset >> 15] |= 1u << (offset >> TSR_PAGE_SHIFT & 7);
	if (planes & 4)
		v->fonts_changed = true;
}

/* -- The graphics controller's data path */

static uint32_t broadcast(uint8_t byte)
{
	return byte * 0x01010101u;
}

static uint8_t rotated(const struct vga *v, uint8_t byte)
{
	unsigned count = v->gr[GR_ROTATE] & 7;

	return (uint8_t)(byte >> count | byte << (8 - count));
}

static uint32_t logic(const struct vga *v, uint32_t value)
{
	switch (v->gr[GR_ROTATE] >> 3 & 3) {
	case 1:
		return value & v->latch;
	case 2:
		return value | v->latch;
	case 3:
		return value ^ v->latch;
	default:
		return value;
	}
}

static uint32_t masked(const struct vga *v, uint32_t value, uint8_t bits)
{
	uint32_t mask = broadcast(bits);

	return (value & mask) | (v->latch & ~mask);
}

/* What the four planes get for one byte from the CPU. */
static uint32_t write_value(const struct vga *v, uint8_t byte)
{
	uint32_t set = plane_bytes[v->gr[GR_SET_RESET]], enabled = plane_bytes[v->gr[GR_ENABLE]],
		 value;

	switch (v->gr[GR_MODE] & 3) {
	case 0:
		value = broadcast(rotated(v, byte));
		value = (value & ~enabled) | (set & enabled);
		return masked(v, logic(v, value), v->gr[GR_BIT_MASK]);
	case 1:
		return v->latch;
	case 2:
		return masked(v, logic(v, plane_bytes[byte & 15]), v->gr[GR_BIT_MASK]);
	default:
		return masked(v, set, rotated(v, byte) & v->gr[GR_BIT_MASK]);
	}
}

/* Read mode 1: a bit is set where all planes that matter have the compared colour. */
static uint8_t compare_planes(const struct vga *v)
{
	uint32_t differ =
		(v->latch ^ plane_bytes[v->gr[GR_COMPARE]]) & plane_bytes[v->gr[GR_DONT_CARE]];

	differ |= differ >> 16;
	differ |= differ >> 8;
	return (uint8_t)~differ;
}

/* -- One byte through the window */

static uint8_t read_packed(struct vga *v, uint32_t offset)
{
	uint64_t at = (uint64_t)v->vbe[VBE_BANK] * VGA_BANK_SIZE + offset;

	return at < v->vram_size ? v->vram[at] : 0xff;
}

static void write_packed(struct vga *v, uint32_t offset, uint8_t value)
{
	uint64_t at = (uint64_t)v->vbe[VBE_BANK] * VGA_BANK_SIZE + offset;

	if (at >= v->vram_size)
		return;
	v->vram[at] = value;
	vga_mark_dirty(v, (uint32_t)at, 1);
}

uint8_t vga_window_read(struct vga *v, uint32_t offset)
{
	unsigned plane = v->gr[GR_READ_MAP];
	uint32_t at;

	if (!in_window(v, &offset))
		return 0xff;
	if (vbe_is_packed(v))
		return read_packed(v, offset);
	if (v->seq[SEQ_MEMORY] & SEQ_CHAIN4) {
		plane = offset & 3;
		offset >>= 2;
	} else if (v->gr[GR_MODE] & GR_READ_ODD_EVEN) {
		plane = (plane & 2) | (offset & 1);
		if (v->gr[GR_MISC] & GR_CHAIN_ODD_EVEN)
			offset &= ~1u;
	}
	if (!plane_offset(v, offset, &at))
		return 0xff;
	v->latch = load_dword(v, at);
	return v->gr[GR_MODE] & 8 ? compare_planes(v) : (uint8_t)(v->latch >> 8 * plane);
}

void vga_window_write(struct vga *v, uint32_t offset, uint8_t value)
{
	unsigned planes = v->seq[SEQ_MAP_MASK];
	uint32_t at;

	if (!in_window(v, &offset))
		return;
	if (vbe_is_packed(v)) {
		write_packed(v, offset, value);
		return;
	}
	if (v->seq[SEQ_MEMORY] & SEQ_CHAIN4) {
		planes &= 1u << (offset & 3);
		offset >>= 2;
	} else if (!(v->seq[SEQ_MEMORY] & SEQ_NOT_ODD_EVEN)) {
		planes &= offset & 1 ? 0x0a : 0x05;
		if (v->gr[GR_MISC] & GR_CHAIN_ODD_EVEN)
			offset &= ~1u;
	}
	if (planes && plane_offset(v, offset, &at))
		store_planes(v, at, write_value(v, value), planes);
}

/* -- The window as plain memory */

/* Chained by four and with a data path that passes bytes as they are. */
static bool is_plain_chain4(const struct vga *v)
{
	return v->seq[SEQ_MEMORY] & SEQ_CHAIN4 && v->seq[SEQ_MAP_MASK] == 0x0f &&
	       (v->gr[GR_MODE] & 0x0b) == 0 && v->gr[GR_ENABLE] == 0 && v->gr[GR_ROTATE] == 0 &&
	       v->gr[GR_BIT_MASK] == 0xff && (v->gr[GR_MISC] >> 2 & 3) == 1;
}

void vga_update_window(struct vga *v)
{
	bool linear = vbe_is_packed(v) ? v->vbe[VBE_BANK] == 0
				       : is_plain_chain4(v) && (!vbe_is_on(v) || !v->vbe[VBE_BANK]);

	if (linear == v->linear_on)
		return;
	v->linear_on = linear;
	v->memory->enable(v->linear_region, linear);
}
