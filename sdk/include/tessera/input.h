/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and pointers: from user interfaces and scripts to devices. */
#ifndef TESSERA_INPUT_H
#define TESSERA_INPUT_H

#include "host.h"

enum tsr_input_button { TSR_BUTTON_LEFT = 1, TSR_BUTTON_RIGHT = 2, TSR_BUTTON_MIDDLE = 4 };

struct tsr_input_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* A key went down or up; `code` is a key of Linux' input-event-codes.h (KEY_A = 30). May be
	 * NULL. [locked] */
	void (*key)(void *self, unsigned code, bool down);
	/* Motion in counts, y grows downwards; steps of the wheel, away from the user is positive;
	 * the buttons that are held (enum tsr_input_button). May be NULL. [locked] */
	void (*pointer)(void *self, int dx, int dy, int wheel, unsigned buttons);
	/* A position, 0 to 65535 over the screen; the rest as above. May be NULL. [locked] */
	void (*pointer_absolute)(void *self, unsigned x, unsigned y, int wheel, unsigned buttons);
};

/* "tessera.input/1" */
#define TSR_INPUT "tessera.input/1"
struct tsr_input {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Adds a device that takes input; `ops` is called with `self`. [main & !running] */
	void (*add)(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self);
	/* The lights of the keyboard changed: bit 0 scroll lock, 1 num lock, 2 caps lock. [locked]
	 */
	void (*leds)(const struct tsr_host *host, unsigned mask);
	/* Since ABI 1.2. Takes back the `add` of these two, before detach does. [main & !running]
	 */
	void (*remove)(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self);
};

#endif
