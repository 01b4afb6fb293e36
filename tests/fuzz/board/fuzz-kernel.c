/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The input is a kernel image: the first two bytes choose memory and an initial RAM disk, the rest
 * is the file, with the marks of a kernel put in so that most inputs get beyond the first check.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "linux.h"

static char kernel_path[32], initrd_path[32];
static int kernel_fd = -1, initrd_fd;

static void open_files(void)
{
	kernel_fd = memfd_create("kernel", 0);
	initrd_fd = memfd_create("initrd", 0);
	snprintf(kernel_path, sizeof(kernel_path), "/proc/self/fd/%d", kernel_fd);
	snprintf(initrd_path, sizeof(initrd_path), "/proc/self/fd/%d", initrd_fd);
}

static void write_kernel(const uint8_t *data, size_t size)
{
	static const uint8_t flag[] = { 0x55, 0xaa };

	if (ftruncate(kernel_fd, 0) || pwrite(kernel_fd, data, size, 0) < 0)
		_exit(1);
	if (size > 0x206 &&
	    (pwrite(kernel_fd, flag, 2, 0x1fe) < 0 || pwrite(kernel_fd, "HdrS", 4, 0x202) < 0))
		_exit(1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fw_cfg_items items;
	struct linux_boot boot = { .kernel = kernel_path, .initrd = "", .append = "quiet vga=ask" };
	struct tsr_error error = { 0 };

	if (size < 2)
		return 0;
	if (kernel_fd < 0)
		open_files();
	boot.ram = (uint64_t)data[0] << 24;
	if (data[1] && ftruncate(initrd_fd, (off_t)data[1] << 12) == 0)
		boot.initrd = initrd_path;
	write_kernel(data + 2, size - 2);
	if (!linux_add(&items, &boot, &error) && !*error.message)
		__builtin_trap();
	items_finish(&items);
	items.files = 0;
	return 0;
}
