/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The version of the device ABI and the types that every header shares.
 *
 * The device ABI is plain C: a plugin needs libc and these headers, nothing else. A string is UTF-8
 * and ends with 0. What is passed by pointer belongs to whoever passes it, for the time of the
 * call, unless a comment says otherwise. Comments state on which thread a function may be called:
 * [main] the main loop; [vcpu] a virtual CPU's thread; [locked] any thread, the caller holds the
 * machine lock; [any] any thread, with or without the lock; [!running] only while no virtual CPU
 * runs; [signal] by a signal handler. What a parameter is follows from its declaration, or stands
 * behind that: [locked; bitmap: out count bits] is memory of `count` bits that the callee fills in.
 *
 * How it grows, so that a plugin of last year loads in the core of next year, and a plugin that is
 * built with next year's headers (TSR_TARGET_MINOR) in the core of last year:
 *  - A table, and every other struct that crosses the border, begins with `size`: its bytes as
 *    whoever made it was compiled. It grows at its end only. Structs whose comment says "Frozen"
 *    have no size and never change. Padding is named, and 0.
 *  - Whoever reads a struct of the other side asks TSR_HAS before it touches a member that was
 *    added after 1.2, or that may be NULL; it never compares `size` with sizeof, and never copies
 *    more than `size` bytes (tsr_struct_fill). A new member means, when it is absent, NULL or 0,
 *    what held before there was one.
 *  - A struct that the callee fills in: the caller sets `size`, and the rest to 0; the callee fills
 *    in what the caller has room for.
 *  - Enumerations grow at their end. Whoever is asked to do a thing that it does not know (an
 *    operation, a kind, a flag) refuses it; a status or an error code that is not known counts as
 *    the general failure.
 *  - Any other change gets a new interface name ("tessera.block/2").
 *
 * What a plugin may rely on:
 *  - A table and an `ops` struct stay valid until the instance is detached. Keep the pointer to the
 *    table, and no copy of its members.
 *  - During `detach` the host and the instances that this one is connected to may still be called;
 *    nothing is called in this instance any more, except what it asks for by such a call.
 */
#ifndef TESSERA_ABI_H
#define TESSERA_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The version of these headers, and the oldest minor version whose plugins load: 1.0 and 1.1 were
 * drafts of them. */
#define TSR_ABI_MAJOR 1
#define TSR_ABI_MINOR 2
#define TSR_ABI_FIRST_MINOR 2

/* The oldest core that a plugin is to load in, as a minor version; its build may define it
 * (-DTSR_TARGET_MINOR=2). The plugin then asks TSR_HAS before it uses what was added later, and
 * host->get before it uses a whole table. */
#ifndef TSR_TARGET_MINOR
#define TSR_TARGET_MINOR TSR_ABI_MINOR
#endif
#if TSR_TARGET_MINOR < TSR_ABI_FIRST_MINOR || TSR_TARGET_MINOR > TSR_ABI_MINOR
#error "TSR_TARGET_MINOR is none of the versions that these headers build for"
#endif

/* The ABI that a plugin was built for, or that a core has. Frozen. */
struct tsr_abi {
	uint16_t major;
	uint16_t minor;
};
#define TSR_ABI_CURRENT \
	{ \
		TSR_ABI_MAJOR, TSR_TARGET_MINOR \
	}

/* Addresses of different kinds have different names; none is a bare integer in an interface. */
typedef uint32_t tsr_gla; /* guest linear address */
typedef uint64_t tsr_gpa; /* guest physical address (36 bits with PAE) */

#define TSR_PAGE_SHIFT 12
#define TSR_PAGE_SIZE 4096u
#define TSR_PAGE_MASK 4095u

/* An interface as the bus hands it out: the table, and the `self` that its functions are called
 * with. Frozen. */
struct tsr_interface {
	const void *table;
	void *self;
};

/* The bytes of a struct up to the end of one of its members: what `size` is at least, if it has
 * that member. */
#define TSR_SIZE_TO(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/*
 * Whether there is something in a member of a table or another struct that begins with its size: it
 * was compiled with the member, and the member is not NULL or 0. To be asked before each use of a
 * member that was added after 1.2 or may be NULL; `table` is a pointer, and is evaluated more than
 * once.
 *
 *	if (TSR_HAS(port, link_changed))
 *		port->link_changed(port->to, true);
 */
#define TSR_HAS(table, member) \
	((table)->size >= TSR_SIZE_TO(__typeof__(*(table)), member) && (table)->member)

/* Copies a struct that begins with its size into one whose maker may know fewer or more members:
 * those that both have; to->size stays. To be used by a callee that fills in its caller's struct,
 * and, with `to` zeroed but for its size, by whoever keeps a copy of another's struct. [any] */
static inline void tsr_struct_fill(void *to, const void *from)
{
	uint32_t room, size;

	memcpy(&room, to, sizeof(room));
	memcpy(&size, from, sizeof(size));
	if (size > room)
		size = room;
	if (size > sizeof(size))
		memcpy((char *)to + sizeof(size), (const char *)from + sizeof(size),
		       size - sizeof(size));
}

/* Of a declaration: it has C's linkage, also in C++. */
#ifdef __cplusplus
#define TSR_EXTERN_C extern "C"
#else
#define TSR_EXTERN_C extern
#endif
#define TSR_EXPORT __attribute__((visibility("default")))
#define TSR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
