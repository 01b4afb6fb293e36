/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The run loop: what happens between two instructions, and how faults are delivered.
 * Priorities at a boundary (Intel SDM volume 3, 6.9): traps of the instruction before, NMI,
 * interrupts, breakpoints of the next, its fetch. An instruction that faults counts as one
 * executed; an interrupt taken does not.
 */
#include <stdlib.h>

#include <tessera/draft/x86-state.h>

#include "cpuid.h"
#include "debug.h"
#include "decode.h"
#include "derived.h"
#include "interrupt.h"
#include "overlay.h"
#include "run.h"
#include "thunk.h"

/* The delivery of #AC or #DB can fault endlessly, as on real processors. After this many rounds the
 * instruction starts again, so that a kick is noticed. */
#define NESTED_MAX 16

/* -- faults */
static bool contributory(int vector)
{
	return vector == TSR_VECTOR_DE || (vector >= TSR_VECTOR_TS && vector <= TSR_VECTOR_GP);
}

/* What a fault during the delivery of `first` becomes (SDM volume 3, table 6-5); -1: shutdown. */
static int combine(int first, int second)
{
	if (first == TSR_VECTOR_DF)
		return contributory(second) || second == TSR_VECTOR_PF ? -1 : second;
	if ((contributory(first) && contributory(second)) ||
	    (first == TSR_VECTOR_PF && (contributory(second) || second == TSR_VECTOR_PF)))
		return TSR_VECTOR_DF;
	return second;
}

/* Delivers the fault that was raised (c->fault). Every fault inside the delivery jumps to
 * protected_loop, which calls this again. */
static enum tsr_x86_stop deliver_fault(cpu *c)
{
	struct tsr_x86_fault *f = &c->fault;

	if (f->vector == TSR_VECTOR_PF)
		c->s->cr2 = f->cr2; /* even if it becomes a double fault */
	if (c->delivering >= 0) {
		int vector = combine(c->delivering, f->vector);

		if (vector < 0) {
			c->delivering = -1;
			c->ext = false;
			return TSR_X86_SHUTDOWN;
		}
		if (vector == TSR_VECTOR_DF)
			*f = (struct tsr_x86_fault){ .vector = TSR_VECTOR_DF,
						     .has_error_code = true };
	}
	/* A second fault after an event without a class (an interrupt, #DB) is delivered as it is.
	 */
	c->delivering = f->vector;
	c->delivering_fault = true;
	c->ext = false;
	c->next_eip = c->s->eip;
	interrupt_deliver(c, (unsigned)f->vector, INT_FAULT, f->has_error_code && protected_mode(c),
			  f->error_code);
	c->s->eip = c->next_eip;
	c->delivering = -1;
	c->delivering_fault = false;
	return TSR_X86_DONE;
}

/* Data breakpoints that the delivery itself hit are dropped (else #DB could deliver itself
 * endlessly); a task's T bit is kept. */
static void after_delivery(cpu *c)
{
	c->delivering = -1;
	c->ext = false;
	c->s->debug_pending &= TSR_DR6_BT;
	cpu_refresh_attention(c);
}

static void deliver_event(cpu *c, unsigned vector)
{
	c->s->halted = 0;
	c->delivering = 256; /* a vector that combines with no fault */
	interrupt_deliver(c, vector, INT_EXTERNAL, false, 0);
	c->s->eip = c->next_eip;
	after_delivery(c);
}

/* -- one instruction */
static inline void execute(cpu *c)
{
	const struct op *op = decode_fetch(c);

	c->next_eip = c->s->eip + op->length;
	op->exec(c, op);
	c->s->eip = c->next_eip;
}

static void deliver_debug_trap(cpu *c)
{
	debug_report(c, c->s->debug_pending);
	c->s->debug_pending = 0;
	c->delivering = TSR_VECTOR_DB;
	c->s->halted = 0;
	interrupt_deliver(c, TSR_VECTOR_DB, INT_FAULT, false, 0);
	c->s->eip = c->next_eip;
	after_delivery(c);
}

/* Events before the instruction at CS:EIP; true: one was taken. `held`: the shadow of the
 * instruction before. */
static bool take_event(cpu *c, uint32_t held)
{
	if (c->s->debug_pending && !(held & TSR_SHADOW_SS)) {
		deliver_debug_trap(c);
		return true;
	}
	if (!c->has_pins || held)
		return false;
	if (c->s->nmi_pending && !c->s->nmi_blocked) {
		c->s->nmi_pending = 0;
		c->s->nmi_blocked = 1;
		deliver_event(c, TSR_VECTOR_NMI);
		return true;
	}
	if ((c->pins & 1u << TSR_CPU_INTR) && (c->s->eflags & TSR_FLAG_IF) && c->intack) {
		deliver_event(c, (unsigned)c->intack->acknowledge(c->intack_self) & 0xff);
		return true;
	}
	return false;
}

/* The instruction at CS:EIP, with what follows from TF, RF and a REP that stopped. */
static void execute_observed(cpu *c)
{
	bool single_step = c->s->eflags & TSR_FLAG_TF;

	c->keep_rf = c->trap_lost = false;
	cpu_refresh_attention(c);
	atomic_fetch_and(&c->attention, ~(uint32_t)ATT_SHADOW);
	execute(c);
	c->rep_started = c->partial;
	if (!c->keep_rf && !c->partial)
		c->s->eflags &= ~TSR_FLAG_RF;
	if (single_step && !c->trap_lost && !(c->s->shadow & TSR_SHADOW_SS))
		c->s->debug_pending |= TSR_DR6_BS;
	c->s->instructions += !c->partial;
	c->left -= !c->partial;
	cpu_refresh_attention(c);
}

/* One instruction, at a boundary where c->attention says that something must be checked. */
static void execute_carefully(cpu *c)
{
	uint32_t held = c->s->shadow;

	c->s->shadow = 0;
	if (take_event(c, held))
		return;
	if (c->s->halted) {
		cpu_refresh_attention(
			c); /* HLT ends every shadow: what is pending is taken in the next round */
		return;
	}
	if (tsr_x86_virtual_interrupt(c->s))
		fault_gp0(c);
	if (!(c->s->eflags & TSR_FLAG_RF) &&
	    debug_code_match(c, c->s->segment[TSR_CS].base + c->s->eip))
		fault_raise(c, TSR_VECTOR_DB);
	execute_observed(c);
}

/* Plain instructions in a row, until something must be checked. */
static inline void execute_plain(cpu *c)
{
	struct tsr_x86_state *s = c->s;
	struct op *op = &c->scratch;
	unsigned taken = 0;

	do {
		uint32_t in_line;

		op = decode_follow(c, op, taken);
		in_line = s->eip + op->length;
		c->next_eip = in_line;
		op->exec(c, op);
		s->eip = c->next_eip;
		taken = s->eip != in_line;
		if (unlikely(c->partial))
			return;
		s->instructions++;
	} while (likely(--c->left && !atomic_load_explicit(&c->attention, memory_order_relaxed) &&
			!s->halted));
}

/* Is there already something that ends HLT? As in STI; HLT with an interrupt pending. */
static bool wakes(cpu *c)
{
	return c->s->debug_pending ||
	       (atomic_load_explicit(&c->attention, memory_order_relaxed) & ATT_PIN);
}

/* The loop proper; faults leave it by jumping to protected_loop. */
static enum tsr_x86_stop loop(cpu *c)
{
	while (c->left) {
		if (unlikely(atomic_load_explicit(&c->attention, memory_order_relaxed))) {
			if (atomic_load_explicit(&c->attention, memory_order_relaxed) & ATT_KICK)
				return TSR_X86_DONE;
			c->partial = false;
			execute_carefully(c);
		} else {
			execute_plain(c);
		}
		if (unlikely(c->partial)) {
			c->partial = false;
			if (!c->has_pins)
				return TSR_X86_DONE;
		}
		if (unlikely(c->s->halted) && !wakes(c))
			return TSR_X86_HALT;
	}
	return TSR_X86_DONE;
}

static void count_one(cpu *c)
{
	if (c->left) {
		c->s->instructions++;
		c->left--;
	}
}

/* A fault ended an instruction, or a delivery. False: deliveries have faulted so often that the
 * instruction starts again, so that requests are noticed; such a round counts as an instruction. */
static bool take_fault(cpu *c)
{
	bool deliver;

	if (c->delivering < 0)
		count_one(c);
	c->nested = c->delivering < 0 ? 0 : c->nested + 1;
	c->partial = false;
	deliver = c->nested <= NESTED_MAX;
	if (!deliver) {
		after_delivery(c);
		count_one(c);
	}
	return deliver;
}

/* Everything that can raise a fault runs under this. With `fault_first` c->fault is delivered, then
 * the loop runs. */
static enum tsr_x86_stop protected_loop(cpu *c, bool fault_first)
{
	volatile bool deliver = fault_first;
	enum tsr_x86_stop stop;

	switch (setjmp(c->jump)) {
	case JUMP_FAULT:
		deliver = take_fault(c);
		break;
	case JUMP_STOP:
		return c->stop;
	case JUMP_WAIT:
		if (!c->has_pins)
			return TSR_X86_DONE;
		break;
	}
	if (deliver) {
		stop = deliver_fault(c);
		after_delivery(c);
		deliver = false;
		if (stop != TSR_X86_DONE)
			return stop;
	}
	return loop(c);
}

enum tsr_x86_stop cpu_step(cpu *c, uint64_t count, uint64_t *executed)
{
	enum tsr_x86_stop stop;

	c->left = count;
	c->partial = false;
	c->delivering = -1;
	stop = protected_loop(c, false);
	if (executed)
		*executed = count - c->left;
	return stop;
}

/* With no instructions to run, protected_loop only delivers. */
enum tsr_x86_stop cpu_deliver(cpu *c, enum tsr_x86_event kind, const struct tsr_x86_fault *fault)
{
	c->left = 0;
	c->nested = 0;
	c->delivering = -1;
	c->s->shadow = 0;
	if (kind == TSR_EVENT_FAULT) {
		c->fault = *fault;
		return protected_loop(c, true);
	}
	if (setjmp(c->jump))
		return protected_loop(c, true);
	c->ext = false;
	if (kind == TSR_EVENT_NMI) {
		c->s->nmi_pending = 0;
		c->s->nmi_blocked = 1;
		deliver_event(c, TSR_VECTOR_NMI);
	} else {
		deliver_event(c, (unsigned)fault->vector & 0xff);
	}
	return TSR_X86_DONE;
}

/* -- life */
bool cpu_init(cpu *c, const struct tsr_x86_env *env, struct tsr_error *error)
{
	const struct tsr_mmu_layout *layout = env->mmu->layout(env->mmu_self);

	c->model = tsr_x86_model_find(env->model);
	if (!c->model)
		return tsr_error_set(error, TSR_ERROR_INVALID, "no processor model \"%s\"",
				     env->model);
	c->cache = aligned_alloc(64, CACHE_OPS * sizeof(struct op));
	if (!c->cache)
		return tsr_error_set(error, TSR_ERROR_FAILED, "out of memory");
	memset(c->cache, 0, CACHE_OPS * sizeof(struct op));
	if (!thunk_init(c))
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for executable thunks");
	c->s = env->state;
	c->mmu = env->mmu;
	c->mmu_self = env->mmu_self;
	c->vcpu = env->mmu_vcpu;
	c->phys = env->phys;
	c->cpu_host = env->cpu_host;
	c->host = env->host;
	c->ferr = env->ferr;
	c->user = env->user;
	c->read_table = layout->read_table;
	c->write_table = layout->write_table;
	c->delivering = -1;
	decode_flush(c);
	return true;
}

void cpu_finish(cpu *c)
{
	overlay_finish(c);
	thunk_finish(c);
	free(c->cache);
	c->cache = NULL;
}
