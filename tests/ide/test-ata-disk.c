/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The disk and its channel, register by register. */
#include <string.h>

#include "rig.h"
#include "unit.h"

#define SECTORS 20480u /* 10 MiB */

static uint8_t data[65536 * 2];

static bool same(const void *bytes, uint32_t lba, uint32_t count)
{
	return !memcmp(bytes, rig.disk.bytes + lba * 512, count * 512);
}

static void signature_after_reset(void)
{
	rig_start(SECTORS, 0);
	control(4);
	CU_ASSERT_EQUAL(alternate(), BSY);
	control(0);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(in(ERROR), 1);
	CU_ASSERT_EQUAL(in(COUNT), 1);
	CU_ASSERT_EQUAL(in(LOW), 1);
	CU_ASSERT_EQUAL(in(MID), 0);
	CU_ASSERT_EQUAL(in(HIGH), 0);
	rig_finish();
}

static void missing_slave(void)
{
	rig_start(SECTORS, 0);
	out(DEVICE, SLAVE);
	CU_ASSERT_EQUAL(in(STATUS), 0);
	command(0xec);
	CU_ASSERT_EQUAL(in(STATUS), 0);
	CU_ASSERT_EQUAL(irq(), 0);
	CU_ASSERT_EQUAL(in(DEVICE), SLAVE);
	out(DEVICE, MASTER);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	rig_finish();
}

static void two_drives(void)
{
	uint16_t words[256];

	rig_add_slave(NULL);
	rig_start(SECTORS, 0);
	out(DEVICE, SLAVE);
	command(0xe1);
	CU_ASSERT_EQUAL(irq(), 1);
	out(DEVICE, MASTER);
	CU_ASSERT_EQUAL(irq(), 0); /* the other drive is selected */
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	out(DEVICE, SLAVE);
	CU_ASSERT_EQUAL(irq(), 1);
	words_of(0xec, words);
	CU_ASSERT_EQUAL(words[93], 0x6b00); /* of device 1: device 0's bits are zero */
	rig.slave.bytes[5 * 512] ^= 0xff;
	lba28(SLAVE, 5, 1);
	command(0x20);
	rig_run();
	read_words(data, 256);
	CU_ASSERT(!memcmp(data, rig.slave.bytes + 5 * 512, 512));
	rig_finish();
}

static void identifies(void)
{
	uint16_t w[256];
	uint8_t sum = 0;

	rig_start(SECTORS, 0);
	words_of(0xec, w);
	CU_ASSERT_EQUAL(w[1], SECTORS / 1008);
	CU_ASSERT_EQUAL(w[3], 16);
	CU_ASSERT_EQUAL(w[6], 63);
	CU_ASSERT_EQUAL(w[60] | (unsigned)w[61] << 16, SECTORS);
	CU_ASSERT_EQUAL(w[100] | (unsigned)w[101] << 16, SECTORS);
	CU_ASSERT_EQUAL(w[49], 0x0f00);
	CU_ASSERT_EQUAL(w[63], 0x0007);
	CU_ASSERT_EQUAL(w[82], 0x4068); /* no host protected area: F8h and 27h are aborted */
	CU_ASSERT_EQUAL(w[88], 0x003f);
	CU_ASSERT_EQUAL(w[93], 0x600b);
	CU_ASSERT(!memcmp(&w[27], "ETSSRE A", 8));
	for (unsigned i = 0; i < 512; i++)
		sum += ((uint8_t *)w)[i];
	CU_ASSERT_EQUAL(sum, 0);
	rig_finish();
}

static void pio_read(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, 1000, 3);
	command(0x20);
	CU_ASSERT_EQUAL(alternate(), BSY);
	CU_ASSERT_EQUAL(irq(), 0);
	rig_run();
	for (unsigned i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(irq(), 1);
		CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
		CU_ASSERT_EQUAL(irq(), 0);
		read_words(data + i * 512, 256);
	}
	CU_ASSERT_EQUAL(irq(), 0); /* the last read ends it */
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT(same(data, 1000, 3));
	CU_ASSERT_EQUAL(in(LOW) | in(MID) << 8, 1002);
	rig_finish();
}

/* 256 sectors come as 0, in more than one buffer; the data register is read 32 bits wide. */
static void pio_read_256(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, 7, 0);
	command(0x20);
	for (unsigned s = 0; s < 256; s++) {
		if (alternate() & BSY)
			rig_run();
		CU_ASSERT_EQUAL_FATAL(in(STATUS), DRDY | DSC | DRQ);
		for (unsigned i = 0; i < 128; i++)
			((uint32_t *)data)[s * 128 + i] = fake_port_read(PRIMARY, 4);
	}
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT(same(data, 7, 256));
	CU_ASSERT_EQUAL(rig.disk.requests, 2);
	rig_finish();
}

static void pio_write(void)
{
	rig_start(SECTORS, 0);
	memset(data, 0x5a, sizeof(data));
	lba28(MASTER, 20, 200);
	command(0x30);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
	CU_ASSERT_EQUAL(irq(), 0); /* none before the first sector */
	for (unsigned s = 0; s < 200; s++) {
		write_words(data, 256);
		if (alternate() & BSY)
			rig_run();
		CU_ASSERT_EQUAL(irq(), 1);
		CU_ASSERT_EQUAL(in(STATUS), s == 199 ? DRDY | DSC : DRDY | DSC | DRQ);
	}
	CU_ASSERT(same(data, 20, 200));
	CU_ASSERT_NOT_EQUAL(rig.disk.bytes[220 * 512], 0x5a);
	rig_finish();
}

static void multiple(void)
{
	rig_start(SECTORS, 0);
	out(COUNT, 0);
	command(0xc6);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	lba28(MASTER, 0, 4);
	command(0xc4);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR); /* switched off */
	out(COUNT, 3);
	command(0xc6);
	CU_ASSERT_EQUAL(in(ERROR), 4);
	out(COUNT, 8);
	command(0xc6);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	lba28(MASTER, 50, 20);
	command(0xc4);
	rig_run();
	for (unsigned block = 0; block < 3; block++) {
		CU_ASSERT_EQUAL(irq(), 1);
		CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
		read_words(data + block * 4096, block == 2 ? 1024 : 2048);
	}
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT(same(data, 50, 20));
	rig_finish();
}

/* The state after a MULTIPLE command that was refused is as good as any. */
static void state_after_refused_multiple(void)
{
	rig_start(SECTORS, 0);
	out(COUNT, 0);
	command(0xc6);
	lba28(MASTER, 0, 4);
	command(0xc4);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT(fake_device_round_trip(rig.drive));
	rig_finish();
}

static void chs(void)
{
	rig_start(SECTORS, 0);
	out(DEVICE, MASTER | 2);
	out(COUNT, 1);
	out(LOW, 4);
	out(MID, 1);
	out(HIGH, 0);
	command(0x20);
	rig_run();
	read_words(data, 256);
	CU_ASSERT(same(data, (1 * 16 + 2) * 63 + 3, 1));
	out(DEVICE, MASTER);
	out(LOW, 0); /* there is no sector 0 */
	out(COUNT, 1);
	command(0x20);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	out(DEVICE, MASTER | 3); /* 4 heads of 17 sectors */
	out(COUNT, 17);
	command(0x91);
	out(DEVICE, MASTER | 1);
	out(COUNT, 1);
	out(LOW, 1);
	out(MID, 2);
	command(0x20);
	rig_run();
	read_words(data, 256);
	CU_ASSERT(same(data, (2 * 4 + 1) * 17, 1));
	rig_finish();
}

static void lba48_and_hob(void)
{
	rig_start(SECTORS, 0);
	lba48(MASTER, 0x4321, 0x102);
	control(0x80);
	CU_ASSERT_EQUAL(in(COUNT), 0x01);
	CU_ASSERT_EQUAL(in(LOW), 0);
	control(0);
	CU_ASSERT_EQUAL(in(COUNT), 0x02);
	command(0x24);
	for (unsigned s = 0; s < 0x102; s++) {
		if (alternate() & BSY)
			rig_run();
		read_words(data + s % 256 * 512, 256);
	}
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT(same(data + 1024, 0x4323, 254));
	lba48(MASTER, 0x10000000000, 1);
	command(0x24);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	rig_finish();
}

static void out_of_range(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, SECTORS, 2);
	command(0x20);
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	CU_ASSERT_EQUAL(in(LOW) | in(MID) << 8, SECTORS);
	CU_ASSERT_EQUAL(rig.disk.requests, 0);
	lba28(MASTER, SECTORS - 1, 1);
	command(0x40);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	lba28(MASTER, SECTORS, 1);
	command(0x70);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	rig_finish();
}

/* A command that begins inside the disk and ends outside moves the good sectors; the address
 * registers then hold the first bad one (ATA-6, 8.27-8.70: IDNF). */
#define TAIL 3u /* good sectors of each of these commands */

static uint32_t shown_lba(void)
{
	return in(LOW) | (uint32_t)in(MID) << 8 | (uint32_t)in(HIGH) << 16;
}

static void expect_end_of_disk(uint8_t device)
{
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	CU_ASSERT_EQUAL(shown_lba(), SECTORS);
	CU_ASSERT_EQUAL(in(DEVICE), device);
}

static void address_tail(bool ext, uint16_t count)
{
	if (ext)
		lba48(MASTER, SECTORS - TAIL, count);
	else
		lba28(MASTER, SECTORS - TAIL, (uint8_t)count);
}

static void pio_read_over_the_end(void)
{
	static const struct {
		uint8_t code;
		bool ext;
		uint16_t count;
		unsigned block;
	} rows[] = {
		{ 0x20, false, 5, 1 }, { 0x21, false, 4, 1 },  { 0x20, false, 0, 1 },
		{ 0x24, true, 5, 1 },  { 0x24, true, 0, 1 },   { 0xc4, false, 5, 2 },
		{ 0xc4, false, 4, 8 }, { 0x29, true, 200, 2 },
	};

	rig_start(SECTORS, 0);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		out(COUNT, (uint8_t)rows[row].block);
		command(0xc6);
		address_tail(rows[row].ext, rows[row].count);
		command(rows[row].code);
		rig_run();
		memset(data, 0, TAIL * 512);
		for (unsigned at = 0; at < TAIL; at += rows[row].block) {
			unsigned n = TAIL - at < rows[row].block ? TAIL - at : rows[row].block;

			CU_ASSERT_EQUAL(irq(), 1);
			CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
			read_words(data + at * 512, n * 256);
		}
		CU_ASSERT(same(data, SECTORS - TAIL, TAIL));
		expect_end_of_disk(MASTER | LBA);
	}
	rig_finish();
}

static void pio_write_over_the_end(void)
{
	static const struct {
		uint8_t code;
		bool ext;
		unsigned block;
		bool write_cache;
	} rows[] = {
		{ 0x30, false, 1, true },  { 0x3c, false, 1, true },  { 0x34, true, 1, true },
		{ 0xc5, false, 2, true },  { 0xc5, false, 16, true }, { 0x39, true, 2, true },
		{ 0x30, false, 1, false },
	};

	rig_start(SECTORS, 0);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		unsigned flushes;

		out(FEATURE, rows[row].write_cache ? 0x02 : 0x82);
		command(0xef);
		rig_run();
		flushes = rig.disk.flushes;
		out(COUNT, (uint8_t)rows[row].block);
		command(0xc6);
		memset(data, 0x51 + (int)row, TAIL * 512);
		address_tail(rows[row].ext, 5);
		command(rows[row].code);
		for (unsigned at = 0; at < TAIL; at += rows[row].block) {
			unsigned n = TAIL - at < rows[row].block ? TAIL - at : rows[row].block;

			CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
			write_words(data, n * 256);
		}
		rig_run();
		CU_ASSERT(same(data, SECTORS - TAIL, TAIL));
		CU_ASSERT_EQUAL(rig.disk.flushes - flushes, !rows[row].write_cache);
		expect_end_of_disk(MASTER | LBA);
	}
	rig_finish();
}

static void dma_over_the_end(void)
{
	static const struct {
		uint8_t code;
		bool ext, write;
	} rows[] = {
		{ 0xc8, false, false },
		{ 0x25, true, false },
		{ 0xca, false, true },
		{ 0x35, true, true },
	};

	rig_start(SECTORS, 0);
	prd(0, MEMORY, 5 * 512, true);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		memset(fake_ram(MEMORY), 0x61 + (int)row, 5 * 512);
		address_tail(rows[row].ext, 5);
		command(rows[row].code);
		bm_start(!rows[row].write);
		rig_run();
		CU_ASSERT(same(fake_ram(MEMORY), SECTORS - TAIL, TAIL));
		CU_ASSERT_EQUAL(*(uint8_t *)fake_ram(MEMORY + TAIL * 512), 0x61 + row);
		CU_ASSERT_EQUAL(bm_status(), 5); /* the table is longer than what moved */
		bm_stop();
		bm_clear();
		expect_end_of_disk(MASTER | LBA);
	}
	rig_finish();
}

static void verify_over_the_end(void)
{
	static const struct {
		uint8_t code;
		bool ext;
	} rows[] = { { 0x40, false }, { 0x41, false }, { 0x42, true } };

	rig_start(SECTORS, 0);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		address_tail(rows[row].ext, 5);
		command(rows[row].code);
		expect_end_of_disk(MASTER | LBA);
	}
	rig_finish();
}

static void chs_over_the_end(void)
{
	rig_start(SECTORS, 0); /* 20 cylinders of 1008 sectors, and 320 more: 5 tracks, 5 sectors */
	out(DEVICE, MASTER | 5);
	out(COUNT, 2);
	out(LOW, 5);
	out(MID, 20);
	out(HIGH, 0);
	command(0x20);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | DRQ);
	read_words(data, 256);
	CU_ASSERT(same(data, SECTORS - 1, 1));
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x10);
	CU_ASSERT_EQUAL(in(DEVICE), MASTER | 5);
	CU_ASSERT_EQUAL(in(LOW), 6);
	CU_ASSERT_EQUAL(in(MID) | in(HIGH) << 8, 20);
	rig_finish();
}

/* A command that failed leaves nothing behind for the next one. */
static void flush_after_the_end(void)
{
	rig_start(SECTORS, 0);
	address_tail(false, 5);
	command(0x40);
	expect_end_of_disk(MASTER | LBA);
	command(0xe7);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	rig_finish();
}

static void medium_errors(void)
{
	rig_start(SECTORS, 0);
	rig.disk.fail = TSR_BLOCK_IO_ERROR;
	lba28(MASTER, 9, 1);
	command(0x20);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 0x40);
	CU_ASSERT_EQUAL(in(LOW), 9);
	lba28(MASTER, 9, 1);
	command(0x30);
	write_words(data, 256);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | 0x20 | ERR); /* device fault */
	CU_ASSERT_EQUAL(in(ERROR), 0x04);
	CU_ASSERT_EQUAL(in(LOW), 9);
	rig.disk.fail = TSR_BLOCK_OK;
	rig.disk.read_only = true;
	lba28(MASTER, 9, 1);
	command(0x30);
	write_words(data, 256);
	rig_run();
	CU_ASSERT_EQUAL(in(ERROR), 0x04);
	rig_finish();
}

static void write_cache_and_flush(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, 0, 1);
	command(0x30);
	write_words(data, 256);
	rig_run();
	CU_ASSERT_EQUAL(rig.disk.flushes, 0);
	command(0xe7);
	CU_ASSERT_EQUAL(alternate(), BSY);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(rig.disk.flushes, 1);
	out(FEATURE, 0x82);
	command(0xef);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	lba28(MASTER, 0, 1);
	command(0x30);
	write_words(data, 256);
	rig_run();
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(rig.disk.flushes, 3);
	rig_finish();
}

static void features_and_power(void)
{
	uint16_t w[256];

	rig_start(SECTORS, 0);
	out(FEATURE, 3);
	out(COUNT, 0x22);
	command(0xef);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	words_of(0xec, w);
	CU_ASSERT_EQUAL(w[63], 0x0407);
	out(FEATURE, 3);
	out(COUNT, 0x23);
	command(0xef);
	CU_ASSERT_EQUAL(in(ERROR), 4);
	command(0xe0);
	rig_run();
	command(0xe5);
	CU_ASSERT_EQUAL(in(COUNT), 0);
	command(0xe1);
	command(0xe5);
	CU_ASSERT_EQUAL(in(COUNT), 0xff);
	rig_finish();
}

static void unknown_commands_abort(void)
{
	static const uint8_t codes[] = { 0x00, 0x01, 0x08, 0x22, 0x27, 0x37, 0x50, 0x87,
					 0xa0, 0xa1, 0xb0, 0xda, 0xf1, 0xf8, 0xf9, 0xff };

	rig_start(SECTORS, 0);
	for (size_t i = 0; i < sizeof(codes); i++) {
		command(codes[i]);
		CU_ASSERT_EQUAL(irq(), 1);
		CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
		CU_ASSERT_EQUAL(in(ERROR), 4);
	}
	rig_finish();
}

static void interrupt_enable(void)
{
	rig_start(SECTORS, 0);
	control(2);
	command(0xe1);
	CU_ASSERT_EQUAL(irq(), 0);
	control(0);
	CU_ASSERT_EQUAL(irq(), 1); /* pending all the time */
	CU_ASSERT_EQUAL(alternate(), DRDY | DSC);
	CU_ASSERT_EQUAL(irq(), 1);
	in(STATUS);
	CU_ASSERT_EQUAL(irq(), 0);
	rig_finish();
}

static void diagnostic(void)
{
	rig_start(SECTORS, 0);
	out(DEVICE, SLAVE);
	command(0x90);
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(in(ERROR), 1);
	CU_ASSERT_EQUAL(in(DEVICE), 0xa0);
	rig_finish();
}

/* Device 0 answers even when a reset came before and the host selected the device that is absent
 * (ATA-6 8.11, 9.10). */
static void diagnostic_with_the_absent_device_selected(void)
{
	rig_start(SECTORS, 0);
	control(4);
	control(0);
	lba28(SLAVE, 0x123456, 7);
	command(0x90);
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(irq(), 0);
	CU_ASSERT_EQUAL(in(ERROR), 1);
	CU_ASSERT_EQUAL(in(DEVICE), MASTER);
	CU_ASSERT_EQUAL(in(COUNT), 1);
	CU_ASSERT_EQUAL(in(LOW), 1);
	CU_ASSERT_EQUAL(in(MID), 0);
	CU_ASSERT_EQUAL(in(HIGH), 0);
	rig_finish();
}

/* A reset takes the drive out of a command whose request is still under way. */
static void reset_in_a_command(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, 0, 8);
	command(0x20);
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 1);
	control(4);
	control(0);
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 0);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(irq(), 0);
	lba28(MASTER, 3, 1);
	command(0x20);
	rig_run();
	read_words(data, 256);
	CU_ASSERT(same(data, 3, 1));
	rig_finish();
}

static void busy_drive_ignores_writes(void)
{
	rig_start(SECTORS, 0);
	lba28(MASTER, 40, 1);
	command(0x20);
	out(LOW, 99);
	command(0xec);
	rig_run();
	read_words(data, 256);
	CU_ASSERT(same(data, 40, 1));
	CU_ASSERT_EQUAL(in(LOW), 40);
	rig_finish();
}

static void isa_has_no_dma(void)
{
	uint16_t w[256];

	rig_start_isa(SECTORS);
	words_of(0xec, w);
	CU_ASSERT(!(w[49] & 0x100));
	CU_ASSERT_EQUAL(w[63], 0);
	lba28(MASTER, 0, 1);
	command(0xc8);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | ERR);
	lba28(MASTER, 77, 1);
	command(0x20);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	read_words(data, 256);
	CU_ASSERT(same(data, 77, 1));
	rig_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "signature after reset", signature_after_reset },
		{ "missing slave", missing_slave },
		{ "two drives", two_drives },
		{ "identify", identifies },
		{ "PIO read", pio_read },
		{ "PIO read of 256 sectors", pio_read_256 },
		{ "PIO write", pio_write },
		{ "multiple", multiple },
		{ "state after refused MULTIPLE", state_after_refused_multiple },
		{ "CHS", chs },
		{ "LBA48 and HOB", lba48_and_hob },
		{ "out of range", out_of_range },
		{ "PIO read over the end", pio_read_over_the_end },
		{ "PIO write over the end", pio_write_over_the_end },
		{ "DMA over the end", dma_over_the_end },
		{ "verify over the end", verify_over_the_end },
		{ "CHS over the end", chs_over_the_end },
		{ "flush after the end", flush_after_the_end },
		{ "medium errors", medium_errors },
		{ "write cache and flush", write_cache_and_flush },
		{ "features and power", features_and_power },
		{ "unknown commands abort", unknown_commands_abort },
		{ "interrupt enable", interrupt_enable },
		{ "diagnostic", diagnostic },
		{ "diagnostic with the absent device selected",
		  diagnostic_with_the_absent_device_selected },
		{ "reset in a command", reset_in_a_command },
		{ "a busy drive ignores writes", busy_drive_ignores_writes },
		{ "ISA has no DMA", isa_has_no_dma },
		CU_TEST_INFO_NULL,
	};

	return unit_run("ata-disk", tests);
}
