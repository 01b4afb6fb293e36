/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. What an adapter and the viewers of its display tell each other besides the picture: the
 * hardware cursor, and the size that a viewer's window has.
 *
 * A hardware cursor lies over the picture, so that the guest moves it without drawing. A viewer can
 * draw it itself, as its own pointer, without a new frame for each motion. Not every viewer does:
 * while `is_drawn` is false, the adapter draws the cursor into its surface in `refresh`, and
 * reports damage where it was and is. It tells the core of the cursor in both cases.
 *
 * The adapter saves image, place and visibility with its registers, and its `load` tells the core
 * again. A reset that clears them does the same. What viewers hint is not saved, and in a
 * deterministic machine it comes from outside of the guest's time, like keys.
 *
 * Checked on paper against: VMware SVGA II (SVGA Device Developer Kit: registers SVGA_REG_CURSOR_X,
 * _Y, _ON; SVGA_FIFO_CURSOR_*; commands DEFINE_CURSOR, whose AND and XOR masks become ARGB where
 * the screen is not inverted, and DEFINE_ALPHA_CURSOR, which is premultiplied; a mode hint as
 * SVGA_REG_DISPLAY_* of a screen topology); Cirrus CL-GD5446 (Technical Reference Manual,
 * "Hardware Cursor": 32 or 64 pixels, two planes, no hot spot: 0, 0); VBE/DDC (a mode hint as the
 * preferred timing of EDID 1.4, 3.10.2, with a hot plug).
 */
#ifndef TESSERA_DRAFT_DISPLAY_HINTS_H
#define TESSERA_DRAFT_DISPLAY_HINTS_H

#include "../display.h"
#include "draft.h"

#define TSR_CURSOR_SIDE_MAX 256 /* pixels */

/* A cursor's image, which is copied. */
struct tsr_cursor_image {
	uint32_t size;
	uint16_t width, height; /* pixels, 1 to TSR_CURSOR_SIDE_MAX */
	uint16_t hot_x, hot_y;  /* the pixel at the cursor's place; within the image */
	uint32_t reserved;      /* 0 */
	const uint32_t *pixels; /* ARGB8888, premultiplied, width * height without gaps */
};

struct tsr_display_hints_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* A viewer would like a picture of this size, in pixels: the last one who asks counts. The
	 * adapter tells the guest, if it has a way to, and nobody waits for it. May be NULL.
	 * [locked] */
	void (*mode)(void *self, unsigned width, unsigned height);
};

/* "tessera.display-hints/1", a table of the host. */
#define TSR_DISPLAY_HINTS "tessera.display-hints/1"
struct tsr_display_hints {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Sets who is told what viewers would like; `ops` is called with `self`, and stays valid
	 * until detach. [main & !running] */
	void (*listen)(const struct tsr_host *host, struct tsr_display *d,
		       const struct tsr_display_hints_ops *ops, void *self);
	/* The cursor has another image. False: its sizes are wrong, and it keeps the old one.
	 * [locked] */
	bool (*set_cursor)(struct tsr_display *d, const struct tsr_cursor_image *image);
	/* Where the hot spot is, in pixels of the surface, and whether the cursor is visible. A
	 * cursor without an image is not. [locked] */
	void (*move_cursor)(struct tsr_display *d, int x, int y, bool visible);
	/* True: viewers draw the cursor; false: the adapter has to. To be asked in each `refresh`,
	 * which is asked to draw all when it changes. [locked] */
	bool (*is_drawn)(struct tsr_display *d);
};

#endif
