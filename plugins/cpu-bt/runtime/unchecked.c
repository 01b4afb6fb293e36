/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hot code of user level uses memory at its linear address in the MMU's exact window, without a
 * check (lower/window.c). An access that is not mapped there is a SIGSEGV, which comes here. What
 * the MMU can map is mapped, and the access is made again. Otherwise the interpreter does the
 * instruction, and raises what it raises; the page is mapped when it has an entry
 * (tsr_bt_unchecked_filled). A block whose operand is no plain memory gets checks again.
 *
 * A signal takes 14 us where signals are slow, as in many virtual machines, a tenth of that
 * elsewhere, and changes of mappings some microseconds. So all of it has budgets: parts of the
 * time, saved up for a while. A block that has a signal when nothing is left is translated again
 * with checks. So is one that has a signal in an address space that is young, as most of those are
 * that a shell makes: it may try again when that gets older, unless that has happened a few times;
 * and a loop that runs over new pages, and with checks would look at each but once (stride.c).
 * The others may when it has been quiet for a while.
 */
#define _GNU_SOURCE /* REG_RIP */
#include <signal.h>
#include <stdlib.h>
#include <ucontext.h>

#include <tessera/draft/x86-facts.h>

#include "code/cache.h"
#include "runtime/promote.h"
#include "runtime/unchecked.h"

/* Ticks of the time-stamp counter, of which there are two to four in a nanosecond. What is spent is
 * taken from a table: on a busy host, time that passes is not time that was used. */
#define SIGNAL_COST 45000
#define CALL_COST 8000 /* of a change of a mapping */
/* The budgets: of so many ticks, one; and what is saved of it at most. One is for pages that were
 * not mapped before, the other for what has to be done again because a guest changed its page
 * tables. */
#define GROWTH_PART 4
#define GROWTH_SAVED 48000000
#define CHURN_PART 32
#define CHURN_SAVED 8000000
/* After so many ticks blocks may try again; twice as many each time, up to a limit. */
#define QUIET_MIN 2000000000ull
#define QUIET_MAX 64000000000ull
/* A block that gave up in so many young address spaces does not try again because one gets older.
 */
#define SHY 4
/* A loop that could check its operands for many rounds at once gives up after so many signals at
 * pages that are not there yet. */
#define ABSENT 8
#define ABSENT_SPACE UINT64_MAX /* `space` of such a block, */
#define ABSENT_QUIET 100000000  /* which may try again after so many ticks */
#define OPERAND_MAX 64          /* bytes */

void tsr_bt_unchecked_choose(struct tsr_bt *bt)
{
	const char *name = bt->board.properties->get_string(bt->board.host, "unchecked");

	bt->hot.exact.is_true = true;
	if (!strcmp(name, "off") || !bt->options.windows || !bt->options.chain ||
	    bt->options.lockstep || !TSR_HAS(bt->board.mmu, expose) ||
	    !TSR_HAS(bt->board.cpu_host, handle_faults))
		return;
	bt->unchecked.always = !strcmp(name, "always");
	bt->board.listener.exact = &bt->hot.exact;
}

/* -- the budget */

static void save_up(int64_t *saved, uint64_t ticks, int64_t most)
{
	*saved += (int64_t)ticks;
	if (*saved > most)
		*saved = most;
}

static void earn(struct tsr_bt *bt)
{
	struct bt_unchecked *u = &bt->unchecked;
	uint64_t now = __builtin_ia32_rdtsc();

	save_up(&u->growth, (now - u->asked) / GROWTH_PART, GROWTH_SAVED);
	save_up(&u->churn, (now - u->asked) / CHURN_PART, CHURN_SAVED);
	u->asked = now;
}

static bool can_pay(const struct tsr_bt *bt)
{
	return bt->unchecked.always || (bt->unchecked.growth > 0 && bt->unchecked.churn > 0);
}

/* For what was done since the window had taken so many system calls, and `ticks`. */
static void pay(struct tsr_bt *bt, bool again, uint64_t calls, int64_t ticks)
{
	int64_t sum = (int64_t)(bt->hot.exact.calls - calls) * CALL_COST + ticks;

	*(again ? &bt->unchecked.churn : &bt->unchecked.growth) -= sum;
}

/* It loses its checks again, when it is entered next. Meanwhile they may have got another form. */
static void try_again(struct tsr_bt *bt, const struct bt_dear *d)
{
	uint8_t *form = bt_window_form(bt, d->gpa);
	struct bt_block *b = tsr_bt_cache_find(bt, d->gpa, d->eip, d->mode);

	if (*form < BT_WINDOW_PLAIN)
		*form = BT_WINDOW_UNCHECKED;
	if (b)
		tsr_bt_cache_invalidate(bt, b);
}

/* All that gave up, or those that did in that young address space. */
static void try_all_again(struct tsr_bt *bt, uint64_t space)
{
	struct bt_unchecked *u = &bt->unchecked;
	unsigned kept = 0;

	for (unsigned i = 0; i < u->dear_count; i++) {
		if (space && u->dear[i].space != space)
			u->dear[kept++] = u->dear[i];
		else
			try_again(bt, &u->dear[i]);
	}
	u->dear_count = kept;
}

/* The block gets checks, for a while. */
static void give_up_in(struct tsr_bt *bt, struct bt_block *b, uint64_t space)
{
	struct bt_unchecked *u = &bt->unchecked;

	if (u->dear_count == BT_DEAR)
		try_all_again(bt, 0);
	u->dear[u->dear_count++] = (struct bt_dear){ b->gpa, b->eip, b->mode, space };
	tsr_bt_window_again(bt, b, BT_WINDOW_ALIGNED);
}

static void give_up(struct tsr_bt *bt, struct bt_block *b)
{
	uint8_t *shy = &bt->unchecked.shy[bt_heat(bt, b->gpa) - bt->cache.heat];
	uint64_t space = bt->hot.exact.is_young && *shy < SHY ? bt->hot.exact.space : 0;

	*shy += space != 0;
	give_up_in(bt, b, space);
}

/* The operand is in a page that has no entry. Is it one too many? */
static void note_absent(struct tsr_bt *bt, struct bt_block *b)
{
	uint8_t *absent = &bt->unchecked.absent[bt_heat(bt, b->gpa) - bt->cache.heat];

	if (!b->may_stride || ++*absent < ABSENT)
		return;
	*absent = 0;
	bt->unchecked.absent_seen = bt->unchecked.asked;
	give_up_in(bt, b, ABSENT_SPACE);
}

static void look(struct tsr_bt *bt)
{
	struct bt_unchecked *u = &bt->unchecked;
	bool young = bt->hot.exact.is_young;

	if (u->absent_seen && u->asked - u->absent_seen > ABSENT_QUIET) {
		u->absent_seen = 0;
		try_all_again(bt, ABSENT_SPACE);
	}
	if (young) {
		bt->board.mmu->settle(bt->board.mmu_self, bt->board.vcpu);
		if (!bt->hot.exact.is_young)
			try_all_again(bt, bt->hot.exact.space);
	} else if (u->dear_count && u->churn == CHURN_SAVED && u->asked - u->tried > u->quiet) {
		u->tried = u->asked;
		u->quiet = u->quiet < QUIET_MAX ? 2 * u->quiet : QUIET_MAX;
		try_all_again(bt, 0);
	}
}

/* A window that is not true would cost a signal. */
void tsr_bt_unchecked_enter(struct tsr_bt *bt)
{
	struct bt_unchecked *u = &bt->unchecked;
	uint64_t calls = bt->hot.exact.calls;

	if (!u->on) {
		u->look = false;
		return;
	}
	earn(bt);
	if (u->look)
		look(bt);
	u->look = false;
	if (bt->hot.exact.is_true || bt->hot.exact.is_young || !can_pay(bt))
		return;
	bt->board.mmu->settle(bt->board.mmu_self, bt->board.vcpu);
	pay(bt, true, calls, 0);
}

/* -- the fault */

/* The code out of line that leaves before instruction n; NULL: what it would do is nothing. */
static const struct bt_site *way_out(const struct tsr_bt *bt, const struct bt_block *b, unsigned n)
{
	for (unsigned i = 0; i < b->site_count; i++) {
		const struct bt_site *s = &bt->cache.sites[b->sites + i];

		if (!s->access && s->insn == n)
			return s;
	}
	return NULL;
}

/* Translated code goes on out of the block, before the instruction. */
static void leave(struct tsr_bt *bt, struct bt_block *b, uint32_t offset, greg_t *registers)
{
	uint32_t eip, to = bt->rt.bail;
	unsigned n = tsr_bt_cache_insn_at(bt, b, offset, &eip);
	const struct bt_site *s = way_out(bt, b, n);

	if (s)
		to = b->host + s->host;
	registers[REG_R8] = eip;
	registers[REG_R9] = 0;
	registers[REG_RIP] = (greg_t)(uintptr_t)(bt->cache.rx + to);
}

static bool is_plain(struct tsr_bt *bt, uint32_t gla, enum tsr_mmu_access access)
{
	struct tsr_mmu_result r;
	enum tsr_mmu_kind kind = bt->board.mmu->probe(bt->board.mmu_self, bt->board.vcpu,
						      TSR_VIEW_USER, gla, access, &r);

	return kind == TSR_MMU_RAM || kind == TSR_MMU_FAULT;
}

static bool expose(struct tsr_bt *bt, uint32_t gla, enum tsr_mmu_access access)
{
	bool good = bt->board.mmu->expose(bt->board.mmu_self, bt->board.vcpu, gla, access);

	bt->stats.exposures += good;
	return good;
}

/* An access at a distance from the window's linear address 0. True: it can be made now. */
static bool bring(struct tsr_bt *bt, struct bt_block *b, uint64_t distance,
		  enum tsr_mmu_access access)
{
	bool young = bt->hot.exact.is_young && !bt->unchecked.always;
	bool inside = distance >> 32 == 0, paid, good;
	uint64_t calls = bt->hot.exact.calls;
	uint32_t gla = (uint32_t)distance;

	earn(bt);
	paid = can_pay(bt) && !young;
	good = paid && inside && expose(bt, gla, access);
	if (!good && inside)
		bt->unchecked.page = gla >> TSR_PAGE_SHIFT;
	bt->unchecked.access = access;
	bt->unchecked.waits = paid && !good && inside;
	if (!paid)
		give_up(bt, b);
	else if (!inside && b->window_form == BT_WINDOW_UNCHECKED)
		tsr_bt_window_again(bt, b, BT_WINDOW_WRAPPED);
	else if (!good && !is_plain(bt, gla, access))
		tsr_bt_window_again(bt, b, BT_WINDOW_ALIGNED);
	else if (!good && !bt->unchecked.always)
		note_absent(bt, b);
	if (!young)
		pay(bt, paid && bt->hot.exact.again, calls, SIGNAL_COST);
	return good;
}

static bool on_fault(void *self, void *info, void *context)
{
	struct tsr_bt *bt = self;
	greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
	uint64_t offset = (uint64_t)registers[REG_RIP] - (uintptr_t)bt->cache.rx;
	uint64_t at = (uintptr_t)((siginfo_t *)info)->si_addr, from = (uint64_t)registers[REG_R13];
	struct bt_block *b;

	if (offset < bt->cache.start || offset >= bt->cache.used || !bt->run.inside)
		return false;
	b = tsr_bt_cache_block_at(bt, (uint32_t)offset);
	if (!b->hot || b->window_form >= BT_WINDOW_ALIGNED ||
	    from != (uintptr_t)bt->hot.exact.base ||
	    at - (from - TSR_MMU_EXACT_BELOW) >=
		    TSR_MMU_EXACT_BELOW + (4ull << 30) + TSR_MMU_EXACT_ABOVE + OPERAND_MAX)
		return false;
	bt->stats.signals++;
	if (bring(bt, b, at - from,
		  registers[REG_ERR] & TSR_PF_W ? TSR_ACCESS_WRITE : TSR_ACCESS_READ))
		registers[REG_R13] = (greg_t)(uintptr_t)bt->hot.exact.base;
	else
		leave(bt, b, (uint32_t)offset, registers);
	return true;
}

void tsr_bt_unchecked_filled(struct tsr_bt *bt, uint32_t gla)
{
	uint64_t calls;

	if (!bt->unchecked.waits || gla >> TSR_PAGE_SHIFT != bt->unchecked.page ||
	    !(bt->mode.word & BT_MODE_USER))
		return;
	bt->unchecked.waits = false;
	calls = bt->hot.exact.calls;
	expose(bt, gla, bt->unchecked.access);
	pay(bt, bt->hot.exact.again, calls, 0);
}

void tsr_bt_unchecked_init(struct tsr_bt *bt)
{
	const struct tsr_fault_handler handler = { .size = sizeof(handler),
						   .code = bt->cache.rx,
						   .length = bt->cache.size,
						   .self = bt,
						   .handle = on_fault };

	bt->unchecked.asked = bt->unchecked.tried = __builtin_ia32_rdtsc();
	bt->unchecked.growth = GROWTH_SAVED;
	bt->unchecked.churn = CHURN_SAVED;
	bt->unchecked.quiet = QUIET_MIN;
	bt->unchecked.shy = calloc(BT_HEAT, 1);
	bt->unchecked.absent = calloc(BT_HEAT, 1);
	bt->unchecked.on = bt->unchecked.shy && bt->unchecked.absent && bt->hot.exact.base &&
			   bt->board.cpu_host->handle_faults(bt->board.host, &handler);
}

void tsr_bt_unchecked_finish(struct tsr_bt *bt)
{
	if (bt->unchecked.on)
		bt->board.cpu_host->handle_faults(bt->board.host, NULL);
	bt->unchecked.on = false;
	free(bt->unchecked.shy);
	free(bt->unchecked.absent);
	bt->unchecked.shy = bt->unchecked.absent = NULL;
}
