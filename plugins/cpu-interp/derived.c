/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See derived.h. The rights of segments: Intel SDM volume 3, 3.4.5.1 and 5.5. */
#include <tessera/draft/x86-state.h>

#include "derived.h"
#include "fault.h"

void cpu_refresh_segment(cpu *c, unsigned segment)
{
	const struct tsr_x86_segment *g = &c->s->segment[segment];
	unsigned rights = 0;

	if ((g->access & (TSR_SEG_CODE | TSR_SEG_E)) != TSR_SEG_E) {
		if (paragraph_mode(c))
			rights = SEG_READ | SEG_WRITE;
		else if (!(g->access & TSR_SEG_P))
			rights = 0;
		else if (g->access & TSR_SEG_CODE)
			rights = g->access & TSR_SEG_R ? SEG_READ : 0;
		else
			rights = g->access & TSR_SEG_W ? SEG_READ | SEG_WRITE : SEG_READ;
	}
	c->rights[segment] = (uint8_t)rights;
	if (segment == TSR_SS)
		c->stack_mask = g->access & TSR_SEG_DB ? 0xffffffff : 0xffff;
	else if (segment == TSR_CS)
		c->code32 = g->access & TSR_SEG_DB ? 1 : 0;
}

static void refresh_slow(cpu *c)
{
	const struct tsr_x86_state *s = c->s;

	c->slow &= SLOW_SHADOW;
	if ((s->cr0 & TSR_CR0_AM) && (s->eflags & TSR_FLAG_AC) && s->cpl == 3)
		c->slow |= SLOW_ALIGN;
	if (s->dr[7] & TSR_DR7_ENABLES)
		c->slow |= SLOW_WATCH;
}

void cpu_refresh_attention(cpu *c)
{
	const struct tsr_x86_state *s = c->s;
	uint32_t value = 0;

	if ((s->eflags & (TSR_FLAG_TF | TSR_FLAG_RF)) || s->debug_pending ||
	    (s->dr[7] & TSR_DR7_ENABLES) || tsr_x86_virtual_interrupt(s))
		value |= ATT_DEBUG;
	if (s->shadow)
		value |= ATT_SHADOW;
	if (c->has_pins &&
	    (((c->pins & 1u << TSR_CPU_INTR) && c->intack && (s->eflags & TSR_FLAG_IF)) ||
	     (s->nmi_pending && !s->nmi_blocked)))
		value |= ATT_PIN;
	atomic_fetch_and(&c->attention, value | ATT_KICK);
	atomic_fetch_or(&c->attention, value);
}

void cpu_refresh(cpu *c)
{
	c->view = c->s->cpl == 3 ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	c->nx = (c->s->efer & TSR_EFER_NXE) && (c->s->cr4 & TSR_CR4_PAE) &&
		(c->s->cr0 & TSR_CR0_PG);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		cpu_refresh_segment(c, i);
	refresh_slow(c);
	cpu_refresh_attention(c);
}

void cpu_set_cpl(cpu *c, unsigned cpl)
{
	c->s->cpl = cpl;
	c->view = cpl == 3 ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	refresh_slow(c);
	if (c->s->eflags & TSR_FLAG_VIP)
		cpu_refresh_attention(c);
}

/* A change of VM changes how segments work; the caller loads them afterwards. */
void cpu_set_eflags(cpu *c, uint32_t eflags)
{
	c->s->eflags = eflags | TSR_FLAG_FIXED;
	refresh_slow(c);
	cpu_refresh_attention(c);
}

void cpu_set_context(cpu *c)
{
	const struct tsr_x86_state *s = c->s;
	struct tsr_mmu_context context = {
		.cr0 = s->cr0, .cr3 = s->cr3, .cr4 = s->cr4, .efer = s->efer, .pdpte = s->pdpte
	};

	if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	c->mmu->set_context(c->mmu_self, c->vcpu, &context);
}
