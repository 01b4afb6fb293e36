/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the VGA's own modes show, dot by dot. */
#include <string.h>

#include "vga-rig.h"

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

static void cursor_can_be_skewed(void)
{
	for (unsigned skew = 0; skew < 4; skew++) {
		start_in(&mode_03h);
		set_crtc(0x0f, 2);
		set_crtc(0x0b, (uint8_t)(0x0e | skew << 5));
		for (unsigned i = 0; i < 8; i++)
			put_char(i, ' ', 0x0f);
		look();
		for (unsigned i = 0; i < 8; i++)
			CU_ASSERT_EQUAL(dot(i * 9 + 4, 14), i == 2 + skew ? WHITE : 0);
		/* Beyond the last column it is not seen. */
		set_crtc(0x0f, 79);
		put_char(80, ' ', 0x0f);
		look();
		CU_ASSERT_EQUAL(dot(4, 16 + 14), 0);
	}
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

/* How often two pixels show each of two colours over 4 s; anything else is a failure. */
static unsigned count_shown(unsigned x, unsigned y, uint32_t color, uint32_t other)
{
	unsigned count = 0;

	for (unsigned i = 0; i < 40; i++) {
		look();
		count += dot(x, y) == color;
		CU_ASSERT(dot(x, y) == color || dot(x, y) == other);
		fake_clock_advance(100000000);
	}
	return count;
}

static void draw_colors(void)
{
	set_gr(5, 2);
	set_gr(8, 0xff);
	for (unsigned i = 0; i < 16; i++)
		poke(A0000 + i, (uint8_t)i);
}

static void bright_colours_blink_in_graphics_modes(void)
{
	unsigned on;

	start_in(&mode_12h);
	draw_colors();
	CU_ASSERT_EQUAL(count_shown(9 * 8, 0, 0x5555ff, 0), 40);
	set_attr(0x10, 0x09);
	on = count_shown(9 * 8, 0, 0x5555ff, BLUE);
	CU_ASSERT(on > 12 && on < 28);
	CU_ASSERT_EQUAL(count_shown(1 * 8, 0, 0x5555ff, 0), 40);
	look();
	look();
	CU_ASSERT_EQUAL(fake_display_damages(), 0); /* within a phase nothing changes */
}

/* The palette of mode 0Fh: value 1 is normal, 4 blinks, 5 is intensified; planes 0 and 2 are shown.
 */
static void mode_0fh_blinks(void)
{
	static const uint8_t palette[16] = {
		0, 8, 0, 0, 0x18, 0x18, 0, 0, 0, 8, 0, 0, 0, 0x18, 0, 0
	};
	unsigned on;

	start_in(&mode_12h);
	for (unsigned i = 0; i < 16; i++)
		set_attr(i, palette[i]);
	set_attr(0x12, 5);
	set_attr(0x10, 0x0b);
	draw_colors();
	on = count_shown(4 * 8, 0, 0x005555, 0);
	CU_ASSERT(on > 12 && on < 28);
	CU_ASSERT_EQUAL(count_shown(5 * 8, 0, 0x005555, 0), 40);
	CU_ASSERT_EQUAL(count_shown(1 * 8, 0, 0x000055, 0), 40);
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

static void colours_pass_the_palette_in_halves(void)
{
	start_in(&mode_13h);
	set_dac(0xa5, 63, 0, 0);
	set_dac(0xa0, 0, 63, 0);
	set_dac(0x05, 0, 0, 63);
	set_dac(0x81, 63, 63, 0);
	set_dac(0x00, 63, 63, 63);
	poke(A0000, 0xa5);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0xff0000);
	set_attr(0x05, 0x30); /* bits 5 and 4 have no part in it */
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0x00ff00);
	set_attr(0x05, 0x05);
	set_attr(0x0a, 0x00);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0x0000ff);
	set_attr(0x0a, 0x0a);
	set_attr(0x12, 0x09);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), 0xffff00);
	set_attr(0x12, 0x00);
	look();
	CU_ASSERT_EQUAL(dot(0, 0), WHITE);
}

/* Chain 4 turned off, the doubleword mode of the CRTC left on: only every fourth address is shown.
 */
static void doubleword_mode_shows_every_fourth_address(void)
{
	start_in(&mode_13h);
	set_dac(9, 0, 63, 0);
	set_seq(4, 0x06);
	set_seq(2, 0x02);
	poke(A0000 + 4, 9);
	poke(A0000 + 9, 9);
	look();
	CU_ASSERT_EQUAL(dot(10, 0), 0x00ff00);
	for (unsigned x = 0; x < 640; x++)
		CU_ASSERT(dot(x, 0) == 0 || x / 2 == 5);
	set_crtc(0x14, 0); /* byte mode, in either order of memory */
	set_crtc(0x17, 0xe3);
	for (unsigned i = 0; i < 2; i++) {
		look();
		CU_ASSERT_EQUAL(dot(2 * 17, 0), 0x00ff00);
		CU_ASSERT_EQUAL(dot(2 * 37, 0), 0x00ff00);
		CU_ASSERT_EQUAL(dot(10, 0), 0);
		set_seq(4, 0x0e);
	}
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

CU_TestInfo picture_tests[] = {
	ROW(text_shows_glyphs),
	ROW(eight_dots_and_two_fonts),
	ROW(cursor_blinks),
	ROW(cursor_can_be_skewed),
	ROW(characters_blink_or_have_bright_backgrounds),
	ROW(only_changed_cells_are_drawn),
	ROW(start_address_and_split),
	ROW(text_can_be_read),
	ROW(planar_sixteen_colours),
	ROW(bright_colours_blink_in_graphics_modes),
	ROW(mode_0fh_blinks),
	ROW(low_resolution_is_doubled),
	ROW(cga_lines_are_interleaved),
	ROW(mode_13h_has_256_colours),
	ROW(colours_pass_the_palette_in_halves),
	ROW(doubleword_mode_shows_every_fourth_address),
	ROW(mode_x_is_unchained),
	ROW(dark_screen_is_black),
	CU_TEST_INFO_NULL,
};
