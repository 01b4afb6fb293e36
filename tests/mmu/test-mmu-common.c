/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow MMU promises of kernels: what is common to address spaces is entered once, and
 * never in one that lacks it. */
#include <CUnit/Basic.h>
#include <string.h>

#include "../../plugins/mmu-shadow/shadow.h"
#include "shadow-rig.h"
#include "unit.h"

#define KERNEL_PDE (KERNEL / 0x400000 * 4)

static bool is_entered(bool write, tsr_gla gla)
{
	return entry(TSR_VIEW_SUPERVISOR, write, gla) != 0;
}

/* Fills in one address space are there in another one, whatever comes first. */
static void kernels_are_common(void)
{
	start();
	set_cr3(PD2);
	set_cr3(PD);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	fill(TSR_VIEW_SUPERVISOR, 0x5000, TSR_ACCESS_WRITE);
	set_cr3(PD2);
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	CU_ASSERT_FALSE(is_entered(true, 0x5000));
	fill(TSR_VIEW_SUPERVISOR, KERNEL + 0x1000, TSR_ACCESS_WRITE);
	poke(KERNEL_PT + 4, (DATA + 0x7000) | 0x63);
	CU_ASSERT_FALSE(is_entered(true, KERNEL + 0x1000));
	set_cr3(PD);
	CU_ASSERT_FALSE(is_entered(true, KERNEL + 0x1000));
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	mmu->invalidate(self, vcpu, KERNEL);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	finish();
}

/* Linux gives a process entries of new kernel page tables when it faults there. */
static void what_an_address_space_lacks_is_not_there(void)
{
	start();
	poke(PD2 + KERNEL_PDE, 0);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	set_cr3(PD2);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_READ), TSR_MMU_FAULT);
	set_cr3(PD);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	set_cr3(PD2);
	poke(PD2 + KERNEL_PDE, *memory_word(PD + KERNEL_PDE));
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	set_cr3(PD);
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	poke(PD + KERNEL_PDE, 0); /* of the one that runs */
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	set_cr3(PD2);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	poke(PD2 + KERNEL_PDE, *memory_word(PD2 + KERNEL_PDE)); /* the same again */
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	poke(PD2 + KERNEL_PDE, (*memory_word(PD2 + KERNEL_PDE)) & ~TSR_PTE_A);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	finish();
}

/* An entry says that A is set, in each directory. */
static void accessed_bits_are_compared(void)
{
	start();
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	poke(PD2 + KERNEL_PDE, KERNEL_PT | 3);
	set_cr3(PD2);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	CU_ASSERT_EQUAL(*memory_word(PD2 + KERNEL_PDE), KERNEL_PT | 0x23);
	*memory_word(PD + KERNEL_PDE) = *memory_word(PD2 + KERNEL_PDE) = 0xe3; /* 4 MiB, dirty */
	mmu->written(self, PD2 + KERNEL_PDE, 4);
	*memory_word(PD + KERNEL_PDE) = 0xa3;
	mmu->written(self, PD + KERNEL_PDE, 4);
	fill(TSR_VIEW_SUPERVISOR, KERNEL + DATA, TSR_ACCESS_WRITE);
	set_cr3(PD);
	CU_ASSERT_FALSE(is_entered(true, KERNEL + DATA));
	finish();
}

/* Each address space has its own: self-maps, hyperspaces, user pages. */
static void what_is_not_common_is_found_out(void)
{
	const struct shadow *s;
	struct shadow_context *first;

	start();
	s = self;
	first = s->vcpus[0]->context;
	poke(PD2 + KERNEL_PDE, PT2 | 0x23);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	CU_ASSERT_TRUE(shadow_is_common(first, KERNEL >> TSR_PAGE_SHIFT));
	set_cr3(PD2);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	set_cr3(PD);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	CU_ASSERT_FALSE(shadow_is_common(first, KERNEL >> TSR_PAGE_SHIFT));
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	set_cr3(PD2);
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	set_cr3(PD);
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	*memory_word(PD + 0x80000000 / 0x400000 * 4) = PT | P_RW_US_A_D;
	mmu->written(self, PD + 0x80000000 / 0x400000 * 4, 4);
	fill(TSR_VIEW_SUPERVISOR, 0x80000000, TSR_ACCESS_WRITE);
	CU_ASSERT_TRUE(is_entered(true, 0x80000000));
	CU_ASSERT_FALSE(shadow_is_common(first, 0x80000));
	CU_ASSERT_EQUAL(s->count.common_closed, 2);
	finish();
}

/* Nobody hears of changes of a directory in ROM. */
static void directories_outside_of_memory_share_nothing(void)
{
	start();
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	memcpy(memory_rom, memory_ram + PD, TSR_PAGE_SIZE);
	set_cr3(ROM);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	finish();
}

/* Each place where common memory ends costs the host mappings: with many of them, nothing is. */
static void scattered_differences_end_it(void)
{
	const struct shadow *s;

	start();
	s = self;
	for (unsigned i = 0; i < 12; i++) {
		uint32_t gla = 0x81000000 + i * 0x2000000, pde = gla / 0x400000 * 4;

		CU_ASSERT_TRUE(s->count.common_closed <= 6);
		CU_ASSERT_TRUE(shadow_is_common(s->vcpus[0]->context, 0xfffff) == (i < 7));
		poke(PD + pde, PT | P_RW_US_A_D);
		CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, gla, TSR_ACCESS_WRITE), TSR_MMU_RAM);
		CU_ASSERT_TRUE(is_entered(true, gla));
		if (s->count.common_closed > 6)
			break;
	}
	CU_ASSERT_EQUAL(s->count.common_closed, SHADOW_GRANULES);
	CU_ASSERT_FALSE(shadow_is_common(s->vcpus[0]->context, 0xfffff));
	set_cr3(PD2);
	CU_ASSERT_FALSE(is_entered(true, 0x81000000));
	finish();
}

/* What it differs in 64 times is its own, too. */
static void differences_are_counted(void)
{
	const struct shadow *s;

	start();
	s = self;
	poke(PD2 + KERNEL_PDE, 0);
	for (unsigned i = 0; i < 64; i++) {
		CU_ASSERT_EQUAL(s->count.common_closed, 0);
		set_cr3(PD);
		fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
		set_cr3(PD2);
	}
	CU_ASSERT_EQUAL(s->count.common_closed, 1);
	set_cr3(PD);
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	set_cr3(PD2);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	set_cr3(PD);
	CU_ASSERT_TRUE(is_entered(true, KERNEL));
	finish();
}

/* Without CR0.WP the supervisor may write what it otherwise may not. */
static void write_protection_is_kept(void)
{
	start();
	*memory_word(KERNEL_PT) = DATA | 0x61;
	context.cr0 &= ~TSR_CR0_WP;
	set_cr3(PD);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE), TSR_MMU_TRACED);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_READ), TSR_MMU_RAM);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL + 0x1000, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	context.cr0 |= TSR_CR0_WP;
	set_cr3(PD);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	CU_ASSERT_TRUE(is_entered(false, KERNEL));
	CU_ASSERT_TRUE(is_entered(true, KERNEL + 0x1000));
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE), TSR_MMU_FAULT);
	context.cr0 = 0;
	set_cr3(0);
	CU_ASSERT_FALSE(is_entered(false, KERNEL));
	finish();
}

/* Another kernel has another mode, and none of the former's entries. */
static void modes_have_nothing_in_common(void)
{
	static uint64_t pdptes[4];

	start();
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	pdptes[3] = 0x15000 | TSR_PTE_P;
	*memory_word(0x15000) = KERNEL_PT | 0x63; /* the same linear address */
	*memory_word(0x15004) = 0;
	context.cr4 = TSR_CR4_PAE;
	context.pdpte = pdptes;
	set_cr3(0x16000);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	*memory_word(KERNEL_PT) = (DATA + 0x9000) | 0x63;
	*memory_word(KERNEL_PT + 4) = 0;
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE);
	CU_ASSERT_EQUAL(result.gpa, DATA + 0x9000);
	pdptes[3] = 0; /* of the one that runs */
	set_cr3(0x16000);
	CU_ASSERT_FALSE(is_entered(true, KERNEL));
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "kernels are common", kernels_are_common },
		{ "what an address space lacks is not there",
		  what_an_address_space_lacks_is_not_there },
		{ "accessed bits are compared", accessed_bits_are_compared },
		{ "what is not common is found out", what_is_not_common_is_found_out },
		{ "directories outside of memory share nothing",
		  directories_outside_of_memory_share_nothing },
		{ "scattered differences end it", scattered_differences_end_it },
		{ "differences are counted", differences_are_counted },
		{ "write protection is kept", write_protection_is_kept },
		{ "modes have nothing in common", modes_have_nothing_in_common },
		CU_TEST_INFO_NULL,
	};

	return unit_run("mmu-common", tests);
}
