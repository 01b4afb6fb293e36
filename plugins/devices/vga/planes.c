/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The CPU's window on video memory, A0000-BFFFF: map select, odd/even, chain 4, latches, write
 * modes 0-3, read modes 0-1.
 *
 * The four planes are interleaved: byte p of a dword of video memory belongs to plane p, and dword
 * n is address n of the planes. In chain 4 the CPU reaches every fourth address only. In 256-colour
 * modes with chain 4 the dwords are kept in another order, so that these come first: window and
 * video memory are then the same bytes in the same order, and the window can be mapped as memory.
 * Video memory is put into the other order when such a mode begins or ends (vga_dword). Chain 4
 * alone does not do so: drivers turn it on in a text mode to save and restore text and fonts
 * through the framebuffer, and they take the first bytes only.
 *
 * A mapped window does not load the latches when it is read. That is of no consequence while bytes
 * pass unchanged, but a program may read, then select a function that uses the latches, and write.
 * The window is therefore mapped only after LINEAR_AFTER bytes have passed through it unchanged.
 * When the latches are needed after all, they are taken from the address that is written.
 *
 * Source: IBM VGA/XGA Technical Reference Manual, "Graphics Controller" and "Memory Organization".
 * Gap: latches that were loaded from another address than the one that is written, by a read
 * through the mapped window.
 */
#include <string.h>

#include "vga.h"

static const uint32_t plane_bytes[16] = {
	0x00000000, 0x000000ff, 0x0000ff00, 0x0000ffff, 0x00ff0000, 0x00ff00ff,
	0x00ffff00, 0x00ffffff, 0xff000000, 0xff0000ff, 0xff00ff00, 0xff00ffff,
	0xffff0000, 0xffff00ff, 0xffffff00, 0xffffffff,
};

#define LINEAR_AFTER (256u << 10)

void vga_mark_dirty(struct vga *v, uint32_t offset, uint32_t length)
{
	uint32_t last = (offset + length - 1) >> TSR_PAGE_SHIFT;

	if (length)
		for (uint32_t page = offset >> TSR_PAGE_SHIFT; page <= last; page++)
			v->dirty[page / 8] |= 1u << (page % 8);
}

/* -- From a window offset to an address of video memory */

/* false: the window that the graphics controller selects does not reach there. */
static bool in_window(const struct vga *v, uint32_t *offset)
{
	static const struct {
		uint32_t base, length;
	} maps[4] = { { 0, 0x20000 }, { 0, 0x10000 }, { 0x10000, 0x8000 }, { 0x18000, 0x8000 } };
	unsigned map = vbe_is_packed(v) ? MAP_A0000_64K : vga_memory_map(v);

	*offset -= maps[map].base;
	return *offset < maps[map].length;
}

/* A dword's offset in video memory, in bytes; false: it lies beyond the end. */
static bool dword_offset(const struct vga *v, uint32_t dword, uint32_t *offset)
{
	if (vbe_is_on(v))
		dword += v->vbe[VBE_BANK] * VGA_BANK_SIZE;
	else
		dword &= VGA_PLANE_SIZE - 1;
	*offset = dword * 4;
	return (uint64_t)dword * 4 + 4 <= v->vram_size;
}

/*
 * Odd/even chaining: a higher bit takes the place of address bit 0. It is bit 16 where the window
 * has 128 KiB, else the page bit of the miscellaneous output register, inverted.
 */
static uint32_t replace_bit_0(const struct vga *v, uint32_t address)
{
	uint32_t bit =
		vga_memory_map(v) == MAP_A0000_128K ? address >> 16 & 1 : !(v->misc & MISC_PAGE);

	return (address & ~1u) | bit;
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
	case FUNCTION_AND:
		return value & v->latch;
	case FUNCTION_OR:
		return value | v->latch;
	case FUNCTION_XOR:
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

	switch (v->gr[GR_MODE] & GR_MODE_WRITE) {
	case 0:
		value = broadcast(rotated(v, byte));
		value = (value & ~enabled) | (set & enabled);
		return masked(v, logic(v, value), v->gr[GR_BIT_MASK]);
	case 1:
		return v->latch;
	case 2:
		return masked(v, logic(v, plane_bytes[byte & 15]), v->gr[GR_BIT_MASK]);
	default:
		return masked(v, logic(v, set), rotated(v, byte) & v->gr[GR_BIT_MASK]);
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

/* Bytes pass unchanged through chain 4. */
static void note_plain_byte(struct vga *v)
{
	if (v->plain_bytes < LINEAR_AFTER && ++v->plain_bytes == LINEAR_AFTER)
		vga_update_window(v);
}

/* The dword of the address that chain 4 reaches, in either order of video memory. */
static uint32_t chain_4_dword(const struct vga *v, uint32_t offset)
{
	if (v->is_chained || vbe_is_on(v))
		return offset >> 2;
	return (offset & 0xfffc) | offset >> 16;
}

uint8_t vga_window_read(struct vga *v, uint32_t offset)
{
	unsigned plane = v->gr[GR_READ_MAP];
	uint32_t dword, at;

	if (!in_window(v, &offset))
		return 0xff;
	if (vbe_is_packed(v))
		return read_packed(v, offset);
	dword = vga_dword(v, offset);
	if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
		plane = offset & 3;
		dword = chain_4_dword(v, offset);
	} else {
		if (v->gr[GR_MODE] & GR_MODE_ODD_EVEN)
			plane = (plane & 2) | (offset & 1);
		if (v->gr[GR_MISC] & GR_MISC_CHAIN_ODD_EVEN)
			dword = vga_dword(v, replace_bit_0(v, offset));
	}
	if (!dword_offset(v, dword, &at))
		return 0xff;
	v->latch = load_dword(v, at);
	v->latch_lost = false;
	if (v->is_plain)
		note_plain_byte(v);
	return v->gr[GR_MODE] & GR_MODE_COMPARE ? compare_planes(v)
						: (uint8_t)(v->latch >> 8 * plane);
}

static void write_planes(struct vga *v, uint32_t dword, unsigned planes, uint8_t value)
{
	uint32_t at;

	if (!planes || !dword_offset(v, dword, &at))
		return;
	if (v->latch_lost)
		v->latch = load_dword(v, at);
	v->latch_lost = false;
	store_planes(v, at, write_value(v, value), planes);
}

void vga_window_write(struct vga *v, uint32_t offset, uint8_t value)
{
	unsigned planes = v->seq[SEQ_MAP_MASK];
	uint32_t address;

	if (!in_window(v, &offset))
		return;
	if (vbe_is_packed(v)) {
		write_packed(v, offset, value);
		return;
	}
	if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
		write_planes(v, chain_4_dword(v, offset), planes & 1u << (offset & 3), value);
		if (v->is_plain)
			note_plain_byte(v);
		return;
	}
	address = v->gr[GR_MISC] & GR_MISC_CHAIN_ODD_EVEN ? replace_bit_0(v, offset) : offset;
	if (!(v->seq[SEQ_MEMORY] & SEQ_MEMORY_SEQUENTIAL))
		planes &= offset & 1 ? ODD_PLANES : EVEN_PLANES;
	write_planes(v, vga_dword(v, address), planes, value);
}

/* -- The order of dwords in video memory */

uint32_t vga_dword(const struct vga *v, uint32_t address)
{
	if (!v->is_chained)
		return address;
	address &= VGA_PLANE_SIZE - 1;
	return address >> 2 | (address & 3) << 14;
}

/* Puts video memory into the order that the mode asks for. VBE modes have no planes. */
static void arrange(struct vga *v)
{
	bool chained = v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4 &&
		       v->gr[GR_MODE] & GR_MODE_SHIFT_256 && !vbe_is_on(v);
	uint32_t *old = v->scratch;

	if (chained == v->is_chained)
		return;
	v->is_chained = true; /* vga_dword gives the places in that order */
	memcpy(old, v->vram, VGA_LEGACY_MEMORY);
	for (uint32_t address = 0; address < VGA_PLANE_SIZE; address++) {
		uint32_t place = vga_dword(v, address), from = chained ? address : place,
			 to = chained ? place : address;

		memcpy(v->vram + 4 * to, old + from, 4);
	}
	v->is_chained = chained;
	vga_mark_dirty(v, 0, VGA_LEGACY_MEMORY);
	v->fonts_changed = true;
}

/* -- The window as plain memory */

/* Chained by four, in that order, and with a data path that passes bytes as they are. */
static bool is_plain_chain4(const struct vga *v)
{
	return (v->is_chained || vbe_is_on(v)) && v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4 &&
	       v->seq[SEQ_MAP_MASK] == 0x0f &&
	       (v->gr[GR_MODE] & (GR_MODE_WRITE | GR_MODE_COMPARE)) == 0 && v->gr[GR_ENABLE] == 0 &&
	       v->gr[GR_ROTATE] == 0 && v->gr[GR_BIT_MASK] == 0xff &&
	       vga_memory_map(v) == MAP_A0000_64K;
}

void vga_update_window(struct vga *v)
{
	bool was_chained = v->is_chained, linear;

	arrange(v);
	v->is_plain = is_plain_chain4(v) && (!vbe_is_on(v) || !v->vbe[VBE_BANK]);
	if (!v->is_plain)
		v->plain_bytes = 0;
	linear = vbe_is_packed(v) ? v->vbe[VBE_BANK] == 0
				  : v->is_plain && v->plain_bytes == LINEAR_AFTER;
	if (linear == v->linear_on)
		return;
	v->linear_on = linear;
	v->latch_lost = v->latch_lost || (!linear && was_chained);
	v->memory->enable(v->linear_region, linear);
}

void vga_set_plain_bytes(struct vga *v, uint32_t count)
{
	v->plain_bytes = count < LINEAR_AFTER ? count : LINEAR_AFTER;
}
