/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* memfd_create */
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint8_t *memory_ram;
uint8_t memory_video[2][TSR_PAGE_SIZE] __attribute__((aligned(4096)));
uint8_t memory_rom[TSR_PAGE_SIZE] __attribute__((aligned(4096)));
int memory_video_bank;
bool memory_rom_is_ram;
unsigned memory_dirty_marks;

void memory_lookup(const struct tsr_host *host, tsr_gpa gpa, struct tsr_phys_page *page)
{
	gpa &= ~(tsr_gpa)TSR_PAGE_MASK;
	*page = (struct tsr_phys_page){ .gpa = gpa };
	if (gpa == VIDEO && memory_video_bank < 0)
		return;
	if (gpa == VIDEO) {
		page->read = page->write = memory_video[memory_video_bank];
		page->dirty_log = true;
	} else if (gpa == ROM && !memory_rom_is_ram) {
		page->read = memory_rom;
	} else if (gpa < FAKE_RAM_SIZE) {
		page->read = page->write = memory_ram + gpa;
	}
}

static uint64_t phys_read(const struct tsr_host *host, tsr_gpa gpa, unsigned width)
{
	struct tsr_phys_page page;
	uint64_t value = ~0ull;

	memory_lookup(host, gpa, &page);
	if (page.read)
		memcpy(&value, page.read + (gpa & TSR_PAGE_MASK), width);
	return width == 8 ? value : value & ((1ull << (width * 8)) - 1);
}

static void phys_write(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width)
{
	struct tsr_phys_page page;

	memory_lookup(host, gpa, &page);
	if (page.write)
		memcpy(page.write + (gpa & TSR_PAGE_MASK), &value, width);
}

static void mark_dirty(const struct tsr_host *host, tsr_gpa gpa)
{
	memory_dirty_marks++;
}

static uint8_t *ram_base(const struct tsr_host *host)
{
	return memory_ram;
}

static uint64_t ram_size(const struct tsr_host *host)
{
	return FAKE_RAM_SIZE;
}

static int fd = -1;

static int ram_fd(const struct tsr_host *host)
{
	return fd;
}

static const struct tsr_phys phys = {
	.size = sizeof(phys),
	.lookup = memory_lookup,
	.read = phys_read,
	.write = phys_write,
	.mark_dirty = mark_dirty,
	.ram_base = ram_base,
	.ram_size = ram_size,
	.ram_fd = ram_fd,
};

/* One file for the whole program. */
static void make_ram(void)
{
	if (fd < 0) {
		fd = memfd_create("ram", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, FAKE_RAM_SIZE))
			abort();
		memory_ram = mmap(NULL, FAKE_RAM_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory_ram == MAP_FAILED)
			abort();
	}
	memset(memory_ram, 0, FAKE_RAM_SIZE);
}

void memory_start(void)
{
	fake_start();
	fake_host_table(TSR_PHYS, &phys);
	make_ram();
	memory_video_bank = 0;
	memory_rom_is_ram = false;
	memory_dirty_marks = 0;
}
