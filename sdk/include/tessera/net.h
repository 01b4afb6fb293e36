/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ethernet: frames without preamble and FCS, 14 to 1514 bytes (60 bytes minimum is the NIC's business). */
#ifndef TESSERA_NET_H
#define TESSERA_NET_H

#include "host.h"

#define TSR_NET_FRAME_MAX 1514

/* The NIC's side, handed to the back end. */
struct tsr_net_port {
	uint32_t size;
	void *to;
	bool (*can_receive)(void *to);                                    /* [locked] */
	void (*receive)(void *to, const uint8_t *frame, size_t length);   /* [locked] only after can_receive */
	void (*link_changed)(void *to, bool up);                          /* [locked] */
};

/* "tessera.net/1", provided by back ends. */
#define TSR_NET "tessera.net/1"
struct tsr_net {
	uint32_t size;
	/* One port per back-end instance; `port` stays valid until detach. [main & !running] */
	void (*connect)(void *self, const struct tsr_net_port *port);
	/* The frame is copied or consumed before the call returns. [locked] */
	void (*send)(void *self, const uint8_t *frame, size_t length);
	/* can_receive became true: deliver what waits. [locked] */
	void (*ready)(void *self);
};

#endif
