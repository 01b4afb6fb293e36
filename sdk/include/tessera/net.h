/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Ethernet: frames without preamble and frame check sequence, of 14 to 1514 bytes. The network card
 * pads short ones to the minimum of 60 bytes.
 */
#ifndef TESSERA_NET_H
#define TESSERA_NET_H

#include "host.h"

#define TSR_NET_FRAME_MAX 1514

/* The NIC's side, handed to the back end. */
struct tsr_net_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	/* Has the card room for a frame? [locked] */
	bool (*can_receive)(void *to);
	/* Gives a frame of `length` bytes to the card; only after can_receive said yes. [locked] */
	void (*receive)(void *to, const uint8_t *frame, size_t length);
	/* The cable was plugged or unplugged. It counts as plugged at `connect`; a back end whose
	 * cable is not says so from within connect. While it is unplugged, the back end drops
	 * frames in both directions. NULL: the card has no use for it. [locked] */
	void (*link_changed)(void *to, bool up);
};

/* "tessera.net/1", provided by back ends. */
#define TSR_NET "tessera.net/1"
struct tsr_net {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Sets the card's side; one card for each back end. `port` stays valid until detach. [main
	 * & !running] */
	void (*connect)(void *self, const struct tsr_net_port *port);
	/* Sends a frame of `length` bytes. The back end keeps no pointer to it. It cannot fail: a
	 * frame that cannot be sent is lost, as on a wire. [locked] */
	void (*send)(void *self, const uint8_t *frame, size_t length);
	/* The card can receive again: the back end delivers what waits. [locked] */
	void (*ready)(void *self);
};

#endif
