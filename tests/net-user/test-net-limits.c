/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the user-mode network bounds: flows, fragments, file descriptors of the process. */
#include <CUnit/Basic.h>
#include <arpa/inet.h>
#include <dirent.h>
#include <malloc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"
#include "unit.h"

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

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(udp_flows_have_a_quota),         UNIT_ROW(idle_flows_end_first),
		UNIT_ROW(fragments_are_put_together),     UNIT_ROW(fragments_do_not_pile_up),
		UNIT_ROW(the_last_descriptors_stay_free), UNIT_ROW(idle_connections_end_first),
		UNIT_ROW(descriptors_are_held_back),      CU_TEST_INFO_NULL,
	};

	int status = unit_run("net-limits", tests);

	fake_finish();
	return status;
}
