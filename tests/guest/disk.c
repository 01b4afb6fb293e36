/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the primary disk answers to a write, two flushes and a read, by programmed I/O; the program
 * does not end, so that the machine can be looked at (tests/fault). Source: ATA/ATAPI-6
 * (T13/1410D): PIO data in and out commands, READ SECTOR(S), WRITE SECTOR(S), FLUSH CACHE.
 */
#include "guest.h"

enum { DATA = 0x1f0, COUNT = 0x1f2, LBA_LOW, LBA_MIDDLE, LBA_HIGH, DEVICE, COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_BSY = 0x80 };
enum { READ_SECTORS = 0x20, WRITE_SECTORS = 0x30, FLUSH_CACHE = 0xe7 };
#define LAST_SECTOR 2047u /* of 1 MiB */

static uint8_t wait(void)
{
	uint8_t status;

	do
		status = inb(COMMAND);
	while (status & STATUS_BSY);
	return status;
}

/* Issues a command for one sector and waits until the drive wants data or is done. */
static uint8_t command(uint8_t code, uint32_t lba)
{
	wait();
	outb(DEVICE, 0xe0 | (lba >> 24 & 0x0f));
	outb(COUNT, 1);
	outb(LBA_LOW, (uint8_t)lba);
	outb(LBA_MIDDLE, (uint8_t)(lba >> 8));
	outb(LBA_HIGH, (uint8_t)(lba >> 16));
	outb(COMMAND, code);
	return wait();
}

static void say(const char *what, uint8_t status)
{
	print("%s: %s\n", what, status & STATUS_ERR ? "error" : "good");
}

static void write(const char *what, uint32_t lba)
{
	uint8_t status = command(WRITE_SECTORS, lba);

	for (unsigned i = 0; status & STATUS_DRQ && i < 256; i++)
		__asm__ volatile("outw %0, %1" ::"a"((uint16_t)i), "Nd"((uint16_t)DATA));
	say(what, wait());
}

static void read(const char *what, uint32_t lba)
{
	uint8_t status = command(READ_SECTORS, lba);
	uint16_t word;

	for (unsigned i = 0; status & STATUS_DRQ && i < 256; i++)
		__asm__ volatile("inw %1, %0" : "=a"(word) : "Nd"((uint16_t)DATA));
	say(what, status);
}

void guest_main(void)
{
	write("write", 1);
	say("first flush", command(FLUSH_CACHE, 0));
	say("second flush", command(FLUSH_CACHE, 0));
	read("read", LAST_SECTOR);
	print("ready\n");
	for (;;)
		;
}
