/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the primary disk answers to a write, two flushes and a read; the program does not end, so
 * that the machine can be looked at (tests/fault). */
#include "ata.h"

#define LAST_SECTOR 2047u /* of 1 MiB */

static uint16_t sector[SECTOR_WORDS];

static void say(const char *what, uint8_t status)
{
	print("%s: %s\n", what, status & STATUS_ERR ? "error" : "good");
}

void guest_main(void)
{
	for (unsigned i = 0; i < SECTOR_WORDS; i++)
		sector[i] = (uint16_t)i;
	say("write", ata_write(1, sector));
	say("first flush", ata_flush());
	say("second flush", ata_flush());
	say("read", ata_read(LAST_SECTOR, sector));
	print("ready\n");
	for (;;)
		;
}
