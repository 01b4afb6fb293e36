/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Received frames: address match, frame check sequence, padding and stripping.
 *
 * Source: Am79C970A data sheet (19436), "Address Matching", "Automatic Pad Stripping"; IEEE
 * 802.3 3.2.8.
 */
#include "pcnet.h"

#define MIN_FRAME 60
#define HEADER 14

/* Four bits at a time; the table is the reflected polynomial EDB88320h's. */
uint32_t pcnet_crc(const uint8_t *bytes, size_t length)
{
	static const uint32_t nibble[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return crc;
}

static bool logical_match(const struct pcnet *p, const uint8_t *destination)
{
	unsigned hash = pcnet_crc(destination, 6) >> 26;

	return p->csr[CSR_LADRF + hash / 16] >> hash % 16 & 1;
}

static bool physical_match(const struct pcnet *p, const uint8_t *destination)
{
	for (unsigned i = 0; i < 6; i++)
		if (destination[i] != (uint8_t)(p->csr[CSR_PADR + i / 2] >> i % 2 * 8))
			return false;
	return true;
}

enum pcnet_match pcnet_match(const struct pcnet *p, const uint8_t *destination)
{
	static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	uint16_t mode = p->csr[CSR_MODE];

	if (!memcmp(destination, broadcast, 6) && !(mode & MODE_DRCVBC))
		return MATCH_BROADCAST;
	if (destination[0] & 1 && logical_match(p, destination))
		return MATCH_LOGICAL;
	if (!(destination[0] & 1) && !(mode & MODE_DRCVPA) && physical_match(p, destination))
		return MATCH_PHYSICAL;
	return mode & MODE_PROM ? MATCH_PROMISCUOUS : MATCH_NONE;
}

/* ASTRP_RCV: a length field (802.3) below 46 shows where the pad starts; pad and FCS are left out.
 */
static size_t stripped_length(const uint8_t *frame)
{
	unsigned field = frame[12] << 8 | frame[13];

	return field < MIN_FRAME - HEADER ? HEADER + field : 0;
}

size_t pcnet_wire_frame(const struct pcnet *p, const uint8_t *frame, size_t length, uint8_t *out)
{
	size_t stripped = p->csr[CSR_FEATURES] & CSR4_ASTRP_RCV ? stripped_length(frame) : 0;
	uint32_t fcs;

	memcpy(out, frame, length);
	if (length < MIN_FRAME) {
		memset(out + length, 0, MIN_FRAME - length);
		length = MIN_FRAME;
	}
	if (stripped)
		return stripped;
	fcs = ~pcnet_crc(out, length);
	for (unsigned i = 0; i < PCNET_FCS_SIZE; i++)
		out[length + i] = (uint8_t)(fcs >> 8 * i);
	return length + PCNET_FCS_SIZE;
}
