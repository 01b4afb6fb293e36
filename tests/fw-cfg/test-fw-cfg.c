/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The firmware configuration device at its ports and by DMA. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tessera/draft/option-rom.h>

#include "test-fw-cfg.h"
#include "unit.h"

#define DMA_AT 0x8000u

void *start_with(const struct fake_row *rows)
{
	fake_start();
	return fake_device_new(NULL, "fw-cfg", rows);
}

void select_key(uint16_t key)
{
	fake_port_write(0x510, key, 2);
}

uint64_t read_le(unsigned width)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < width; i++)
		value |= (uint64_t)fake_port_read(0x511, 1) << (8 * i);
	return value;
}

static uint64_t read_be(unsigned width)
{
	uint64_t value = 0;

	while (width--)
		value = value << 8 | fake_port_read(0x511, 1);
	return value;
}

uint16_t find_file(const char *name, uint32_t *length)
{
	uint32_t count;

	select_key(FW_CFG_FILE_DIR);
	count = (uint32_t)read_be(4);
	while (count--) {
		uint32_t size = (uint32_t)read_be(4);
		uint16_t key = (uint16_t)read_be(2);
		char text[FW_CFG_FILE_NAME];

		read_be(2);
		for (unsigned i = 0; i < sizeof(text); i++)
			text[i] = (char)fake_port_read(0x511, 1);
		if (strcmp(text, name) == 0) {
			*length = size;
			return key;
		}
	}
	return 0;
}

static uint32_t dma_control(void)
{
	return (uint32_t)get_be(fake_ram(DMA_AT), 4);
}

static void dma_start(uint32_t control, uint32_t length, uint64_t address)
{
	uint8_t *request = fake_ram(DMA_AT);

	put_be(request, control, 4);
	put_be(request + 4, length, 4);
	put_be(request + 8, address, 8);
	fake_port_write(0x514, 0, 4);
	fake_port_write(0x518, __builtin_bswap32(DMA_AT), 4);
}

/* Polls until the request is done, as software does. */
static uint32_t dma_wait(void)
{
	while ((dma_control() & ~1u) && fake_clock_next() != UINT64_MAX)
		fake_clock_advance_to(fake_clock_next());
	return dma_control();
}

static uint32_t dma(uint32_t control, uint32_t length, uint64_t address)
{
	dma_start(control, length, address);
	return dma_wait();
}

bool dma_item(uint16_t key, tsr_gpa to, uint32_t length)
{
	return dma((uint32_t)key << 16 | 8 | 2, length, to) == 0;
}

/* -- tests */

static void signature_and_version(void)
{
	start_with(NULL);
	select_key(0);
	CU_ASSERT_EQUAL(read_le(4), 0x554d4551);
	CU_ASSERT_EQUAL(read_le(2), 0);
	select_key(1);
	CU_ASSERT_EQUAL(read_le(4), 3);
	CU_ASSERT_EQUAL(fake_port_read(0x514, 4), 0x554d4551);
	CU_ASSERT_EQUAL(fake_port_read(0x518, 4), 0x47464320);
}

static void integers_tell_the_machine(void)
{
	start_with((struct fake_row[]){ { "boot-menu", "true" }, { NULL, NULL } });
	select_key(FW_CFG_RAM_SIZE);
	CU_ASSERT_EQUAL(read_le(8), FAKE_RAM_SIZE);
	select_key(FW_CFG_NB_CPUS);
	CU_ASSERT_EQUAL(read_le(2), 1);
	select_key(FW_CFG_BOOT_MENU);
	CU_ASSERT_EQUAL(read_le(2), 1);
}

static void absent_items_are_zeros(void)
{
	start_with(NULL);
	select_key(0x1234);
	CU_ASSERT_EQUAL(read_le(8), 0);
	select_key(FW_CFG_NB_CPUS | 0x4000);
	CU_ASSERT_EQUAL(read_le(2), 1);
}

static void memory_map_is_a_file(void)
{
	uint32_t length = 0;

	start_with(NULL);
	select_key(find_file("etc/e820", &length));
	CU_ASSERT_EQUAL(length, 20);
	CU_ASSERT_EQUAL(read_le(8), 0);
	CU_ASSERT_EQUAL(read_le(8), FAKE_RAM_SIZE);
	CU_ASSERT_EQUAL(read_le(4), 1);
}

static void integer_files_follow_properties(void)
{
	uint32_t length = 0;

	start_with((struct fake_row[]){ { "sercon-port", "1016" }, { NULL, NULL } });
	select_key(find_file("etc/boot-fail-wait", &length));
	CU_ASSERT_EQUAL(read_le(4), 0xffffffff);
	select_key(find_file("etc/sercon-port", &length));
	CU_ASSERT_EQUAL(length, 2);
	CU_ASSERT_EQUAL(read_le(2), 0x3f8);
	CU_ASSERT_EQUAL(find_file("etc/boot-menu-wait", &length), 0);
	CU_ASSERT_EQUAL(find_file("bootorder", &length), 0);
}

static void boot_order_has_a_path_a_line(void)
{
	static const char expected[] = "/pci@i0cf8/a\n/b\n";
	uint32_t length = 0;

	start_with((struct fake_row[]){ { "bootorder", "/pci@i0cf8/a;/b" }, { NULL, NULL } });
	select_key(find_file("bootorder", &length));
	CU_ASSERT_EQUAL(length, sizeof(expected));
	for (size_t i = 0; i < sizeof(expected); i++)
		CU_ASSERT_EQUAL(read_le(1), (uint8_t)expected[i]);
}

static void dma_copies_and_pads(void)
{
	start_with(NULL);
	memset(fake_ram(0x10000), 0xaa, 64);
	CU_ASSERT(dma_item(0, 0x10000, 8));
	CU_ASSERT_EQUAL(memcmp(fake_ram(0x10000), "QEMU\0\0\0\0\xaa", 9), 0);
	CU_ASSERT_EQUAL(dma((uint32_t)8, 0, 0), 0); /* selects key 0 */
	CU_ASSERT_EQUAL(dma(4, 1, 0), 0);           /* skips */
	CU_ASSERT_EQUAL(dma(2, 2, 0x10010), 0);     /* reads on */
	CU_ASSERT_EQUAL(memcmp(fake_ram(0x10010), "EM\xaa", 3), 0);
	CU_ASSERT_EQUAL(read_le(1), 'U');
}

static void dma_errors_are_told(void)
{
	start_with(NULL);
	CU_ASSERT_EQUAL(dma(8 | 16, 4, 0x10000), 1); /* no item can be written */
	CU_ASSERT_EQUAL(dma(8 | 2, 4, 0x8000000000ull), 1);
	CU_ASSERT_EQUAL(dma(8 | 2, 0xffffffff, 0x10000), 1); /* runs out of memory */
	fake_start();
	fake_device_new(NULL, "fw-cfg", NULL);
	fake_port_write(0x514, 0xffffffff, 4); /* a request at nowhere */
	fake_port_write(0x518, 0xffffffff, 4);
	fake_port_write(0x518, 0x12, 1);
}

/* Counts what a device writes while it is called once. */
static const struct tsr_dma *real_dma;
static uint64_t written;

static bool counting_write(const struct tsr_host *host, tsr_gpa to, const void *from,
			   uint64_t length)
{
	written += length;
	return real_dma->write(host, to, from, length);
}

static void *start_counting(void)
{
	static struct tsr_dma table;
	const struct tsr_host *host = fake_device_host(start_with(NULL));

	real_dma = host->get(host, TSR_DMA);
	table = *real_dma;
	table.write = counting_write;
	written = 0;
	fake_start();
	fake_host_table(TSR_DMA, &table);
	return fake_device_new(NULL, "fw-cfg", NULL);
}

#define LONG_AT 0x100000u
#define LONG (8u << 20)
#define READ_SIGNATURE (8 | 2)
#define AT_ONCE (512u << 10) /* bytes that take far less than the 10 ms a machine may stand */

static void a_long_dma_is_done_in_slices(void)
{
	uint64_t most = 0;

	start_counting();
	memset(fake_ram(LONG_AT), 0xaa, LONG + 1);
	dma_start(READ_SIGNATURE, LONG, LONG_AT);
	while (written) {
		most = written > most ? written : most;
		written = 0;
		if (dma_control() == 0)
			break;
		CU_ASSERT_EQUAL(dma_control(), READ_SIGNATURE);
		fake_clock_advance_to(fake_clock_next());
	}
	CU_ASSERT(most <= AT_ONCE);
	CU_ASSERT_EQUAL(dma_control(), 0);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	CU_ASSERT_EQUAL(memcmp(fake_ram(LONG_AT), "QEMU\0", 5), 0);
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT + LONG - 1), 0);
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT + LONG), 0xaa);
}

/* 4 GiB, as a guest asks for to make the machine stand. */
static void the_longest_dma_ends_where_memory_ends(void)
{
	start_counting();
	dma_start(READ_SIGNATURE, 0xffffffff, LONG_AT);
	CU_ASSERT(written <= AT_ONCE);
	CU_ASSERT_EQUAL(dma_wait(), 1);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
}

static void a_reset_ends_a_long_dma(void)
{
	void *device = start_with(NULL);

	memset(fake_ram(LONG_AT), 0xaa, LONG);
	dma_start(READ_SIGNATURE, LONG, LONG_AT);
	fake_device_reset(device, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	fake_clock_advance(1000000000);
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT + LONG - 1), 0xaa);
	CU_ASSERT_EQUAL(dma_control(), READ_SIGNATURE);
}

static void a_request_replaces_one_that_is_not_done(void)
{
	start_with(NULL);
	memset(fake_ram(LONG_AT), 0xaa, LONG);
	dma_start(READ_SIGNATURE, LONG, LONG_AT);
	CU_ASSERT_EQUAL(dma(READ_SIGNATURE, 4, 0x10000), 0);
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	CU_ASSERT_EQUAL(memcmp(fake_ram(0x10000), "QEMU", 4), 0);
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT + LONG - 1), 0xaa);
}

static void a_long_dma_goes_on_after_a_load(void)
{
	void *device = start_with(NULL);
	struct fake_state *state;
	struct tsr_error error;

	dma_start(READ_SIGNATURE, LONG, LONG_AT);
	fake_clock_advance_to(fake_clock_next());
	CU_ASSERT(fake_device_round_trip(device));
	state = fake_device_save(device);
	fake_device_reset(device, TSR_RESET_HARD);
	memset(fake_ram(LONG_AT), 0xaa, LONG);
	CU_ASSERT(fake_device_load(device, state, 2, &error));
	CU_ASSERT_EQUAL(dma_wait(), 0);
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT), 0xaa); /* was done before */
	CU_ASSERT_EQUAL(*fake_ram(LONG_AT + LONG - 1), 0);
	/* A state of version 1 has no transfer. */
	CU_ASSERT(fake_state_remove(state, "dma-request"));
	CU_ASSERT(fake_state_remove(state, "dma-to"));
	CU_ASSERT(fake_state_remove(state, "dma-deadline"));
	CU_ASSERT_FALSE(fake_device_load(device, state, 2, &error));
	CU_ASSERT(fake_state_remove(state, "dma-left"));
	CU_ASSERT(fake_device_load(device, state, 1, &error));
	CU_ASSERT_EQUAL(fake_clock_next(), UINT64_MAX);
	fake_state_free(state);
}

static void user_files_are_added(void)
{
	uint32_t length = 0;
	struct tsr_error error;
	FILE *file = fopen("test-fw-cfg.txt", "wb");

	fputs("hello", file);
	fclose(file);
	start_with((struct fake_row[]){ { "files", "opt/a=test-fw-cfg.txt;opt/b=test-fw-cfg.txt" },
					{ NULL, NULL } });
	select_key(find_file("opt/b", &length));
	CU_ASSERT_EQUAL(length, 5);
	CU_ASSERT_EQUAL(read_le(5), 0x6f6c6c6568);
	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "fw-cfg", (struct fake_row[]){ { "files", "opt/a" }, { NULL, NULL } },
		&error));
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "fw-cfg", (struct fake_row[]){ { "files", "opt/a=/none" }, { NULL, NULL } },
		&error));
	unlink("test-fw-cfg.txt");
}

static void video_bios_is_a_file(void)
{
	uint32_t length = 0;
	FILE *file;

	mkdir("test-fw-cfg-data", 0700);
	mkdir("test-fw-cfg-data/seabios", 0700);
	file = fopen("test-fw-cfg-data/seabios/card.bin", "wb");
	fputs("\x55\xaa", file);
	fclose(file);
	setenv("XDG_DATA_DIRS", "no-such-folder:test-fw-cfg-data", 1);
	start_with((struct fake_row[]){ { "vga-bios", "card.bin" }, { NULL, NULL } });
	select_key(find_file("vgaroms/card.bin", &length));
	CU_ASSERT_EQUAL(length, 2);
	CU_ASSERT_EQUAL(read_le(2), 0xaa55);
	start_with((struct fake_row[]){ { "vga-bios", "no-such.bin" }, { NULL, NULL } });
	CU_ASSERT_EQUAL(find_file("vgaroms/no-such.bin", &length), 0);
	unsetenv("XDG_DATA_DIRS");
	unlink("test-fw-cfg-data/seabios/card.bin");
	rmdir("test-fw-cfg-data/seabios");
	rmdir("test-fw-cfg-data");
}

/* An ISA card with a ROM of a block. */
static bool attach_card(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	const struct tsr_option_rom *roms = host->get(host, TSR_OPTION_ROM);
	uint8_t image[512] = { 0x55, 0xaa, 1 };

	return roms->map(host, "rom", image, sizeof(image), error) != NULL;
}

static void cards_roms_are_files(void)
{
	static const struct tsr_device_class card = { .size = sizeof(card),
						      .instance_size = 1,
						      .attach = attach_card };
	uint32_t length;
	uint16_t key;

	fake_start();
	fake_device_new(&card, NULL,
			(struct fake_row[]){ { "resource.rom.base", "0xd0000" },
					     { "resource.rom.length", "4096" },
					     { NULL, NULL } });
	fake_device_new(NULL, "fw-cfg", NULL);
	key = find_file("genroms/device.rom", &length);
	CU_ASSERT_EQUAL(length, 512);
	select_key(key);
	CU_ASSERT_EQUAL(read_le(3), 0x01aa55);
}

static void state_survives(void)
{
	void *device = start_with(NULL);

	select_key(0);
	read_le(1);
	fake_port_write(0x514, 0x1234, 4);
	CU_ASSERT(fake_device_round_trip(device));
	CU_ASSERT_EQUAL(read_le(1), 'E');
}

static void strange_state_is_survived(void)
{
	void *device = start_with(NULL);
	struct tsr_error error;

	for (uint64_t seed = 1; seed < 50; seed++) {
		struct fake_state *state = fake_device_save(device);

		fake_state_scramble(state, seed);
		fake_device_load(device, state, 2, &error);
		fake_state_free(state);
		read_le(8);
		dma(2, 64, 0x10000);
	}
}

static void any_register_access_is_defined(void)
{
	uint64_t random = 7;

	start_with(NULL);
	fake_device_fuzz_registers(1, 20000);
	for (unsigned i = 0; i < 300; i++)
		dma((uint32_t)fake_random(&random) & 0x001f001f,
		    (uint32_t)fake_random(&random) & 0xfffff, fake_random(&random) & 0x1ffffff);
}

static CU_TestInfo tests[] = {
	ROW(signature_and_version),
	ROW(integers_tell_the_machine),
	ROW(absent_items_are_zeros),
	ROW(memory_map_is_a_file),
	ROW(integer_files_follow_properties),
	ROW(boot_order_has_a_path_a_line),
	ROW(dma_copies_and_pads),
	ROW(dma_errors_are_told),
	ROW(a_long_dma_is_done_in_slices),
	ROW(the_longest_dma_ends_where_memory_ends),
	ROW(a_reset_ends_a_long_dma),
	ROW(a_request_replaces_one_that_is_not_done),
	ROW(a_long_dma_goes_on_after_a_load),
	ROW(user_files_are_added),
	ROW(video_bios_is_a_file),
	ROW(cards_roms_are_files),
	ROW(state_survives),
	ROW(strange_state_is_survived),
	ROW(any_register_access_is_defined),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	static const CU_SuiteInfo suites[] = {
		{ .pName = "fw-cfg", .pTests = tests },
		{ .pName = "direct boot", .pTests = linux_tests },
		{ .pName = "ACPI tables", .pTests = acpi_tests },
		{ .pName = "PCI routing table", .pTests = pir_tests },
		{ .pName = "SMBIOS tables", .pTests = smbios_tests },
		{ .pName = "bounds", .pTests = bounds_tests },
		CU_SUITE_INFO_NULL,
	};
	int status = unit_run_suites(suites);

	fake_finish();
	return status;
}
