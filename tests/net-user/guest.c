/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See guest.h. */
#include "guest.h"

#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };
const struct tsr_net *net;
void *net_self;
bool nic_full;
uint8_t last[2048];
size_t last_length;
unsigned frames;
unsigned link_calls;
bool link_up;

bool nic_can_receive(void *to)
{
	return !nic_full;
}

static void nic_receive(void *to, const uint8_t *frame, size_t length)
{
	memcpy(last, frame, length);
	last_length = length;
	frames++;
}

static void nic_link_changed(void *to, bool up)
{
	link_up = up;
	link_calls++;
}

static const struct tsr_net_port nic_port = {
	.size = sizeof(nic_port),
	.can_receive = nic_can_receive,
	.receive = nic_receive,
	.link_changed = nic_link_changed,
};

static void net_new_rows(const struct fake_row *rows)
{
	fake_start();
	frames = 0;
	nic_full = false;
	link_calls = 0;
	link_up = true;
	net_self = fake_device_new(NULL, "net-user", rows);
	net = fake_device_interface(net_self, TSR_NET);
	net->connect(net_self, &nic_port);
}

void net_new_with(const char *property, const char *value)
{
	net_new_rows((struct fake_row[]){ { property, value }, { NULL, NULL } });
}

void net_new(const char *hostfwd)
{
	net_new_rows((struct fake_row[]){
		{ "hostfwd", hostfwd }, { "loopback", "true" }, { NULL, NULL } });
}

void set_link(bool up)
{
	CU_ASSERT_TRUE(fake_device_set(net_self, "link", up ? "true" : "false", NULL));
}

bool wait_frames(unsigned count)
{
	for (unsigned i = 0; i < 50 && frames < count; i++) {
		fake_poll(10);
		fake_clock_advance(1000000);
	}
	return frames >= count;
}

void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

unsigned checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

void send_arp(uint8_t last_byte)
{
	uint8_t f[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	memcpy(f + 6, mac, 6);
	memcpy(f + 22, mac, 6);
	memcpy(f + 28, (uint8_t[]){ 10, 0, 2, 15 }, 4);
	memcpy(f + 38, (uint8_t[]){ 10, 0, 2, last_byte }, 4);
	net->send(net_self, f, sizeof(f));
}

void send_udp(const char *from, const char *to, unsigned from_port, unsigned to_port,
	      const void *data, size_t length)
{
	uint8_t f[1024] = { 0x52, 0x55, 10, 0, 2, 2, [12] = 8, 0, 0x45, [22] = 64, 17 };

	memcpy(f + 6, mac, 6);
	put16(f + 16, (unsigned)(28 + length));
	inet_pton(AF_INET, from, f + 26);
	inet_pton(AF_INET, to, f + 30);
	put16(f + 24, checksum(f + 14, 20));
	put16(f + 34, from_port);
	put16(f + 36, to_port);
	put16(f + 38, (unsigned)(8 + length));
	memcpy(f + 42, data, length);
	net->send(net_self, f, 42 + length);
}

void send_tcp(const struct segment *segment)
{
	static const uint8_t gateway[] = { 0x52, 0x55, 10, 0, 2, 2 };
	const struct packet p = {
		.source = 0x0a00020f,
		.destination = 0x0a000202,
		.source_port = (uint16_t)segment->from_port,
		.destination_port = (uint16_t)segment->to_port,
		.flags = (uint8_t)segment->flags,
		.sequence = segment->sequence,
		.acknowledgement = segment->acknowledgement,
		.window = 8192,
	};
	uint8_t frame[FRAME_TCP];

	packet_build(&p, gateway, mac, frame);
	net->send(net_self, frame, sizeof(frame));
}

bool wait_segment(unsigned flags, struct packet *out)
{
	for (unsigned i = 0; i < 50; i++) {
		unsigned before = frames;

		if (wait_frames(before + 1) && packet_parse(last, last_length, out) &&
		    out->protocol == IP_TCP && (out->flags & 0x17) == flags)
			return true;
	}
	return false;
}

bool connect_guest(unsigned from_port, uint16_t to_port, struct packet *answer)
{
	send_tcp(&(struct segment){ from_port, to_port, TCP_SYN, 1000, 0 });
	if (!wait_segment(TCP_SYN | TCP_ACK, answer))
		return false;
	send_tcp(&(struct segment){ from_port, to_port, TCP_ACK, 1001, answer->sequence + 1 });
	return true;
}

int loopback_socket(int type, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(at);
	int fd = socket(AF_INET, type, 0);

	bind(fd, (struct sockaddr *)&at, sizeof(at));
	if (type == SOCK_STREAM)
		listen(fd, 1);
	getsockname(fd, (struct sockaddr *)&at, &length);
	*port = ntohs(at.sin_port);
	return fd;
}
