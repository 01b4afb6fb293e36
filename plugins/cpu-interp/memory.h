/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Guest memory as instructions see it. Fast path: one look-up in the MMU's read or write table of
 * the current view. Everything else (page ends, MMIO, tracing, watchpoints, alignment checks,
 * shadow runs) is in memory.c.
 */
#ifndef INTERP_MEMORY_H
#define INTERP_MEMORY_H

#include "fault.h"

uint64_t memory_read_slow(cpu *c, tsr_gla gla, uint32_t size, unsigned view);
void memory_write_slow(cpu *c, tsr_gla gla, uint64_t value, uint32_t size, unsigned view);
/* Any length up to a page: every page is checked before the first byte moves. */
void memory_read_bytes(cpu *c, tsr_gla gla, void *to, uint32_t length, unsigned view);
void memory_write_bytes(cpu *c, tsr_gla gla, const void *from, uint32_t length, unsigned view);
/* Raises the fault that a write to the range would raise; nothing is written. The range is up to a
 * page long. */
void memory_check_write(cpu *c, tsr_gla gla, uint32_t length, unsigned view);
/* #AC if CR0.AM and EFLAGS.AC are set in ring 3. Reads and writes of up to 8 bytes by value do the
 * check themselves. */
void memory_check_alignment(cpu *c, tsr_gla gla, uint32_t alignment, unsigned view);
/* Segmentation in full: #GP(0) or #SS(0), else the linear address. */
tsr_gla memory_linear_slow(cpu *c, unsigned segment, uint32_t offset, uint32_t size, bool write);
bool memory_inside_limit(const struct tsr_x86_segment *g, uint32_t offset, uint32_t size);
/* How many bytes from `gla` on (up to the page's end) may be read or written directly: the host
 * address, or NULL. */
uint8_t *memory_direct(cpu *c, tsr_gla gla, bool write);

static inline int64_t memory_entry(const cpu *c, int64_t table, unsigned view, tsr_gla gla)
{
	return ((const int64_t *)(c->vcpu->base[view] + table))[gla >> TSR_PAGE_SHIFT];
}

static inline uint8_t *memory_fast(const cpu *c, int64_t table, unsigned view, tsr_gla gla,
				   uint32_t size)
{
	int64_t entry;

	if (unlikely((gla & TSR_PAGE_MASK) + size > TSR_PAGE_SIZE || c->slow))
		return NULL;
	entry = memory_entry(c, table, view, gla);
	return entry ? (uint8_t *)(uintptr_t)((int64_t)(uint64_t)gla + entry) : NULL;
}

#define MEMORY_ACCESS(bits) \
	static inline uint##bits##_t memory_read##bits(cpu *c, tsr_gla gla, unsigned view) \
	{ \
		const uint8_t *p = memory_fast(c, c->read_table, view, gla, bits / 8); \
		uint##bits##_t value; \
		if (unlikely(!p)) \
			return (uint##bits##_t)memory_read_slow(c, gla, bits / 8, view); \
		memcpy(&value, p, sizeof(value)); \
		return value; \
	} \
	static inline void memory_write##bits(cpu *c, tsr_gla gla, uint##bits##_t value, \
					      unsigned view) \
	{ \
		uint8_t *p = memory_fast(c, c->write_table, view, gla, bits / 8); \
		if (unlikely(!p)) \
			memory_write_slow(c, gla, value, bits / 8, view); \
		else \
			memcpy(p, &value, sizeof(value)); \
	}
MEMORY_ACCESS(8)
MEMORY_ACCESS(16)
MEMORY_ACCESS(32)
MEMORY_ACCESS(64)
#undef MEMORY_ACCESS

static inline uint32_t memory_read(cpu *c, tsr_gla gla, unsigned size, unsigned view)
{
	return size == 4   ? memory_read32(c, gla, view)
	       : size == 2 ? memory_read16(c, gla, view)
			   : memory_read8(c, gla, view);
}

static inline void memory_write(cpu *c, tsr_gla gla, uint32_t value, unsigned size, unsigned view)
{
	if (size == 4)
		memory_write32(c, gla, value, view);
	else if (size == 2)
		memory_write16(c, gla, (uint16_t)value, view);
	else
		memory_write8(c, gla, (uint8_t)value, view);
}

/* -- through a segment */
static inline tsr_gla memory_linear(cpu *c, unsigned segment, uint32_t offset, uint32_t size,
				    bool write)
{
	const struct tsr_x86_segment *g = &c->s->segment[segment];

	if (likely((c->rights[segment] & (write ? SEG_WRITE : SEG_READ)) && offset <= g->limit &&
		   size - 1 <= g->limit - offset))
		return g->base + offset;
	return memory_linear_slow(c, segment, offset, size, write);
}

static inline uint32_t memory_offset(const cpu *c, const struct op *op)
{
	uint32_t offset = op->disp;

	if (op->base != OP_NONE)
		offset += *(const uint32_t *)((const uint8_t *)c->s->gpr + op->base);
	if (op->index != OP_NONE)
		offset += *(const uint32_t *)((const uint8_t *)c->s->gpr + op->index) << op->scale;
	return op->flags & OP_ADDR16 ? offset & 0xffff : offset;
}

static inline tsr_gla memory_operand(cpu *c, const struct op *op, uint32_t size, bool write)
{
	return memory_linear(c, op->segment, memory_offset(c, op), size, write);
}

/* The ModRM operand, register or memory. */
static inline uint32_t operand_read(cpu *c, const struct op *op, unsigned size)
{
	if (!(op->flags & OP_MEM))
		return reg_get(c, op->rm, size);
	return memory_read(c, memory_operand(c, op, size, false), size, c->view);
}

static inline void operand_write(cpu *c, const struct op *op, unsigned size, uint32_t value)
{
	if (!(op->flags & OP_MEM))
		reg_set(c, op->rm, size, value);
	else
		memory_write(c, memory_operand(c, op, size, true), value, size, c->view);
}

/* A place that is read, changed and written back: a register, plain memory (both by pointer), or
 * any other memory. */
struct place {
	uint8_t *p; /* NULL: memory that needs memory_write_slow at gla */
	tsr_gla gla;
};

uint32_t memory_read_for_write(cpu *c, tsr_gla gla, uint32_t size);

static inline uint32_t place_load(const uint8_t *p, unsigned size)
{
	if (size == 4) {
		uint32_t v;
		memcpy(&v, p, 4);
		return v;
	}
	if (size == 2) {
		uint16_t v;
		memcpy(&v, p, 2);
		return v;
	}
	return *p;
}

static inline uint32_t place_read_at(cpu *c, tsr_gla gla, unsigned size, struct place *place)
{
	place->gla = gla;
	place->p = memory_fast(c, c->write_table, c->view, gla, size);
	return likely(place->p) ? place_load(place->p, size) : memory_read_for_write(c, gla, size);
}

static inline uint32_t place_read(cpu *c, const struct op *op, unsigned size, struct place *place)
{
	if (!(op->flags & OP_MEM)) {
		place->p = (uint8_t *)c->s->gpr + op->rm;
		place->gla = 0;
		return place_load(place->p, size);
	}
	return place_read_at(c, memory_operand(c, op, size, true), size, place);
}

static inline void place_write(cpu *c, const struct place *place, unsigned size, uint32_t value)
{
	if (unlikely(!place->p))
		memory_write_slow(c, place->gla, value, size, c->view);
	else
		memcpy(place->p, &value, size);
}

/* -- the stack */
static inline uint32_t stack_pointer(const cpu *c)
{
	return c->s->gpr[TSR_ESP] & c->stack_mask;
}

static inline void stack_set_pointer(cpu *c, uint32_t value)
{
	uint32_t *esp = &c->s->gpr[TSR_ESP];

	*esp = (*esp & ~c->stack_mask) | (value & c->stack_mask);
}

/* The value `depth` bytes above the top; ESP stays. */
static inline uint32_t stack_peek(cpu *c, uint32_t depth, unsigned size)
{
	uint32_t at = (c->s->gpr[TSR_ESP] + depth) & c->stack_mask;

	return memory_read(c, memory_linear(c, TSR_SS, at, size, false), size, c->view);
}

static inline void stack_push(cpu *c, uint32_t value, unsigned size)
{
	uint32_t at = (c->s->gpr[TSR_ESP] - size) & c->stack_mask;

	memory_write(c, memory_linear(c, TSR_SS, at, size, true), value, size, c->view);
	stack_set_pointer(c, at);
}

static inline uint32_t stack_pop(cpu *c, unsigned size)
{
	uint32_t value = stack_peek(c, 0, size);

	stack_set_pointer(c, c->s->gpr[TSR_ESP] + size);
	return value;
}

#endif
