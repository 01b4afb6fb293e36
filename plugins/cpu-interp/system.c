/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Control and debug registers, HLT, TSC, caches. Intel SDM volume 2; reserved bits: volume 3, 2.5
 * and 17.2. */
#include "cpuid.h"
#include "debug.h"
#include "derived.h"
#include "memory.h"
#include "instructions.h"
#include "system.h"

#define CR0_KNOWN \
	(TSR_CR0_PE | TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS | TSR_CR0_NE | TSR_CR0_WP | \
	 TSR_CR0_AM | TSR_CR0_NW | TSR_CR0_CD | TSR_CR0_PG)

void op_ud(cpu *c, const struct op *op)
{
	fault_ud(c);
}

void system_need_cpl0(cpu *c)
{
	if (c->s->cpl)
		fault_gp0(c);
}

/* What changes the MMU's context has no place in a shadow run. */
static void not_in_shadow(cpu *c)
{
	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
}

/* The four PDPTEs of PAE paging, as a load of CR3 takes them; false: a reserved bit is set. */
bool system_load_pdptes(cpu *c, uint32_t cr3, uint64_t pdpte[4])
{
	for (unsigned i = 0; i < 4; i++) {
		pdpte[i] = c->phys->read(c->host, (cr3 & TSR_CR3_PAE) + 8 * i, 8);
		if ((pdpte[i] & TSR_PTE_P) && (pdpte[i] & TSR_PDPTE_RESERVED))
			return false;
	}
	return true;
}

static bool uses_pae(uint32_t cr0, uint32_t cr4)
{
	return (cr0 & TSR_CR0_PG) && (cr4 & TSR_CR4_PAE);
}

static void write_control(cpu *c, uint32_t cr0, uint32_t cr3, uint32_t cr4)
{
	struct tsr_x86_state *s = c->s;
	uint64_t pdpte[4];

	if (uses_pae(cr0, cr4)) {
		if (!system_load_pdptes(c, cr3, pdpte))
			fault_gp0(c);
		memcpy(s->pdpte, pdpte, sizeof(pdpte));
	}
	s->cr0 = cr0;
	s->cr3 = cr3;
	s->cr4 = cr4;
	cpu_set_context(c);
	cpu_refresh(c);
}

static void write_cr0(cpu *c, uint32_t value)
{
	value = (value & CR0_KNOWN) | TSR_CR0_ET;
	if ((value & TSR_CR0_PG) && !(value & TSR_CR0_PE))
		fault_gp0(c);
	if ((value & TSR_CR0_NW) && !(value & TSR_CR0_CD))
		fault_gp0(c);
	if (!((value ^ c->s->cr0) & (TSR_CR0_PG | TSR_CR0_PE | TSR_CR0_WP))) {
		c->s->cr0 = value;
		cpu_refresh(c);
		return;
	}
	write_control(c, value, c->s->cr3, c->s->cr4);
}

void op_mov_to_cr(cpu *c, const struct op *op)
{
	uint32_t value = reg_get(c, op->rm, 4);

	system_need_cpl0(c);
	not_in_shadow(c);
	switch (op->reg) {
	case 0:
		write_cr0(c, value);
		break;
	case 2:
		c->s->cr2 = value;
		break;
	case 3:
		write_control(c, c->s->cr0, value, c->s->cr4);
		break;
	case 4:
		if (value & ~cpuid_cr4_mask(c))
			fault_gp0(c);
		write_control(c, c->s->cr0, c->s->cr3, value);
		break;
	default:
		fault_ud(c);
	}
}

void op_mov_from_cr(cpu *c, const struct op *op)
{
	const struct tsr_x86_state *s = c->s;
	const uint32_t value[8] = { [0] = s->cr0, [2] = s->cr2, [3] = s->cr3, [4] = s->cr4 };

	if (op->reg == 1 || op->reg > 4)
		fault_ud(c);
	system_need_cpl0(c);
	reg_set(c, op->rm, 4, value[op->reg]);
}

/* DR4 and DR5 are DR6 and DR7 unless CR4.DE; general detect traps any access. */
static unsigned debug_register(cpu *c, const struct op *op)
{
	unsigned n = op->reg;

	if (n == 4 || n == 5) {
		if (c->s->cr4 & TSR_CR4_DE)
			fault_ud(c);
		n += 2;
	}
	system_need_cpl0(c);
	if (c->s->dr[7] & TSR_DR7_GD) {
		c->s->dr[7] &= ~TSR_DR7_GD;
		debug_report(c, TSR_DR6_BD);
		fault_raise(c, TSR_VECTOR_DB);
	}
	return n;
}

void op_mov_from_dr(cpu *c, const struct op *op)
{
	unsigned n = debug_register(c, op);

	reg_set(c, op->rm, 4, c->s->dr[n]);
}

void op_mov_to_dr(cpu *c, const struct op *op)
{
	unsigned n = debug_register(c, op);
	uint32_t value = reg_get(c, op->rm, 4);

	if (n == 6)
		value = (value & TSR_DR6_WRITABLE) | TSR_DR6_ONES;
	else if (n == 7)
		value = (value & TSR_DR7_WRITABLE) | TSR_DR7_ONES;
	c->s->dr[n] = value;
	cpu_refresh(c);
}

void op_clts(cpu *c, const struct op *op)
{
	system_need_cpl0(c);
	c->s->cr0 &= ~TSR_CR0_TS;
}

/* PE can be set but not cleared. */
void op_lmsw(cpu *c, const struct op *op)
{
	uint32_t value;

	system_need_cpl0(c);
	value = operand_read(c, op, 2);
	not_in_shadow(c);
	write_cr0(c, (c->s->cr0 & ~(TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS)) |
			     (value & (TSR_CR0_PE | TSR_CR0_MP | TSR_CR0_EM | TSR_CR0_TS)));
}

void op_smsw(cpu *c, const struct op *op)
{
	operand_write(c, op, op->flags & OP_MEM ? 2 : op->size, c->s->cr0);
}

void op_invlpg(cpu *c, const struct op *op)
{
	system_need_cpl0(c);
	not_in_shadow(c);
	c->mmu->invalidate(c->mmu_self, c->vcpu,
			   c->s->segment[op->segment].base + memory_offset(c, op));
}

/* INVD, WBINVD: the caches of this machine are always coherent. */
void op_cache(cpu *c, const struct op *op)
{
	system_need_cpl0(c);
}

void op_clflush(cpu *c, const struct op *op)
{
	memory_read8(c, memory_operand(c, op, 1, false), c->view);
}

void op_fence(cpu *c, const struct op *op)
{
}

void op_hlt(cpu *c, const struct op *op)
{
	system_need_cpl0(c);
	not_in_shadow(c);
	c->s->halted = 1;
}

uint64_t system_tsc(cpu *c)
{
	return c->cpu_host->tsc(c->host) + c->s->tsc_offset;
}

void op_rdtsc(cpu *c, const struct op *op)
{
	uint64_t tsc;

	if ((c->s->cr4 & TSR_CR4_TSD) && c->s->cpl)
		fault_gp0(c);
	not_in_shadow(c);
	tsc = system_tsc(c);
	c->s->gpr[TSR_EAX] = (uint32_t)tsc;
	c->s->gpr[TSR_EDX] = (uint32_t)(tsc >> 32);
}

/* Two counters of the P6, which count nothing. */
void op_rdpmc(cpu *c, const struct op *op)
{
	if ((c->s->cpl && !(c->s->cr4 & TSR_CR4_PCE)) || c->s->gpr[TSR_ECX] > 1)
		fault_gp0(c);
	c->s->gpr[TSR_EAX] = 0;
	c->s->gpr[TSR_EDX] = 0;
}
