/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's TCP connections. libslirp shows none of them, so the packets in both directions do:
 * a row begins with SYN and ACK, and ends with RST or once both sides have sent FIN.
 *
 * A saved state has the rows, because the process that loads it has no such connection: a guest
 * that only reads from one would wait for ever. A reset is accepted only with exactly the sequence
 * number that the guest expects (RFC 5961, 3.2), or in older systems with one in the window (RFC
 * 793, 3.4), and the row knows that only up to what was under way. So a guest is sent resets with
 * both ends of the range, and then a segment from before it: to that it answers with an
 * acknowledgement (RFC 9293, 3.10.7.4), and libslirp to this, which belongs to no connection of its
 * own, with a reset that has the right number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net-user.h"

#define GROUP_NAME 24

const uint8_t gateway_station[STATION] = { 0x52, 0x55, 10, 0, 2, 2 };

static bool is_flow(const struct flow *row, const struct flow *key)
{
	return row->guest_port == key->guest_port && row->far_port == key->far_port &&
	       row->guest == key->guest && row->far == key->far;
}

static struct flow key_of(const struct packet *p, bool from_guest)
{
	if (from_guest)
		return (struct flow){ .guest = p->source,
				      .guest_port = p->source_port,
				      .far = p->destination,
				      .far_port = p->destination_port };
	return (struct flow){ .guest = p->destination,
			      .guest_port = p->destination_port,
			      .far = p->source,
			      .far_port = p->source_port };
}

static struct flow *find(struct flows *f, const struct flow *key)
{
	if (f->last < f->count && is_flow(&f->rows[f->last], key))
		return &f->rows[f->last];
	for (unsigned i = 0; i < f->count; i++)
		if (is_flow(&f->rows[i], key)) {
			f->last = i;
			return &f->rows[i];
		}
	return NULL;
}

void flows_remove(struct flows *f, struct flow *flow)
{
	*flow = f->rows[--f->count];
}

struct flow *flows_oldest(struct flows *f)
{
	struct flow *oldest = NULL;

	for (unsigned i = 0; i < f->count; i++)
		if (!f->rows[i].lost && (!oldest || f->rows[i].used < oldest->used))
			oldest = &f->rows[i];
	return oldest;
}

/* When all rows are in use, one is forgotten. */
static struct flow *add(struct flows *f, const struct flow *key)
{
	struct flow *oldest;

	if (f->count == FLOWS_MAX) {
		oldest = flows_oldest(f);
		flows_remove(f, oldest ? oldest : &f->rows[0]);
	}
	f->rows[f->count] = *key;
	return &f->rows[f->count++];
}

static void see_from_guest(struct flow *row, const struct packet *p, const uint8_t *frame)
{
	memcpy(row->station, frame + STATION, STATION);
	if (p->flags & TCP_ACK) {
		row->far_expected = p->acknowledgement;
		row->established = true;
	}
	if (p->flags & TCP_FIN)
		row->finished |= FLOW_GUEST;
}

static void see_to_guest(struct flow *row, const struct packet *p)
{
	uint32_t end = p->sequence + p->span;

	if ((int32_t)(end - row->far_next) > 0)
		row->far_next = end;
	if (p->flags & TCP_ACK)
		row->guest_next = p->acknowledgement;
	if (p->flags & TCP_FIN)
		row->finished |= FLOW_FAR;
}

static struct flow *begin(struct flows *f, const struct flow *key, const struct packet *p,
			  bool from_guest)
{
	struct flow *row = add(f, key);

	row->guest_next = from_guest ? p->sequence + p->span : p->acknowledgement;
	row->far_expected = from_guest ? p->acknowledgement : p->sequence;
	row->far_next = row->far_expected;
	return row;
}

void flows_see(struct flows *f, const struct packet *p, const uint8_t *frame, bool from_guest)
{
	struct flow key = key_of(p, from_guest), *row = find(f, &key);

	if (row && (p->flags & (TCP_SYN | TCP_RST) || row->finished == (FLOW_GUEST | FLOW_FAR))) {
		flows_remove(f, row);
		row = NULL;
	}
	if (!row && (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == (TCP_SYN | TCP_ACK))
		row = begin(f, &key, p, from_guest);
	if (!row || row->lost)
		return;
	row->used = ++f->uses;
	if (from_guest)
		see_from_guest(row, p, frame);
	else
		see_to_guest(row, p);
}

/* -- resets */

void flow_reset_guest(const struct flow *flow, uint8_t frames[RESET_FRAMES][FRAME_TCP])
{
	struct packet p = {
		.source = flow->far,
		.destination = flow->guest,
		.source_port = flow->far_port,
		.destination_port = flow->guest_port,
		.flags = TCP_RST | TCP_ACK,
		.sequence = flow->far_expected,
		.acknowledgement = flow->guest_next,
	};

	packet_build(&p, flow->station, gateway_station, frames[0]);
	p.sequence = flow->far_next;
	packet_build(&p, flow->station, gateway_station, frames[1]);
	p.sequence = flow->far_expected - 1;
	p.flags = TCP_ACK;
	packet_build(&p, flow->station, gateway_station, frames[2]);
}

void flow_reset_far(const struct flow *flow, uint8_t frame[FRAME_TCP])
{
	const struct packet p = {
		.source = flow->guest,
		.destination = flow->far,
		.source_port = flow->guest_port,
		.destination_port = flow->far_port,
		.flags = TCP_RST,
		.sequence = flow->guest_next,
	};

	packet_build(&p, gateway_station, flow->station, frame);
}

/* -- saved states: a guest that has acknowledged nothing yet begins anew by itself */

static const char *group_name(unsigned index, char name[GROUP_NAME])
{
	snprintf(name, GROUP_NAME, "connection%u", index);
	return name;
}

static void save_row(const struct flow *row, struct tsr_state_writer *out)
{
	tsr_state_put_u32(out, "guest", row->guest);
	tsr_state_put_u16(out, "guest-port", row->guest_port);
	tsr_state_put_bytes(out, "station", row->station, STATION);
	tsr_state_put_u32(out, "far", row->far);
	tsr_state_put_u16(out, "far-port", row->far_port);
	tsr_state_put_u32(out, "guest-next", row->guest_next);
	tsr_state_put_u32(out, "far-expected", row->far_expected);
	tsr_state_put_u32(out, "far-next", row->far_next);
}

static bool load_row(struct flow *row, struct tsr_state_reader *in)
{
	row->lost = true;
	return tsr_state_get_u32(in, "guest", &row->guest) &&
	       tsr_state_get_u16(in, "guest-port", &row->guest_port) &&
	       tsr_state_get_bytes(in, "station", row->station, STATION) &&
	       tsr_state_get_u32(in, "far", &row->far) &&
	       tsr_state_get_u16(in, "far-port", &row->far_port) &&
	       tsr_state_get_u32(in, "guest-next", &row->guest_next) &&
	       tsr_state_get_u32(in, "far-expected", &row->far_expected) &&
	       tsr_state_get_u32(in, "far-next", &row->far_next);
}

void flows_save(const struct flows *f, struct tsr_state_writer *out)
{
	char name[GROUP_NAME];
	uint32_t count = 0;

	for (unsigned i = 0; i < f->count; i++) {
		if (!f->rows[i].established && !f->rows[i].lost)
			continue;
		out->ops->begin(out, group_name(count++, name));
		save_row(&f->rows[i], out);
		out->ops->end(out);
	}
	tsr_state_put_u32(out, "connections", count);
}

static bool load_rows(struct flows *f, unsigned count, struct tsr_state_reader *in)
{
	char name[GROUP_NAME];

	for (; f->count < count; f->count++) {
		bool good = in->ops->begin(in, group_name(f->count, name));

		if (!good)
			return false;
		good = load_row(&f->rows[f->count], in);
		in->ops->end(in);
		if (!good)
			return false;
	}
	return true;
}

bool flows_load(struct flows *f, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct flows *loaded = calloc(1, sizeof(*loaded));
	uint32_t count = 0; /* states before version 2 have none */
	bool good;

	if (!loaded)
		return tsr_error_set(error, TSR_ERROR_FAILED, "there is no memory");
	tsr_state_get_u32(in, "connections", &count);
	good = count <= FLOWS_MAX && load_rows(loaded, count, in);
	if (good)
		*f = *loaded;
	free(loaded);
	return good || tsr_state_damaged(error, "a connection of the network");
}
