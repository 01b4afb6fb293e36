/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The code cache: one memfd mapped twice (writable, executable), each view at a random address, so
 * that the address of one says nothing about the other's; filled from its start and flushed as a
 * whole when it is full; and its tables: blocks by key, blocks by guest page, links between
 * blocks. Their rows are freed together with the code. All tables together take half as much again
 * as the code may; each of them has address space for code that needs unusually many of its rows.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "code/cache.h"
#include "code/emit.h"
#include "code/returns.h"
#include "code/targets.h"

#define HASH_SIZE (1u << 18)
#define PAGE_HASH_SIZE (1u << 14)
#define GIVE_BACK_MIN (256u << 10)
#define COOLING 4     /* of so many rows of heat, a flush lowers one */
#define BUSY_HITS 48  /* invalidations after which a page is interpreted for a while */
#define BUSY_REST 256 /* for how many stretches of code */
/* Where views are placed: above what programs without PIE use, within the 47 bits of user space. */
#define VIEW_LOWEST (UINT64_C(1) << 40)
#define VIEW_HIGHEST (UINT64_C(3) << 45)
#define VIEW_TRIES 16

static uint32_t block_hash(tsr_gpa gpa, uint32_t eip, uint32_t mode)
{
	uint64_t h = (gpa ^ (uint64_t)eip << 20 ^ (uint64_t)mode << 33) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 40) & (HASH_SIZE - 1);
}

static uint32_t page_hash(tsr_gpa gpa)
{
	return (uint32_t)((gpa >> 12) * 0x9e3779b1u >> 13) & (PAGE_HASH_SIZE - 1);
}

static struct bt_page *page_find(struct tsr_bt *bt, tsr_gpa gpa)
{
	tsr_gpa page = gpa & ~(tsr_gpa)TSR_PAGE_MASK;

	for (uint32_t i = bt->cache.page_hash[page_hash(page)]; i != BT_NONE;
	     i = bt->cache.pages[i].next)
		if (bt->cache.pages[i].gpa == page)
			return &bt->cache.pages[i];
	return NULL;
}

static struct bt_page *page_get(struct tsr_bt *bt, tsr_gpa gpa)
{
	struct bt_page *p = page_find(bt, gpa);
	uint32_t h;

	if (p)
		return p;
	p = &bt->cache.pages[bt->cache.page_count];
	*p = (struct bt_page){ .gpa = gpa & ~(tsr_gpa)TSR_PAGE_MASK, .blocks = BT_NONE };
	h = page_hash(p->gpa);
	p->next = bt->cache.page_hash[h];
	bt->cache.page_hash[h] = bt->cache.page_count++;
	return p;
}

static uint64_t granules(uint32_t offset, uint32_t length)
{
	unsigned first = offset / 64, last = (offset + length - 1) / 64;

	return (last == 63 ? ~UINT64_C(0) : (UINT64_C(1) << (last + 1)) - 1) &
	       ~((UINT64_C(1) << first) - 1);
}

/* Tables that grow with the code: bytes of a row, rows in use, rows at most. */
static const struct {
	size_t row, table, count, max;
} tables[] = {
#define TABLE(name, number) \
	{ \
		sizeof(*((struct bt_cache *)0)->name), offsetof(struct bt_cache, name), \
			offsetof(struct bt_cache, number##_count), \
			offsetof(struct bt_cache, number##_max) \
	}
	TABLE(blocks, block),   TABLE(sites, site),       TABLE(mores, more), TABLE(exits, exit),
	TABLE(offsets, offset), TABLE(fp_sites, fp_site), TABLE(ends, end),
#undef TABLE
};

static uint32_t number_at(const struct bt_cache *c, size_t offset)
{
	uint32_t number;

	memcpy(&number, (const uint8_t *)c + offset, sizeof(number));
	return number;
}

static void *table_at(const struct bt_cache *c, size_t i)
{
	void *table;

	memcpy(&table, (const uint8_t *)c + tables[i].table, sizeof(table));
	return table;
}

size_t tsr_bt_cache_table_bytes(const struct bt_cache *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		bytes += tables[i].row * number_at(c, tables[i].count);
	return bytes;
}

/* The memory of rows that are not in use goes back to the host, if it is much: what the next code
 * needs may be of other tables. Row 0 of some means none, and is zero. */
static void give_back_tables(struct bt_cache *c)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		size_t bytes = tables[i].row * number_at(c, tables[i].count);

		if (bytes >= GIVE_BACK_MIN)
			madvise(table_at(c, i), bytes, MADV_DONTNEED);
	}
}

static void *anonymous(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

static bool map_tables(struct bt_cache *c)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		void *table = anonymous(tables[i].row * number_at(c, tables[i].max));

		memcpy((uint8_t *)c + tables[i].table, &table, sizeof(table));
		good &= table != NULL;
	}
	return good;
}

static void unmap_tables(struct bt_cache *c)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		unmap(table_at(c, i), tables[i].row * number_at(c, tables[i].max));
}

/* A view of the memfd at an address of its own. Code reaches helpers by 64-bit addresses and itself
 * by relative ones, so any place will do. Without free space at what was drawn, as under
 * sanitizers, the host chooses. */
static void *map_view(int fd, size_t bytes, int protection)
{
	void *at = MAP_FAILED;

	for (unsigned i = 0; i < VIEW_TRIES; i++) {
		uint64_t drawn = 0;
		void *wanted;

		if (getrandom(&drawn, sizeof(drawn), 0) != sizeof(drawn))
			drawn = 0;
		drawn = VIEW_LOWEST + drawn % (VIEW_HIGHEST - VIEW_LOWEST);
		wanted = (void *)(uintptr_t)(drawn & ~(uint64_t)TSR_PAGE_MASK);
		if (at != MAP_FAILED)
			munmap(at, bytes);
		at = mmap(wanted, bytes, protection, MAP_SHARED, fd, 0);
		if (at == wanted || at == MAP_FAILED)
			break;
	}
	return at;
}

static bool map_code(struct tsr_bt *bt)
{
	int fd = memfd_create("tessera-code", MFD_CLOEXEC);
	void *rw, *rx;

	if (fd < 0)
		return false;
	if (ftruncate(fd, (off_t)bt->cache.size)) {
		close(fd);
		return false;
	}
	rw = map_view(fd, bt->cache.size, PROT_READ | PROT_WRITE);
	rx = map_view(fd, bt->cache.size, PROT_READ | PROT_EXEC);
	close(fd);
	bt->cache.rw = rw == MAP_FAILED ? NULL : rw;
	bt->cache.rx = rx == MAP_FAILED ? NULL : rx;
	return bt->cache.rw && bt->cache.rx;
}

bool tsr_bt_cache_init(struct tsr_bt *bt, size_t size, struct tsr_error *error)
{
	bt->cache.size = size;
	bt->cache.table_bytes_max = size + size / 2;
	bt->cache.block_max = (uint32_t)(size / 48);
	bt->cache.end_max = size / 512 < UINT16_MAX ? (uint32_t)(size / 512) : UINT16_MAX;
	bt->cache.page_max = (uint32_t)(size / 512);
	bt->cache.site_max = (uint32_t)(size / 24);
	bt->cache.more_max = (uint32_t)(size / 32);
	bt->cache.exit_max = (uint32_t)(size / 24);
	bt->cache.fp_site_max = (uint32_t)(size / 32);
	bt->cache.offset_max = (uint32_t)(size / 4);
	bt->cache.mark_max = bt->options.dump || bt->options.lockstep ? (uint32_t)(size / 8) : 0;
	bt->cache.pages = anonymous(bt->cache.page_max * sizeof(*bt->cache.pages));
	if (bt->cache.mark_max) /* dumps go without if there is no memory */
		bt->cache.notes = anonymous(bt->cache.block_max * sizeof(*bt->cache.notes));
	if (bt->cache.notes)
		bt->cache.marks = anonymous(bt->cache.mark_max * sizeof(*bt->cache.marks));
	bt->cache.stretches = anonymous((size / BT_STRETCH + 1) * sizeof(*bt->cache.stretches));
	bt->cache.hash = anonymous(HASH_SIZE * sizeof(*bt->cache.hash));
	bt->cache.page_hash = anonymous(PAGE_HASH_SIZE * sizeof(*bt->cache.page_hash));
	if (!map_tables(&bt->cache) || !bt->cache.pages || !bt->cache.stretches ||
	    !bt->cache.hash || !bt->cache.page_hash || (bt->options.lockstep && !bt->cache.notes) ||
	    !map_code(bt))
		return tsr_error_set(
			error, TSR_ERROR_FAILED,
			"no memory for a code cache of %zu MiB; set the property cache lower",
			size >> 20);
	return true;
}

void tsr_bt_cache_finish(struct tsr_bt *bt)
{
	unmap_tables(&bt->cache);
	unmap(bt->cache.rw, bt->cache.size);
	unmap((void *)(uintptr_t)bt->cache.rx, bt->cache.size);
	unmap(bt->cache.pages, bt->cache.page_max * sizeof(*bt->cache.pages));
	unmap(bt->cache.notes, bt->cache.block_max * sizeof(*bt->cache.notes));
	unmap(bt->cache.marks, bt->cache.mark_max * sizeof(*bt->cache.marks));
	unmap(bt->cache.stretches,
	      (bt->cache.size / BT_STRETCH + 1) * sizeof(*bt->cache.stretches));
	unmap(bt->cache.hash, HASH_SIZE * sizeof(*bt->cache.hash));
	unmap(bt->cache.page_hash, PAGE_HASH_SIZE * sizeof(*bt->cache.page_hash));
}

/* What was hot is translated as that at once, in most cases: code that the guest still uses would
 * otherwise be translated twice after each flush. A part of it has to show by one more sample that
 * it still is. */
static void cool(struct tsr_bt *bt)
{
	for (uint64_t i = bt->stats.flushes % COOLING; i < BT_HEAT; i += COOLING)
		if (bt->cache.heat[i] >= BT_HOT)
			bt->cache.heat[i] = BT_HOT - 1;
}

/* FP sites are rows of the cache's tables: the caller has committed those that are noted
 * (fp-pointers.c). */
void tsr_bt_cache_flush(struct tsr_bt *bt)
{
	for (uint32_t i = 0; i < bt->cache.page_count; i++)
		if (bt->cache.pages[i].traced)
			bt->board.mmu->trace(bt->board.mmu_self, bt->cache.pages[i].gpa, false);
	memset(bt->cache.hash, 0xff, HASH_SIZE * sizeof(*bt->cache.hash));
	memset(bt->cache.page_hash, 0xff, PAGE_HASH_SIZE * sizeof(*bt->cache.page_hash));
	memset(bt->hot.jumps, 0, sizeof(bt->hot.jumps));
	memset(bt->cache.known_sites, 0, sizeof(bt->cache.known_sites));
	tsr_bt_targets_reset(bt);
	give_back_tables(&bt->cache);
	bt->cache.block_count = bt->cache.page_count = bt->cache.site_count = bt->cache.exit_count =
		bt->cache.offset_count = bt->cache.mark_count = 0;
	bt->cache.fp_site_count = bt->cache.more_count = bt->cache.end_count = 1;
	cool(bt);
	bt->cache.untrace_count = 0;
	bt->cache.used = bt->cache.start;
	bt->cache.epoch++;
	tsr_bt_returns_reset(bt);
	bt->stats.flushes++;
}

/* Is there room for one more block, the largest that there can be? */
bool tsr_bt_cache_room(const struct tsr_bt *bt)
{
	return bt->cache.size - bt->cache.used > BT_BLOCK_HOST_MAX &&
	       tsr_bt_cache_table_bytes(&bt->cache) < bt->cache.table_bytes_max &&
	       bt->cache.block_count < bt->cache.block_max &&
	       bt->cache.page_count + 1 < bt->cache.page_max &&
	       bt->cache.end_count < bt->cache.end_max &&
	       bt->cache.site_max - bt->cache.site_count > BT_BLOCK_SITES_MAX &&
	       bt->cache.more_max - bt->cache.more_count > BT_BLOCK_SITES_MAX &&
	       bt->cache.exit_max - bt->cache.exit_count > BT_BLOCK_EXITS_MAX &&
	       bt->cache.offset_max - bt->cache.offset_count > BT_MAX_INSNS &&
	       bt->cache.fp_site_max - bt->cache.fp_site_count > BT_MAX_INSNS;
}

struct bt_block *tsr_bt_cache_find(struct tsr_bt *bt, tsr_gpa gpa, uint32_t eip, uint32_t mode)
{
	for (uint32_t i = bt->cache.hash[block_hash(gpa, eip, mode)]; i != BT_NONE;
	     i = bt->cache.blocks[i].hash_next) {
		struct bt_block *b = &bt->cache.blocks[i];

		if (b->gpa == gpa && b->eip == eip && b->mode == mode &&
		    b->cs_limit == bt->mode.cs_limit)
			return b;
	}
	return NULL;
}

/* Bytes of the block that lie in its first page (which = 0) or in the page of its end: from,
 * length. */
static uint32_t part_of(const struct tsr_bt *bt, const struct bt_block *b, unsigned which,
			tsr_gpa *from)
{
	uint32_t first = TSR_PAGE_SIZE - ((uint32_t)b->gpa & TSR_PAGE_MASK);

	*from = which ? bt_block_gpa2(bt, b) : b->gpa;
	if (which)
		return b->length - first;
	return b->length < first ? b->length : first;
}

/* The node behind one in its page's list. */
static uint32_t *next_of(struct tsr_bt *bt, uint32_t node)
{
	struct bt_block *b = &bt->cache.blocks[node / 2];

	return node & 1 ? &bt->cache.ends[b->end].next : &b->page_next;
}

static void page_enter(struct tsr_bt *bt, struct bt_block *b, unsigned which)
{
	tsr_gpa from;
	uint32_t length = part_of(bt, b, which, &from);
	uint32_t node = 2 * bt_block_index(bt, b) + which;
	struct bt_page *p = page_get(bt, from);

	*next_of(bt, node) = p->blocks;
	p->blocks = node;
	p->code |= granules((uint32_t)from & TSR_PAGE_MASK, length);
	if (!p->traced) {
		p->traced = true;
		bt->board.mmu->trace(bt->board.mmu_self, p->gpa, true);
	}
}

/* The block's code is complete, up to what is used of the cache. */
static void stretches_enter(struct tsr_bt *bt, const struct bt_block *b)
{
	uint32_t index = bt_block_index(bt, b);

	for (uint32_t i = (b->host + BT_STRETCH - 1) / BT_STRETCH; i * BT_STRETCH < bt->cache.used;
	     i++)
		bt->cache.stretches[i] = index;
	if (b->host % BT_STRETCH && b->host == bt->cache.start)
		bt->cache.stretches[b->host / BT_STRETCH] = index;
}

/* Registers a block in the tables; writes to its page are traced from now on. */
void tsr_bt_cache_add(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t h = block_hash(b->gpa, b->eip, b->mode), index = bt_block_index(bt, b);

	b->valid = true;
	stretches_enter(bt, b);
	b->incoming = BT_NONE;
	b->hash_next = bt->cache.hash[h];
	bt->cache.hash[h] = index;
	page_enter(bt, b, 0);
	if (b->end)
		page_enter(bt, b, 1);
}

static void patch(struct tsr_bt *bt, uint32_t at, uint32_t target)
{
	uint32_t rel = target - (at + 4);

	memcpy(bt->cache.rw + at, &rel, 4);
}

/* Code was changed through another mapping: serialize before it is fetched (SDM volume 3, 8.1.3).
 * IRET does, and costs little. */
void tsr_bt_cache_serialize(const struct tsr_bt *bt)
{
	__asm__ volatile("subq $128, %%rsp\n\t" /* the red zone */
			 "movq %%rsp, %%rax\n\t"
			 "pushq %%rcx\n\t"
			 "pushq %%rax\n\t"
			 "pushfq\n\t"
			 "pushq %%rdx\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "iretq\n"
			 "1:\n\t"
			 "addq $128, %%rsp"
			 :
			 : "c"((uint64_t)bt->host_cpu.ss), "d"((uint64_t)bt->host_cpu.cs)
			 : "rax", "memory", "cc");
}

/* Where the call of an exit returns. */
static uint32_t exit_return(const struct bt_exit *x)
{
	return !x->guard && x->stub ? x->patch + x->stub + BT_DIVERT : x->patch + 4;
}

/* The guard lets the current tag through to that place. Other tags call the runtime, or go on to
 * the jump cache if the exit was linked often. */
static void patch_guarded(struct tsr_bt *bt, const struct bt_exit *x, const struct bt_block *target)
{
	bool often = target && x->links >= BT_RELINKS;
	uint32_t key = target ? 0 - bt->mode.tag : 0;

	memcpy(bt->cache.rw + x->patch - x->guard, &key, sizeof(key));
	bt->cache.rw[x->patch - 1] = often ? OP_JMP_JZ : OP_CALL;
	patch(bt, x->patch, often ? bt->rt.jump : bt->rt.chain);
	if (target)
		patch(bt, x->patch + x->landing, target->host);
}

/* A JMP to that place, or the CALL of the runtime again. */
static void patch_exit(struct tsr_bt *bt, const struct bt_exit *x, const struct bt_block *target)
{
	if (x->guard) {
		patch_guarded(bt, x, target);
		return;
	}
	if (!x->stub)
		bt->cache.rw[x->patch - 1] = target ? OP_JMP_JZ : OP_CALL;
	patch(bt, x->patch, target ? target->host : x->stub ? x->patch + x->stub : bt->rt.chain);
}

/* -- what stands at a place in the cache; tables are in the order of their code */

struct bt_block *tsr_bt_cache_block_at(struct tsr_bt *bt, uint32_t host)
{
	uint32_t i = bt->cache.stretches[host / BT_STRETCH];

	while (i + 1 < bt->cache.block_count && bt->cache.blocks[i + 1].host <= host)
		i++;
	return &bt->cache.blocks[i];
}

static uint32_t find_site(struct tsr_bt *bt, uint32_t host)
{
	const struct bt_block *b = tsr_bt_cache_block_at(bt, host - 1);
	uint32_t i = b->sites;

	while (i + 1 < b->sites + b->site_count && b->host + bt->cache.sites[i].host != host)
		i++;
	return i;
}

/* The instruction of the block whose host code is at that place: its index, and its EIP. */
unsigned tsr_bt_cache_insn_at(const struct tsr_bt *bt, const struct bt_block *b, uint32_t host,
			      uint32_t *eip)
{
	const uint16_t *rows = bt->cache.offsets + b->offsets;
	uint32_t at = b->host;
	unsigned n = 0;

	for (; n + 1u < b->insns; n++) {
		at += BT_OFFSET_STEP(rows[n]);
		if (at + BT_OFFSET_STEP(rows[n + 1]) > host)
			break;
	}
	*eip = bt_insn_eip(bt, b, n);
	return n;
}

/* The site that code returns to from its call. */
const struct bt_site *tsr_bt_cache_site_at(struct tsr_bt *bt, uint32_t host)
{
	struct bt_known_site *known = &bt->cache.known_sites[host % BT_KNOWN_SITES];

	if (known->host != host)
		*known = (struct bt_known_site){ host, find_site(bt, host) };
	return &bt->cache.sites[known->site];
}

/* The exit whose call returns there. */
uint32_t tsr_bt_cache_exit_at(struct tsr_bt *bt, uint32_t host)
{
	const struct bt_block *b = tsr_bt_cache_block_at(bt, host - 1);
	uint32_t i = b->exits;

	while (i + 1 < b->exits + b->exit_count && exit_return(&bt->cache.exits[i]) != host)
		i++;
	return i;
}

/* -- links */

static uint32_t guard_key(const struct tsr_bt *bt, const struct bt_exit *x)
{
	uint32_t key;

	memcpy(&key, bt->cache.rw + x->patch - x->guard, sizeof(key));
	return key;
}

/* The block that a linked exit leads to. */
static struct bt_block *target_of(struct tsr_bt *bt, const struct bt_exit *x)
{
	uint32_t at = x->patch + (x->guard ? x->landing : 0u), rel;

	memcpy(&rel, bt->cache.rw + at, sizeof(rel));
	return tsr_bt_cache_block_at(bt, at + 4 + rel);
}

/* It stays in its target's list. */
static void unlink_exit(struct tsr_bt *bt, struct bt_exit *x)
{
	if (!x->linked)
		return;
	x->linked = 0;
	patch_exit(bt, x, NULL);
}

/* The list without those that are not linked any more. */
static void incoming_tidy(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t *at = &b->incoming;

	while (*at != BT_NONE) {
		struct bt_exit *x = &bt->cache.exits[*at];

		if (x->linked)
			at = &x->next;
		else
			*at = x->next;
	}
}

static void incoming_enter(struct tsr_bt *bt, uint32_t exit, struct bt_block *target)
{
	struct bt_exit *x = &bt->cache.exits[exit];

	if (x->linked && target_of(bt, x) == target)
		return;
	if (x->linked) {
		struct bt_block *old = target_of(bt, x);

		x->linked = 0;
		incoming_tidy(bt, old);
	}
	x->linked = 1;
	x->next = target->incoming;
	target->incoming = exit;
}

/* Exits of blocks that are invalid stay as they are: none of them is linked again, so each is in
 * one list at most. */
void tsr_bt_cache_link(struct tsr_bt *bt, uint32_t exit, struct bt_block *target)
{
	struct bt_exit *x = &bt->cache.exits[exit];
	bool other_tag = x->guard && guard_key(bt, x) != 0 - bt->mode.tag;

	if (!tsr_bt_cache_block_at(bt, x->patch)->valid || (x->linked && !other_tag))
		return;
	if (other_tag)
		x->links = (x->links + (x->links < BT_RELINKS)) & 15;
	incoming_enter(bt, exit, target);
	patch_exit(bt, x, target);
	tsr_bt_cache_serialize(bt);
}

static void unlink_incoming(struct tsr_bt *bt, struct bt_block *b)
{
	for (uint32_t i = b->incoming; i != BT_NONE; i = bt->cache.exits[i].next)
		unlink_exit(bt, &bt->cache.exits[i]);
	b->incoming = BT_NONE;
}

static void unlink_outgoing(struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = b->exits; i < b->exits + b->exit_count; i++)
		unlink_exit(bt, &bt->cache.exits[i]);
}

/* Tags start again: a guard would let another through than it was linked for. */
void tsr_bt_cache_unlink_guarded(struct tsr_bt *bt)
{
	for (uint32_t i = 0; i < bt->cache.exit_count; i++)
		if (bt->cache.exits[i].guard)
			unlink_exit(bt, &bt->cache.exits[i]);
	for (uint32_t i = 0; i < bt->cache.block_count; i++)
		incoming_tidy(bt, &bt->cache.blocks[i]);
	tsr_bt_cache_serialize(bt);
}

/* A RET that comes back into the block goes on to the jump cache, which finds the block at r8d. */
static void close_arrivals(struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = b->exits; i < b->exits + b->exit_count; i++) {
		uint32_t at = bt->cache.exits[i].patch + 4;

		if (!bt->cache.exits[i].arrival)
			continue;
		bt->cache.rw[at] = OP_JMP_JZ;
		patch(bt, at + 1, bt->rt.jump);
	}
}

static void hash_remove(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t *at = &bt->cache.hash[block_hash(b->gpa, b->eip, b->mode)];

	while (*at != bt_block_index(bt, b))
		at = &bt->cache.blocks[*at].hash_next;
	*at = b->hash_next;
}

/* Overwrites code with a way out: a call of the runtime's `diverted`. Every instruction of a block
 * has that much code behind it up to the block's end. */
void tsr_bt_cache_divert(struct tsr_bt *bt, uint32_t at)
{
	bt->cache.rw[at] = OP_CALL;
	patch(bt, at + 1, bt->rt.diverted);
}

/* The block is not entered again; its code stays until the next flush, since it may be running, and
 * it stays in the lists of its pages until these are looked through. */
void tsr_bt_cache_invalidate(struct tsr_bt *bt, struct bt_block *b)
{
	b->valid = false;
	unlink_incoming(bt, b);
	unlink_outgoing(bt, b);
	close_arrivals(bt, b);
	tsr_bt_cache_divert(bt, b->host); /* the jump cache may have it under several tags */
	hash_remove(bt, b);
	bt->stats.invalidations++;
	tsr_bt_cache_serialize(bt);
}

/* The page's list without blocks that are invalid. */
static void page_tidy(struct tsr_bt *bt, struct bt_page *p)
{
	uint32_t *at = &p->blocks;

	while (*at != BT_NONE) {
		if (bt->cache.blocks[*at / 2].valid)
			at = next_of(bt, *at);
		else
			*at = *next_of(bt, *at);
	}
}

static void page_recount(struct tsr_bt *bt, struct bt_page *p)
{
	p->code = 0;
	page_tidy(bt, p);
	for (uint32_t i = p->blocks; i != BT_NONE; i = *next_of(bt, i)) {
		tsr_gpa from;
		uint32_t length = part_of(bt, &bt->cache.blocks[i / 2], i & 1, &from);

		p->code |= granules((uint32_t)from & TSR_PAGE_MASK, length);
	}
	if (p->blocks == BT_NONE && p->traced &&
	    bt->cache.untrace_count < sizeof(bt->cache.untrace) / sizeof(*bt->cache.untrace))
		bt->cache.untrace[bt->cache.untrace_count++] = p->gpa;
}

/* Bytes of a traced page changed. Within one page. */
void tsr_bt_cache_written(struct tsr_bt *bt, tsr_gpa gpa, uint32_t length)
{
	struct bt_page *p = page_find(bt, gpa);
	bool hit = false;

	if (!p || !length || !(p->code & granules((uint32_t)gpa & TSR_PAGE_MASK, length)))
		return;
	for (uint32_t i = p->blocks; i != BT_NONE; i = *next_of(bt, i)) {
		struct bt_block *b = &bt->cache.blocks[i / 2];
		tsr_gpa from;
		uint32_t bytes = part_of(bt, b, i & 1, &from);

		if (b->valid && from < gpa + length && gpa < from + bytes) {
			tsr_bt_cache_invalidate(bt, b);
			hit = true;
		}
	}
	if (hit) {
		p->hits++;
		page_recount(bt, p);
	}
}

void tsr_bt_cache_unmapped(struct tsr_bt *bt, tsr_gpa gpa, uint64_t length)
{
	for (uint32_t k = 0; k < bt->cache.page_count; k++) {
		struct bt_page *p = &bt->cache.pages[k];

		if (p->blocks == BT_NONE || p->gpa + TSR_PAGE_SIZE <= gpa || p->gpa >= gpa + length)
			continue;
		for (uint32_t i = p->blocks; i != BT_NONE; i = *next_of(bt, i))
			if (bt->cache.blocks[i / 2].valid)
				tsr_bt_cache_invalidate(bt, &bt->cache.blocks[i / 2]);
		page_recount(bt, p);
	}
}

void tsr_bt_cache_untrace_all(struct tsr_bt *bt)
{
	while (bt->cache.untrace_count) {
		struct bt_page *p = page_find(bt, bt->cache.untrace[--bt->cache.untrace_count]);

		if (p && p->blocks == BT_NONE && p->traced) {
			p->traced = false;
			bt->board.mmu->trace(bt->board.mmu_self, p->gpa, false);
		}
	}
}

/* Code in this page changes so often that translating it does not pay now: some stretches are
 * interpreted, then it gets another chance. */
bool tsr_bt_cache_page_busy(struct tsr_bt *bt, tsr_gpa gpa)
{
	struct bt_page *p = page_find(bt, gpa);

	if (!p)
		return false;
	if (p->hits >= BUSY_HITS) {
		p->hits = 0;
		p->rest = BUSY_REST;
	}
	return p->rest && p->rest--;
}
