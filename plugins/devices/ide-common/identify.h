/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What IDENTIFY DEVICE and IDENTIFY PACKET DEVICE have in common: how words and texts are laid out,
 * transfer modes, the result of the reset.
 * Source: ATA/ATAPI-6 (T13/1410D), 8.15 and 8.16 (words), table 44 (SET FEATURES 03h).
 */
#ifndef IDE_IDENTIFY_H
#define IDE_IDENTIFY_H

#include <string.h>

#include <tessera/bytes.h>
#include <tessera/draft/ide.h>

#include "ata.h"

#define IDE_IDENTIFY_BYTES 512u

static inline bool ide_knows_transfer_mode(uint8_t mode, bool dma)
{
	uint8_t number = mode & ATA_MODE_NUMBER;

	switch (mode & ATA_MODE_KIND) {
	case ATA_PIO_DEFAULT:
		return mode <= ATA_PIO_NO_IORDY;
	case ATA_PIO_MODE:
		return number <= ATA_PIO_LAST;
	case ATA_MULTIWORD_MODE:
		return dma && number <= ATA_MULTIWORD_LAST;
	case ATA_ULTRA_MODE:
		return dma && number <= ATA_ULTRA_LAST;
	}
	return false;
}

/* -- The words */

struct ide_word {
	uint8_t word;
	uint16_t value;
};

enum {
	IDE_WORD_SERIAL = 10,
	IDE_WORD_FIRMWARE = 23,
	IDE_WORD_MODEL = 27,
	IDE_WORD_CAPABILITIES = 49,
	IDE_WORD_MULTIWORD = 63,
	IDE_WORD_ULTRA = 88,
	IDE_WORD_RESET_RESULT = 93,
};
enum { IDE_CAN_DMA = 0x0100, IDE_CAN_LBA = 0x0200, IDE_CAN_IORDY = 0x0c00 }; /* word 49 */
enum {
	IDE_RESET_VALID = 0x4000,
	IDE_RESET_80_CONDUCTORS = 0x2000,
	IDE_RESET_DEVICE_1 = 0x0b00, /* asserted PDIAG-, has its number from a jumper */
	IDE_RESET_DEVICE_0 = 0x000b, /* passed its diagnostics, has its number from a jumper */
};                                   /* word 93 */

static inline void ide_put_word(uint8_t *data, unsigned word, uint32_t value)
{
	tsr_store_le16(data + word * 2, (uint16_t)value);
}

static inline void ide_put_words(uint8_t *data, const struct ide_word *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ide_put_word(data, words[i].word, words[i].value);
}

/* Two characters a word, the first in the high byte, padded with spaces. */
static inline void ide_put_text(uint8_t *data, unsigned word, unsigned length, const char *text)
{
	size_t given = strlen(text);

	for (unsigned i = 0; i < length; i++)
		data[word * 2 + (i ^ 1)] = (uint8_t)(i < given ? text[i] : ' ');
}

/* Word 63 or 88: the modes there are in bits 7-0, the one that is set in bits 15-8. */
static inline uint16_t ide_mode_word(uint8_t current, uint8_t kind, unsigned last)
{
	unsigned word = (2u << last) - 1;

	return (uint16_t)(word |
			  ((current & ATA_MODE_KIND) == kind ? 0x100u << (current & ATA_MODE_NUMBER)
							     : 0));
}

static inline void ide_put_modes(uint8_t *data, const struct tsr_ide_port *port, uint8_t current)
{
	ide_put_word(data, IDE_WORD_CAPABILITIES,
		     IDE_CAN_LBA | IDE_CAN_IORDY | (port->dma ? IDE_CAN_DMA : 0));
	if (!port->dma)
		return;
	ide_put_word(data, IDE_WORD_MULTIWORD,
		     ide_mode_word(current, ATA_MULTIWORD_MODE, ATA_MULTIWORD_LAST));
	ide_put_word(data, IDE_WORD_ULTRA, ide_mode_word(current, ATA_ULTRA_MODE, ATA_ULTRA_LAST));
}

/* Each device fills its own half of the word. A device that executes a command is the selected one,
 * so the DEV bit is its number. */
static inline void ide_put_reset_result(uint8_t *data, const struct tsr_ide_port *port)
{
	bool is_device_1 = port->registers->device & ATA_DEVICE_DEV;

	ide_put_word(data, IDE_WORD_RESET_RESULT,
		     IDE_RESET_VALID | IDE_RESET_80_CONDUCTORS |
			     (is_device_1 ? IDE_RESET_DEVICE_1 : IDE_RESET_DEVICE_0));
}

#endif
