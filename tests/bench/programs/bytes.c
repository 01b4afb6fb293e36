/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Byte strings, a byte at a time: case, length, search, comparison, words, checksum. */
#include "bench.h"

#define LENGTH 16384

static char text[LENGTH + 1], copy[LENGTH + 1];

static void write_text(uint32_t seed)
{
	static const char letters[] = "etaoinshrdluETAOINSHRDLU,.  .  \n";

	for (unsigned i = 0; i < LENGTH; i++)
		text[i] = letters[next_random(&seed) >> 27];
}

static size_t length_of(const char *string)
{
	const char *end = string;

	while (*end)
		end++;
	return (size_t)(end - string);
}

static void lower(char *to, const char *from)
{
	do
		*to++ = *from >= 'A' && *from <= 'Z' ? (char)(*from + 32) : *from;
	while (*from++);
}

static uint32_t occurrences(const char *string, const char *what)
{
	uint32_t found = 0;

	for (; *string; string++) {
		unsigned i = 0;

		while (what[i] && string[i] == what[i])
			i++;
		found += !what[i];
	}
	return found;
}

static uint32_t words(const char *string)
{
	uint32_t found = 0;
	int inside = 0;

	for (; *string; string++) {
		int letter = (*string | 32) >= 'a' && (*string | 32) <= 'z';

		found += letter && !inside;
		inside = letter;
	}
	return found;
}

static int equal_without_case(const char *a, const char *b)
{
	for (; *a && (*a | 32) == (*b | 32); a++)
		b++;
	return *a == *b;
}

static uint32_t adler(const char *string)
{
	uint32_t low = 1, high = 0;

	for (; *string; string++) {
		low = (low + (uint8_t)*string) % 65521;
		high = (high + low) % 65521;
	}
	return high << 16 | low;
}

uint32_t work(uint32_t count)
{
	uint32_t sum = 0;

	while (count--) {
		write_text(count);
		lower(copy, text);
		sum = mix(sum, (uint32_t)length_of(text));
		sum = mix(sum, occurrences(copy, "the") + occurrences(copy, "in"));
		sum = mix(sum, words(text) + (uint32_t)equal_without_case(text, copy));
		sum = mix(sum, adler(text) ^ adler(copy));
	}
	return sum;
}
