/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x87: the guest's instruction runs on the host's unit with the guest's control word, so results,
 * flags and the responses to unmasked exceptions are those of the hardware; FXSAVE, which does not
 * wait, reads the image back. FIP, FCS, FDP, FDS and FOP are computed here, because the host would
 * record its own addresses (AMD records none). Exceptions are delivered by the next waiting
 * instruction: #MF with CR0.NE, else FERR#, and the processor stops until an interrupt comes or
 * IGNNE# is asserted (SDM volume 3, 8.7 and D).
 */
#include "flags.h"
#include "fpu.h"
#include "instructions.h"

void fpu_check_device(cpu *c)
{
	if (c->s->cr0 & (TSR_CR0_EM | TSR_CR0_TS))
		fault_raise(c, TSR_VECTOR_NM);
}

void fpu_update_ferr(cpu *c)
{
	if (!c->ferr_level || fx_pending(fx_of(c)))
		return;
	c->ferr_level = false;
	if (c->ferr)
		c->ferr(c->user, 0);
}

static _Noreturn void freeze(cpu *c)
{
	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	if (!c->ferr_level) {
		c->ferr_level = true;
		if (c->ferr)
			c->ferr(c->user, 1);
	}
	fault_wait(c);
}

void fpu_check_pending(cpu *c)
{
	if (!fx_pending(fx_of(c)))
		return;
	if (c->s->cr0 & TSR_CR0_NE)
		fault_raise(c, TSR_VECTOR_MF);
	if (!(c->pins & 1u << TSR_CPU_IGNNE))
		freeze(c);
}

void fpu_run(struct tsr_x86_fx *fx, const void *thunk, void *memory, uint32_t regs[2])
{
	uint8_t keep[TSR_FX_POINTERS_SIZE], *pointers = (uint8_t *)fx + TSR_FX_POINTERS;
	uint32_t mxcsr = fx->mxcsr;

	memcpy(keep, pointers, sizeof(keep));
	memset(pointers, 0, sizeof(keep));
	fx->mxcsr = (mxcsr & TSR_MXCSR_KNOWN & ~TSR_MXCSR_FLAGS) | TSR_MXCSR_MASKS;
	fpu_host_fx(fx, thunk, memory, regs);
	memcpy(pointers, keep, sizeof(keep));
}

/* FCMOV reads the arithmetic flags, FCOMI and its kind write them. */
void fpu_run_nowait(cpu *c, const void *thunk, void *memory)
{
	struct tsr_x86_fx *fx = fx_of(c);
	uint32_t regs[2] = { 0, flags_pack(c->s->eflags) }, mxcsr = fx->mxcsr,
		 mask = fx->mxcsr_mask;

	fpu_run(fx, thunk, memory, regs);
	fx->mxcsr = mxcsr;
	fx->mxcsr_mask = mask;
	c->s->eflags = flags_unpack(c->s->eflags, regs[1]);
}

/* An exception that is ignored because of IGNNE# stays pending, but the host must not see it. */
void fpu_run_x87(cpu *c, const void *thunk, void *memory)
{
	struct tsr_x86_fx *fx = fx_of(c);
	uint16_t ignored = fx_ignored(fx);

	if (ignored)
		fx->fsw &= (uint16_t)~TSR_FSW_PENDING;
	fpu_run_nowait(c, thunk, memory);
	fx->fsw |= ignored;
}

static void note_instruction(cpu *c, const struct op *op, uint32_t offset)
{
	struct tsr_x86_fx *fx = fx_of(c);

	fx->fop = (uint16_t)((op->opcode & 7) << 8 | op->modrm);
	fx->fip = c->s->eip;
	fx->fcs = c->s->segment[TSR_CS].selector;
	if (op->flags & OP_MEM) {
		fx->fdp = offset;
		fx->fds = c->s->segment[op->segment].selector;
	}
}

/* -- arithmetic, loads and stores */
static tsr_gla x87_operand(cpu *c, const struct op *op, uint32_t offset, bool write)
{
	tsr_gla gla = memory_linear(c, op->segment, offset, op->size, write);

	memory_check_alignment(c, gla, op->size == 10 ? 8 : op->size, c->view);
	return gla;
}

void fpu_register(cpu *c, const struct op *op)
{
	fpu_check_device(c);
	fpu_check_pending(c);
	fpu_run_x87(c, op->thunk, NULL);
	note_instruction(c, op, 0);
}

void fpu_load(cpu *c, const struct op *op)
{
	uint8_t buffer[FPU_OPERAND];
	uint32_t offset;

	fpu_check_device(c);
	fpu_check_pending(c);
	offset = memory_offset(c, op);
	memory_read_bytes(c, x87_operand(c, op, offset, false), buffer, op->size, c->view);
	fpu_run_x87(c, op->thunk, buffer);
	note_instruction(c, op, offset);
}

/* An unmasked exception may prevent the store: the buffer then holds what was in memory. */
void fpu_store(cpu *c, const struct op *op)
{
	uint8_t buffer[FPU_OPERAND];
	uint32_t offset;
	tsr_gla gla;

	fpu_check_device(c);
	fpu_check_pending(c);
	offset = memory_offset(c, op);
	gla = x87_operand(c, op, offset, true);
	memory_check_write(c, gla, op->size, c->view);
	if ((fx_of(c)->fcw & TSR_X87_EXCEPTIONS) != TSR_X87_EXCEPTIONS)
		memory_read_bytes(c, gla, buffer, op->size, c->view);
	fpu_run_x87(c, op->thunk, buffer);
	memory_write_bytes(c, gla, buffer, op->size, c->view);
	note_instruction(c, op, offset);
}

/* -- control */
void fpu_init(cpu *c, const struct op *op)
{
	fpu_check_device(c);
	fpu_run_nowait(c, op->thunk, NULL);
	memset(c->s->fx + TSR_FX_POINTERS, 0, TSR_FX_POINTERS_SIZE);
	fpu_update_ferr(c);
}

/* FNCLEX and the 8087's and 287's FENI, FDISI, FSETPM: no wait, pointers untouched. */
void fpu_nowait(cpu *c, const struct op *op)
{
	fpu_check_device(c);
	fpu_run_nowait(c, op->thunk, NULL);
	fpu_update_ferr(c);
}

void fpu_fldcw(cpu *c, const struct op *op)
{
	uint16_t value;

	fpu_check_device(c);
	fpu_check_pending(c);
	value = (uint16_t)operand_read(c, op, 2);
	fpu_run_x87(c, op->thunk, &value);
	fpu_update_ferr(c);
}

void fpu_fnstcw(cpu *c, const struct op *op)
{
	fpu_check_device(c);
	operand_write(c, op, 2, fx_of(c)->fcw);
}

void fpu_fnstsw(cpu *c, const struct op *op)
{
	fpu_check_device(c);
	if (op->flags & OP_MEM)
		operand_write(c, op, 2, fx_of(c)->fsw);
	else
		reg_set(c, TSR_EAX, 2, fx_of(c)->fsw);
}

void op_fwait(cpu *c, const struct op *op)
{
	if ((c->s->cr0 & (TSR_CR0_MP | TSR_CR0_TS)) == (TSR_CR0_MP | TSR_CR0_TS))
		fault_raise(c, TSR_VECTOR_NM);
	fpu_check_pending(c);
}
