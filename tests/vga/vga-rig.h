/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The adapter under test, and the steps that tests of its registers and of its pictures share. */
#ifndef VGA_RIG_H
#define VGA_RIG_H

#include <CUnit/Basic.h>
#include <fake-host.h>

#include "vga-modes.h"
#include "vga.h"

#define A0000 0xa0000u
#define B8000 0xb8000u
#define BLUE 0x0000aau
#define WHITE 0xffffffu

extern struct vga_screen {
	const uint32_t *pixels;
	unsigned width, height;
	size_t stride;
} screen;

extern void *device;
extern uint32_t framebuffer, registers; /* BAR 0 and BAR 2 */

void start(void);
void start_in(const struct vga_mode *mode);
void look(void);
uint32_t dot(unsigned x, unsigned y);
void poke(uint32_t at, uint8_t value);
uint8_t peek(uint32_t at);
void vbe(unsigned index, uint16_t value);
uint16_t get_vbe(unsigned index);
void set_vbe_mode(unsigned width, unsigned height, unsigned depth);
void load_glyph(unsigned offset, uint8_t code, uint8_t bits);
void put_char(unsigned cell, uint8_t code, uint8_t attribute);

#define ROW(test) \
	{ \
#test, test \
	}
extern CU_TestInfo register_tests[], picture_tests[], vbe_tests[];

#endif
