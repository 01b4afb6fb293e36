/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Kernels and initial RAM disks that are right, wrong, old and truncated, made by the test. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "linux.h"
#include "test-fw-cfg.h"

#define KERNEL "test-linux-kernel.bin"
#define INITRD "test-linux-initrd.bin"
#define SETUP_SIZE (3u * 512)
#define CODE_SIZE 4096u

struct kernel {
	uint16_t version;
	uint8_t loadflags;
	size_t cut; /* bytes missing at the end */
	uint32_t cmdline_size, initrd_max, init_size;
};

static const struct kernel modern = { 0x20f, 1, 0, 2047, 0x7fffffff, 0x400000 };

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	fwrite(bytes, 1, length, file);
	fclose(file);
}

static void make_kernel(const struct kernel *k)
{
	uint8_t *image = calloc(1, SETUP_SIZE + CODE_SIZE);

	image[0x1f1] = SETUP_SIZE / 512 - 1;
	put_le(image + 0x1f4, CODE_SIZE / 16, 4);
	put_le(image + 0x1fe, 0xaa55, 2);
	memcpy(image + 0x202, "HdrS", 4);
	put_le(image + 0x206, k->version, 2);
	image[0x211] = k->loadflags;
	put_le(image + 0x22c, k->initrd_max, 4);
	put_le(image + 0x238, k->cmdline_size, 4);
	put_le(image + 0x258, 0x100000, 8);
	put_le(image + 0x260, k->init_size, 4);
	memset(image + SETUP_SIZE, 0xcc, CODE_SIZE);
	write_file(KERNEL, image, SETUP_SIZE + CODE_SIZE - k->cut);
	free(image);
}

static void make_initrd(size_t length)
{
	uint8_t *bytes = malloc(length);

	memset(bytes, 0x77, length);
	write_file(INITRD, bytes, length);
	free(bytes);
}

static void *try_boot(const char *initrd, const char *append, struct tsr_error *error)
{
	fake_start();
	return fake_device_try(NULL, "fw-cfg",
			       (struct fake_row[]){ { "kernel", KERNEL },
						    { "initrd", initrd },
						    { "append", append },
						    { NULL, NULL } },
			       error);
}

static uint32_t dword_item(uint16_t key)
{
	select_key(key);
	return (uint32_t)read_le(4);
}

static void parts_have_their_places(void)
{
	struct tsr_error error;
	const uint8_t *setup = fake_ram(0x10000);

	make_kernel(&modern);
	make_initrd(5000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(try_boot(INITRD, "console=ttyS0 vga=0x301", &error));
	CU_ASSERT_EQUAL(dword_item(FW_CFG_SETUP_ADDR), 0x10000);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_SETUP_SIZE), SETUP_SIZE);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_CMDLINE_ADDR), 0x1e000);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_CMDLINE_SIZE), 24);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_KERNEL_ADDR), 0x100000);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_KERNEL_SIZE), CODE_SIZE);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_INITRD_ADDR), FAKE_RAM_SIZE - 0x100000 - 8192);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_INITRD_SIZE), 5000);
	setup = fake_ram(0x10000);
	CU_ASSERT(dma_item(FW_CFG_SETUP_DATA, 0x10000, SETUP_SIZE));
	CU_ASSERT_EQUAL(get_le(setup + 0x1fa, 2), 0x301);
	CU_ASSERT_EQUAL(setup[0x210], 0xff);
	CU_ASSERT_EQUAL(setup[0x211], 0x81);
	CU_ASSERT_EQUAL(get_le(setup + 0x218, 4), FAKE_RAM_SIZE - 0x100000 - 8192);
	CU_ASSERT_EQUAL(get_le(setup + 0x21c, 4), 5000);
	CU_ASSERT_EQUAL(get_le(setup + 0x224, 2), 0xde00);
	CU_ASSERT_EQUAL(get_le(setup + 0x228, 4), 0x1e000);
	CU_ASSERT(dma_item(FW_CFG_KERNEL_DATA, 0x100000, CODE_SIZE + 1));
	CU_ASSERT_EQUAL(*fake_ram(0x100000 + CODE_SIZE - 1), 0xcc);
	CU_ASSERT_EQUAL(*fake_ram(0x100000 + CODE_SIZE), 0);
	CU_ASSERT(dma_item(FW_CFG_CMDLINE_DATA, 0x1e000, 24));
	CU_ASSERT_STRING_EQUAL((char *)fake_ram(0x1e000), "console=ttyS0 vga=0x301");
}

static void old_protocols_are_loaded_lower(void)
{
	static const struct kernel rows[] = { { 0x200, 1, 0, 0, 0, 0 }, { 0x201, 1, 0, 0, 0, 0 } };
	struct tsr_error error;

	for (size_t i = 0; i < 2; i++) {
		make_kernel(&rows[i]);
		CU_ASSERT_PTR_NOT_NULL_FATAL(try_boot("", "auto", &error));
		CU_ASSERT_EQUAL(dword_item(FW_CFG_SETUP_ADDR), 0x90000);
		CU_ASSERT_EQUAL(dword_item(FW_CFG_CMDLINE_ADDR), 0x99800);
		CU_ASSERT(dma_item(FW_CFG_SETUP_DATA, 0x90000, SETUP_SIZE));
		CU_ASSERT_EQUAL(get_le(fake_ram(0x90020), 4), 0x9800a33f);
		CU_ASSERT_EQUAL(get_le(fake_ram(0x90228), 4), 0);
	}
	make_kernel(&(struct kernel){ 0x204, 0, 0, 0, 0x37ffffff, 0 });
	CU_ASSERT_PTR_NOT_NULL_FATAL(try_boot("", "", &error));
	CU_ASSERT_EQUAL(dword_item(FW_CFG_KERNEL_ADDR), 0x10000);
	CU_ASSERT_EQUAL(dword_item(FW_CFG_SETUP_ADDR), 0x90000);
}

static void rom_is_valid_and_first(void)
{
	struct tsr_error error;
	uint32_t length = 0;
	const uint8_t *rom;
	uint8_t total = 0;

	make_kernel(&modern);
	CU_ASSERT_PTR_NOT_NULL_FATAL(try_boot("", "", &error));
	CU_ASSERT(dma_item(find_file(LINUX_ROM_NAME, &length), 0x20000, 4096));
	rom = fake_ram(0x20000);
	CU_ASSERT_EQUAL(get_le(rom, 2), 0xaa55);
	CU_ASSERT_EQUAL(rom[2] * 512u, length);
	for (uint32_t i = 0; i < length; i++)
		total += rom[i];
	CU_ASSERT_EQUAL(total, 0);
	CU_ASSERT_EQUAL(memcmp(rom + get_le(rom + 0x1a, 2), "$PnP", 4), 0);
	CU_ASSERT(dma_item(find_file("bootorder", &length), 0x20000, 64));
	CU_ASSERT_STRING_EQUAL((char *)rom, "/rom@" LINUX_ROM_NAME "\n");
}

static void wrong_kernels_are_refused(void)
{
	static const struct {
		struct kernel kernel;
		const char *why;
	} rows[] = {
		{ { 0x1ff, 1, 0, 0, 0, 0 }, "too old" },
		{ { 0x20f, 1, 16, 2047, 0x7fffffff, 0 }, "truncated" },
		{ { 0x20f, 1, CODE_SIZE, 2047, 0x7fffffff, 0 }, "truncated" },
		{ { 0x20f, 1, CODE_SIZE + 600, 2047, 0x7fffffff, 0 }, "truncated" },

		{ { 0x20f, 1, CODE_SIZE + SETUP_SIZE - 9, 2047, 0, 0 }, "not a Linux kernel" },
		{ { 0x20f, 1, CODE_SIZE + SETUP_SIZE, 2047, 0x7fffffff, 0 }, "not a Linux kernel" },
		{ { 0x20f, 1, 0, 3, 0x7fffffff, 0 }, "command line" },
		{ { 0x20f, 1, 0, 2047, 0x7fffffff, 0x1000000 }, "more memory" },
	};
	struct tsr_error error;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make_kernel(&rows[i].kernel);
		CU_ASSERT_PTR_NULL(try_boot("", "auto", &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, rows[i].why));
	}
	make_kernel(&(struct kernel){ 0x20f, 1, 15, 2047, 0x7fffffff,
				      0 }); /* sizes are in paragraphs */
	CU_ASSERT_PTR_NOT_NULL(try_boot("", "", &error));
}

static void kernels_for_other_loaders_are_named(void)
{
	static const uint32_t rows[][2] = { { 0, 0x464c457f },
					    { 0x100, 0x1badb002 },
					    { 0x1000, 0xe85250d6 } };
	struct tsr_error error;
	uint8_t image[0x2000];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(image, 0x90, sizeof(image));
		memcpy(image + rows[i][0], &rows[i][1], 4);
		write_file(KERNEL, image, sizeof(image));
		CU_ASSERT_PTR_NULL(try_boot("", "", &error));
		CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "GRUB"));
	}
}

static void wrong_initrds_are_refused(void)
{
	struct tsr_error error;

	make_kernel(&modern);
	CU_ASSERT_PTR_NULL(try_boot("no-such-file", "", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "no-such-file"));
	CU_ASSERT_PTR_NULL(try_boot("/", "", &error));
	make_initrd(12 << 20);
	CU_ASSERT_PTR_NULL(try_boot(INITRD, "", &error));
	CU_ASSERT_PTR_NOT_NULL(strstr(error.message, "more memory"));
	make_kernel(&(struct kernel){ 0x20f, 1, 0, 2047, 0x5fffff, 0 });
	make_initrd(0x200000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(try_boot(INITRD, "", &error));
	CU_ASSERT_EQUAL(dword_item(FW_CFG_INITRD_ADDR), 0x400000);
	fake_start();
	CU_ASSERT_PTR_NULL(fake_device_try(
		NULL, "fw-cfg", (struct fake_row[]){ { "append", "quiet" }, { NULL, NULL } },
		&error));
	unlink(KERNEL);
	unlink(INITRD);
}

CU_TestInfo linux_tests[] = {
	ROW(parts_have_their_places),
	ROW(old_protocols_are_loaded_lower),
	ROW(rom_is_valid_and_first),
	ROW(wrong_kernels_are_refused),
	ROW(kernels_for_other_loaders_are_named),
	ROW(wrong_initrds_are_refused),
	CU_TEST_INFO_NULL,
};
