/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IDENTIFY PACKET DEVICE's 256 words. Source: ATA/ATAPI-6 (T13/1410D), 8.16. */
#include <string.h>

#include "../ide-common/identify.h"
#include "cdrom.h"

static const struct ide_word constants[] = {
	{ 0, 0x85c0 }, /* ATAPI, CD-ROM, removable, DRQ within 50 us, 12-byte packets */
	{ 50, 0x4000 }, { 53, 0x0007 }, /* words 64-70, 88 are valid */
	{ 64, 0x0003 },                 /* PIO 3 and 4 */
	{ 65, 120 },                    /* cycle times in ns */
	{ 66, 120 },    { 67, 120 },    { 68, 120 },    { 80, 0x007e }, /* ATA-1 to ATA/ATAPI-6 */
	{ 82, 0x4218 }, /* NOP, DEVICE RESET, PACKET, power management */
	{ 83, 0x4000 }, { 84, 0x4000 }, { 85, 0x4218 }, { 87, 0x4000 },
};

void cdrom_identify(const struct cdrom *c, uint8_t *data)
{
	memset(data, 0, IDE_IDENTIFY_BYTES);
	ide_put_words(data, constants, sizeof(constants) / sizeof(constants[0]));
	ide_put_text(data, IDE_WORD_SERIAL, 20, c->serial);
	ide_put_text(data, IDE_WORD_FIRMWARE, 8, c->firmware);
	ide_put_text(data, IDE_WORD_MODEL, 40, c->model);
	ide_put_modes(data, c->port, c->transfer_mode);
	ide_put_reset_result(data, c->port);
}
