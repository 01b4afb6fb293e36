/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The plainest tessera.mmu/1: it keeps no translation. Its tables are empty for ever, so a CPU asks
 * at each access and the guest's page tables are walked each time; as each store is reported, those
 * that change a table which led to code are seen. It is what another MMU is compared with, and an
 * example of the interface.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include <tessera/plugin.h>
#include <tessera/tessera.h>
#include <tessera/draft/x86.h>

#include "walk.h"

#define VCPUS 4
#define PFNS (1u << 24) /* 36 physical address bits */
#define EVERYWHERE ((uint64_t)PFNS << TSR_PAGE_SHIFT)
#define TABLE_LENGTH (8l << 20) /* 2^20 entries of 8 bytes */

struct vcpu {
	struct tsr_mmu_vcpu public; /* first */
	const struct tsr_mmu_listener *listener;
	struct tsr_mmu_context context;
	uint64_t pdpte[4];
};

struct mmu {
	const struct tsr_host *host;
	const struct tsr_phys *phys;
	uint8_t *empty;  /* the read and the write table of both views: only zeros */
	uint64_t *code;  /* bit per physical page: code_written is asked for */
	uint64_t *table; /* the same: a fetch went through an entry in it */
	struct vcpu *vcpus[VCPUS];
	uint32_t last_tag;
	uint64_t walks, faults, tag_changes;
};

static const struct tsr_mmu_layout layout = {
	.size = sizeof(layout),
	.read_table = 0,
	.write_table = TABLE_LENGTH,
};

static bool has_bit(const uint64_t *bits, tsr_gpa gpa)
{
	uint32_t pfn = gpa >> TSR_PAGE_SHIFT & (PFNS - 1);

	return bits[pfn / 64] >> pfn % 64 & 1;
}

static void put_bit(uint64_t *bits, tsr_gpa gpa, bool on)
{
	uint32_t pfn = gpa >> TSR_PAGE_SHIFT & (PFNS - 1);
	uint64_t bit = 1ull << pfn % 64;

	bits[pfn / 64] = on ? bits[pfn / 64] | bit : bits[pfn / 64] & ~bit;
}

/* -- fetch tags */

/* Never 0. After the last number the CPUs forget what they keep under any of them. */
static uint32_t next_tag(struct mmu *m)
{
	m->tag_changes++;
	if (++m->last_tag)
		return m->last_tag;
	for (unsigned i = 0; i < VCPUS; i++)
		if (m->vcpus[i])
			m->vcpus[i]->listener->code_unmapped(m->vcpus[i]->listener->self, 0,
							     EVERYWHERE);
	return ++m->last_tag;
}

static void new_tags(struct mmu *m, struct vcpu *v)
{
	for (unsigned view = 0; view < TSR_VIEWS; view++)
		v->public.fetch_tag[view] = next_tag(m);
}

static void change_tags(struct mmu *m)
{
	for (unsigned i = 0; i < VCPUS; i++) {
		struct vcpu *v = m->vcpus[i];

		if (!v)
			continue;
		new_tags(m, v);
		if (v->listener->tags_changed)
			v->listener->tags_changed(v->listener->self);
	}
}

/* -- translation */

static enum tsr_mmu_kind answer(struct tsr_mmu_result *result, enum tsr_mmu_kind kind,
				uint8_t *host, tsr_gpa gpa, uint32_t error_code)
{
	*result = (struct tsr_mmu_result){
		.kind = kind, .host = host, .gpa = gpa, .error_code = error_code
	};
	return kind;
}

static enum tsr_mmu_kind answer_fault(const struct tsr_mmu_context *c, enum tsr_mmu_view view,
				      enum tsr_mmu_access access, uint32_t error,
				      struct tsr_mmu_result *result)
{
	if (access == TSR_ACCESS_WRITE)
		error |= TSR_PF_W;
	if (view == TSR_VIEW_USER)
		error |= TSR_PF_U;
	if (access == TSR_ACCESS_FETCH && (c->cr4 & TSR_CR4_PAE) && (c->efer & TSR_EFER_NXE))
		error |= TSR_PF_I;
	return answer(result, TSR_MMU_FAULT, NULL, 0, error);
}

static enum tsr_mmu_kind translate(struct mmu *m, struct vcpu *v, enum tsr_mmu_view view,
				   tsr_gla gla, enum tsr_mmu_access access, struct walk *w,
				   struct tsr_mmu_result *result)
{
	const struct walk_tables tables = { m->host, m->phys, &v->context };
	struct tsr_phys_page page;
	uint32_t error;
	uint8_t *host;

	if (!tsr_walk(&tables, gla, w))
		return answer_fault(&v->context, view, access, w->error, result);
	error = v->context.cr0 & TSR_CR0_PG ? tsr_walk_permission(&v->context, view, access, w) : 0;
	if (error)
		return answer_fault(&v->context, view, access, error, result);
	m->phys->lookup(m->host, w->page, &page);
	host = access == TSR_ACCESS_WRITE ? page.write : page.read;
	if (!host)
		return answer(result, TSR_MMU_IO, NULL, page.gpa | (gla & TSR_PAGE_MASK), 0);
	return answer(result, TSR_MMU_TRACED, host + (gla & TSR_PAGE_MASK),
		      page.gpa | (gla & TSR_PAGE_MASK), 0);
}

static void code_written(struct mmu *m, tsr_gpa gpa, uint32_t length)
{
	if (!has_bit(m->code, gpa))
		return;
	for (unsigned i = 0; i < VCPUS; i++)
		if (m->vcpus[i])
			m->vcpus[i]->listener->code_written(m->vcpus[i]->listener->self, gpa,
							    length);
}

static void mark_dirty(struct mmu *m, tsr_gpa gpa)
{
	struct tsr_phys_page page;

	m->phys->lookup(m->host, gpa, &page);
	if (page.dirty_log)
		m->phys->mark_dirty(m->host, page.gpa);
}

/* A and D bits; they are in the entry's first byte. */
static void set_bits(struct mmu *m, struct walk_entry *e, uint32_t bits)
{
	if ((e->value & bits) == bits)
		return;
	if (!e->host) {
		m->phys->write(m->host, e->at, (uint32_t)e->value | bits, 4);
		return;
	}
	e->host[0] |= bits;
	mark_dirty(m, e->at);
	code_written(m, e->at, 1);
}

static enum tsr_mmu_kind mmu_fill(void *self, struct tsr_mmu_vcpu *public, enum tsr_mmu_view view,
				  tsr_gla gla, enum tsr_mmu_access access,
				  struct tsr_mmu_result *result)
{
	struct mmu *m = self;
	struct walk w;

	m->walks++;
	if (translate(m, (struct vcpu *)public, view, gla, access, &w, result) == TSR_MMU_FAULT) {
		m->faults++;
		return TSR_MMU_FAULT;
	}
	for (unsigned i = 0; i < w.count; i++) {
		bool dirty = access == TSR_ACCESS_WRITE && i == w.count - 1;

		set_bits(m, &w.entries[i], dirty ? TSR_PTE_A | TSR_PTE_D : TSR_PTE_A);
		if (access == TSR_ACCESS_FETCH)
			put_bit(m->table, w.entries[i].at, true);
	}
	if (access == TSR_ACCESS_WRITE && result->host)
		mark_dirty(m, result->gpa);
	return result->kind;
}

static enum tsr_mmu_kind mmu_probe(void *self, struct tsr_mmu_vcpu *public, enum tsr_mmu_view view,
				   tsr_gla gla, enum tsr_mmu_access access,
				   struct tsr_mmu_result *result)
{
	struct walk w;

	return translate(self, (struct vcpu *)public, view, gla, access, &w, result);
}

static bool same_context(const struct vcpu *v, const struct tsr_mmu_context *c)
{
	return v->context.cr0 == c->cr0 && v->context.cr3 == c->cr3 && v->context.cr4 == c->cr4 &&
	       v->context.efer == c->efer &&
	       (!c->pdpte || !memcmp(v->pdpte, c->pdpte, sizeof(v->pdpte)));
}

static void mmu_set_context(void *self, struct tsr_mmu_vcpu *public,
			    const struct tsr_mmu_context *context)
{
	struct vcpu *v = (struct vcpu *)public;

	if (same_context(v, context))
		return;
	v->context = *context;
	if (context->pdpte)
		memcpy(v->pdpte, context->pdpte, sizeof(v->pdpte));
	v->context.pdpte = v->pdpte;
	new_tags(self, v);
}

/* Nothing is kept that INVLPG could remove. */
static void mmu_invalidate(void *self, struct tsr_mmu_vcpu *public, tsr_gla gla)
{
}

static struct tsr_mmu_vcpu *mmu_create(void *self, const struct tsr_mmu_listener *listener)
{
	struct mmu *m = self;
	struct vcpu *v;
	unsigned n = 0;

	while (n < VCPUS && m->vcpus[n])
		n++;
	if (n == VCPUS)
		return NULL;
	v = calloc(1, sizeof(*v));
	if (!v)
		return NULL;
	v->listener = listener;
	v->context.pdpte = v->pdpte;
	for (unsigned view = 0; view < TSR_VIEWS; view++)
		v->public.base[view] = m->empty;
	new_tags(m, v);
	m->vcpus[n] = v;
	return &v->public;
}

static void mmu_destroy(void *self, struct tsr_mmu_vcpu *public)
{
	struct mmu *m = self;

	for (unsigned i = 0; i < VCPUS; i++)
		if (m->vcpus[i] == (struct vcpu *)public)
			m->vcpus[i] = NULL;
	free(public);
}

static const struct tsr_mmu_layout *mmu_layout(void *self)
{
	return &layout;
}

static void mmu_trace(void *self, tsr_gpa gpa, bool on)
{
	put_bit(((struct mmu *)self)->code, gpa, on);
}

/* Within one page. */
static void mmu_written(void *self, tsr_gpa gpa, uint32_t length)
{
	struct mmu *m = self;

	code_written(m, gpa, length);
	if (!has_bit(m->table, gpa))
		return;
	put_bit(m->table, gpa, false);
	change_tags(m);
}

static void mmu_stats(void *self, void (*put)(void *user, const char *name, uint64_t value),
		      void *user)
{
	const struct mmu *m = self;

	put(user, "mmu_walks", m->walks);
	put(user, "mmu_faults", m->faults);
	put(user, "mmu_tag_changes", m->tag_changes);
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
};

/* -- notifications by the core */

static void on_mapping_changed(void *self, tsr_gpa gpa, uint64_t length)
{
	struct mmu *m = self;

	for (unsigned i = 0; i < VCPUS; i++)
		if (m->vcpus[i])
			m->vcpus[i]->listener->code_unmapped(m->vcpus[i]->listener->self, gpa,
							     length);
	change_tags(m);
}

static void on_written(void *self, tsr_gpa gpa, uint64_t length)
{
	while (length) {
		uint32_t here = TSR_PAGE_SIZE - (uint32_t)(gpa & TSR_PAGE_MASK);

		here = here < length ? here : (uint32_t)length;
		mmu_written(self, gpa, here);
		gpa += here;
		length -= here;
	}
}

/* Each store asks, so the next one is seen anyway. */
static void on_protect(void *self, tsr_gpa gpa, uint64_t length)
{
}

static const struct tsr_phys_listener phys_listener = {
	.size = sizeof(struct tsr_phys_listener),
	.mapping_changed = on_mapping_changed,
	.written = on_written,
	.protect = on_protect,
};

/* -- life cycle */

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct mmu *m = self;

	m->host = host;
	m->phys = host->get(host, TSR_PHYS);
	if (!m->phys)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED, "the core has no " TSR_PHYS);
	m->empty = mmap(NULL, 2 * TABLE_LENGTH, PROT_READ,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (m->empty == MAP_FAILED)
		m->empty = NULL;
	m->code = calloc(PFNS / 64, sizeof(*m->code));
	m->table = calloc(PFNS / 64, sizeof(*m->table));
	if (!m->empty || !m->code || !m->table)
		return tsr_error_set(error, TSR_ERROR_FAILED, "there is no memory for its tables");
	return true;
}

static void detach(void *self)
{
	struct mmu *m = self;

	for (unsigned i = 0; i < VCPUS; i++)
		free(m->vcpus[i]);
	if (m->empty)
		munmap(m->empty, 2 * TABLE_LENGTH);
	free(m->code);
	free(m->table);
}

static const void *get_interface(void *self, const char *interface)
{
	if (strcmp(interface, TSR_MMU) == 0)
		return &mmu_table;
	return strcmp(interface, TSR_PHYS_LISTENER) == 0 ? &phys_listener : NULL;
}

/* There is nothing to save; a load has changed all of memory. */
static void save(void *self, struct tsr_state_writer *out)
{
}

static bool load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	on_mapping_changed(self, 0, EVERYWHERE);
	return true;
}

static const struct tsr_device_class class = {
	.size = sizeof(struct tsr_device_class),
	.instance_size = sizeof(struct mmu),
	.attach = attach,
	.detach = detach,
	.save = save,
	.load = load,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(class);
