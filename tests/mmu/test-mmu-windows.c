/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow MMU promises of windows: promoted pages are in them, and they keep to a budget.
 */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <time.h>

#include "../../plugins/mmu-shadow/shadow.h"
#include "shadow-rig.h"
#include "unit.h"

static void promoted_pages_are_in_the_window(void)
{
	start();
	CU_ASSERT_FALSE(promote(TSR_VIEW_USER, 0x5000, TSR_ACCESS_READ)); /* no entry */
	fill(TSR_VIEW_USER, 0x5000, TSR_ACCESS_WRITE);
	fill(TSR_VIEW_USER, 0x7000, TSR_ACCESS_READ);
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x5000), 0);
	CU_ASSERT_TRUE(promote(TSR_VIEW_USER, 0x5000, TSR_ACCESS_WRITE));
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x5000), 0);
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, true, 0x5000), 0);
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x7000), 0);     /* of the same run */
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x6000), 0); /* no entry yet */
	fill(TSR_VIEW_USER, 0x6000, TSR_ACCESS_READ);
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x6000), 0);
	vcpu->window_base[TSR_VIEW_USER][0x5123] = 0x5a;
	CU_ASSERT_EQUAL(memory_ram[DATA + 0x5123], 0x5a);
	mmu->trace(self, DATA + 0x5000, true); /* code: reads stay */
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, true, 0x5000), 0);
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x5000), 0);
	poke(PT + 5 * 4, (DATA + 0x9000) | P_RW_US_A_D);
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x5000), 0);
	fill(TSR_VIEW_USER, 0x5000, TSR_ACCESS_READ); /* the window has the former page */
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, false, 0x5000), 0);
	CU_ASSERT_TRUE(promote(TSR_VIEW_USER, 0x5000, TSR_ACCESS_READ));
	CU_ASSERT_PTR_NOT_EQUAL(vcpu->window_base[TSR_VIEW_USER],
				vcpu->window_base[TSR_VIEW_SUPERVISOR]);
	finish();
}

/* A new address space finds the kernel's pages mapped. */
static void supervisor_views_share_a_window(void)
{
	uint8_t *window;

	start();
	window = vcpu->window_base[TSR_VIEW_SUPERVISOR];
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	CU_ASSERT_TRUE(promote(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE));
	set_cr3(PD2);
	CU_ASSERT_PTR_EQUAL(vcpu->window_base[TSR_VIEW_SUPERVISOR], window);
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_SUPERVISOR, true, KERNEL), 0);
	*memory_word(PD2 + KERNEL / 0x400000 * 4) = PT | 0x23; /* another kernel */
	mmu->written(self, PD2 + KERNEL / 0x400000 * 4, 4);
	*memory_word(PT) = (DATA + 0x3000) | 0x63;
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	CU_ASSERT_TRUE(promote(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE));
	set_cr3(PD); /* its page had to go */
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_SUPERVISOR, true, KERNEL), 0);
	finish();
}

/* Pages of which none follows another in memory, in address spaces that need more mappings than the
 * budget has. */
static void windows_keep_to_their_budget(void)
{
	struct shadow *s;
	unsigned valid = 0;

	start();
	s = self;
	CU_ASSERT(s->edges_max >= 1000); /* of vm.max_map_count */
	s->edges_max = 200;
	for (unsigned i = 0; i < 1024; i++)
		*memory_word(PT + i * 4) = (DATA + (1023 - i) * 4096) | P_RW_US_A_D;
	for (unsigned space = 0; space < 8; space++) {
		*memory_word(0x20000 + space * 4096) = PT | P_RW_US_A_D;
		set_cr3(0x20000 + space * 4096);
		for (uint32_t page = 0; page < 60; page++) {
			fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
			CU_ASSERT_TRUE(promote(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE));
			CU_ASSERT(s->edges <= s->edges_max);
		}
	}
	CU_ASSERT(s->count.windows_unmapped >= 4);
	set_cr3(0x20000); /* the oldest was unmapped */
	CU_ASSERT_NOT_EQUAL(byte_of(TSR_VIEW_USER, false, 0), 0);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, false, 0), 0);
	CU_ASSERT_EQUAL(s->count.promotions_refused, 0);
	for (uint32_t page = 0; page < 1024; page++) { /* more than one may have */
		fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
		valid += promote(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
		CU_ASSERT(s->edges <= s->edges_max);
	}
	CU_ASSERT(valid > 400 && valid < 1000 && s->count.promotions_refused == 1024 - valid);
	finish();
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Prints what a promotion costs: of one page, of one that the window has already, of 1024. */
static void promotions_are_measured(void)
{
	double begin, one, again, large;

	start();
	for (unsigned i = 0; i < 1024; i++)
		*memory_word(PT + i * 4) = (DATA + (1023 - i) * 4096) | P_RW_US_A_D;
	*memory_word(PD + 4) = 0x800000 | 0xe7;
	for (uint32_t page = 0; page < 2048; page++)
		fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
	begin = seconds();
	for (uint32_t page = 0; page < 1024; page++)
		CU_ASSERT_TRUE(promote(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE));
	one = (seconds() - begin) / 1024;
	begin = seconds();
	CU_ASSERT_TRUE(promote(TSR_VIEW_USER, 0x400000, TSR_ACCESS_WRITE));
	large = seconds() - begin;
	for (uint32_t page = 0; page < 1024; page++)
		mmu->invalidate(self, vcpu, page << 12);
	begin = seconds();
	for (uint32_t page = 0; page < 1024; page++)
		fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
	again = (seconds() - begin) / 1024;
	CU_ASSERT_EQUAL(byte_of(TSR_VIEW_USER, true, 1023 << 12), 0);
	printf("(a page %.1f us, valid again by fill %.0f ns, 1024 pages %.1f us) ", one * 1e6,
	       again * 1e9, large * 1e6);
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "promoted pages are in the window", promoted_pages_are_in_the_window },
		{ "supervisor views share a window", supervisor_views_share_a_window },
		{ "windows keep to their budget", windows_keep_to_their_budget },
		{ "promotions are measured", promotions_are_measured },
		CU_TEST_INFO_NULL,
	};

	return unit_run("mmu-windows", tests);
}
