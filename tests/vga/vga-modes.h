/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The register values of the IBM VGA BIOS for some modes (VGA/XGA Technical Reference, "Video
 * Modes").
 */
#ifndef VGA_MODES_H
#define VGA_MODES_H

#include <stdint.h>

struct vga_mode {
	uint8_t misc, seq[4], crtc[25], gr[9], attr[21];
};

extern const struct vga_mode mode_03h, mode_04h, mode_0dh, mode_12h, mode_13h;

void set_mode(const struct vga_mode *mode);
void set_crtc(unsigned index, uint8_t value);
void set_seq(unsigned index, uint8_t value);
void set_gr(unsigned index, uint8_t value);
void set_attr(unsigned index, uint8_t value);
void set_dac(unsigned index, uint8_t red, uint8_t green, uint8_t blue);

#endif
