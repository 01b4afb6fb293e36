/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor's description, which drivers read from BAR 2. Source: VESA E-EDID Standard release A,
 * EDID 1.4. The preferred timing is one at 60 Hz with the reduced blanking of CVT (VESA CVT 1.1),
 * whose numbers no driver of a framebuffer without a pixel clock checks.
 */
#include <string.h>

#include "vga.h"

#define HBLANK 160u
#define VBLANK 30u

static void put_size(uint8_t *d, unsigned active, unsigned blank)
{
	d[0] = (uint8_t)active;
	d[1] = (uint8_t)blank;
	d[2] = (uint8_t)((active >> 8) << 4 | blank >> 8);
}

static void put_timing(uint8_t *d, unsigned width, unsigned height)
{
	unsigned clock = (width + HBLANK) * (height + VBLANK) * 60 / 10000; /* 10 kHz */
	unsigned mm_x = width * 254 / 960, mm_y = height * 254 / 960;       /* 96 pixels an inch */

	d[0] = (uint8_t)clock;
	d[1] = (uint8_t)(clock >> 8);
	put_size(d + 2, width, HBLANK);
	put_size(d + 5, height, VBLANK);
	d[8] = 48; /* sync: 48 and 32 pixels */
	d[9] = 32;
	d[10] = 3 << 4 | 6;
	put_size(d + 12, mm_x, mm_y);
	d[17] = 0x1e; /* digital separate sync, both positive */
}

static void put_text(uint8_t *d, uint8_t tag, const char *text)
{
	size_t length = strlen(text);

	memset(d, 0, 18);
	d[3] = tag;
	memset(d + 5, ' ', 13);
	memcpy(d + 5, text, length);
	if (length < 13)
		d[5 + length] = '\n';
}

static void put_limits(uint8_t *d)
{
	static const uint8_t limits[18] = { 0, 0, 0, 0xfd, 0, 50, 125, 30, 160, 30, 0x01 };

	memcpy(d, limits, sizeof(limits));
	memset(d + 11, ' ', 7);
	d[11] = '\n';
}

void vga_make_edid(uint8_t edid[128], unsigned width, unsigned height)
{
	static const uint8_t head[20] = {
		0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00, 0x52, 0x72, /* "TSR" */
		0x01, 0x00, 0,    0,    0,    0,    1,    36, /* product 1, made in 2026 */
		1,    4,
	};
	static const uint8_t srgb[10] = {
		0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54
	};
	/* 1920x1080, 1280x960, 1280x1024, 1152x864, rest unused */
	static const uint8_t standard[16] = {
		0xd1, 0xc0, 0x81, 0x40, 0x81, 0x80, 0x71, 0x4f, 1, 1, 1, 1, 1, 1, 1, 1,
	};
	unsigned sum = 0;

	memset(edid, 0, 128);
	memcpy(edid, head, sizeof(head));
	edid[20] = 0xa5; /* digital, 8 bits, DisplayPort */
	edid[21] = (uint8_t)(width * 254 / 9600);
	edid[22] = (uint8_t)(height * 254 / 9600);
	edid[23] = 120;
	edid[24] = 0x06; /* sRGB, the first timing is the preferred one */
	memcpy(edid + 25, srgb, sizeof(srgb));
	edid[35] = 0x21; /* 640x480, 800x600 */
	edid[36] = 0x08; /* 1024x768 */
	memcpy(edid + 38, standard, sizeof(standard));
	put_timing(edid + 54, width, height);
	put_limits(edid + 72);
	put_text(edid + 90, 0xfc, "Tessera");
	put_text(edid + 108, 0xff, "1");
	for (unsigned i = 0; i < 127; i++)
		sum += edid[i];
	edid[127] = (uint8_t)-sum;
}
