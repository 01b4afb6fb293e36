/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Datagrams that the guest sends in fragments (RFC 791, 3.2), put together before libslirp sees
 * them: its own reassembly keeps any number of them, and as Debian 12 compiles it (4.7.0) a last
 * fragment that comes before all others makes it write to wild addresses.
 *
 * Fragments have to come in order, as systems send them; what comes otherwise is dropped, as a wire
 * may do. Four datagrams can be under way at a time.
 */
#include <string.h>

#include "net-user.h"

#define IP_HEADER 20
#define IP_MORE_FRAGMENTS 0x2000
#define IP_OFFSET 0x1fff /* in units of 8 bytes */

static unsigned get16(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Of the same datagram: identification, protocol, both addresses. */
static bool is_same(const uint8_t *a, const uint8_t *b)
{
	return !memcmp(a + 4, b + 4, 2) && a[9] == b[9] && !memcmp(a + 12, b + 12, 8);
}

static struct datagram *find(struct fragments *f, const uint8_t *ip)
{
	for (unsigned i = 0; i < DATAGRAMS; i++)
		if (f->rows[i].length && is_same(f->rows[i].frame + FRAME_HEADER, ip))
			return &f->rows[i];
	return NULL;
}

static struct datagram *begin(struct fragments *f, const uint8_t *frame)
{
	struct datagram *row = find(f, frame + FRAME_HEADER);

	if (!row)
		row = &f->rows[f->next++ % DATAGRAMS];
	memcpy(row->frame, frame, FRAME_HEADER + IP_HEADER);
	row->length = FRAME_HEADER + IP_HEADER;
	return row;
}

/* The header of the whole: its length, no fragment, the checksum. */
static void finish_header(uint8_t *ip, size_t length)
{
	uint32_t sum = 0;

	put16(ip + 2, (unsigned)length);
	put16(ip + 6, 0);
	put16(ip + 10, 0);
	for (unsigned i = 0; i < IP_HEADER; i += 2)
		sum += get16(ip + i);
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
}

const struct datagram *fragments_add(struct fragments *f, const uint8_t *frame)
{
	const uint8_t *ip = frame + FRAME_HEADER;
	size_t offset = (get16(ip + 6) & IP_OFFSET) * 8u, bytes = get16(ip + 2) - IP_HEADER;
	bool more = get16(ip + 6) & IP_MORE_FRAGMENTS;
	struct datagram *row;

	if ((ip[0] & 15) * 4 != IP_HEADER || !bytes || (more && bytes % 8))
		return NULL;
	row = offset ? find(f, ip) : begin(f, frame);
	if (!row)
		return NULL;
	if (row->length != FRAME_HEADER + IP_HEADER + offset ||
	    row->length + bytes > sizeof(row->frame)) {
		row->length = 0;
		return NULL;
	}
	memcpy(row->frame + row->length, ip + IP_HEADER, bytes);
	row->length += bytes;
	if (more)
		return NULL;
	finish_header(row->frame + FRAME_HEADER, row->length - FRAME_HEADER);
	f->whole = *row;
	row->length = 0;
	return &f->whole;
}
