/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Windows: host addresses where pages of guest RAM are mapped at their linear address. What is
 * mapped may be stale, or more than was asked for, because the valid bytes alone say what can be
 * used: a page is unmapped only when something else takes its place, or the budget needs it.
 *
 * The budget is a share of the mappings that the host's kernel lets a process have
 * (vm.max_map_count). It is counted in edges: places where the next linear page is not the next
 * page of RAM, each of which makes a mapping of the host end.
 */
#define _GNU_SOURCE /* memfd_create */
#include "shadow.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define SPACE (4ull << 30)
#define SLACK TSR_MMU_WINDOW_SLACK
#define MAPPED_SIZE (SHADOW_PAGES * sizeof(uint32_t))
/* `mapped`, a guard, slack, the window, slack, a guard. */
#define RESERVATION (MAPPED_SIZE + SPACE + 2 * SLACK + 2 * (size_t)TSR_PAGE_SIZE)
#define ADDRESSES_MIN (2ull << 40) /* with a lower limit on addresses (RLIMIT_AS) no windows */
#define MAPS_DEFAULT 65530
#define EDGES_OF_A_RUN 4 /* two of its own, two where it is mapped beyond the window's ends */
#define POPULATE_MAX \
	64 /* pages that the host enters at once, which costs it less than a fault each */
#define NEIGHBOURS 512 /* pages of 4 KiB that a run has at most on either side of the page */

/* -- start and end */

static unsigned read_max_maps(void)
{
	unsigned count = MAPS_DEFAULT;
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");

	if (!file)
		return count;
	if (fscanf(file, "%u", &count) != 1)
		count = MAPS_DEFAULT;
	fclose(file);
	return count;
}

static int make_invalid(void)
{
	int fd = memfd_create("mmu-invalid", MFD_CLOEXEC);
	void *bytes = MAP_FAILED;

	if (fd >= 0 && !ftruncate(fd, SHADOW_BYTES_SIZE))
		bytes = mmap(NULL, SHADOW_BYTES_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes != MAP_FAILED) {
		memset(bytes, 0xff, SHADOW_BYTES_SIZE);
		munmap(bytes, SHADOW_BYTES_SIZE);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

void tsr_shadow_windows_init(struct shadow *s)
{
	struct rlimit limit;

	s->layout = (struct tsr_mmu_layout){ .size = sizeof(s->layout),
					     .read_table = SHADOW_READ_TABLE,
					     .write_table = SHADOW_WRITE_TABLE };
	s->ram_fd = s->invalid_fd = -1;
	if (s->phys->size < sizeof(*s->phys) || !s->phys->ram_fd || getrlimit(RLIMIT_AS, &limit) ||
	    limit.rlim_cur < ADDRESSES_MIN)
		return;
	s->ram_fd = s->phys->ram_fd(s->host);
	if (s->ram_fd < 0)
		return;
	s->invalid_fd = make_invalid();
	if (s->invalid_fd < 0)
		return;
	s->edges_max = read_max_maps() / 2;
	s->layout.read_valid = SHADOW_READ_VALID;
	s->layout.write_valid = SHADOW_WRITE_VALID;
}

void tsr_shadow_windows_finish(struct shadow *s)
{
	if (s->layout.read_valid)
		close(s->invalid_fd);
}

bool tsr_shadow_bytes_map(struct shadow *s, uint8_t *base)
{
	for (unsigned i = 0; i < 2 && s->layout.read_valid; i++) {
		void *at = base + SHADOW_TABLES_SIZE + i * SHADOW_BYTES_SIZE;

		if (mmap(at, SHADOW_BYTES_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, s->invalid_fd, 0) == MAP_FAILED)
			return false;
	}
	return true;
}

void tsr_shadow_window_open(struct shadow *s, struct shadow_window *w)
{
	uint8_t *at;

	if (!s->layout.read_valid)
		return;
	at = mmap(NULL, RESERVATION, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		return;
	if (mprotect(at, MAPPED_SIZE, PROT_READ | PROT_WRITE)) {
		munmap(at, RESERVATION);
		return;
	}
	madvise(at, MAPPED_SIZE, MADV_NOHUGEPAGE);
	w->mapped = (uint32_t *)at;
	w->base = at + MAPPED_SIZE + TSR_PAGE_SIZE + SLACK;
}

void tsr_shadow_window_close(struct shadow *s, struct shadow_window *w)
{
	if (!w->base)
		return;
	s->edges -= w->edges;
	munmap(w->mapped, RESERVATION);
	*w = (struct shadow_window){ 0 };
}

/* -- valid bytes */

static uint8_t *bytes_of(struct shadow_context *c, unsigned table)
{
	return c->base[table / 2] + (table & 1 ? SHADOW_WRITE_VALID : SHADOW_READ_VALID);
}

void tsr_shadow_bytes_drop(struct shadow *s, struct shadow_context *c, unsigned table,
			   uint32_t first, uint32_t count)
{
	unsigned chunk = first / 512;

	if (table / 2 == TSR_VIEW_USER && shadow_bit(c->exact.used, chunk))
		tsr_shadow_exact_drop(s, c, table & 1, first, count);
	if (!shadow_bit(c->promoted[table], chunk))
		return;
	memset(bytes_of(c, table) + first, 0xff, count);
	if (count == 512)
		c->promoted[table][chunk / 64] &= ~(1ull << chunk % 64);
}

/* Does the table lead to what the window has there? */
static bool matches(const struct shadow *s, struct shadow_context *c, unsigned table, uint32_t page)
{
	uint32_t mapped = c->window[table / 2]->mapped[page];
	uint64_t entry;

	if (!mapped || !shadow_bit(c->touched[table], page / 512))
		return false;
	entry = *shadow_entry(c, table / 2, table & 1 ? SHADOW_WRITE_TABLE : SHADOW_READ_TABLE,
			      page);
	return entry && entry + ((uint64_t)page << TSR_PAGE_SHIFT) ==
				(uint64_t)(uintptr_t)s->ram_base +
					((uint64_t)(mapped - 1) << TSR_PAGE_SHIFT);
}

static void set_byte(struct shadow_context *c, unsigned table, uint32_t page, bool valid)
{
	if (valid)
		shadow_bit_set(c->promoted[table], page / 512);
	else if (!shadow_bit(c->promoted[table], page / 512))
		return;
	bytes_of(c, table)[page] = valid ? 0 : 0xff;
}

void tsr_shadow_bytes_entered(struct shadow *s, struct shadow_context *c, unsigned view,
			      uint32_t page)
{
	bool read = matches(s, c, view * 2, page);

	set_byte(c, view * 2, page, read);
	set_byte(c, view * 2 + 1, page, read && matches(s, c, view * 2 + 1, page));
}

static void bring_view_up(struct shadow *s, struct shadow_context *c, unsigned view, uint32_t first,
			  uint32_t count)
{
	for (uint32_t page = first; page < first + count; page++) {
		if (shadow_bit(c->touched[view * 2], page / 512))
			tsr_shadow_bytes_entered(s, c, view, page);
		else
			page |= 511; /* no entries in this chunk */
	}
}

static void bring_supervisors_up(struct shadow *s, const struct shadow_vcpu *v, uint32_t first,
				 uint32_t count)
{
	if (v->common)
		bring_view_up(s, &v->common->space, TSR_VIEW_SUPERVISOR, first, count);
	for (unsigned id = v->first; id < v->first + SHADOW_CONTEXTS; id++)
		if (s->contexts[id])
			bring_view_up(s, s->contexts[id], TSR_VIEW_SUPERVISOR, first, count);
}

/* Pages of a window were mapped or unmapped: the bytes of all views that it serves. */
static void bring_bytes_up(struct shadow *s, const struct shadow_window *w, uint32_t first,
			   uint32_t count)
{
	if (w->owner) {
		bring_view_up(s, w->owner, TSR_VIEW_USER, first, count);
		return;
	}
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i] && &s->vcpus[i]->window == w)
			bring_supervisors_up(s, s->vcpus[i], first, count);
}

/* -- the budget */

static bool is_edge(const struct shadow_window *w, uint32_t page)
{
	uint32_t here = w->mapped[page], next = w->mapped[page + 1];

	return here ? next != here + 1 : next != 0;
}

/* Edges between page first - 1 and page first + count. */
static unsigned count_edges(const struct shadow_window *w, uint32_t first, uint32_t count)
{
	uint32_t end = first + count < SHADOW_PAGES ? first + count : SHADOW_PAGES - 1;
	unsigned n = 0;

	for (uint32_t page = first ? first - 1 : 0; page < end; page++)
		n += is_edge(w, page);
	return n;
}

/* As a whole. */
static void unmap(struct shadow *s, struct shadow_window *w)
{
	void *at = mmap(w->base - SLACK, SPACE + 2 * SLACK, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	madvise(w->mapped, MAPPED_SIZE, MADV_DONTNEED);
	bring_bytes_up(s, w, 0, SHADOW_PAGES);
	if (at == MAP_FAILED)
		return; /* what is there may stay: it counts, and no byte speaks of it */
	s->edges -= w->edges;
	w->edges = w->refused = 0;
	s->count.windows_unmapped++;
}

void tsr_shadow_window_rest(struct shadow *s, struct shadow_window *w)
{
	if (w->edges)
		unmap(s, w);
}

static void look_at(struct shadow_window *w, const struct shadow_window * not,
		    struct shadow_window **oldest)
{
	if (w != not &&w->edges && (!*oldest || w->stamp < (*oldest)->stamp))
		*oldest = w;
}

static struct shadow_window *least_recent(struct shadow *s, const struct shadow_window * not )
{
	struct shadow_window *oldest = NULL;

	for (unsigned i = 0; i < SHADOW_CONTEXTS_ALL; i++)
		if (s->contexts[i])
			look_at(&s->contexts[i]->own_window, not, &oldest);
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i])
			look_at(&s->vcpus[i]->window, not, &oldest);
	return oldest;
}

/* A window that fills half of the budget by itself refuses for a while, so that one that is too
 * large for it is not mapped over and over; then it starts again. */
static bool make_room(struct shadow *s, struct shadow_window *w)
{
	struct shadow_window *oldest;

	if (w->edges + EDGES_OF_A_RUN > s->edges_max / 2) {
		if (++w->refused <= w->edges / 2)
			return false;
		unmap(s, w);
	}
	while (s->edges + EDGES_OF_A_RUN > s->edges_max) {
		oldest = least_recent(s, w);
		if (!oldest && tsr_shadow_exact_make_room(s, NULL))
			continue;
		if (!oldest)
			return false;
		unmap(s, oldest);
		if (oldest->edges)
			return false;
	}
	return true;
}

/* -- promotion */

struct run {
	uint32_t first, count; /* linear pages */
	uint32_t frame;        /* page of RAM of the first */
};

/* What the guest's page tables have there: contiguous pages, as one entry gives them. Only a guess
 * for what to map, since the bytes are set by entries. */
static bool block_at(struct shadow *s, struct shadow_context *c, uint32_t page, struct run *block)
{
	uint32_t large = 1u << (shadow_slot_shift(c) - TSR_PAGE_SHIFT);
	struct shadow_walk w;

	*block = (struct run){ page, 1, page };
	if (!(c->mode & MODE_PG))
		return page < s->ram_size >> TSR_PAGE_SHIFT;
	if (!tsr_shadow_walk(s, c, (tsr_gla)page << TSR_PAGE_SHIFT, false, &w))
		return false;
	block->frame = (uint32_t)(w.gpa >> TSR_PAGE_SHIFT);
	if (w.large) {
		block->first = page & ~(large - 1);
		block->frame &= ~(large - 1);
		block->count = large;
	}
	return block->frame + (uint64_t)block->count <= s->ram_size >> TSR_PAGE_SHIFT;
}

/* Mapping a page again would make the host enter it again. */
static bool is_mapped(const struct shadow_window *w, uint32_t page, uint32_t frame)
{
	return w->mapped[page] == frame + 1;
}

static void extend_up(struct shadow *s, struct shadow_context *c, const struct shadow_window *w,
		      struct run *run)
{
	unsigned small = 0;
	struct run block;

	while (run->first + run->count < SHADOW_PAGES && small < NEIGHBOURS &&
	       !is_mapped(w, run->first + run->count, run->frame + run->count) &&
	       block_at(s, c, run->first + run->count, &block) &&
	       block.frame == run->frame + run->count) {
		run->count += block.count;
		small += block.count == 1;
	}
}

static void extend_down(struct shadow *s, struct shadow_context *c, const struct shadow_window *w,
			struct run *run)
{
	unsigned small = 0;
	struct run block;

	while (run->first && run->frame && small < NEIGHBOURS &&
	       !is_mapped(w, run->first - 1, run->frame - 1) &&
	       block_at(s, c, run->first - 1, &block) && block.frame + block.count == run->frame) {
		run->first = block.first;
		run->frame = block.frame;
		run->count += block.count;
		small += block.count == 1;
	}
}

/* The page itself lies where its entry says (A20, shadowed memory); neighbours lie around it. */
static void run_around(struct shadow *s, struct shadow_context *c, const struct shadow_window *w,
		       uint32_t page, uint32_t frame, struct run *run)
{
	struct run block;

	*run = (struct run){ page, 1, frame };
	if (!block_at(s, c, page, &block) || block.frame + (page - block.first) != frame)
		return;
	*run = block;
	extend_up(s, c, w, run);
	extend_down(s, c, w, run);
}

static bool map_at(struct shadow *s, uint8_t *at, uint32_t frame, uint32_t count)
{
	return mmap(at, (size_t)count << TSR_PAGE_SHIFT, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED | MAP_NORESERVE |
			    (count <= POPULATE_MAX ? MAP_POPULATE : 0),
		    s->ram_fd, (off_t)frame << TSR_PAGE_SHIFT) != MAP_FAILED;
}

/* The run, and the first and last page also where sums are that were not wrapped. */
static bool map(struct shadow *s, struct shadow_window *w, const struct run *run)
{
	uint32_t last = run->first + run->count - 1;

	if (!run->first && !map_at(s, w->base + SPACE, run->frame, 1))
		return false;
	if (last == SHADOW_PAGES - 1 && !map_at(s, w->base - SLACK, run->frame + run->count - 1, 1))
		return false;
	return map_at(s, w->base + ((uint64_t)run->first << TSR_PAGE_SHIFT), run->frame,
		      run->count);
}

static bool map_run(struct shadow *s, struct shadow_window *w, const struct run *run)
{
	unsigned before = count_edges(w, run->first, run->count), change;

	if (!map(s, w, run)) {
		unmap(s, w); /* which of it is mapped is not known */
		return false;
	}
	for (uint32_t i = 0; i < run->count; i++)
		w->mapped[run->first + i] = run->frame + i + 1;
	change = count_edges(w, run->first, run->count) - before; /* modulo 2^32 */
	w->edges += change;
	s->edges += change;
	s->count.window_maps++;
	s->count.window_pages += run->count;
	bring_bytes_up(s, w, run->first, run->count);
	return true;
}

static bool is_valid(struct shadow_context *c, unsigned view, uint32_t page, bool write)
{
	return !bytes_of(c, view * 2 + write)[page];
}

bool tsr_shadow_promote(struct shadow *s, struct shadow_context *c, unsigned view, uint32_t page,
			bool write)
{
	struct shadow_window *w = c->window[view];
	uint64_t read = *shadow_entry(c, view, SHADOW_READ_TABLE, page), entry = read, offset;
	struct run run;

	s->count.promotions++;
	if (write)
		entry = *shadow_entry(c, view, SHADOW_WRITE_TABLE, page);
	offset = entry + ((uint64_t)page << TSR_PAGE_SHIFT) - (uint64_t)(uintptr_t)s->ram_base;
	if (!w->base || !entry || read != entry || offset >= s->ram_size) {
		s->count.promotions_refused++;
		return false;
	}
	w->stamp = ++s->stamp;
	if (is_valid(c, view, page, write))
		return true;
	run_around(s, c, w, page, (uint32_t)(offset >> TSR_PAGE_SHIFT), &run);
	if (!make_room(s, w) || !map_run(s, w, &run)) {
		s->count.promotions_refused++;
		return false;
	}
	return is_valid(c, view, page, write);
}
