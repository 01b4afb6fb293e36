/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* IN and OUT. The I/O permission bitmap: Intel SDM volume 1, 19.5 and volume 2 (IN); both bytes of
 * it are always read. */
#include "debug.h"
#include "io.h"
#include "memory.h"
#include "instructions.h"

void io_check(cpu *c, uint16_t port, unsigned size)
{
	const struct tsr_x86_segment *tr = &c->s->tr;
	uint32_t at, mask;

	if (!protected_mode(c) || (!v86_mode(c) && c->s->cpl <= iopl(c)))
		return;
	if (!(tr->access & TSR_SEG_P) || !(tr->access & TSR_SEG_32) || tr->limit < TSR_TSS32_LIMIT)
		fault_gp0(c);
	at = memory_read16(c, tr->base + TSR_TSS32_IO_MAP, TSR_VIEW_SUPERVISOR) + port / 8;
	if (at + 1 > tr->limit)
		fault_gp0(c);
	mask = ((1u << size) - 1) << (port & 7);
	if (memory_read16(c, tr->base + at, TSR_VIEW_SUPERVISOR) & mask)
		fault_gp0(c);
}

uint32_t io_in(cpu *c, uint16_t port, unsigned size)
{
	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	if (debug_watching(c))
		debug_port_access(c, port, size);
	return c->cpu_host->port_read(c->host, port, size);
}

void io_out(cpu *c, uint16_t port, uint32_t value, unsigned size)
{
	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	if (debug_watching(c))
		debug_port_access(c, port, size);
	c->cpu_host->port_write(c->host, port, value & size_mask(size), size);
}

static void in(cpu *c, const struct op *op, uint16_t port)
{
	io_check(c, port, op->size);
	reg_set(c, TSR_EAX, op->size, io_in(c, port, op->size));
}

static void out(cpu *c, const struct op *op, uint16_t port)
{
	io_check(c, port, op->size);
	io_out(c, port, c->s->gpr[TSR_EAX], op->size);
}

void op_in_imm(cpu *c, const struct op *op)
{
	in(c, op, op->imm & 0xff);
}

void op_in_dx(cpu *c, const struct op *op)
{
	in(c, op, (uint16_t)c->s->gpr[TSR_EDX]);
}

void op_out_imm(cpu *c, const struct op *op)
{
	out(c, op, op->imm & 0xff);
}

void op_out_dx(cpu *c, const struct op *op)
{
	out(c, op, (uint16_t)c->s->gpr[TSR_EDX]);
}
