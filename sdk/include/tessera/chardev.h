/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte streams: serial and parallel ports, debug consoles. */
#ifndef TESSERA_CHARDEV_H
#define TESSERA_CHARDEV_H

#include "host.h"

/* The device's side, handed to the back end. */
struct tsr_chardev_port {
	uint32_t size;
	void *to;
	size_t (*room)(void *to);                                          /* bytes it can take now [locked] */
	void (*receive)(void *to, const uint8_t *bytes, size_t length);    /* length <= room [locked] */
};

/* "tessera.chardev/1", provided by back ends. */
#define TSR_CHARDEV "tessera.chardev/1"
struct tsr_chardev {
	uint32_t size;
	void (*connect)(void *self, const struct tsr_chardev_port *port); /* [main & !running] */
	/* Takes up to `length` bytes, returns how many; 0 when the host side is full (the device tries again
	 * a character time later). [locked] */
	size_t (*write)(void *self, const uint8_t *bytes, size_t length);
	void (*ready)(void *self); /* there is room again: deliver what waits [locked] */
};

#endif
