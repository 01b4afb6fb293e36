/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. What every CPU plugin does with an x86 processor's state: reset it (Intel SDM volume 3,
 * table 9-1), save and load it as named fields, find out what comes before the next instruction. A
 * plugin adds what it has besides, such as pins. All functions: [locked], outside of run.
 */
#ifndef TESSERA_DRAFT_X86_STATE_H
#define TESSERA_DRAFT_X86_STATE_H

#include <stdio.h>
#include <string.h>

#include "../device.h"
#include "../state.h"
#include "x86-facts.h"
#include "draft.h"

/* Whether VIF and VIP are both set where VME or PVI use them: #GP(0) instead of the next
 * instruction (Intel SDM volume 3, 20.3.2, 20.4). */
static inline bool tsr_x86_virtual_interrupt(const struct tsr_x86_state *s)
{
	const uint32_t both = TSR_FLAG_VIF | TSR_FLAG_VIP;

	return (s->eflags & both) == both && s->cpl == 3 &&
	       s->cr4 & (s->eflags & TSR_FLAG_VM ? TSR_CR4_VME : TSR_CR4_PVI);
}

/* A segment register as a reset leaves it: a limit of 64 KiB. */
static inline void tsr_x86_segment_reset(struct tsr_x86_segment *g, uint16_t selector, tsr_gla base,
					 uint16_t access)
{
	g->selector = selector;
	g->access = access;
	g->limit = 0xffff;
	g->base = base;
}

/* Resets the state. `signature`: CPUID.1:EAX, which is in EDX then. Only power-on resets the count
 * of instructions and the TSC's offset; INIT leaves the x87, SSE and model-specific registers, and
 * CR0's cache bits. */
static inline void tsr_x86_state_reset(struct tsr_x86_state *s, enum tsr_reset kind,
				       uint32_t signature)
{
	struct tsr_x86_fx fx;
	struct tsr_x86_state old = *s;

	memset(s, 0, sizeof(*s));
	s->version = TSR_X86_STATE_VERSION;
	s->size = sizeof(*s);
	s->gpr[TSR_EDX] = signature;
	s->eip = 0xfff0;
	s->eflags = TSR_FLAG_FIXED;
	s->cr0 = TSR_CR0_CD | TSR_CR0_NW | TSR_CR0_ET;
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		tsr_x86_segment_reset(&s->segment[i], 0, 0, TSR_SEG_RESET);
	tsr_x86_segment_reset(&s->segment[TSR_CS], 0xf000, 0xffff0000u, TSR_SEG_RESET);
	tsr_x86_segment_reset(&s->ldtr, 0, 0, TSR_SEG_P | TSR_SYS_LDT);
	tsr_x86_segment_reset(&s->tr, 0, 0, TSR_SEG_P | TSR_SYS_TSS32_BUSY);
	s->gdtr.limit = s->idtr.limit = 0xffff;
	s->dr[6] = TSR_DR6_ONES;
	s->dr[7] = TSR_DR7_ONES;
	s->misc_msr[1] = 1; /* IA32_MISC_ENABLE: fast strings */
	memset(&fx, 0, sizeof(fx));
	fx.fcw = TSR_FCW_RESET; /* FNINIT makes it 037Fh */
	fx.ftw = 0xff;          /* all tags valid, as after power-on */
	fx.mxcsr = TSR_MXCSR_RESET;
	fx.mxcsr_mask = TSR_MXCSR_KNOWN;
	memcpy(s->fx, &fx, sizeof(s->fx));
	if (kind == TSR_RESET_POWER_ON)
		return;
	s->instructions = old.instructions;
	s->tsc_offset = old.tsc_offset;
	if (kind == TSR_RESET_SOFT) {
		memcpy(s->fx, old.fx, sizeof(s->fx));
		memcpy(s->misc_msr, old.misc_msr, sizeof(s->misc_msr));
		s->cr0 = TSR_CR0_ET | (old.cr0 & (TSR_CR0_CD | TSR_CR0_NW));
	}
}

/* A CPU plugin may load the image into the host's unit, which faults on bits of MXCSR that do not
 * exist (FXRSTOR, SDM volume 2). */
static inline void tsr_x86_state_mend_fx(struct tsr_x86_state *s)
{
	uint32_t mxcsr;

	memcpy(&mxcsr, s->fx + offsetof(struct tsr_x86_fx, mxcsr), sizeof(mxcsr));
	mxcsr &= TSR_MXCSR_KNOWN;
	memcpy(s->fx + offsetof(struct tsr_x86_fx, mxcsr), &mxcsr, sizeof(mxcsr));
}

/* What get_state does: the caller, which set to->size, may know fewer fields or more. */
static inline void tsr_x86_state_give(struct tsr_x86_state *to, const struct tsr_x86_state *from)
{
	uint32_t size = to->size;

	memcpy(to, from, size < from->size ? size : from->size);
	to->size = size;
}

/* What set_state does with its argument, which may come from a caller that knows fewer fields.
 * False: another version, or more fields than known here. */
static inline bool tsr_x86_state_take(struct tsr_x86_state *s, const struct tsr_x86_state *from)
{
	if (from->version != TSR_X86_STATE_VERSION || from->size > sizeof(*s))
		return false;
	memset(s, 0, sizeof(*s));
	memcpy(s, from, from->size);
	s->size = sizeof(*s);
	tsr_x86_state_mend_fx(s);
	return true;
}

#define TSR_X86_FIELD(member) \
	{ \
#member, offsetof(struct tsr_x86_state, member), \
			sizeof(((struct tsr_x86_state *)0)->member) \
	}

/* clang-format off */
static const struct {
	const char *name;
	size_t offset, size;
} tsr_x86_fields[] = {
	TSR_X86_FIELD(gpr[0]), TSR_X86_FIELD(gpr[1]), TSR_X86_FIELD(gpr[2]), TSR_X86_FIELD(gpr[3]), TSR_X86_FIELD(gpr[4]),
	TSR_X86_FIELD(gpr[5]), TSR_X86_FIELD(gpr[6]), TSR_X86_FIELD(gpr[7]), TSR_X86_FIELD(eip), TSR_X86_FIELD(eflags),
	TSR_X86_FIELD(gdtr.base), TSR_X86_FIELD(gdtr.limit), TSR_X86_FIELD(idtr.base), TSR_X86_FIELD(idtr.limit),
	TSR_X86_FIELD(cr0), TSR_X86_FIELD(cr2), TSR_X86_FIELD(cr3), TSR_X86_FIELD(cr4), TSR_X86_FIELD(efer),
	TSR_X86_FIELD(pdpte[0]), TSR_X86_FIELD(pdpte[1]), TSR_X86_FIELD(pdpte[2]), TSR_X86_FIELD(pdpte[3]),
	TSR_X86_FIELD(dr[0]), TSR_X86_FIELD(dr[1]), TSR_X86_FIELD(dr[2]), TSR_X86_FIELD(dr[3]), TSR_X86_FIELD(dr[6]),
	TSR_X86_FIELD(dr[7]), TSR_X86_FIELD(cpl), TSR_X86_FIELD(shadow), TSR_X86_FIELD(halted), TSR_X86_FIELD(nmi_blocked),
	TSR_X86_FIELD(nmi_pending), TSR_X86_FIELD(tsc_offset), TSR_X86_FIELD(sysenter_cs), TSR_X86_FIELD(sysenter_esp),
	TSR_X86_FIELD(sysenter_eip), TSR_X86_FIELD(instructions),
	TSR_X86_FIELD(debug_pending), /* the last ones: TSR_X86_ADDED */
};
/* clang-format on */
#define TSR_X86_ADDED 1 /* fields that older saved states lack: 0 then */

/* clang-format off */
static const struct {
	const char *name;
	size_t offset;
} tsr_x86_segments[] = {
	{ "es", offsetof(struct tsr_x86_state, segment[TSR_ES]) }, { "cs", offsetof(struct tsr_x86_state, segment[TSR_CS]) },
	{ "ss", offsetof(struct tsr_x86_state, segment[TSR_SS]) }, { "ds", offsetof(struct tsr_x86_state, segment[TSR_DS]) },
	{ "fs", offsetof(struct tsr_x86_state, segment[TSR_FS]) }, { "gs", offsetof(struct tsr_x86_state, segment[TSR_GS]) },
	{ "ldtr", offsetof(struct tsr_x86_state, ldtr) },          { "tr", offsetof(struct tsr_x86_state, tr) },
};
/* clang-format on */

#define TSR_X86_COUNT(table) (sizeof(table) / sizeof(*(table)))

/* Writes the state as fields. */
static inline void tsr_x86_state_put(struct tsr_state_writer *out, const struct tsr_x86_state *s)
{
	char name[16];

	for (size_t i = 0; i < TSR_X86_COUNT(tsr_x86_fields); i++) {
		uint64_t value = 0;

		memcpy(&value, (const char *)s + tsr_x86_fields[i].offset, tsr_x86_fields[i].size);
		out->ops->uint(out, tsr_x86_fields[i].name, value,
			       (unsigned)tsr_x86_fields[i].size);
	}
	for (size_t i = 0; i < TSR_X86_COUNT(tsr_x86_segments); i++) {
		struct tsr_x86_segment g;

		memcpy(&g, (const char *)s + tsr_x86_segments[i].offset, sizeof(g));
		out->ops->begin(out, tsr_x86_segments[i].name);
		tsr_state_put_u16(out, "selector", g.selector);
		tsr_state_put_u16(out, "access", g.access);
		tsr_state_put_u32(out, "limit", g.limit);
		tsr_state_put_u32(out, "base", g.base);
		out->ops->end(out);
	}
	for (unsigned i = 0; i < TSR_X86_COUNT(s->misc_msr); i++) {
		snprintf(name, sizeof(name), "msr%u", i);
		tsr_state_put_u64(out, name, s->misc_msr[i]);
	}
	tsr_state_put_bytes(out, "fx", s->fx, sizeof(s->fx));
}

/* Reads a segment register's group. False: it or a field of it is missing. */
static inline bool tsr_x86_segment_get(struct tsr_state_reader *in, const char *name,
				       struct tsr_x86_segment *g)
{
	bool ok;

	if (!in->ops->begin(in, name))
		return false;
	ok = tsr_state_get_u16(in, "selector", &g->selector) &&
	     tsr_state_get_u16(in, "access", &g->access) &&
	     tsr_state_get_u32(in, "limit", &g->limit) && tsr_state_get_u32(in, "base", &g->base);
	in->ops->end(in);
	return ok;
}

/* Reads the state. NULL: done; otherwise the name of a field that is missing, as constant text,
 * and *s is filled in part. The fields may hold anything: those that depend on each other are made
 * to agree. MSRs that an older version did not have keep their values. */
static inline const char *tsr_x86_state_get(struct tsr_state_reader *in, struct tsr_x86_state *s)
{
	char name[16];

	for (size_t i = 0; i < TSR_X86_COUNT(tsr_x86_fields); i++) {
		uint64_t value = 0;

		if (!in->ops->uint(in, tsr_x86_fields[i].name, &value,
				   (unsigned)tsr_x86_fields[i].size)) {
			if (i + TSR_X86_ADDED < TSR_X86_COUNT(tsr_x86_fields))
				return tsr_x86_fields[i].name;
			value = 0;
		}
		memcpy((char *)s + tsr_x86_fields[i].offset, &value, tsr_x86_fields[i].size);
	}
	for (size_t i = 0; i < TSR_X86_COUNT(tsr_x86_segments); i++) {
		struct tsr_x86_segment g;

		if (!tsr_x86_segment_get(in, tsr_x86_segments[i].name, &g))
			return tsr_x86_segments[i].name;
		memcpy((char *)s + tsr_x86_segments[i].offset, &g, sizeof(g));
	}
	for (unsigned i = 0; i < TSR_X86_COUNT(s->misc_msr); i++) {
		snprintf(name, sizeof(name), "msr%u", i);
		tsr_state_get_u64(in, name, &s->misc_msr[i]);
	}
	if (!in->ops->bytes(in, "fx", s->fx, sizeof(s->fx)))
		return "fx";
	tsr_x86_state_mend_fx(s);
	s->cpl = !(s->cr0 & TSR_CR0_PE) ? 0 : s->eflags & TSR_FLAG_VM ? 3 : s->cpl & 3;
	s->eflags |= TSR_FLAG_FIXED;
	return NULL;
}

#endif
