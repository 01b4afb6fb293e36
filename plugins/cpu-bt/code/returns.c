/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stacks that translated code runs on, one for each view. C has the thread's own stack.
 *
 * A CALL of hot code is a CALL of the host's too: behind it stands code that compares the address
 * that the guest returns to with the one that its CALL has pushed (lower/returns.c). So a RET is a
 * RET of the host's, whose processor knows where it leads. What lies on the stack is a guess, no
 * part of the guest's state: all of it may be forgotten at any time, which is done when the cache
 * is flushed and when code of another tag comes to run on it. What it leads to is under the same
 * tag as the CALL, then. At its top lies the address of a routine that looks r8d up in the jump
 * cache, and stays there.
 *
 * Each has its end where the low 16 bits of the address are zero; a CALL there starts again at the
 * top. Below the end there is room for signal handlers and for what code pushes for a moment, and
 * below that a page that nothing may touch.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "code/returns.h"

#define STACK_SIZE 0x10000u /* lower/returns.c tests the low 16 bits */
#define VIEWS 2u
#define REGION ((size_t)(2 * VIEWS + 1) * STACK_SIZE)

/* The guard page; a stack's size above it lies the stack's end. */
static uint8_t *guard_of(const struct tsr_bt *bt, unsigned view)
{
	uintptr_t first = ((uintptr_t)bt->returns.region + STACK_SIZE - 1) & ~(STACK_SIZE - 1ul);

	return (uint8_t *)first + (size_t)(2 * view) * STACK_SIZE;
}

static uint8_t *top_of(const struct tsr_bt *bt, unsigned view)
{
	return guard_of(bt, view) + (size_t)2 * STACK_SIZE - 64;
}

static bool map(struct tsr_bt *bt)
{
	void *p = mmap(NULL, REGION, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return false;
	bt->returns.region = p;
	for (unsigned view = 0; view < VIEWS; view++)
		if (mprotect(guard_of(bt, view), TSR_PAGE_SIZE, PROT_NONE))
			return false;
	return true;
}

bool tsr_bt_returns_init(struct tsr_bt *bt, struct tsr_error *error)
{
	return map(bt) || tsr_error_set(error, TSR_ERROR_FAILED,
					"no memory for the stacks of translated code");
}

void tsr_bt_returns_finish(struct tsr_bt *bt)
{
	if (bt->returns.region)
		munmap(bt->returns.region, REGION);
}

uint8_t *tsr_bt_returns_top(const struct tsr_bt *bt, unsigned view)
{
	return top_of(bt, view);
}

/* Not while translated code waits for C to return to it: it does by these stacks. */
void tsr_bt_returns_reset(struct tsr_bt *bt)
{
	const uint8_t *routine = bt->cache.rx + bt->rt.returned;

	for (unsigned view = 0; view < VIEWS; view++) {
		uint8_t *top = top_of(bt, view);

		memcpy(top, &routine, sizeof(routine));
		bt->returns.rsp[view] = top;
		bt->returns.tag[view] = 0;
	}
	bt->hot.code_rsp = bt->hot.code_stack = top_of(bt, bt->returns.view);
}

/* From here on code of that view runs, under the mode's tag. */
void tsr_bt_returns_select(struct tsr_bt *bt, unsigned view)
{
	struct bt_returns *r = &bt->returns;

	if (r->view == view && r->tag[view] == bt->mode.tag)
		return;
	r->rsp[r->view] = bt->hot.code_rsp;
	if (r->tag[view] != bt->mode.tag)
		r->rsp[view] = top_of(bt, view);
	r->tag[view] = bt->mode.tag;
	r->view = view;
	bt->hot.code_rsp = r->rsp[view];
	bt->hot.code_stack = top_of(bt, view);
}

bool tsr_bt_returns_has(const struct tsr_bt *bt, uint64_t sp)
{
	uint64_t below = (uintptr_t)top_of(bt, bt->returns.view) - sp;

	return below < 2 * STACK_SIZE - 64 - TSR_PAGE_SIZE;
}
