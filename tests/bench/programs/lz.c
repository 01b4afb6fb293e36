/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ compression with a hash of three bytes, and the expansion of what it made. */
#include "bench.h"

#define LENGTH 131072
#define HASHES 4096
#define WINDOW 32768
#define LEAST 3
#define MOST 130

static uint8_t plain[LENGTH], packed[LENGTH * 2], expanded[LENGTH];
static uint32_t heads[HASHES], chain[LENGTH];

/* Text of words that come again, as sources and logs have them. */
static void write_text(uint32_t seed)
{
	uint32_t at = 0;

	while (at < LENGTH) {
		uint32_t word = next_random(&seed) >> 23, letters = 3 + word % 7;

		if (word % 16 == 0)
			word = seed >> 8;
		for (; letters-- && at < LENGTH; word = word * 5 + 7)
			plain[at++] = (uint8_t)('a' + word % 26);
		if (at < LENGTH)
			plain[at++] = ' ';
	}
}

static uint32_t hash(const uint8_t *at)
{
	return ((at[0] << 16 | at[1] << 8 | at[2]) * 2654435761u) >> 20;
}

static uint32_t common(uint32_t a, uint32_t b)
{
	uint32_t length = 0, most = LENGTH - b < MOST ? LENGTH - b : MOST;

	while (length < most && plain[a + length] == plain[b + length])
		length++;
	return length;
}

static uint32_t best_match(uint32_t at, uint32_t *distance)
{
	uint32_t best = 0, tries = 16;

	for (uint32_t from = heads[hash(plain + at)]; from && tries--; from = chain[from - 1]) {
		uint32_t length;

		if (at - (from - 1) >= WINDOW)
			break;
		length = common(from - 1, at);
		if (length > best) {
			best = length;
			*distance = at - (from - 1);
		}
	}
	return best;
}

static uint32_t compress(void)
{
	uint32_t out = 0, at = 0;

	for (unsigned i = 0; i < HASHES; i++)
		heads[i] = 0;
	while (at < LENGTH) {
		uint32_t distance = 0,
			 length = at + LEAST <= LENGTH ? best_match(at, &distance) : 0;

		if (length >= LEAST) {
			packed[out++] = (uint8_t)(0x80 + length - LEAST);
			packed[out++] = (uint8_t)distance;
			packed[out++] = (uint8_t)(distance >> 8);
		} else {
			length = 1;
			packed[out++] = plain[at] & 0x7f;
		}
		for (; length--; at++) {
			if (at + LEAST <= LENGTH) {
				chain[at] = heads[hash(plain + at)];
				heads[hash(plain + at)] = at + 1;
			}
		}
	}
	return out;
}

static uint32_t expand(uint32_t length)
{
	uint32_t at = 0, out = 0;

	while (at < length) {
		uint32_t code = packed[at++], distance;

		if (code < 0x80) {
			expanded[out++] = (uint8_t)code;
			continue;
		}
		distance = packed[at] | packed[at + 1] << 8;
		at += 2;
		for (code = code - 0x80 + LEAST; code--; out++)
			expanded[out] = expanded[out - distance];
	}
	return out;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	while (count--) {
		uint32_t length;

		write_text(count);
		length = compress();
		sum = mix(mix(sum, length), expand(length));
		for (unsigned i = 0; i < LENGTH; i++)
			sum = sum * 31 + (uint32_t)(expanded[i] ^ plain[i]) +
			      (i % 4096 ? 0 : plain[i]);
	}
	return sum;
}
