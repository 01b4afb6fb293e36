/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Am79C970A at its registers and rings, with a cable whose other end is this test. */
#include <CUnit/Basic.h>
#include <string.h>

#include "cable.h"
#include "pcnet.h"
#include "unit.h"

#define INIT_BLOCK 0x1000
#define RX_RING 0x2000
#define TX_RING 0x3000
#define BUFFERS 0x10000
#define BUFFER_SIZE 2048
#define RING_CODE 2 /* 4 descriptors */
#define RING_LENGTH 4

static const uint8_t station[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };
static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* -- the driver's side */

static unsigned driver_style; /* SWSTYLE in use */

static void put32(uint32_t at, uint32_t value)
{
	memcpy(fake_ram(at), &value, 4);
}

static uint32_t get32(uint32_t at)
{
	uint32_t value;

	memcpy(&value, fake_ram(at), 4);
	return value;
}

static uint16_t get16(uint32_t at)
{
	uint16_t value;

	memcpy(&value, fake_ram(at), 2);
	return value;
}

/* `status` as in TMD1 of 32-bit structures, bits 31-24. */
static void put_descriptor(uint32_t ring, unsigned n, uint32_t buffer, unsigned length,
			   uint32_t status)
{
	uint32_t size = (0x1000 - length) & 0xfff;

	if (driver_style == 0) {
		put32(ring + 8 * n, buffer | (status & 0xff000000));
		put32(ring + 8 * n + 4, 0xf000 | size);
		return;
	}
	put32(ring + 16 * n + (driver_style == 3 ? 8 : 0), buffer);
	put32(ring + 16 * n + (driver_style == 3 ? 0 : 8), 0);
	put32(ring + 16 * n + 4, status | 0xf000 | size);
}

static uint32_t status_of(uint32_t ring, unsigned n)
{
	return driver_style ? get32(ring + 16 * n + 4) & 0xfff00000
			    : get32(ring + 8 * n) & 0xff000000;
}

static uint32_t result_of(uint32_t ring, unsigned n)
{
	if (driver_style == 0)
		return get16(ring + 8 * n + 6);
	return get32(ring + 16 * n + (driver_style == 3 ? 0 : 8));
}

static void put_init_block(uint16_t mode, const uint16_t filter[4])
{
	uint8_t b[28] = { 0 };

	if (driver_style == 0) {
		memcpy(b, &mode, 2);
		memcpy(b + 2, station, 6);
		memcpy(b + 8, filter, 8);
		memcpy(b + 16, &(uint32_t){ RX_RING | RING_CODE << 29 }, 4);
		memcpy(b + 20, &(uint32_t){ TX_RING | RING_CODE << 29 }, 4);
	} else {
		memcpy(b, &mode, 2);
		b[2] = b[3] = RING_CODE << 4;
		memcpy(b + 4, station, 6);
		memcpy(b + 12, filter, 8);
		memcpy(b + 20, &(uint32_t){ RX_RING }, 4);
		memcpy(b + 24, &(uint32_t){ TX_RING }, 4);
	}
	memcpy(fake_ram(INIT_BLOCK), b, sizeof(b));
}

/* A driver that is up: rings of four, all receive buffers the chip's, interrupts on. */
static void driver_start_with(unsigned style, uint16_t mode, const uint16_t filter[4],
			      uint16_t csr4)
{
	driver_style = style;
	set_bcr(20, (uint16_t)style);
	put_init_block(mode, filter);
	for (unsigned i = 0; i < RING_LENGTH; i++) {
		put_descriptor(RX_RING, i, BUFFERS + i * BUFFER_SIZE, BUFFER_SIZE, 1u << 31);
		put_descriptor(TX_RING, i, BUFFERS + (4 + i) * BUFFER_SIZE, BUFFER_SIZE, 0);
	}
	set_csr(1, INIT_BLOCK);
	set_csr(2, 0);
	set_csr(4, csr4);
	set_csr(0, CSR0_INIT);
	set_csr(0, CSR0_IDON | CSR0_STRT | CSR0_IENA);
}

static void driver_start(unsigned style, uint16_t mode)
{
	driver_start_with(style, mode, (uint16_t[4]){ 0 }, 0x0915);
}

static void queue_frame(unsigned n, const uint8_t *frame, unsigned length, uint32_t status)
{
	memcpy(fake_ram(BUFFERS + (4 + n) * BUFFER_SIZE), frame, length);
	put_descriptor(TX_RING, n, BUFFERS + (4 + n) * BUFFER_SIZE, length, status);
}

static const uint8_t *received(unsigned n)
{
	return fake_ram(BUFFERS + n * BUFFER_SIZE);
}

#define OWN_STP_ENP (0x83000000u)

/* -- identity and reset */

static void pci_function_is_a_pcnet(void)
{
	void *nic = nic_new("52:54:00:12:34:56");
	unsigned bdf = fake_pci_of(nic);

	CU_ASSERT_EQUAL(fake_pci_read(bdf, 0, 4), 0x20001022);
	CU_ASSERT_EQUAL(fake_pci_read(bdf, 8, 4) >> 8, 0x020000);
	CU_ASSERT_EQUAL(fake_pci_read(bdf, 0x3d, 1), 1);
	CU_ASSERT_EQUAL(csr(88), 0x1003);
	CU_ASSERT_EQUAL(csr(89), 0x0262);
}

static void prom_holds_the_station_address(void)
{
	unsigned sum = 0;

	nic_new("52:54:00:12:34:56");
	for (unsigned i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(fake_port_read(nic_base + i, 1), station[i]);
	for (unsigned i = 0; i < 16; i++)
		sum += i == 12 || i == 13 ? 0 : fake_port_read(nic_base + i, 1);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 12, 2), sum);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 9, 1), 0x11);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 14, 2), 0x5757);
	CU_ASSERT_EQUAL(csr(12), 0x5452);
}

static void bad_addresses_are_refused(void)
{
	static const char *const bad[] = { "x", "52:54:00:12:34", "53:54:00:12:34:56",
					   "52:54:00:12:34:567", "5:4:0:1:3:6" };

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct tsr_error error = { 0 };

		fake_start();
		CU_ASSERT_PTR_NULL(fake_device_try(
			NULL, "pcnet", (struct fake_row[]){ { "mac", bad[i] }, { NULL, NULL } },
			&error));
		CU_ASSERT_EQUAL(error.code, TSR_ERROR_INVALID);
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, bad[i]));
	}
}

static void default_address_is_local_and_steady(void)
{
	uint32_t first;

	nic_new("");
	first = fake_port_read(nic_base + 2, 4);
	CU_ASSERT_EQUAL(fake_port_read(nic_base, 2), 0x5452);
	nic_new("");
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 2, 4), first);
}

static void registers_have_reset_values(void)
{
	/* clang-format off */
	static const struct { bool bcr; unsigned number; uint16_t value; } rows[] = {
		{ false, 0, 0x0004 }, { false, 3, 0 }, { false, 4, 0x0115 }, { false, 5, 0 }, { false, 15, 0 },
		{ false, 100, 0x0200 }, { true, 2, 0x0002 }, { true, 4, 0x80c0 }, { true, 5, 0x0084 }, { true, 18, 0x2101 },
		{ true, 20, 0x0200 }, { true, 22, 0xff06 },
	};
	/* clang-format on */

	nic_new("52:54:00:12:34:56");
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(rows[i].bcr ? bcr(rows[i].number) : csr(rows[i].number),
				rows[i].value);
}

static void styles_say_their_widths(void)
{
	static const uint16_t value[] = { 0x0200, 0x0101, 0x0302, 0x0303 };

	nic_new("52:54:00:12:34:56");
	for (unsigned i = 0; i < 4; i++) {
		set_csr(58, (uint16_t)i);
		CU_ASSERT_EQUAL(bcr(20), value[i]);
		CU_ASSERT_EQUAL(csr(58), value[i]);
	}
}

static void reset_register_stops_the_chip(void)
{
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	CU_ASSERT_EQUAL(csr(0) & (CSR0_RXON | CSR0_TXON | CSR0_STOP), CSR0_RXON | CSR0_TXON);
	fake_port_read(nic_base + 0x14, 2);
	CU_ASSERT_EQUAL(csr(0), CSR0_STOP);
	CU_ASSERT_EQUAL(bcr(20) & 0xff, 2);
}

static void dword_write_switches_to_dwio(void)
{
	nic_new("52:54:00:12:34:56");
	fake_port_write(nic_base + 0x10, 0, 4);
	fake_port_write(nic_base + 0x14, 88, 4);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 0x10, 4), 0x1003);
	fake_port_write(nic_base + 0x14, 18, 4);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 0x1c, 4), 0x2181);
	fake_port_read(nic_base + 0x18, 4); /* S_RESET leaves it */
	fake_port_write(nic_base + 0x14, 89, 4);
	CU_ASSERT_EQUAL(fake_port_read(nic_base + 0x10, 4), 0x0262);
}

static void memory_window_is_the_same(void)
{
	void *nic = nic_new("52:54:00:12:34:56");
	uint32_t window = fake_pci_bar(fake_pci_of(nic), 1);

	CU_ASSERT_EQUAL(fake_mmio_read(window, 4), 0x12005452);
	fake_mmio_write(window + 0x12, 88, 2);
	CU_ASSERT_EQUAL(fake_mmio_read(window + 0x10, 2), 0x1003);
}

static void ring_registers_are_locked_while_running(void)
{
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	set_csr(24, 0x1234);
	CU_ASSERT_EQUAL(csr(24), RX_RING);
	set_csr(5, CSR5_SPND);
	set_csr(24, 0x1234);
	CU_ASSERT_EQUAL(csr(24), 0x1234);
}

/* -- rings, in every style */

static void init_block_is_loaded(void)
{
	for (unsigned style = 0; style < 4; style++) {
		nic_new("52:54:00:00:00:01");
		driver_start_with(style, MODE_DRCVBC, (uint16_t[4]){ 1, 2, 3, 4 }, 0x0915);
		CU_ASSERT_EQUAL(csr(15), MODE_DRCVBC);
		CU_ASSERT_EQUAL(csr(14), 0x5634);
		CU_ASSERT_EQUAL(csr(11), 4);
		CU_ASSERT_EQUAL(csr(24), RX_RING);
		CU_ASSERT_EQUAL(csr(30), TX_RING);
		CU_ASSERT_EQUAL(csr(76), 0xfffc);
		CU_ASSERT_EQUAL(csr(6), 0x2200);
	}
}

static void frame_goes_out(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 0x5a);
	for (unsigned style = 0; style < 4; style++) {
		nic_new("52:54:00:12:34:56");
		driver_start(style, 0);
		queue_frame(0, frame, 60, OWN_STP_ENP);
		set_csr(0, CSR0_TDMD | CSR0_IENA);
		CU_ASSERT_EQUAL(cable.sent_count, 1);
		CU_ASSERT_EQUAL(cable.sent_length[0], 60);
		CU_ASSERT_FALSE(memcmp(cable.sent[0], frame, 60));
		CU_ASSERT_EQUAL(status_of(TX_RING, 0), 0x03000000);
		CU_ASSERT_TRUE(csr(0) & CSR0_TINT);
		CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 1);
		set_csr(0, CSR0_TINT | CSR0_IENA);
		CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 0);
	}
}

static void frame_comes_in(void)
{
	static const uint32_t match[] = { 0, 0x00100000, 0x00100000, 0x00100000 };
	uint8_t frame[60];
	uint32_t fcs;

	cable_frame(frame, broadcast, 0xa5);
	fcs = ~pcnet_crc(frame, 60);
	for (unsigned style = 0; style < 4; style++) {
		nic_new("52:54:00:12:34:56");
		driver_start(style, 0);
		cable_deliver(frame, 60);
		CU_ASSERT_EQUAL(status_of(RX_RING, 0), 0x03000000 | match[style]);
		CU_ASSERT_EQUAL(result_of(RX_RING, 0), 64);
		CU_ASSERT_FALSE(memcmp(received(0), frame, 60));
		CU_ASSERT_FALSE(memcmp(received(0) + 60, &fcs, 4));
		CU_ASSERT_TRUE(csr(0) & CSR0_RINT);
		CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 1);
	}
}

static void rings_wrap(void)
{
	uint8_t frame[60];

	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	for (unsigned i = 0; i < 3 * RING_LENGTH; i++) {
		cable_frame(frame, broadcast, (uint8_t)i);
		queue_frame(i % RING_LENGTH, frame, 60, OWN_STP_ENP);
		set_csr(0, CSR0_TDMD | CSR0_IENA);
		CU_ASSERT_EQUAL(cable.sent[i][20], i);
		cable_deliver(frame, 60);
		CU_ASSERT_EQUAL(received(i % RING_LENGTH)[20], i);
		put_descriptor(RX_RING, i % RING_LENGTH, BUFFERS + i % RING_LENGTH * BUFFER_SIZE,
			       BUFFER_SIZE, 1u << 31);
	}
	CU_ASSERT_FALSE(csr(0) & CSR0_ERR);
}

static void chained_buffers_are_one_frame(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 1);
	for (unsigned style = 0; style < 4; style++) {
		nic_new("52:54:00:12:34:56");
		driver_start(style, 0);
		queue_frame(0, frame, 20, 0x82000000);
		queue_frame(1, frame + 20, 30, 0x80000000);
		queue_frame(2, frame + 50, 10, 0x81000000);
		set_csr(0, CSR0_TDMD);
		CU_ASSERT_EQUAL(cable.sent_count, 1);
		CU_ASSERT_FALSE(memcmp(cable.sent[0], frame, 60));
		CU_ASSERT_EQUAL(status_of(TX_RING, 0), 0x02000000);
		CU_ASSERT_EQUAL(status_of(TX_RING, 1), 0);
		CU_ASSERT_EQUAL(status_of(TX_RING, 2), 0x01000000);
	}
}

static void small_buffers_chain_on_receive(void)
{
	uint8_t frame[60];

	cable_frame(frame, station, 7);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	for (unsigned i = 0; i < 3; i++)
		put_descriptor(RX_RING, i, BUFFERS + i * 24, 24, 1u << 31);
	cable_deliver(frame, 60);
	CU_ASSERT_EQUAL(status_of(RX_RING, 0), 0x02000000);
	CU_ASSERT_EQUAL(status_of(RX_RING, 1), 0);
	CU_ASSERT_EQUAL(status_of(RX_RING, 2), 0x01400000);
	CU_ASSERT_EQUAL(result_of(RX_RING, 2), 64);
	CU_ASSERT_FALSE(memcmp(fake_ram(BUFFERS), frame, 60));
}

static void broken_receive_chain_is_an_error(void)
{
	uint8_t frame[60];

	cable_frame(frame, station, 7);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	put_descriptor(RX_RING, 0, BUFFERS, 24, 1u << 31);
	put_descriptor(RX_RING, 1, BUFFERS + 24, 24, 0);
	cable_deliver(frame, 60);
	CU_ASSERT_EQUAL(status_of(RX_RING, 0), 0x56000000); /* ERR, OFLO, BUFF, STP */
	CU_ASSERT_TRUE(csr(0) & CSR0_RINT);
}

static void broken_transmit_chain_stops_the_transmitter(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 1);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	queue_frame(0, frame, 20, 0x82000000);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_count, 0);
	CU_ASSERT_EQUAL(status_of(TX_RING, 0), 0x42000000);
	CU_ASSERT_EQUAL(result_of(TX_RING, 0) & 0xc0000000, 0xc0000000);
	CU_ASSERT_FALSE(csr(0) & CSR0_TXON);
	CU_ASSERT_TRUE(csr(0) & CSR0_RXON);
}

static void full_receive_ring_is_missed(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 1);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	for (unsigned i = 0; i < RING_LENGTH; i++)
		cable_deliver(frame, 60);
	CU_ASSERT_FALSE(csr(0) & CSR0_MISS);
	cable_deliver(frame, 60);
	CU_ASSERT_TRUE(csr(0) & CSR0_MISS);
	CU_ASSERT_TRUE(csr(0) & CSR0_ERR);
	CU_ASSERT_EQUAL(csr(112), 1);
}

static void backend_waits_for_a_descriptor(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 1);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	for (unsigned i = 0; i < RING_LENGTH; i++) {
		CU_ASSERT_TRUE(cable.port->can_receive(cable.port->to));
		cable_deliver(frame, 60);
	}
	CU_ASSERT_FALSE(cable.port->can_receive(cable.port->to));
	put_descriptor(RX_RING, 0, BUFFERS, BUFFER_SIZE, 1u << 31);
	CU_ASSERT_EQUAL(cable.ready_calls, 0);
	fake_clock_advance(2000000); /* found by polling */
	CU_ASSERT_EQUAL(cable.ready_calls, 1);
}

static void unattended_ring_is_polled(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 1);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	fake_clock_advance(1000000000);
	queue_frame(0, frame, 60, OWN_STP_ENP);
	fake_clock_advance(64000000);
	CU_ASSERT_EQUAL(cable.sent_count, 1);
	set_csr(4, 0x1915); /* DPOLL */
	queue_frame(1, frame, 60, OWN_STP_ENP);
	fake_clock_advance(1000000000);
	CU_ASSERT_EQUAL(cable.sent_count, 1);
}

/* -- filter and frames */

static void filter_takes_what_it_should(void)
{
	static const uint8_t stranger[6] = { 0x52, 0x54, 0, 0, 0, 9 },
			     group[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
	uint16_t filter[4] = { 0 }, none[4] = { 0 };
	unsigned hash = pcnet_crc(group, 6) >> 26;
	/* clang-format off */
	const struct { uint16_t mode; const uint16_t *filter; const uint8_t *to; bool taken; } rows[] = {
		{ 0, none, station, true },
		{ 0, none, stranger, false },
		{ 0, none, broadcast, true },
		{ 0, none, group, false },
		{ 0, filter, group, true },
		{ MODE_DRCVBC, none, broadcast, false },
		{ MODE_DRCVPA, none, station, false },
		{ MODE_PROM, none, stranger, true },
		{ MODE_PROM, none, group, true },
		{ MODE_DRX, none, station, false },
	};
	/* clang-format on */
	uint8_t frame[60];

	CU_ASSERT_EQUAL(hash, 54); /* 224.0.0.1, as drivers compute it */
	filter[hash / 16] = (uint16_t)(1 << hash % 16);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nic_new("52:54:00:12:34:56");
		driver_start_with(2, rows[i].mode, rows[i].filter, 0x0915);
		cable_frame(frame, rows[i].to, 3);
		cable_deliver(frame, 60);
		CU_ASSERT_EQUAL(!(status_of(RX_RING, 0) >> 31), rows[i].taken);
	}
}

static void short_frames_are_padded(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 9);
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	queue_frame(0, frame, 20, OWN_STP_ENP);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_length[0], 60);
	CU_ASSERT_EQUAL(cable.sent[0][19], 9);
	CU_ASSERT_EQUAL(cable.sent[0][20], 0);
	cable_deliver(frame, 20);
	CU_ASSERT_EQUAL(result_of(RX_RING, 0), 64);
}

static void own_checksum_is_not_doubled(void)
{
	uint8_t frame[64];

	cable_frame(frame, broadcast, 9);
	nic_new("52:54:00:12:34:56");
	driver_start(2, MODE_DXMTFCS);
	queue_frame(0, frame, 64, OWN_STP_ENP);
	queue_frame(1, frame, 60, OWN_STP_ENP | 1u << 29); /* ADD_FCS */
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_length[0], 60);
	CU_ASSERT_EQUAL(cable.sent_length[1], 60);
}

static void length_field_strips_the_pad(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 9);
	frame[12] = 0;
	frame[13] = 10;
	nic_new("52:54:00:12:34:56");
	driver_start_with(2, 0, (uint16_t[4]){ 0 }, 0x0d15); /* ASTRP_RCV */
	cable_deliver(frame, 60);
	CU_ASSERT_EQUAL(result_of(RX_RING, 0), 24);
	frame[12] = 0x08; /* the type of IP, which is no length */
	frame[13] = 0x00;
	cable_deliver(frame, 60);
	CU_ASSERT_EQUAL(result_of(RX_RING, 1), 64);
}

static void giant_frames_babble(void)
{
	static uint8_t frame[1600];

	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	queue_frame(0, frame, sizeof(frame), OWN_STP_ENP);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_TRUE(csr(0) & CSR0_BABL);
	CU_ASSERT_EQUAL(cable.sent_count, 0);
}

static void loopback_comes_back(void)
{
	uint8_t frame[60];

	cable_frame(frame, station, 9);
	nic_new("52:54:00:12:34:56");
	driver_start(2, MODE_LOOP | 1 << 6);
	queue_frame(0, frame, 60, OWN_STP_ENP);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_count, 0);
	CU_ASSERT_FALSE(memcmp(received(0), frame, 60));
	CU_ASSERT_TRUE(csr(0) & CSR0_RINT);
}

static void pulled_cable_loses_carrier(void)
{
	uint8_t frame[60];

	nic_new("52:54:00:12:34:56");
	cable_frame(frame, broadcast, 9);
	driver_start(2, 0);
	CU_ASSERT_EQUAL(bcr(4), 0x80c0);
	cable_link(false);
	CU_ASSERT_EQUAL(bcr(4), 0x00c0);
	queue_frame(0, frame, 60, OWN_STP_ENP);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_count, 0);
	CU_ASSERT_EQUAL(status_of(TX_RING, 0), 0x43000000);
	CU_ASSERT_TRUE(result_of(TX_RING, 0) & 1u << 27);
	cable_link(true);
	CU_ASSERT_EQUAL(bcr(4), 0x80c0);
	queue_frame(1, frame, 60, OWN_STP_ENP);
	set_csr(0, CSR0_TDMD);
	CU_ASSERT_EQUAL(cable.sent_count, 1);
}

static void unplugged_cable_stays_so(void)
{
	struct fake_state *state;
	void *nic = nic_new("52:54:00:12:34:56");

	cable_link(false);
	fake_device_reset(nic, TSR_RESET_HARD);
	fake_pci_enable(fake_pci_of(nic));
	nic_base = (uint16_t)fake_pci_bar(fake_pci_of(nic), 0);
	CU_ASSERT_EQUAL(bcr(4), 0x00c0);
	state = fake_device_save(nic);
	cable_link(true);
	CU_ASSERT_TRUE(
		fake_device_load(nic, state, 1, NULL)); /* the state does not hold the cable */
	CU_ASSERT_EQUAL(bcr(4), 0x80c0);
	fake_state_free(state);
}

/* -- interrupts and memory errors */

static void causes_are_masked_and_cleared(void)
{
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	set_csr(4, 0x0915 | CSR4_UINTCMD);
	CU_ASSERT_TRUE(csr(4) & CSR4_UINT);
	CU_ASSERT_FALSE(csr(4) & CSR4_UINTCMD);
	CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 1);
	set_csr(0, 0); /* IENA off */
	CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 0);
	CU_ASSERT_TRUE(csr(0) & CSR0_INTR);
	set_csr(4, 0x0915 | CSR4_UINT);
	CU_ASSERT_FALSE(csr(0) & CSR0_INTR);
	set_csr(3, 0x5f00);
	set_csr(0, CSR0_STOP);
	set_csr(0, CSR0_INIT | CSR0_IENA);
	CU_ASSERT_TRUE(csr(0) & CSR0_IDON);
	CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 0);
	set_csr(3, 0);
	CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 1);
}

static void ok_transmits_can_be_quiet(void)
{
	static const struct {
		uint16_t csr5;
		uint32_t status;
		bool interrupt;
	} rows[] = {
		{ 0, 0, true },
		{ CSR5_TOKINTD, 0, false },
		{ CSR5_LTINTEN, 0, false },
		{ CSR5_LTINTEN, 1u << 28, true },
	};
	uint8_t frame[60];

	cable_frame(frame, broadcast, 9);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		nic_new("52:54:00:12:34:56");
		driver_start(2, 0);
		set_csr(5, rows[i].csr5);
		queue_frame(0, frame, 60, OWN_STP_ENP | rows[i].status);
		set_csr(0, CSR0_TDMD);
		CU_ASSERT_EQUAL(!!(csr(0) & CSR0_TINT), rows[i].interrupt);
	}
}

static void dma_without_mastering_is_a_memory_error(void)
{
	void *nic = nic_new("52:54:00:12:34:56");

	fake_pci_write(fake_pci_of(nic), 4, 3, 2); /* decoding, no bus master */
	set_csr(1, INIT_BLOCK);
	set_csr(0, CSR0_INIT);
	CU_ASSERT_TRUE(csr(0) & CSR0_MERR);
	CU_ASSERT_FALSE(csr(0) & CSR0_IDON);
}

/* -- state and nonsense */

static void state_survives(void)
{
	void *nic = nic_new("52:54:00:12:34:56");
	uint8_t frame[60];

	cable_frame(frame, broadcast, 9);
	driver_start(3, 0);
	cable_deliver(frame, 60);
	CU_ASSERT_TRUE(fake_device_round_trip(nic));
	fake_pci_enable(fake_pci_of(nic)); /* configuration space is the core's */
	CU_ASSERT_EQUAL(fake_pci_intx(3 << 3), 1);
	cable_deliver(frame, 60);
	CU_ASSERT_EQUAL(status_of(RX_RING, 1) >> 24, 3);
}

static void incomplete_state_is_refused(void)
{
	void *nic = nic_new("52:54:00:12:34:56");
	struct fake_state *state = fake_device_save(nic);
	struct tsr_error error = { 0 };

	CU_ASSERT_TRUE(fake_state_remove(state, "csr15"));
	CU_ASSERT_FALSE(fake_device_load(nic, state, 1, &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "csr15"));
	fake_state_free(state);
}

static void strange_state_is_survived(void)
{
	uint8_t frame[60];

	cable_frame(frame, broadcast, 9);
	for (uint64_t seed = 1; seed < 50; seed++) {
		void *nic = nic_new("52:54:00:12:34:56");
		struct fake_state *state = fake_device_save(nic);

		fake_state_scramble(state, seed);
		if (fake_device_load(nic, state, 1, NULL) &&
		    cable.port->can_receive(cable.port->to))
			cable_deliver(frame, 60);
		fake_clock_advance(100000000);
		fake_device_fuzz_registers(seed, 200);
		fake_state_free(state);
	}
}

static void any_register_access_is_defined(void)
{
	nic_new("52:54:00:12:34:56");
	driver_start(2, 0);
	fake_device_fuzz_registers(1, 30000);
}

#define ROW(name) \
	{ \
#name, name \
	}

static CU_TestInfo tests[] = {
	ROW(pci_function_is_a_pcnet),
	ROW(prom_holds_the_station_address),
	ROW(bad_addresses_are_refused),
	ROW(default_address_is_local_and_steady),
	ROW(registers_have_reset_values),
	ROW(styles_say_their_widths),
	ROW(reset_register_stops_the_chip),
	ROW(dword_write_switches_to_dwio),
	ROW(memory_window_is_the_same),
	ROW(ring_registers_are_locked_while_running),
	ROW(init_block_is_loaded),
	ROW(frame_goes_out),
	ROW(frame_comes_in),
	ROW(rings_wrap),
	ROW(chained_buffers_are_one_frame),
	ROW(small_buffers_chain_on_receive),
	ROW(broken_receive_chain_is_an_error),
	ROW(broken_transmit_chain_stops_the_transmitter),
	ROW(full_receive_ring_is_missed),
	ROW(backend_waits_for_a_descriptor),
	ROW(unattended_ring_is_polled),
	ROW(filter_takes_what_it_should),
	ROW(short_frames_are_padded),
	ROW(own_checksum_is_not_doubled),
	ROW(length_field_strips_the_pad),
	ROW(giant_frames_babble),
	ROW(loopback_comes_back),
	ROW(pulled_cable_loses_carrier),
	ROW(unplugged_cable_stays_so),
	ROW(causes_are_masked_and_cleared),
	ROW(ok_transmits_can_be_quiet),
	ROW(dma_without_mastering_is_a_memory_error),
	ROW(state_survives),
	ROW(incomplete_state_is_refused),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("pcnet", tests);

	fake_finish();
	return status;
}
