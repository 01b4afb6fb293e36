/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The slow path of guest memory: translation by the MMU, accesses that cross a page (both pages are
 * translated before a byte moves), MMIO, traced pages, alignment checks, data breakpoints, and the
 * copy-on-write view of shadow runs. Segmentation: Intel SDM volume 3, 5.3 and 5.4.
 */
#include "debug.h"
#include "memory.h"
#include "overlay.h"

struct span {
	struct tsr_mmu_result part[2];
	uint32_t first; /* bytes in part[0] */
	uint32_t second;
};

static void translate_part(cpu *c, tsr_gla gla, enum tsr_mmu_access access, unsigned view,
			   struct tsr_mmu_result *result)
{
	enum tsr_mmu_kind kind;

	if (c->slow & SLOW_SHADOW)
		kind = c->mmu->probe(c->mmu_self, c->vcpu, view, gla, access, result);
	else
		kind = c->mmu->fill(c->mmu_self, c->vcpu, view, gla, access, result);
	result->kind = kind;
	if (kind == TSR_MMU_FAULT)
		fault_page(c, gla, result->error_code);
	if (kind == TSR_MMU_IO && (c->slow & SLOW_SHADOW))
		fault_stop(c, TSR_X86_IO);
}

static void translate(cpu *c, tsr_gla gla, uint32_t length, enum tsr_mmu_access access,
		      unsigned view, struct span *span)
{
	uint32_t room = TSR_PAGE_SIZE - (gla & TSR_PAGE_MASK);

	span->first = length <= room ? length : room;
	span->second = length - span->first;
	translate_part(c, gla, access, view, &span->part[0]);
	if (span->second)
		translate_part(c, gla + span->first, access, view, &span->part[1]);
}

/* The widest naturally aligned access that starts at `gpa` and is no longer than `length`. */
static unsigned io_width(tsr_gpa gpa, uint32_t length)
{
	unsigned width = 8;

	if (length == 8 || length == 4 || length == 2 || length == 1)
		return length;
	while (width > length || (gpa & (width - 1)))
		width /= 2;
	return width;
}

static void io_read(cpu *c, tsr_gpa gpa, uint8_t *to, uint32_t length)
{
	while (length) {
		unsigned width = io_width(gpa, length);
		uint64_t value = c->phys->read(c->host, gpa, width);

		memcpy(to, &value, width);
		gpa += width;
		to += width;
		length -= width;
	}
}

static void io_write(cpu *c, tsr_gpa gpa, const uint8_t *from, uint32_t length)
{
	while (length) {
		unsigned width = io_width(gpa, length);
		uint64_t value = 0;

		memcpy(&value, from, width);
		c->phys->write(c->host, gpa, value, width);
		gpa += width;
		from += width;
		length -= width;
	}
}

static void read_part(cpu *c, const struct tsr_mmu_result *part, void *to, uint32_t length)
{
	if (part->kind == TSR_MMU_IO)
		io_read(c, part->gpa, to, length);
	else if (c->slow & SLOW_SHADOW)
		overlay_read(c, part->gpa, part->host, to, length);
	else
		memcpy(to, part->host, length);
}

static void write_part(cpu *c, const struct tsr_mmu_result *part, const void *from, uint32_t length)
{
	if (part->kind == TSR_MMU_IO) {
		io_write(c, part->gpa, from, length);
		return;
	}
	if (c->slow & SLOW_SHADOW) {
		overlay_write(c, part->gpa, part->host, from, length);
		return;
	}
	memcpy(part->host, from, length);
	if (part->kind == TSR_MMU_TRACED)
		c->mmu->written(c->mmu_self, part->gpa, length);
}

void memory_check_alignment(cpu *c, tsr_gla gla, uint32_t alignment, unsigned view)
{
	if ((c->slow & SLOW_ALIGN) && view == TSR_VIEW_USER && (gla & (alignment - 1)))
		fault_code(c, TSR_VECTOR_AC, 0);
}

void memory_read_bytes(cpu *c, tsr_gla gla, void *to, uint32_t length, unsigned view)
{
	struct span span;

	translate(c, gla, length, TSR_ACCESS_READ, view, &span);
	if (c->slow & SLOW_WATCH)
		debug_data_access(c, gla, length, false);
	read_part(c, &span.part[0], to, span.first);
	if (span.second)
		read_part(c, &span.part[1], (uint8_t *)to + span.first, span.second);
}

void memory_write_bytes(cpu *c, tsr_gla gla, const void *from, uint32_t length, unsigned view)
{
	struct span span;

	translate(c, gla, length, TSR_ACCESS_WRITE, view, &span);
	if (c->slow & SLOW_WATCH)
		debug_data_access(c, gla, length, true);
	write_part(c, &span.part[0], from, span.first);
	if (span.second)
		write_part(c, &span.part[1], (const uint8_t *)from + span.first, span.second);
}

void memory_check_write(cpu *c, tsr_gla gla, uint32_t length, unsigned view)
{
	struct span span;

	translate(c, gla, length, TSR_ACCESS_WRITE, view, &span);
}

uint64_t memory_read_slow(cpu *c, tsr_gla gla, uint32_t size, unsigned view)
{
	uint64_t value = 0;

	memory_check_alignment(c, gla, size, view);
	memory_read_bytes(c, gla, &value, size, view);
	return value;
}

void memory_write_slow(cpu *c, tsr_gla gla, uint64_t value, uint32_t size, unsigned view)
{
	memory_check_alignment(c, gla, size, view);
	memory_write_bytes(c, gla, &value, size, view);
}

/* The read half of a read-modify-write: faults are those of the write. */
uint32_t memory_read_for_write(cpu *c, tsr_gla gla, uint32_t size)
{
	struct span span;
	uint32_t value = 0;

	memory_check_alignment(c, gla, size, c->view);
	translate(c, gla, size, TSR_ACCESS_WRITE, c->view, &span);
	read_part(c, &span.part[0], &value, span.first);
	if (span.second)
		read_part(c, &span.part[1], (uint8_t *)&value + span.first, span.second);
	return value;
}

uint8_t *memory_direct(cpu *c, tsr_gla gla, bool write)
{
	return memory_fast(c, write ? c->write_table : c->read_table, c->view, gla, 1);
}

/* -- segmentation */
static _Noreturn void limit_fault(cpu *c, unsigned segment)
{
	fault_code(c, segment == TSR_SS ? TSR_VECTOR_SS : TSR_VECTOR_GP, 0);
}

bool memory_inside_limit(const struct tsr_x86_segment *g, uint32_t offset, uint32_t size)
{
	uint32_t last = offset + size - 1;

	if ((g->access & (TSR_SEG_CODE | TSR_SEG_E)) == TSR_SEG_E) { /* expand-down data */
		uint32_t top = g->access & TSR_SEG_DB ? 0xffffffff : 0xffff;

		return offset > g->limit && offset <= top && last >= offset && last <= top;
	}
	if (g->limit == 0xffffffff)
		return true; /* a 4 GiB segment wraps */
	return last >= offset && last <= g->limit;
}

tsr_gla memory_linear_slow(cpu *c, unsigned segment, uint32_t offset, uint32_t size, bool write)
{
	const struct tsr_x86_segment *g = &c->s->segment[segment];

	if (!paragraph_mode(c)) {
		bool code = g->access & TSR_SEG_CODE;

		if (!(g->access & TSR_SEG_P))
			limit_fault(c, segment); /* null, or cleared by a return to an outer ring */
		if (write ? code || !(g->access & TSR_SEG_W) : code && !(g->access & TSR_SEG_R))
			limit_fault(c, segment);
	}
	if (!memory_inside_limit(g, offset, size))
		limit_fault(c, segment);
	return g->base + offset;
}
