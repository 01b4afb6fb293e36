/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The processor models that CPU plugins know (property `model`): what CPUID says and, with
 * it, which instructions and MSRs there are. The default says that it is a Bonnell, an in-order
 * processor without speculation, so that systems spare themselves the mitigations against Meltdown
 * and Spectre; it announces what Tessera's machines have and nothing else. Source: Intel SDM volume
 * 2, CPUID; the identification of each processor as its specification update gives it.
 *
 * A new model is a row of the table; a CPU plugin must do what the row announces.
 */
#ifndef TESSERA_DRAFT_X86_MODELS_H
#define TESSERA_DRAFT_X86_MODELS_H

#include <string.h>

#include "../abi.h"
#include "draft.h"

/* Bits of CPUID.1:EDX; those of CPUID.80000001h:EDX follow from 32 on. */
/* clang-format off */
enum tsr_x86_feature {
	TSR_CPU_FPU = 0, TSR_CPU_VME = 1, TSR_CPU_DE = 2, TSR_CPU_PSE = 3, TSR_CPU_TSC = 4, TSR_CPU_MSR = 5, TSR_CPU_PAE = 6,
	TSR_CPU_MCE = 7, TSR_CPU_CX8 = 8, TSR_CPU_SEP = 11, TSR_CPU_PGE = 13, TSR_CPU_MCA = 14, TSR_CPU_CMOV = 15,
	TSR_CPU_CLFSH = 19, TSR_CPU_MMX = 23, TSR_CPU_FXSR = 24, TSR_CPU_SSE = 25, TSR_CPU_SSE2 = 26,
	TSR_CPU_NX = 32 + 20,
	TSR_CPU_ALWAYS = 64, /* in every model */
	TSR_CPU_P6 = 65,     /* family 6, what has no bit of its own: ModRM of UD1, long NOP, RDPMC */
};
/* clang-format on */

/* Frozen: it does not cross the border. */
struct tsr_x86_model {
	const char *name;
	char vendor[13];
	char brand[48];
	uint32_t signature;               /* CPUID.1:EAX, and EDX after reset */
	uint32_t features;                /* CPUID.1:EDX */
	uint32_t extended;                /* CPUID.80000001h:EDX */
	uint32_t max_basic, max_extended; /* max_extended 0: no extended leaves */
	uint32_t leaf2[4];                /* cache descriptors, EAX to EDX */
};

#define TSR_X86_FEATURE(name) (1u << (TSR_CPU_##name % 32))
#define TSR_X86_PENTIUM_FEATURES \
	(TSR_X86_FEATURE(FPU) | TSR_X86_FEATURE(VME) | TSR_X86_FEATURE(DE) | \
	 TSR_X86_FEATURE(PSE) | TSR_X86_FEATURE(TSC) | TSR_X86_FEATURE(MSR) | \
	 TSR_X86_FEATURE(MCE) | TSR_X86_FEATURE(CX8))
#define TSR_X86_PENTIUM3_FEATURES \
	(TSR_X86_PENTIUM_FEATURES | TSR_X86_FEATURE(PAE) | TSR_X86_FEATURE(SEP) | \
	 TSR_X86_FEATURE(PGE) | TSR_X86_FEATURE(MCA) | TSR_X86_FEATURE(CMOV) | \
	 TSR_X86_FEATURE(MMX) | TSR_X86_FEATURE(FXSR) | TSR_X86_FEATURE(SSE))

/* Columns as in the struct. */
/* clang-format off */
static const struct tsr_x86_model tsr_x86_models[] = {
	{ "i686", "GenuineIntel", "Tessera i686", 0x000106ca, /* family 6, model 28, stepping 10 */
	  TSR_X86_PENTIUM3_FEATURES | TSR_X86_FEATURE(CLFSH) | TSR_X86_FEATURE(SSE2), TSR_X86_FEATURE(NX), 2, 0x80000008,
	  { 0x4fba5901, 0x0e3080c0, 0, 0 } },
	{ "pentium3", "GenuineIntel", "", 0x00000686, TSR_X86_PENTIUM3_FEATURES, 0, 2, 0, { 0x03020101, 0, 0, 0x0c040882 } },
	{ "pentium", "GenuineIntel", "", 0x0000052c, TSR_X86_PENTIUM_FEATURES, 0, 1, 0, { 0, 0, 0, 0 } },
	{ "i486", "GenuineIntel", "", 0x00000480, TSR_X86_FEATURE(FPU), 0, 1, 0, { 0, 0, 0, 0 } },
};
/* clang-format on */

/* A row of the table, valid as long as the plugin is loaded; NULL, "" and "default" are the first.
 * NULL: no such model. [any] */
static inline const struct tsr_x86_model *tsr_x86_model_find(const char *name)
{
	if (!name || !*name || !strcmp(name, "default"))
		return &tsr_x86_models[0];
	for (size_t i = 0; i < sizeof(tsr_x86_models) / sizeof(tsr_x86_models[0]); i++) {
		if (!strcmp(tsr_x86_models[i].name, name))
			return &tsr_x86_models[i];
	}
	return NULL;
}

/* Does the model have that feature? [any] */
static inline bool tsr_x86_model_has(const struct tsr_x86_model *model,
				     unsigned feature) /* enum tsr_x86_feature */
{
	if (feature < 32)
		return model->features >> feature & 1;
	if (feature < 64)
		return model->extended >> (feature - 32) & 1;
	return feature != TSR_CPU_P6 || (model->signature >> 8 & 15) >= 6;
}

#endif
