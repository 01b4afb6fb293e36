/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A display adapter's picture. The core owns the surface (32-bit XRGB8888, rows of `stride` bytes).
 * The adapter draws into it when the core asks, for a frame of a viewer or for a screenshot, so
 * nothing is drawn that nobody sees.
 */
#ifndef TESSERA_DISPLAY_H
#define TESSERA_DISPLAY_H

#include "host.h"

struct tsr_display; /* one picture; owned by the core, freed at detach */

struct tsr_display_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Brings the surface up to date: resizes it if the mode changed, draws what changed
	 * (everything if `full`), and reports that with `damage`. [locked] */
	void (*refresh)(void *self, bool full);
	/* Writes the characters of a text screen as UTF-8 lines, at most `length` bytes with the
	 * final 0. Returns the number of bytes that all of it needs, without the final 0; 0 in
	 * graphics modes. May be NULL. [locked] */
	size_t (*text)(void *self, char *buffer, size_t length);
};

/* "tessera.display/1" */
#define TSR_DISPLAY "tessera.display/1"
struct tsr_display_table {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds a display to the machine; never NULL. `ops` is called with `self`. [main & !running]
	 */
	struct tsr_display *(*add)(const struct tsr_host *host, const struct tsr_display_ops *ops,
				   void *self);
	/* Makes a black surface of 1 to 16384 pixels a side. Returns its first pixel, and *stride
	 * in bytes; both are valid until the next resize. NULL for another size. [locked] */
	uint32_t *(*resize)(struct tsr_display *d, unsigned width, unsigned height, size_t *stride);
	/* The surface as it is: its first pixel, valid until the next resize, size in pixels,
	 * stride in bytes. NULL before the first resize. [locked] */
	uint32_t *(*pixels)(struct tsr_display *d, unsigned *width, unsigned *height,
			    size_t *stride);
	/* A rectangle of the surface, in pixels, was drawn. [locked] */
	void (*damage)(struct tsr_display *d, unsigned x, unsigned y, unsigned width,
		       unsigned height);
	/* Since ABI 1.2. Gives the display up before detach does: the pointer is not valid any
	 * more. [main & !running] */
	void (*remove)(struct tsr_display *d);
};

#endif
