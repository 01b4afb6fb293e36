/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. An interpreter as a service to a translating CPU plugin: it executes what the translator
 * does not translate, delivers events, and gives lockstep its second opinion. A context works on
 * the caller's state, MMU and pins. Between calls it keeps nothing that is not derived from the
 * state, and it may be called between any two instructions.
 */
#ifndef TESSERA_DRAFT_INTERPRETER_H
#define TESSERA_DRAFT_INTERPRETER_H

#include "cpu.h"
#include "mmu.h"
#include "draft.h"

struct tsr_x86_context;

struct tsr_x86_env {
	uint32_t size;
	uint32_t flags;              /* 0: none are defined */
	struct tsr_x86_state *state; /* the caller's, alive as long as the context */
	const struct tsr_mmu *mmu;
	void *mmu_self;
	struct tsr_mmu_vcpu *mmu_vcpu;
	const struct tsr_phys *phys;
	const struct tsr_cpu_host *cpu_host;
	const struct tsr_host *host; /* for phys and cpu_host calls */
	const char *model;           /* CPUID model's name, NULL: default */
	/* The level of FERR#, for CR0.NE = 0; may be NULL. [locked] */
	void (*ferr)(void *user, int level);
	void *user;
};

enum tsr_x86_stop {
	TSR_X86_DONE, /* `count` instructions were executed; one whose fault was delivered counts */
	TSR_X86_HALT, /* HLT executed: state->halted */
	TSR_X86_SHUTDOWN, /* triple fault */
	TSR_X86_IO, /* shadow runs only: the next instruction uses ports, MMIO or time; nothing of
		       it was done */
	TSR_X86_FAULT, /* shadow runs only: the next instruction faults; see tsr_x86_fault */
};

/* Frozen. */
struct tsr_x86_fault {
	int vector; /* -1: none */
	bool has_error_code;
	uint32_t error_code;
	tsr_gla cr2; /* for #PF */
};

enum tsr_x86_event { TSR_EVENT_EXTERNAL, TSR_EVENT_NMI, TSR_EVENT_FAULT };

#define TSR_X86_INTERPRETER "tessera.x86-interpreter/1"
struct tsr_x86_interpreter {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Makes and frees a context, which is valid until destroy. `env` is copied. NULL and error
	 * when it cannot be made. [main & !running] */
	struct tsr_x86_context *(*create)(void *self, const struct tsr_x86_env *env,
					  struct tsr_error *error);
	void (*destroy)(struct tsr_x86_context *c);
	/* Executes up to `count` instructions at CS:EIP and delivers their faults and traps (also
	 * #DB for TF). It does not look at pins and accepts no interrupt. *executed is how many
	 * (may be NULL). When it changes CR0, CR3, CR4 or EFER it calls mmu->set_context. [locked]
	 */
	enum tsr_x86_stop (*step)(struct tsr_x86_context *c, uint64_t count, uint64_t *executed);
	/* Delivers an event at the current instruction boundary: an external interrupt, an NMI, or
	 * a fault that the caller found (with the state as before the faulting instruction). It
	 * handles double and triple faults. [locked] */
	enum tsr_x86_stop (*deliver)(struct tsr_x86_context *c, enum tsr_x86_event kind,
				     const struct tsr_x86_fault *fault);
	/* Calls `each` for each byte that the last shadow run wrote, in the order of execution: the
	 * last one of an address counts. [locked] */
	void (*shadow_writes)(struct tsr_x86_context *c,
			      void (*each)(void *user, tsr_gpa gpa, uint8_t value), void *user);
	/* The caller's pins, a bit for each enum tsr_cpu_pin. Only IGNNE# matters here. [locked] */
	void (*set_pins)(struct tsr_x86_context *c, uint32_t pins);
	/* A shadow run: executes up to `count` instructions on *state, instead of the context's,
	 * and on copies of the memory that they write; nothing outside is changed, not even A and D
	 * bits. It ends before I/O and before faults. If `after` is given, after(user, written) is
	 * called after each instruction: *state is as that instruction left it, and `written` is
	 * how many of the bytes that shadow_writes reports were written so far. [locked] */
	enum tsr_x86_stop (*shadow_steps)(struct tsr_x86_context *c, struct tsr_x86_state *state,
					  uint64_t count, void (*after)(void *user, size_t written),
					  void *user, uint64_t *executed,
					  struct tsr_x86_fault *fault);
};

#endif
