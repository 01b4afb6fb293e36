/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Processor models: what CPUID says and, with it, which instructions and MSRs there are. */
#ifndef INTERP_CPUID_H
#define INTERP_CPUID_H

#include "interp.h"

/* Bits of CPUID.1:EDX; the extended ones (80000001h) follow from 32 on. */
enum cpuid_feature {
	CPU_FPU = 0, CPU_VME = 1, CPU_DE = 2, CPU_PSE = 3, CPU_TSC = 4, CPU_MSR = 5, CPU_PAE = 6, CPU_MCE = 7, CPU_CX8 = 8,
	CPU_SEP = 11, CPU_PGE = 13, CPU_MCA = 14, CPU_CMOV = 15, CPU_PAT = 16, CPU_CLFSH = 19, CPU_MMX = 23, CPU_FXSR = 24,
	CPU_SSE = 25, CPU_SSE2 = 26, CPU_NX = 32 + 20,
	CPU_ALWAYS = 64, /* in every model */
	CPU_P6 = 65,     /* family 6 without a bit of its own: UD1's ModRM, long NOP, RDPMC */
	CPU_486 = 66,
};

struct cpuid_model {
	const char *name;
	char vendor[13];
	char brand[48];
	uint32_t signature; /* CPUID.1:EAX */
	uint32_t features;  /* CPUID.1:EDX */
	uint32_t extended;  /* CPUID.80000001h:EDX */
	uint32_t max_basic, max_extended; /* max_extended 0: no extended leaves */
	uint32_t leaf2[4];  /* cache descriptors, EAX to EDX */
};

const struct cpuid_model *cpuid_find(const char *name);
bool cpuid_has(const cpu *c, unsigned feature); /* enum cpuid_feature */
uint32_t cpuid_cr4_mask(const cpu *c);
uint32_t cpuid_eflags_mask(const cpu *c); /* ID and AC where the model has them */
void cpuid_leaf(const struct cpuid_model *model, uint32_t leaf, uint32_t out[4]);
bool model_has(const struct cpuid_model *model, unsigned feature);

#endif
