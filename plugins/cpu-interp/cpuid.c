/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of processor models. The default says it is a Bonnell, an in-order processor without speculation, so that systems
 * spare themselves the mitigations against Meltdown and Spectre, and announces what Tessera's machines have and nothing else.
 */
#include "cpuid.h"
#include "instructions.h"

#define BIT(n) (1u << (n))

static const struct cpuid_model models[] = {
	{
		.name = "i686", .vendor = "GenuineIntel", .brand = "Tessera i686",
		.signature = 0x000106ca, /* family 6, model 28, stepping 10 */
		.features = BIT(CPU_FPU) | BIT(CPU_VME) | BIT(CPU_DE) | BIT(CPU_PSE) | BIT(CPU_TSC) | BIT(CPU_MSR) | BIT(CPU_PAE) |
			    BIT(CPU_MCE) | BIT(CPU_CX8) | BIT(CPU_SEP) | BIT(CPU_PGE) | BIT(CPU_MCA) | BIT(CPU_CMOV) |
			    BIT(CPU_CLFSH) | BIT(CPU_MMX) | BIT(CPU_FXSR) | BIT(CPU_SSE) | BIT(CPU_SSE2),
		.extended = BIT(20),
		.max_basic = 2, .max_extended = 0x80000008,
		.leaf2 = { 0x4fba5901, 0x0e3080c0, 0, 0 },
	},
	{
		.name = "pentium3", .vendor = "GenuineIntel",
		.signature = 0x00000686,
		.features = BIT(CPU_FPU) | BIT(CPU_VME) | BIT(CPU_DE) | BIT(CPU_PSE) | BIT(CPU_TSC) | BIT(CPU_MSR) | BIT(CPU_PAE) |
			    BIT(CPU_MCE) | BIT(CPU_CX8) | BIT(CPU_SEP) | BIT(CPU_PGE) | BIT(CPU_MCA) | BIT(CPU_CMOV) |
			    BIT(CPU_MMX) | BIT(CPU_FXSR) | BIT(CPU_SSE),
		.max_basic = 2,
		.leaf2 = { 0x03020101, 0, 0, 0x0c040882 },
	},
	{
		.name = "pentium", .vendor = "GenuineIntel",
		.signature = 0x0000052c,
		.features = BIT(CPU_FPU) | BIT(CPU_VME) | BIT(CPU_DE) | BIT(CPU_PSE) | BIT(CPU_TSC) | BIT(CPU_MSR) | BIT(CPU_MCE) |
			    BIT(CPU_CX8),
		.max_basic = 1,
	},
	{
		.name = "i486", .vendor = "GenuineIntel",
		.signature = 0x00000480,
		.features = BIT(CPU_FPU),
		.max_basic = 1,
	},
};

const struct cpuid_model *cpuid_find(const char *name)
{
	if (!name || !*name || !strcmp(name, "default"))
		return &models[0];
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		if (!strcmp(models[i].name, name))
			return &models[i];
	}
	return NULL;
}

bool model_has(const struct cpuid_model *model, unsigned feature)
{
	if (feature < 32)
		return model->features >> feature & 1;
	if (feature < 64)
		return model->extended >> (feature - 32) & 1;
	return feature != CPU_P6 || (model->signature >> 8 & 15) >= 6;
}

bool cpuid_has(const cpu *c, unsigned feature)
{
	return model_has(c->model, feature);
}

uint32_t cpuid_cr4_mask(const cpu *c)
{
	static const struct {
		unsigned feature;
		uint32_t bits;
	} rows[] = {
		{ CPU_VME, TSR_CR4_VME | TSR_CR4_PVI }, { CPU_TSC, TSR_CR4_TSD }, { CPU_DE, TSR_CR4_DE },
		{ CPU_PSE, TSR_CR4_PSE }, { CPU_PAE, TSR_CR4_PAE }, { CPU_MCE, TSR_CR4_MCE }, { CPU_PGE, TSR_CR4_PGE },
		{ CPU_P6, TSR_CR4_PCE }, { CPU_FXSR, TSR_CR4_OSFXSR }, { CPU_SSE, TSR_CR4_OSXMMEXCPT },
	};
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		mask |= cpuid_has(c, rows[i].feature) ? rows[i].bits : 0;
	return mask;
}

uint32_t cpuid_eflags_mask(const cpu *c)
{
	return TSR_FLAG_ID | TSR_FLAG_AC;
}

static void leaf_vendor(const struct cpuid_model *model, uint32_t out[4])
{
	out[0] = model->max_basic;
	memcpy(&out[1], model->vendor, 4);
	memcpy(&out[3], model->vendor + 4, 4);
	memcpy(&out[2], model->vendor + 8, 4);
}

static void leaf_extended(const struct cpuid_model *model, uint32_t leaf, uint32_t out[4])
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
void cpuid_leaf(const struct cpuid_model *model, uint32_t leaf, uint32_t out[4])
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
		out[1] = model->features & BIT(CPU_CLFSH) ? 8 << 8 : 0; /* CLFLUSH line: 8 * 8 bytes */
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
