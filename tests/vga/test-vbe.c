/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The VBE modes, the card, saved states and abuse. */
#include <string.h>

#include "vga-rig.h"

/* -- VBE */

static void vbe_depths(void)
{
	static const struct {
		unsigned depth;
		uint32_t pixel, color;
	} rows[] = {
		{ 8, 9, 0x00ff00 },         { 15, 0x7c1f, 0xff00ff },   { 16, 0x07e0, 0x00ff00 },
		{ 24, 0x123456, 0x123456 }, { 32, 0x654321, 0x654321 },
	};

	start();
	set_dac(9, 0, 63, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsigned bytes = (rows[i].depth + 7) / 8;

		set_vbe_mode(800, 600, rows[i].depth);
		for (unsigned b = 0; b < bytes; b++)
			poke(framebuffer + (800 * 10 + 20) * bytes + b,
			     (uint8_t)(rows[i].pixel >> 8 * b));
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

/* The size that is shown for it is not a part of video memory to draw. */
static void vbe_picture_too_small_to_show_is_black(void)
{
	start();
	set_dac(0, 63, 0, 0);
	set_vbe_mode(8, 1, 8);
	vbe(VBE_Y_OFFSET, 0xffff);
	look();
	CU_ASSERT_EQUAL(screen.width, 720);
	CU_ASSERT_EQUAL(screen.height, 400);
	CU_ASSERT_EQUAL(dot(0, 0), 0);
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
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 56, 1) | (fake_mmio_read(registers + 58, 1) >> 4)
								    << 8,
			1024);
	CU_ASSERT_EQUAL(fake_mmio_read(registers + 59, 1) | (fake_mmio_read(registers + 61, 1) >> 4)
								    << 8,
			768);
}

/* -- card, state, abuse */

static void isa_card_has_no_pci_function(void)
{
	fake_start();
	device = fake_device_new(
		NULL, "vga",
		(struct fake_row[]){ { "bus", "isa" }, { "vram", "4194304" }, { NULL, NULL } });
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
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "vga",
					   (struct fake_row[]){ { "vram", "16777216" },
								{ "rom", "/nonexistent" },
								{ NULL, NULL } },
					   &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "/nonexistent"));
	CU_ASSERT_PTR_NULL(fake_device_try(NULL, "vga",
					   (struct fake_row[]){ { "vram", "16777216" },
								{ "rom", "/dev/null" },
								{ NULL, NULL } },
					   &error));
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "vga", (struct fake_row[]){ { "vram", "5000000" }, { NULL, NULL } }, &error));
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

/* Versions that do not save the latches' condition mapped the window at once. */
static void older_state_maps_chain_4(void)
{
	struct fake_state *state;
	struct tsr_error error;

	start_in(&mode_13h);
	poke(A0000 + 77, 0x66);
	state = fake_device_save(device);
	CU_ASSERT(fake_state_remove(state, "plain_bytes") &&
		  fake_state_remove(state, "latch_lost"));
	set_mode(&mode_12h);
	CU_ASSERT(fake_device_load(device, state, 1, &error));
	fake_state_free(state);
	CU_ASSERT(((struct vga *)device)->linear_on);
	CU_ASSERT_EQUAL(peek(A0000 + 77), 0x66);
}

/* They put video memory into the order of 256 colours in every mode with chain 4. */
static void older_state_has_the_order_of_256_colours(void)
{
	struct fake_state *state;
	struct tsr_error error;

	start_in(&mode_13h);
	fake_mmio_write(A0000 + 4, 0x44332211, 4);
	((struct vga *)device)->gr[GR_MODE] = 0;
	state = fake_device_save(device);
	CU_ASSERT(fake_state_remove(state, "is_chained"));
	CU_ASSERT(fake_device_load(device, state, 1, &error));
	fake_state_free(state);
	CU_ASSERT_EQUAL(fake_mmio_read(A0000 + 4, 4), 0x44332211);
	CU_ASSERT_EQUAL(fake_mmio_read(framebuffer + 16, 4), 0x44332211);
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

/* The bank of a saved state with VBE off is not checked until VBE is turned on. */
static void banks_end_with_video_memory(void)
{
	static const uint16_t banks[] = { (16 << 20) / VGA_BANK_SIZE, 0xffff };
	struct tsr_error error;

	for (unsigned depth = 4; depth <= 8; depth += 4)
		for (size_t i = 0; i < sizeof(banks) / sizeof(banks[0]); i++) {
			struct fake_state *state;

			start_in(&mode_12h);
			vbe(VBE_BPP, (uint16_t)depth);
			vbe(VBE_XRES, 640);
			vbe(VBE_YRES, 480);
			state = fake_device_save(device);
			CU_ASSERT(fake_state_set(state, "vbe/f", banks[i]));
			CU_ASSERT(fake_device_load(device, state, 1, &error));
			fake_state_free(state);
			vbe(VBE_ENABLE, VBE_ENABLED);
			poke(A0000, 0x12);
			CU_ASSERT_EQUAL(peek(A0000), 0xff);
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

CU_TestInfo vbe_tests[] = {
	ROW(vbe_depths),
	ROW(vbe_identifies_itself),
	ROW(vbe_pages_can_be_flipped),
	ROW(vbe_picture_too_small_to_show_is_black),
	ROW(vbe_banks_reach_all_memory),
	ROW(vbe_draws_only_dirty_lines),
	ROW(planar_vbe),
	ROW(registers_are_in_bar_2),
	ROW(edid_is_consistent),
	ROW(isa_card_has_no_pci_function),
	ROW(wrong_rom_is_refused),
	ROW(state_survives),
	ROW(older_state_maps_chain_4),
	ROW(older_state_has_the_order_of_256_colours),
	ROW(strange_state_is_survived),
	ROW(banks_end_with_video_memory),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};
