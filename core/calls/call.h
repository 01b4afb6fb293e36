/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which call into a plugin each thread is in, so that a crash, an exit or a call that does not
 * return has a name. Marks belong to their thread; others only read them, to say what hangs.
 *
 * Calls of the control plane are marked with what is called. A handler of ports or memory, which
 * guest code reaches millions of times a second, has one word: whose it is, and bit 0 for a write.
 */
#ifndef TSR_CALLS_CALL_H
#define TSR_CALLS_CALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Who is called; aligned, so that bit 0 of its address is free. */
struct tsr_callee {
	const char *name;   /* the instance; NULL: no instance yet, its library is being loaded */
	const char *plugin; /* "ID VERSION" */
};

struct tsr_call {
	_Atomic(const struct tsr_callee *) callee; /* NULL: none */
	_Atomic(const char *) function;            /* a string that stays */
	_Atomic uintptr_t access; /* of a handler that the call has led to; 0: none */
	atomic_uint serial;       /* of the call: another one of this thread has another */
	unsigned last;            /* serial that was given */
	bool is_known;            /* to those who look at all threads */
};

/* What a call was made from, to be put back when it has returned. */
struct tsr_call_outer {
	const struct tsr_callee *callee;
	const char *function;
	uintptr_t access;
	unsigned serial;
};

/* Initial-exec: a store to it is one instruction. */
extern _Thread_local struct tsr_call tsr_call_now __attribute__((tls_model("initial-exec")));

/* `function` (of the plugin's table) of `callee` is called from here on. [any] */
struct tsr_call_outer tsr_call_begin(const struct tsr_callee *callee, const char *function);
void tsr_call_end(const struct tsr_call_outer *outer);
/* The callee of a thread's innermost call; NULL: none. [any] */
const struct tsr_callee *tsr_call_callee_of(struct tsr_call *call);

/* Whether this thread's innermost call is what the guest did: it accesses a handler or the
 * configuration of a PCI function, or what it did before is loaded. [any] */
bool tsr_call_is_by_guest(void);

/* Marks a statement that calls. */
#define TSR_CALLING(callee, function, ...) \
	do { \
		struct tsr_call_outer tsr_outer = tsr_call_begin(callee, function); \
		__VA_ARGS__; \
		tsr_call_end(&tsr_outer); \
	} while (0)

#define TSR_CALL_THREADS 64 /* more than these are not seen */

/* The marks of one thread of all, NULL: none. The thread may end meanwhile, so this is for a
 * process that is about to end, and for whoever only compares. Async-signal-safe. [any] */
struct tsr_call *tsr_call_thread(unsigned index);

/* A handler of `callee`. Returns what tsr_access_end puts back. [any] */
static inline uintptr_t tsr_access_begin(const struct tsr_callee *callee, bool write)
{
	uintptr_t outer = atomic_load_explicit(&tsr_call_now.access, memory_order_relaxed);

	atomic_store_explicit(&tsr_call_now.access, (uintptr_t)callee | write,
			      memory_order_relaxed);
	return outer;
}

static inline void tsr_access_end(uintptr_t outer)
{
	atomic_store_explicit(&tsr_call_now.access, outer, memory_order_relaxed);
}

#endif
