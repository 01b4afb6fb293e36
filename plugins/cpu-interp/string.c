/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * MOVS CMPS STOS LODS SCAS INS OUTS and their REP forms. A REP form is exact after every iteration:
 * it stops between two when a request is pending (EIP stays), and at a fault the registers are as
 * the finished iterations left them. Where source and destination are plain memory, the host's own
 * string instruction does forward runs up to the next page end.
 */
#include "flags.h"
#include "io.h"
#include "memory.h"
#include "instructions.h"

/* A REP instruction is interrupted after this much work, so that the caller can check its own
 * requests. One element alone costs as much as some hundreds in a run. */
#define REP_CHUNK (1u << 20)
#define REP_SINGLE 256u

static inline uint32_t address_mask(const struct op *op)
{
	return op->flags & OP_ADDR16 ? 0xffff : 0xffffffff;
}

static inline uint32_t index_get(const cpu *c, const struct op *op, unsigned reg)
{
	return c->s->gpr[reg] & address_mask(op);
}

static inline void index_add(cpu *c, const struct op *op, unsigned reg, uint32_t bytes)
{
	uint32_t mask = address_mask(op), *r = &c->s->gpr[reg];

	*r = (*r & ~mask) | ((*r + bytes) & mask);
}

static inline uint32_t step_of(const cpu *c, const struct op *op)
{
	return c->s->eflags & TSR_FLAG_DF ? -(uint32_t)op->size : op->size;
}

static inline tsr_gla source(cpu *c, const struct op *op)
{
	return memory_linear(c, op->segment, index_get(c, op, TSR_ESI), op->size, false);
}

static inline tsr_gla destination(cpu *c, const struct op *op, bool write)
{
	return memory_linear(c, TSR_ES, index_get(c, op, TSR_EDI), op->size, write);
}

/* -- one element */
static void movs_one(cpu *c, const struct op *op)
{
	uint32_t value = memory_read(c, source(c, op), op->size, c->view), step = step_of(c, op);

	memory_write(c, destination(c, op, true), value, op->size, c->view);
	index_add(c, op, TSR_ESI, step);
	index_add(c, op, TSR_EDI, step);
}

static void stos_one(cpu *c, const struct op *op)
{
	memory_write(c, destination(c, op, true), c->s->gpr[TSR_EAX], op->size, c->view);
	index_add(c, op, TSR_EDI, step_of(c, op));
}

static void lods_one(cpu *c, const struct op *op)
{
	reg_set(c, TSR_EAX, op->size, memory_read(c, source(c, op), op->size, c->view));
	index_add(c, op, TSR_ESI, step_of(c, op));
}

FLAGS_BINARY(host_cmp8, uint8_t, "cmpb %2, %0")
FLAGS_BINARY(host_cmp16, uint16_t, "cmpw %2, %0")
FLAGS_BINARY(host_cmp32, uint32_t, "cmpl %2, %0")

static void compare(cpu *c, uint32_t d, uint32_t s, unsigned size)
{
	uint32_t *f = &c->s->eflags;

	if (size == 4)
		host_cmp32(f, d, s);
	else if (size == 2)
		host_cmp16(f, (uint16_t)d, (uint16_t)s);
	else
		host_cmp8(f, (uint8_t)d, (uint8_t)s);
}

static void cmps_one(cpu *c, const struct op *op)
{
	uint32_t a = memory_read(c, source(c, op), op->size, c->view);
	uint32_t b = memory_read(c, destination(c, op, false), op->size, c->view),
		 step = step_of(c, op);

	compare(c, a, b, op->size);
	index_add(c, op, TSR_ESI, step);
	index_add(c, op, TSR_EDI, step);
}

static void scas_one(cpu *c, const struct op *op)
{
	uint32_t b = memory_read(c, destination(c, op, false), op->size, c->view);

	compare(c, reg_get(c, TSR_EAX, op->size), b, op->size);
	index_add(c, op, TSR_EDI, step_of(c, op));
}

/* op_ins and op_outs check the permission for the port, even if the count is 0. The destination is
 * checked before the port is read. */
static void ins_one(cpu *c, const struct op *op)
{
	uint16_t port = (uint16_t)c->s->gpr[TSR_EDX];
	tsr_gla gla;

	gla = destination(c, op, true);
	memory_check_write(c, gla, op->size, c->view);
	memory_write(c, gla, io_in(c, port, op->size), op->size, c->view);
	index_add(c, op, TSR_EDI, step_of(c, op));
}

static void outs_one(cpu *c, const struct op *op)
{
	uint16_t port = (uint16_t)c->s->gpr[TSR_EDX];
	uint32_t value;

	value = memory_read(c, source(c, op), op->size, c->view);
	io_out(c, port, value, op->size);
	index_add(c, op, TSR_ESI, step_of(c, op));
}

/* -- runs of plain memory */

/* Elements from `offset` on that stay in the page, the segment and the 16-bit offset range: their
 * host address. */
static uint8_t *run_at(cpu *c, const struct op *op, unsigned segment, uint32_t offset, bool write,
		       uint32_t *count)
{
	const struct tsr_x86_segment *g = &c->s->segment[segment];
	uint32_t top = g->limit < address_mask(op) ? g->limit : address_mask(op), room,
		 n = op->size;
	tsr_gla gla = g->base + offset;

	if (!(c->rights[segment] & (write ? SEG_WRITE : SEG_READ)) || offset > top)
		return NULL;
	room = TSR_PAGE_SIZE - (gla & TSR_PAGE_MASK);
	if (top - offset < room)
		room = top - offset; /* a byte less than allowed, to avoid an overflow */
	if (*count > room / n)
		*count = room / n;
	return *count ? memory_direct(c, gla, write) : NULL;
}

static uint32_t movs_run(cpu *c, const struct op *op, uint32_t count)
{
	uint8_t *to = run_at(c, op, TSR_ES, index_get(c, op, TSR_EDI), true, &count);
	uint8_t *from =
		to ? run_at(c, op, op->segment, index_get(c, op, TSR_ESI), false, &count) : NULL;
	uint64_t left = count;

	if (!from)
		return 0;
	if (op->size == 4)
		__asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(left) : : "memory");
	else if (op->size == 2)
		__asm__ volatile("rep movsw" : "+D"(to), "+S"(from), "+c"(left) : : "memory");
	else
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(left) : : "memory");
	index_add(c, op, TSR_ESI, count * op->size);
	index_add(c, op, TSR_EDI, count * op->size);
	return count;
}

static uint32_t stos_run(cpu *c, const struct op *op, uint32_t count)
{
	uint8_t *to = run_at(c, op, TSR_ES, index_get(c, op, TSR_EDI), true, &count);
	uint32_t eax = c->s->gpr[TSR_EAX];
	uint64_t left = count;

	if (!to)
		return 0;
	if (op->size == 4)
		__asm__ volatile("rep stosl" : "+D"(to), "+c"(left) : "a"(eax) : "memory");
	else if (op->size == 2)
		__asm__ volatile("rep stosw" : "+D"(to), "+c"(left) : "a"(eax) : "memory");
	else
		__asm__ volatile("rep stosb" : "+D"(to), "+c"(left) : "a"(eax) : "memory");
	index_add(c, op, TSR_EDI, count * op->size);
	return count;
}

/* -- REP */
typedef void one_fn(cpu *c, const struct op *op);
typedef uint32_t run_fn(cpu *c, const struct op *op, uint32_t count);

static void counter_set(cpu *c, const struct op *op, uint32_t value)
{
	reg_set(c, TSR_ECX * 4, op->flags & OP_ADDR16 ? 2 : 4, value);
}

static inline __attribute__((always_inline)) void repeat(cpu *c, const struct op *op, one_fn *one,
							 run_fn *run, bool compares)
{
	uint32_t count, budget = REP_CHUNK, done, cost;

	if (!(op->flags & (OP_REP | OP_REPNE))) {
		one(c, op);
		return;
	}
	c->rep_started = false;
	count = index_get(c, op, TSR_ECX);
	while (count) {
		done = run && !(c->s->eflags & TSR_FLAG_DF) && count > 1 && !c->slow &&
				       !atomic_load_explicit(&c->attention, memory_order_relaxed)
			       ? run(c, op, count)
			       : 0;
		cost = done;
		if (!done) {
			one(c, op);
			done = 1;
			cost = REP_SINGLE;
		}
		count -= done;
		counter_set(c, op, count);
		if (compares && !(c->s->eflags & TSR_FLAG_ZF) == !(op->flags & OP_REPNE))
			return;
		budget -= cost < budget ? cost : budget;
		if (count && (atomic_load_explicit(&c->attention, memory_order_relaxed) ||
			      (!budget && !(c->slow & SLOW_SHADOW)))) {
			c->next_eip = c->s->eip;
			c->partial = true;
			c->rep_started = true;
			return;
		}
	}
}

void op_movs(cpu *c, const struct op *op)
{
	repeat(c, op, movs_one, movs_run, false);
}

void op_stos(cpu *c, const struct op *op)
{
	repeat(c, op, stos_one, stos_run, false);
}

void op_lods(cpu *c, const struct op *op)
{
	repeat(c, op, lods_one, NULL, false);
}

void op_cmps(cpu *c, const struct op *op)
{
	repeat(c, op, cmps_one, NULL, true);
}

void op_scas(cpu *c, const struct op *op)
{
	repeat(c, op, scas_one, NULL, true);
}

void op_ins(cpu *c, const struct op *op)
{
	io_check(c, (uint16_t)c->s->gpr[TSR_EDX], op->size);
	repeat(c, op, ins_one, NULL, false);
}

void op_outs(cpu *c, const struct op *op)
{
	io_check(c, (uint16_t)c->s->gpr[TSR_EDX], op->size);
	repeat(c, op, outs_one, NULL, false);
}
