/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The user-mode network: who is reached, how frames wait, the cable, what is saved. What it bounds
 * is in test-net-limits.c. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "unit.h"

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

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(gateway_answers_arp),
		UNIT_ROW(dhcp_offers_an_address),
		UNIT_ROW(udp_reaches_the_host_and_comes_back),
		UNIT_ROW(forwarded_port_reaches_the_guest),
		UNIT_ROW(many_connect_at_once),
		UNIT_ROW(taken_port_is_an_error),
		UNIT_ROW(frames_wait_for_the_nic),
		UNIT_ROW(nic_hears_of_the_cable),
		UNIT_ROW(cable_can_be_unplugged_at_the_start),
		UNIT_ROW(unplugged_cable_drops_what_the_guest_sends),
		UNIT_ROW(unplugged_cable_drops_what_the_host_sends),
		UNIT_ROW(unplugged_cable_drops_what_waits_for_the_nic),
		UNIT_ROW(saved_state_does_not_hold_the_cable),
		UNIT_ROW(lost_connections_are_reset),
		UNIT_ROW(a_probed_guest_is_reset_exactly),
		UNIT_ROW(states_of_before_connections_load),
		UNIT_ROW(packets_are_read),
		UNIT_ROW(loopback_is_out_of_reach),
		UNIT_ROW(connections_to_loopback_are_refused),
		UNIT_ROW(rules_are_read),
		UNIT_ROW(any_frame_is_survived),
		CU_TEST_INFO_NULL,
	};

	int status = unit_run("net-user", tests);

	fake_finish();
	return status;
}
