/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exact windows: a user view's pages at their linear address, mapped only as its entries allow, so
 * that code may use them without a look at valid bytes. What it may not do is a SIGSEGV.
 *
 * To take a mapping away is a system call, and a guest's kernel changes many entries one after
 * the other, as in a fork. So an entry that is dropped only marks its page, and the CPU is told
 * that the window is not true. Before it enters user level (settle), or at its next access, which
 * faults because it is at a place where nothing is mapped (expose), the marked pages are brought up
 * to their entries in runs.
 *
 * Mappings of the host are counted with those of the other windows (window.c).
 */
#include "shadow.h"

#include <sys/mman.h>

#define SPACE (4ull << 30)
/* A guard, the window, a guard: an operand's sum may leave the 4 GiB, and so may its last byte. */
#define BASE (TSR_MMU_EXACT_BELOW + TSR_PAGE_SIZE)
#define SIZE (BASE + SPACE + TSR_MMU_EXACT_ABOVE + TSR_PAGE_SIZE)
#define MAPPINGS_OF_A_RUN 2 /* its own, and what it cuts in two */
#define SHARE 4             /* of the budget that one window may have: a quarter */
/* Ticks of the time-stamp counter, of which there are two to four in a nanosecond. */
#define YOUNG 6000000
#define BELOW 16 /* pages around an exposed one that are looked at */
#define ABOVE 32

/* How many there may be: ThreadSanitizer wants all that is mapped within 1.5 TiB. */
#if defined(__SANITIZE_THREAD__)
#define WINDOWS_MAX 12
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WINDOWS_MAX 12
#endif
#endif
#ifndef WINDOWS_MAX
#define WINDOWS_MAX SHADOW_CONTEXTS_ALL
#endif

static uint8_t *reserve(size_t size, int protection)
{
	void *at = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

/* Where a CPU wants to be told; NULL: nowhere, or it was built when there was no such thing. */
static struct tsr_mmu_exact *wanted_by(const struct tsr_mmu_listener *listener)
{
	return listener->size > offsetof(struct tsr_mmu_listener, exact) ? listener->exact : NULL;
}

void tsr_shadow_exact_init(struct shadow *s, const struct tsr_mmu_listener *listener)
{
	if (!s->layout.read_valid || !wanted_by(listener))
		return;
	if (!s->nowhere)
		s->nowhere = reserve(SIZE, PROT_NONE);
}

void tsr_shadow_exact_finish(struct shadow *s)
{
	if (s->nowhere)
		munmap(s->nowhere, SIZE);
	s->nowhere = NULL;
}

void tsr_shadow_exact_close(struct shadow *s, struct shadow_context *c)
{
	s->edges -= c->exact.mappings;
	if (c->exact.base) {
		munmap(c->exact.base - BASE, SIZE);
		s->exact_windows--;
	}
	if (c->exact.pages)
		munmap(c->exact.pages, SHADOW_PAGES);
	c->exact = (struct shadow_exact){ 0 };
}

void tsr_shadow_exact_start(struct shadow *s, struct shadow_context *c)
{
	c->exact.ran = 0;
	c->exact.space = ++s->last_space;
}

void tsr_shadow_exact_count(struct shadow_vcpu *v)
{
	uint64_t now = __builtin_ia32_rdtsc();

	if (v->context)
		v->context->exact.ran += now - v->since;
	v->since = now;
}

void tsr_shadow_exact_publish(const struct shadow *s, const struct shadow_vcpu *v)
{
	const struct shadow_context *c = v->context;
	struct tsr_mmu_exact *out = wanted_by(v->listener);

	if (!s->nowhere || !out)
		return;
	out->is_true = !(c->mode & MODE_PG) || !c->exact.base || c->exact.is_true;
	out->is_young = c->exact.ran < YOUNG;
	out->space = c->exact.space;
	out->calls = s->count.exact_maps;
	out->base = c->mode & MODE_PG && c->exact.base && c->exact.is_true ? c->exact.base
									   : s->nowhere + BASE;
}

static void publish_of(const struct shadow *s, const struct shadow_context *c)
{
	const struct shadow_vcpu *v = s->vcpus[c->id / SHADOW_CONTEXTS];

	if (v && v->context == c)
		tsr_shadow_exact_publish(s, v);
}

static uint8_t mapped(const struct shadow_context *c, uint32_t page)
{
	return c->exact.pages[page] & EXACT_MAPPED;
}

void tsr_shadow_exact_drop(struct shadow *s, struct shadow_context *c, bool write, uint32_t first,
			   uint32_t count)
{
	uint8_t any = 0;

	for (uint32_t page = first; page < first + count; page++) {
		if (mapped(c, page) == EXACT_WRITE || (mapped(c, page) && !write))
			any |= c->exact.pages[page] |= EXACT_STALE;
	}
	if (!any)
		return;
	shadow_bit_set(c->exact.stale, first / 512);
	if (!c->exact.is_true)
		return;
	c->exact.is_true = false;
	publish_of(s, c);
}

/* -- what may be mapped */

struct run {
	uint32_t first, count; /* linear pages */
	uint64_t offset;       /* in RAM, of the first */
	uint8_t kind;          /* enum shadow_exact_page */
};

static uint64_t entry_of(struct shadow_context *c, bool write, uint32_t page)
{
	if (!shadow_bit(c->touched[TSR_VIEW_USER * 2 + write], page / 512))
		return 0;
	return *shadow_entry(c, TSR_VIEW_USER, write ? SHADOW_WRITE_TABLE : SHADOW_READ_TABLE,
			     page);
}

/* What the page's entries allow, and where it lies in RAM. */
static uint8_t allowed(struct shadow *s, struct shadow_context *c, uint32_t page, uint64_t *offset)
{
	uint64_t read = entry_of(c, false, page);

	*offset = read + ((uint64_t)page << TSR_PAGE_SHIFT) - (uint64_t)(uintptr_t)s->ram_base;
	if (!read || *offset >= s->ram_size)
		return EXACT_NONE;
	return entry_of(c, true, page) == read ? EXACT_WRITE : EXACT_READ;
}

/* The run that begins at run->first and ends before `end`: pages in such a state, which may all be
 * mapped alike. */
static void find_run(struct shadow *s, struct shadow_context *c, struct run *run, uint32_t end,
		     bool stale)
{
	uint32_t page = run->first + 1;
	uint64_t offset;

	run->kind = allowed(s, c, run->first, &run->offset);
	for (; page < end; page++) {
		uint8_t now = c->exact.pages[page];
		uint8_t kind = allowed(s, c, page, &offset);
		uint64_t next = run->offset + ((uint64_t)(page - run->first) << TSR_PAGE_SHIFT);

		if (kind != run->kind || (kind && offset != next) ||
		    (stale ? !(now & EXACT_STALE) : (now & EXACT_MAPPED) >= kind))
			break;
	}
	run->count = page - run->first;
}

/* -- mapping */

/* Nothing is mapped any more. False: not even that was possible. */
static bool empty(struct shadow *s, struct shadow_context *c)
{
	struct shadow_exact *x = &c->exact;
	void *at = mmap(x->base - BASE, SIZE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

	x->is_true = at != MAP_FAILED;
	if (x->is_true) {
		madvise(x->pages, SHADOW_PAGES, MADV_DONTNEED);
		memset(x->used, 0, sizeof(x->used));
		memset(x->stale, 0, sizeof(x->stale));
		s->edges -= x->mappings;
		x->mappings = 0;
		s->count.exact_emptied++;
	}
	publish_of(s, c);
	return x->is_true;
}

void tsr_shadow_exact_rest(struct shadow *s, struct shadow_context *c)
{
	if (c->exact.mappings)
		empty(s, c);
}

bool tsr_shadow_exact_make_room(struct shadow *s, const struct shadow_context *keep)
{
	struct shadow_context *oldest = NULL;

	for (unsigned i = 0; i < SHADOW_CONTEXTS_ALL; i++) {
		struct shadow_context *c = s->contexts[i];

		if (c && c != keep && c->exact.mappings && (!oldest || c->stamp < oldest->stamp))
			oldest = c;
	}
	return oldest && empty(s, oldest);
}

static bool make_room(struct shadow *s, struct shadow_context *c)
{
	if (c->exact.mappings + MAPPINGS_OF_A_RUN > s->edges_max / SHARE)
		return empty(s, c);
	while (s->edges + MAPPINGS_OF_A_RUN > s->edges_max)
		if (!tsr_shadow_exact_make_room(s, c))
			return empty(s, c);
	return true;
}

static bool map(struct shadow *s, struct shadow_context *c, const struct run *run)
{
	uint8_t *at = c->exact.base + ((uint64_t)run->first << TSR_PAGE_SHIFT);
	size_t length = (size_t)run->count << TSR_PAGE_SHIFT;
	void *got;

	if (run->kind == EXACT_NONE)
		got = mmap(at, length, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
	else
		got = mmap(at, length, PROT_READ | (run->kind == EXACT_WRITE ? PROT_WRITE : 0),
			   MAP_SHARED | MAP_FIXED | MAP_NORESERVE | MAP_POPULATE, s->ram_fd,
			   (off_t)run->offset);
	s->count.exact_maps++;
	if (got == MAP_FAILED) {
		empty(s, c);
		return false;
	}
	memset(c->exact.pages + run->first, run->kind ? run->kind : EXACT_AGAIN, run->count);
	shadow_bit_set(c->exact.used, run->first / 512);
	c->exact.mappings += MAPPINGS_OF_A_RUN;
	s->edges += MAPPINGS_OF_A_RUN;
	return true;
}

/* Brings the chunk's marked pages up to their entries. */
static bool settle_chunk(struct shadow *s, struct shadow_context *c, unsigned chunk)
{
	uint32_t end = (chunk + 1) * 512;
	struct run run = { .first = chunk * 512 };

	while (run.first < end) {
		if (!(c->exact.pages[run.first] & EXACT_STALE)) {
			run.first++;
			continue;
		}
		find_run(s, c, &run, end, true);
		if (!map(s, c, &run))
			return false;
		run.first += run.count;
	}
	c->exact.stale[chunk / 64] &= ~(1ull << chunk % 64);
	return true;
}

/* False: the window is empty, or cannot be made true. */
static bool settle(struct shadow *s, struct shadow_context *c)
{
	for (unsigned word = 0; word < SHADOW_CHUNKS / 64; word++)
		while (c->exact.stale[word])
			if (!settle_chunk(s, c,
					  word * 64 +
						  (unsigned)__builtin_ctzll(c->exact.stale[word])))
				return false;
	c->exact.is_true = true;
	s->count.exact_settled++;
	publish_of(s, c);
	return true;
}

static bool open_window(struct shadow *s, struct shadow_context *c)
{
	uint8_t *at;

	if (!c->exact.pages)
		c->exact.pages = reserve(SHADOW_PAGES, PROT_READ | PROT_WRITE);
	if (!c->exact.pages)
		return false;
	if (c->exact.base)
		return true;
	if (s->exact_windows == WINDOWS_MAX)
		return false;
	madvise(c->exact.pages, SHADOW_PAGES, MADV_NOHUGEPAGE);
	at = reserve(SIZE, PROT_NONE);
	if (!at)
		return false;
	c->exact.base = at + BASE;
	s->exact_windows++;
	return true;
}

/* The page, and those around it that have entries too. */
static bool map_around(struct shadow *s, struct shadow_context *c, uint32_t page)
{
	uint32_t chunk = page & ~511u, end = chunk + 512;
	struct run run = { .first = page - chunk > BELOW ? page - BELOW : chunk };
	uint64_t offset;

	if (end - page > ABOVE)
		end = page + ABOVE;
	while (run.first < end) {
		if (allowed(s, c, run.first, &offset) <= mapped(c, run.first)) {
			run.first++;
			continue;
		}
		find_run(s, c, &run, end, false);
		if (!make_room(s, c) || !map(s, c, &run))
			return false;
		run.first += run.count;
	}
	return true;
}

bool tsr_shadow_expose(struct shadow *s, struct shadow_vcpu *v, uint32_t page, bool write)
{
	struct shadow_context *c = v->context;
	uint8_t wanted = write ? EXACT_WRITE : EXACT_READ;
	uint64_t offset;
	bool again = c->exact.pages && c->exact.pages[page];
	bool good = s->nowhere && c->mode & MODE_PG && allowed(s, c, page, &offset) >= wanted &&
		    open_window(s, c) && (c->exact.is_true || settle(s, c)) &&
		    (mapped(c, page) >= wanted || map_around(s, c, page)) &&
		    mapped(c, page) >= wanted;

	s->count.exposures++;
	s->count.exposures_refused += !good;
	tsr_shadow_exact_publish(s, v);
	if (wanted_by(v->listener))
		v->listener->exact->again = again;
	return good;
}

void tsr_shadow_settle(struct shadow *s, struct shadow_vcpu *v)
{
	tsr_shadow_exact_count(v);
	if (v->context->exact.base && !v->context->exact.is_true)
		settle(s, v->context);
	tsr_shadow_exact_publish(s, v);
}
