/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow MMU promises, one promise a test; what it promises of kernels is in
 * test-mmu-common.c, of windows in test-mmu-windows.c. test-mmu-random.c looks for what was
 * forgotten. */
#include <CUnit/Basic.h>
#include <string.h>
#include <time.h>

#include "../../plugins/mmu-shadow/shadow.h"
#include "shadow-rig.h"
#include "unit.h"

static void entries_translate(void)
{
	start();
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x5123, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	CU_ASSERT_PTR_EQUAL(result.host, memory_ram + DATA + 0x5123);
	CU_ASSERT_EQUAL(result.gpa, DATA + 0x5123);
	CU_ASSERT_PTR_EQUAL((uint8_t *)(entry(TSR_VIEW_USER, true, 0x5123) + 0x5123),
			    memory_ram + DATA + 0x5123);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_SUPERVISOR, true, 0x5123), 0);
	finish();
}

static void identity_serves_both_views(void)
{
	start();
	context.cr0 = 0;
	set_cr3(0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x234567, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	CU_ASSERT_EQUAL(result.gpa, 0x234567);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_SUPERVISOR, true, 0x234567), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, ROM, TSR_ACCESS_WRITE), TSR_MMU_IO);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, ROM, TSR_ACCESS_FETCH), TSR_MMU_RAM);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, NOWHERE, TSR_ACCESS_READ), TSR_MMU_IO);
	finish();
}

static void permissions_follow_the_manual(void)
{
	static const struct {
		uint32_t pde, pte, wp;
		int user_read, user_write, super_read, super_write; /* error code, -1: allowed */
	} rows[] = {
		{ 0x07, 0x07, 1, -1, -1, -1, -1 }, { 0x07, 0x05, 1, -1, 7, -1, 3 },
		{ 0x07, 0x05, 0, -1, 7, -1, -1 },  { 0x05, 0x07, 1, -1, 7, -1, 3 },
		{ 0x07, 0x03, 1, 5, 7, -1, -1 },   { 0x03, 0x07, 1, 5, 7, -1, -1 },
		{ 0x03, 0x01, 1, 5, 7, -1, 3 },    { 0x03, 0x01, 0, 5, 7, -1, -1 },
		{ 0x07, 0x06, 1, 4, 6, 0, 2 },     { 0x06, 0x07, 1, 4, 6, 0, 2 },
		{ 0x00, 0x00, 0, 4, 6, 0, 2 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const int want[2][2] = { { rows[i].super_read, rows[i].super_write },
					 { rows[i].user_read, rows[i].user_write } };

		start();
		*memory_word(PD) = PT | rows[i].pde;
		*memory_word(PT) = DATA | rows[i].pte;
		context.cr0 = TSR_CR0_PE | TSR_CR0_PG | (rows[i].wp ? TSR_CR0_WP : 0);
		set_cr3(PD);
		for (unsigned n = 0; n < 4; n++) {
			enum tsr_mmu_kind kind = fill(n / 2, 0, n & 1);

			CU_ASSERT_EQUAL(kind == TSR_MMU_FAULT ? (int)result.error_code : -1,
					want[n / 2][n & 1]);
		}
		finish();
	}
}

static void sets_accessed_and_dirty_when_needed(void)
{
	start();
	*memory_word(PD) = PT | 7;
	*memory_word(PT) = DATA | 7;
	mmu->probe(self, vcpu, TSR_VIEW_USER, 0, TSR_ACCESS_WRITE, &result);
	CU_ASSERT_EQUAL(*memory_word(PT), DATA | 7);
	fill(TSR_VIEW_USER, 0, TSR_ACCESS_READ);
	CU_ASSERT_EQUAL(*memory_word(PD), PT | 0x27);
	CU_ASSERT_EQUAL(*memory_word(PT), DATA | 0x27);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0), 0);
	fill(TSR_VIEW_USER, 0, TSR_ACCESS_WRITE);
	CU_ASSERT_EQUAL(*memory_word(PT), DATA | 0x67);
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_READ); /* D is set already: both entries */
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	finish();
}

static void page_tables_are_traced(void)
{
	start();
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE);
	fill(TSR_VIEW_USER, 0x2000, TSR_ACCESS_WRITE);
	poke(PT + 4, 0);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, false, 0x1000), 0);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, true, 0x2000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_READ), TSR_MMU_FAULT);
	*memory_word(KERNEL_PT) = PT | 0x63; /* the table, mapped */
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE), TSR_MMU_TRACED);
	poke(PD, 0);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x2000), 0);
	finish();
}

static void reused_tables_become_fast_again(void)
{
	start();
	*memory_word(KERNEL_PT) = PT | 0x63;
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_READ);
	for (unsigned i = 0; i < 64; i++) {
		CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE),
				TSR_MMU_TRACED);
		poke(PT + 4 * (i + 512), i);
	}
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, false, 0x1000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_READ);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_SUPERVISOR, true, KERNEL), 0);
	finish();
}

static void address_spaces_survive_a_switch(void)
{
	uint8_t *base;

	start();
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE);
	base = vcpu->base[TSR_VIEW_USER];
	set_cr3(PD2);
	CU_ASSERT_PTR_NOT_EQUAL(vcpu->base[TSR_VIEW_USER], base);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	poke(PT + 8, 0); /* of the space that is away */
	set_cr3(PD);
	CU_ASSERT_PTR_EQUAL(vcpu->base[TSR_VIEW_USER], base);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x2000, TSR_ACCESS_READ), TSR_MMU_FAULT);
	for (unsigned i = 0; i < SHADOW_CONTEXTS + 8; i++) /* more spaces than are kept */
		set_cr3(0x200000 + i * 4096);
	set_cr3(PD);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	finish();
}

static void count_resident(void *user, const char *name, uint64_t value)
{
	if (!strcmp(name, "mmu_resident_chunks"))
		*(uint64_t *)user = value;
}

static uint64_t resident_chunks(void)
{
	uint64_t count = UINT64_MAX;

	mmu->stats(self, count_resident, &count);
	return count;
}

/* The space that runs and one that was used a moment ago keep theirs. */
static void spaces_out_of_use_give_their_memory_back(void)
{
	uint64_t most;

	start();
	for (unsigned i = 0; i < 32; i++) {
		set_cr3(0x200000 + i * 4096); /* its directory is empty */
		*memory_word(0x200000 + i * 4096) = PT | 7;
		mmu->written(self, 0x200000 + i * 4096, 4);
		CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	}
	most = resident_chunks();
	for (unsigned i = 0; i < SHADOW_IDLE + 8 * SHADOW_LOOK_EVERY; i += 2) {
		set_cr3(PD2);
		set_cr3(PD);
		if (!i)
			fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE);
	}
	CU_ASSERT(resident_chunks() <= most - 32);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	set_cr3(0x200000);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	poke(PT + 4, 0);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	finish();
}

static void supervisor_tags_are_shared(void)
{
	uint32_t kernel, user;

	start();
	fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_FETCH);
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_FETCH);
	kernel = vcpu->fetch_tag[TSR_VIEW_SUPERVISOR];
	user = vcpu->fetch_tag[TSR_VIEW_USER];
	set_cr3(PD2);
	CU_ASSERT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], kernel);
	CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_USER], user);
	set_cr3(PD);
	CU_ASSERT_EQUAL(vcpu->fetch_tag[TSR_VIEW_USER], user);
	poke(KERNEL_PT + 4, 0); /* not fetched */
	CU_ASSERT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], kernel);
	CU_ASSERT_EQUAL(heard.tags, 0);
	set_cr3(PD2);
	*memory_word(PD2 + KERNEL / 0x400000 * 4) = PT | 0x23; /* another kernel */
	mmu->written(self, PD2 + KERNEL / 0x400000 * 4, 4);
	CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], kernel);
	CU_ASSERT_EQUAL(heard.tags, 1);
	set_cr3(PD);
	CU_ASSERT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], kernel);
	poke(KERNEL_PT, DATA | 3);
	CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], kernel);
	finish();
}

static void code_is_traced(void)
{
	start();
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_WRITE);
	mmu->trace(self, DATA + 0x1000, true);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x1000), 0);
	CU_ASSERT_NOT_EQUAL(entry(TSR_VIEW_USER, false, 0x1000), 0);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1010, TSR_ACCESS_WRITE), TSR_MMU_TRACED);
	mmu->written(self, result.gpa, 4);
	CU_ASSERT(heard.code == 1 && heard.gpa == DATA + 0x1010 && heard.length == 4);
	notices->written(self, DATA + 0xffc, 8); /* DMA over two pages, the second with code */
	CU_ASSERT(heard.code == 2 && heard.gpa == DATA + 0x1000 && heard.length == 4);
	mmu->trace(self, DATA + 0x1000, false);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x1010, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	finish();
}

static void video_memory_is_logged(void)
{
	start();
	*memory_word(PT) = VIDEO | P_RW_US_A_D;
	fill(TSR_VIEW_USER, 0, TSR_ACCESS_READ);
	CU_ASSERT(memory_dirty_marks == 0 && !entry(TSR_VIEW_USER, true, 0));
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	CU_ASSERT_EQUAL(memory_dirty_marks, 1);
	notices->protect(self, VIDEO, 0x1000);
	CU_ASSERT(!entry(TSR_VIEW_USER, true, 0) && entry(TSR_VIEW_USER, false, 0));
	memory_video_bank = 1;
	notices->mapping_changed(self, VIDEO, 0x1000);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, false, 0), 0);
	CU_ASSERT_EQUAL(heard.unmapped, 1);
	finish();
}

static void pae_has_nx_and_reserved_bits(void)
{
	static const uint64_t pdptes[4] = { PD | 1 };
	static const struct {
		uint64_t entry;
		int read, fetch;
	} rows[] = {
		{ DATA | 0x67, -1, -1 },
		{ DATA | 0x67 | 1ull << 63, -1, 0x15 },
		{ DATA | 0x67 | 1ull << 36, 0xd, 0x1d },
		{ DATA | 0x67 | 1ull << 62, 0xd, 0x1d },
		{ 1ull << 62, 4, 0x14 },
	};

	start();
	context.cr4 = TSR_CR4_PAE;
	context.efer = 0x800;
	context.pdpte = pdptes;
	*memory_word(PD + 4) = 0;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(memory_ram + PT + i * 8, &rows[i].entry, 8);
		set_cr3(PD + 0x20);
		CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, i << 12, TSR_ACCESS_READ) == TSR_MMU_FAULT
					? (int)result.error_code
					: -1,
				rows[i].read);
		CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, i << 12, TSR_ACCESS_FETCH) == TSR_MMU_FAULT
					? (int)result.error_code
					: -1,
				rows[i].fetch);
	}
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0x40000000, TSR_ACCESS_WRITE), TSR_MMU_FAULT);
	CU_ASSERT_EQUAL(result.error_code, 6);
	context.cr4 = TSR_CR4_PSE;
	context.efer = 0;
	context.pdpte = NULL;
	finish();
}

static void poke_upper(tsr_gpa gpa, uint32_t value)
{
	poke(gpa + 4, value);
}

static void fetches_are_asked_anew(void)
{
	static const uint64_t pdptes[4] = { PD | 1 };
	uint32_t tag;

	start();
	context.cr4 = TSR_CR4_PAE;
	context.efer = 0x800;
	context.pdpte = pdptes;
	for (unsigned view = 0; view < TSR_VIEWS; view++) {
		uint64_t pde = PT | 0x67, pte = DATA | 0x67;

		memcpy(memory_ram + PD, &pde, 8);
		memcpy(memory_ram + PT, &pte, 8);
		set_cr3(PD2);
		set_cr3(PD);
		CU_ASSERT_EQUAL(fill(view, 0, TSR_ACCESS_FETCH), TSR_MMU_RAM);
		CU_ASSERT_EQUAL(fill(view, 8, TSR_ACCESS_FETCH), TSR_MMU_RAM); /* from the tables */
		CU_ASSERT(result.gpa == DATA + 8 && result.host == memory_ram + DATA + 8);
		poke_upper(PT, 1u << 31); /* NX */
		CU_ASSERT_EQUAL(fill(view, 0, TSR_ACCESS_READ), TSR_MMU_RAM);
		CU_ASSERT_EQUAL(fill(view, 0, TSR_ACCESS_FETCH), TSR_MMU_FAULT);
		poke_upper(PT, 0);
		CU_ASSERT_EQUAL(fill(view, 0, TSR_ACCESS_FETCH), TSR_MMU_RAM);
		tag = vcpu->fetch_tag[view];
		poke_upper(PD, 0x100); /* a reserved bit */
		CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[view], tag);
		poke_upper(PD, 0);
	}
	context.pdpte = NULL;
	finish();
}

/* The same frame at half a million linear pages: more than the reverse map holds. */
static void reverse_map_may_overflow(void)
{
	start();
	for (unsigned i = 0; i < 600; i++)
		*memory_word(PD + i * 4) = 0x400000 | 0xe7; /* 4 MiB pages, D set */
	set_cr3(PD);
	for (uint32_t page = 0; page < 600 * 1024; page++)
		fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
	mmu->trace(self, 0x400000, true);
	for (unsigned i = 0; i < 600; i++)
		CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, i << 22), 0);
	finish();
}

/* The epochs of the reverse map start again after 2^32: a page that was entered in epoch 1 has no
 * rows in the new epoch 1. */
static void reverse_map_may_start_again(void)
{
	struct shadow *s;

	start();
	s = self;
	for (unsigned i = 0; i < 600; i++)
		*memory_word(PD + i * 4) = 0x400000 | 0xe7;
	set_cr3(PD);
	CU_ASSERT_EQUAL(s->epoch, 1);
	fill(TSR_VIEW_USER, 0x300000, TSR_ACCESS_WRITE);
	CU_ASSERT_NOT_EQUAL(shadow_page(s, 0x700000)->rmap, 0);
	s->epoch = UINT32_MAX;
	for (uint32_t page = 0; s->epoch == UINT32_MAX && page < 600 * 1024; page++)
		if ((page & 1023) != 0x300)
			fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
	CU_ASSERT_EQUAL(s->epoch, 1);
	CU_ASSERT_NOT_EQUAL(shadow_page(s, 0x700000)->epoch, 1);
	finish();
}

/* A tag that was given up does not come back, also beyond 32 bits. */
static void tags_do_not_come_back(void)
{
	uint64_t old;
	struct shadow *s;

	start();
	s = self;
	*memory_word(PD) = PT | 7;
	*memory_word(PT + 4) = 0x5000 | 0x67;
	set_cr3(PD);
	fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_FETCH);
	old = vcpu->fetch_tag[TSR_VIEW_USER];
	s->last_tag = UINT32_MAX - 3;
	for (unsigned i = 0; i < 8; i++) {
		poke(PT + 4, (0x5000 + (i & 1) * 0x1000) | 0x67);
		CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_USER], old);
		fill(TSR_VIEW_USER, 0x1000, TSR_ACCESS_FETCH);
	}
	CU_ASSERT_TRUE(vcpu->fetch_tag[TSR_VIEW_USER] > UINT32_MAX);
	finish();
}

/* The first and the last address space of each virtual CPU use 2048 page tables, those between them
 * the first and the last. They lead to no memory, so that no table chunk bounds them. */
static void every_table_of_every_address_space_is_traced(void)
{
	enum { VCPUS = 4, SPACES = SHADOW_CONTEXTS, SLOTS = 2048, TABLES = 0x400000 };
	struct tsr_mmu_vcpu *first, *others[VCPUS - 1];
	uint64_t pdpte[4];

	start();
	first = vcpu;
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0, TSR_ACCESS_WRITE), TSR_MMU_RAM);
	for (unsigned i = 0; i < 4; i++)
		pdpte[i] = (PD + i * 4096) | 1;
	for (unsigned i = 0; i < SLOTS; i++) {
		*memory_word(PD + i * 8) = (TABLES + i * 4096) | P_RW_US_A_D;
		*memory_word(PD + i * 8 + 4) = 0;
		*memory_word(TABLES + i * 4096) = NOWHERE | P_RW_US_A_D;
		*memory_word(TABLES + i * 4096 + 4) = 0;
	}
	context.cr4 |= TSR_CR4_PAE;
	context.pdpte = pdpte;
	for (unsigned v = 0; v < VCPUS; v++) {
		if (v)
			vcpu = others[v - 1] = mmu->create(self, &listener);
		CU_ASSERT_PTR_NOT_NULL_FATAL(vcpu);
		for (unsigned space = 0; space < SPACES; space++) {
			set_cr3(0x20000 + 32 * space);
			unsigned step = space && space < SPACES - 1 ? SLOTS - 1 : 1;

			for (uint32_t slot = 0; slot < SLOTS; slot += step)
				fill(TSR_VIEW_USER, slot << 21, TSR_ACCESS_READ);
		}
	}
	CU_ASSERT_PTR_NULL(mmu->create(self, &listener));
	poke(TABLES, (DATA + 0x3000) | P_RW_US_A_D); /* all address spaces must notice */
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 0, TSR_ACCESS_READ), TSR_MMU_RAM);
	CU_ASSERT_EQUAL(result.gpa, DATA + 0x3000);
	poke(TABLES, 0);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, false, 0), 0);
	set_cr3(0x20000 + 32 * SPACES); /* one more: the oldest goes */
	CU_ASSERT_EQUAL(fill(TSR_VIEW_USER, 1u << 21, TSR_ACCESS_READ), TSR_MMU_IO);
	for (unsigned v = 0; v + 1 < VCPUS; v++)
		mmu->destroy(self, others[v]);
	vcpu = first;
	context.pdpte = NULL;
	finish();
}

/* A supervisor that runs in more page-directory entries than a fetch set lists: the list starts
 * again, the tag is new. */
static void fetch_set_may_overflow(void)
{
	uint32_t tag;

	start();
	for (unsigned i = 0; i < 200; i++)
		*memory_word(PD + i * 4) = 0x400000 | 0xe3;
	set_cr3(PD);
	for (uint32_t i = 0; i < 200; i++) {
		CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, i << 22, TSR_ACCESS_FETCH), TSR_MMU_RAM);
		tag = vcpu->fetch_tag[TSR_VIEW_SUPERVISOR];
		poke(PD + i * 4, 0x800000 | 0xe3);
		CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], tag);
		poke(PD + i * 4, 0x400000 | 0xe3);
	}
	tag = vcpu->fetch_tag[TSR_VIEW_SUPERVISOR];
	for (uint32_t i = 0; i < 65; i++)
		fill(TSR_VIEW_SUPERVISOR, i << 22, TSR_ACCESS_FETCH);
	CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], tag);
	finish();
}

/* Page frame 0 is as good a place for a page table as any. */
static void page_table_at_address_0_is_traced(void)
{
	uint32_t tag;

	start();
	*memory_word(PD + KERNEL / 0x400000 * 4) = 0x23;
	for (unsigned i = 0; i < 1024; i++)
		*memory_word(i * 4) = (DATA + i * 4096) | 0x63;
	set_cr3(PD);
	CU_ASSERT_EQUAL(fill(TSR_VIEW_SUPERVISOR, KERNEL, TSR_ACCESS_FETCH), TSR_MMU_RAM);
	tag = vcpu->fetch_tag[TSR_VIEW_SUPERVISOR];
	poke(0, (DATA + 0x5000) | 0x63);
	CU_ASSERT_NOT_EQUAL(vcpu->fetch_tag[TSR_VIEW_SUPERVISOR], tag);
	finish();
}

/* What the core never says, and a bound that must hold all the same. */
static void notices_beyond_36_bits_are_survived(void)
{
	start();
	fill(TSR_VIEW_USER, 0x5000, TSR_ACCESS_WRITE);
	notices->mapping_changed(self, UINT64_MAX - 0xfff, 0x2000);
	notices->protect(self, UINT64_MAX - 0xfff, 0x2000);
	notices->written(self, UINT64_MAX - 0xfff, 0x1000);
	mmu->trace(self, 1ull << 40, true);
	CU_ASSERT_EQUAL(entry(TSR_VIEW_USER, true, 0x5000), 0);
	finish();
}

static void fills_are_fast(void)
{
	struct timespec begin, end;
	double ns;

	start();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (unsigned round = 0; round < 100; round++) {
		for (uint32_t page = 0; page < 1024; page++)
			fill(TSR_VIEW_USER, page << 12, TSR_ACCESS_WRITE);
		for (uint32_t page = 0; page < 1024; page++)
			mmu->invalidate(self, vcpu, page << 12);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	ns = (end.tv_sec - begin.tv_sec) * 1e9 + (end.tv_nsec - begin.tv_nsec);
	printf("(%.0f ns each) ", ns / 102400);
	finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "entries translate", entries_translate },
		{ "identity serves both views", identity_serves_both_views },
		{ "permissions follow the manual", permissions_follow_the_manual },
		{ "sets accessed and dirty when needed", sets_accessed_and_dirty_when_needed },
		{ "page tables are traced", page_tables_are_traced },
		{ "reused tables become fast again", reused_tables_become_fast_again },
		{ "address spaces survive a switch", address_spaces_survive_a_switch },
		{ "spaces out of use give their memory back",
		  spaces_out_of_use_give_their_memory_back },
		{ "supervisor tags are shared", supervisor_tags_are_shared },
		{ "code is traced", code_is_traced },
		{ "video memory is logged", video_memory_is_logged },
		{ "PAE has NX and reserved bits", pae_has_nx_and_reserved_bits },
		{ "fetches are asked anew", fetches_are_asked_anew },
		{ "reverse map may overflow", reverse_map_may_overflow },
		{ "reverse map may start again", reverse_map_may_start_again },
		{ "tags do not come back", tags_do_not_come_back },
		{ "every table of every address space is traced",
		  every_table_of_every_address_space_is_traced },
		{ "fetch set may overflow", fetch_set_may_overflow },
		{ "page table at address 0 is traced", page_table_at_address_0_is_traced },
		{ "notices beyond 36 bits are survived", notices_beyond_36_bits_are_survived },
		{ "fills are fast", fills_are_fast },
		CU_TEST_INFO_NULL,
	};

	return unit_run("mmu-shadow", tests);
}
