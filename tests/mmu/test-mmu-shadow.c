/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the shadow MMU promises, one promise a test; test-mmu-shadow-random.c looks for what was
 * forgotten. */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugins/mmu-shadow/shadow.h"
#include "memory.h"
#include "unit.h"

#define PD 0x10000u
#define PT 0x11000u
#define KERNEL_PT 0x12000u
#define PD2 0x13000u
#define PT2 0x14000u
#define DATA 0x100000u
#define P_RW_US_A_D 0x67u
#define KERNEL 0xc0000000u

static void *self;
static const struct tsr_mmu *mmu;
static const struct tsr_phys_listener *notices;
static struct tsr_mmu_vcpu *vcpu;
static struct tsr_mmu_context context;
static struct tsr_mmu_result result;
static struct {
	unsigned code, unmapped, tags;
	tsr_gpa gpa;
	uint32_t length;
} heard;

static void on_code_written(void *to, tsr_gpa gpa, uint32_t length)
{
	heard.code++;
	heard.gpa = gpa;
	heard.length = length;
}

static void on_code_unmapped(void *to, tsr_gpa gpa, uint64_t length)
{
	heard.unmapped++;
}

static void on_tags_changed(void *to)
{
	heard.tags++;
}

static const struct tsr_mmu_listener listener = {
	.size = sizeof(listener),
	.code_written = on_code_written,
	.code_unmapped = on_code_unmapped,
	.tags_changed = on_tags_changed,
};

static void set_cr3(uint32_t cr3)
{
	context.cr3 = cr3;
	mmu->set_context(self, vcpu, &context);
}

/* Two address spaces: user pages 0.. by PT (PT2), the kernel's at C0000000h by KERNEL_PT in both.
 */
static void start(void)
{
	memory_start();
	memset(&heard, 0, sizeof(heard));
	self = fake_device_new(NULL, "mmu-shadow", NULL);
	mmu = fake_device_interface(self, TSR_MMU);
	notices = fake_device_interface(self, TSR_PHYS_LISTENER);
	vcpu = mmu->create(self, &listener);
	*memory_word(PD) = PT | P_RW_US_A_D;
	*memory_word(PD2) = PT2 | P_RW_US_A_D;
	*memory_word(PD + KERNEL / 0x400000 * 4) = *memory_word(PD2 + KERNEL / 0x400000 * 4) =
		KERNEL_PT | 0x23;
	for (unsigned i = 0; i < 1024; i++) {
		*memory_word(PT + i * 4) = (DATA + i * 4096) | P_RW_US_A_D;
		*memory_word(PT2 + i * 4) = (DATA + i * 4096) | P_RW_US_A_D;
		*memory_word(KERNEL_PT + i * 4) = (DATA + i * 4096) | 0x63;
	}
	context = (struct tsr_mmu_context){ .cr0 = TSR_CR0_PE | TSR_CR0_PG | TSR_CR0_WP,
					    .cr4 = TSR_CR4_PSE };
	set_cr3(PD);
}

static void finish(void)
{
	mmu->destroy(self, vcpu);
	fake_finish();
}

static enum tsr_mmu_kind fill(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access)
{
	return mmu->fill(self, vcpu, view, gla, access, &result);
}

static uint64_t entry(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	const struct tsr_mmu_layout *l = mmu->layout(self);

	return ((uint64_t *)(vcpu->base[view] +
			     (write ? l->write_table : l->read_table)))[gla >> 12];
}

/* A guest's store to a traced page. */
static void poke(tsr_gpa gpa, uint32_t value)
{
	*memory_word(gpa) = value;
	mmu->written(self, gpa, 4);
}

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

static uint8_t byte_of(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	const struct tsr_mmu_layout *l = mmu->layout(self);

	return vcpu->base[view][(write ? l->write_valid : l->read_valid) + (gla >> 12)];
}

static bool promote(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access)
{
	return mmu->promote(self, vcpu, view, gla, access);
}

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
		{ "promoted pages are in the window", promoted_pages_are_in_the_window },
		{ "supervisor views share a window", supervisor_views_share_a_window },
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
		{ "windows keep to their budget", windows_keep_to_their_budget },
		{ "promotions are measured", promotions_are_measured },
		{ "fills are fast", fills_are_fast },
		CU_TEST_INFO_NULL,
	};

	return unit_run("mmu-shadow", tests);
}
