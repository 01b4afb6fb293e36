/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See derived.h. The rights of segments: Intel SDM volume 3, 3.4.5.1 and 5.5. */
#include <tessera/draft/x86-state.h>

#include "derived.h"
#include "fault.h"

/* By the bits of the type (CODE, E or C, W or R) and P of a segment's access word. Expand-down data
 * has no rights: its limit is checked the slow way. */
#define RIGHTS_INDEX(access) (((access) >> 1 & 7) | ((access) >> 4 & 8))
enum { RW = SEG_READ | SEG_WRITE };
static const uint8_t rights_protected[16] = {
	[8] = SEG_READ,
	[9] = RW,
	[13] = SEG_READ,
	[15] = SEG_READ,
};
static const uint8_t rights_paragraph[16] = {
	RW, RW, 0, 0, RW, RW, RW, RW, RW, RW, 0, 0, RW, RW, RW, RW,
};

void cpu_refresh_segment(cpu *c, unsigned segment)
{
	const struct tsr_x86_segment *g = &c->s->segment[segment];
	const uint8_t *rights = paragraph_mode(c) ? rights_paragraph : rights_protected;

	c->rights[segment] = rights[RIGHTS_INDEX(g->access)];
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
	/* Another thread may set ATT_KICK at any time, but nothing else without the machine's lock:
	 * the rest needs an atomic change only where it differs. */
	if ((atomic_load_explicit(&c->attention, memory_order_relaxed) & ~(uint32_t)ATT_KICK) ==
	    value)
		return;
	atomic_fetch_and(&c->attention, value | ATT_KICK);
	atomic_fetch_or(&c->attention, value);
}

void cpu_refresh(cpu *c)
{
	const uint8_t *rights = paragraph_mode(c) ? rights_paragraph : rights_protected;

	c->view = c->s->cpl == 3 ? TSR_VIEW_USER : TSR_VIEW_SUPERVISOR;
	c->nx = (c->s->efer & TSR_EFER_NXE) && (c->s->cr4 & TSR_CR4_PAE) &&
		(c->s->cr0 & TSR_CR0_PG);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		c->rights[i] = rights[RIGHTS_INDEX(c->s->segment[i].access)];
	c->stack_mask = c->s->segment[TSR_SS].access & TSR_SEG_DB ? 0xffffffff : 0xffff;
	c->code32 = c->s->segment[TSR_CS].access & TSR_SEG_DB ? 1 : 0;
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
