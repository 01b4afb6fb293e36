/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storms at the NAT, from the first PCnet adapter: a new UDP source port for each packet, and TCP
 * connections to ports that refuse and to one that does not answer. Only the host itself is called
 * (10.0.2.2). Sources: Am79C970A (19436): CSR0-2, BCR20, descriptors of style 2; RFC 768, 791, 793.
 */
#include "hostile.h"

#define RING 64u
#define TRANSMIT SCRATCH
#define RECEIVE (SCRATCH + 0x1000)
#define BLOCK (SCRATCH + 0x2000)
#define FRAMES (SCRATCH + 0x10000)
#define LOOT (SCRATCH + 0x40000) /* where what comes lands */
#define SLOT 2048u
#define OWN 0x80000000u
enum { CSR0_INIT = 1, CSR0_START = 2, CSR0_STOP = 4, CSR0_DEMAND = 8, CSR0_DONE = 0x100 };
enum { FRAME_BYTES = 60, IP = 14, TRANSPORT = 34, UDP = 17, TCP = 6 };
#define GUEST 0x0a00020fu /* 10.0.2.15 */
#define HOST 0x0a000202u  /* 10.0.2.2 */

static uint16_t io;
static unsigned next;

static void csr(uint16_t index, uint16_t value)
{
	outw(io + 0x12, index);
	outw(io + 0x10, value);
}

static void fill_rings(void)
{
	volatile uint32_t *receive = (volatile uint32_t *)RECEIVE,
			  *transmit = (volatile uint32_t *)TRANSMIT;

	for (unsigned i = 0; i < RING; i++) {
		receive[4 * i] = LOOT + i * SLOT;
		receive[4 * i + 1] = OWN | 0xf000 | (-SLOT & 0xfff);
		transmit[4 * i] = FRAMES + i * SLOT;
		transmit[4 * i + 1] = 0;
	}
}

static void start_adapter(void)
{
	volatile uint32_t *block = (volatile uint32_t *)BLOCK;

	assign_bars();
	io = (uint16_t)find_bar(PCNET_ID, 0)->base;
	(void)inw(io + 0x14); /* reset */
	outw(io + 0x12, 20);
	outw(io + 0x16, 2); /* BCR20: software style 2 */
	fill_rings();
	block[0] = 6u << 28 | 6u << 20; /* rings of 64 */
	block[1] = 0x12005452;          /* 52:54:00:12:34:56 */
	block[2] = 0x5634;
	block[3] = block[4] = 0;
	block[5] = RECEIVE;
	block[6] = TRANSMIT;
	csr(1, (uint16_t)BLOCK);
	csr(2, BLOCK >> 16);
	csr(0, CSR0_INIT);
	while (!(inw(io + 0x10) & CSR0_DONE))
		;
	csr(0, CSR0_DONE | CSR0_START);
}

/* -- Frames */

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static uint32_t add_words(const uint8_t *at, unsigned length, uint32_t sum)
{
	for (unsigned i = 0; i < length; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	return sum;
}

static uint16_t checksum(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put_headers(uint8_t *frame, uint8_t protocol, unsigned length)
{
	static const uint8_t addresses[] = { 0x52, 0x55, 10,   0,    2, 2, 0x52, 0x54,
					     0,    0x12, 0x34, 0x56, 8, 0, 0x45 };

	for (unsigned i = 0; i < FRAME_BYTES; i++)
		frame[i] = i < sizeof(addresses) ? addresses[i] : 0;
	put16(frame + IP + 2, 20 + length);
	frame[IP + 8] = 64;
	frame[IP + 9] = protocol;
	put32(frame + IP + 12, GUEST);
	put32(frame + IP + 16, HOST);
	put16(frame + IP + 10, checksum(add_words(frame + IP, 20, 0)));
}

static uint8_t *free_frame(void)
{
	volatile uint32_t *descriptor = (volatile uint32_t *)(TRANSMIT + 16 * next);

	while (descriptor[1] & OWN)
		;
	return (uint8_t *)(FRAMES + next * SLOT);
}

static void send(void)
{
	volatile uint32_t *descriptor = (volatile uint32_t *)(TRANSMIT + 16 * next);

	descriptor[1] = OWN | 3u << 24 | 0xf000 | (-FRAME_BYTES & 0xfff);
	csr(0, CSR0_DEMAND);
	next = (next + 1) % RING;
}

/* What came is thrown away, so that more comes. */
static void empty_ring(void)
{
	volatile uint32_t *receive = (volatile uint32_t *)RECEIVE;

	for (unsigned i = 0; i < RING; i++)
		receive[4 * i + 1] = OWN | 0xf000 | (-SLOT & 0xfff);
}

void storm_udp(void)
{
	start_adapter();
	for (unsigned n = 0;; n++) {
		uint8_t *frame = free_frame();

		put_headers(frame, UDP, 8 + 18);
		put16(frame + TRANSPORT, 1024 + n % 64000);
		put16(frame + TRANSPORT + 2, 9); /* discard */
		put16(frame + TRANSPORT + 4, 8 + 18);
		send();
		if (n % RING == 0)
			empty_ring();
		round_done(1000);
	}
}

void storm_tcp(void)
{
	start_adapter();
	for (unsigned n = 0;; n++) {
		uint8_t *frame = free_frame(), *tcp = frame + TRANSPORT;

		put_headers(frame, TCP, 20);
		put16(tcp, 1024 + n % 64000);
		put16(tcp + 2, n & 1 ? orders.port : 1); /* the other one is refused */
		put32(tcp + 4, n);
		put16(tcp + 12, 0x5002); /* five words, SYN */
		put16(tcp + 14, 0xffff);
		put16(tcp + 16,
		      checksum(add_words(tcp, 20, add_words(frame + IP + 12, 8, TCP + 20))));
		send();
		if (n % RING == 0)
			empty_ring();
		round_done(1000);
	}
}
