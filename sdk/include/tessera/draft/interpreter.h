/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. An interpreter as a service to a translating CPU plugin: what the translator does not translate, event delivery, and
 * the second opinion of lockstep. A context works on the caller's state, MMU and pins; it keeps nothing of its own between calls
 * that is not derived from the state, and may be called between any two instructions.
 */
#ifndef TESSERA_DRAFT_INTERPRETER_H
#define TESSERA_DRAFT_INTERPRETER_H

#include "cpu.h"
#include "mmu.h"

struct tsr_x86_context;

struct tsr_x86_env {
	uint32_t size;
	struct tsr_x86_state *state; /* the caller's, alive as long as the context */
	const struct tsr_mmu *mmu;
	void *mmu_self;
	struct tsr_mmu_vcpu *mmu_vcpu;
	const struct tsr_phys *phys;
	const struct tsr_cpu_host *cpu_host;
	const struct tsr_host *host; /* for phys and cpu_host calls */
	const char *model;           /* CPUID model's name, NULL: default */
	void (*ferr)(void *user, int level); /* FERR# for CR0.NE = 0, may be NULL */
	void *user;
};

enum tsr_x86_stop {
	TSR_X86_DONE,     /* all asked instructions executed (faults delivered to the guest count as executed) */
	TSR_X86_HALT,     /* HLT executed: state->halted */
	TSR_X86_SHUTDOWN, /* triple fault */
	TSR_X86_IO,       /* shadow runs only: the next instruction would touch ports, MMIO or time; nothing of it was done */
	TSR_X86_FAULT,    /* shadow runs only: the next instruction faults; see tsr_x86_fault */
};

struct tsr_x86_fault {
	int vector;          /* -1: none */
	bool has_error_code;
	uint32_t error_code;
	tsr_gla cr2;         /* for #PF */
};

enum tsr_x86_event { TSR_EVENT_EXTERNAL, TSR_EVENT_NMI, TSR_EVENT_FAULT };

#define TSR_X86_INTERPRETER "tessera.x86-interpreter/1"
struct tsr_x86_interpreter {
	uint32_t size;
	struct tsr_x86_context *(*create)(void *self, const struct tsr_x86_env *env, struct tsr_error *error); /* [main & !running] */
	void (*destroy)(struct tsr_x86_context *c);
	/* Executes up to `count` instructions at CS:EIP, delivering their faults and traps (#DB for TF too). Does not look at
	 * pins and does not take external interrupts. *executed: how many (may be NULL). When it changes CR0/CR3/CR4/EFER it calls
	 * mmu->set_context. [locked] */
	enum tsr_x86_stop (*step)(struct tsr_x86_context *c, uint64_t count, uint64_t *executed);
	/* Delivers an event at the current instruction boundary: an interrupt `vector`, NMI, or a fault found by the caller (with the
	 * state as before the faulting instruction). Double and triple faults are its business. [locked] */
	enum tsr_x86_stop (*deliver)(struct tsr_x86_context *c, enum tsr_x86_event kind, const struct tsr_x86_fault *fault);
	/* A shadow run: executes up to `count` instructions on *state (instead of the context's) against a copy-on-write view of
	 * memory; nothing outside is changed, not even A and D bits. Ends before I/O and before faults. */
	enum tsr_x86_stop (*shadow)(struct tsr_x86_context *c, struct tsr_x86_state *state, uint64_t count, uint64_t *executed,
				    struct tsr_x86_fault *fault);
	/* The bytes that the last shadow run would have written, in the order of execution: the last of an address counts. */
	void (*shadow_writes)(struct tsr_x86_context *c, void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user);
	/* The caller's pins, a bit per enum tsr_cpu_pin. Of a service's context only IGNNE# is looked at. [locked] */
	void (*set_pins)(struct tsr_x86_context *c, uint32_t pins);
	/* As shadow, and calls after(user, written) behind each instruction: *state is as it left it, and `written` of the bytes
	 * that shadow_writes will tell were written so far. */
	enum tsr_x86_stop (*shadow_steps)(struct tsr_x86_context *c, struct tsr_x86_state *state, uint64_t count,
					  void (*after)(void *user, size_t written), void *user, uint64_t *executed,
					  struct tsr_x86_fault *fault);
};

#endif
