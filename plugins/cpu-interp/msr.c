/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RDMSR and WRMSR: a table of the MSRs that the announced features imply. Any other is #GP(0).
 * Intel SDM volume 4. */
#include "cpuid.h"
#include "derived.h"
#include "fault.h"
#include "system.h"
#include "instructions.h"

/* clang-format off */
enum msr_kind {
	MSR_ZERO,     /* reads 0, writes are dropped */
	MSR_MISC,     /* state->misc_msr[slot] */
	MSR_CONSTANT, /* reads `value`, writes #GP */
	MSR_TSC, MSR_EFER, MSR_SYSENTER_CS, MSR_SYSENTER_ESP, MSR_SYSENTER_EIP, MSR_UCODE,
};
/* clang-format on */

struct msr_row {
	uint32_t number;
	enum msr_kind kind;
	unsigned feature;
	uint32_t value; /* MSR_CONSTANT: its value; MSR_MISC: the slot */
};

/* Slots of misc_msr are part of the saved state: append only. */
static const struct msr_row rows[] = {
	{ 0x000, MSR_ZERO, TSR_CPU_MCE, 0 }, /* P5_MC_ADDR */
	{ 0x001, MSR_ZERO, TSR_CPU_MCE, 0 }, /* P5_MC_TYPE */
	{ 0x010, MSR_TSC, TSR_CPU_TSC, 0 },
	{ 0x017, MSR_CONSTANT, TSR_CPU_P6, 0 }, /* IA32_PLATFORM_ID */
	{ 0x01b, MSR_MISC, TSR_CPU_P6,
	  4 }, /* IA32_APIC_BASE: storage, as with the APIC fused off */
	{ 0x02a, MSR_MISC, TSR_CPU_P6, 3 },  /* EBL_CR_POWERON */
	{ 0x08b, MSR_UCODE, TSR_CPU_P6, 0 }, /* IA32_BIOS_SIGN_ID */
	{ 0x0c1, MSR_ZERO, TSR_CPU_P6, 0 },  /* PERFCTR0 */
	{ 0x0c2, MSR_ZERO, TSR_CPU_P6, 0 },  /* PERFCTR1 */
	{ 0x174, MSR_SYSENTER_CS, TSR_CPU_SEP, 0 },
	{ 0x175, MSR_SYSENTER_ESP, TSR_CPU_SEP, 0 },
	{ 0x176, MSR_SYSENTER_EIP, TSR_CPU_SEP, 0 },
	{ 0x179, MSR_CONSTANT, TSR_CPU_MCA, 0 }, /* IA32_MCG_CAP: no banks */
	{ 0x17a, MSR_MISC, TSR_CPU_MCA, 0 },     /* IA32_MCG_STATUS */
	{ 0x186, MSR_ZERO, TSR_CPU_P6, 0 },      /* EVNTSEL0 */
	{ 0x187, MSR_ZERO, TSR_CPU_P6, 0 },      /* EVNTSEL1 */
	{ 0x1a0, MSR_MISC, TSR_CPU_SSE2, 1 },    /* IA32_MISC_ENABLE */
	{ 0x1d9, MSR_MISC, TSR_CPU_P6, 2 },      /* IA32_DEBUGCTL */
	{ 0xc0000080, MSR_EFER, TSR_CPU_NX, 0 },
};

static const struct msr_row *msr_find(const cpu *c, uint32_t number)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == number)
			return cpuid_has(c, rows[i].feature) ? &rows[i] : NULL;
	}
	return NULL;
}

static uint64_t msr_read(cpu *c, const struct msr_row *row)
{
	const struct tsr_x86_state *s = c->s;

	switch (row->kind) {
	case MSR_MISC:
		return s->misc_msr[row->value];
	case MSR_CONSTANT:
		return row->value;
	case MSR_TSC:
		return system_tsc(c);
	case MSR_EFER:
		return s->efer;
	case MSR_SYSENTER_CS:
		return s->sysenter_cs;
	case MSR_SYSENTER_ESP:
		return s->sysenter_esp;
	case MSR_SYSENTER_EIP:
		return s->sysenter_eip;
	case MSR_ZERO:
	case MSR_UCODE:
		break;
	}
	return 0;
}

static void efer_write(cpu *c, uint64_t value)
{
	if (value & ~(uint64_t)TSR_EFER_NXE)
		fault_gp0(c);
	c->s->efer = value;
	cpu_set_context(c);
	cpu_refresh(c);
}

static void msr_write(cpu *c, const struct msr_row *row, uint64_t value)
{
	struct tsr_x86_state *s = c->s;

	switch (row->kind) {
	case MSR_MISC:
		s->misc_msr[row->value] = value;
		break;
	case MSR_CONSTANT:
		fault_gp0(c);
	case MSR_TSC:
		s->tsc_offset = value - c->cpu_host->tsc(c->host);
		break;
	case MSR_EFER:
		efer_write(c, value);
		break;
	case MSR_SYSENTER_CS:
		s->sysenter_cs = (uint32_t)value;
		break;
	case MSR_SYSENTER_ESP:
		s->sysenter_esp = (uint32_t)value;
		break;
	case MSR_SYSENTER_EIP:
		s->sysenter_eip = (uint32_t)value;
		break;
	case MSR_ZERO:
	case MSR_UCODE:
		break;
	}
}

static const struct msr_row *msr_operand(cpu *c)
{
	const struct msr_row *row;

	system_need_cpl0(c);
	row = msr_find(c, c->s->gpr[TSR_ECX]);
	if (!row)
		fault_gp0(c);
	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	return row;
}

void op_rdmsr(cpu *c, const struct op *op)
{
	uint64_t value = msr_read(c, msr_operand(c));

	c->s->gpr[TSR_EAX] = (uint32_t)value;
	c->s->gpr[TSR_EDX] = (uint32_t)(value >> 32);
}

void op_wrmsr(cpu *c, const struct op *op)
{
	const struct msr_row *row = msr_operand(c);

	msr_write(c, row, (uint64_t)c->s->gpr[TSR_EDX] << 32 | c->s->gpr[TSR_EAX]);
}
