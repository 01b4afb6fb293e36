/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes numbered sectors to the primary disk, flushes, and acknowledges the numbers on the serial
 * line, for ever: what a data base promises (tests/reliability kills the machine meanwhile). Number
 * n fills the whole sector 1 + n % SLOTS. The numbers go on after the largest that the disk holds.
 */
#include "ata.h"

#define SLOTS 256u
#define BATCH_MAX 8u
enum { SERIAL = 0x3f8, LINE_STATUS = SERIAL + 5, TRANSMITTER_EMPTY = 0x20 };

static uint32_t sector[SECTOR_WORDS / 2];

static void send(char c)
{
	while (!(inb(LINE_STATUS) & TRANSMITTER_EMPTY))
		;
	outb(SERIAL, (uint8_t)c);
}

static void send_line(uint32_t number)
{
	char digits[10];
	unsigned count = 0;

	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		send(digits[--count]);
	send('\n');
}

static void fail(const char *what)
{
	print("%s failed\n", what);
	for (;;)
		;
}

static uint32_t find_last(void)
{
	uint32_t last = 0;

	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		if (ata_read(1 + slot, (uint16_t *)sector) & STATUS_ERR)
			fail("read");
		if (sector[0] > last)
			last = sector[0];
	}
	return last;
}

static void write_number(uint32_t number)
{
	for (unsigned i = 0; i < SECTOR_WORDS / 2; i++)
		sector[i] = number;
	if (ata_write(1 + number % SLOTS, (uint16_t *)sector) & STATUS_ERR)
		fail("write");
}

void guest_main(void)
{
	uint32_t next = find_last() + 1;

	for (unsigned batch = 1;; batch = batch % BATCH_MAX + 1) {
		for (unsigned i = 0; i < batch; i++)
			write_number(next + i);
		if (ata_flush() & STATUS_ERR)
			fail("flush");
		for (unsigned i = 0; i < batch; i++)
			send_line(next + i);
		next += batch;
	}
}
