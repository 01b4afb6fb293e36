/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rounds of SHA-256 (FIPS 180-4, section 6.2.2). Its constants are made by a generator here:
 * the work is the same, the digest is not SHA-256's. */
#include "bench.h"

#define BLOCKS 256

static uint32_t constants[64], message[BLOCKS][16];

static inline uint32_t rotate(uint32_t x, unsigned n)
{
	return x >> n | x << (32 - n);
}

static void schedule(uint32_t w[64], const uint32_t block[16])
{
	for (unsigned t = 0; t < 16; t++)
		w[t] = block[t];
	for (unsigned t = 16; t < 64; t++) {
		uint32_t a = w[t - 15], b = w[t - 2];

		w[t] = w[t - 16] + (rotate(a, 7) ^ rotate(a, 18) ^ a >> 3) + w[t - 7] +
		       (rotate(b, 17) ^ rotate(b, 19) ^ b >> 10);
	}
}

static void digest_block(uint32_t hash[8], const uint32_t block[16])
{
	uint32_t w[64], a = hash[0], b = hash[1], c = hash[2], d = hash[3], e = hash[4],
			f = hash[5], g = hash[6], h = hash[7];

	schedule(w, block);
	for (unsigned t = 0; t < 64; t++) {
		uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
			       ((e & f) ^ (~e & g)) + constants[t] + w[t];
		uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) +
			       ((a & b) ^ (a & c) ^ (b & c));

		h = g, g = f, f = e, e = d + one;
		d = c, c = b, b = a, a = one + two;
	}
	hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
	hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
}

uint32_t work(uint32_t count)
{
	uint32_t hash[8] = { 0 }, seed = 1, sum = 0;

	for (unsigned i = 0; i < 64; i++)
		constants[i] = next_random(&seed);
	for (unsigned i = 0; i < BLOCKS * 16; i++)
		message[i / 16][i % 16] = next_random(&seed);
	while (count--)
		for (unsigned i = 0; i < BLOCKS; i++)
			digest_block(hash, message[i]);
	for (unsigned i = 0; i < 8; i++)
		sum = mix(sum, hash[i]);
	return sum;
}
