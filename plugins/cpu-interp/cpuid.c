/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CPUID, and what follows from the model that the machine has. */
#include "cpuid.h"
#include "instructions.h"

bool cpuid_has(const cpu *c, unsigned feature)
{
	return tsr_x86_model_has(c->model, feature);
}

uint32_t cpuid_cr4_mask(const cpu *c)
{
	/* clang-format off */
	static const struct {
		unsigned feature;
		uint32_t bits;
	} rows[] = {
		{ TSR_CPU_VME, TSR_CR4_VME | TSR_CR4_PVI }, { TSR_CPU_TSC, TSR_CR4_TSD }, { TSR_CPU_DE, TSR_CR4_DE },
		{ TSR_CPU_PSE, TSR_CR4_PSE }, { TSR_CPU_PAE, TSR_CR4_PAE }, { TSR_CPU_MCE, TSR_CR4_MCE }, { TSR_CPU_PGE, TSR_CR4_PGE },
		{ TSR_CPU_P6, TSR_CR4_PCE }, { TSR_CPU_FXSR, TSR_CR4_OSFXSR }, { TSR_CPU_SSE, TSR_CR4_OSXMMEXCPT },
	};
	/* clang-format on */
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		mask |= cpuid_has(c, rows[i].feature) ? rows[i].bits : 0;
	return mask;
}

uint32_t cpuid_eflags_mask(const cpu *c)
{
	return TSR_FLAG_ID | TSR_FLAG_AC;
}

static void leaf_vendor(const struct tsr_x86_model *model, uint32_t out[4])
{
	out[0] = model->max_basic;
	memcpy(&out[1], model->vendor, 4);
	memcpy(&out[3], model->vendor + 4, 4);
	memcpy(&out[2], model->vendor + 8, 4);
}

static void leaf_extended(const struct tsr_x86_model *model, uint32_t leaf, uint32_t out[4])
{
	memset(out, 0, 16);
	switch (leaf) {
	case 0x80000000:
		out[0] = model->max_extended;
		break;
	case 0x80000001:
		out[3] = model->extended;
		break;
	case 0x80000002:
	case 0x80000003:
	case 0x80000004:
		memcpy(out, model->brand + 16 * (leaf - 0x80000002), 16);
		break;
	case 0x80000006:
		out[2] = 512 << 16 | 6 << 12 | 64; /* L2: 512 KiB, 8-way, 64-byte lines */
		break;
	case 0x80000008:
		out[0] = 32 << 8 | 36; /* linear and physical address bits */
		break;
	}
}

/* A leaf beyond the highest answers as the highest basic one (Intel). */
void cpuid_leaf(const struct tsr_x86_model *model, uint32_t leaf, uint32_t out[4])
{
	if (leaf >= 0x80000000 && leaf <= model->max_extended) {
		leaf_extended(model, leaf, out);
		return;
	}
	if (leaf > model->max_basic)
		leaf = model->max_basic;
	memset(out, 0, 16);
	if (leaf == 0) {
		leaf_vendor(model, out);
	} else if (leaf == 1) {
		out[0] = model->signature;
		out[1] = tsr_x86_model_has(model, TSR_CPU_CLFSH)
				 ? 8 << 8
				 : 0; /* CLFLUSH line: 8 * 8 bytes */
		out[3] = model->features;
	} else if (leaf == 2) {
		memcpy(out, model->leaf2, 16);
	}
}

void op_cpuid(cpu *c, const struct op *op)
{
	uint32_t out[4], *gpr = c->s->gpr;

	cpuid_leaf(c->model, gpr[TSR_EAX], out);
	gpr[TSR_EAX] = out[0];
	gpr[TSR_EBX] = out[1];
	gpr[TSR_ECX] = out[2];
	gpr[TSR_EDX] = out[3];
}
