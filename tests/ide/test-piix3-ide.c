/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoding, the bus master and its descriptors, state in every phase, and random programming. */
#include <string.h>

#include <tessera/draft/ide.h>

#include "rig.h"
#include "unit.h"

extern const struct tsr_plugin_entry isa_ide_entry;

#define SECTORS 20480u

static bool in_memory(uint32_t address, uint32_t lba, uint32_t count)
{
	return !memcmp(fake_ram(address), rig.disk.bytes + lba * 512, count * 512);
}

static void decodes_as_configured(void)
{
	rig_start(SECTORS, 0);
	CU_ASSERT_EQUAL(fake_pci_read(rig.bdf, 0, 4), 0x70108086);
	CU_ASSERT_EQUAL(fake_pci_read(rig.bdf, 8, 4) >> 8, 0x010180);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	fake_pci_write(rig.bdf, 0x40, 0, 2);
	CU_ASSERT_EQUAL(in(STATUS), 0xff);
	fake_pci_write(rig.bdf, 0x40, 0x8000, 2);
	fake_pci_write(rig.bdf, 4, 4, 2);
	CU_ASSERT_EQUAL(in(STATUS), 0xff);
	fake_device_reset(rig.controller, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(fake_pci_read(rig.bdf, 0x41, 1), 0);
	rig_finish();
}

static void empty_channel_floats(void)
{
	rig_start(SECTORS, 0);
	fake_pci_write(rig.bdf, 0x42, 0x8000, 2);
	rig.base = SECONDARY;
	out(DEVICE, SLAVE);
	CU_ASSERT_EQUAL(in(STATUS), 0); /* the CD-ROM drive answers */
	rig_finish();
	rig_start_isa(SECTORS);
	rig_finish();
}

static void dma_read(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 512, false);
	prd(1, MEMORY + 0x3000, 1024, true);
	lba28(MASTER, 100, 3);
	command(0xc8);
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 0); /* not before the engine runs */
	bm_start(true);
	CU_ASSERT_EQUAL(bm_status(), 1);
	CU_ASSERT_EQUAL(irq(), 0);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(bm_status(), 4); /* table and drive ended together */
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT_EQUAL(bm_status(), 4);
	bm_clear();
	CU_ASSERT_EQUAL(bm_status(), 0);
	bm_stop();
	CU_ASSERT(in_memory(MEMORY, 100, 1));
	CU_ASSERT(in_memory(MEMORY + 0x3000, 101, 2));
	CU_ASSERT_EQUAL(rig.disk.requests, 1);
	rig_finish();
}

static void engine_before_command(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 0, true); /* 64 KiB */
	bm_start(true);
	lba28(MASTER, 0, 128);
	command(0xc8);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 4);
	CU_ASSERT(in_memory(MEMORY, 0, 128));
	rig_finish();
}

static void dma_write(void)
{
	rig_start(SECTORS, 0);
	memset(fake_ram(MEMORY), 0xa5, 4096);
	prd(0, MEMORY, 4096, true);
	lba48(MASTER, 9000, 8);
	command(0x35);
	bm_start(false);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 4);
	CU_ASSERT(in_memory(MEMORY, 9000, 8));
	CU_ASSERT_NOT_EQUAL(rig.disk.bytes[9008 * 512], 0xa5);
	rig_finish();
}

/* More than a chunk: 4 MiB through 64 descriptors. */
static void long_dma(void)
{
	rig_start(SECTORS, 0);
	for (unsigned i = 0; i < 64; i++)
		prd(i, MEMORY + i * 0x10000, 0, i == 63);
	lba48(MASTER, 3, 8192);
	command(0x25);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 4);
	CU_ASSERT(in_memory(MEMORY, 3, 8192));
	rig_finish();
}

/* Descriptors of odd sizes: sectors are cut, chunks are not. */
static void small_descriptors(void)
{
	rig_start(SECTORS, 0);
	for (unsigned i = 0; i < 4096 / 2; i++)
		prd(i, MEMORY + i * 16, 2, i == 2047);
	lba28(MASTER, 11, 8);
	command(0xc8);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 4);
	for (unsigned i = 0; i < 2048; i++)
		CU_ASSERT(!memcmp(fake_ram(MEMORY + i * 16), rig.disk.bytes + 11 * 512 + i * 2, 2));
	rig_finish();
}

static void table_too_long(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 4096, false);
	prd(1, MEMORY + 4096, 4096, true);
	lba28(MASTER, 0, 8);
	command(0xc8);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 5);
	bm_stop();
	CU_ASSERT_EQUAL(bm_status(), 4);
	rig_finish();
}

/* The engine ends without an interrupt; a new table serves the rest. */
static void table_too_short(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 1024 + 100, true);
	lba28(MASTER, 50, 8);
	command(0xc8);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 0);
	CU_ASSERT_EQUAL(irq(), 0);
	CU_ASSERT_EQUAL(alternate() & BSY, BSY);
	CU_ASSERT(in_memory(MEMORY, 50, 2));
	bm_stop();
	prd(0, MEMORY + 1024, 4096, true);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status() & 4, 4);
	CU_ASSERT(in_memory(MEMORY, 50, 8));
	rig_finish();
}

static void memory_not_there(void)
{
	rig_start(SECTORS, 0);
	fake_port_write(rig.bus_master + 4, 0xf0000000, 4);
	lba28(MASTER, 0, 1);
	command(0xc8);
	fake_port_write(rig.bus_master, 9, 1);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 2);
	bm_stop();
	control(4);
	control(0);
	bm_clear();
	prd(0, 0xf0000000, 512, true);
	lba28(MASTER, 0, 1);
	command(0xc8);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status() & 3, 2);
	rig_finish();
}

static void bus_master_off(void)
{
	rig_start(SECTORS, 0);
	fake_pci_write(rig.bdf, 4, 1, 2);
	prd(0, MEMORY, 512, true);
	lba28(MASTER, 0, 1);
	command(0xc8);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(bm_status() & 3, 2);
	CU_ASSERT_EQUAL(*fake_ram(MEMORY), 0);
	rig_finish();
}

/* Stopping the engine waits for the request, gives the step back, and starting again does it again.
 */
static void stopped_midway(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 4096, true);
	lba28(MASTER, 60, 8);
	command(0xc8);
	bm_start(true);
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 1);
	bm_stop();
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 0);
	CU_ASSERT_EQUAL(irq(), 0);
	memset(fake_ram(MEMORY), 0, 4096);
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT(in_memory(MEMORY, 60, 8));
	rig_finish();
}

static void dma_write_error(void)
{
	rig_start(SECTORS, 0);
	rig.disk.fail = TSR_BLOCK_IO_ERROR;
	prd(0, MEMORY, 512, true);
	lba28(MASTER, 0, 1);
	command(0xca);
	bm_start(false);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC | 0x20 | ERR);
	CU_ASSERT_EQUAL(in(ERROR), 4);
	rig_finish();
}

/* -- State: save in a phase, spoil everything, load, go on */

struct saved {
	struct fake_state *controller, *drive;
};

static void save_and_spoil(void)
{
	struct saved s = { fake_device_save(rig.controller), fake_device_save(rig.drive) };
	struct tsr_error error = { 0 };

	rig_run();
	fake_device_reset(rig.controller, TSR_RESET_POWER_ON);
	memset(fake_ram(MEMORY), 0, 65536);
	CU_ASSERT(fake_device_load(rig.drive, s.drive, 1, &error));
	CU_ASSERT(fake_device_load(rig.controller, s.controller, 1, &error));
	fake_pci_enable(rig.bdf);
	fake_state_free(s.controller);
	fake_state_free(s.drive);
	fake_clock_advance(1000);
}

static void state_in_dma(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 512, false);
	prd(1, MEMORY + 512, 3584, true);
	lba28(MASTER, 70, 8);
	command(0xc8);
	bm_start(true);
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 1);
	save_and_spoil();
	CU_ASSERT_EQUAL(rig.disk.waiting_count, 1);
	rig_run();
	CU_ASSERT_EQUAL(bm_status(), 4);
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT(in_memory(MEMORY, 70, 8));
	rig_finish();
}

static void state_before_dma(void)
{
	rig_start(SECTORS, 0);
	prd(0, MEMORY, 4096, true);
	lba28(MASTER, 70, 8);
	command(0xc8);
	save_and_spoil();
	bm_start(true);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT(in_memory(MEMORY, 70, 8));
	rig_finish();
}

static void state_in_pio_read(void)
{
	uint8_t data[1024];

	rig_start(SECTORS, 0);
	lba28(MASTER, 80, 2);
	command(0x20);
	save_and_spoil(); /* the request is under way */
	rig_run();
	read_words(data, 100);
	save_and_spoil(); /* in the middle of a sector */
	read_words(data + 200, 412);
	CU_ASSERT_EQUAL(in(STATUS), DRDY | DSC);
	CU_ASSERT(!memcmp(data, rig.disk.bytes + 80 * 512, 1024));
	rig_finish();
}

static void state_in_pio_write(void)
{
	uint8_t data[1024];

	memset(data, 0x77, sizeof(data));
	rig_start(SECTORS, 0);
	lba28(MASTER, 90, 2);
	command(0x30);
	write_words(data, 300);
	save_and_spoil();
	write_words(data, 212);
	CU_ASSERT(alternate() & BSY);
	save_and_spoil();
	memset(rig.disk.bytes + 90 * 512, 0, 1024);
	rig_run();
	CU_ASSERT_EQUAL(irq(), 1);
	CU_ASSERT(!memcmp(data, rig.disk.bytes + 90 * 512, 1024));
	rig_finish();
}

static void state_round_trip(void)
{
	rig_start(SECTORS, 10);
	CU_ASSERT(fake_device_round_trip(rig.controller));
	CU_ASSERT(fake_device_round_trip(rig.drive));
	CU_ASSERT(fake_device_round_trip(rig.cdrom));
	rig_finish();
}

/* A damaged state is refused or survived. */
static void state_scrambled(void)
{
	for (uint64_t seed = 1; seed <= 300; seed++) {
		void *devices[3];
		struct tsr_error error;

		rig_start(64, 10);
		devices[0] = rig.drive;
		devices[1] = rig.cdrom;
		devices[2] = rig.controller;
		for (unsigned i = 0; i < 3; i++) {
			struct fake_state *s = fake_device_save(devices[i]);

			fake_state_scramble(s, seed * 3 + i);
			fake_device_load(devices[i], s, 1, &error);
			fake_state_free(s);
		}
		fake_clock_advance(1000000);
		rig_run();
		fake_device_fuzz_registers(seed, 200);
		rig_finish();
	}
}

/* Random registers, and a descriptor table of random bytes that points anywhere. */
/* -- A drive from another plugin */

static const struct tsr_ide_port *bad_port;
static struct {
	uint32_t offset, length;
} bad_request;

static void bad_connect(void *self, const struct tsr_ide_port *port)
{
	bad_port = port;
}

static void bad_reset(void *self, enum tsr_ide_reset kind)
{
}

static void bad_command(void *self, uint8_t command)
{
	bad_port->pio(bad_port->to, true, bad_request.offset, bad_request.length, DRDY, true);
}

static void bad_pio_done(void *self)
{
	bad_port->finish(bad_port->to, DRDY, 0, false);
}

static const struct tsr_ide_drive bad_drive = {
	.size = sizeof(bad_drive),
	.connect = bad_connect,
	.reset = bad_reset,
	.command = bad_command,
	.pio_done = bad_pio_done,
};

static void pio_stays_in_the_buffer(void)
{
	static const struct {
		uint32_t offset, length;
		bool good;
	} rows[] = {
		{ 0, TSR_IDE_BUFFER, true },
		{ TSR_IDE_BUFFER - 512, 512, true },
		{ 0, 0, false },
		{ 0, TSR_IDE_BUFFER + 2, false },
		{ TSR_IDE_BUFFER - 512, 514, false },
		{ TSR_IDE_BUFFER, 2, false },
		{ TSR_IDE_BUFFER + 2, 2, false },
		{ UINT32_MAX - 1, 4, false },
	};

	fake_start();
	fake_connect("master", &bad_drive, NULL);
	rig = (struct rig){ .base = PRIMARY };
	fake_device_new(isa_ide_entry.get_factory(TSR_FACTORY_DEVICE), "isa-ide", NULL);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		bad_request.offset = rows[row].offset;
		bad_request.length = rows[row].length;
		command(0xec);
		CU_ASSERT_EQUAL(irq(), 1);
		CU_ASSERT_EQUAL(in(STATUS), rows[row].good ? DRDY | DRQ : DRDY | 0x20 | ERR);
		for (uint32_t at = 0; rows[row].good && at < rows[row].length; at += 2)
			fake_port_read(PRIMARY, 2);
		CU_ASSERT_EQUAL(in(STATUS), rows[row].good ? DRDY : DRDY | 0x20 | ERR);
	}
	fake_finish();
}

static void fuzz(void)
{
	uint64_t random = 42;

	rig_add_slave(NULL);
	rig_start(SECTORS, 100);
	for (unsigned round = 0; round < 400; round++) {
		rig.base = round & 1 ? PRIMARY : SECONDARY;
		for (unsigned i = 0; i < 64; i++)
			prd(i, (uint32_t)fake_random(&random) & (round & 2 ? 0xffffff : 0xffffffff),
			    (uint16_t)fake_random(&random), fake_random(&random) % 8 == 0);
		for (unsigned i = 0; i < 50; i++) {
			uint64_t r = fake_random(&random);

			if (r % 16 == 0)
				bm_start(r & 16);
			else if (r % 16 == 1)
				bm_stop();
			else if (r % 16 < 5)
				write_words(
					(uint16_t[6]){ (uint16_t)(r >> 8), (uint16_t)(r >> 24) },
					6);
			else if (r % 16 < 7)
				rig_run();
			else if (r % 16 < 9)
				command((uint8_t[]){ 0x20, 0x25, 0x30, 0x35, 0xc8, 0xca, 0xa0,
						     0xa0 }[r >> 8 & 7]);
			else
				out((unsigned)(r >> 8) % 8, (uint8_t)(r >> 16));
		}
		fake_pci_enable(rig.bdf);
		rig_run();
		control(4);
		control(0);
		fake_device_fuzz_registers(round + 1, 300);
	}
	CU_ASSERT_EQUAL(fake_log_count(TSR_LOG_WARNING) + fake_log_count(TSR_LOG_ERROR), 0);
	rig_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "decodes as configured", decodes_as_configured },
		{ "empty channel floats", empty_channel_floats },
		{ "DMA read", dma_read },
		{ "engine before command", engine_before_command },
		{ "DMA write", dma_write },
		{ "long DMA", long_dma },
		{ "small descriptors", small_descriptors },
		{ "table too long", table_too_long },
		{ "table too short", table_too_short },
		{ "memory not there", memory_not_there },
		{ "bus master off", bus_master_off },
		{ "stopped midway", stopped_midway },
		{ "DMA write error", dma_write_error },
		{ "state in DMA", state_in_dma },
		{ "state before DMA", state_before_dma },
		{ "state in PIO read", state_in_pio_read },
		{ "state in PIO write", state_in_pio_write },
		{ "state round trip", state_round_trip },
		{ "state scrambled", state_scrambled },
		{ "PIO stays in the buffer", pio_stays_in_the_buffer },
		{ "fuzz", fuzz },
		CU_TEST_INFO_NULL,
	};

	return unit_run("piix3-ide", tests);
}
