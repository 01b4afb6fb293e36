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

CU_TestInfo register_tests[] = {
	ROW(indexed_registers_keep_their_bits),
	ROW(crtc_timing_can_be_protected),
	ROW(attribute_port_alternates),
	ROW(dac_counts_components),
	ROW(retrace_follows_the_clock),
	ROW(write_modes),
	ROW(logic_works_with_latches),
	ROW(colours_can_be_compared),
	ROW(window_follows_its_map),
	ROW(chained_window_is_the_framebuffer),
	CU_TEST_INFO_NULL,
};
