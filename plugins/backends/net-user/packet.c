/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers of frames: Ethernet, IPv4 (RFC 791), and the ports of TCP and UDP. A guest writes all
 * of it: every length is checked. */
#include <string.h>

#include "net-user.h"

#define IP_HEADER 20
#define IP_MORE_FRAGMENTS 0x2000
#define IP_OFFSET 0x1fff

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)get16(at) << 16 | get16(at + 2);
}

uint16_t frame_type(const uint8_t *frame, size_t length)
{
	return length < FRAME_HEADER ? 0 : (uint16_t)get16(frame + 12);
}

static bool parse_ports(const uint8_t *header, size_t length, size_t least, struct packet *out)
{
	if (length < least)
		return false;
	out->source_port = (uint16_t)get16(header);
	out->destination_port = (uint16_t)get16(header + 2);
	return true;
}

static bool parse_protocol(const uint8_t *header, size_t length, struct packet *out)
{
	switch (out->protocol) {
	case IP_TCP:
		if (!parse_ports(header, length, 20, out))
			return false;
		out->flags = header[13];
		return true;
	case IP_UDP:
		return parse_ports(header, length, 8, out);
	default:
		return true;
	}
}

bool packet_parse(const uint8_t *frame, size_t length, struct packet *out)
{
	const uint8_t *ip = frame + FRAME_HEADER;
	size_t header, total;

	if (frame_type(frame, length) != FRAME_IPV4 || length < FRAME_HEADER + IP_HEADER)
		return false;
	header = (ip[0] & 15) * 4u;
	total = get16(ip + 2);
	if (ip[0] >> 4 != 4 || header < IP_HEADER || total < header ||
	    total > length - FRAME_HEADER)
		return false;
	*out = (struct packet){
		.protocol = ip[9],
		.fragment = (get16(ip + 6) & (IP_MORE_FRAGMENTS | IP_OFFSET)) != 0,
		.source = get32(ip + 12),
		.destination = get32(ip + 16),
	};
	return out->fragment || parse_protocol(ip + header, total - header, out);
}
