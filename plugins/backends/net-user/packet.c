/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers of frames: Ethernet, IPv4 (RFC 791), TCP (RFC 9293, 3.1), and the ports of UDP. A
 * guest writes all of it: every length is checked. */
#include <string.h>

#include "net-user.h"

#define IP_HEADER 20
#define TCP_HEADER 20
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

static bool parse_tcp(const uint8_t *header, size_t length, struct packet *out)
{
	size_t offset;

	if (!parse_ports(header, length, TCP_HEADER, out))
		return false;
	offset = (header[12] >> 4) * 4u;
	if (offset < TCP_HEADER || offset > length)
		return false;
	out->flags = header[13];
	out->sequence = get32(header + 4);
	out->acknowledgement = get32(header + 8);
	out->window = (uint16_t)get16(header + 14);
	out->span =
		(uint32_t)(length - offset) + !!(out->flags & TCP_SYN) + !!(out->flags & TCP_FIN);
	return true;
}

static bool parse_protocol(const uint8_t *header, size_t length, struct packet *out)
{
	switch (out->protocol) {
	case IP_TCP:
		return parse_tcp(header, length, out);
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

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value);
}

/* The checksum of RFC 1071 over an even number of bytes; `sum`: of what else is in it. */
static uint32_t checksum(const uint8_t *bytes, size_t length, uint32_t sum)
{
	for (size_t i = 0; i < length; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

void packet_build(const struct packet *p, const uint8_t to[STATION], const uint8_t from[STATION],
		  uint8_t frame[FRAME_TCP])
{
	uint8_t *ip = frame + FRAME_HEADER, *tcp = ip + IP_HEADER;

	memset(frame, 0, FRAME_TCP);
	memcpy(frame, to, STATION);
	memcpy(frame + STATION, from, STATION);
	put16(frame + 12, FRAME_IPV4);
	ip[0] = 0x45;
	put16(ip + 2, IP_HEADER + TCP_HEADER);
	ip[8] = 64;
	ip[9] = IP_TCP;
	put32(ip + 12, p->source);
	put32(ip + 16, p->destination);
	put16(ip + 10, checksum(ip, IP_HEADER, 0));
	put16(tcp, p->source_port);
	put16(tcp + 2, p->destination_port);
	put32(tcp + 4, p->sequence);
	put32(tcp + 8, p->acknowledgement);
	tcp[12] = TCP_HEADER / 4 << 4;
	tcp[13] = p->flags;
	put16(tcp + 14, p->window);
	/* The pseudo-header: both addresses, the protocol, the length. */
	put16(tcp + 16, checksum(ip + 12, 8 + TCP_HEADER, IP_TCP + TCP_HEADER));
}
