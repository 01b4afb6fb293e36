/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and pointers, from user interfaces and scripts to devices. */
#ifndef TESSERA_INPUT_H
#define TESSERA_INPUT_H

#include "host.h"

enum tsr_input_button { TSR_BUTTON_LEFT = 1, TSR_BUTTON_RIGHT = 2, TSR_BUTTON_MIDDLE = 4 };

struct tsr_input_ops {
	uint32_t size;
	/* code: a key of Linux' input-event-codes.h (KEY_A = 30). May be NULL. [locked] */
	void (*key)(void *self, unsigned code, bool down);
	/* Relative motion in counts, y down; wheel steps, away from the user positive; a mask of buttons held. May be NULL. [locked] */
	void (*pointer)(void *self, int dx, int dy, int wheel, unsigned buttons);
	/* Absolute position 0-65535 over the screen. May be NULL. [locked] */
	void (*pointer_absolute)(void *self, unsigned x, unsigned y, int wheel, unsigned buttons);
};

/* "tessera.input/1" */
#define TSR_INPUT "tessera.input/1"
struct tsr_input {
	uint32_t size;
	void (*add)(const struct tsr_host *host, const struct tsr_input_ops *ops, void *self); /* [main & !running] */
	/* What the guest shows on the keyboard: bit 0 scroll, 1 num, 2 caps lock. [locked] */
	void (*leds)(const struct tsr_host *host, unsigned mask);
};

#endif
