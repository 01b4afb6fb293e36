/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The border between core and CPU plugins.
 *
 * The lock: a virtual CPU's thread holds the machine lock while it is inside of tsr_cpu.run, guest
 * code included. Another thread that wants the lock kicks the CPU: run returns, the core releases
 * the lock, the other thread takes it, and later the CPU continues. So no table, no device and no
 * code cache ever changes while translated code runs, and translated code calls devices without
 * locking anything.
 */
#ifndef TESSERA_DRAFT_CPU_H
#define TESSERA_DRAFT_CPU_H

#include "../host.h"
#include "x86.h"
#include "draft.h"
#include "interrupts.h"

enum tsr_cpu_exit {
	TSR_CPU_KICKED,   /* kick was called */
	TSR_CPU_HALTED,   /* HLT: nothing to do until a pin changes */
	TSR_CPU_BUDGET,   /* exactly the instructions of the budget were executed */
	TSR_CPU_SHUTDOWN, /* triple fault */
	TSR_CPU_STOPPED,  /* the plugin asked tessera.machine/1 to stop (a lockstep difference) */
	TSR_CPU_WAITING,  /* the guest reads its clock over and over, with PAUSE in between: it may
			     rest for a moment. Not with a budget */
};

/* Inputs of the interface "tessera.irq-inputs/1" that a CPU plugin provides. */
enum tsr_cpu_pin { TSR_CPU_INTR, TSR_CPU_NMI, TSR_CPU_INIT, TSR_CPU_IGNNE, TSR_CPU_PINS };

/* Provided by CPU plugins. Their manifests need: mmu (tessera.mmu/1), intack (tessera.intack/1). */
#define TSR_CPU "tessera.cpu/1"
struct tsr_cpu {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Runs the guest from its state until one of the exits; at most `budget` instructions
	 * (UINT64_MAX: no limit). A kick that came before makes it return at once. [vcpu, locked]
	 */
	enum tsr_cpu_exit (*run)(void *self, uint64_t budget);
	/* Makes run return within 100 us. Async-signal-safe. [any] */
	void (*kick)(void *self);
	/* Copies the processor's state, as far as state->size; outside of run, or in a call that
	 * run makes to a device.
	 * [locked] */
	void (*get_state)(void *self, struct tsr_x86_state *state);
	/* Takes over a state; outside of run. False and error: it cannot be understood. [locked] */
	bool (*set_state)(void *self, const struct tsr_x86_state *state, struct tsr_error *error);
	/* Instructions retired up to the current one; exact in a machine with budgets. [locked] */
	uint64_t (*instructions)(void *self);
	/* Calls `put` for each counter of --stats. [locked] */
	void (*stats)(void *self, void (*put)(void *user, const char *name, uint64_t value),
		      void *user);
};

/* Who is told of accesses to memory that the host refuses, made by code that the plugin has
 * emitted.
 */
struct tsr_fault_handler {
	uint32_t size;
	uint32_t flags;   /* 0: none are defined */
	const void *code; /* of that code: `length` bytes */
	uint64_t length;
	void *self;
	/* Called in the thread that made the access, on its stack for signals of at least 48 KiB,
	 * with siginfo_t and ucontext_t as sigaction(2) gives them; registers may be changed. True:
	 * the code goes on with them. False: it is a fault like any other, which ends the process.
	 * It may do what a function may do that this code calls, as that holds no lock of the C
	 * library's. [signal; info: in 128 bytes; context: in out 968 bytes] */
	bool (*handle)(void *self, void *info, void *context);
};

/* A host table for CPU plugins. */
#define TSR_CPU_HOST "tessera.cpu-host/1"
struct tsr_cpu_host {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Port accesses of 1, 2 or 4 bytes; one that leaves its handler's range is split. [locked]
	 */
	uint32_t (*port_read)(const struct tsr_host *host, uint16_t port, unsigned width);
	void (*port_write)(const struct tsr_host *host, uint16_t port, uint32_t value,
			   unsigned width);
	/* Guest time in TSC ticks, 10^9 a second; without state.tsc_offset. [locked] */
	uint64_t (*tsc)(const struct tsr_host *host);
	/* From here on, an access to memory that the host refuses (SIGSEGV), made by the handler's
	 * code, is told to it. NULL: no longer. An instance has one, which ends with it. False:
	 * there is no room. [main & !running] */
	bool (*handle_faults)(const struct tsr_host *host, const struct tsr_fault_handler *handler);
};

#endif
