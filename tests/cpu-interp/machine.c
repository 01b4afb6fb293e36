/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/mman.h>

#include "../../plugins/cpu-interp/derived.h"
#include "../../plugins/cpu-interp/run.h"
#include "machine.h"

#define TABLE_BYTES ((size_t)8 << 20)

static struct machine *of_host(const struct tsr_host *host)
{
	return (struct machine *)((char *)(uintptr_t)host - offsetof(struct machine, host));
}

static void *reserve(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		abort();
	return p;
}

/* -- MMU */
static const struct tsr_mmu_layout *mmu_layout(void *self)
{
	return &((struct machine *)self)->layout;
}

static struct tsr_mmu_vcpu *mmu_create(void *self, const struct tsr_mmu_listener *listener)
{
	return &((struct machine *)self)->vcpu;
}

static void mmu_destroy(void *self, struct tsr_mmu_vcpu *v)
{
}

static void mmu_set_context(void *self, struct tsr_mmu_vcpu *v,
			    const struct tsr_mmu_context *context)
{
	struct machine *m = self;

	m->context = *context;
	m->contexts++;
}

static enum tsr_mmu_kind look(struct machine *m, enum tsr_mmu_view view, tsr_gla gla,
			      enum tsr_mmu_access access, struct tsr_mmu_result *result)
{
	uint8_t kind = m->kind[gla >> TSR_PAGE_SHIFT];
	uint32_t code = (access == TSR_ACCESS_WRITE ? 2 : 0) | (view == TSR_VIEW_USER ? 4 : 0);

	*result = (struct tsr_mmu_result){ .gpa = gla, .host = m->ram + gla };
	if (kind == PAGE_ABSENT || (kind == PAGE_READ_ONLY && access == TSR_ACCESS_WRITE)) {
		result->error_code = code | (kind == PAGE_READ_ONLY);
		return result->kind = TSR_MMU_FAULT;
	}
	if (kind == PAGE_IO || gla >= MACHINE_RAM)
		return result->kind = TSR_MMU_IO;
	return result->kind = kind == PAGE_TRACED && access == TSR_ACCESS_WRITE ? TSR_MMU_TRACED
										: TSR_MMU_RAM;
}

static enum tsr_mmu_kind mmu_fill(void *self, struct tsr_mmu_vcpu *v, enum tsr_mmu_view view,
				  tsr_gla gla, enum tsr_mmu_access access,
				  struct tsr_mmu_result *result)
{
	struct machine *m = self;
	enum tsr_mmu_kind kind = look(m, view, gla, access, result);
	int64_t table = access == TSR_ACCESS_WRITE ? m->layout.write_table : m->layout.read_table;

	if (kind == TSR_MMU_RAM && access != TSR_ACCESS_FETCH)
		((int64_t *)(v->base[view] + table))[gla >> TSR_PAGE_SHIFT] =
			(int64_t)(uintptr_t)m->ram;
	return kind;
}

static enum tsr_mmu_kind mmu_probe(void *self, struct tsr_mmu_vcpu *v, enum tsr_mmu_view view,
				   tsr_gla gla, enum tsr_mmu_access access,
				   struct tsr_mmu_result *result)
{
	return look(self, view, gla, access, result);
}

static void mmu_invalidate(void *self, struct tsr_mmu_vcpu *v, tsr_gla gla)
{
}

static void mmu_written(void *self, tsr_gpa gpa, uint32_t length)
{
	((struct machine *)self)->written_count++;
}

/* -- the physical map and the core */
static uint64_t phys_read(const struct tsr_host *host, tsr_gpa gpa, unsigned width)
{
	struct machine *m = of_host(host);
	uint64_t value = m->io_value;

	if (gpa + width <= MACHINE_RAM && m->kind[gpa >> TSR_PAGE_SHIFT] != PAGE_IO) {
		value = 0;
		memcpy(&value, m->ram + gpa, width);
		return value;
	}
	m->io_gpa = gpa;
	m->io_width = width;
	m->io_count++;
	return value;
}

static void phys_write(const struct tsr_host *host, tsr_gpa gpa, uint64_t value, unsigned width)
{
	struct machine *m = of_host(host);

	m->io_gpa = gpa;
	m->io_written = value;
	m->io_width = width;
	m->io_count++;
}

static uint32_t host_port_read(const struct tsr_host *host, uint16_t port, unsigned width)
{
	struct machine *m = of_host(host);

	if (m->port_read)
		return m->port_read(m, port, width);
	m->io_gpa = port;
	m->io_width = width;
	m->io_count++;
	return (uint32_t)m->io_value;
}

static void host_port_write(const struct tsr_host *host, uint16_t port, uint32_t value,
			    unsigned width)
{
	struct machine *m = of_host(host);

	if (m->port_write) {
		m->port_write(m, port, value, width);
		return;
	}
	m->io_gpa = port;
	m->io_written = value;
	m->io_width = width;
	m->io_count++;
}

static uint64_t host_tsc(const struct tsr_host *host)
{
	return of_host(host)->tsc += 100;
}

struct machine *machine_new(const char *model)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct tsr_x86_env env;

	m->ram = reserve(MACHINE_RAM + TSR_PAGE_SIZE);
	m->tables = reserve(4 * TABLE_BYTES);
	m->kind = calloc(1, 1 << 20);
	m->layout = (struct tsr_mmu_layout){ .size = sizeof(m->layout),
					     .read_table = 0,
					     .write_table = TABLE_BYTES };
	m->vcpu.base[TSR_VIEW_SUPERVISOR] = m->tables;
	m->vcpu.base[TSR_VIEW_USER] = m->tables + 2 * TABLE_BYTES;
	m->vcpu.fetch_tag[0] = m->vcpu.fetch_tag[1] = 1;
	m->mmu = (struct tsr_mmu){ .size = sizeof(m->mmu),
				   .create = mmu_create,
				   .destroy = mmu_destroy,
				   .layout = mmu_layout,
				   .set_context = mmu_set_context,
				   .fill = mmu_fill,
				   .probe = mmu_probe,
				   .invalidate = mmu_invalidate,
				   .written = mmu_written };
	m->phys = (struct tsr_phys){ .size = sizeof(m->phys),
				     .read = phys_read,
				     .write = phys_write };
	m->cpu_host = (struct tsr_cpu_host){ .size = sizeof(m->cpu_host),
					     .port_read = host_port_read,
					     .port_write = host_port_write,
					     .tsc = host_tsc };
	env = (struct tsr_x86_env){ .size = sizeof(env),
				    .state = &m->state,
				    .mmu = &m->mmu,
				    .mmu_self = m,
				    .mmu_vcpu = &m->vcpu,
				    .phys = &m->phys,
				    .cpu_host = &m->cpu_host,
				    .host = &m->host,
				    .model = model };
	m->c = aligned_alloc(64, (sizeof(*m->c) + 63) & ~(size_t)63);
	memset(m->c, 0, sizeof(*m->c));
	if (!cpu_init(m->c, &env, NULL))
		abort();
	machine_flat(m, 0);
	return m;
}

void machine_free(struct machine *m)
{
	cpu_finish(m->c);
	free(m->c);
	munmap(m->ram, MACHINE_RAM + TSR_PAGE_SIZE);
	munmap(m->tables, 4 * TABLE_BYTES);
	free(m->kind);
	free(m);
}

void machine_set_page(struct machine *m, tsr_gla gla, enum page_kind kind)
{
	m->kind[gla >> TSR_PAGE_SHIFT] = (uint8_t)kind;
	for (unsigned i = 0; i < 4; i++)
		((int64_t *)(m->tables + i * TABLE_BYTES))[gla >> TSR_PAGE_SHIFT] = 0;
}

void machine_refresh(struct machine *m)
{
	m->c->fetch_generation++;

	cpu_refresh(m->c);
}

static void clear_state(struct machine *m)
{
	struct tsr_x86_state *s = &m->state;
	static const uint16_t fcw = 0x37f;
	static const uint32_t mxcsr = 0x1f80;

	memset(s, 0, sizeof(*s));
	s->version = TSR_X86_STATE_VERSION;
	s->size = sizeof(*s);
	s->eflags = 2;
	s->dr[6] = 0xffff0ff0;
	s->dr[7] = 0x400;
	s->cr0 = TSR_CR0_ET | TSR_CR0_NE;
	s->cr4 = TSR_CR4_OSFXSR | TSR_CR4_OSXMMEXCPT;
	s->gdtr.limit = s->idtr.limit = 0xffff;
	memcpy(s->fx, &fcw, 2);
	memcpy(s->fx + 24, &mxcsr, 4);
}

void machine_flat(struct machine *m, unsigned cpl)
{
	struct tsr_x86_state *s = &m->state;
	uint16_t access = (uint16_t)(0xc093 | cpl << 5);

	clear_state(m);
	s->cr0 |= TSR_CR0_PE;
	s->cpl = cpl;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i] =
			(struct tsr_x86_segment){ (uint16_t)(0x10 | cpl), access, 0xffffffff, 0 };
	s->segment[TSR_CS] =
		(struct tsr_x86_segment){ (uint16_t)(0x08 | cpl), (uint16_t)(0xc09b | cpl << 5),
					  0xffffffff, 0 };
	machine_refresh(m);
}

void machine_real(struct machine *m)
{
	clear_state(m);
	m->state.idtr.limit = 0x3ff;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		m->state.segment[i] = (struct tsr_x86_segment){ 0, 0x93, 0xffff, 0 };
	machine_refresh(m);
}

void machine_descriptor(struct machine *m, unsigned selector, uint32_t base, uint32_t limit,
			unsigned access)
{
	tsr_gla at = (selector & 4 ? MACHINE_LDT : MACHINE_GDT) + (selector & 0xfff8);

	machine_poke(m, at, (limit & 0xffff) | base << 16, 4);
	machine_poke(m, at + 4,
		     (base >> 16 & 0xff) | (access & 0xf0ff) << 8 | (limit & 0xf0000) |
			     (base & 0xff000000),
		     4);
}

void machine_gate(struct machine *m, tsr_gla at, unsigned selector, uint32_t offset,
		  unsigned access, unsigned count)
{
	machine_poke(m, at, (offset & 0xffff) | selector << 16, 4);
	machine_poke(m, at + 4, (offset & 0xffff0000) | access << 8 | count, 4);
}

void machine_idt(struct machine *m, unsigned vector, unsigned selector, uint32_t offset,
		 unsigned access)
{
	machine_gate(m, MACHINE_IDT + 8 * vector, selector, offset, access, 0);
}

void machine_tables(struct machine *m)
{
	struct tsr_x86_state *s = &m->state;

	memset(m->ram + MACHINE_GDT, 0, 0x4000);
	machine_descriptor(m, SEL_CODE0, 0, 0xfffff, 0xc09b);
	machine_descriptor(m, SEL_DATA0, 0, 0xfffff, 0xc093);
	machine_descriptor(m, SEL_CODE3, 0, 0xfffff, 0xc0fb);
	machine_descriptor(m, SEL_DATA3, 0, 0xfffff, 0xc0f3);
	machine_descriptor(m, SEL_TSS, MACHINE_TSS, 0x1fff, 0x008b);
	machine_descriptor(m, SEL_CODE0_16, 0, 0xffff, 0x009b);
	machine_descriptor(m, SEL_DATA0_16, 0, 0xffff, 0x0093);
	machine_descriptor(m, SEL_CODE3_16, 0, 0xffff, 0x00fb);
	machine_descriptor(m, SEL_DATA3_16, 0, 0xffff, 0x00f3);
	machine_descriptor(m, SEL_CONFORMING, 0, 0xfffff, 0xc09f);
	machine_poke(m, MACHINE_TSS + 4, MACHINE_STACK0, 4);
	machine_poke(m, MACHINE_TSS + 8, SEL_DATA0, 4);
	machine_poke(m, MACHINE_TSS + 0x66, 0x68, 2);
	s->gdtr.base = MACHINE_GDT;
	s->gdtr.limit = 0xfff;
	s->idtr.base = MACHINE_IDT;
	s->idtr.limit = 0x7ff;
	s->ldtr = (struct tsr_x86_segment){ 0x58, 0x82, 0xfff, MACHINE_LDT };
	s->tr = (struct tsr_x86_segment){ SEL_TSS, 0x8b, 0x1fff, MACHINE_TSS };
}

uint32_t machine_peek(const struct machine *m, tsr_gla at, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, m->ram + at, size);
	return value;
}

void machine_poke(struct machine *m, tsr_gla at, uint32_t value, unsigned size)
{
	memcpy(m->ram + at, &value, size);
}

unsigned machine_code(struct machine *m, tsr_gla at, const char *hex)
{
	unsigned n = 0;

	for (; *hex; hex++) {
		char pair[3] = { hex[0], 0, 0 };

		if (*hex == ' ')
			continue;
		pair[1] = *++hex;
		m->ram[at + n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

enum tsr_x86_stop machine_step(struct machine *m, uint64_t count)
{
	machine_refresh(m);
	return cpu_step(m->c, count, NULL);
}
