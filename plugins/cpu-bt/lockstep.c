/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check=lockstep: before a block runs, the interpreter runs its instructions in a shadow; then the block runs, alone, and what
 * it leaves is compared: registers, EIP, defined flags, FP state, fault, and the bytes written. The first difference is told
 * on stderr, and the machine is stopped.
 * Instructions that touch devices or time cannot be run twice: a block with one is left to the interpreter up to that
 * instruction. A block that may give an instruction back has a shadow for each length.
 * Gaps: A and D bits, bytes written that should not have been.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bt.h"
#include "flags.h"

struct write {
	tsr_gpa gpa;
	uint8_t value;
};

/* What the interpreter says about the first `executed` instructions. */
struct shadow {
	struct tsr_x86_state state;
	struct tsr_x86_fault fault;
	enum tsr_x86_stop stop;
	uint64_t executed;
	struct write *writes;
	size_t count, room;
};

struct bt_lockstep {
	struct shadow shadows[BT_MAX_INSNS + 1]; /* by number of instructions */
	struct tsr_x86_state before;
	uint64_t compared, skipped;
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
	for (unsigned i = 0; i <= BT_MAX_INSNS; i++)
		free(bt->check->shadows[i].writes);
	free(bt->check);
	bt->check = NULL;
}

static void remember_write(void *user, tsr_gpa gpa, uint8_t value)
{
	struct shadow *s = user;

	if (s->count == s->room) {
		s->room = s->room ? 2 * s->room : 64;
		s->writes = realloc(s->writes, s->room * sizeof(*s->writes));
		if (!s->writes)
			abort();
	}
	s->writes[s->count++] = (struct write){ gpa, value };
}

static struct shadow *shadow_of(struct tsr_bt *bt, unsigned n)
{
	struct shadow *s = &bt->check->shadows[n];

	s->state = bt->state;
	s->count = 0;
	s->fault.vector = -1;
	s->stop = bt->interpreter->shadow(bt->context, &s->state, n, &s->executed, &s->fault);
	bt->interpreter->shadow_writes(bt->context, remember_write, s);
	return s;
}

/* -- comparing */

static const char *const register_names[8] = { "EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI" };

static bool same_fp(const uint8_t *a, const uint8_t *b)
{
	if (memcmp(a, b, 5) || memcmp(a + 6, b + 6, 22) || memcmp(a + 160, b + 160, 128))
		return false;
	for (unsigned i = 0; i < 8; i++)
		if (memcmp(a + 32 + 16 * i, b + 32 + 16 * i, 10))
			return false;
	return true;
}

static bool same_state(const struct tsr_x86_state *a, const struct tsr_x86_state *b, uint32_t undefined)
{
	return !memcmp(a->gpr, b->gpr, sizeof(a->gpr)) && a->eip == b->eip && !((a->eflags ^ b->eflags) & ~undefined) &&
	       same_fp(a->fx, b->fx);
}

static const struct write *different_write(struct tsr_bt *bt, const struct shadow *s, uint8_t *found)
{
	struct tsr_phys_page page;

	for (size_t i = 0; i < s->count; i++) {
		bt->phys->lookup(bt->host, s->writes[i].gpa, &page);
		if (!page.write)
			continue;
		*found = page.write[s->writes[i].gpa & TSR_PAGE_MASK];
		if (*found != s->writes[i].value)
			return &s->writes[i];
	}
	return NULL;
}

static bool same_fault(const struct tsr_bt *bt, const struct shadow *s)
{
	if (bt->exit_reason != BT_EXIT_FAULT)
		return true;
	return s->fault.vector == bt->fault.vector && s->fault.error_code == bt->fault.error_code && s->fault.cr2 == bt->fault.cr2;
}

/* -- the report */

static void print_states(const struct tsr_x86_state *before, const struct tsr_x86_state *is, const struct tsr_x86_state *should)
{
	fprintf(stderr, "             before    cpu-bt    interpreter\n");
	for (unsigned i = 0; i < 8; i++)
		fprintf(stderr, "  %-8s   %08x  %08x  %08x%s\n", register_names[i], before->gpr[i], is->gpr[i], should->gpr[i],
			is->gpr[i] != should->gpr[i] ? "  <--" : "");
	fprintf(stderr, "  EIP        %08x  %08x  %08x%s\n", before->eip, is->eip, should->eip, is->eip != should->eip ? "  <--" : "");
	fprintf(stderr, "  EFLAGS     %08x  %08x  %08x%s\n", before->eflags, is->eflags, should->eflags,
		is->eflags != should->eflags ? "  <--" : "");
	if (same_fp(is->fx, should->fx))
		return;
	for (unsigned i = 0; i < 288; i++)
		if (is->fx[i] != should->fx[i])
			fprintf(stderr, "  FXSAVE image, byte %u: %02x  %02x  %02x\n", i, before->fx[i], is->fx[i], should->fx[i]);
}

static void print_guest(struct tsr_bt *bt, const struct bt_block *b)
{
	ZydisDisassembledInstruction z;
	struct tsr_phys_page page;
	uint32_t at = 0;

	bt->phys->lookup(bt->host, b->gpa, &page);
	while (page.read && at < b->length &&
	       ZYAN_SUCCESS(ZydisDisassembleIntel(b->mode & BT_MODE_CODE32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
						  b->eip + at, page.read + (b->gpa & TSR_PAGE_MASK) + at, b->length - at, &z))) {
		fprintf(stderr, "  %08x  %s\n", b->eip + at, z.text);
		at += z.info.length;
	}
}

static void print_host(const struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = 0; i < b->host_length && i < 1024; i++)
		fprintf(stderr, "%s%02x", i % 32 ? "" : "\n  ", bt->rw[b->host + i]);
	fputc('\n', stderr);
}

static void report(struct tsr_bt *bt, struct bt_block *b, const struct shadow *s)
{
	uint8_t found = 0;
	const struct write *w = different_write(bt, s, &found);

	fprintf(stderr, "lockstep: block at %08x (physical %llx), mode %08x, %llu instructions compared\n", b->eip,
		(unsigned long long)b->gpa, b->mode, (unsigned long long)s->executed);
	print_states(&bt->check->before, &bt->state, &s->state);
	if (w)
		fprintf(stderr, "  [%llx]: %02x, should be %02x\n", (unsigned long long)w->gpa, found, w->value);
	if (bt->exit_reason == BT_EXIT_FAULT || s->stop == TSR_X86_FAULT)
		fprintf(stderr, "  fault: cpu-bt %d (%x, %08x), interpreter %d (%x, %08x)\n",
			bt->exit_reason == BT_EXIT_FAULT ? bt->fault.vector : -1, bt->fault.error_code, bt->fault.cr2,
			s->fault.vector, s->fault.error_code, s->fault.cr2);
	fprintf(stderr, "guest code:\n");
	print_guest(bt, b);
	fprintf(stderr, "host code:");
	print_host(bt, b);
	bt->stopped = true;
	bt->machine->stop(bt->host, 1, "lockstep found a difference");
}

/* -- a block */

/* How many instructions of the block come before EIP; -1: not one of its boundaries. */
static int instructions_before(const struct tsr_bt *bt, const struct bt_block *b, uint32_t eip)
{
	const uint16_t *lengths = bt->offsets + b->offsets + b->insns;
	uint32_t at = b->eip;

	for (int i = 0; i < b->insns; i++) {
		if (at == eip)
			return i;
		at += lengths[i];
	}
	return at == eip && bt->exit_reason == BT_EXIT_BAIL ? b->insns : -1; /* left behind its last instruction */
}

static void run_block(struct tsr_bt *bt, const struct bt_block *b)
{
	bt->stats.entries++;
	bt->inside = true;
	tsr_bt_runtime_enter(bt, bt->rx + b->host);
	bt->inside = false;
	tsr_bt_fp_unload(bt);
	tsr_bt_flags_out(bt);
}

static void compare(struct tsr_bt *bt, struct bt_block *b)
{
	int n = bt->exit_reason == BT_EXIT_BLOCK ? b->lowered : instructions_before(bt, b, bt->state.eip);
	const struct shadow *s;
	uint8_t found;

	if (bt->exit_reason == BT_EXIT_BLOCK && !b->valid)
		n = -1; /* it overwrote itself and was left somewhere */
	if (n >= 0 && b->may_bail) /* a fault shows in the run that includes the instruction */
		s = &bt->check->shadows[n + (bt->exit_reason == BT_EXIT_FAULT)];
	else
		s = n < 0 ? NULL : &bt->check->shadows[b->lowered];
	if (!s || (bt->exit_reason == BT_EXIT_BAIL && (uint64_t)n != s->executed)) {
		bt->check->skipped++;
		return;
	}
	bt->check->compared++;
	if (!same_state(&bt->state, &s->state, b->undefined) || !same_fault(bt, s) || different_write(bt, s, &found) ||
	    (bt->exit_reason != BT_EXIT_BAIL &&
	     (bt->exit_reason == BT_EXIT_FAULT) != (s->stop == TSR_X86_FAULT && s->executed == (uint64_t)n)))
		report(bt, b, s);
}

/* Runs the block. False: the interpreter ran instead; translated code has nothing to say. */
bool tsr_bt_lockstep_run(struct tsr_bt *bt, struct bt_block *b)
{
	struct shadow *s;

	tsr_bt_fp_unload(bt);
	bt->check->before = bt->state;
	for (unsigned n = b->may_bail ? 0 : b->lowered; n < b->lowered; n++)
		shadow_of(bt, n);
	s = shadow_of(bt, b->lowered);
	if (s->stop == TSR_X86_IO) {
		bt->interpreter->step(bt->context, s->executed + 1, NULL);
		return false;
	}
	run_block(bt, b);
	compare(bt, b);
	return !bt->stopped;
}
