/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check=lockstep: before a block runs, the interpreter runs its instructions in a shadow; then the
 * block runs, alone, and the results are compared: registers, EIP, defined flags, FP state, fault,
 * and the bytes written. The first difference is reported on stderr, and the machine is stopped.
 * Instructions that use devices or time cannot be run twice: a block with one is left to the
 * interpreter up to that instruction. The shadow's state at each boundary is kept, for blocks that
 * are left early. Lockstep does not support budgets (run.c). check=sampled compares the first runs
 * of each block and a few of the later ones, which is fast enough for whole boots. Gaps: A and D
 * bits, and bytes that were written but should not have been.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tessera/draft/x86-facts.h>

#include "code/flags.h"
#include "lockstep.h"
#include "runtime/fp.h"
#include "runtime/runtime.h"
#include "translate/dump.h"

/* check=sampled: runs of a block that are compared before it is trusted, and one of how many from
 * then on. */
#define SAMPLE_FIRST 256
#define SAMPLE_EVERY 64

struct write {
	tsr_gpa gpa;
	uint8_t value;
};

/* What the interpreter says about the block's first instructions. */
struct boundary {
	uint32_t gpr[8], eip, eflags;
	uint8_t fx[TSR_FX_WRITTEN]; /* the image up to XMM7 */
	size_t writes;              /* of the log, made so far */
};

struct bt_lockstep {
	struct boundary at[BT_MAX_INSNS + 1]; /* by number of instructions */
	struct tsr_x86_state before, state;
	struct tsr_x86_fault fault;
	enum tsr_x86_stop stop;
	uint64_t executed;
	struct write *log;
	size_t count, room;
	unsigned reached;
};

/* The interpreter's result for a run of n instructions: its end, or what stopped it. */
struct verdict {
	const struct boundary *at;
	enum tsr_x86_stop stop;
	uint64_t executed;
};

bool tsr_bt_lockstep_init(struct tsr_bt *bt, struct tsr_error *error)
{
	bt->check = aligned_alloc(64, (sizeof(*bt->check) + 63) & ~(size_t)63);
	if (!bt->check)
		return tsr_error_set(error, TSR_ERROR_FAILED, "no memory for lockstep");
	memset(bt->check, 0, sizeof(*bt->check));
	return true;
}

void tsr_bt_lockstep_finish(struct tsr_bt *bt)
{
	if (!bt->check)
		return;
	free(bt->check->log);
	free(bt->check);
	bt->check = NULL;
}

static void remember_write(void *user, tsr_gpa gpa, uint8_t value)
{
	struct bt_lockstep *l = user;

	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 64;
		l->log = realloc(l->log, l->room * sizeof(*l->log));
		if (!l->log)
			abort();
	}
	l->log[l->count++] = (struct write){ gpa, value };
}

static void remember_boundary(void *user, size_t written)
{
	struct bt_lockstep *l = user;
	struct boundary *b;

	if (l->reached + 1 > BT_MAX_INSNS) /* before the first: -1 + 1 */
		return;
	b = &l->at[++l->reached];
	memcpy(b->gpr, l->state.gpr, sizeof(b->gpr));
	b->eip = l->state.eip;
	b->eflags = l->state.eflags;
	memcpy(b->fx, l->state.fx, sizeof(b->fx));
	b->writes = written;
}

/* The interpreter runs the first n instructions in the shadow. */
static void shadow_run(struct tsr_bt *bt, unsigned n)
{
	struct bt_lockstep *l = bt->check;

	l->before = l->state = bt->state;
	l->count = 0;
	l->reached = (unsigned)-1;
	remember_boundary(l, 0);
	l->stop = bt->board.interpreter->shadow_steps(
		bt->board.context, &l->state, n, remember_boundary, l, &l->executed, &l->fault);
	bt->board.interpreter->shadow_writes(bt->board.context, remember_write, l);
}

static struct verdict verdict_of(const struct bt_lockstep *l, unsigned n)
{
	if (n <= l->reached)
		return (struct verdict){
			&l->at[n], n == l->reached && l->executed == n ? l->stop : TSR_X86_DONE, n
		};
	return (struct verdict){ &l->at[l->reached], l->stop, l->executed };
}

/* -- comparing */

static const char *const register_names[8] = { "EAX", "ECX", "EDX", "EBX",
					       "ESP", "EBP", "ESI", "EDI" };

static bool same_fp(const uint8_t *a, const uint8_t *b)
{
	const size_t reserved = offsetof(struct tsr_x86_fx, reserved);
	const size_t fop = offsetof(struct tsr_x86_fx, fop);
	const size_t mask = offsetof(struct tsr_x86_fx, mxcsr_mask);
	const size_t st = offsetof(struct tsr_x86_fx, st);
	const size_t xmm = offsetof(struct tsr_x86_fx, xmm);

	if (memcmp(a, b, reserved) || memcmp(a + fop, b + fop, mask - fop) ||
	    memcmp(a + xmm, b + xmm, TSR_FX_WRITTEN - xmm))
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(a + st + 16 * i, b + st + 16 * i, 10))
			return false;
	return true;
}

static bool same_state(const struct tsr_x86_state *is, const struct boundary *b, uint32_t undefined)
{
	return !memcmp(is->gpr, b->gpr, sizeof(b->gpr)) && is->eip == b->eip &&
	       !((is->eflags ^ b->eflags) & ~undefined) && same_fp(is->fx, b->fx);
}

static bool written_again(const struct bt_lockstep *l, size_t i, size_t end)
{
	for (size_t k = i + 1; k < end; k++)
		if (l->log[k].gpa == l->log[i].gpa)
			return true;
	return false;
}

static const struct write *different_write(struct tsr_bt *bt, const struct boundary *b,
					   uint8_t *found)
{
	const struct bt_lockstep *l = bt->check;
	struct tsr_phys_page page = { 0 };
	tsr_gpa known = UINT64_MAX;

	for (size_t i = 0; i < b->writes; i++) {
		const struct write *w = &l->log[i];

		if (known != w->gpa >> TSR_PAGE_SHIFT)
			bt->board.phys->lookup(bt->board.host, w->gpa, &page);
		known = w->gpa >> TSR_PAGE_SHIFT;
		if (!page.write)
			continue;
		*found = page.write[w->gpa & TSR_PAGE_MASK];
		if (*found != w->value && !written_again(l, i, b->writes))
			return w;
	}
	return NULL;
}

static bool same_fault(const struct tsr_bt *bt)
{
	const struct tsr_x86_fault *f = &bt->check->fault;

	if (bt->hot.exit_reason != BT_EXIT_FAULT)
		return true;
	return f->vector == bt->run.fault.vector && f->error_code == bt->run.fault.error_code &&
	       f->cr2 == bt->run.fault.cr2;
}

/* -- the report */

static void print_states(const struct tsr_x86_state *before, const struct tsr_x86_state *is,
			 const struct boundary *should)
{
	fprintf(stderr, "             before    cpu-bt    interpreter\n");
	for (unsigned i = 0; i < 8; i++)
		fprintf(stderr, "  %-8s   %08x  %08x  %08x%s\n", register_names[i], before->gpr[i],
			is->gpr[i], should->gpr[i], is->gpr[i] != should->gpr[i] ? "  <--" : "");
	fprintf(stderr, "  EIP        %08x  %08x  %08x%s\n", before->eip, is->eip, should->eip,
		is->eip != should->eip ? "  <--" : "");
	fprintf(stderr, "  EFLAGS     %08x  %08x  %08x%s\n", before->eflags, is->eflags,
		should->eflags, is->eflags != should->eflags ? "  <--" : "");
	if (same_fp(is->fx, should->fx))
		return;
	for (unsigned i = 0; i < sizeof(should->fx); i++)
		if (is->fx[i] != should->fx[i])
			fprintf(stderr, "  FXSAVE image, byte %u: %02x  %02x  %02x\n", i,
				before->fx[i], is->fx[i], should->fx[i]);
}

static void report(struct tsr_bt *bt, struct bt_block *b, const struct verdict *v)
{
	const struct tsr_x86_fault *f = &bt->check->fault;
	uint8_t found = 0;
	const struct write *w = different_write(bt, v->at, &found);

	fprintf(stderr,
		"lockstep: block at %08x (physical %llx), mode %08x, %llu instructions compared\n",
		b->eip, (unsigned long long)b->gpa, b->mode, (unsigned long long)v->executed);
	print_states(&bt->check->before, &bt->state, v->at);
	if (w)
		fprintf(stderr, "  [%llx]: %02x, should be %02x\n", (unsigned long long)w->gpa,
			found, w->value);
	if (bt->hot.exit_reason == BT_EXIT_FAULT || v->stop == TSR_X86_FAULT)
		fprintf(stderr, "  fault: cpu-bt %d (%x, %08x), interpreter %d (%x, %08x)\n",
			bt->hot.exit_reason == BT_EXIT_FAULT ? bt->run.fault.vector : -1,
			bt->run.fault.error_code, bt->run.fault.cr2, f->vector, f->error_code,
			f->cr2);
	tsr_bt_dump(bt, b, stderr);
	bt->run.stopped = true;
	bt->board.machine->stop(bt->board.host, 1, "lockstep found a difference");
}

/* -- a block */

/* How many instructions of the block come before EIP; -1: not one of its boundaries. */
static int instructions_before(const struct tsr_bt *bt, const struct bt_block *b, uint32_t eip)
{
	uint32_t at = b->eip;

	for (int i = 0; i < b->insns; i++) {
		if (at == eip)
			return i;
		at += bt_insn_length(bt, b, (unsigned)i);
	}
	return at == eip && bt->hot.exit_reason == BT_EXIT_BAIL
		       ? b->insns
		       : -1; /* left after its last instruction */
}

static void run_block(struct tsr_bt *bt, const struct bt_block *b)
{
	bt->stats.entries++;
	bt->run.inside = true;
	tsr_bt_runtime_enter(bt, bt->cache.rx + b->host);
	bt->run.inside = false;
	tsr_bt_fp_unload(bt);
	tsr_bt_flags_out(bt);
}

static bool agrees(struct tsr_bt *bt, const struct bt_block *b, const struct verdict *v, uint64_t n)
{
	bool fault = bt->hot.exit_reason == BT_EXIT_FAULT;
	uint8_t found;

	if (!same_state(&bt->state, v->at, bt->cache.notes[bt_block_index(bt, b)].undefined) ||
	    !same_fault(bt) || different_write(bt, v->at, &found))
		return false;
	return bt->hot.exit_reason == BT_EXIT_BAIL ||
	       fault == (v->stop == TSR_X86_FAULT && v->executed == n);
}

static void compare(struct tsr_bt *bt, struct bt_block *b)
{
	int n = bt->hot.exit_reason == BT_EXIT_BLOCK ? b->lowered
						     : instructions_before(bt, b, bt->state.eip);
	struct verdict v;

	if (bt->hot.exit_reason == BT_EXIT_BLOCK && !b->valid)
		n = -1; /* it overwrote itself and was left somewhere */
	if (n < 0) {
		bt->stats.skipped++;
		return;
	}
	/* a fault shows in the run that includes the instruction */
	v = verdict_of(bt->check, b->may_bail ? (unsigned)n + (bt->hot.exit_reason == BT_EXIT_FAULT)
					      : b->lowered);
	if (bt->hot.exit_reason == BT_EXIT_BAIL && (uint64_t)n != v.executed) {
		bt->stats.skipped++;
		return;
	}
	bt->stats.compared++;
	if (!agrees(bt, b, &v, (uint64_t)n))
		report(bt, b, &v);
}

/* check=sampled: this run is not compared. */
static bool trusted(struct bt_block_notes *notes)
{
	return notes->runs++ >= SAMPLE_FIRST && notes->runs % SAMPLE_EVERY;
}

/* Runs the block. False: the interpreter ran instead, and there is no exit reason of translated
 * code. */
bool tsr_bt_lockstep_run(struct tsr_bt *bt, struct bt_block *b)
{
	tsr_bt_fp_unload(bt);
	if (bt->options.sampled && trusted(bt->cache.notes + bt_block_index(bt, b))) {
		run_block(bt, b);
		return true;
	}
	shadow_run(bt, b->lowered);
	if (bt->check->stop == TSR_X86_IO) {
		bt->stats.left_alone++;
		bt->board.interpreter->step(bt->board.context, bt->check->executed + 1, NULL);
		return false;
	}
	run_block(bt, b);
	compare(bt, b);
	return !bt->run.stopped;
}
