/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vga-rig.h"

struct vga_screen screen;
void *device;
uint32_t framebuffer, registers;

void start(void)
{
	unsigned bdf;

	fake_start();
	device = fake_device_new(NULL, "vga",
				 (struct fake_row[]){ { "vram", "16777216" }, { NULL, NULL } });
	bdf = fake_pci_of(device);
	fake_pci_enable(bdf);
	framebuffer = fake_pci_bar(bdf, 0);
	registers = fake_pci_bar(bdf, 2);
}

void start_in(const struct vga_mode *mode)
{
	start();
	set_mode(mode);
}

void look(void)
{
	screen.pixels = fake_display_refresh(false, &screen.width, &screen.height, &screen.stride);
}

uint32_t dot(unsigned x, unsigned y)
{
	return screen.pixels[y * (screen.stride / 4) + x] & 0xffffff;
}

void poke(uint32_t at, uint8_t value)
{
	fake_mmio_write(at, value, 1);
}

uint8_t peek(uint32_t at)
{
	return (uint8_t)fake_mmio_read(at, 1);
}

void vbe(unsigned index, uint16_t value)
{
	fake_port_write(0x1ce, index, 2);
	fake_port_write(0x1cf, value, 2);
}

uint16_t get_vbe(unsigned index)
{
	fake_port_write(0x1ce, index, 2);
	return (uint16_t)fake_port_read(0x1cf, 2);
}

void set_vbe_mode(unsigned width, unsigned height, unsigned depth)
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
void load_glyph(unsigned offset, uint8_t code, uint8_t bits)
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

void put_char(unsigned cell, uint8_t code, uint8_t attribute)
{
	fake_mmio_write(B8000 + cell * 2, code | attribute << 8, 2);
}
