/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Of the MMU plugin MMU_ID: random page tables, random stores to them by way of their own mappings,
 * random switches, against a plain walker: a fill's answer is right, every entry found in a table
 * is one that the page tables grant at that moment, no entry writes to a traced page, and a fetch
 * tag never comes back with another translation. Argument: a seed; without one, some seeds are run.
 */
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "unit.h"

#define FIRST_TABLE 16 /* pages: 4 roots, 8 PAE directories, 12 page tables, then data */
#define ROOTS 4
#define FETCHES 512
#define CODE_PAGES 80

static struct {
	void *self;
	const struct tsr_mmu *mmu;
	const struct tsr_phys_listener *notices;
	const struct tsr_mmu_layout *layout;
	struct tsr_mmu_vcpu *vcpu;
	struct tsr_mmu_context context;
	uint64_t pdptes[ROOTS][4];
	uint64_t rng;
	bool pae;    /* what this run mostly uses */
	bool common; /* the address spaces have a kernel in common */
	bool code[CODE_PAGES];
	unsigned code_writes;
	uint64_t valid_seen, promoted;
	struct {
		uint32_t tag;
		enum tsr_mmu_view view;
		tsr_gla page;
		tsr_gpa gpa;
	} fetches[FETCHES];
	unsigned fetch_count;
} t;

static uint64_t any(uint64_t below)
{
	return fake_random(&t.rng) % below;
}

static void on_code_written(void *self, tsr_gpa gpa, uint32_t length)
{
	t.code_writes++;
}

static void on_code_unmapped(void *self, tsr_gpa gpa, uint64_t length)
{
}

static const struct tsr_mmu_listener listener = {
	.size = sizeof(listener),
	.code_written = on_code_written,
	.code_unmapped = on_code_unmapped,
};

/* -- random tables */

static uint64_t random_frame(void)
{
	switch (any(12)) {
	case 0:
		return VIDEO;
	case 1:
		return ROM;
	case 2:
		return NOWHERE;
	case 3:
	case 4:
	case 5:
		return (FIRST_TABLE + any(24)) << 12; /* the tables themselves */
	default:
		return (40 + any(40)) << 12;
	}
}

static uint64_t random_bits(void)
{
	uint64_t bits = fake_random(&t.rng) & 0xe7e; /* not PS, not P */

	bits |= any(8) ? 1 : 0;
	bits |= any(4) ? 4 : 0;
	bits |= any(2) ? 2 : 0;
	return bits;
}

static uint64_t random_upper(void)
{
	if (!t.pae)
		return 0;
	switch (any(24)) {
	case 0:
		return 1ull << 63;
	case 1:
		return 1ull << (36 + any(27));
	case 2:
		return 0xfull << 32;
	default:
		return 0;
	}
}

static uint64_t random_pde(void)
{
	if (any(5) == 0)
		return random_bits() | 0x80 | (any(4) << 21) |
		       (any(8) ? 0 : 1ull << (13 + any(9))) | random_upper();
	return random_bits() | (FIRST_TABLE + ROOTS + 8 + any(12)) << 12 |
	       (any(16) ? 0 : random_upper());
}

static uint64_t random_pte(void)
{
	return random_bits() | random_frame() | random_upper();
}

static uint64_t random_entry(void)
{
	return any(3) ? random_pte() : random_pde();
}

/* Few linear pages, so that things meet. */
static const uint32_t regions[] = { 0,          0x200000,   0x400000,   0x40000000,
				    0xc0000000, 0xffc00000, 0xffe00000, 0x7fe00000 };

static tsr_gla random_gla(void)
{
	return regions[any(8)] + any(6) * 4096 + any(4095);
}

static void fill_tables(void)
{
	for (unsigned page = FIRST_TABLE; page < FIRST_TABLE + 24; page++)
		for (unsigned i = 0; i < 512; i++) {
			uint64_t entry =
				page < FIRST_TABLE + ROOTS + 8 ? random_pde() : random_pte();

			if (!t.pae)
				entry = entry << 32 |
					(uint32_t)(page < FIRST_TABLE + ROOTS + 8 ? random_pde()
										  : random_pte());
			memcpy(memory_ram + page * 4096 + i * 8, &entry, 8);
		}
}

/* -- checks */

static void expect(bool what, const char *text)
{
	if (!what) {
		fprintf(stderr, "%s\n", text);
		CU_ASSERT(what);
	}
}

static uint64_t entry_at(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	uint8_t *base = t.vcpu->base[view] + (write ? t.layout->write_table : t.layout->read_table);

	return ((uint64_t *)base)[gla >> 12];
}

/* The entry, if there is one, is what the tables grant now. */
static void check_entry(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	uint64_t entry = entry_at(view, write, gla);
	struct reference r;
	struct tsr_phys_page page;

	if (!entry)
		return;
	reference_walk(&t.context, view, gla, write ? TSR_ACCESS_WRITE : TSR_ACCESS_READ, &r);
	expect(!r.fault, "entry where the tables give a fault");
	if (r.fault)
		return;
	expect(r.accessed && (!write || r.dirty), "entry without A or D");
	memory_lookup(NULL, r.gpa, &page);
	expect((uint8_t *)(entry + gla) == (write ? page.write : page.read) + (gla & 4095),
	       "entry leads elsewhere");
	if (write && r.gpa >> 12 < CODE_PAGES)
		expect(!t.code[r.gpa >> 12], "write entry to a page with code");
}

static uint8_t *bytes_at(enum tsr_mmu_view view, bool write)
{
	return t.vcpu->base[view] + (write ? t.layout->write_valid : t.layout->read_valid);
}

/* What is written through the window is read from memory; the page has its former contents then. */
static void check_window(enum tsr_mmu_view view, tsr_gla gla, uint8_t *host)
{
	uint8_t *window = t.vcpu->window_base[view] + gla, was = *host;

	expect(*window == was, "the window shows something else");
	*(volatile uint8_t *)window = (uint8_t)(was + 1);
	expect(*(volatile uint8_t *)host == (uint8_t)(was + 1), "the window leads elsewhere");
	*host = was;
	if (gla < TSR_MMU_WINDOW_SLACK)
		expect(window[1ull << 32] == was, "page 0 is not behind the end");
	if (gla >= 0u - TSR_MMU_WINDOW_SLACK)
		expect(*(window - (1ull << 32)) == was, "the last page is not before the start");
}

/* A byte of 0 is an entry, and the window has the entry's memory. */
static void check_byte(enum tsr_mmu_view view, bool write, tsr_gla gla)
{
	struct tsr_mmu_result probed;

	if (!t.layout->read_valid || bytes_at(view, write)[gla >> 12])
		return;
	t.valid_seen++;
	expect(entry_at(view, write, gla) != 0, "a valid byte without an entry");
	expect(!bytes_at(view, false)[gla >> 12], "valid for writes only");
	t.mmu->probe(t.self, t.vcpu, view, gla, write ? TSR_ACCESS_WRITE : TSR_ACCESS_READ,
		     &probed);
	expect(probed.kind == TSR_MMU_RAM, "a valid byte of what is not plain memory");
	if (probed.kind == TSR_MMU_RAM)
		check_window(view, gla, probed.host);
}

/* Every page that the test uses, the bytes around the tables, and some of all the others. */
static void check_bytes(void)
{
	for (unsigned view = 0; t.layout->read_valid && view < TSR_VIEWS; view++)
		for (unsigned write = 0; write < 2; write++) {
			const uint8_t *bytes = bytes_at(view, write);
			uint64_t before, after;

			memcpy(&before, bytes - 8, 8);
			memcpy(&after, bytes + (1u << 20), 8);
			expect(before == UINT64_MAX && after == UINT64_MAX,
			       "a valid byte outside of the table");
			for (unsigned n = 0; n < 48; n++)
				check_byte(view, write, regions[n / 6] + n % 6 * 4096 + any(4096));
			for (unsigned n = 0; n < 16; n++)
				check_byte(view, write, (tsr_gla)any(1ull << 32));
		}
}

/* No write entry leads to a page that serves as a table of an entry. */
static void check_tables(enum tsr_mmu_view view)
{
	bool table[CODE_PAGES] = { false };
	struct reference r;

	for (unsigned n = 0; n < 48; n++) {
		tsr_gla gla = regions[n / 6] + n % 6 * 4096;

		if (!entry_at(view, false, gla) && !entry_at(view, true, gla))
			continue;
		reference_walk(&t.context, view, gla, TSR_ACCESS_READ, &r);
		for (unsigned level = 0; level < 2; level++)
			if (r.tables[level] && r.tables[level] >> 12 < CODE_PAGES)
				table[r.tables[level] >> 12] = true;
	}
	for (unsigned n = 0; n < 48; n++) {
		tsr_gla gla = regions[n / 6] + n % 6 * 4096;

		if (!entry_at(view, true, gla))
			continue;
		reference_walk(&t.context, view, gla, TSR_ACCESS_WRITE, &r);
		expect(r.gpa >> 12 >= CODE_PAGES || !table[r.gpa >> 12],
		       "write entry to a page table");
	}
}

static void check_tags(void)
{
	for (unsigned i = 0; i < FETCHES; i++) {
		struct reference r;

		if (t.fetches[i].tag != t.vcpu->fetch_tag[t.fetches[i].view])
			continue;
		reference_walk(&t.context, t.fetches[i].view, t.fetches[i].page, TSR_ACCESS_FETCH,
			       &r);
		expect(!r.fault && r.gpa == t.fetches[i].gpa,
		       "a fetch tag with another translation");
		if (CU_get_number_of_failures())
			fprintf(stderr,
				"tag %u view %u page %x: was %llx, is %llx fault %d, cr0 %x cr3 %x "
				"cr4 %x\n",
				t.fetches[i].tag, t.fetches[i].view, t.fetches[i].page,
				(unsigned long long)t.fetches[i].gpa, (unsigned long long)r.gpa,
				r.fault, t.context.cr0, t.context.cr3, t.context.cr4);
	}
}

static void check_result(const struct tsr_mmu_result *result, const struct reference *r,
			 enum tsr_mmu_access access)
{
	struct tsr_phys_page page;
	uint8_t *host;

	expect(r->fault == (result->kind == TSR_MMU_FAULT), "fault or no fault");
	if (r->fault) {
		expect(r->error_code == result->error_code, "error code");
		return;
	}
	if (result->kind == TSR_MMU_FAULT)
		return;
	memory_lookup(NULL, r->gpa, &page);
	host = access == TSR_ACCESS_WRITE ? page.write : page.read;
	expect(result->gpa == r->gpa, "gpa");
	expect((result->kind == TSR_MMU_IO) == !host, "I/O or memory");
	if (host && result->kind != TSR_MMU_IO)
		expect(result->host == host + (r->gpa & 4095), "host address");
	if (access == TSR_ACCESS_WRITE && r->gpa >> 12 < CODE_PAGES && t.code[r->gpa >> 12] && host)
		expect(result->kind == TSR_MMU_TRACED, "store to code not traced");
}

/* An MMU without entries answers all fetches from memory as traced, and its tags hold for all. */
static bool has_no_entries(void)
{
	return strcmp(MMU_ID, "mmu-walk") == 0;
}

/* -- operations */

static void access_page(enum tsr_mmu_view view, tsr_gla gla, enum tsr_mmu_access access,
			struct tsr_mmu_result *result)
{
	struct tsr_mmu_result probed;
	struct reference r, after;

	reference_walk(&t.context, view, gla, access, &r);
	t.mmu->probe(t.self, t.vcpu, view, gla, access, &probed);
	check_result(&probed, &r, access);
	t.mmu->fill(t.self, t.vcpu, view, gla, access, result);
	check_result(result, &r, access);
	if (result->kind == TSR_MMU_FAULT)
		return;
	reference_walk(&t.context, view, gla, access, &after);
	/* A table that is its own page may change under its A and D bits. */
	if (!after.fault && after.gpa == r.gpa)
		expect(after.accessed && (access != TSR_ACCESS_WRITE || after.dirty),
		       "A and D not set");
	if (result->kind == TSR_MMU_RAM)
		expect(entry_at(view, access == TSR_ACCESS_WRITE, gla) != 0, "no entry made");
	if (access == TSR_ACCESS_FETCH && (result->kind == TSR_MMU_RAM || has_no_entries())) {
		unsigned n = t.fetch_count++ % FETCHES;

		t.fetches[n].tag = t.vcpu->fetch_tag[view];
		t.fetches[n].view = view;
		t.fetches[n].page = gla & ~4095u;
		t.fetches[n].gpa = r.gpa & ~4095ull;
	}
}

/* As a CPU does it. */
static void store(enum tsr_mmu_view view, tsr_gla gla, uint32_t value)
{
	struct tsr_mmu_result result;
	uint64_t entry = entry_at(view, true, gla &= ~3u);
	unsigned before = t.code_writes;

	if (entry) {
		check_entry(view, true, gla);
		memcpy((void *)(entry + gla), &value, 4);
		return;
	}
	access_page(view, gla, TSR_ACCESS_WRITE, &result);
	if (result.kind != TSR_MMU_RAM && result.kind != TSR_MMU_TRACED)
		return;
	memcpy(result.host, &value, 4);
	if (result.kind == TSR_MMU_RAM)
		return;
	t.mmu->written(t.self, result.gpa, 4);
	if (result.gpa >> 12 < CODE_PAGES && t.code[result.gpa >> 12])
		expect(t.code_writes > before, "code_written not called");
}

static void store_entry(enum tsr_mmu_view view, tsr_gla gla)
{
	uint64_t entry = random_entry();

	if (t.pae && (gla & 4))
		store(view, gla, any(4) ? 0 : entry >> 32);
	else
		store(view, gla, entry);
}

static void switch_context(void)
{
	unsigned root = any(ROOTS);
	bool pae = any(20) ? t.pae : !t.pae;

	t.context.cr0 = TSR_CR0_PE | (any(20) ? TSR_CR0_PG : 0) | (any(12) ? TSR_CR0_WP : 0);
	t.context.cr3 = (FIRST_TABLE + root) << 12;
	t.context.cr4 = pae ? TSR_CR4_PAE : any(12) ? TSR_CR4_PSE : 0;
	t.context.efer = any(12) ? 0x800 : 0;
	t.context.pdpte = t.pdptes[root];
	if (any(10) == 0)
		t.pdptes[root][any(4)] = (FIRST_TABLE + ROOTS + any(8)) << 12 | (any(4) ? 1 : 0);
	t.mmu->set_context(t.self, t.vcpu, &t.context);
}

static void dma(void)
{
	tsr_gpa gpa = (FIRST_TABLE + any(24)) << 12 | any(512) * 8;
	unsigned words = any(8) ? 1 + any(2) : any(1024);

	for (unsigned i = 0; i < words; i++)
		*memory_word(gpa + i * 4) = t.pae && (i & 1) ? 0 : random_entry();
	t.notices->written(t.self, gpa, words * 4);
}

static tsr_gpa directory_of(unsigned root)
{
	return t.pae ? t.pdptes[root][3] & ~0xfffull : (FIRST_TABLE + root) << 12;
}

/* Where the directory of a root has the entry of a kernel's region. */
static tsr_gpa kernel_entry(unsigned root, tsr_gla region)
{
	if (t.pae)
		return directory_of(root) + (region >> 21 & 511) * 8;
	return directory_of(root) + (region >> 22) * 4;
}

/* Kernels are in all address spaces, mostly: a root gets the entries of another one, or all do; or
 * one lacks an entry for a while. */
static void common_kernel(void)
{
	unsigned from = any(ROOTS), to = any(ROOTS), size = t.pae ? 8 : 4;
	uint64_t entry;

	for (unsigned n = 4; n < 7; n++) {
		tsr_gpa own = kernel_entry(from, regions[n]), at;

		entry = any(2) ? *memory_word(own) & ~4u : (random_pde() & 0xffffffff & ~4u) | 0x61;
		for (unsigned root = 0; root < ROOTS; root++) {
			if (root != to && to != from)
				continue;
			at = kernel_entry(root, regions[n]);
			entry = any(16) ? entry : 0;
			memcpy(memory_word(at), &entry, size);
			t.notices->written(t.self, at, size);
		}
	}
}

static void change_map(void)
{
	bool video = any(2);

	if (video)
		memory_video_bank = (int)any(3) - 1;
	else
		memory_rom_is_ram = any(2);
	if (any(4))
		t.notices->mapping_changed(t.self, video ? VIDEO : ROM, 0x1000);
	else
		t.notices->mapping_changed(t.self, 0, 1ull << 36);
}

static void trace_code(void)
{
	unsigned page = FIRST_TABLE + any(64);

	t.code[page] = any(2);
	t.mmu->trace(t.self, (tsr_gpa)page << 12, t.code[page]);
}

/* A page with an entry becomes valid, wherever the entry leads to RAM. */
static void promote(enum tsr_mmu_view view, tsr_gla gla, bool write)
{
	uint64_t entry = entry_at(view, write, gla);
	bool valid;

	if (!t.layout->read_valid)
		return;
	valid = t.mmu->promote(t.self, t.vcpu, view, gla,
			       write ? TSR_ACCESS_WRITE : TSR_ACCESS_READ);
	t.promoted += valid;
	expect(valid == !bytes_at(view, write)[gla >> 12], "promote says something else");
	if (!entry)
		expect(!valid, "promoted without an entry");
	else if ((uint8_t *)(entry + gla) >= memory_ram &&
		 (uint8_t *)(entry + gla) < memory_ram + FAKE_RAM_SIZE &&
		 entry == entry_at(view, false, gla))
		expect(valid, "not promoted");
}

static void step(void)
{
	enum tsr_mmu_view view = any(2);
	struct tsr_mmu_result result;
	unsigned op = any(100);

	if (any(4) == 0)
		promote(any(2), random_gla(), any(2));
	if (t.common && any(12) == 0)
		common_kernel();
	if (op < 40)
		access_page(view, random_gla(), any(3), &result);
	else if (op < 80)
		store_entry(view, random_gla());
	else if (op < 90)
		switch_context();
	else if (op < 93)
		dma();
	else if (op < 95)
		trace_code();
	else if (op < 96)
		t.notices->protect(t.self, VIDEO, 0x1000);
	else if (op < 98)
		t.mmu->invalidate(t.self, t.vcpu, random_gla());
	else if (any(100) == 0)
		fill_tables(), t.notices->written(t.self, FIRST_TABLE << 12, 24 << 12);
	else if (any(30) == 0)
		change_map();
}

static uint64_t only_seed;

static void print_counter(void *user, const char *name, uint64_t value)
{
	printf("%s %llu\n", name, (unsigned long long)value);
}

static void run(uint64_t seed, unsigned steps)
{
	memory_start();
	memset(&t, 0, sizeof(t));
	t.rng = seed;
	t.pae = seed & 1;
	t.common = seed & 2;
	t.self = fake_device_new(NULL, MMU_ID, NULL);
	t.mmu = fake_device_interface(t.self, TSR_MMU);
	t.notices = fake_device_interface(t.self, TSR_PHYS_LISTENER);
	t.layout = t.mmu->layout(t.self);
	t.vcpu = t.mmu->create(t.self, &listener);
	for (unsigned root = 0; root < ROOTS; root++)
		for (unsigned i = 0; i < 4; i++)
			t.pdptes[root][i] = (FIRST_TABLE + ROOTS + any(8)) << 12 | 1;
	fill_tables();
	for (unsigned i = 0; i < steps && !CU_get_number_of_failures(); i++) {
		step();
		for (unsigned n = 0; n < 6; n++) {
			tsr_gla gla = random_gla();

			check_entry(TSR_VIEW_USER, n & 1, gla);
			check_entry(TSR_VIEW_SUPERVISOR, n & 1, gla);
		}
		check_bytes();
		check_tags();
		check_tables(i & 1);
		if (CU_get_number_of_failures())
			fprintf(stderr, "seed %llu step %u\n", (unsigned long long)seed, i);
	}
	if (only_seed)
		t.mmu->stats(t.self, print_counter, NULL);
	if (t.layout->read_valid)
		expect(t.promoted > steps / 200 && t.valid_seen > steps, "few pages were valid");
	t.mmu->destroy(t.self, t.vcpu);
	fake_finish();
}

static void tables_stay_coherent(void)
{
	if (only_seed)
		run(only_seed, 100000);
	for (uint64_t seed = 1; !only_seed && seed <= 12; seed++)
		run(seed, 20000);
}

int main(int argc, char **argv)
{
	static const CU_TestInfo tests[] = {
		{ "tables stay coherent", tables_stay_coherent },
		CU_TEST_INFO_NULL,
	};

	if (argc > 1)
		only_seed = strtoull(argv[1], NULL, 0);
	return unit_run(MMU_ID "-random", tests);
}
