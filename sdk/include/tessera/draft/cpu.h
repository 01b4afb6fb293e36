/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The border between core and CPU plugins.
 *
 * The lock: a virtual CPU's thread holds the machine lock while it is inside tsr_cpu.run, guest code included. Whoever else
 * wants the lock kicks the CPU; run returns, the core lets go of the lock, the other takes it, and the CPU goes on. So no table,
 * no device and no code cache ever changes under running translated code, and an access to a device from it locks nothing.
 */
#ifndef TESSERA_DRAFT_CPU_H
#define TESSERA_DRAFT_CPU_H

#include "../host.h"
#include "../x86.h"

enum tsr_cpu_exit {
	TSR_CPU_KICKED,   /* somebody asked */
	TSR_CPU_HALTED,   /* HLT or shutdown of the clock: nothing to do until a pin changes */
	TSR_CPU_BUDGET,   /* the budget of instructions is used up, exactly */
	TSR_CPU_SHUTDOWN, /* triple fault */
	TSR_CPU_STOPPED,  /* the plugin asked tessera.machine/1 to stop (a lockstep difference) */
};

/* Inputs of the interface "tessera.irq-inputs/1" that a CPU plugin provides. */
enum tsr_cpu_pin { TSR_CPU_INTR, TSR_CPU_NMI, TSR_CPU_INIT, TSR_CPU_IGNNE, TSR_CPU_PINS };

/* Provided by CPU plugins. Their manifests need: mmu (tessera.mmu/1), intack (tessera.intack/1). */
#define TSR_CPU "tessera.cpu/1"
struct tsr_cpu {
	uint32_t size;
	/* Runs the guest from its state until one of the exits; at most `budget` instructions (UINT64_MAX: no limit). A kick that
	 * came before run makes it return at once. [vcpu, locked] */
	enum tsr_cpu_exit (*run)(void *self, uint64_t budget);
	void (*kick)(void *self); /* run returns within 100 us; async-signal-safe [any] */
	void (*get_state)(void *self, struct tsr_x86_state *state);       /* [locked] outside run, or from a device call inside it */
	bool (*set_state)(void *self, const struct tsr_x86_state *state, struct tsr_error *error); /* [locked] outside run */
	uint64_t (*instructions)(void *self); /* retired up to the current instruction; exact where a budget is given [locked] */
	void (*stats)(void *self, void (*put)(void *user, const char *name, uint64_t value), void *user); /* [locked] */
};

/* What the core gives to a CPU plugin besides the usual tables. */
#define TSR_CPU_HOST "tessera.cpu-host/1"
struct tsr_cpu_host {
	uint32_t size;
	/* Port space; width 1, 2, 4; an access that leaves its handler's range is split. [locked] */
	uint32_t (*port_read)(const struct tsr_host *host, uint16_t port, unsigned width);
	void (*port_write)(const struct tsr_host *host, uint16_t port, uint32_t value, unsigned width);
	uint64_t (*tsc)(const struct tsr_host *host); /* machine time in TSC ticks; state.tsc_offset not added */
	uint64_t (*tsc_hz)(const struct tsr_host *host);
	/* true: somebody waits for the lock or an event is due; run should return (also told by kick). */
	bool (*exit_requested)(const struct tsr_host *host);
};

#endif
