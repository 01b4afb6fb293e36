/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte streams: serial and parallel ports, debug consoles. */
#ifndef TESSERA_CHARDEV_H
#define TESSERA_CHARDEV_H

#include "host.h"

/* The device's side, handed to the back end. */
struct tsr_chardev_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	/* How many bytes the device can take now. [locked] */
	size_t (*room)(void *to);
	/* Gives `length` bytes to the device, at most as many as `room` said. [locked] */
	void (*receive)(void *to, const uint8_t *bytes, size_t length);
};

/* "tessera.chardev/1", provided by back ends. */
#define TSR_CHARDEV "tessera.chardev/1"
struct tsr_chardev {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Sets the device's side; one device for each back end. `port` stays valid until detach.
	 * [main & !running] */
	void (*connect)(void *self, const struct tsr_chardev_port *port);
	/* Takes up to `length` bytes and returns how many it took: 0 when the host's side is full,
	 * and the device tries again a character time later. [locked] */
	size_t (*write)(void *self, const uint8_t *bytes, size_t length);
	/* The device has room again: the back end delivers what waits. [locked] */
	void (*ready)(void *self);
};

#endif
