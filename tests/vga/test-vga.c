/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VGA through its ports and windows; pictures are looked at dot by dot. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include <fake-host.h>

#include "vga.h"
#include "vga-modes.h"

#define A0000 0xa0000u
#define B8000 0xb8000u
#define BLUE 0x0000aau
#define WHITE 0xffffffu

static struct {
	const uint32_t *pixels;
	unsigned width, height;
	size_t stride;
} screen;

static void *device;
static uint32_t framebuffer, registers;

/* -- steps */

static void start(void)
{
	unsigned bdf;

	fake_start();
	device = fake_device_new(NULL, "vga", (struct fake_row[]){ { "vram", "16777216" }, { NULL, NULL } });
	bdf = fake_pci_of(device);
	fake_pci_enable(bdf);
	framebuffer = fake_pci_bar(bdf, 0);
	registers = fake_pci_bar(bdf, 2);
}

static void start_in(const struct vga_mode *mode)
{
	start();
	set_mode(mode);
}

static void look(void)
{
	screen.pixels = fake_display_refresh(false, &screen.width, &screen.height, &screen.stride);
}

static uint32_t dot(unsigned x, unsigned y)
{
	return screen.pixels[y * (screen.stride / 4) + x] & 0xffffff;
}

static void poke(uint32_t at, uint8_t value)
{
	fake_mmio_write(at, value, 1);
}

static uint8_t peek(uint32_t at)
{
	return (uint8_t)fake_mmio_read(at, 1);
}

static void vbe(unsigned index, uint16_t value)
{
	fake_port_write(0x1ce, index, 2);
	fake_port_write(0x1cf, value, 2);
}

static uint16_t get_vbe(unsigned index)
{
	fake_port_write(0x1ce, index, 2);
	return (uint16_t)fake_port_read(0x1cf, 2);
}

static void set_vbe_mode(unsigned width, unsigned height, unsigned depth)
{
	vbe(VBE_ENABLE, 0);
	vbe(VBE_XRES, (uint16_t)width);
	vbe(VBE_YRES, (uint16_t)height);
	vbe(VBE_BPP, (uint16_t)depth);
	vbe(VBE_ENABLE, VBE_ENABLED | VBE_LFB);
	fake_port_write(0x3c2, 0x63, 1);
	set_attr(0x10, 0x41); /* leaves the palette to the display */
}

/* A glyph of 16 lines into a font at `offset` of plane 2, as a BIOS loads fonts. */
static void load_glyph(unsigned offset, uint8_t code, uint8_t bits)
{
	set_seq(2, 4);
	set_seq(4, 7);
	set_gr(4, 2);
	set_gr(5, 0);
	set_gr(6, 4);
	for (unsigned i = 0; i < 16; i++)
		poke(A0000 + offset + code * 32u + i, bits);
	set_seq(2, 3);
	set_seq(4, 3);
	set_gr(4, 0);
	set_gr(5, 0x10);
	set_gr(6, 0x0e);
	set_seq(4, 2);
}

static void put_char(unsigned cell, uint8_t code, uint8_t attribute)
{
	fake_mmio_write(B8000 + cell * 2, code | attribute << 8, 2);
}

/* -- registers */

static void indexed_registers_keep_their_bits(void)
{
	start_in(&mode_12h);
	set_gr(0, 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x3cf, 1), 0x0f);
	set_seq(4, 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x3c5, 1), 0x0e);
	set_crtc(0x13, 0x99);
	CU_ASSERT_EQUAL(fake_port_read(0x3d5, 1), 0x99);
	CU_ASSERT_EQUAL(fake_port_read(0x3b5, 1), 0xff);
	CU_ASSERT_EQUAL(fake_port_read(0x3cc, 1), 0xe3);
}

static void crtc_timing_can_be_protected(void)
{
	start_in(&mode_12h);
	set_crtc(0x11, 0x8c);
	set_crtc(0, 0x11);
	CU_ASSERT_EQUAL(fake_port_read(0x3d5, 1), 0x5f);
	set_crtc(7, 0x00);
	CU_ASSERT_EQUAL(fake_port_read(0x3d5, 1), 0x2e); /* line compare alone follows */
}

static void attribute_port_alternates(void)
{
	start_in(&mode_03h);
	fake_port_read(0x3da, 1);
	fake_port_write(0x3c0, 0x25, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x3c1, 1), 0x05);
	fake_port_write(0x3c0, 0x3f, 1); /* the palette is the display's now: not written */
	CU_ASSERT_EQUAL(fake_port_read(0x3c1, 1), 0x05);
	fake_port_write(0x3c0, 0x05, 1);
	fake_port_write(0x3c0, 0x3f, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x3c1, 1), 0x3f);
}

static void dac_counts_components(void)
{
	start_in(&mode_13h);
	set_dac(200, 1, 2, 0xff);
	fake_port_write(0x3c7, 200, 1);
	CU_ASSERT_EQUAL(fake_port_read(0x3c7, 1), 3);
	CU_ASSERT_EQUAL(fake_port_read(0x3c9, 1), 1);
	CU_ASSERT_EQUAL(fake_port_read(0x3c9, 1), 2);
	CU_ASSERT_EQUAL(fake_port_read(0x3c9, 1), 0x3f);
	CU_ASSERT_EQUAL(fake_port_read(0x3c8, 1), 201);
}

static void retrace_follows_the_clock(void)
{
	unsigned retraces = 0, blanks = 0, edges = 0, last = 0;

	start_in(&mode_03h);
	for (unsigned i = 0; i < 100000; i++) { /* one second */
		unsigned status = fake_port_read(0x3da, 1);

		retraces += status >> 3 & 1;
		blanks += status & 1;
		edges += status >> 3 & ~last & 1;
		last = status >> 3;
		fake_clock_advance(10000);
	}
	CU_ASSERT(edges >= 69 && edges <= 71); /* 70 Hz */
	CU_ASSERT(retraces > 300 && retraces < 600);
	CU_ASSERT(blanks > 25000 && blanks < 35000);
}

/* -- memory */

static void write_modes(void)
{
	start_in(&mode_12h);
	set_gr(8, 0xf0);
	set_gr(0, 0x05);
	set_gr(1, 0x0f); /* set/reset: planes 0 and 2 */
	poke(A0000, 0x00);
	set_gr(1, 0);
	for (unsigned plane = 0; plane < 4; plane++) {
		set_gr(4, (uint8_t)plane);
		CU_ASSERT_EQUAL(peek(A0000), plane & 1 ? 0x00 : 0xf0);
	}
	set_gr(5, 1); /* latches */
	poke(A0000 + 1, 0x77);
	set_gr(4, 2);
	CU_ASSERT_EQUAL(peek(A0000 + 1), 0xf0);
	set_gr(5, 2); /* colour */
	set_gr(8, 0x0f);
	poke(A0000 + 1, 0x08);
	set_gr(4, 3);
	CU_ASSERT_EQUAL(peek(A0000 + 1), 0x0f);
	set_gr(4, 2);
	CU_ASSERT_EQUAL(peek(A0000 + 1), 0xf0);
	set_gr(5, 3); /* mask from the CPU */
	set_gr(8, 0xff);
	set_gr(0, 0x0f);
	set_gr(3, 1); /* rotate by one */
	peek(A0000 + 2);
	poke(A0000 + 2, 0x03);
	set_gr(4, 0);
	CU_ASSERT_EQUAL(peek(A0000 + 2), 0x81);
}

static void logic_works_with_latches(void)
{
	static const uint8_t results[4] = { 0x0f, 0x05, 0x5f, 0x5a };

	start_in(&mode_12h);
	for (unsigned function = 0; function < 4; function++) {
		set_gr(3, 0);
		poke(A0000, 0x55);
		peek(A0000);
		set_gr(3, (uint8_t)(function << 3));
		poke(A0000, 0x0f);
		CU_ASSERT_EQUAL(peek(A0000), results[function]);
	}
}

static void colours_can_be_compared(void)
{
	start_in(&mode_12h);
	set_seq(2, 1);
	poke(A0000, 0xf0);
	set_seq(2, 2);
	poke(A0000, 0xcc);
	set_gr(5, 8);
	set_gr(2, 3);
	set_gr(7, 3);
	CU_ASSERT_EQUAL(peek(A0000), 0xc0);
	set_gr(7, 1);
	CU_ASSERT_EQUAL(peek(A0000), 0xf0);
	set_gr(7, 0);
	CU_ASSERT_EQUAL(peek(A0000), 0xff);
}

static void window_follows_its_map(void)
{
	start_in(&mode_03h);
	put_char(0, 'A', 7);
	CU_ASSERT_EQUAL(fake_mmio_read(B8000, 2), 0x0741);
	CU_ASSERT_EQUAL(peek(A0000), 0xff);
	CU_ASSERT_EQUAL(peek(0xb0000), 0xff);
	set_mode(&mode_13h);
	CU_ASSERT_EQUAL(peek(B8000), 0xff);
	CU_ASSERT_NOT_EQUAL(peek(A0000), 0xff);
}

static void chained_window_is_the_framebuffer(void)
{
	start_in(&mode_13h);
	poke(A0000 + 0x1234, 0x56);
	CU_ASSERT_EQUAL(peek(framebuffer + 0x1234), 0x56);
	set_gr(8, 0x0f); /* a data path that is not plain: the handlers take over, on the same bytes */
	peek(A0000 + 0x1234);
	poke(A0000 + 0x1234, 0xff);
	CU_ASSERT_EQUAL(peek(A0000 + 0x1234), 0x5f);
	set_gr(8, 0xff);
	CU_ASSERT_EQUAL(peek(A0000 + 0x1234), 0x5f);
}

/* -- text */

static void text_shows_glyphs(void)
{
	start_in(&mode_03h);
	load_glyph(0, 'A', 0x81);
	load_glyph(0, 0xc4, 0x01);
	set_crtc(0x0a, 0x20);
	put_char(0, 'A', 0x1f);
	put_char(81, 0xc4, 0x1f);
	look();
	CU_ASSERT_EQUAL(screen.width, 720);
	CU_ASSERT_EQUAL(screen.height, 400);
	CU_ASSERT_EQUAL(dot(0, 0), WHITE);
	CU_ASSERT_EQUAL(dot(1, 15), BLUE);
	CU_ASSERT_EQUAL(dot(7, 5), WHITE);
	CU_ASSERT_EQUAL(dot(8, 5), BLUE); /* the ninth dot */
	CU_ASSERT_EQUAL(dot(9 + 7, 16), WHITE);
	CU_ASSERT_EQUAL(dot(9 + 8, 16), WHITE); /* line graphics go on into it */
	CU_ASSERT_EQUAL(dot(30, 5), 0);
}

static void eight_dots_and_two_fonts(void)
{
	start_in(&mode_03h);
	set_seq(1, 1);
	load_glyph(0, 'x', 0x0f);
	load_glyph(0x4000, 'x', 0xf0);
	set_seq(3, 0x04); /* attribute bit 3 set: the second font */
	set_crtc(0x0a, 0x20);
	put_char(0, 'x', 0x07);
	put_char(1, 'x', 0x0f);
	look();
	CU_ASSERT_EQUAL(screen.width, 640);
	CU_ASSERT_EQUAL(dot(0, 0), 0);
	CU_ASSERT_NOT_EQUAL(dot(4, 0), 0);
	CU_ASSERT_NOT_EQUAL(dot(8, 0), 0);
	CU_ASSERT_EQUAL(dot(12, 0), 0);
}

static void cursor_blinks(void)
{
	unsigned on = 0;

	start_in(&mode_03h);
	set_crtc(0x0e, 0);
	set_crtc(0x0f, 2);
	put_char(2, ' ', 0x0f);
	for (unsigned i = 0; i < 40; i++) {
		look();
		on += dot(2 * 9 + 4, 14) == WHITE;
		CU_ASSERT_EQUAL(dot(2 * 9 + 4, 3), 0);
		fake_clock_advance(100000000);
	}
	CU_ASSERT(on > 12 && on < 28);
	set_crtc(0x0a, 0x20);
	look();
	CU_ASSERT_EQUAL(dot(2 * 9 + 4, 14), 0);
}

static void characters_blink_or_have_bright_backgrounds(void)
{
	unsigned on = 0;

	start_in(&mode_03h);
	load_glyph(0, 'b', 0xff);
	set_crtc(0x0a, 0x20);
	put_char(0, 'b', 0x9f);
	for (unsigned i = 0; i < 40; i++) {
		look();
		on += dot(0, 0) == WHITE;
		CU_ASSERT_EQUAL(dot(8, 0), BLUE);
		fake_clock_advance(100000000);
	}
	CU_ASSERT(on > 12 && on < 28);
	set_attr(0x10, 0x04);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), WHITE);
	CU_ASSERT_EQUAL(dot(8, 0), 0x5555ff);
}

static void only_changed_cells_are_drawn(void)
{
	start_in(&mode_03h);
	set_crtc(0x0a, 0x20);
	look();
	CU_ASSERT(fake_display_damages() > 0);
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 0);
	put_char(100, 'x', 0x70);
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 1);
	CU_ASSERT_EQUAL(dot(20 * 9, 16), 0xaaaaaa);
}

static void start_address_and_split(void)
{
	start_in(&mode_03h);
	set_crtc(0x0a, 0x20);
	put_char(0, ' ', 0x10);
	put_char(160, ' ', 0x70);
	set_crtc(0x0d, 160);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0xaaaaaa);
	set_crtc(0x07, 0x0f);
	set_crtc(0x09, 0x0f);
	set_crtc(0x18, 199);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0xaaaaaa);
	CU_ASSERT_EQUAL(dot(0, 200), BLUE);
}

static void text_can_be_read(void)
{
	char text[4000];

	start_in(&mode_03h);
	for (unsigned i = 0; i < 2000; i++)
		put_char(i, ' ', 7);
	put_char(0, 'H', 7);
	put_char(1, 'i', 7);
	put_char(80, 0xc9, 7);
	CU_ASSERT_EQUAL(fake_display_text(text, sizeof(text)), 2 + 1 + 3 + 1 + 23);
	CU_ASSERT_NSTRING_EQUAL(text, "Hi\n\xe2\x95\x94\n\n", 8);
	CU_ASSERT_EQUAL(fake_display_text(text, 3), 30);
	CU_ASSERT_STRING_EQUAL(text, "Hi");
	set_mode(&mode_13h);
	CU_ASSERT_EQUAL(fake_display_text(text, sizeof(text)), 0);
}

/* -- graphics */

static void planar_sixteen_colours(void)
{
	start_in(&mode_12h);
	set_gr(5, 2);
	set_gr(8, 0x80);
	for (unsigned i = 0; i < 16; i++) {
		peek(A0000 + 80 * 479 + i);
		poke(A0000 + 80 * 479 + i, (uint8_t)i);
	}
	look();
	CU_ASSERT_EQUAL(screen.width, 640);
	CU_ASSERT_EQUAL(screen.height, 480);
	CU_ASSERT_EQUAL(dot(8, 479), BLUE);
	CU_ASSERT_EQUAL(dot(9, 479), 0);
	CU_ASSERT_EQUAL(dot(15 * 8, 479), WHITE);
	CU_ASSERT_EQUAL(dot(6 * 8, 479), 0xaa5500); /* brown */
}

static void low_resolution_is_doubled(void)
{
	start_in(&mode_0dh);
	poke(A0000 + 40, 0x80); /* all planes */
	look();
	CU_ASSERT_EQUAL(screen.width, 640);
	CU_ASSERT_EQUAL(screen.height, 400);
	CU_ASSERT_EQUAL(dot(0, 2), 0xaaffaa); /* colour 17h on this palette */
	CU_ASSERT_EQUAL(dot(1, 3), 0xaaffaa);
	CU_ASSERT_EQUAL(dot(2, 2), 0);
	CU_ASSERT_EQUAL(dot(0, 4), 0);
	CU_ASSERT_EQUAL(dot(0, 1), 0);
}

static void cga_lines_are_interleaved(void)
{
	start_in(&mode_04h);
	poke(B8000, 0x40);          /* line 0, dot 0: colour 1 */
	poke(B8000 + 1, 0x02);      /* line 0, dot 7: colour 2 */
	poke(B8000 + 0x2000, 0xc0); /* line 1, dot 0: colour 3 */
	poke(B8000 + 80, 0xc0);     /* line 2 */
	look();
	CU_ASSERT_EQUAL(screen.width, 640);
	CU_ASSERT_EQUAL(screen.height, 400);
	CU_ASSERT_NOT_EQUAL(dot(0, 0), 0);
	CU_ASSERT_EQUAL(dot(1, 1), dot(0, 0));
	CU_ASSERT_EQUAL(dot(2, 0), 0);
	CU_ASSERT_NOT_EQUAL(dot(14, 0), 0);
	CU_ASSERT_NOT_EQUAL(dot(14, 0), dot(0, 0));
	CU_ASSERT_NOT_EQUAL(dot(0, 2), 0);
	CU_ASSERT_EQUAL(dot(0, 4), dot(0, 2));
}

static void mode_13h_has_256_colours(void)
{
	start_in(&mode_13h);
	set_dac(200, 63, 0, 21);
	poke(A0000, 200);
	poke(A0000 + 199 * 320 + 319, 200);
	look();
	CU_ASSERT_EQUAL(screen.width, 640);
	CU_ASSERT_EQUAL(screen.height, 400);
	CU_ASSERT_EQUAL(dot(0, 0), 0xff0055);
	CU_ASSERT_EQUAL(dot(1, 1), 0xff0055);
	CU_ASSERT_EQUAL(dot(2, 0), 0);
	CU_ASSERT_EQUAL(dot(639, 399), 0xff0055);
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 0);
	poke(A0000 + 320 * 100, 200);
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 1);
	CU_ASSERT_EQUAL(dot(0, 200), 0xff0055);
}

static void mode_x_is_unchained(void)
{
	start_in(&mode_13h);
	set_seq(4, 0x06);
	set_crtc(0x14, 0);
	set_crtc(0x17, 0xe3);
	set_dac(9, 0, 63, 0);
	set_seq(2, 0x02); /* second dot of four */
	poke(A0000 + 1, 9);
	set_crtc(0x0c, 0x40); /* the second page */
	poke(A0000 + 0x4000 + 80, 9);
	look();
	CU_ASSERT_EQUAL(dot(2, 2), 0x00ff00);
	CU_ASSERT_EQUAL(dot(0, 2), 0);
	CU_ASSERT_EQUAL(dot(10, 0), 0);
	set_crtc(0x0c, 0);
	look();
	CU_ASSERT_EQUAL(dot(10, 0), 0x00ff00);
	set_attr(0x13, 2); /* panned by one pixel */
	look();
	CU_ASSERT_EQUAL(dot(8, 0), 0x00ff00);
}

static void dark_screen_is_black(void)
{
	start_in(&mode_13h);
	memset(fake_ram(0), 0, 1);
	set_dac(0, 63, 63, 63);
	look();
	CU_ASSERT_EQUAL(dot(5, 5), WHITE);
	set_seq(1, 0x21);
	look();
	CU_ASSERT_EQUAL(dot(5, 5), 0);
	set_seq(1, 0x01);
	look();
	CU_ASSERT_EQUAL(dot(5, 5), WHITE);
}

/* -- VBE */

static void vbe_depths(void)
{
	static const struct {
		unsigned depth;
		uint32_t pixel, color;
	} rows[] = {
		{ 8, 9, 0x00ff00 }, { 15, 0x7c1f, 0xff00ff }, { 16, 0x07e0, 0x00ff00 }, { 24, 0x123456, 0x123456 }, { 32, 0x654321, 0x654321 },
	};

	start();
	set_dac(9, 0, 63, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned bytes = (rows[i].depth + 7) / 8;

		set_vbe_mode(800, 600, rows[i].depth);
		for (unsigned b = 0; b < bytes; b++)
			poke(framebuffer + (800 * 10 + 20) * bytes + b, (uint8_t)(rows[i].pixel >> 8 * b));
		look();
		CU_ASSERT_EQUAL(screen.width, 800);
		CU_ASSERT_EQUAL(screen.height, 600);
		CU_ASSERT_EQUAL(dot(20, 10), rows[i].color);
		CU_ASSERT_EQUAL(dot(21, 10), 0);
	}
}

static void vbe_identifies_itself(void)
{
	start();
	CU_ASSERT_EQUAL(get_vbe(VBE_ID), 0xb0c5);
	vbe(VBE_ID, 0xb0c2);
	CU_ASSERT_EQUAL(get_vbe(VBE_ID), 0xb0c2);
	vbe(VBE_ID, 0x1234);
	CU_ASSERT_EQUAL(get_vbe(VBE_ID), 0xb0c2);
	CU_ASSERT_EQUAL(get_vbe(VBE_MEMORY), 256);
	vbe(VBE_ENABLE, VBE_GETCAPS);
	CU_ASSERT_EQUAL(get_vbe(VBE_XRES), VGA_MAX_WIDTH);
	CU_ASSERT_EQUAL(get_vbe(VBE_BPP), 32);
}

static void vbe_pages_can_be_flipped(void)
{
	start();
	set_vbe_mode(640, 480, 32);
	fake_mmio_write(framebuffer + 640 * 4 * 480, 0xff00ff, 4);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0);
	vbe(VBE_Y_OFFSET, 480);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0xff00ff);
	vbe(VBE_VIRT_WIDTH, 1024);
	CU_ASSERT_EQUAL(get_vbe(VBE_VIRT_WIDTH), 1024);
	CU_ASSERT_EQUAL(get_vbe(VBE_VIRT_HEIGHT), (16 << 20) / 4096);
	vbe(VBE_Y_OFFSET, 0xffff);
	CU_ASSERT_EQUAL(get_vbe(VBE_Y_OFFSET), 0);
}

static void vbe_banks_reach_all_memory(void)
{
	start();
	set_vbe_mode(1024, 768, 32);
	poke(A0000 + 4, 0x11);
	vbe(VBE_BANK, 200);
	poke(A0000 + 4, 0x22);
	CU_ASSERT_EQUAL(peek(framebuffer + 4), 0x11);
	CU_ASSERT_EQUAL(peek(framebuffer + 200 * 65536 + 4), 0x22);
	CU_ASSERT_EQUAL(peek(A0000 + 4), 0x22);
	vbe(VBE_BANK, 0);
	CU_ASSERT_EQUAL(peek(A0000 + 4), 0x11);
}

static void vbe_draws_only_dirty_lines(void)
{
	start();
	set_vbe_mode(1024, 768, 32);
	look();
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 0);
	fake_mmio_write(framebuffer + 1024 * 4 * 100, 0xffffff, 4);
	fake_mmio_write(framebuffer + 1024 * 4 * 700, 0xffffff, 4);
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 2);
	CU_ASSERT_EQUAL(dot(0, 700), WHITE);
}

static void planar_vbe(void)
{
	start_in(&mode_12h);
	set_vbe_mode(800, 600, 4);
	set_attr(0x10, 0x01);
	set_gr(5, 2);
	set_gr(8, 0x80);
	peek(A0000 + 100 * 500 + 99);
	poke(A0000 + 100 * 500 + 99, 15);
	look();
	CU_ASSERT_EQUAL(screen.width, 800);
	CU_ASSERT_EQUAL(dot(792, 500), WHITE);
	CU_ASSERT_EQUAL(dot(793, 500), 0);
}

static void registers_are_in_bar_2(void)
{
	start_in(&mode_12h);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 0x500, 2), 0xb0c5);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 0x40c, 1), 0xe3);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 0x600, 4), 8);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 0x604, 4), 0x1e1e1e1e);
	CU_ASSERT_EQUAL(fake_mmio_read(registers, 4), 0xffffff00);
	fake_mmio_write(registers + 0x500 + 2 * VBE_XRES, 1280, 2);
	CU_ASSERT_EQUAL(get_vbe(VBE_XRES), 1280);
}

static void edid_is_consistent(void)
{
	unsigned sum = 0;

	start();
	for (unsigned i = 0; i < 128; i++)
		sum += (unsigned)fake_mmio_read(registers + i, 1);
	CU_ASSERT_EQUAL(sum & 0xff, 0);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 56, 1) | (fake_mmio_read(registers + 58, 1) >> 4) << 8, 1024);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 59, 1) | (fake_mmio_read(registers + 61, 1) >> 4) << 8, 768);
}

/* -- card, state, abuse */

static void isa_card_has_no_pci_function(void)
{
	fake_start();
	device = fake_device_new(NULL, "vga", (struct fake_row[]){ { "bus", "isa" }, { "vram", "4194304" }, { NULL, NULL } });
	CU_ASSERT_EQUAL(fake_pci_read(1 << 3, 0, 2), 0xffff);
	set_vbe_mode(640, 480, 32);
	fake_mmio_write(VGA_ISA_FRAMEBUFFER, 0x123456, 4);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0x123456);
}

static void wrong_rom_is_refused(void)
{
	struct tsr_error error = { 0 };

	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "vga", (struct fake_row[]){ { "vram", "16777216" }, { "rom", "/nonexistent" }, { NULL, NULL } },
					   &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "/nonexistent"));
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "vga", (struct fake_row[]){ { "vram", "16777216" }, { "rom", "/dev/null" }, { NULL, NULL } },
					   &error));
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "vga", (struct fake_row[]){ { "vram", "5000000" }, { NULL, NULL } }, &error));
}

static void state_survives(void)
{
	start_in(&mode_12h);
	set_gr(5, 2);
	poke(A0000 + 5, 9);
	peek(A0000 + 5);
	CU_ASSERT(fake_device_round_trip(device));
	look();
	CU_ASSERT_EQUAL(dot(40, 0), 0x5555ff);
	set_vbe_mode(1024, 768, 16);
	vbe(VBE_VIRT_WIDTH, 2048);
	vbe(VBE_Y_OFFSET, 300);
	vbe(VBE_BANK, 7);
	CU_ASSERT(fake_device_round_trip(device));
	CU_ASSERT_EQUAL(get_vbe(VBE_Y_OFFSET), 300);
}

static void strange_state_is_survived(void)
{
	struct tsr_error error;

	start_in(&mode_03h);
	for (uint64_t seed = 1; seed < 60; seed++) {
		struct fake_state *state = fake_device_save(device);

		fake_state_scramble(state, seed);
		fake_device_load(device, state, 1, &error);
		fake_state_free(state);
		look();
		peek(A0000 + 100);
		poke(A0000 + 100, 1);
		fake_port_read(0x3da, 1);
	}
}

static void any_register_access_is_defined(void)
{
	char text[100];

	start_in(&mode_03h);
	for (uint64_t seed = 0; seed < 400; seed++) {
		fake_device_fuzz_registers(seed, 200);
		look();
		fake_display_text(text, sizeof(text));
	}
}

#define ROW(test) { #test, test }
static CU_TestInfo register_tests[] = {
	ROW(indexed_registers_keep_their_bits), ROW(crtc_timing_can_be_protected), ROW(attribute_port_alternates),
	ROW(dac_counts_components), ROW(retrace_follows_the_clock), ROW(write_modes), ROW(logic_works_with_latches),
	ROW(colours_can_be_compared), ROW(window_follows_its_map), ROW(chained_window_is_the_framebuffer), CU_TEST_INFO_NULL,
};
static CU_TestInfo picture_tests[] = {
	ROW(text_shows_glyphs), ROW(eight_dots_and_two_fonts), ROW(cursor_blinks), ROW(characters_blink_or_have_bright_backgrounds),
	ROW(only_changed_cells_are_drawn), ROW(start_address_and_split), ROW(text_can_be_read), ROW(planar_sixteen_colours),
	ROW(low_resolution_is_doubled), ROW(cga_lines_are_interleaved), ROW(mode_13h_has_256_colours), ROW(mode_x_is_unchained),
	ROW(dark_screen_is_black), CU_TEST_INFO_NULL,
};
static CU_TestInfo vbe_tests[] = {
	ROW(vbe_depths), ROW(vbe_identifies_itself), ROW(vbe_pages_can_be_flipped), ROW(vbe_banks_reach_all_memory),
	ROW(vbe_draws_only_dirty_lines), ROW(planar_vbe), ROW(registers_are_in_bar_2), ROW(edid_is_consistent),
	ROW(isa_card_has_no_pci_function), ROW(wrong_rom_is_refused), ROW(state_survives), ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined), CU_TEST_INFO_NULL,
};

int main(void)
{
	CU_SuiteInfo suites[] = {
		{ .pName = "registers", .pTests = register_tests },
		{ .pName = "pictures", .pTests = picture_tests },
		{ .pName = "vbe", .pTests = vbe_tests },
		CU_SUITE_INFO_NULL,
	};
	unsigned failures;

	if (CU_initialize_registry() || CU_register_suites(suites))
		return 1;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	fake_finish();
	return failures != 0;
}
