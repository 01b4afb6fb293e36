/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The user-mode network driven by the input: a guest's frames, with headers that are right as far
 * as libslirp checks them; TCP segments in both directions, as the table of connections sees them;
 * time; and saved states, also damaged ones. The network is restricted, so that nothing leaves it.
 */
#include <string.h>

#include <fake-host.h>

#include "net-user.h"

static const struct tsr_net *net;
static void *net_self;
static struct flows flows;

struct input {
	const uint8_t *at, *end;
};

static uint32_t take(struct input *in, unsigned bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < bytes && in->at < in->end; i++)
		value |= (uint32_t)*in->at++ << i * 8;
	return value;
}

static bool nic_can_receive(void *to)
{
	return true;
}

static void nic_receive(void *to, const uint8_t *frame, size_t length)
{
	struct packet p;

	packet_parse(frame, length, &p);
}

static const struct tsr_net_port nic_port = {
	.size = sizeof(nic_port),
	.can_receive = nic_can_receive,
	.receive = nic_receive,
};

/* Of a header of 20 bytes: libslirp drops packets whose sum is wrong. */
static void put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void frame_is_sent(struct input *in)
{
	static const uint8_t types[][2] = { { 8, 0 }, { 8, 0 }, { 8, 6 }, { 0x86, 0xdd } };
	uint8_t frame[TSR_NET_FRAME_MAX] = { 0x52, 0x55, 10, 0, 2, 2, 0x52, 0x54, 0, 1, 2, 3 };
	uint32_t how = take(in, 1), length = take(in, 2) % (sizeof(frame) + 1);

	memcpy(frame + 12, types[how & 3], 2);
	for (uint32_t i = FRAME_HEADER; i < length; i++)
		frame[i] = (uint8_t)take(in, 1);
	if (how & 4 && length >= FRAME_HEADER + 20) {
		frame[14] = 0x45;
		frame[16] = (uint8_t)((length - FRAME_HEADER) >> 8);
		frame[17] = (uint8_t)(length - FRAME_HEADER);
		put_checksum(frame + FRAME_HEADER);
	}
	net->send(net_self, frame, length);
}

/* Few addresses and ports, so that rows meet. */
static void segment_is_seen(struct input *in)
{
	uint8_t frame[FRAME_TCP], frames[RESET_FRAMES][FRAME_TCP];
	struct packet p = { .source = take(in, 1) & 3, .destination = take(in, 1) & 3 };
	struct flow *oldest;

	p.source_port = (uint16_t)take(in, 1);
	p.destination_port = (uint16_t)take(in, 2);
	p.flags = (uint8_t)take(in, 1);
	p.sequence = take(in, 4);
	p.acknowledgement = take(in, 4);
	packet_build(&p, gateway_station, gateway_station, frame);
	if (!packet_parse(frame, sizeof(frame), &p))
		__builtin_trap();
	flows_see(&flows, &p, frame, p.sequence & 1);
	oldest = flows_oldest(&flows);
	if (oldest)
		flow_reset_guest(oldest, frames);
	if (oldest && p.sequence % 64 == 0)
		flows_remove(&flows, oldest);
}

static void save_change_load(struct input *in)
{
	struct fake_state *state = fake_device_save(net_self);
	uint32_t seed = take(in, 1);

	if (seed)
		fake_state_scramble(state, seed);
	fake_device_load(net_self, state, 2, NULL);
	fake_state_free(state);
}

static void step(struct input *in)
{
	switch (take(in, 1) & 7) {
	case 0:
		fake_clock_advance(take(in, 2) * 1000000ull);
		break;
	case 1:
		save_change_load(in);
		break;
	case 2:
	case 3:
	case 4:
		segment_is_seen(in);
		break;
	default:
		frame_is_sent(in);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };

	fake_start();
	memset(&flows, 0, sizeof(flows));
	net_self = fake_device_new(NULL, "net-user",
				   (struct fake_row[]){ { "restrict", "true" }, { NULL, NULL } });
	net = fake_device_interface(net_self, TSR_NET);
	net->connect(net_self, &nic_port);
	while (in.at < in.end)
		step(&in);
	fake_finish();
	return 0;
}
