/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What address spaces have in common: kernels map themselves into every one, so the upper half of
 * the supervisor views of a virtual CPU's contexts is one memory, mapped in each of them. A new
 * address space so begins with all the entries and valid bytes of the kernel.
 *
 * This memory belongs to a context of its own, which has no page directory but remembers the
 * page-directory entry of each of its slots. What it holds is true for the context that runs: when
 * another is switched to, slots are dropped whose page-directory entry there is not the same, with
 * all its bits; equal entries lead to the same page tables. While a context runs, its directory is
 * traced. A context that was compared is compared again only when a slot was added or its own
 * directory was written.
 *
 * 16 MiB of linear addresses (a *granule*) stop being common if they turn out to be each address
 * space's own: user pages, self-maps, hyperspaces. Contexts then have memory of their own there.
 * What differs since it is not present yet (Linux brings some of its entries up in page faults) or
 * in A and D counts less.
 *
 * CR0.WP is not compared, so what the supervisor may write only without it gets no entry here.
 */
#define _GNU_SOURCE /* memfd_create */
#include "shadow.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define UPPER (SHADOW_PAGES - SHADOW_COMMON_FIRST)
#define GRANULE_PAGES (1u << SHADOW_GRANULE_SHIFT)
#define FILE_SIZE (UPPER * (8l + 8 + 1 + 1)) /* of a virtual CPU */
#define DIFFERENCES_MAX 64                   /* of one granule */
#define BORDERS_MAX 12                       /* each is four mappings of the host in each context */

/* What a linear page has in a view, and where the file has that of the upper half. */
static const struct {
	long at; /* of page 0, in the view */
	long in_file;
	unsigned size;
	bool valid_bytes;
} parts[] = {
	{ SHADOW_READ_TABLE, 0, 8, false },
	{ SHADOW_WRITE_TABLE, UPPER * 8l, 8, false },
	{ SHADOW_READ_VALID, UPPER * 16l, 1, true },
	{ SHADOW_WRITE_VALID, UPPER * 17l, 1, true },
};

static unsigned granule_of_slot(const struct shadow_context *c, unsigned slot)
{
	return shadow_granule(slot << (shadow_slot_shift(c) - TSR_PAGE_SHIFT));
}

static bool is_running(struct shadow *s, const struct shadow_context *c)
{
	return s->vcpus[c->id / SHADOW_CONTEXTS]->context == c;
}

/* -- memory */

void tsr_shadow_common_init(struct shadow *s)
{
	s->common_fd = memfd_create("mmu-common", MFD_CLOEXEC);
	if (s->common_fd >= 0 && ftruncate(s->common_fd, SHADOW_VCPUS * FILE_SIZE)) {
		close(s->common_fd);
		s->common_fd = -1;
	}
}

void tsr_shadow_common_finish(struct shadow *s)
{
	if (s->common_fd >= 0)
		close(s->common_fd);
}

static bool map_part(struct shadow *s, struct shadow_context *c, unsigned part, unsigned granule,
		     unsigned count, bool common)
{
	size_t offset = (size_t)granule * GRANULE_PAGES * parts[part].size;
	size_t length = (size_t)count * GRANULE_PAGES * parts[part].size;
	uint8_t *at = c->base[TSR_VIEW_SUPERVISOR] + parts[part].at +
		      (size_t)SHADOW_COMMON_FIRST * parts[part].size + offset;
	int flags = MAP_FIXED | MAP_NORESERVE, fd = -1;
	off_t in_file = 0;

	if (parts[part].valid_bytes && !s->layout.read_valid)
		return true;
	if (common) {
		fd = s->common_fd;
		in_file = (off_t)(c->common->number * FILE_SIZE + parts[part].in_file + offset);
	} else if (parts[part].valid_bytes) {
		fd = s->invalid_fd;
	}
	flags |= common ? MAP_SHARED : fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_PRIVATE;
	if (mmap(at, length, PROT_READ | PROT_WRITE, flags, fd, in_file) == MAP_FAILED)
		return false;
	if (fd < 0)
		madvise(at, length, MADV_NOHUGEPAGE);
	return true;
}

static void drop_slots(struct shadow *s, struct shadow_common *k, unsigned first, unsigned count)
{
	for (unsigned slot = first; slot < first + count; slot++)
		tsr_shadow_drop_slot(s, &k->space, slot, true);
}

static void drop_granule(struct shadow *s, struct shadow_common *k, unsigned granule)
{
	unsigned shift = shadow_slot_shift(&k->space) - TSR_PAGE_SHIFT;

	s->count.common_closed++;
	k->open[granule / 64] &= ~(1ull << granule % 64);
	drop_slots(s, k, (SHADOW_COMMON_FIRST + granule * GRANULE_PAGES) >> shift,
		   GRANULE_PAGES >> shift);
}

/* Between granules that are common and others. */
static unsigned count_borders(const struct shadow_common *k)
{
	unsigned count = 0;

	for (unsigned i = 1; i < SHADOW_GRANULES; i++)
		count += shadow_bit(k->open, i) != shadow_bit(k->open, i - 1);
	return count;
}

/* From now on, contexts have a granule each. Those that do not run find out when they do. */
static void close_granule(struct shadow *s, struct shadow_common *k, unsigned granule)
{
	if (!shadow_bit(k->open, granule))
		return;
	drop_granule(s, k, granule);
	if (count_borders(k) <= BORDERS_MAX)
		return;
	for (unsigned i = 0; i < SHADOW_GRANULES; i++)
		if (shadow_bit(k->open, i))
			drop_granule(s, k, i);
}

/* The context's chunks there are other memory now, which is empty. */
static void forget_chunks(struct shadow *s, struct shadow_context *c, unsigned granule)
{
	unsigned first = (SHADOW_COMMON_FIRST + granule * GRANULE_PAGES) / 512;

	for (unsigned table = 0; table < 2; table++)
		for (unsigned chunk = first; chunk < first + GRANULE_PAGES / 512; chunk++) {
			if (!shadow_bit(c->resident[table], chunk))
				continue;
			c->resident[table][chunk / 64] &= ~(1ull << chunk % 64);
			c->resident_count--;
			s->resident--;
		}
}

static bool map_parts(struct shadow *s, struct shadow_context *c, unsigned granule, unsigned count,
		      bool common)
{
	for (unsigned part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
		if (!map_part(s, c, part, granule, count, common))
			return false;
	return true;
}

/* Where it fails, which of both memories is mapped is not known: the granule gets no entries. */
static void map_granules(struct shadow *s, struct shadow_context *c, unsigned granule,
			 unsigned count, bool common)
{
	bool mapped = map_parts(s, c, granule, count, common);

	for (unsigned i = granule; i < granule + count; i++) {
		if (!mapped)
			close_granule(s, c->common, i);
		if (common || !mapped)
			shadow_bit_set(c->is_common, i);
		else
			c->is_common[i / 64] &= ~(1ull << i % 64);
		forget_chunks(s, c, i);
	}
}

/* Brings the context's mappings up to `wanted`. */
static void map_as(struct shadow *s, struct shadow_context *c, const uint64_t *wanted)
{
	unsigned first = 0, end;
	bool common;

	for (; first < SHADOW_GRANULES; first = end) {
		common = shadow_bit(wanted, first);
		for (end = first + 1;
		     end < SHADOW_GRANULES && shadow_bit(wanted, end) == common &&
		     shadow_bit(c->is_common, end) == shadow_bit(c->is_common, first);
		     end++)
			;
		if (shadow_bit(c->is_common, first) != common)
			map_granules(s, c, first, end - first, common);
	}
}

static bool is_as(const struct shadow_context *c, const uint64_t *wanted)
{
	return !memcmp(c->is_common, wanted, sizeof(c->is_common));
}

/* -- life cycle */

static void open_all(struct shadow_common *k)
{
	memset(k->open, 0xff, sizeof(k->open));
	memset(k->differences, 0, sizeof(k->differences));
}

static struct shadow_common *common_new(struct shadow *s, struct shadow_vcpu *v)
{
	struct shadow_common *k = calloc(1, sizeof(*k));
	struct shadow_context *c = &k->space;
	void *at;

	if (!k)
		return NULL;
	at = mmap(NULL, SHADOW_VIEW_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		  -1, 0);
	if (at == MAP_FAILED) {
		free(k);
		return NULL;
	}
	k->number = v->first / SHADOW_CONTEXTS;
	k->changes = 1;
	open_all(k);
	c->id = SHADOW_CONTEXTS_ALL + k->number;
	c->common = k;
	c->window[TSR_VIEW_SUPERVISOR] = &v->window;
	c->window[TSR_VIEW_USER] = &c->own_window;
	c->base[TSR_VIEW_SUPERVISOR] = at;
	if (!map_parts(s, c, 0, SHADOW_GRANULES, true)) {
		munmap(at, SHADOW_VIEW_SIZE);
		free(k);
		return NULL;
	}
	for (unsigned part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
		if (parts[part].valid_bytes && s->layout.read_valid)
			memset(c->base[TSR_VIEW_SUPERVISOR] + parts[part].at + SHADOW_COMMON_FIRST,
			       0xff, UPPER);
	s->contexts[c->id] = c;
	return k;
}

void tsr_shadow_common_flush(struct shadow *s, struct shadow_common *k)
{
	drop_slots(s, k, 0, SHADOW_SLOTS);
	memset(k->listed, 0, sizeof(k->listed));
}

void tsr_shadow_common_destroy(struct shadow *s, struct shadow_vcpu *v)
{
	struct shadow_common *k = v->common;

	if (!k)
		return;
	tsr_shadow_common_flush(s, k);
	s->resident -= k->space.resident_count;
	s->contexts[k->space.id] = NULL;
	munmap(k->space.base[TSR_VIEW_SUPERVISOR], SHADOW_VIEW_SIZE);
	free(k);
	v->common = NULL;
}

/* -- agreement */

/* The context, which is empty, gets what is common, if it has paging. */
void tsr_shadow_common_join(struct shadow *s, struct shadow_vcpu *v, struct shadow_context *c)
{
	static const uint64_t none[SHADOW_GRANULES / 64];

	if (!v->common && (c->mode & MODE_PG) && s->common_fd >= 0)
		v->common = common_new(s, v);
	c->common = v->common;
	c->agreed = 0;
	if (v->common)
		map_as(s, c, c->mode & MODE_PG ? v->common->open : none);
}

static void leave_closed(struct shadow *s, struct shadow_context *c)
{
	uint64_t wanted[SHADOW_GRANULES / 64];

	for (unsigned i = 0; i < SHADOW_GRANULES / 64; i++)
		wanted[i] = c->is_common[i] & c->common->open[i];
	if (!is_as(c, wanted))
		map_as(s, c, wanted);
}

/* The contexts' entries differ: what does that say of the granule? */
static void count_difference(struct shadow *s, struct shadow_common *k, unsigned slot, uint64_t pde)
{
	unsigned granule = granule_of_slot(&k->space, slot);
	uint64_t frame = shadow_pae(&k->space) ? TSR_PAE_FRAME : TSR_PTE_FRAME;

	s->count.common_differences++;
	tsr_shadow_drop_slot(s, &k->space, slot, true);
	if (((pde & TSR_PTE_P) && ((pde ^ k->pde[slot]) & frame)) ||
	    ++k->differences[granule] >= DIFFERENCES_MAX)
		close_granule(s, k, granule);
}

static void compare_slot(struct shadow *s, struct shadow_context *c, unsigned slot)
{
	struct shadow_common *k = c->common;
	uint64_t pde;

	if (k->space.slot[slot] == SLOT_NONE) {
		k->listed[slot / 64] &= ~(1ull << slot % 64);
		return;
	}
	if (!shadow_bit(c->is_common, granule_of_slot(c, slot)))
		return;
	pde = tsr_shadow_read_pde(s, c, slot);
	if (pde != k->pde[slot])
		count_difference(s, k, slot, pde);
	else if (!c->pd[shadow_pae(c) ? slot >> 9 : 0].plain)
		tsr_shadow_drop_slot(s, &k->space, slot, true); /* changes would not be seen */
}

/* A kernel of another mode is another kernel. */
static void change_mode(struct shadow *s, struct shadow_common *k, uint32_t mode)
{
	tsr_shadow_common_flush(s, k);
	open_all(k);
	k->space.mode = mode;
	k->changes++;
}

void tsr_shadow_common_agree(struct shadow *s, struct shadow_context *c)
{
	struct shadow_common *k = c->common;

	if (!k || !(c->mode & MODE_PG))
		return;
	if (k->space.mode != (c->mode | MODE_WP))
		change_mode(s, k, c->mode | MODE_WP);
	if (c->agreed != k->changes)
		for (unsigned word = 0; word < SHADOW_SLOTS / 64; word++)
			for (uint64_t bits = k->listed[word]; bits; bits &= bits - 1)
				compare_slot(s, c, word * 64 + __builtin_ctzll(bits));
	c->agreed = k->changes;
	leave_closed(s, c);
}

void tsr_shadow_common_pde_changed(struct shadow *s, struct shadow_context *c, unsigned slot)
{
	struct shadow_common *k = c->common;

	if (!k || !(c->mode & MODE_PG))
		return;
	if (!is_running(s, c))
		c->agreed = 0;
	else if (k->space.slot[slot] != SLOT_NONE &&
		 shadow_bit(c->is_common, granule_of_slot(c, slot)) &&
		 tsr_shadow_read_pde(s, c, slot) != k->pde[slot])
		tsr_shadow_drop_slot(s, &k->space, slot, true);
}

/* -- fills */

/* Whose entries a fill in the running context makes; NULL: it makes none. */
struct shadow_context *tsr_shadow_common_holder(struct shadow *s, struct shadow_context *c,
						uint32_t page, const struct shadow_walk *w)
{
	unsigned granule = shadow_granule(page);

	if (w->allow & TSR_PTE_US) {
		close_granule(s, c->common, granule);
		leave_closed(s, c);
	}
	if (!shadow_bit(c->is_common, granule))
		return c;
	return shadow_bit(c->common->open, granule) ? &c->common->space : NULL;
}

/* The slot has entries from the running context's page-directory entry, as it is now. */
void tsr_shadow_common_note(struct shadow_context *c, unsigned slot, uint64_t pde, bool is_new)
{
	struct shadow_common *k = c->common;

	if (!is_new && k->pde[slot] == pde)
		return;
	shadow_bit_set(k->listed, slot);
	k->pde[slot] = pde;
	c->agreed = ++k->changes;
}
