/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user-mode network with this test as the NIC: frames in, frames out, and sockets on the host's
 * loopback. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fake-host.h>

#include "net-user.h"
#include "unit.h"

static const uint8_t mac[6] = { 0x52, 0x54, 0, 1, 2, 3 };
static const struct tsr_net *net;
static void *net_self;
static bool nic_full;
static uint8_t last[2048];
static size_t last_length;
static unsigned frames;
static unsigned link_calls;
static bool link_up;

static bool nic_can_receive(void *to)
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

static void net_new_with(const char *property, const char *value)
{
	net_new_rows((struct fake_row[]){ { property, value }, { NULL, NULL } });
}

/* A guest that may reach this test, which listens on the loopback address. */
static void net_new(const char *hostfwd)
{
	net_new_rows((struct fake_row[]){
		{ "hostfwd", hostfwd }, { "loopback", "true" }, { NULL, NULL } });
}

static void set_link(bool up)
{
	CU_ASSERT_TRUE(fake_device_set(net_self, "link", up ? "true" : "false", NULL));
}

/* Sockets and timers go on for a while, until `count` frames came. */
static bool wait_frames(unsigned count)
{
	for (unsigned i = 0; i < 50 && frames < count; i++) {
		fake_poll(10);
		fake_clock_advance(1000000);
	}
	return frames >= count;
}

/* -- packets */

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned get16(const uint8_t *at)
{
	return at[0] << 8 | at[1];
}

static unsigned checksum(const uint8_t *bytes, size_t length)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < length; i += 2)
		sum += get16(bytes + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum & 0xffff;
}

static void send_arp(uint8_t last_byte)
{
	uint8_t f[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };

	memcpy(f + 6, mac, 6);
	memcpy(f + 22, mac, 6);
	memcpy(f + 28, (uint8_t[]){ 10, 0, 2, 15 }, 4);
	memcpy(f + 38, (uint8_t[]){ 10, 0, 2, last_byte }, 4);
	net->send(net_self, f, sizeof(f));
}

static void send_udp(const char *from, const char *to, unsigned from_port, unsigned to_port,
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

struct segment {
	unsigned from_port, to_port, flags;
	uint32_t sequence, acknowledgement;
};

/* To the gateway, which is the host. */
static void send_tcp(const struct segment *segment)
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

/* Until a segment with these flags came, with the numbers that the guest then has. */
static bool wait_segment(unsigned flags, struct packet *out)
{
	for (unsigned i = 0; i < 50; i++) {
		unsigned before = frames;

		if (wait_frames(before + 1) && packet_parse(last, last_length, out) &&
		    out->protocol == IP_TCP && (out->flags & 0x17) == flags)
			return true;
	}
	return false;
}

/* The guest connects from a port to one of the host's loopback, and acknowledges that. */
static bool connect_guest(unsigned from_port, uint16_t to_port, struct packet *answer)
{
	send_tcp(&(struct segment){ from_port, to_port, TCP_SYN, 1000, 0 });
	if (!wait_segment(TCP_SYN | TCP_ACK, answer))
		return false;
	send_tcp(&(struct segment){ from_port, to_port, TCP_ACK, 1001, answer->sequence + 1 });
	return true;
}

static int loopback_socket(int type, uint16_t *port)
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

static unsigned open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

/* A packet each from `count` ports of the guest's, ten in a millisecond. */
static void flood(unsigned first, unsigned count, uint16_t to_port)
{
	for (unsigned i = 0; i < count; i++) {
		send_udp("10.0.2.15", "10.0.2.2", first + i, to_port, "x", 1);
		fake_clock_advance(100000);
	}
}

/* The port of the host that the guest's packet arrives from; 0: it does not arrive. */
static unsigned port_of_flow(unsigned from_port, int fd, uint16_t port)
{
	struct sockaddr_in peer = { 0 };
	socklen_t peer_length = sizeof(peer);
	char text[16];

	while (recv(fd, text, sizeof(text), MSG_DONTWAIT) >= 0)
		;
	send_udp("10.0.2.15", "10.0.2.2", from_port, port, "flow", 4);
	while (recvfrom(fd, text, sizeof(text), MSG_DONTWAIT, (struct sockaddr *)&peer,
			&peer_length) == 1)
		;
	return ntohs(peer.sin_port);
}

/* -- tests */

static void gateway_answers_arp(void)
{
	net_new("");
	send_arp(2);
	CU_ASSERT_EQUAL(frames, 0); /* never from inside send */
	CU_ASSERT_TRUE(wait_frames(1));
	CU_ASSERT_EQUAL(get16(last + 12), 0x0806);
	CU_ASSERT_EQUAL(get16(last + 20), 2);
	CU_ASSERT_FALSE(memcmp(last + 28, (uint8_t[]){ 10, 0, 2, 2 }, 4));
}

static void dhcp_offers_an_address(void)
{
	uint8_t b[300] = { 1, 1, 6, 0, 1, 2, 3, 4 };

	memcpy(b + 28, mac, 6);
	memcpy(b + 236, (uint8_t[]){ 0x63, 0x82, 0x53, 0x63, 53, 1, 1, 255 }, 8);
	net_new("");
	send_udp("0.0.0.0", "255.255.255.255", 68, 67, b, sizeof(b));
	CU_ASSERT_TRUE(wait_frames(1));
	CU_ASSERT_EQUAL(get16(last + 36), 68);
	CU_ASSERT_FALSE(memcmp(last + 42 + 16, (uint8_t[]){ 10, 0, 2, 15 }, 4));
}

static void udp_reaches_the_host_and_comes_back(void)
{
	struct sockaddr_in peer;
	socklen_t peer_length = sizeof(peer);
	char text[16] = { 0 };
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);

	net_new("");
	send_arp(2); /* tells the guest's station address */
	wait_frames(1);
	send_udp("10.0.2.15", "10.0.2.2", 4000, port, "ping", 4);
	CU_ASSERT_EQUAL(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&peer, &peer_length),
			4);
	CU_ASSERT_STRING_EQUAL(text, "ping");
	sendto(fd, "pong", 4, 0, (struct sockaddr *)&peer, peer_length);
	CU_ASSERT_TRUE(wait_frames(2));
	CU_ASSERT_EQUAL(get16(last + 36), 4000);
	CU_ASSERT_FALSE(memcmp(last + 42, "pong", 4));
	close(fd);
}

static void forwarded_port_reaches_the_guest(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char rule[64];
	uint16_t port;
	int fd = loopback_socket(SOCK_STREAM, &port);

	close(fd); /* a port that was free a moment ago */
	snprintf(rule, sizeof(rule), "tcp::%u-:7", port);
	net_new(rule);
	send_arp(2);
	wait_frames(1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	at.sin_port = htons(port);
	CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	CU_ASSERT_TRUE(wait_frames(2));
	CU_ASSERT_EQUAL(last[23], 6);           /* TCP */
	CU_ASSERT_EQUAL(get16(last + 36), 7);   /* to the guest's port */
	CU_ASSERT_EQUAL(last[47] & 0x12, 0x02); /* SYN */
	close(fd);
}

/* Connections that come faster than they are taken wait, and none is dropped. */
static void many_connect_at_once(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char rule[64];
	uint16_t port;
	int clients[64], made = 0, fd = loopback_socket(SOCK_STREAM, &port);

	close(fd);
	snprintf(rule, sizeof(rule), "tcp::%u-:7", port);
	net_new(rule);
	at.sin_port = htons(port);
	for (unsigned i = 0; i < 64; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(clients[i], (struct sockaddr *)&at, sizeof(at));
	}
	for (unsigned i = 0; i < 64; i++) {
		struct pollfd wait = { .fd = clients[i], .events = POLLOUT };

		made += poll(&wait, 1, 0) == 1 && wait.revents == POLLOUT;
		close(clients[i]);
	}
	CU_ASSERT_EQUAL(made, 64);
}

static void taken_port_is_an_error(void)
{
	struct tsr_error error = { 0 };
	char rule[64];
	uint16_t port;
	int fd = loopback_socket(SOCK_STREAM, &port);

	snprintf(rule, sizeof(rule), "tcp:127.0.0.1:%u-:7", port);
	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "net-user", (struct fake_row[]){ { "hostfwd", rule }, { NULL, NULL } },
		&error));
	CU_ASSERT_EQUAL(error.code, TSR_ERROR_CONFLICT);
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "127.0.0.1"));
	close(fd);
}

static void frames_wait_for_the_nic(void)
{
	net_new("");
	nic_full = true;
	send_arp(2);
	send_arp(3);
	CU_ASSERT_FALSE(wait_frames(1));
	nic_full = false;
	net->ready(net_self);
	CU_ASSERT_EQUAL(frames, 2);
}

static void nic_hears_of_the_cable(void)
{
	net_new("");
	CU_ASSERT_EQUAL(link_calls, 0);
	set_link(true);
	CU_ASSERT_EQUAL(link_calls, 0); /* nothing changed */
	set_link(false);
	CU_ASSERT_EQUAL(link_calls, 1);
	CU_ASSERT_FALSE(link_up);
	set_link(true);
	CU_ASSERT_EQUAL(link_calls, 2);
	CU_ASSERT_TRUE(link_up);
}

static void cable_can_be_unplugged_at_the_start(void)
{
	net_new_with("link", "false");
	CU_ASSERT_EQUAL(link_calls, 1);
	CU_ASSERT_FALSE(link_up);
	send_arp(2);
	CU_ASSERT_FALSE(wait_frames(1));
	set_link(true);
	send_arp(2);
	CU_ASSERT_TRUE(wait_frames(1));
}

static void unplugged_cable_drops_what_the_guest_sends(void)
{
	char text[16];
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);

	net_new("");
	send_arp(2);
	CU_ASSERT_TRUE(wait_frames(1));
	set_link(false);
	send_udp("10.0.2.15", "10.0.2.2", 4000, port, "ping", 4);
	CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), MSG_DONTWAIT), -1);
	set_link(true);
	send_udp("10.0.2.15", "10.0.2.2", 4000, port, "again", 5);
	CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), MSG_DONTWAIT), 5);
	close(fd);
}

static void unplugged_cable_drops_what_the_host_sends(void)
{
	struct sockaddr_in peer;
	socklen_t peer_length = sizeof(peer);
	char text[16];
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);

	net_new("");
	send_arp(2);
	CU_ASSERT_TRUE(wait_frames(1));
	send_udp("10.0.2.15", "10.0.2.2", 4000, port, "ping", 4);
	CU_ASSERT_EQUAL(recvfrom(fd, text, sizeof(text), 0, (struct sockaddr *)&peer, &peer_length),
			4);
	set_link(false);
	sendto(fd, "lost", 4, 0, (struct sockaddr *)&peer, peer_length);
	CU_ASSERT_FALSE(wait_frames(2));
	set_link(true);
	sendto(fd, "pong", 4, 0, (struct sockaddr *)&peer, peer_length);
	CU_ASSERT_TRUE(wait_frames(2));
	CU_ASSERT_FALSE(memcmp(last + 42, "pong", 4));
	CU_ASSERT_FALSE(wait_frames(3));
	close(fd);
}

static void unplugged_cable_drops_what_waits_for_the_nic(void)
{
	net_new("");
	nic_full = true;
	send_arp(2);
	CU_ASSERT_FALSE(wait_frames(1));
	set_link(false);
	nic_full = false;
	set_link(true);
	net->ready(net_self);
	CU_ASSERT_FALSE(wait_frames(1));
	send_arp(3);
	CU_ASSERT_TRUE(wait_frames(1)); /* the queue works as before */
}

/* The cable is not a part of the guest: a state that was saved while it was out does not pull it.
 */
static void saved_state_does_not_hold_the_cable(void)
{
	struct fake_state *state;

	net_new_with("link", "false");
	state = fake_device_save(net_self);
	set_link(true);
	CU_ASSERT_TRUE(fake_device_load(net_self, state, 1, NULL));
	send_arp(2);
	CU_ASSERT_TRUE(wait_frames(1));
	fake_state_free(state);
}

static void udp_flows_have_a_quota(void)
{
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);
	unsigned before, most = limits_of_process().datagrams;

	net_new("");
	send_arp(2);
	before = open_descriptors();
	flood(5000, 20000, port);
	CU_ASSERT_TRUE(open_descriptors() > before);
	CU_ASSERT_TRUE(open_descriptors() <= before + most);
	CU_ASSERT_NOT_EQUAL(port_of_flow(4000, fd, port), 0); /* and a new one finds room */
	close(fd);
}

static void idle_flows_end_first(void)
{
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);
	unsigned used, idle;

	net_new("");
	send_arp(2);
	idle = port_of_flow(3000, fd, port);
	used = port_of_flow(4000, fd, port);
	for (unsigned i = 0; i < 100; i++) {
		flood(5000 + i * 50, 50, port);
		CU_ASSERT_EQUAL(port_of_flow(4000, fd, port), used);
	}
	CU_ASSERT_NOT_EQUAL(port_of_flow(3000, fd, port), idle);
	close(fd);
}

struct fragment {
	unsigned offset, length; /* bytes of the datagram */
	bool more;
};

/* A piece of a UDP datagram of 3000 bytes after its header, all of them 'x'. */
static void send_fragment(uint16_t port, unsigned id, const struct fragment *piece)
{
	uint8_t f[1514] = { 0x52, 0x55, 10, 0, 2, 2, [12] = 8, 0, 0x45, [22] = 64, 17 };
	uint8_t datagram[3008];

	memset(datagram, 'x', sizeof(datagram));
	memset(datagram, 0, 8);
	put16(datagram, 4000);
	put16(datagram + 2, port);
	put16(datagram + 4, sizeof(datagram));
	memcpy(f + 6, mac, 6);
	put16(f + 16, 20 + piece->length);
	put16(f + 18, id);
	put16(f + 20, piece->offset / 8 | (piece->more ? 0x2000 : 0));
	inet_pton(AF_INET, "10.0.2.15", f + 26);
	inet_pton(AF_INET, "10.0.2.2", f + 30);
	put16(f + 24, checksum(f + 14, 20));
	memcpy(f + 34, datagram + piece->offset, piece->length);
	net->send(net_self, f, 34 + piece->length);
}

static void fragments_are_put_together(void)
{
	/* clang-format off */
	static const struct { struct fragment pieces[4]; bool arrives; } rows[] = {
		{ { { 0, 1480, true }, { 1480, 1480, true }, { 2960, 48, false } }, true },
		{ { { 0, 1480, true }, { 0, 1480, true }, { 1480, 1480, true }, { 2960, 48, false } }, true },
		{ { { 2960, 48, false } }, false },
		{ { { 2960, 48, false }, { 1480, 1480, true }, { 0, 1480, true } }, false },
		{ { { 0, 1480, true }, { 2960, 48, false } }, false },
		{ { { 0, 1480, true }, { 1472, 1480, true }, { 2952, 56, false } }, false },
		{ { { 0, 1479, true }, { 1480, 1480, true }, { 2960, 48, false } }, false },
	};
	/* clang-format on */
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);
	char text[4000];

	net_new("");
	send_arp(2);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned k = 0; k < 4 && rows[i].pieces[k].length; k++)
			send_fragment(port, 100 + i, &rows[i].pieces[k]);
		CU_ASSERT_EQUAL(recv(fd, text, sizeof(text), MSG_DONTWAIT),
				rows[i].arrives ? 3000 : -1);
	}
	close(fd);
}

/* First fragments only: none is ever whole. */
static void fragments_do_not_pile_up(void)
{
	struct mallinfo2 before, after;
	uint8_t f[1514] = { 0x52, 0x55, 10, 0, 2, 2, [12] = 8, 0, 0x45, [22] = 64, 17 };

	net_new("");
	memcpy(f + 6, mac, 6);
	put16(f + 16, sizeof(f) - 14 - 12);
	put16(f + 20, 0x2000);
	inet_pton(AF_INET, "10.0.2.15", f + 26);
	inet_pton(AF_INET, "10.0.2.2", f + 30);
	before = mallinfo2();
	for (unsigned i = 0; i < 50000; i++) {
		put16(f + 18, i);
		put16(f + 24, 0);
		put16(f + 24, checksum(f + 14, 20));
		net->send(net_self, f, sizeof(f));
	}
	after = mallinfo2();
	CU_ASSERT_TRUE(after.uordblks < before.uordblks + (8 << 20));
}

/* Others have taken so many that the quota alone would not do. */
static void the_last_descriptors_stay_free(void)
{
	struct rlimit limit, low;
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port), others[128], highest;

	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ .rlim_cur = 200, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low);
	net_new(""); /* 50 are held back, 43 flows of a kind would be allowed */
	send_arp(2);
	for (unsigned i = 0; i < 128; i++)
		others[i] = dup(fd);
	flood(5000, 2000, port);
	highest = dup(fd);
	CU_ASSERT_TRUE(highest >= 128);
	CU_ASSERT_TRUE(highest <= 151);
	CU_ASSERT_NOT_EQUAL(port_of_flow(4000, fd, port), 0);
	close(highest);
	for (unsigned i = 0; i < 128; i++)
		close(others[i]);
	close(fd);
	setrlimit(RLIMIT_NOFILE, &limit);
}

#define SEGMENTS_MOST 32

static struct packet segments[SEGMENTS_MOST];
static unsigned segment_count;

static void keep_segment(void *to, const uint8_t *frame, size_t length)
{
	if (segment_count < SEGMENTS_MOST && packet_parse(frame, length, &segments[segment_count]))
		segment_count++;
}

static const struct tsr_net_port keeping_port = {
	.size = sizeof(keeping_port),
	.can_receive = nic_can_receive,
	.receive = keep_segment,
};

static bool was_kept(unsigned flags, uint32_t sequence)
{
	for (unsigned i = 0; i < segment_count; i++)
		if (segments[i].flags == flags && segments[i].sequence == sequence)
			return true;
	return false;
}

/* A connection over which the host has sent 100 bytes that the guest has not acknowledged, saved;
 * then the same state in a network that has no such connection. */
static struct packet load_lost_connection(int server, uint16_t port)
{
	struct fake_state *state;
	struct packet answer = { 0 };
	char bytes[100] = { 0 };
	int host;

	net_new("");
	send_arp(2);
	wait_frames(1);
	CU_ASSERT_TRUE(connect_guest(4000, port, &answer));
	host = accept(server, NULL, NULL);
	CU_ASSERT_EQUAL(write(host, bytes, sizeof(bytes)), (ssize_t)sizeof(bytes));
	CU_ASSERT_TRUE(wait_segment(TCP_ACK, &answer) || answer.span == 100);
	state = fake_device_save(net_self);
	close(host);
	net_new("");
	segment_count = 0;
	net->connect(net_self, &keeping_port);
	CU_ASSERT_TRUE(fake_device_load(net_self, state, 2, NULL));
	fake_state_free(state);
	return answer;
}

static void lost_connections_are_reset(void)
{
	uint16_t port;
	int server = loopback_socket(SOCK_STREAM, &port);
	struct packet data = load_lost_connection(server, port);

	for (unsigned i = 0; i < 10; i++)
		fake_clock_advance(1000000000);
	CU_ASSERT_EQUAL(segment_count, 9); /* three times, and no more */
	CU_ASSERT_TRUE(was_kept(TCP_RST | TCP_ACK, data.sequence));
	CU_ASSERT_TRUE(was_kept(TCP_RST | TCP_ACK, data.sequence + 100));
	CU_ASSERT_TRUE(was_kept(TCP_ACK, data.sequence - 1));
	CU_ASSERT_EQUAL(segments[0].source_port, port);
	CU_ASSERT_EQUAL(segments[0].destination_port, 4000);
	CU_ASSERT_EQUAL(segments[0].acknowledgement, 1001);
	close(server);
}

/* A guest that had got 50 of the bytes says so when it is probed, and the answer has that number.
 */
static void a_probed_guest_is_reset_exactly(void)
{
	uint16_t port;
	int server = loopback_socket(SOCK_STREAM, &port);
	struct packet data = load_lost_connection(server, port);

	fake_clock_advance(1000000);
	CU_ASSERT_EQUAL(segment_count, 3);
	send_tcp(&(struct segment){ 4000, port, TCP_ACK, 1001, data.sequence + 50 });
	send_arp(2); /* the network asks for the station's address first */
	fake_clock_advance(1000000);
	for (unsigned i = 0; i < 10; i++)
		fake_clock_advance(1000000000);
	CU_ASSERT_TRUE(was_kept(TCP_RST, data.sequence + 50));
	CU_ASSERT_EQUAL(segment_count, 4); /* and then it is known to have ended */
	close(server);
}

static void states_of_before_connections_load(void)
{
	struct fake_state *state;

	net_new("");
	state = fake_device_save(net_self);
	CU_ASSERT_TRUE(fake_device_load(net_self, state, 1, NULL));
	fake_state_free(state);
}

static void idle_connections_end_first(void)
{
	struct rlimit limit, low;
	struct packet answer;
	uint16_t port;
	int server = loopback_socket(SOCK_STREAM, &port), hosts[9];
	char byte;

	getrlimit(RLIMIT_NOFILE, &limit);
	low = (struct rlimit){ .rlim_cur = 64, .rlim_max = limit.rlim_max };
	setrlimit(RLIMIT_NOFILE, &low); /* eight flows of a kind */
	net_new("");
	setrlimit(RLIMIT_NOFILE, &limit);
	send_arp(2);
	wait_frames(1);
	for (unsigned i = 0; i < 9; i++) {
		CU_ASSERT_TRUE(connect_guest(4000 + i, port, &answer));
		hosts[i] = accept(server, NULL, NULL);
	}
	CU_ASSERT_EQUAL(recv(hosts[0], &byte, 1, MSG_DONTWAIT), 0); /* it was closed */
	CU_ASSERT_EQUAL(recv(hosts[1], &byte, 1, MSG_DONTWAIT), -1);
	CU_ASSERT_EQUAL(recv(hosts[8], &byte, 1, MSG_DONTWAIT), -1);
	for (unsigned i = 0; i < 9; i++)
		close(hosts[i]);
	close(server);
}

static void descriptors_are_held_back(void)
{
	static const struct {
		uint64_t descriptors;
		unsigned streams, datagrams;
		int ceiling;
	} rows[] = {
		{ 0, 8, 8, 0 },
		{ 64, 8, 8, 48 },
		{ 256, 64, 64, 192 },
		{ 1024, 448, 448, 960 },
		{ 4096, 512, 512, 4032 },
		{ 1u << 20, 512, 512, 1048512 },
		{ UINT64_MAX, 512, 512, INT32_MAX },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limits limits = limits_of(rows[i].descriptors);

		CU_ASSERT_EQUAL(limits.streams, rows[i].streams);
		CU_ASSERT_EQUAL(limits.datagrams, rows[i].datagrams);
		CU_ASSERT_EQUAL(limits.ceiling, rows[i].ceiling);
	}
}

static void packets_are_read(void)
{
	static const uint8_t good[] = { [12] = 8, 0,    0x45, 0,  0, 40, 0,  0,  0x40, 0, 64,
					6,        0,    0,    10, 0, 2,  15, 10, 0,    2, 2,
					0x12,     0x34, 0,    80, 0, 0,  0,  1,  0,    0, 0,
					2,        0x50, 2,    0,  0, 0,  0,  0,  0 };
	static const struct {
		size_t length; /* of the frame */
		unsigned at;
		uint8_t value; /* a byte that is another */
		bool good, fragment;
	} rows[] = {
		{ 54, 0, 0, true, false },      { 60, 0, 0, true, false },
		{ 53, 0, 0, false, false },     { 0, 0, 0, false, false },
		{ 13, 0, 0, false, false },     { 33, 0, 0, false, false },
		{ 54, 13, 6, false, false },    { 54, 14, 0x65, false, false },
		{ 54, 14, 0x44, false, false }, { 54, 14, 0x46, false, false },
		{ 54, 14, 0x4f, false, false }, { 54, 17, 39, false, false },
		{ 54, 17, 41, false, false },   { 54, 17, 19, false, false },
		{ 54, 20, 0x20, true, true },   { 54, 21, 1, true, true },
		{ 54, 23, 17, true, false },    { 54, 23, 1, true, false },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t frame[64] = { 0 };
		struct packet p;

		memcpy(frame, good, sizeof(good));
		if (rows[i].at)
			frame[rows[i].at] = rows[i].value;
		CU_ASSERT_EQUAL(packet_parse(frame, rows[i].length, &p), rows[i].good);
		if (!rows[i].good)
			continue;
		CU_ASSERT_EQUAL(p.fragment, rows[i].fragment);
		CU_ASSERT_EQUAL(p.source, 0x0a00020f);
		CU_ASSERT_EQUAL(p.destination, 0x0a000202);
		if (p.fragment || p.protocol == 1)
			continue;
		CU_ASSERT_EQUAL(p.source_port, 0x1234);
		CU_ASSERT_EQUAL(p.destination_port, 80);
		CU_ASSERT_EQUAL(p.flags, p.protocol == IP_TCP ? TCP_SYN : 0);
	}
}

static bool udp_arrives(const char *property, const char *value, const char *to)
{
	char text[16];
	uint16_t port;
	int fd = loopback_socket(SOCK_DGRAM, &port);
	bool arrives;

	net_new_with(property, value);
	send_arp(2);
	send_udp("10.0.2.15", to, 4000, port, "ping", 4);
	arrives = recv(fd, text, sizeof(text), MSG_DONTWAIT) == 4;
	close(fd);
	return arrives;
}

static void loopback_is_out_of_reach(void)
{
	/* clang-format off */
	static const struct { const char *property, *value, *to; bool arrives; } rows[] = {
		{ "loopback", "true", "10.0.2.2", true },
		{ "loopback", "false", "10.0.2.2", false },
		{ "restrict", "false", "10.0.2.2", false },
		{ "restrict", "true", "10.0.2.2", false },
		{ "loopback", "true", "255.255.255.255", true },
		{ "loopback", "false", "255.255.255.255", false },
		{ "loopback", "true", "127.0.0.1", false },
		{ "loopback", "false", "127.0.0.1", false },
		{ "loopback", "false", "127.9.9.9", false },
		{ "loopback", "false", "0.0.0.0", false },
		{ "loopback", "false", "0.0.0.1", false },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(udp_arrives(rows[i].property, rows[i].value, rows[i].to),
				rows[i].arrives);
}

static void connections_to_loopback_are_refused(void)
{
	struct packet answer = { 0 };
	uint16_t port;
	int server = loopback_socket(SOCK_STREAM, &port);

	net_new_with("loopback", "false");
	send_arp(2);
	CU_ASSERT_TRUE(wait_frames(1));
	errno = EINPROGRESS; /* whatever it was before */
	send_tcp(&(struct segment){ 4000, port, TCP_SYN, 1000, 0 });
	CU_ASSERT_TRUE(wait_segment(TCP_RST | TCP_ACK, &answer));
	CU_ASSERT_EQUAL(answer.acknowledgement, 1001);
	close(server);
}

static void rules_are_read(void)
{
	/* clang-format off */
	static const struct { const char *text; bool good; unsigned host_port, guest_port; bool udp; } rows[] = {
		{ "tcp:127.0.0.1:2222-:22", true, 2222, 22, false },
		{ "udp::53-10.0.2.20:5353", true, 53, 5353, true },
		{ "tcp:0.0.0.0:80-10.0.2.15:65535;rest", true, 80, 65535, false },
		{ "tcp:127.0.0.1:0-:22", false, 0, 0, false },
		{ "tcp:127.0.0.1:22-:65536", false, 0, 0, false },
		{ "tcp:localhost:22-:22", false, 0, 0, false },
		{ "tcp:127.0.0.1:22", false, 0, 0, false },
		{ "icmp:127.0.0.1:22-:22", false, 0, 0, false },
		{ "tcp:127.0.0.1:22-:22x", false, 0, 0, false },
		{ "tcp:127.0.0.1:-:22", false, 0, 0, false },
		{ ";", false, 0, 0, false },
		{ "tcp:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa:22-:22", false, 0, 0, false },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *text = rows[i].text;
		struct tsr_error error = { 0 };
		struct forward rule;

		CU_ASSERT_EQUAL(forward_parse(&text, &rule, &error), rows[i].good);
		CU_ASSERT_EQUAL(error.code, rows[i].good ? TSR_ERROR_NONE : TSR_ERROR_INVALID);
		if (!rows[i].good)
			continue;
		CU_ASSERT_EQUAL(rule.host_port, rows[i].host_port);
		CU_ASSERT_EQUAL(rule.guest_port, rows[i].guest_port);
		CU_ASSERT_EQUAL(rule.udp, rows[i].udp);
	}
}

static void any_frame_is_survived(void)
{
	uint64_t seed = 1;

	net_new("");
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t f[1514];
		size_t length = 14 + fake_random(&seed) % 200;

		for (size_t k = 0; k < length; k++)
			f[k] = (uint8_t)fake_random(&seed);
		put16(f + 12, (uint64_t[]){ 0x0806, 0x0800, 0x86dd }[fake_random(&seed) % 3]);
		/* only to the network itself: nothing leaves the host */
		f[14] = 0x45;
		memcpy(f + 30, (uint8_t[]){ 10, 0, 2, (uint8_t)fake_random(&seed) }, 4);
		f[23] = 1;
		net->send(net_self, f, length);
		if (i % 64 == 0)
			fake_clock_advance(1000000);
	}
}

#define ROW(name) \
	{ \
#name, name \
	}

static CU_TestInfo tests[] = {
	ROW(gateway_answers_arp),
	ROW(dhcp_offers_an_address),
	ROW(udp_reaches_the_host_and_comes_back),
	ROW(forwarded_port_reaches_the_guest),
	ROW(many_connect_at_once),
	ROW(taken_port_is_an_error),
	ROW(frames_wait_for_the_nic),
	ROW(nic_hears_of_the_cable),
	ROW(cable_can_be_unplugged_at_the_start),
	ROW(unplugged_cable_drops_what_the_guest_sends),
	ROW(unplugged_cable_drops_what_the_host_sends),
	ROW(unplugged_cable_drops_what_waits_for_the_nic),
	ROW(saved_state_does_not_hold_the_cable),
	ROW(udp_flows_have_a_quota),
	ROW(idle_flows_end_first),
	ROW(fragments_are_put_together),
	ROW(fragments_do_not_pile_up),
	ROW(the_last_descriptors_stay_free),
	ROW(lost_connections_are_reset),
	ROW(a_probed_guest_is_reset_exactly),
	ROW(states_of_before_connections_load),
	ROW(idle_connections_end_first),
	ROW(descriptors_are_held_back),
	ROW(packets_are_read),
	ROW(loopback_is_out_of_reach),
	ROW(connections_to_loopback_are_refused),
	ROW(rules_are_read),
	ROW(any_frame_is_survived),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("net-user", tests);

	fake_finish();
	return status;
}
