/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The decoder's table against Zydis: all opcodes of both maps with all ModRM bytes, with prefixes
 * alone, in pairs and at random, in 16- and 32-bit code. Each encoding comes first to be learned,
 * then again with other bytes behind ModRM; it must come out as without the table.
 */
#include <stdio.h>
#include <string.h>

#include <CUnit/Basic.h>

#include "code/decode-cache.h"
#include "unit.h"

#define TAIL 12 /* bytes after the opcode */

static struct bt_decode_cache *cache;
static uint64_t random_state = 1;
static unsigned long decoded, known, different;

static uint8_t random_byte(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(random_state >> 56);
}

struct encoding {
	uint32_t mode;
	unsigned fixed; /* bytes of it: prefixes, opcode, ModRM */
	uint8_t bytes[24];
};

static void randomize_tail(struct encoding *e)
{
	for (unsigned i = e->fixed; i < sizeof(e->bytes); i++)
		e->bytes[i] = random_byte();
}

static void report(const struct encoding *e, size_t length)
{
	if (++different > 20)
		return;
	printf("\n  %u-bit:", e->mode & BT_MODE_CODE32 ? 32 : 16);
	for (size_t i = 0; i < length; i++)
		printf(" %02x", e->bytes[i]);
}

static void compare(const struct encoding *e, size_t length)
{
	struct bt_insn is, should;
	bool found = tsr_bt_decode_cached(cache, e->mode, e->bytes, length, 0x1234fff0, &is);
	bool valid = tsr_bt_decode(e->mode, e->bytes, length, 0x1234fff0, &should);

	if (found != valid || (valid && memcmp(&is, &should, sizeof(is))))
		report(e, length);
	decoded += valid;
}

static void try_encoding(struct encoding *e)
{
	struct bt_insn i;

	randomize_tail(e);
	if (!tsr_bt_decode_cached(cache, e->mode, e->bytes, e->fixed + TAIL, 0, &i))
		return;
	randomize_tail(e);
	known += tsr_bt_decode_known(cache, e->mode, e->bytes, e->fixed + TAIL);
	compare(e, e->fixed + TAIL);
	compare(e, e->fixed + random_byte() % 5); /* the bytes end somewhere */
}

static void put_opcode(struct encoding *e, const uint8_t *prefixes, unsigned count, unsigned opcode,
		       unsigned modrm)
{
	memcpy(e->bytes, prefixes, count);
	e->fixed = count;
	if (opcode > 0xff)
		e->bytes[e->fixed++] = 0x0f;
	e->bytes[e->fixed++] = (uint8_t)opcode;
	e->bytes[e->fixed++] = (uint8_t)modrm;
}

static void try_prefixes(const uint8_t *prefixes, unsigned count, unsigned modrm_step)
{
	struct encoding e;

	for (unsigned mode = 0; mode < 2; mode++)
		for (unsigned opcode = 0; opcode < 512; opcode++)
			for (unsigned m = count % modrm_step; m < 256; m += modrm_step) {
				e.mode = mode ? BT_MODE_CODE32 : 0;
				put_opcode(&e, prefixes, count, opcode, m);
				try_encoding(&e);
			}
}

static void finish(unsigned long least)
{
	CU_ASSERT_EQUAL(different, 0);
	CU_ASSERT(decoded > 0);
	if (known * 100 < decoded / 2 * least)
		printf("\n  %lu of %lu encodings are in the table", known, decoded / 2);
	CU_ASSERT(known * 100 >= decoded / 2 * least);
	decoded = known = different = 0;
}

static const uint8_t all_prefixes[] = { 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x26,
					0x2e, 0x36, 0x3e, 0x64, 0x65 };
#define PREFIXES sizeof(all_prefixes)

static void all_opcodes_and_modrm(void)
{
	try_prefixes(all_prefixes, 0, 1);
	finish(80);
}

static void each_prefix(void)
{
	for (unsigned i = 0; i < PREFIXES; i++)
		try_prefixes(&all_prefixes[i], 1, i < 4 ? 1 : 3);
	finish(50);
}

static void pairs_of_prefixes(void)
{
	for (unsigned i = 0; i < PREFIXES; i++)
		for (unsigned j = 0; j < PREFIXES; j++) {
			uint8_t pair[] = { all_prefixes[i], all_prefixes[j] };

			try_prefixes(pair, 2, 23);
		}
	finish(30);
}

static void prefixes_at_random(void)
{
	struct encoding e;

	for (unsigned i = 0; i < 300000; i++) {
		uint8_t prefixes[6];
		unsigned count = random_byte() % 7;

		for (unsigned k = 0; k < count; k++)
			prefixes[k] = all_prefixes[random_byte() % PREFIXES];
		e.mode = random_byte() & 1 ? BT_MODE_CODE32 : 0;
		put_opcode(&e, prefixes, count, (unsigned)random_byte() << 1 | (random_byte() & 1),
			   random_byte());
		try_encoding(&e);
	}
	finish(10);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(all_opcodes_and_modrm), UNIT_ROW(each_prefix), UNIT_ROW(pairs_of_prefixes),
		UNIT_ROW(prefixes_at_random),    CU_TEST_INFO_NULL,
	};
	int status;

	cache = tsr_bt_decode_cache_new();
	status = unit_run("cpu-bt, decoder", tests);
	tsr_bt_decode_cache_free(cache);
	return status;
}
