/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The cable of USB 1.1 and 2.0: what a port of a host controller, or of a hub, and the
 * device in it say to each other.
 *
 * The controller reads the guest's schedule and makes transactions of it, one for each token:
 * SETUP, IN or OUT, to an address and an endpoint. The device answers with a handshake, and moves
 * bytes for ACK. A control transfer is a SETUP, IN or OUT tokens, and one of the other direction,
 * as on the wire; so devices parse requests, and controllers know none. A device takes every SETUP
 * (USB 2.0, 8.5.3) and stalls the stages behind one that it does not know.
 *
 *   controller: submit()  -> ACK, STALL, …  it is complete
 *                         -> NAK            the controller tries again when its schedule says so
 *                         -> PENDING        the device's back end works; done() comes later
 *
 * A packet may have more bytes than the endpoint's maximum, because OHCI's and EHCI's descriptors
 * do: the device takes or gives packet by packet and stops behind a short one. UHCI's have one
 * packet each. An isochronous packet has no handshake: the device takes what there is, or gives
 * what it has, which may be nothing, at once; it is complete with ACK.
 *
 * The address is the guest's, so a device answers only to its own: TSR_USB_TIMEOUT is the wire's
 * silence, and a controller with several ports asks one after the other. A hub passes on what is
 * for those behind it. Toggles, retries and the split of time into frames are the controller's; a
 * device checks no toggle, but a controller passes it.
 *
 * Saving: a controller saves its schedule's state, and no packets: one that was PENDING is
 * submitted again after loading. So a device does what a packet means when it completes it, and its
 * state does not count one that it has not. A device saves its address, configuration and toggles
 * of its own.
 *
 * Checked on paper against: USB 2.0, 8.4 (packets), 8.5 (transactions), 7.1.7.5 (reset and
 * detection of high speed), 9.1 (device states), 11.5 (hub ports); UHCI 1.1, 3.2 (TD: token, actual
 * length, status), 2.1.7 (port status); OHCI 1.0a, 4.3 (endpoint and transfer descriptors: up to
 * 8192 bytes), 7.4 (root hub ports); EHCI 1.0, 3.5 (qTD: up to 20480 bytes), 3.3 (iTD), 4.2 (ports
 * that are handed to a companion controller: `attached` says no, and the companion's port is
 * connected instead). Split transactions (siTD) are the hub's, and left out.
 */
#ifndef TESSERA_DRAFT_USB_H
#define TESSERA_DRAFT_USB_H

#include "../host.h"
#include "draft.h"

enum tsr_usb_speed { TSR_USB_LOW, TSR_USB_FULL, TSR_USB_HIGH };

/* The PIDs of tokens (USB 2.0, table 8-1). */
enum tsr_usb_token {
	TSR_USB_OUT = 0xe1,
	TSR_USB_IN = 0x69,
	TSR_USB_SETUP = 0x2d,
};

enum tsr_usb_status {
	TSR_USB_ACK,     /* `actual` bytes have moved */
	TSR_USB_NAK,     /* not now; nothing has moved */
	TSR_USB_STALL,   /* the endpoint is halted, or the request is not supported */
	TSR_USB_TIMEOUT, /* nobody has answered */
	TSR_USB_BABBLE,  /* the device has more than fits; `length` bytes have moved */
	TSR_USB_ERROR,   /* a packet was damaged: CRC, bit stuffing */
	TSR_USB_PENDING, /* of submit alone: done() follows */
};

/* Owned by the controller, which keeps it alive and unchanged until it is complete. */
struct tsr_usb_packet {
	uint32_t size;
	uint32_t flags;      /* 0: none are defined */
	uint8_t token;       /* enum tsr_usb_token */
	uint8_t address;     /* 0 to 127 */
	uint8_t endpoint;    /* 0 to 15 */
	bool data1;          /* the toggle of the first packet */
	uint16_t frame;      /* number of the frame */
	uint16_t max_packet; /* bytes, as the controller's schedule says; 0: it does not */
	bool isochronous;
	uint8_t reserved[3];
	uint32_t length; /* bytes of the buffer */
	uint32_t actual; /* bytes that have moved; the device sets it */
	uint8_t *buffer; /* NULL with length 0 */
	void (*done)(struct tsr_usb_packet *packet,
		     enum tsr_usb_status status); /* [locked] never from inside submit */
	void *user;
};

/* The port's side, handed to the device. */
struct tsr_usb_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	/* The device is in the port, and pulls up a line as one of this speed does: HIGH devices
	 * say FULL. Called at any time of the run, and not before `realize`. False: the port is
	 * handed to another controller, which has connected, too, and is told instead. [locked] */
	bool (*attached)(void *to, enum tsr_usb_speed speed);
	/* It is out: the device has completed its packets with TIMEOUT before, and answers no
	 * other. [locked] */
	void (*detached)(void *to);
	/* It was suspended, and wakes the host (remote wakeup). [locked] */
	void (*wakeup)(void *to);
	/* An endpoint that had answered NAK may now do otherwise; endpoint: bits 3 to 0 its number,
	 * bit 7 IN. A controller that polls in each frame needs it not. NULL: it does not want to
	 * know. [locked] */
	void (*ready)(void *to, unsigned endpoint);
};

/* "tessera.usb-device/1", provided by devices and hubs, and needed by ports. */
#define TSR_USB_DEVICE "tessera.usb-device/1"
struct tsr_usb_device {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Sets the port; one for each device, and with companion controllers one for each of these:
	 * `attached` asks them in the order in which they connected. `port` stays valid until
	 * detach. [main & !running] */
	void (*connect)(void *self, const struct tsr_usb_port *port);
	/* The port resets the device: its address is 0, it has no configuration, and its packets
	 * are cancelled. `may_be_high`: the port is one of high speed. Returns the speed from now
	 * on. [locked] */
	enum tsr_usb_speed (*reset)(void *self, bool may_be_high);
	/* The port stops the bus (true), which suspends the device, or lets it go on. [locked] */
	void (*suspend)(void *self, bool suspended);
	/* A transaction. Its status, or PENDING. Of one endpoint at most one packet is pending; of
	 * several that are submitted, those behind it get NAK. [locked] */
	enum tsr_usb_status (*submit)(void *self, struct tsr_usb_packet *packet);
	/* A pending packet is taken back: its `done` does not run any more, and its memory is not
	 * touched. Nothing of it has happened; if the device cannot undo it, `actual` has what did.
	 * [locked] */
	void (*cancel)(void *self, struct tsr_usb_packet *packet);
};

#endif
