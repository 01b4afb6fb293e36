/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A display adapter's picture. The core owns the surface (32-bit XRGB8888, rows of `stride` bytes); the adapter
 * draws into it when the core asks (a viewer's frame, a screenshot), so that nothing is drawn that nobody sees.
 */
#ifndef TESSERA_DISPLAY_H
#define TESSERA_DISPLAY_H

#include "host.h"

struct tsr_display;

struct tsr_display_ops {
	uint32_t size;
	/* Bring the surface up to date: resize if the mode changed, draw what changed (everything if `full`), report it
	 * with `damage`. [locked] */
	void (*refresh)(void *self, bool full);
	/* The characters on a text screen as UTF-8 lines; the number of bytes it needs without the final 0; 0 in
	 * graphics modes. May be NULL. [locked] */
	size_t (*text)(void *self, char *buffer, size_t length);
};

/* "tessera.display/1" */
#define TSR_DISPLAY "tessera.display/1"
struct tsr_display_table {
	uint32_t size;
	struct tsr_display *(*add)(const struct tsr_host *host, const struct tsr_display_ops *ops, void *self); /* [main & !running] */
	/* A black surface of that size; returns its pixels and *stride in bytes. Valid until the next resize. [locked] */
	uint32_t *(*resize)(struct tsr_display *d, unsigned width, unsigned height, size_t *stride);
	uint32_t *(*pixels)(struct tsr_display *d, unsigned *width, unsigned *height, size_t *stride); /* [locked] */
	void (*damage)(struct tsr_display *d, unsigned x, unsigned y, unsigned width, unsigned height); /* [locked] */
};

#endif
