/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VGA through its ports and its window on video memory. */
#include <string.h>

#include "vga-rig.h"

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

/* All planes' bytes at an offset, plane 0 lowest; leaves the adapter in read mode 0. */
static uint32_t peek_planes(uint32_t at)
{
	uint32_t planes = 0;

	set_gr(5, 0);
	for (unsigned plane = 0; plane < 4; plane++) {
		set_gr(4, (uint8_t)plane);
		planes |= (uint32_t)peek(at) << 8 * plane;
	}
	set_gr(4, 0);
	return planes;
}

static void poke_planes(uint32_t at, uint32_t planes)
{
	for (unsigned plane = 0; plane < 4; plane++) {
		set_seq(2, (uint8_t)(1 << plane));
		poke(at, (uint8_t)(planes >> 8 * plane));
	}
	set_seq(2, 15);
}

static void write_mode_3_applies_the_function(void)
{
	static const struct {
		uint32_t latches;
		uint8_t function, set_reset, bits;
		uint32_t result;
	} rows[] = {
		{ 0x00ff00ff, 0x00, 5, 0xff, 0x00ff00ff },
		{ 0x00ff00ff, 0x18, 5, 0xff, 0x00000000 },
		{ 0xaaaaaaaa, 0x08, 3, 0x0f, 0xa0a0aaaa },
		{ 0x11111111, 0x10, 8, 0xf0, 0xf1111111 },
		{ 0x0f0f0f0f, 0x18, 9, 0x3c, 0x330f0f33 },
	};

	start_in(&mode_12h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		poke_planes(A0000, rows[i].latches);
		peek(A0000);
		set_gr(5, 3);
		set_gr(0, rows[i].set_reset);
		set_gr(3, rows[i].function);
		poke(A0000, rows[i].bits);
		set_gr(3, 0);
		set_gr(0, 0);
		CU_ASSERT_EQUAL(peek_planes(A0000), rows[i].result);
	}
}

static void odd_even_chaining_replaces_address_bit_0(void)
{
	start_in(&mode_12h);
	set_gr(6, 0x07);
	poke(A0000 + 1, 0x5a);
	CU_ASSERT_EQUAL(peek(A0000 + 0), 0x5a);
	CU_ASSERT_EQUAL(peek(A0000 + 1), 0x5a);
	set_gr(6, 0x05);
	CU_ASSERT_EQUAL(peek(A0000 + 0), 0x5a);
	CU_ASSERT_EQUAL(peek(A0000 + 1), 0x00);
	/* The page bit selects the odd addresses. */
	set_gr(6, 0x07);
	fake_port_write(0x3c2, 0xc3, 1);
	poke(A0000 + 2, 0x77);
	CU_ASSERT_EQUAL(peek(A0000 + 3), 0x77);
	set_gr(6, 0x05);
	CU_ASSERT_EQUAL(peek(A0000 + 2), 0x00);
	CU_ASSERT_EQUAL(peek(A0000 + 3), 0x77);
	/* With a window of 128 KiB, address bit 16 does. */
	fake_port_write(0x3c2, 0xe3, 1);
	set_gr(6, 0x03);
	poke(A0000 + 0x10004, 0x99);
	set_gr(6, 0x05);
	CU_ASSERT_EQUAL(peek(A0000 + 4), 0x00);
	CU_ASSERT_EQUAL(peek(A0000 + 5), 0x99);
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
	/* a data path that is not plain: the handlers take over, on the same bytes */
	set_gr(8, 0x0f);
	peek(A0000 + 0x1234);
	poke(A0000 + 0x1234, 0xff);
	CU_ASSERT_EQUAL(peek(A0000 + 0x1234), 0x5f);
	set_gr(8, 0xff);
	CU_ASSERT_EQUAL(peek(A0000 + 0x1234), 0x5f);
}

/* -- chain 4 and what it has in common with the planes */

static bool is_mapped(void)
{
	return ((struct vga *)device)->linear_on;
}

/* What a program that fills the screen again and again does. */
static void fill_screens(void)
{
	for (unsigned i = 0; i < 5 * 0x10000; i += 8)
		fake_mmio_write(A0000 + (i & 0xffff), 0, 8);
}

/* A register that selects what the latches are for, its value there and its plain one. */
static const struct {
	uint8_t index, value, plain, cpu, result;
} latch_functions[] = {
	{ 8, 0x0f, 0xff, 0x00, 0xf0 }, { 3, 0x18, 0x00, 0x0f, 0xf0 }, { 3, 0x08, 0x00, 0x3c, 0x3c },
	{ 3, 0x10, 0x00, 0x00, 0xff }, { 5, 0x41, 0x40, 0x00, 0xff },
};

static void chain_4_uses_the_latches(void)
{
	for (unsigned mapped = 0; mapped < 2; mapped++)
		for (size_t i = 0; i < sizeof(latch_functions) / sizeof(latch_functions[0]); i++) {
			start_in(&mode_13h);
			if (mapped)
				fill_screens();
			CU_ASSERT_EQUAL(is_mapped(), mapped);
			poke(A0000, 0xff);
			CU_ASSERT_EQUAL(peek(A0000), 0xff);
			set_gr(latch_functions[i].index, latch_functions[i].value);
			CU_ASSERT_FALSE(is_mapped());
			poke(A0000, latch_functions[i].cpu);
			set_gr(latch_functions[i].index, latch_functions[i].plain);
			CU_ASSERT_EQUAL(peek(A0000), latch_functions[i].result);
		}
}

static void chain_4_copies_latches(void)
{
	start_in(&mode_13h);
	fake_mmio_write(A0000 + 8, 0x44332211, 4);
	peek(A0000 + 8);
	set_gr(5, 0x41);
	fake_mmio_write(A0000 + 400, 0, 4);
	set_gr(5, 0x40);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 400, 4), 0x44332211);
}

static void plain_chain_4_is_mapped(void)
{
	start_in(&mode_13h);
	fill_screens();
	CU_ASSERT(is_mapped());
	set_seq(2, 0x07);
	CU_ASSERT_FALSE(is_mapped());
	set_seq(2, 0x0f);
	fill_screens();
	CU_ASSERT(is_mapped());
	set_mode(&mode_12h);
	CU_ASSERT_FALSE(is_mapped());
	fill_screens();
	CU_ASSERT_FALSE(is_mapped());
	set_vbe_mode(640, 480, 8);
	CU_ASSERT(is_mapped());
}

static void chain_4_reaches_every_fourth_address(void)
{
	start_in(&mode_13h);
	for (unsigned i = 0; i < 12; i++)
		poke(A0000 + i, (uint8_t)(0x10 + i));
	set_seq(4, 0x06);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 0), 0x13121110);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 1), 0);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 4), 0x17161514);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 8), 0x1b1a1918);
	poke_planes(A0000 + 5, 0xa3a2a1a0);
	poke_planes(A0000 + 0xfffc, 0xb3b2b1b0);
	set_seq(4, 0x0e);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 4, 8), 0x1b1a191817161514);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 0xfffc, 4), 0xb3b2b1b0);
	set_seq(4, 0x06);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 5), 0xa3a2a1a0);
}

/* As GRUB's driver keeps text and fonts: chain 4 in a text mode, and a copy through BAR 0. */
static void chain_4_alone_leaves_video_memory_as_it_is(void)
{
	start_in(&mode_03h);
	fake_mmio_write(B8000, 0x1f421e41, 4);
	set_seq(4, 0x08);
	CU_ASSERT_EQUAL(fake_mmio_read(framebuffer, 2), 0x1e41);
	CU_ASSERT_EQUAL(fake_mmio_read(framebuffer + 8, 2), 0x1f42);
	fake_mmio_write(framebuffer + 8, 0x2043, 2);
	CU_ASSERT(fake_device_round_trip(device));
	set_seq(4, 0x02);
	CU_ASSERT_EQUAL(fake_mmio_read(B8000, 4), 0x20431e41);
}

static void chain_4_reaches_the_same_addresses_with_16_colours(void)
{
	start_in(&mode_12h);
	set_seq(4, 0x0e);
	fake_mmio_write(A0000 + 4, 0x1b1a191817161514, 8);
	poke(A0000 + 0xffff, 0xb3);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 4, 8), 0x1b1a191817161514);
	set_gr(5, 0x40);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 4, 8), 0x1b1a191817161514);
	CU_ASSERT_EQUAL(peek(A0000 + 0xffff), 0xb3);
	set_gr(5, 0x00);
	set_seq(4, 0x06);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 4), 0x17161514);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 5), 0);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 8), 0x1b1a1918);
	CU_ASSERT_EQUAL(peek_planes(A0000 + 0xfffc), 0xb3000000);
}

CU_TestInfo register_tests[] = {
	ROW(indexed_registers_keep_their_bits),
	ROW(crtc_timing_can_be_protected),
	ROW(attribute_port_alternates),
	ROW(dac_counts_components),
	ROW(retrace_follows_the_clock),
	ROW(write_modes),
	ROW(logic_works_with_latches),
	ROW(write_mode_3_applies_the_function),
	ROW(odd_even_chaining_replaces_address_bit_0),
	ROW(colours_can_be_compared),
	ROW(window_follows_its_map),
	ROW(chained_window_is_the_framebuffer),
	ROW(chain_4_uses_the_latches),
	ROW(chain_4_copies_latches),
	ROW(plain_chain_4_is_mapped),
	ROW(chain_4_reaches_every_fourth_address),
	ROW(chain_4_alone_leaves_video_memory_as_it_is),
	ROW(chain_4_reaches_the_same_addresses_with_16_colours),
	CU_TEST_INFO_NULL,
};
