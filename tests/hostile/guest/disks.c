/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Storms at the drives: the CD tray in a loop, resets of drives with requests outstanding, and
 * writes that are flushed one by one. Sources: ATA/ATAPI-6 (T13/1410D): SRST, DEVICE RESET, PACKET,
 * READ and WRITE DMA, FLUSH CACHE; MMC-3: START STOP UNIT; Intel 290550: bus master IDE.
 */
#include "hostile.h"

enum { PRIMARY = 0x1f0, SECONDARY = 0x170, CONTROL = 0x206 /* from the channel's base */ };
enum { COUNT = 2, LBA_LOW, LBA_MIDDLE, LBA_HIGH, DEVICE, COMMAND };
enum { STATUS_DRQ = 0x08, STATUS_BSY = 0x80, CONTROL_SRST = 0x04, CONTROL_NIEN = 0x02 };
enum { DEVICE_RESET = 0x08, PACKET = 0xa0, READ_DMA = 0xc8, WRITE_DMA = 0xca, FLUSH_CACHE = 0xe7 };
enum { OPERATION_START_STOP = 0x1b, OPERATION_READ_10 = 0x28, EJECT = 2, LOAD = 3 };
enum { BM_COMMAND, BM_STATUS = 2, BM_TABLE = 4, BM_CHANNEL = 8, BM_START = 1, BM_TO_MEMORY = 8 };
#define PRD SCRATCH
#define BUFFER (SCRATCH + 0x10000)
#define SECTORS 128u /* 64 KiB, one PRD */
#define PATIENCE 100000u

static uint16_t master;

static void find_drives(void)
{
	volatile uint32_t *prd = (volatile uint32_t *)PRD;
	struct bar *bar;

	assign_bars();
	bar = find_bar(IDE_ID, 4);
	master = (uint16_t)bar->base;
	pci_write(bar->devfn, 0x40, 0x80008000); /* IDETIM: both channels are decoded */
	prd[0] = BUFFER;
	prd[1] = 0x80000000;
}

static uint8_t wait(uint16_t channel)
{
	uint8_t status;

	do
		status = inb(channel + COMMAND);
	while (status & STATUS_BSY);
	return status;
}

/* Not longer than a drive with a host that is quick takes. */
static void wait_a_little(uint16_t channel)
{
	for (unsigned i = 0; i < PATIENCE && inb(channel + COMMAND) & STATUS_BSY; i++)
		;
}

static void send_packet(const uint16_t words[6])
{
	outb(SECONDARY + DEVICE, 0xa0);
	outb(SECONDARY + 1, 0);
	outb(SECONDARY + LBA_MIDDLE, 0);
	outb(SECONDARY + LBA_HIGH, 8);
	outb(SECONDARY + COMMAND, PACKET);
	if (!(wait(SECONDARY) & STATUS_DRQ))
		return;
	for (unsigned i = 0; i < 6; i++)
		outw(SECONDARY, words[i]);
}

/* -- The tray */

static void move_tray(uint8_t where)
{
	send_packet((const uint16_t[6]){ OPERATION_START_STOP, 0, where });
	wait(SECONDARY);
}

static void move_tray_for_ever(void)
{
	for (;;) {
		move_tray(EJECT);
		move_tray(LOAD);
		round_done(1000);
	}
}

void storm_tray(void)
{
	find_drives();
	outb(SECONDARY + CONTROL, CONTROL_NIEN);
	move_tray_for_ever();
}

static void on_drive(unsigned line)
{
	(void)inb((line == 15 ? SECONDARY : PRIMARY) + COMMAND);
}

void storm_tray_interrupts(void)
{
	find_drives();
	outb(SECONDARY + CONTROL, 0);
	start_interrupts(0x7ffb, on_drive);
	move_tray_for_ever();
}

/* -- Commands to the disk */

static void disk_command(uint8_t command, uint32_t lba)
{
	outb(PRIMARY + DEVICE, (uint8_t)(0xe0 | (lba >> 24 & 0x0f)));
	outb(PRIMARY + COUNT, SECTORS);
	outb(PRIMARY + LBA_LOW, (uint8_t)lba);
	outb(PRIMARY + LBA_MIDDLE, (uint8_t)(lba >> 8));
	outb(PRIMARY + LBA_HIGH, (uint8_t)(lba >> 16));
	outb(PRIMARY + COMMAND, command);
}

static void start_transfer(uint16_t channel, uint8_t direction)
{
	uint16_t port = channel == PRIMARY ? master : master + BM_CHANNEL;

	outl(port + BM_TABLE, PRD);
	outb(port + BM_STATUS, 6);
	outb(port + BM_COMMAND, direction);
	outb(port + BM_COMMAND, direction | BM_START);
}

static void stop_transfer(uint16_t channel)
{
	outb((channel == PRIMARY ? master : master + BM_CHANNEL) + BM_COMMAND, 0);
}

static uint32_t somewhere(void)
{
	return random32() % 64 * SECTORS; /* of 4 MiB */
}

/* -- Resets */

static void software_reset(uint16_t channel)
{
	outb(channel + CONTROL, CONTROL_SRST | CONTROL_NIEN);
	outb(channel + CONTROL, CONTROL_NIEN);
	wait_a_little(channel);
}

static void request_and_reset_disk(unsigned n)
{
	static const uint8_t commands[] = { READ_DMA, WRITE_DMA, FLUSH_CACHE };
	uint8_t command = commands[n % 3];

	disk_command(command, somewhere());
	if (command != FLUSH_CACHE)
		start_transfer(PRIMARY, command == READ_DMA ? BM_TO_MEMORY : 0);
	for (unsigned i = 0; i < n % 64;
	     i++) /* the request is under way for another while each time */
		(void)inb(PRIMARY + CONTROL);
	if (n & 1)
		stop_transfer(PRIMARY);
	software_reset(PRIMARY);
}

static void request_and_reset_cd(unsigned n)
{
	uint32_t lba = n % 64;

	send_packet((const uint16_t[6]){ OPERATION_READ_10, 0, (uint16_t)(lba << 8), 0, 0x0100 });
	if (n & 1)
		software_reset(SECONDARY);
	else
		outb(SECONDARY + COMMAND, DEVICE_RESET);
	wait_a_little(SECONDARY);
}

void storm_drive_resets(void)
{
	find_drives();
	outb(PRIMARY + CONTROL, CONTROL_NIEN);
	outb(SECONDARY + CONTROL, CONTROL_NIEN);
	for (unsigned n = 0;; n++) {
		request_and_reset_disk(n);
		request_and_reset_cd(n);
		round_done(100);
	}
}

/* -- Writes, each flushed; the host's disk has the last word on how fast */

void storm_flushes(void)
{
	find_drives();
	outb(PRIMARY + CONTROL, CONTROL_NIEN);
	print("ready\n");
	for (;;) {
		disk_command(WRITE_DMA, somewhere());
		start_transfer(PRIMARY, 0);
		wait(PRIMARY);
		stop_transfer(PRIMARY);
		disk_command(FLUSH_CACHE, 0);
		wait(PRIMARY);
		round_done(10);
	}
}
