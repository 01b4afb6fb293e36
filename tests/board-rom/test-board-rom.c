/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The BIOS ROM: sizes, places, the writable kind, and wrong files. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fake-host.h>

#include "unit.h"

#define FILE_NAME "test-board-rom.bin"

/* Byte n of the file is n / 4096 + 1. */
static void make_file(const char *path, size_t length)
{
	FILE *file = fopen(path, "wb");

	for (size_t i = 0; i < length; i++)
		fputc((int)(i / 4096 + 1), file);
	fclose(file);
}

static void *try_rom(const char *path, const char *writable, struct tsr_error *error)
{
	return fake_device_try(
		NULL, "board-rom",
		(struct fake_row[]){ { "bios", path }, { "writable", writable }, { NULL, NULL } },
		error);
}

static void *start(size_t length, const char *writable)
{
	struct tsr_error error = { 0 };
	void *rom;

	fake_start();
	make_file(FILE_NAME, length);
	rom = try_rom(FILE_NAME, writable, &error);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rom);
	return rom;
}

static void image_ends_at_4_gib_and_1_mib(void)
{
	static const struct {
		size_t length;
		uint32_t first, low_first; /* where it is seen first */
		uint8_t at_first, at_low;  /* what is there */
	} rows[] = {
		{ 0x10000, 0xffff0000, 0xf0000, 1, 1 },
		{ 0x20000, 0xfffe0000, 0xe0000, 1, 1 },
		{ 0x40000, 0xfffc0000, 0xe0000, 1, 33 },
		{ 0x100000, 0xfff00000, 0xe0000, 1, 225 },
		{ 0x18000, 0xfffe0000, 0xe0000, 0xff, 0xff },
		{ 1, 0xffff0000, 0xf0000, 0xff, 0xff },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t last = (uint8_t)((rows[i].length - 1) / 4096 + 1);

		start(rows[i].length, "false");
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].first, 1), rows[i].at_first);
		CU_ASSERT_EQUAL(fake_mmio_read(rows[i].low_first, 1), rows[i].at_low);
		CU_ASSERT_EQUAL(fake_mmio_read(0xffffffff, 1), last);
		CU_ASSERT_EQUAL(fake_mmio_read(0xfffff, 1), last);
		fake_mmio_write(0xfffff, 0x5a, 1);
		fake_mmio_write(0xffffffff, 0x5a, 1);
		CU_ASSERT_EQUAL(fake_mmio_read(0xfffff, 1), last);
		CU_ASSERT_EQUAL(fake_mmio_read(0xffffffff, 1), last);
	}
}

static void low_copy_can_be_memory(void)
{
	void *rom = start(0x20000, "true");

	fake_mmio_write(0xf0000, 0x5a, 1);
	CU_ASSERT_EQUAL(fake_mmio_read(0xf0000, 1), 0x5a);
	fake_mmio_write(0xc0000, 0x5b, 1);
	CU_ASSERT_EQUAL(fake_mmio_read(0xc0000, 1), 0x5b);
	fake_device_reset(rom, TSR_RESET_SOFT);
	CU_ASSERT_EQUAL(fake_mmio_read(0xf0000, 1), 0x5a);
	fake_device_reset(rom, TSR_RESET_HARD);
	CU_ASSERT_EQUAL(fake_mmio_read(0xf0000, 1), 17);
	CU_ASSERT_EQUAL(fake_mmio_read(0xc0000, 1), 0x5b);
	CU_ASSERT(fake_device_round_trip(rom));
}

static void state_brings_its_bios(void)
{
	struct tsr_error error;
	void *rom = start(0x10000, "false"), *other;
	struct fake_state *state = fake_device_save(rom);

	fake_device_delete(rom);
	make_file(FILE_NAME, 0x10000 - 0x2000); /* other contents, same size */
	other = try_rom(FILE_NAME, "false", &error);
	CU_ASSERT_EQUAL(fake_mmio_read(0xffffffff, 1), 14);
	CU_ASSERT(fake_device_load(other, state, 1, &error));
	CU_ASSERT_EQUAL(fake_mmio_read(0xffffffff, 1), 16);
	fake_device_delete(other);
	make_file(FILE_NAME, 0x20000);
	other = try_rom(FILE_NAME, "false", &error);
	CU_ASSERT_FALSE(fake_device_load(other, state, 1, &error));
	fake_state_free(state);
}

static void wrong_files_are_refused(void)
{
	struct tsr_error error;

	fake_start();
	CU_ASSERT_PTR_NULL(try_rom("no-such-file", "false", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "no-such-file"));
	make_file(FILE_NAME, 0);
	CU_ASSERT_PTR_NULL(try_rom(FILE_NAME, "false", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "empty"));
	make_file(FILE_NAME, (16 << 20) + 1);
	CU_ASSERT_PTR_NULL(try_rom(FILE_NAME, "false", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "16 MiB"));
	CU_ASSERT_PTR_NULL(try_rom("/", "false", &error));
	setenv("XDG_DATA_DIRS", "no-such-folder:nor-this", 1);
	CU_ASSERT_PTR_NULL(try_rom("", "false", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "seabios"));
	unsetenv("XDG_DATA_DIRS");
}

static void default_is_found_in_data_folders(void)
{
	struct tsr_error error;

	fake_start();
	mkdir("test-board-data", 0700);
	mkdir("test-board-data/qemu", 0700);
	make_file("test-board-data/qemu/bios.bin", 0x10000);
	setenv("XDG_DATA_DIRS", "no-such-folder:test-board-data", 1);
	CU_ASSERT_PTR_NOT_NULL(try_rom("", "false", &error));
	CU_ASSERT_EQUAL(fake_mmio_read(0xffffffff, 1), 16);
	unsetenv("XDG_DATA_DIRS");
	unlink("test-board-data/qemu/bios.bin");
	rmdir("test-board-data/qemu");
	rmdir("test-board-data");
}

#define ROW(test) \
	{ \
#test, test \
	}
static CU_TestInfo tests[] = {
	ROW(image_ends_at_4_gib_and_1_mib),
	ROW(low_copy_can_be_memory),
	ROW(state_brings_its_bios),
	ROW(wrong_files_are_refused),
	ROW(default_is_found_in_data_folders),
	CU_TEST_INFO_NULL,
};

int main(void)
{
	int status = unit_run("board-rom", tests);

	fake_finish();
	unlink(FILE_NAME);
	return status;
}
