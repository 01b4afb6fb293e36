/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The primary disk by programmed I/O, for guest programs. Source: ATA/ATAPI-6 (T13/1410D): PIO data
 * in and out commands, READ SECTOR(S), WRITE SECTOR(S), FLUSH CACHE. */
#ifndef GUEST_ATA_H
#define GUEST_ATA_H

#include "guest.h"

enum { DATA = 0x1f0, COUNT = 0x1f2, LBA_LOW, LBA_MIDDLE, LBA_HIGH, DEVICE, COMMAND };
enum { STATUS_ERR = 0x01, STATUS_DRQ = 0x08, STATUS_BSY = 0x80 };
enum { READ_SECTORS = 0x20, WRITE_SECTORS = 0x30, FLUSH_CACHE = 0xe7 };
#define SECTOR_WORDS 256u

static inline uint8_t ata_wait(void)
{
	uint8_t status;

	do
		status = inb(COMMAND);
	while (status & STATUS_BSY);
	return status;
}

/* Issues a command for one sector and waits until the drive wants data or is done: its status. */
static inline uint8_t ata_command(uint8_t code, uint32_t lba)
{
	ata_wait();
	outb(DEVICE, 0xe0 | (lba >> 24 & 0x0f));
	outb(COUNT, 1);
	outb(LBA_LOW, (uint8_t)lba);
	outb(LBA_MIDDLE, (uint8_t)(lba >> 8));
	outb(LBA_HIGH, (uint8_t)(lba >> 16));
	outb(COMMAND, code);
	return ata_wait();
}

static inline uint8_t ata_write(uint32_t lba, const uint16_t sector[SECTOR_WORDS])
{
	uint8_t status = ata_command(WRITE_SECTORS, lba);

	for (unsigned i = 0; status & STATUS_DRQ && i < SECTOR_WORDS; i++)
		__asm__ volatile("outw %0, %1" ::"a"(sector[i]), "Nd"((uint16_t)DATA));
	return ata_wait();
}

static inline uint8_t ata_read(uint32_t lba, uint16_t sector[SECTOR_WORDS])
{
	uint8_t status = ata_command(READ_SECTORS, lba);

	for (unsigned i = 0; status & STATUS_DRQ && i < SECTOR_WORDS; i++)
		__asm__ volatile("inw %1, %0" : "=a"(sector[i]) : "Nd"((uint16_t)DATA));
	return status;
}

static inline uint8_t ata_flush(void)
{
	return ata_command(FLUSH_CACHE, 0);
}

#endif
