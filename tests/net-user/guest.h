/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A network with this program as the guest's NIC: frames in, frames out, and sockets on the host's
 * loopback. */
#ifndef GUEST_H
#define GUEST_H

#include <fake-host.h>

#include "net-user.h"

extern const uint8_t mac[6]; /* the guest's */
extern const struct tsr_net *net;
extern void *net_self;
extern bool nic_full;      /* the NIC takes nothing */
extern uint8_t last[2048]; /* frame that came */
extern size_t last_length;
extern unsigned frames; /* that came */
extern unsigned link_calls;
extern bool link_up;

/* A network of which one property is set. */
void net_new_with(const char *property, const char *value);
/* One whose guest may reach this program, which listens on the loopback address. */
void net_new(const char *hostfwd);
void set_link(bool up);
/* What a NIC that wants frames elsewhere has in its table, too. */
bool nic_can_receive(void *to);
/* Sockets and timers go on for a while, until `count` frames came. */
bool wait_frames(unsigned count);

/* -- Packets */

void put16(uint8_t *at, unsigned value);
unsigned get16(const uint8_t *at);
unsigned checksum(const uint8_t *bytes, size_t length); /* RFC 1071 */
/* Asks for 10.0.2.LAST_BYTE, and so tells the guest's station address. */
void send_arp(uint8_t last_byte);
void send_udp(const char *from, const char *to, unsigned from_port, unsigned to_port,
	      const void *data, size_t length);

struct segment {
	unsigned from_port, to_port, flags;
	uint32_t sequence, acknowledgement;
};

/* To the gateway, which is the host. */
void send_tcp(const struct segment *segment);
/* Until a segment with these flags came, with the numbers that the guest then has. */
bool wait_segment(unsigned flags, struct packet *out);
/* The guest connects from a port to one of the host's loopback, and acknowledges that. */
bool connect_guest(unsigned from_port, uint16_t to_port, struct packet *answer);

/* A socket on the host's loopback, and its port; of type SOCK_STREAM: one that listens. */
int loopback_socket(int type, uint16_t *port);

#endif
