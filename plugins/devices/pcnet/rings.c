/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Initialization block, descriptor rings, transmission and reception.
 *
 * Source: Am79C970A data sheet (19436), "Buffer Management", "Initialization Block",
 * "Receive/Transmit Descriptors". A frame is sent or received at once: there is no time on the
 * wire, there are no collisions, and FIFOs are unlimited. The chip polls the transmit ring every 2
 * ms unless DPOLL is set; here the interval doubles up to 64 ms while polls find nothing and the
 * guest leaves the chip alone, so that an idle guest costs nothing. Gaps: BSWP (big-endian
 * buffers), look-ahead packet processing, time domain reflectometry.
 */
#include "pcnet.h"

#define POLL_NS 2000000u
#define POLL_LONGEST_NS 64000000u
#define STARVED_NS 1000000u
#define KICK_LIMIT 512 /* descriptors handled at one go */
#define FRAME_LONGEST TSR_NET_FRAME_MAX

/* RMD1 and TMD1, as 32-bit structures have them. */
#define D_OWN (1u << 31)
#define D_ERR (1u << 30)
#define D_STP (1u << 25)
#define D_ENP (1u << 24)
#define RX_OFLO (1u << 28)
#define RX_BUFF (1u << 26)
#define RX_PAM (1u << 22)
#define RX_LAFM (1u << 21)
#define RX_BAM (1u << 20)
#define RX_RESULT 0x7ff00000u /* what the chip writes besides OWN */
#define TX_ADD_FCS (1u << 29)
#define TX_LTINT (1u << 28)
#define TX_RESULT 0x5c000000u /* ERR, MORE, ONE, DEF */
/* TMD2 */
#define TX_BUFF (1u << 31)
#define TX_UFLO (1u << 30)
#define TX_LCAR (1u << 27)

struct ring {
	unsigned base, count, length,
		address; /* CSR numbers: base address, counter, length, current descriptor */
};
static const struct ring receive_ring = { CSR_BADRL, CSR_RCVRC, CSR_RCVRL, CSR_CRDAL };
static const struct ring transmit_ring = { CSR_BADXL, CSR_XMTRC, CSR_XMTRL, CSR_CXDAL };

/* Any style's descriptor, as style 2 has it. */
struct descriptor {
	tsr_gpa at;
	uint32_t buffer;
	uint32_t status; /* RMD1, TMD1 */
	uint32_t result; /* RMD2, TMD2 */
};

static unsigned style(const struct pcnet *p)
{
	unsigned number = p->bcr[BCR_SWS] & 0xff;

	return number < 4 ? number : 0;
}

static uint32_t csr_pair(const struct pcnet *p, unsigned low)
{
	return p->csr[low] | (uint32_t)p->csr[low + 1] << 16;
}

static void csr_pair_set(struct pcnet *p, unsigned low, uint32_t value)
{
	p->csr[low] = (uint16_t)value;
	p->csr[low + 1] = (uint16_t)(value >> 16);
}

/* With 16-bit structures, the upper 8 bits of every bus address. */
static uint32_t upper_address(const struct pcnet *p)
{
	return (uint32_t)(p->csr[CSR_IADRH] & 0xff00) << 16;
}

bool pcnet_link(const struct pcnet *p)
{
	return p->backend.table && p->backend_up;
}

/* -- descriptors. The ring counters count up in two's complement, from the negated length to -1. */

static unsigned ring_length(const struct pcnet *p, const struct ring *ring)
{
	return (uint16_t)-p->csr[ring->length] ? (uint16_t)-p->csr[ring->length] : 0x10000;
}

static unsigned ring_index(const struct pcnet *p, const struct ring *ring, unsigned ahead)
{
	unsigned length = ring_length(p, ring),
		 index = (uint16_t)(p->csr[ring->count] - p->csr[ring->length]);

	return (index + ahead) % length;
}

static void ring_advance(struct pcnet *p, const struct ring *ring)
{
	p->csr[ring->count] = (uint16_t)(p->csr[ring->length] + ring_index(p, ring, 1));
}

static bool descriptor_read(struct pcnet *p, const struct ring *ring, unsigned ahead,
			    struct descriptor *d)
{
	unsigned form = style(p);
	uint8_t raw[16];

	d->at = (uint32_t)(csr_pair(p, ring->base) + ring_index(p, ring, ahead) * (form ? 16 : 8));
	if (!p->dma->read(p->dma_host, d->at, raw, form ? 16 : 8))
		return false;
	if (!form) {
		d->buffer = tsr_load_le16(raw) | (uint32_t)raw[2] << 16 | upper_address(p);
		d->status = (uint32_t)raw[3] << 24 | tsr_load_le16(raw + 4);
		d->result = 0;
	} else {
		d->buffer = tsr_load_le32(raw + (form == 3 ? 8 : 0));
		d->status = tsr_load_le32(raw + 4);
		d->result = tsr_load_le32(raw + (form == 3 ? 0 : 8));
	}
	if (!ahead)
		csr_pair_set(p, ring->address, (uint32_t)d->at);
	return true;
}

/* Result first: the guest may look at OWN at any time. */
static void descriptor_give_back(struct pcnet *p, const struct descriptor *d, bool with_result)
{
	unsigned form = style(p);
	uint8_t raw[4];

	if (!form) {
		/* RMD3 holds the message count; TMD3 is TMD2's upper half */
		raw[0] = (uint8_t)(d->result >> (d->result > 0xffff ? 16 : 0));
		raw[1] = (uint8_t)(d->result >> (d->result > 0xffff ? 24 : 8));
		if (with_result)
			p->dma->write(p->dma_host, d->at + 6, raw, 2);
		raw[0] = (uint8_t)((d->status & ~D_OWN) >> 24);
		p->dma->write(p->dma_host, d->at + 3, raw, 1);
		return;
	}
	tsr_store_le32(raw, d->result);
	if (with_result)
		p->dma->write(p->dma_host, d->at + (form == 3 ? 0 : 8), raw, 4);
	tsr_store_le32(raw, d->status & ~D_OWN);
	p->dma->write(p->dma_host, d->at + 4, raw, 4);
}

/* BCNT is a 12-bit two's complement; 0 means 4096. */
static unsigned descriptor_length(const struct descriptor *d)
{
	return 4096 - (d->status & 0xfff);
}

static void memory_error(struct pcnet *p, uint16_t off)
{
	p->csr[CSR_CONTROL] = (uint16_t)((p->csr[CSR_CONTROL] & ~off) | CSR0_MERR);
}

/* -- initialization block */

static void ring_setup(struct pcnet *p, const struct ring *ring, uint32_t base, unsigned code)
{
	unsigned length = 1u << (code > 9 ? 9 : code);

	csr_pair_set(p, ring->base, base);
	p->csr[ring->length] = p->csr[ring->count] = (uint16_t)-length;
}

static void init_words(struct pcnet *p, unsigned first, const uint8_t *from, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		p->csr[first + i] = tsr_load_le16(from + 2 * i);
}

bool pcnet_load_init_block(struct pcnet *p)
{
	bool wide = style(p) != 0;
	tsr_gpa at = csr_pair(p, CSR_IADRL) & (wide ? ~3u : ~1u);
	uint8_t b[28];

	if (!p->dma->read(p->dma_host, at, b, wide ? 28 : 24))
		return false;
	init_words(p, CSR_MODE, b, 1);
	init_words(p, CSR_PADR, b + (wide ? 4 : 2), 3);
	init_words(p, CSR_LADRF, b + (wide ? 12 : 8), 4);
	if (wide) {
		ring_setup(p, &receive_ring, tsr_load_le32(b + 20) & ~15u, b[2] >> 4);
		ring_setup(p, &transmit_ring, tsr_load_le32(b + 24) & ~15u, b[3] >> 4);
		p->csr[CSR_LENGTHS] = (uint16_t)((b[3] & 0xf0) << 8 | (b[2] & 0xf0) << 4);
	} else {
		uint32_t upper = upper_address(p);

		ring_setup(p, &receive_ring, (tsr_load_le32(b + 16) & 0xfffff8) | upper,
			   b[19] >> 5);
		ring_setup(p, &transmit_ring, (tsr_load_le32(b + 20) & 0xfffff8) | upper,
			   b[23] >> 5);
		p->csr[CSR_LENGTHS] = (uint16_t)((b[23] >> 5) << 12 | (b[19] >> 5) << 8);
	}
	return true;
}

/* -- transmission */

struct transmission {
	uint8_t bytes[PCNET_FRAME_ROOM];
	size_t length; /* of the chain; what lies past bytes' end is not kept */
	uint32_t first_status;
};

static void gather(struct pcnet *p, struct transmission *t, const struct descriptor *d)
{
	size_t length = descriptor_length(d),
	       room = sizeof(t->bytes) -
		      (t->length < sizeof(t->bytes) ? t->length : sizeof(t->bytes));

	if (room)
		p->dma->read(p->dma_host, d->buffer, t->bytes + t->length,
			     length < room ? length : room);
	t->length += length;
}

/* On the wire: FCS and padding as programmed, then to the cable or back to the receiver. */
static uint32_t send_frame(struct pcnet *p, struct transmission *t)
{
	const struct tsr_net *net = p->backend.table;
	uint16_t mode = p->csr[CSR_MODE];

	if (mode & MODE_DXMTFCS && !(t->first_status & TX_ADD_FCS))
		t->length = t->length > PCNET_FCS_SIZE ? t->length - PCNET_FCS_SIZE : 0;
	if (t->length < 60 && p->csr[CSR_FEATURES] & CSR4_APAD_XMT) {
		memset(t->bytes + t->length, 0, 60 - t->length);
		t->length = 60;
	}
	if (t->length > FRAME_LONGEST)
		p->csr[CSR_CONTROL] |= CSR0_BABL;
	if (t->length < 14 || t->length > FRAME_LONGEST)
		return 0; /* no receiver accepts it */
	if (mode & MODE_LOOP)
		pcnet_receive(p, t->bytes, t->length);
	else if (pcnet_link(p))
		net->send(p->backend.self, t->bytes, t->length);
	else if (!(mode & MODE_DLNKTST))
		return TX_LCAR;
	return 0;
}

static void transmit_done(struct pcnet *p, struct descriptor *d, uint32_t errors)
{
	uint16_t csr5 = p->csr[CSR_EXTENDED];
	bool quiet =
		csr5 & CSR5_TOKINTD || (csr5 & CSR5_LTINTEN && style(p) && !(d->status & TX_LTINT));

	d->status = (d->status & ~TX_RESULT) | (errors ? D_ERR : 0);
	d->result = errors;
	descriptor_give_back(p, d, true);
	ring_advance(p, &transmit_ring);
	if (errors || !quiet)
		p->csr[CSR_CONTROL] |= CSR0_TINT;
}

/* The chain starting at the current descriptor, which has OWN and STP. Returns the number of
 * descriptors used. */
static unsigned transmit_chain(struct pcnet *p, struct descriptor *d)
{
	struct transmission t;
	struct descriptor next;
	unsigned used = 1;

	t.length = 0;
	t.first_status = d->status;
	for (;; used++) {
		gather(p, &t, d);
		if (d->status & D_ENP)
			break;
		if (used >= ring_length(p, &transmit_ring) || used >= KICK_LIMIT ||
		    !descriptor_read(p, &transmit_ring, 1, &next) || !(next.status & D_OWN)) {
			if (!(p->csr[CSR_MASK] & CSR3_DXSUFLO))
				p->csr[CSR_CONTROL] &= (uint16_t)~CSR0_TXON;
			transmit_done(p, d, TX_BUFF | TX_UFLO);
			return used;
		}
		descriptor_give_back(p, d, false);
		ring_advance(p, &transmit_ring);
		*d = next;
	}
	transmit_done(p, d, send_frame(p, &t));
	return used;
}

/* Returns how many descriptors were handled; 0: none is the chip's. */
static unsigned transmit_one(struct pcnet *p)
{
	struct descriptor d;

	if (!descriptor_read(p, &transmit_ring, 0, &d)) {
		memory_error(p, CSR0_TXON);
		return 0;
	}
	if (!(d.status & D_OWN))
		return 0;
	if (d.status & D_STP)
		return transmit_chain(p, &d);
	descriptor_give_back(p, &d, false); /* the rest of a frame that was given up */
	ring_advance(p, &transmit_ring);
	return 1;
}

static bool transmitter_on(const struct pcnet *p)
{
	return p->csr[CSR_CONTROL] & CSR0_TXON && !(p->csr[CSR_EXTENDED] & CSR5_SPND);
}

void pcnet_transmit(struct pcnet *p)
{
	unsigned handled = 0, used;

	while (handled < KICK_LIMIT && transmitter_on(p) && (used = transmit_one(p)) != 0)
		handled += used;
	if (handled)
		p->poll_interval_ns = POLL_NS;
}

/* -- reception */

static bool receiver_on(const struct pcnet *p)
{
	return p->csr[CSR_CONTROL] & CSR0_RXON && !(p->csr[CSR_EXTENDED] & CSR5_SPND);
}

static void missed(struct pcnet *p)
{
	p->csr[CSR_CONTROL] |= CSR0_MISS;
	if (!++p->csr[CSR_MFC])
		p->csr[CSR_FEATURES] |= CSR4_MFCO;
}

static uint32_t match_bits(const struct pcnet *p, enum pcnet_match match)
{
	static const uint32_t bits[] = {
		[MATCH_PHYSICAL] = RX_PAM,
		[MATCH_LOGICAL] = RX_LAFM,
		[MATCH_BROADCAST] = RX_BAM,
	};

	return style(p) ? bits[match] : 0;
}

/* One buffer's worth. Returns true when the frame ended, for good or ill. */
static bool fill(struct pcnet *p, struct descriptor *d, const uint8_t *frame, size_t length,
		 size_t *at, uint32_t match)
{
	struct descriptor next;
	size_t part = descriptor_length(d), left = length - *at;
	bool first = *at == 0, last = part >= left, broken = false;

	part = last ? left : part;
	p->dma->write(p->dma_host, d->buffer, frame + *at, part);
	*at += part;
	if (!last)
		broken = !descriptor_read(p, &receive_ring, 1, &next) || !(next.status & D_OWN);
	d->status &= ~RX_RESULT;
	d->status |= (first ? D_STP : 0) | (last ? D_ENP | match : 0) |
		     (broken ? D_ERR | RX_BUFF | RX_OFLO : 0);
	d->result = (uint32_t)length;
	descriptor_give_back(p, d, last);
	ring_advance(p, &receive_ring);
	if (!last && !broken)
		*d = next;
	return last || broken;
}

void pcnet_receive(void *self, const uint8_t *frame, size_t length)
{
	struct pcnet *p = self;
	uint8_t bytes[FRAME_LONGEST + PCNET_FCS_SIZE];
	struct descriptor d;
	enum pcnet_match match;
	size_t at = 0;

	if (!receiver_on(p) || length < 14 || length > FRAME_LONGEST)
		return;
	match = pcnet_match(p, frame);
	if (match == MATCH_NONE)
		return;
	if (!descriptor_read(p, &receive_ring, 0, &d)) {
		memory_error(p, CSR0_RXON);
	} else if (!(d.status & D_OWN)) {
		missed(p);
	} else {
		length = pcnet_wire_frame(p, frame, length, bytes);
		while (!fill(p, &d, bytes, length, &at, match_bits(p, match)))
			;
		p->csr[CSR_CONTROL] |= CSR0_RINT;
	}
	pcnet_update_interrupt(p);
}

/* Room for the longest frame. A receiver that is off accepts all frames and drops them. */
bool pcnet_can_receive(void *self)
{
	struct pcnet *p = self;
	struct descriptor d;
	size_t room = 0;

	if (!receiver_on(p))
		return true;
	for (unsigned ahead = 0;
	     room < FRAME_LONGEST + PCNET_FCS_SIZE && ahead < ring_length(p, &receive_ring);
	     ahead++) {
		if (!descriptor_read(p, &receive_ring, ahead, &d))
			return true;
		if (!(d.status & D_OWN)) {
			if (!p->starved) {
				p->starved = true;
				pcnet_poll_now(p);
			}
			return false;
		}
		room += descriptor_length(&d);
	}
	return true;
}

void pcnet_offer_room(struct pcnet *p)
{
	const struct tsr_net *net = p->backend.table;

	if (!p->starved || !net)
		return;
	p->starved = false;
	if (pcnet_can_receive(p))
		net->ready(p->backend.self);
}

/* -- polling */

static void arm_poll(struct pcnet *p)
{
	bool transmit = transmitter_on(p) && !(p->csr[CSR_FEATURES] & CSR4_DPOLL);

	p->poll_deadline_ns = UINT64_MAX;
	if (p->starved)
		p->poll_deadline_ns = p->clock->now(p->host) + STARVED_NS;
	else if (transmit)
		p->poll_deadline_ns = p->clock->now(p->host) + p->poll_interval_ns;
	if (p->poll_deadline_ns == UINT64_MAX)
		p->clock->cancel(p->poll_timer);
	else
		p->clock->arm(p->poll_timer, p->poll_deadline_ns);
}

void pcnet_poll_now(struct pcnet *p)
{
	if (p->poll_deadline_ns == UINT64_MAX || p->poll_interval_ns > POLL_NS || p->starved ||
	    !transmitter_on(p)) {
		p->poll_interval_ns = POLL_NS;
		arm_poll(p);
	}
}

void pcnet_on_poll(void *self, uint64_t deadline_ns)
{
	struct pcnet *p = self;

	if (p->poll_interval_ns < POLL_LONGEST_NS)
		p->poll_interval_ns *= 2;
	if (!(p->csr[CSR_FEATURES] & CSR4_DPOLL))
		pcnet_transmit(p);
	pcnet_offer_room(p);
	arm_poll(p);
	pcnet_update_interrupt(p);
}
