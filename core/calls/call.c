/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See call.h. A thread's marks are in its own memory; the first call that it makes enters them in
 * a list for those who look at all threads, and gives it a stack for signal handlers, because a
 * plugin's endless recursion leaves none. */
#include "calls/call.h"

#include <execinfo.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define SIGNAL_STACK 65536

_Thread_local struct tsr_call tsr_call_now __attribute__((tls_model("initial-exec")));

static struct {
	GMutex mutex;
	_Atomic(struct tsr_call *) at[TSR_CALL_THREADS];
} threads;

static char borrowed; /* instead of a stack of its own */

static void forget(gpointer stack)
{
	stack_t none = { .ss_flags = SS_DISABLE };

	for (guint i = 0; i < TSR_CALL_THREADS; i++)
		if (threads.at[i] == &tsr_call_now)
			threads.at[i] = NULL;
	if (stack == &borrowed)
		return;
	sigaltstack(&none, NULL);
	munmap(stack, SIGNAL_STACK);
}

static GPrivate stack_of_thread = G_PRIVATE_INIT(forget);

static void take_signal_stack(void)
{
	stack_t now, own = { .ss_size = SIGNAL_STACK };

	g_private_set(&stack_of_thread, &borrowed);
	if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE))
		return; /* somebody, such as a sanitizer, has given it one */
	own.ss_sp = mmap(NULL, SIGNAL_STACK, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (own.ss_sp == MAP_FAILED)
		return;
	sigaltstack(&own, NULL);
	g_private_set(&stack_of_thread, own.ss_sp);
}

/* backtrace(3) loads a library when it is called for the first time, which a signal handler may
 * not. */
static void prepare_backtrace(void)
{
	static gsize once;
	void *frame;

	if (g_once_init_enter(&once)) {
		backtrace(&frame, 1);
		g_once_init_leave(&once, 1);
	}
}

static void make_known(void)
{
	tsr_call_now.is_known = true;
	prepare_backtrace();
	take_signal_stack();
	g_mutex_lock(&threads.mutex);
	for (guint i = 0; i < TSR_CALL_THREADS; i++)
		if (!threads.at[i]) {
			threads.at[i] = &tsr_call_now;
			break;
		}
	g_mutex_unlock(&threads.mutex);
}

struct tsr_call *tsr_call_thread(unsigned index)
{
	return threads.at[index];
}

struct tsr_call_outer tsr_call_begin(const struct tsr_callee *callee, const char *function)
{
	struct tsr_call *now = &tsr_call_now;
	struct tsr_call_outer outer = { now->callee, now->function, now->access, now->serial };

	if (!now->is_known)
		make_known();
	atomic_store_explicit(&now->access, 0, memory_order_relaxed);
	atomic_store_explicit(&now->function, function, memory_order_relaxed);
	atomic_store_explicit(&now->callee, callee, memory_order_relaxed);
	atomic_store_explicit(&now->serial, ++now->last, memory_order_relaxed);
	return outer;
}

void tsr_call_end(const struct tsr_call_outer *outer)
{
	struct tsr_call *now = &tsr_call_now;

	atomic_store_explicit(&now->callee, outer->callee, memory_order_relaxed);
	atomic_store_explicit(&now->function, outer->function, memory_order_relaxed);
	atomic_store_explicit(&now->access, outer->access, memory_order_relaxed);
	atomic_store_explicit(&now->serial, outer->serial, memory_order_relaxed);
}

const struct tsr_callee *tsr_call_callee_of(struct tsr_call *call)
{
	uintptr_t access = atomic_load_explicit(&call->access, memory_order_relaxed);

	return access ? (const struct tsr_callee *)(access & ~(uintptr_t)1)
		      : atomic_load_explicit(&call->callee, memory_order_relaxed);
}

bool tsr_call_is_by_guest(void)
{
	const char *function = tsr_call_now.function;

	return tsr_call_now.access ||
	       (tsr_call_now.callee &&
		(strcmp(function, "config_written") == 0 || strcmp(function, "load") == 0));
}
