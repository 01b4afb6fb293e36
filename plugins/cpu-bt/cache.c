/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The code cache: one memfd mapped twice (writable, executable), filled from its start and thrown away whole when it is
 * full; and the books about it: blocks by key, blocks by guest page, links between blocks.
 * Numbers of blocks, sites and exits are bounded by the cache's size; they are freed together with it.
 */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "bt.h"
#include "emit.h"

#define HASH_SIZE (1u << 18)
#define PAGE_HASH_SIZE (1u << 14)
#define BUSY_HITS 48  /* invalidations after which a page is interpreted for a while */
#define BUSY_REST 256 /* stretches that it is interpreted then */

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

	for (uint32_t i = bt->page_hash[page_hash(page)]; i != BT_NONE; i = bt->pages[i].next)
		if (bt->pages[i].gpa == page)
			return &bt->pages[i];
	return NULL;
}

static struct bt_page *page_get(struct tsr_bt *bt, tsr_gpa gpa)
{
	struct bt_page *p = page_find(bt, gpa);
	uint32_t h;

	if (p)
		return p;
	p = &bt->pages[bt->page_count];
	*p = (struct bt_page){ .gpa = gpa & ~(tsr_gpa)TSR_PAGE_MASK, .blocks = BT_NONE };
	h = page_hash(p->gpa);
	p->next = bt->page_hash[h];
	bt->page_hash[h] = bt->page_count++;
	return p;
}

static uint64_t granules(uint32_t offset, uint32_t length)
{
	unsigned first = offset / 64, last = (offset + length - 1) / 64;

	return (last == 63 ? ~UINT64_C(0) : (UINT64_C(1) << (last + 1)) - 1) & ~((UINT64_C(1) << first) - 1);
}

static void *anonymous(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static bool map_code(struct tsr_bt *bt)
{
	int fd = memfd_create("tessera-code", MFD_CLOEXEC);
	void *rw, *rx;

	if (fd < 0)
		return false;
	if (ftruncate(fd, (off_t)bt->cache_size)) {
		close(fd);
		return false;
	}
	rw = mmap(NULL, bt->cache_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	rx = mmap(NULL, bt->cache_size, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	close(fd);
	bt->rw = rw == MAP_FAILED ? NULL : rw;
	bt->rx = rx == MAP_FAILED ? NULL : rx;
	return bt->rw && bt->rx;
}

bool tsr_bt_cache_init(struct tsr_bt *bt, size_t size, struct tsr_error *error)
{
	bt->cache_size = size;
	bt->block_max = (uint32_t)(size / 96);
	bt->page_max = (uint32_t)(size / 512);
	bt->site_max = (uint32_t)(size / 32);
	bt->exit_max = (uint32_t)(size / 48);
	bt->fp_site_max = (uint32_t)(size / 32);
	bt->offset_max = (uint32_t)(size / 8);
	bt->blocks = anonymous(bt->block_max * sizeof(*bt->blocks));
	bt->pages = anonymous(bt->page_max * sizeof(*bt->pages));
	bt->sites = anonymous(bt->site_max * sizeof(*bt->sites));
	bt->exits = anonymous(bt->exit_max * sizeof(*bt->exits));
	bt->fp_sites = anonymous(bt->fp_site_max * sizeof(*bt->fp_sites));
	bt->offsets = anonymous(bt->offset_max * sizeof(*bt->offsets));
	bt->hash = anonymous(HASH_SIZE * sizeof(*bt->hash));
	bt->page_hash = anonymous(PAGE_HASH_SIZE * sizeof(*bt->page_hash));
	if (!bt->blocks || !bt->pages || !bt->sites || !bt->exits || !bt->fp_sites || !bt->offsets || !bt->hash || !bt->page_hash ||
	    !map_code(bt))
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for a code cache of %zu MiB; set the property cache lower",
				     size >> 20);
	return true;
}

static void unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, bytes);
}

void tsr_bt_cache_finish(struct tsr_bt *bt)
{
	unmap(bt->rw, bt->cache_size);
	unmap((void *)(uintptr_t)bt->rx, bt->cache_size);
	unmap(bt->blocks, bt->block_max * sizeof(*bt->blocks));
	unmap(bt->pages, bt->page_max * sizeof(*bt->pages));
	unmap(bt->sites, bt->site_max * sizeof(*bt->sites));
	unmap(bt->exits, bt->exit_max * sizeof(*bt->exits));
	unmap(bt->fp_sites, bt->fp_site_max * sizeof(*bt->fp_sites));
	unmap(bt->offsets, bt->offset_max * sizeof(*bt->offsets));
	unmap(bt->hash, HASH_SIZE * sizeof(*bt->hash));
	unmap(bt->page_hash, PAGE_HASH_SIZE * sizeof(*bt->page_hash));
}

/* FP sites are rows of the cache's tables: whoever calls this has committed those that are noted (fp-pointers.c). */
void tsr_bt_cache_flush(struct tsr_bt *bt)
{
	for (uint32_t i = 0; i < bt->page_count; i++)
		if (bt->pages[i].traced)
			bt->mmu->trace(bt->mmu_self, bt->pages[i].gpa, false);
	memset(bt->hash, 0xff, HASH_SIZE * sizeof(*bt->hash));
	memset(bt->page_hash, 0xff, PAGE_HASH_SIZE * sizeof(*bt->page_hash));
	memset(bt->jumps, 0, sizeof(bt->jumps));
	bt->block_count = bt->page_count = bt->site_count = bt->exit_count = bt->offset_count = 0;
	bt->fp_site_count = 1;
	bt->untrace_count = 0;
	bt->cache_used = bt->cache_start;
	bt->epoch++;
	bt->stats.flushes++;
}

/* For one more block, whatever it needs? */
bool tsr_bt_cache_room(const struct tsr_bt *bt)
{
	return bt->cache_size - bt->cache_used > BT_BLOCK_HOST_MAX && bt->block_count < bt->block_max &&
	       bt->page_count + 1 < bt->page_max && bt->site_max - bt->site_count > BT_BLOCK_SITES_MAX &&
	       bt->exit_max - bt->exit_count > BT_BLOCK_EXITS_MAX &&
	       bt->offset_max - bt->offset_count > 2 * BT_MAX_INSNS && bt->fp_site_max - bt->fp_site_count > BT_MAX_INSNS;
}

struct bt_block *tsr_bt_cache_find(struct tsr_bt *bt, tsr_gpa gpa, uint32_t eip, uint32_t mode)
{
	for (uint32_t i = bt->hash[block_hash(gpa, eip, mode)]; i != BT_NONE; i = bt->blocks[i].hash_next) {
		struct bt_block *b = &bt->blocks[i];

		if (b->gpa == gpa && b->eip == eip && b->mode == mode && b->cs_limit == bt->cs_limit)
			return b;
	}
	return NULL;
}

/* Bytes of the block that lie in its first page (which = 0) or in the page of its end: from, length. */
static uint32_t part_of(const struct bt_block *b, unsigned which, tsr_gpa *from)
{
	uint32_t first = TSR_PAGE_SIZE - ((uint32_t)b->gpa & TSR_PAGE_MASK);

	*from = which ? b->gpa2 : b->gpa;
	if (which)
		return b->length - first;
	return b->length < first ? b->length : first;
}

static void page_enter(struct tsr_bt *bt, struct bt_block *b, unsigned which)
{
	tsr_gpa from;
	uint32_t length = part_of(b, which, &from);
	struct bt_page *p = page_get(bt, from);

	b->page_next[which] = p->blocks;
	p->blocks = 2 * bt_block_index(bt, b) + which;
	p->code |= granules((uint32_t)from & TSR_PAGE_MASK, length);
	if (!p->traced) {
		p->traced = true;
		bt->mmu->trace(bt->mmu_self, p->gpa, true);
	}
}

/* Enters a block into the books; the page's writes are watched from now on. */
void tsr_bt_cache_add(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t h = block_hash(b->gpa, b->eip, b->mode), index = bt_block_index(bt, b);

	b->valid = true;
	b->incoming = BT_NONE;
	b->hash_next = bt->hash[h];
	bt->hash[h] = index;
	page_enter(bt, b, 0);
	if (b->gpa2)
		page_enter(bt, b, 1);
}

static void patch(struct tsr_bt *bt, uint32_t at, uint32_t target)
{
	uint32_t rel = target - (at + 4);

	memcpy(bt->rw + at, &rel, 4);
}

void tsr_bt_cache_link(struct tsr_bt *bt, uint32_t exit, struct bt_block *target)
{
	struct bt_exit *x = &bt->exits[exit];

	if (x->target != BT_NONE || !bt->blocks[x->block].valid)
		return;
	x->target = bt_block_index(bt, target);
	x->next = target->incoming;
	target->incoming = exit;
	patch(bt, x->patch, target->host);
}

static void unlink_incoming(struct tsr_bt *bt, struct bt_block *b)
{
	for (uint32_t i = b->incoming; i != BT_NONE; i = bt->exits[i].next) {
		bt->exits[i].target = BT_NONE;
		patch(bt, bt->exits[i].patch, bt->exits[i].stub);
	}
	b->incoming = BT_NONE;
}

static void unlink_outgoing(struct tsr_bt *bt, struct bt_block *b)
{
	for (uint32_t i = b->exits; i < b->exits + b->exit_count; i++) {
		struct bt_exit *x = &bt->exits[i];
		uint32_t *at;

		if (x->target == BT_NONE)
			continue;
		for (at = &bt->blocks[x->target].incoming; *at != i; at = &bt->exits[*at].next)
			;
		*at = x->next;
		x->target = BT_NONE;
		patch(bt, x->patch, x->stub);
	}
}

static void hash_remove(struct tsr_bt *bt, struct bt_block *b)
{
	uint32_t *at = &bt->hash[block_hash(b->gpa, b->eip, b->mode)];

	while (*at != bt_block_index(bt, b))
		at = &bt->blocks[*at].hash_next;
	*at = b->hash_next;
}

static void page_remove(struct tsr_bt *bt, struct bt_block *b, unsigned which)
{
	uint32_t *at = &page_find(bt, which ? b->gpa2 : b->gpa)->blocks;

	while (*at != 2 * bt_block_index(bt, b) + which)
		at = &bt->blocks[*at / 2].page_next[*at & 1];
	*at = b->page_next[which];
}

/* Overwrites code with a way out: EIP is looked up again, and `ahead` instructions of the block are not done then. What is written must
 * not reach a stub's code that is still to be run: it is longer only in counted blocks, whose reads of devices are not theirs. */
void tsr_bt_cache_divert(struct tsr_bt *bt, uint32_t at, uint32_t eip, uint32_t ahead)
{
	struct emitter e = { .base = bt->rw, .p = bt->rw + at, .end = bt->rw + bt->cache_size };

	emit_mov_imm(&e, R8, eip);
	if (bt->counted && ahead) {
		emit_mov_imm(&e, R9, ahead);
		emit_jmp(&e, bt->rt.early);
	} else {
		emit_jmp(&e, bt->lockstep ? bt->rt.done : bt->rt.lookup);
	}
}

/* Code was changed through another mapping: serialize before it is fetched (SDM volume 3, 8.1.3). IRET does, and costs little. */
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
			 : "c"((uint64_t)bt->selector_ss), "d"((uint64_t)bt->selector_cs)
			 : "rax", "memory", "cc");
}

/* The block is not entered again; its code stays until the next flush, since it may be running. */
void tsr_bt_cache_invalidate(struct tsr_bt *bt, struct bt_block *b)
{
	b->valid = false;
	unlink_incoming(bt, b);
	unlink_outgoing(bt, b);
	tsr_bt_cache_divert(bt, b->host, b->eip, 0); /* the jump cache may have it under several tags */
	hash_remove(bt, b);
	page_remove(bt, b, 0);
	if (b->gpa2)
		page_remove(bt, b, 1);
	bt->stats.invalidations++;
}

static void page_recount(struct tsr_bt *bt, struct bt_page *p)
{
	p->code = 0;
	for (uint32_t i = p->blocks; i != BT_NONE; i = bt->blocks[i / 2].page_next[i & 1]) {
		tsr_gpa from;
		uint32_t length = part_of(&bt->blocks[i / 2], i & 1, &from);

		p->code |= granules((uint32_t)from & TSR_PAGE_MASK, length);
	}
	if (p->blocks == BT_NONE && p->traced && bt->untrace_count < sizeof(bt->untrace) / sizeof(*bt->untrace))
		bt->untrace[bt->untrace_count++] = p->gpa;
}

/* Bytes of a traced page changed. Within one page. */
void tsr_bt_cache_written(struct tsr_bt *bt, tsr_gpa gpa, uint32_t length)
{
	struct bt_page *p = page_find(bt, gpa);
	uint32_t next;
	bool hit = false;

	if (!p || !length || !(p->code & granules((uint32_t)gpa & TSR_PAGE_MASK, length)))
		return;
	for (uint32_t i = p->blocks; i != BT_NONE; i = next) {
		struct bt_block *b = &bt->blocks[i / 2];
		tsr_gpa from;
		uint32_t bytes = part_of(b, i & 1, &from);

		next = b->page_next[i & 1];
		if (from < gpa + length && gpa < from + bytes) {
			tsr_bt_cache_invalidate(bt, b);
			hit = true;
		}
	}
	if (hit) {
		p->hits++;
		page_recount(bt, p);
		tsr_bt_cache_serialize(bt);
	}
}

void tsr_bt_cache_unmapped(struct tsr_bt *bt, tsr_gpa gpa, uint64_t length)
{
	for (uint32_t k = 0; k < bt->page_count; k++) {
		struct bt_page *p = &bt->pages[k];

		if (p->blocks == BT_NONE || p->gpa + TSR_PAGE_SIZE <= gpa || p->gpa >= gpa + length)
			continue;
		while (p->blocks != BT_NONE)
			tsr_bt_cache_invalidate(bt, &bt->blocks[p->blocks / 2]);
		page_recount(bt, p);
	}
	tsr_bt_cache_serialize(bt);
}

/* Pages without blocks need no watch any more. Not from within the MMU's calls. */
void tsr_bt_cache_untrace(struct tsr_bt *bt)
{
	while (bt->untrace_count) {
		struct bt_page *p = page_find(bt, bt->untrace[--bt->untrace_count]);

		if (p && p->blocks == BT_NONE && p->traced) {
			p->traced = false;
			bt->mmu->trace(bt->mmu_self, p->gpa, false);
		}
	}
}

/* Code in this page changes so often that translating it does not pay now: some stretches are interpreted, then it gets
 * another chance. */
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
