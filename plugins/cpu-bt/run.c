/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The run loop: requests, interrupts, then translated code until it is left, then the reason why it
 * was. */
#include "code/cache.h"
#include "code/flags.h"
#include "lockstep.h"
#include "run.h"
#include "runtime/budget.h"
#include "runtime/dispatch.h"
#include "runtime/fp-pointers.h"
#include "runtime/fp.h"
#include "runtime/gate.h"
#include "runtime/interpret.h"
#include "runtime/mode.h"
#include "runtime/outcome.h"
#include "runtime/requests.h"
#include "runtime/runtime.h"

/* -- interrupts */

/* An external interrupt or a fault through a plain gate. A fault has RF set in the image that it
 * pushes, and so does an interrupt within a REP instruction that the interpreter has begun. */
static bool deliver_here(struct tsr_bt *bt, enum tsr_x86_event kind,
			 const struct tsr_x86_fault *fault)
{
	bool is_fault = kind == TSR_EVENT_FAULT;
	/* clang-format off */
	struct bt_event e = {
		.kind = is_fault ? BT_GATE_PAGE : BT_GATE_EXTERNAL, .vector = (uint8_t)fault->vector,
		.has_error_code = is_fault && fault->has_error_code,
		.error_code = fault->error_code, .eip = bt->state.eip,
		.eflags = bt->state.eflags | (is_fault ? TSR_FLAG_RF : 0),
	};
	/* clang-format on */

	if (kind == TSR_EVENT_NMI || bt->run.unfinished || bt->options.lockstep ||
	    (is_fault && fault->vector != TSR_VECTOR_PF))
		return false;
	tsr_bt_fp_commit(bt);
	if (!tsr_bt_gate(bt, &e))
		return false;
	if (is_fault)
		bt->state.cr2 = fault->cr2;
	return true;
}

static enum tsr_x86_stop deliver_event(struct tsr_bt *bt, enum tsr_x86_event kind,
				       const struct tsr_x86_fault *fault)
{
	bt->state.halted = 0;
	if (deliver_here(bt, kind, fault))
		return TSR_X86_DONE;
	tsr_bt_fp_unload(bt);
	bt->run.unfinished = false;
	return bt->board.interpreter->deliver(bt->board.context, kind, fault);
}

static enum tsr_x86_stop deliver(struct tsr_bt *bt, enum tsr_x86_event kind,
				 const struct tsr_x86_fault *fault)
{
	enum tsr_x86_stop stop;

	bt->run.doing = BT_DOING_DELIVER;
	stop = deliver_event(bt, kind, fault);
	bt->run.doing = BT_DOING_NOTHING;
	return stop;
}

static bool interrupt_due(const struct tsr_bt *bt)
{
	if (bt->state.shadow || bt->state.debug_pending)
		return false;
	return (bt->hot.intr_waiting && bt->state.eflags & TSR_FLAG_IF && bt->board.intack) ||
	       (bt->state.nmi_pending && !bt->state.nmi_blocked);
}

static enum tsr_x86_stop take_interrupt(struct tsr_bt *bt)
{
	struct tsr_x86_fault f = { .vector = TSR_VECTOR_NMI };

	bt->stats.interrupts++;
	bt->unchecked.look = true;
	if (bt->state.nmi_pending && !bt->state.nmi_blocked) {
		bt->state.nmi_pending = 0;
		return deliver(bt, TSR_EVENT_NMI, &f);
	}
	f.vector = bt->board.intack->acknowledge(bt->board.intack_self);
	return deliver(bt, TSR_EVENT_EXTERNAL, &f);
}

/* -- the two engines */

/* As many instructions of the budget, with a check for interrupts after each. */
static enum tsr_x86_stop interpret_singly(struct tsr_bt *bt, uint64_t count)
{
	enum tsr_x86_stop stop = TSR_X86_DONE;

	while (count-- && bt->state.instructions < bt->budget.end && stop == TSR_X86_DONE &&
	       !bt->state.shadow && !bt->state.halted && !tsr_bt_wanted(bt))
		stop = tsr_bt_interpret(bt, 1, NULL);
	return stop;
}

static enum tsr_x86_stop after_translated(struct tsr_bt *bt)
{
	tsr_bt_flags_out(bt);
	tsr_bt_budget_out(bt);
	bt->stats.exits[bt->hot.exit_reason]++;
	switch (bt->hot.exit_reason) {
	case BT_EXIT_BAIL:
		return tsr_bt_interpret(bt, 1, NULL);
	case BT_EXIT_STOP:
		return bt->run.stop;
	case BT_EXIT_REST:
		return bt->budget.counted ? interpret_singly(bt, bt->hot.exit_value)
					  : tsr_bt_interpret(bt, bt->hot.exit_value, NULL);
	case BT_EXIT_FAULT:
		bt->stats.faults++;
		bt->state.instructions += bt->budget.counted; /* as the interpreter counts it */
		return deliver(bt, TSR_EVENT_FAULT, &bt->run.fault);
	default:
		return TSR_X86_DONE;
	}
}

static void enter(struct tsr_bt *bt, const uint8_t *host)
{
	bt->stats.entries++;
	bt->run.inside = true;
	tsr_bt_runtime_enter(bt, host);
	bt->run.inside = false;
}

/* Runs translated code from the state on. */
static enum tsr_x86_stop run_translated(struct tsr_bt *bt)
{
	struct bt_outcome o;
	struct bt_block *b;

	tsr_bt_flags_in(bt);
	tsr_bt_budget_in(bt);
	if (bt->options.lockstep) {
		b = tsr_bt_find(bt, bt->state.eip);
		if (b && !tsr_bt_lockstep_run(bt, b))
			return TSR_X86_DONE;
		return after_translated(bt);
	}
	o = tsr_bt_resume(bt);
	if (!bt_outcome_leaves(o))
		enter(bt, (const uint8_t *)(uintptr_t)o.value);
	return after_translated(bt);
}

static enum tsr_x86_stop step_once(struct tsr_bt *bt)
{
	if (bt->options.stress == BT_STRESS_INTERRUPTS) {
		bt->run.due = bt->state.eip != bt->run.left_at;
		bt->run.left_at = bt->state.eip;
	}
	if (bt->budget.counted && bt->options.lockstep) /* lockstep does not support budgets */
		return interpret_singly(bt, 64);
	tsr_bt_retag(bt);
	if (bt->mode.word & BT_MODE_STEP || bt->state.shadow || bt->state.debug_pending)
		return tsr_bt_interpret(bt, 1, NULL);
	return run_translated(bt);
}

/* An instruction that was restarted may not be done yet: no interrupt comes before it. One that
 * comes at its place later is one instruction late. */
static bool must_restart(struct tsr_bt *bt)
{
	bool same = bt->run.restarted && bt->state.eip == bt->run.restarted_at;

	bt->run.restarted = false;
	return same && !bt->state.halted && !bt->state.shadow && !bt->state.debug_pending;
}

/* The step before was left because the guest waits for its clock. */
static bool take_wait(struct tsr_bt *bt)
{
	bool waiting = bt->run.waiting;

	bt->run.waiting = false;
	return waiting;
}

static bool take_kick(struct tsr_bt *bt)
{
	return __atomic_exchange_n(&bt->pins.kicked, 0, __ATOMIC_SEQ_CST) != 0;
}

static void take_init(struct tsr_bt *bt)
{
	bt->pins.init = false;
	bt->board.machine->reset(bt->board.host, TSR_RESET_SOFT);
}

/* What a stop of the interpreter means for run; -1: continue. */
static int exit_of(const struct tsr_bt *bt, enum tsr_x86_stop stop)
{
	if (bt->run.stopped)
		return TSR_CPU_STOPPED;
	if (stop == TSR_X86_SHUTDOWN)
		return TSR_CPU_SHUTDOWN;
	return -1;
}

static enum tsr_cpu_exit run_until_exit(struct tsr_bt *bt)
{
	int exit = -1;

	while (exit < 0) {
		bool waiting = take_wait(bt);

		if (bt->run.stopped)
			return TSR_CPU_STOPPED;
		if (must_restart(bt)) {
			exit = exit_of(bt, tsr_bt_interpret(bt, 1, NULL));
			continue;
		}
		if (take_kick(bt))
			return TSR_CPU_KICKED;
		if (bt->pins.init)
			take_init(bt);
		else if (bt->state.halted && !bt->state.debug_pending && !interrupt_due(bt))
			return TSR_CPU_HALTED;
		else if (bt->state.instructions >= bt->budget.end)
			return TSR_CPU_BUDGET;
		else if (interrupt_due(bt))
			exit = exit_of(bt, take_interrupt(bt));
		else if (waiting)
			return TSR_CPU_WAITING;
		else
			exit = exit_of(bt, step_once(bt));
	}
	return (enum tsr_cpu_exit)exit;
}

/* The FP unit is given back afterwards: the caller's code must not run with the guest's rounding,
 * and another thread may read the state, or load one. */
enum tsr_cpu_exit tsr_bt_run(void *self, uint64_t budget)
{
	struct tsr_bt *bt = self;
	bool counted = budget != UINT64_MAX;
	enum tsr_cpu_exit exit;

	if (counted != bt->budget.counted) {
		tsr_bt_fp_commit(bt);
		tsr_bt_cache_flush(bt);
	}
	bt->budget.counted = counted;
	bt->budget.end = counted ? bt->state.instructions + budget : UINT64_MAX;
	exit = run_until_exit(bt);
	tsr_bt_fp_unload(bt);
	return exit;
}
