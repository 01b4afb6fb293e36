/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow MMU promises of exact windows: while one is true, nothing is mapped in it that
 * the entries do not allow. Whether an address can be read or written the kernel says, by a pipe.
 */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../plugins/mmu-shadow/shadow.h"
#include "shadow-rig.h"
#include "unit.h"

#define WINDOW 48 /* pages that the random test uses */

static int ends[2];

static bool can_read(const uint8_t *at)
{
	uint8_t byte;

	return write(ends[1], at, 1) == 1 && read(ends[0], &byte, 1) == 1;
}

/* It is written with what is there. */
static bool can_write(uint8_t *at)
{
	uint8_t byte;

	if (write(ends[1], at, 1) != 1)
		return false;
	if (read(ends[0], at, 1) == 1)
		return true;
	CU_ASSERT_EQUAL(read(ends[0], &byte, 1), 1);
	return false;
}

static uint8_t *place(tsr_gla gla)
{
	return exact.base + gla;
}

static bool expose(tsr_gla gla, enum tsr_mmu_access access)
{
	return mmu->expose(self, vcpu, gla, access);
}

static void pages_are_mapped_as_their_entries_allow(void)
{
	start();
	CU_ASSERT_PTR_NOT_NULL(exact.base);
	CU_ASSERT_FALSE(expose(0x5000, TSR_ACCESS_READ)); /* no entry */
	*memory_word(PT + 6 * 4) = (DATA + 0x6000) | (P_RW_US_A_D & ~2u);
	fill(TSR_VIEW_USER, 0x5000, TSR_ACCESS_WRITE);
	fill(TSR_VIEW_USER, 0x6000, TSR_ACCESS_READ);
	CU_ASSERT_TRUE(expose(0x5000, TSR_ACCESS_WRITE));
	CU_ASSERT_TRUE(exact.is_true);
	CU_ASSERT_TRUE(can_write(place(0x5000)));
	CU_ASSERT_TRUE(can_read(place(0x6000))); /* a neighbour */
	CU_ASSERT_FALSE(can_write(place(0x6000)));
	CU_ASSERT_FALSE(expose(0x6000, TSR_ACCESS_WRITE));
	CU_ASSERT_FALSE(can_read(place(0x7000)));
	place(0x5000)[0x123] = 0x5a;
	CU_ASSERT_EQUAL(memory_ram[DATA + 0x5123], 0x5a);
	finish();
}

static void a_dropped_entry_makes_it_untrue(void)
{
	const uint8_t *base;

	start();
	fill(TSR_VIEW_USER, 0x5000, TSR_ACCESS_WRITE);
	fill(TSR_VIEW_USER, 0x8000, TSR_ACCESS_WRITE);
	CU_ASSERT_TRUE(expose(0x5000, TSR_ACCESS_WRITE));
	CU_ASSERT_TRUE(expose(0x8000, TSR_ACCESS_WRITE));
	base = exact.base;
	mmu->trace(self, DATA + 0x5000, true); /* code: reads stay */
	CU_ASSERT_FALSE(exact.is_true);
	CU_ASSERT_FALSE(can_read(place(0x5000))); /* base is elsewhere */
	mmu->settle(self, vcpu);
	CU_ASSERT_TRUE(exact.is_true);
	CU_ASSERT_PTR_EQUAL(exact.base, base);
	CU_ASSERT_TRUE(can_read(place(0x5000)));
	CU_ASSERT_FALSE(can_write(place(0x5000)));
	poke(PT + 8 * 4, (DATA + 0x9000) | P_RW_US_A_D);
	CU_ASSERT_FALSE(exact.is_true);
	memory_ram[DATA + 0x9000] = 0x77;
	fill(TSR_VIEW_USER, 0x8000, TSR_ACCESS_READ);
	CU_ASSERT_TRUE(expose(0x8000, TSR_ACCESS_READ)); /* the other page of memory */
	CU_ASSERT_TRUE(exact.again);
	CU_ASSERT_EQUAL(*place(0x8000), 0x77);
	set_cr3(PD2); /* another address space has another window */
	CU_ASSERT_FALSE(can_read(place(0x8000)));
	set_cr3(PD);
	CU_ASSERT_EQUAL(*place(0x8000), 0x77);
	finish();
}

static void a_window_keeps_to_its_share(void)
{
	struct shadow *s;

	start();
	s = self;
	s->edges_max = 200;
	for (unsigned i = 0; i < 1024; i++)
		*memory_word(PT + i * 4) = (DATA + (1023 - i) * 4096) | P_RW_US_A_D;
	for (uint32_t page = 0; page < 1024; page += 2) {
		fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
		CU_ASSERT_TRUE(expose(page << 12, TSR_ACCESS_WRITE));
		CU_ASSERT(s->edges <= s->edges_max);
	}
	CU_ASSERT(s->count.exact_emptied > 0);
	CU_ASSERT_FALSE(can_read(place(0)));
	CU_ASSERT_TRUE(can_read(place(1022 << 12)));
	finish();
}

/* -- at random */

static void look_at_page(uint32_t page)
{
	uint64_t read = entry(TSR_VIEW_USER, false, page << 12);
	uint64_t write = entry(TSR_VIEW_USER, true, page << 12);
	uint8_t *at = place(page << 12);

	if (!can_read(at))
		return;
	CU_ASSERT_NOT_EQUAL_FATAL(read, 0);
	CU_ASSERT_EQUAL(*at, *(uint8_t *)(uintptr_t)(read + (page << 12)));
	if (can_write(at))
		CU_ASSERT_EQUAL_FATAL(write, read);
}

static void change(uint32_t page)
{
	static const uint32_t bits[] = { P_RW_US_A_D, P_RW_US_A_D & ~2u, P_RW_US_A_D & ~0x40u, 0,
					 P_RW_US_A_D & ~4u };
	uint32_t table = context.cr3 == PD ? PT : PT2;

	poke(table + page * 4,
	     (DATA + (uint32_t)(rand() % WINDOW) * 4096) | bits[(unsigned)rand() % 5]);
}

static void step(unsigned *exposed)
{
	uint32_t page = (uint32_t)(rand() % WINDOW);
	enum tsr_mmu_access access = rand() % 2 ? TSR_ACCESS_WRITE : TSR_ACCESS_READ;

	switch (rand() % 12) {
	case 0:
		change(page);
		break;
	case 1:
		mmu->trace(self, DATA + page * 4096, rand() % 2);
		break;
	case 2:
		set_cr3(rand() % 2 ? PD : PD2);
		break;
	case 3:
		mmu->invalidate(self, vcpu, page << 12);
		break;
	case 4:
		mmu->settle(self, vcpu);
		break;
	default:
		fill(TSR_VIEW_USER, page << 12, access);
		*exposed += expose(page << 12, access);
	}
}

static void it_is_never_more_than_entries_allow(void)
{
	unsigned exposed = 0, looked = 0;

	start();
	srand(20261130);
	for (unsigned page = 0; page < WINDOW; page++)
		memory_ram[DATA + page * 4096] = (uint8_t)(page + 1);
	for (unsigned i = 0; i < 6000; i++) {
		step(&exposed);
		for (uint32_t page = 0; page < WINDOW; page += 1 + (uint32_t)rand() % 8)
			look_at_page(page);
		looked += exact.is_true;
	}
	CU_ASSERT(exposed > 500 && looked > 500);
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "pages are mapped as their entries allow",
		  pages_are_mapped_as_their_entries_allow },
		{ "a dropped entry makes it untrue", a_dropped_entry_makes_it_untrue },
		{ "a window keeps to its share", a_window_keeps_to_its_share },
		{ "it is never more than entries allow", it_is_never_more_than_entries_allow },
		CU_TEST_INFO_NULL,
	};

	return pipe(ends) ? 1 : unit_run("mmu-exact", tests);
}
