/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Where a processor is, for the profile of a guest: an interface that a CPU plugin may
 * provide beside tessera.cpu/1. Without it there can be no profile.
 */
#ifndef TESSERA_DRAFT_CPU_PROFILE_H
#define TESSERA_DRAFT_CPU_PROFILE_H

#include "x86.h"
#include "draft.h"

enum tsr_cpu_place_kind { TSR_PLACE_REAL, TSR_PLACE_V86, TSR_PLACE_PROTECTED };

/* Strings belong to the plugin and stay as long as its library is loaded. */
struct tsr_cpu_place {
	uint32_t size;
	uint32_t address;  /* linear, of the guest's instruction */
	uint32_t block;    /* linear, of the first instruction of the plugin's unit of execution; an
			      interpreter's is `address` */
	uint8_t ring;      /* CPL */
	uint8_t bits;      /* 16 or 32, by CS.D */
	uint8_t kind;      /* enum tsr_cpu_place_kind */
	const char *tier;  /* what executes: "interpreter", "translated", … */
	const char *cause; /* why other code than that of the guest's instruction runs, NULL: it
			      does not */
};

#define TSR_CPU_PROFILE "tessera.cpu-profile/1"
struct tsr_cpu_profile {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Fills in `place`, as far as place->size. It is called by a signal handler on the virtual
	 * CPU's thread, anywhere inside of tsr_cpu.run, devices included: it takes no lock,
	 * allocates and changes nothing, and must bear tables that are being changed. pc and sp are
	 * those of the host's code that was interrupted. [vcpu, signal] */
	void (*sample)(void *self, uint64_t pc, uint64_t sp, struct tsr_cpu_place *place);
};

/* Fills in the members that follow from the processor's mode. [any] */
static inline void tsr_cpu_place_set_mode(struct tsr_cpu_place *place,
					  const struct tsr_x86_state *state)
{
	place->ring = (uint8_t)state->cpl;
	place->bits = state->segment[TSR_CS].access & TSR_SEG_DB ? 32 : 16;
	place->kind = !(state->cr0 & TSR_CR0_PE)    ? TSR_PLACE_REAL
		      : state->eflags & TSR_FLAG_VM ? TSR_PLACE_V86
						    : TSR_PLACE_PROTECTED;
}

#endif
