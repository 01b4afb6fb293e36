/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The shadow MMU: tessera.mmu/1 for CPU plugins, tessera.phys-listener/1 for the core. Page walks
 * per Intel SDM volume 3, chapter 4 (32-bit and PAE paging, PSE-36, NX; 36 physical address bits);
 * tables per tessera/draft/mmu.h.
 *
 * Guest page tables are traced (trace.c), so an address space's tables stay true while another one
 * runs: MOV CR3 changes pointers. Gaps: no prefilling; page tables outside RAM are walked at each
 * access.
 */
#include "shadow.h"

#include <stdlib.h>
#include <sys/mman.h>

#include <tessera/plugin.h>
#include <tessera/tessera.h>

/* -- fill and probe */

/* 0: allowed; else the error code. */
static uint32_t permission(const struct shadow_context *c, enum tsr_mmu_view view,
			   enum tsr_mmu_access access, const struct shadow_walk *w)
{
	uint32_t error = TSR_PF_P;

	if (view == TSR_VIEW_USER) {
		if (!(w->allow & TSR_PTE_US))
			return error;
		if (access == TSR_ACCESS_WRITE && !(w->allow & TSR_PTE_RW))
			return error;
	} else if (access == TSR_ACCESS_WRITE && !(w->allow & TSR_PTE_RW) && (c->mode & MODE_WP)) {
		return error;
	}
	return access == TSR_ACCESS_FETCH && w->nx ? error : 0;
}

static uint32_t error_code(const struct shadow_context *c, enum tsr_mmu_view view,
			   enum tsr_mmu_access access, uint32_t error)
{
	if (access == TSR_ACCESS_WRITE)
		error |= TSR_PF_W;
	if (view == TSR_VIEW_USER)
		error |= TSR_PF_U;
	if (access == TSR_ACCESS_FETCH && (c->mode & MODE_PAE) && (c->mode & MODE_NXE))
		error |= TSR_PF_I;
	return error;
}

static bool may_write(const struct shadow_context *c, enum tsr_mmu_view view,
		      const struct shadow_walk *w)
{
	return (w->allow & TSR_PTE_RW) || (view == TSR_VIEW_SUPERVISOR && !(c->mode & MODE_WP));
}

static bool is_dirty(const struct shadow_walk *w)
{
	return (w->large ? w->pde : w->pte) & TSR_PTE_D;
}

static void identity_walk(struct shadow_context *c, tsr_gla gla, struct shadow_walk *w)
{
	w->gpa = gla & ~(tsr_gla)TSR_PAGE_MASK;
	w->holder = c;
	w->allow = TSR_PTE_RW | TSR_PTE_US;
	w->nx = false;
	w->plain = true;
	w->large = false;
	w->pte = TSR_PTE_D;
	w->pde = 0;
	w->error = 0;
}

/* The translation, or a fault in *result. */
static bool translate(struct shadow *s, struct shadow_context *c, enum tsr_mmu_view view,
		      tsr_gla gla, enum tsr_mmu_access access, bool attach, struct shadow_walk *w,
		      struct tsr_mmu_result *result)
{
	uint32_t error;

	if (!(c->mode & MODE_PG)) {
		identity_walk(c, gla, w);
		return true;
	}
	if (tsr_shadow_walk(s, c, gla, attach, w)) {
		error = permission(c, view, access, w);
		if (!error)
			return true;
	} else {
		error = w->error;
	}
	result->kind = TSR_MMU_FAULT;
	result->host = NULL;
	result->gpa = 0;
	result->error_code = error_code(c, view, access, error);
	return false;
}

static void choose_holder(struct shadow *s, struct shadow_context *c, enum tsr_mmu_view view,
			  uint32_t page, struct shadow_walk *w)
{
	w->holder = c;
	if (view == TSR_VIEW_SUPERVISOR && shadow_is_common(c, page))
		w->holder = tsr_shadow_common_holder(s, c, page, w);
}

/* The page table of what will be entered. */
static void use_slot(struct shadow *s, struct shadow_context *c, const struct shadow_walk *w)
{
	struct shadow_context *holder = w->holder;
	bool is_new = holder->slot[w->slot] == SLOT_NONE;

	if (is_new)
		tsr_shadow_attach_slot(s, holder, w->slot, w->pte_gpa & ~(tsr_gpa)TSR_PAGE_MASK,
				       w->large ? NULL : w->pte_at - (w->pte_gpa & TSR_PAGE_MASK));
	if (holder != c)
		tsr_shadow_common_note(c, w->slot, w->pde, is_new);
}

/* Sets A and D as the access requires, and traces the page table. */
static void use_tables(struct shadow *s, struct shadow_context *c, enum tsr_mmu_access access,
		       struct shadow_walk *w)
{
	uint32_t leaf = access == TSR_ACCESS_WRITE ? TSR_PTE_A | TSR_PTE_D : TSR_PTE_A;
	uint32_t pde_bits = w->large ? leaf : TSR_PTE_A;

	if ((w->pde & pde_bits) != pde_bits)
		tsr_shadow_set_bits(s, w->pde_at, w->pde_gpa, pde_bits);
	if (!w->large && (w->pte & leaf) != leaf)
		tsr_shadow_set_bits(s, w->pte_at, w->pte_gpa, leaf);
	w->pde |= pde_bits;
	w->pte |= leaf;
	if (!w->plain || !w->holder)
		return;
	use_slot(s, c, w);
	shadow_page(s, w->pde_gpa)->writes = 0;
	if (!w->large)
		shadow_page(s, w->pte_gpa)->writes = 0;
}

/* Between conventional memory and 1 MiB: adapters, ROMs and what the chipset puts in their places.
 */
static bool in_hole(tsr_gpa gpa)
{
	return gpa >= 0xa0000 && gpa < 0x100000;
}

static bool in_ram(const struct shadow *s, const uint8_t *host, tsr_gpa gpa)
{
	return (uint64_t)(host - s->ram_base) < s->ram_size && !in_hole(gpa);
}

static void enter_read(struct shadow *s, struct shadow_context *c, unsigned view, uint32_t page,
		       const struct tsr_phys_page *at)
{
	struct shadow_page *p = shadow_page(s, at->gpa);

	if (in_ram(s, at->read, at->gpa))
		p->flags |= PAGE_READ_UNTRACKED;
	else
		tsr_shadow_rmap_add(s, p, c, view, page, at->read);
	shadow_enter(s, c, view, false, page, at->read);
}

static void enter_write(struct shadow *s, struct shadow_context *c, unsigned view, uint32_t page,
			const struct tsr_phys_page *at)
{
	tsr_shadow_rmap_add(s, shadow_page(s, at->gpa), c, view, page, at->write);
	shadow_enter(s, c, view, true, page, at->write);
}

static enum tsr_mmu_kind give(struct tsr_mmu_result *result, enum tsr_mmu_kind kind, uint8_t *host,
			      tsr_gpa gpa)
{
	result->kind = kind;
	result->host = host;
	result->gpa = gpa;
	result->error_code = 0;
	return kind;
}

static enum tsr_mmu_kind fill_write(struct shadow *s, unsigned view, tsr_gla gla,
				    const struct shadow_walk *w, const struct tsr_phys_page *at,
				    struct tsr_mmu_result *result)
{
	struct shadow_page *p = shadow_page(s, at->gpa);
	unsigned offset = gla & TSR_PAGE_MASK;

	s->count.fill_write++;
	if (!at->write) {
		s->count.io_fills++;
		return give(result, TSR_MMU_IO, NULL, at->gpa | offset);
	}
	if (at->dirty_log)
		s->phys->mark_dirty(s->host, at->gpa);
	if (p->uses || (p->flags & PAGE_CODE) || !w->plain || !w->holder ||
	    !may_write(w->holder, view, w)) {
		s->count.traced_fills++;
		return give(result, TSR_MMU_TRACED, at->write + offset, at->gpa | offset);
	}
	enter_write(s, w->holder, view, gla >> TSR_PAGE_SHIFT, at);
	if (at->read == at->write)
		enter_read(s, w->holder, view, gla >> TSR_PAGE_SHIFT, at);
	return give(result, TSR_MMU_RAM, at->write + offset, at->gpa | offset);
}

/* The page of the page table, which a walk sets that is not of a large page. */
static uint32_t table_pfn(const struct shadow_walk *w)
{
	/* NOLINTNEXTLINE(clang-analyzer-core.*) */
	return w->large ? SHADOW_PFN_NONE : (uint32_t)(w->pte_gpa >> TSR_PAGE_SHIFT);
}

static enum tsr_mmu_kind fill_read(struct shadow *s, struct shadow_context *c, unsigned view,
				   tsr_gla gla, enum tsr_mmu_access access,
				   const struct shadow_walk *w, const struct tsr_phys_page *at,
				   struct tsr_mmu_result *result)
{
	struct shadow_page *p = shadow_page(s, at->gpa);
	uint32_t page = gla >> TSR_PAGE_SHIFT;
	unsigned offset = gla & TSR_PAGE_MASK;

	if (!at->read) {
		s->count.io_fills++;
		return give(result, TSR_MMU_IO, NULL, at->gpa | offset);
	}
	if (!w->plain || !w->holder)
		return give(result, TSR_MMU_TRACED, at->read + offset, at->gpa | offset);
	enter_read(s, w->holder, view, page, at);
	if (access == TSR_ACCESS_FETCH) {
		p->flags |= PAGE_FETCHED;
		tsr_shadow_fetched(s, c, view, gla, w->pde, table_pfn(w));
	} else if (at->write == at->read && !at->dirty_log && !p->uses && !(p->flags & PAGE_CODE) &&
		   is_dirty(w) && may_write(w->holder, view, w)) {
		enter_write(s, w->holder, view, page, at);
	}
	return give(result, TSR_MMU_RAM, at->read + offset, at->gpa | offset);
}

/* A CPU often asks for the same code pages: their read entry and fetch bit are enough. */
static bool known_fetch(struct shadow *s, struct shadow_context *c, unsigned view, tsr_gla gla,
			struct tsr_mmu_result *result)
{
	uint32_t page = gla >> TSR_PAGE_SHIFT;
	uint64_t entry;
	tsr_gpa gpa;

	if (!(c->mode & MODE_PG))
		view = TSR_VIEW_SUPERVISOR;
	entry = *shadow_entry(c, view, SHADOW_READ_TABLE, page);
	gpa = (uint8_t *)(uintptr_t)(entry + gla) - s->ram_base;
	if (!entry || gpa >= s->ram_low || in_hole(gpa) || !tsr_shadow_is_fetched(c, view, page))
		return false;
	result->kind = TSR_MMU_RAM;
	result->host = s->ram_base + gpa;
	result->gpa = gpa;
	result->error_code = 0;
	return true;
}

static enum tsr_mmu_kind mmu_fill(void *self, struct tsr_mmu_vcpu *pub, enum tsr_mmu_view view,
				  tsr_gla gla, enum tsr_mmu_access access,
				  struct tsr_mmu_result *result)
{
	struct shadow *s = self;
	struct shadow_context *c = ((struct shadow_vcpu *)pub)->context;
	struct shadow_walk w;
	struct tsr_phys_page page;
	enum tsr_mmu_kind kind;

	if (access == TSR_ACCESS_FETCH && known_fetch(s, c, view, gla, result))
		return TSR_MMU_RAM;
	if (!translate(s, c, view, gla, access, true, &w, result)) {
		s->count.faults++;
		return TSR_MMU_FAULT;
	}
	if (c->mode & MODE_PG) {
		choose_holder(s, c, view, gla >> TSR_PAGE_SHIFT, &w);
		use_tables(s, c, access, &w);
	} else {
		view = TSR_VIEW_SUPERVISOR; /* one table serves both */
	}
	tsr_shadow_lookup(s, w.gpa, &page);
	if (access == TSR_ACCESS_WRITE)
		return fill_write(s, view, gla, &w, &page, result);
	if (access == TSR_ACCESS_READ) {
		s->count.fill_read++;
		return fill_read(s, c, view, gla, access, &w, &page, result);
	}
	s->count.fill_fetch++;
	kind = fill_read(s, c, view, gla, access, &w, &page, result);
	tsr_shadow_publish(s, true);
	return kind;
}

static enum tsr_mmu_kind mmu_probe(void *self, struct tsr_mmu_vcpu *pub, enum tsr_mmu_view view,
				   tsr_gla gla, enum tsr_mmu_access access,
				   struct tsr_mmu_result *result)
{
	struct shadow *s = self;
	struct shadow_context *c = ((struct shadow_vcpu *)pub)->context;
	struct shadow_walk w;
	struct tsr_phys_page page;
	struct shadow_page *p;
	uint8_t *host;
	tsr_gpa gpa;

	if (!translate(s, c, view, gla, access, false, &w, result))
		return TSR_MMU_FAULT;
	s->phys->lookup(s->host, w.gpa, &page); /* lockstep compares with what is true */
	p = shadow_page(s, page.gpa);
	gpa = page.gpa | (gla & TSR_PAGE_MASK);
	host = access == TSR_ACCESS_WRITE ? page.write : page.read;
	if (!host)
		return give(result, TSR_MMU_IO, NULL, gpa);
	host += gla & TSR_PAGE_MASK;
	if (!w.plain || (access == TSR_ACCESS_WRITE && (p->uses || (p->flags & PAGE_CODE))))
		return give(result, TSR_MMU_TRACED, host, gpa);
	return give(result, TSR_MMU_RAM, host, gpa);
}

/* -- address spaces */

static uint32_t mode_of(const struct tsr_mmu_context *context)
{
	uint32_t mode;

	if (!(context->cr0 & TSR_CR0_PG))
		return 0;
	mode = MODE_PG;
	if (context->cr0 & TSR_CR0_WP)
		mode |= MODE_WP;
	if (!(context->cr4 & TSR_CR4_PAE))
		return context->cr4 & TSR_CR4_PSE ? mode | MODE_PSE : mode;
	if (context->efer & TSR_EFER_NXE)
		mode |= MODE_NXE;
	return mode | MODE_PAE;
}

static void load_pdptes(struct shadow *s, struct shadow_context *c, const uint64_t *pdpte)
{
	if (!(c->mode & MODE_PAE))
		return;
	for (unsigned i = 0; i < 4; i++) {
		if (c->pdpte[i] == pdpte[i])
			continue;
		tsr_shadow_detach_pd(s, c, i);
		c->pdpte[i] = pdpte[i];
		c->regroup = true;
	}
}

static void mmu_set_context(void *self, struct tsr_mmu_vcpu *pub,
			    const struct tsr_mmu_context *context)
{
	struct shadow *s = self;
	struct shadow_vcpu *v = (struct shadow_vcpu *)pub;
	uint32_t mode = mode_of(context), cr3 = 0;
	struct shadow_context *c;

	if (mode & MODE_PG)
		cr3 = context->cr3 & (mode & MODE_PAE ? TSR_CR3_PAE : TSR_PTE_FRAME);
	s->count.switches++;
	c = v->context;
	tsr_shadow_exact_count(v);
	if (!c || c->cr3 != cr3 || c->mode != mode)
		c = tsr_shadow_context_find(s, v, cr3, mode);
	if (context->pdpte)
		load_pdptes(s, c, context->pdpte);
	v->context = c;
	c->stamp = ++s->stamp;
	if (s->count.switches % SHADOW_LOOK_EVERY == 0)
		tsr_shadow_contexts_age(s);
	tsr_shadow_set_select(s, c);
	tsr_shadow_common_agree(s, c);
	v->pub.window_base[TSR_VIEW_SUPERVISOR] = v->window.base;
	v->pub.window_base[TSR_VIEW_USER] =
		c->window[mode & MODE_PG ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR]->base;
	v->pub.base[TSR_VIEW_SUPERVISOR] = c->base[TSR_VIEW_SUPERVISOR];
	v->pub.base[TSR_VIEW_USER] = c->base[mode & MODE_PG ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR];
	tsr_shadow_exact_publish(s, v);
	tsr_shadow_publish(s, false);
}

static void mmu_invalidate(void *self, struct tsr_mmu_vcpu *pub, tsr_gla gla)
{
	struct shadow *s = self;
	struct shadow_context *c = ((struct shadow_vcpu *)pub)->context;
	uint32_t page = gla >> TSR_PAGE_SHIFT;

	s->count.invlpg++;
	tsr_shadow_drop_pages(s, c, page, 1, true);
	if (shadow_is_common(c, page))
		tsr_shadow_drop_pages(s, &c->common->space, page, 1, true);
}

static void mmu_destroy(void *self, struct tsr_mmu_vcpu *pub)
{
	struct shadow *s = self;
	struct shadow_vcpu *v = (struct shadow_vcpu *)pub;

	for (unsigned id = v->first; id < v->first + SHADOW_CONTEXTS; id++) {
		if (!s->contexts[id])
			continue;
		tsr_shadow_context_flush(s, s->contexts[id]);
		s->resident -= s->contexts[id]->resident_count;
		tsr_shadow_context_free(s, s->contexts[id]);
		s->contexts[id] = NULL;
	}
	tsr_shadow_common_destroy(s, v);
	tsr_shadow_window_close(s, &v->window);
	s->vcpus[v->first / SHADOW_CONTEXTS] = NULL;
	free(v);
}

static struct tsr_mmu_vcpu *mmu_create(void *self, const struct tsr_mmu_listener *listener)
{
	static const struct tsr_mmu_context real_mode;
	struct shadow *s = self;
	struct shadow_vcpu *v;
	unsigned n = 0;

	while (n < SHADOW_VCPUS && s->vcpus[n])
		n++;
	if (n == SHADOW_VCPUS)
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->listener = listener;
	v->first = n * SHADOW_CONTEXTS;
	s->vcpus[n] = v;
	tsr_shadow_window_open(s, &v->window);
	tsr_shadow_exact_init(s, listener);
	if (!tsr_shadow_context_find(s, v, 0, 0)) {
		mmu_destroy(s, &v->pub);
		return NULL;
	}
	mmu_set_context(s, &v->pub, &real_mode);
	return &v->pub;
}

static const struct tsr_mmu_layout *mmu_layout(void *self)
{
	return &((struct shadow *)self)->layout;
}

static void mmu_trace(void *self, tsr_gpa gpa, bool on)
{
	tsr_shadow_trace_code(self, gpa, on);
}

static void mmu_written(void *self, tsr_gpa gpa, uint32_t length)
{
	tsr_shadow_page_written(self, gpa, length);
	tsr_shadow_publish(self, true);
}

static bool mmu_promote(void *self, struct tsr_mmu_vcpu *pub, enum tsr_mmu_view view, tsr_gla gla,
			enum tsr_mmu_access access)
{
	struct shadow_context *c = ((struct shadow_vcpu *)pub)->context;

	if (!(c->mode & MODE_PG))
		view = TSR_VIEW_SUPERVISOR;
	return tsr_shadow_promote(self, c, view, gla >> TSR_PAGE_SHIFT, access == TSR_ACCESS_WRITE);
}

static bool mmu_expose(void *self, struct tsr_mmu_vcpu *pub, tsr_gla gla,
		       enum tsr_mmu_access access)
{
	return tsr_shadow_expose(self, (struct shadow_vcpu *)pub, gla >> TSR_PAGE_SHIFT,
				 access == TSR_ACCESS_WRITE);
}

static void mmu_settle(void *self, struct tsr_mmu_vcpu *pub)
{
	tsr_shadow_settle(self, (struct shadow_vcpu *)pub);
}

static void mmu_stats(void *self, void (*put)(void *user, const char *name, uint64_t value),
		      void *user)
{
	struct shadow *s = self;

#define X(name) put(user, "mmu_" #name, s->count.name);
	SHADOW_COUNTERS(X)
#undef X
	put(user, "mmu_resident_chunks", s->resident);
	put(user, "mmu_window_edges", s->edges);
}

static const struct tsr_mmu mmu_table = {
	.size = sizeof(struct tsr_mmu),
	.create = mmu_create,
	.destroy = mmu_destroy,
	.layout = mmu_layout,
	.set_context = mmu_set_context,
	.fill = mmu_fill,
	.probe = mmu_probe,
	.invalidate = mmu_invalidate,
	.trace = mmu_trace,
	.written = mmu_written,
	.stats = mmu_stats,
	.promote = mmu_promote,
	.expose = mmu_expose,
	.settle = mmu_settle,
};

/* -- notifications by the core */

#define RANGE_MAX (64ull << 20) /* above, a range is treated as everything */

static bool is_everything(tsr_gpa gpa, uint64_t length)
{
	const tsr_gpa end = (tsr_gpa)SHADOW_PFNS << TSR_PAGE_SHIFT;

	return length > RANGE_MAX || gpa > end || length > end - gpa;
}

static void everything_changed(struct shadow *s)
{
	tsr_shadow_flush(s);
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i] && s->vcpus[i]->context)
			tsr_shadow_set_select(s, s->vcpus[i]->context);
}

static void on_mapping_changed(void *self, tsr_gpa gpa, uint64_t length)
{
	struct shadow *s = self;
	bool everything = is_everything(gpa, length);

	tsr_shadow_forget_pages(s, gpa, length);
	for (uint64_t at = gpa & ~(tsr_gpa)TSR_PAGE_MASK; !everything && at < gpa + length;
	     at += TSR_PAGE_SIZE) {
		struct shadow_page *p = shadow_page(s, at);

		tsr_shadow_rmap_drop(s, p, true);
		everything = p->uses || (p->flags & (PAGE_READ_UNTRACKED | PAGE_FETCHED));
	}
	if (everything)
		everything_changed(s);
	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i])
			s->vcpus[i]->listener->code_unmapped(s->vcpus[i]->listener->self, gpa,
							     length);
	tsr_shadow_publish(s, true);
}

static void on_written(void *self, tsr_gpa gpa, uint64_t length)
{
	while (length) {
		uint32_t here = TSR_PAGE_SIZE - (gpa & TSR_PAGE_MASK);

		if (here > length)
			here = length;
		tsr_shadow_page_written(self, gpa, here);
		gpa += here;
		length -= here;
	}
	tsr_shadow_publish(self, true);
}

static void on_protect(void *self, tsr_gpa gpa, uint64_t length)
{
	struct shadow *s = self;
	tsr_gpa at = gpa & ~(tsr_gpa)TSR_PAGE_MASK;

	if (is_everything(gpa, length)) {
		tsr_shadow_drop_writes(s);
		return;
	}
	for (; at < gpa + length; at += TSR_PAGE_SIZE)
		tsr_shadow_rmap_drop(s, shadow_page(s, at), false);
}

static const struct tsr_phys_listener phys_listener = {
	.size = sizeof(struct tsr_phys_listener),
	.mapping_changed = on_mapping_changed,
	.written = on_written,
	.protect = on_protect,
};

/* -- life cycle */

static void *lazy_memory(size_t length)
{
	void *at = mmap(NULL, length, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	madvise(at, length, MADV_NOHUGEPAGE);
	return at;
}

static const struct {
	size_t offset, length;
} arrays[] = {
	{ offsetof(struct shadow, pages), SHADOW_PFNS * sizeof(struct shadow_page) },
	{ offsetof(struct shadow, rmap), SHADOW_RMAP_NODES * sizeof(struct shadow_rmap_node) },
	{ offsetof(struct shadow, uses), SHADOW_USE_ROWS * sizeof(struct shadow_use) },
	{ offsetof(struct shadow, in_ram), SHADOW_PAGES / 8 },
};
#define SET_BITS_LENGTH (SHADOW_PAGES / 8)

static bool shadow_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct shadow *s = self;
	uint8_t *bits;

	s->host = host;
	s->phys = host->get(host, TSR_PHYS);
	if (!s->phys)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "mmu-shadow: the core has no " TSR_PHYS);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		void *memory = lazy_memory(arrays[i].length);

		if (!memory)
			return tsr_error_set(error, TSR_ERROR_FAILED,
					     "mmu-shadow: out of address space");
		memcpy((char *)s + arrays[i].offset, &memory, sizeof(memory));
	}
	bits = lazy_memory(SHADOW_SETS * SET_BITS_LENGTH);
	if (!bits)
		return tsr_error_set(error, TSR_ERROR_FAILED, "mmu-shadow: out of address space");
	for (unsigned i = 0; i < SHADOW_SETS; i++)
		s->sets[i].fetched = (uint64_t *)(bits + i * SET_BITS_LENGTH);
	s->rmap_top = s->epoch = 1;
	tsr_shadow_forget_pages(s, 0, UINT64_MAX);
	tsr_shadow_windows_init(s);
	tsr_shadow_common_init(s);
	return true;
}

static bool shadow_realize(void *self, struct tsr_error *error)
{
	struct shadow *s = self;
	const struct tsr_memory *memory = s->host->get(s->host, TSR_MEMORY);

	s->ram_low = memory->ram_below_4g(s->host);
	s->ram_base = s->phys->ram_base(s->host);
	s->ram_size = s->phys->ram_size(s->host);
	return true;
}

static void shadow_detach(void *self)
{
	struct shadow *s = self;

	for (unsigned i = 0; i < SHADOW_VCPUS; i++)
		if (s->vcpus[i])
			mmu_destroy(s, &s->vcpus[i]->pub);
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		void *memory;

		memcpy(&memory, (char *)s + arrays[i].offset, sizeof(memory));
		if (memory)
			munmap(memory, arrays[i].length);
	}
	tsr_shadow_windows_finish(s);
	tsr_shadow_exact_finish(s);
	tsr_shadow_common_finish(s);
	if (s->sets[0].fetched)
		munmap(s->sets[0].fetched, SHADOW_SETS * SET_BITS_LENGTH);
}

static const void *shadow_interface(void *self, const char *interface)
{
	if (strcmp(interface, TSR_MMU) == 0)
		return &mmu_table;
	return strcmp(interface, TSR_PHYS_LISTENER) == 0 ? &phys_listener : NULL;
}

/* Everything here is derived: nothing is saved, and loading drops everything. */
static void shadow_save(void *self, struct tsr_state_writer *out)
{
}

static bool shadow_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	everything_changed(self);
	tsr_shadow_publish(self, true);
	return true;
}

static const struct tsr_device_class shadow_class = {
	.size = sizeof(struct tsr_device_class),
	.instance_size = sizeof(struct shadow),
	.attach = shadow_attach,
	.realize = shadow_realize,
	.detach = shadow_detach,
	.save = shadow_save,
	.load = shadow_load,
	.get_interface = shadow_interface,
};

TSR_DEVICE_PLUGIN(shadow_class);
