/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A driver that resets the primary disk whenever it is busy, while the host's disk does not answer
 * (tests/fault): first in a write, which it repeats with other contents, then in reads without end.
 * Source: ATA/ATAPI-6 (T13/1410D): software reset, PIO data in and out commands.
 */
#include "guest.h"

enum { DATA = 0x1f0, COUNT = 0x1f2, LBA_LOW, LBA_MIDDLE, LBA_HIGH, DEVICE, COMMAND };
enum { CONTROL = 0x3f6, SRST = 0x04 };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_BSY = 0x80 };
enum { READ_SECTORS = 0x20, WRITE_SECTORS = 0x30, FLUSH_CACHE = 0xe7, IDENTIFY = 0xec };

static uint8_t wait(void)
{
	uint8_t status;

	do
		status = inb(COMMAND);
	while (status & STATUS_BSY);
	return status;
}

static void command(uint8_t code, uint8_t lba)
{
	wait();
	outb(DEVICE, 0xe0);
	outb(COUNT, 1);
	outb(LBA_LOW, lba);
	outb(LBA_MIDDLE, 0);
	outb(LBA_HIGH, 0);
	outb(COMMAND, code);
}

static void reset(void)
{
	outb(CONTROL, SRST);
	outb(CONTROL, 0);
	wait();
}

/* The sector is in the drive; the drive is busy with it. */
static void write(uint8_t lba, uint16_t word)
{
	command(WRITE_SECTORS, lba);
	wait();
	for (unsigned i = 0; i < 256; i++)
		__asm__ volatile("outw %0, %1" ::"a"(word), "Nd"((uint16_t)DATA));
}

static void identify(void)
{
	uint16_t word = 0;

	command(IDENTIFY, 0);
	if (wait() & STATUS_DRQ)
		for (unsigned i = 0; i < 256; i++)
			__asm__ volatile("inw %1, %0" : "=a"(word) : "Nd"((uint16_t)DATA));
	print("identify: %s\n", word ? "good" : "bad");
}

void guest_main(void)
{
	write(1, 0x1111);
	print("write: %s\n", inb(COMMAND) & STATUS_BSY ? "busy" : "done");
	reset();
	identify();
	write(1, 0x2222);
	print("write again: %s\n", wait() & STATUS_ERR ? "error" : "good");
	print("ready\n");
	for (;;) {
		for (unsigned i = 0; i < 1000; i++) {
			command(READ_SECTORS, 2);
			reset();
		}
		print("resets\n");
	}
}
