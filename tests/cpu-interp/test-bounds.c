/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The interpreter's fixed tables when they are full. */
#include <CUnit/Basic.h>

#include "../../plugins/cpu-interp/decode.h"
#include "../../plugins/cpu-interp/fpu.h"
#include "../../plugins/cpu-interp/thunk.h"
#include "machine.h"
#include "unit.h"

#define CODE 0x100000u
#define DATA 0x5000u
#define EQ(a, b) CU_ASSERT_EQUAL((uint64_t)(a), (uint64_t)(b))

static struct machine *m;
static struct tsr_x86_state *s;
static struct tsr_x86_fx *fx;

static void start(void)
{
	machine_flat(m, 0);
	s->eip = CODE;
}

static void full_pool_of_thunks_starts_again(void)
{
	uint8_t bytes[4] = { 0x0f, 0x1f, 0, 0 };
	const void *nothing = thunk_fixed(m->c, THUNK_NOTHING);
	unsigned made = 0;

	start();
	for (; made < 100000 && thunk_get(m->c, bytes, 4); made++) {
		bytes[2] = (uint8_t)made;
		bytes[3] = (uint8_t)(made >> 8);
	}
	CU_ASSERT(made < 100000);
	bytes[0] = 0x90;
	CU_ASSERT_PTR_NULL(thunk_get(m->c, bytes, 4));
	CU_ASSERT_FALSE(thunk_reserve(m->c));
	decode_flush(m->c);
	CU_ASSERT_PTR_NOT_NULL(thunk_get(m->c, bytes, 4));
	CU_ASSERT_PTR_EQUAL(thunk_fixed(m->c, THUNK_NOTHING), nothing);
	CU_ASSERT_EQUAL(*(const uint8_t *)nothing, 0xc3);
	CU_ASSERT(thunk_reserve(m->c));
}

static void thunk_of_any_length_fits(void)
{
	uint8_t bytes[16] = { 0 };

	CU_ASSERT_PTR_NOT_NULL(thunk_get(m->c, bytes, 15));
	CU_ASSERT_PTR_NULL(thunk_get(m->c, bytes, 16));
	decode_flush(m->c);
}

static void shuffle(uint16_t mm[8][4], unsigned to, unsigned from, unsigned order)
{
	uint16_t old[4];

	memcpy(old, mm[from], sizeof(old));
	for (unsigned i = 0; i < 4; i++)
		mm[to][i] = old[order >> (2 * i) & 3];
}

/* PSHUFW with all registers and orders: 16,384 thunks, four times the pool. FNSAVE and FRSTOR in
 * between use fixed ones. */
static void guest_may_use_any_number_of_thunks(void)
{
	uint16_t mm[8][4];
	unsigned wrong = 0;

	start();
	for (unsigned r = 0; r < 8; r++) {
		for (unsigned i = 0; i < 4; i++)
			mm[r][i] = (uint16_t)(0x1111 * r + i);
		memcpy(fx->st[r], mm[r], 8);
	}
	fx->ftw = 0xff;
	for (unsigned n = 0; n < 64 * 256; n++) {
		unsigned reg = n >> 3 & 7, rm = n & 7, order = n >> 6;

		s->eip = CODE;
		if (n % 64 == 0) {
			machine_code(
				m, CODE,
				"DD35 00500000 DD25 00500000"); /* fnsave [5000]; frstor [5000] */
			machine_step(m, 2);
		}
		s->eip = CODE + 32 + 4 * n;
		machine_poke(m, s->eip, 0xc0700f | (reg << 3 | rm) << 16 | order << 24, 4);
		machine_step(m, 1);
		shuffle(mm, reg, rm, order);
		wrong += memcmp(fx->st[reg], mm[reg], 8) != 0;
	}
	EQ(wrong, 0);
}

/* LEA and INVLPG name no segment register that is loaded; its number must be one all the same. */
static void every_memory_operand_has_a_segment(void)
{
	static const char *const code[] = { "0F0138", "0F013D 00100000", "8D00",        "0F0D00",
					    "0F1800", "678D07",          "C50500100000" };
	struct op *op;

	for (unsigned i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		start();
		machine_code(m, CODE, code[i]);
		machine_refresh(m);
		op = decode_fetch(m->c);
		CU_ASSERT(op->segment < TSR_SEGMENTS);
	}
}

int main(void)
{
	/* clang-format off */
	static const CU_TestInfo tests[] = {
		UNIT_ROW(full_pool_of_thunks_starts_again), UNIT_ROW(thunk_of_any_length_fits),
		UNIT_ROW(guest_may_use_any_number_of_thunks), UNIT_ROW(every_memory_operand_has_a_segment), CU_TEST_INFO_NULL,
	};
	/* clang-format on */
	int status;

	m = machine_new(NULL);
	s = &m->state;
	fx = (struct tsr_x86_fx *)s->fx;
	status = unit_run("bounds", tests);
	machine_free(m);
	return status;
}
