/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The version of the device ABI and the types that every header shares.
 *
 * The device ABI is plain C: a plugin needs libc and these headers, nothing else. Rules:
 *  - every table starts with `size` (bytes, as compiled); it only grows at its end, and a caller
 *    looks at `size` before it touches a member that was added after 1.0;
 *  - a change that is not an addition gets a new interface name ("tessera.block/2");
 *  - a string is UTF-8, ends with 0, and belongs to whoever passes it, for the time of the call,
 *    unless a comment says otherwise; a table and an `ops` struct stay valid until the instance is
 *    detached;
 *  - comments state on which thread a function may be called: [main] the main loop; [vcpu] a
 *    virtual CPU's thread; [locked] any thread, the caller holds the machine lock; [any] any
 *    thread, with or without the lock; [!running] only while no virtual CPU runs.
 */
#ifndef TESSERA_ABI_H
#define TESSERA_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TSR_ABI_MAJOR 1
#define TSR_ABI_MINOR 1

/* The headers a plugin was compiled against. */
struct tsr_abi {
	uint16_t major;
	uint16_t minor;
};
#define TSR_ABI_CURRENT \
	{ \
		TSR_ABI_MAJOR, TSR_ABI_MINOR \
	}

/* Addresses of different kinds have different names; none is a bare integer in an interface. */
typedef uint32_t tsr_gla; /* guest linear address */
typedef uint64_t tsr_gpa; /* guest physical address (36 bits with PAE) */

#define TSR_PAGE_SHIFT 12
#define TSR_PAGE_SIZE 4096u
#define TSR_PAGE_MASK 4095u

/* An interface as the bus hands it out: the table, and the `self` that its functions are called
 * with. */
struct tsr_interface {
	const void *table;
	void *self;
};

#define TSR_EXPORT __attribute__((visibility("default")))
#define TSR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
