/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processor's state as named fields. */
#include <stdio.h>

#include "save.h"

#define FIELD(name) { #name, offsetof(struct tsr_x86_state, name), sizeof(((struct tsr_x86_state *)0)->name) }

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD(eip), FIELD(eflags), FIELD(gdtr.base), FIELD(gdtr.limit), FIELD(idtr.base), FIELD(idtr.limit), FIELD(cr0), FIELD(cr2),
	FIELD(cr3), FIELD(cr4), FIELD(efer), FIELD(cpl), FIELD(shadow), FIELD(halted), FIELD(nmi_blocked), FIELD(nmi_pending),
	FIELD(tsc_offset), FIELD(sysenter_cs), FIELD(sysenter_esp), FIELD(sysenter_eip), FIELD(instructions),
	FIELD(gpr[0]), FIELD(gpr[1]), FIELD(gpr[2]), FIELD(gpr[3]), FIELD(gpr[4]), FIELD(gpr[5]), FIELD(gpr[6]), FIELD(gpr[7]),
	FIELD(dr[0]), FIELD(dr[1]), FIELD(dr[2]), FIELD(dr[3]), FIELD(dr[6]), FIELD(dr[7]),
	FIELD(pdpte[0]), FIELD(pdpte[1]), FIELD(pdpte[2]), FIELD(pdpte[3]),
};

static const char *const segment_names[] = { "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr" };

static struct tsr_x86_segment *segment_at(struct tsr_x86_state *s, unsigned n)
{
	return n < TSR_SEGMENTS ? &s->segment[n] : n == TSR_SEGMENTS ? &s->ldtr : &s->tr;
}

void save_state(struct tsr_x86_state *s, uint32_t pins, struct tsr_state_writer *out)
{
	for (size_t n = 0; n < sizeof(fields) / sizeof(fields[0]); n++) {
		uint64_t value = 0;

		memcpy(&value, (const char *)s + fields[n].offset, fields[n].size);
		out->ops->uint(out, fields[n].name, value, (unsigned)fields[n].size);
	}
	for (unsigned n = 0; n < 8; n++) {
		const struct tsr_x86_segment *g = segment_at(s, n);

		out->ops->begin(out, segment_names[n]);
		tsr_state_put_u16(out, "selector", g->selector);
		tsr_state_put_u16(out, "access", g->access);
		tsr_state_put_u32(out, "limit", g->limit);
		tsr_state_put_u32(out, "base", g->base);
		out->ops->end(out);
	}
	for (unsigned n = 0; n < 16; n++) {
		char name[16];

		snprintf(name, sizeof(name), "msr%u", n);
		tsr_state_put_u64(out, name, s->misc_msr[n]);
	}
	tsr_state_put_bytes(out, "fx", s->fx, sizeof(s->fx));
	tsr_state_put_u32(out, "pins", pins);
}

static bool load_segment(struct tsr_x86_segment *g, const char *name, struct tsr_state_reader *in)
{
	bool ok;

	if (!in->ops->begin(in, name))
		return false;
	ok = tsr_state_get_u16(in, "selector", &g->selector) && tsr_state_get_u16(in, "access", &g->access) &&
	     tsr_state_get_u32(in, "limit", &g->limit) && tsr_state_get_u32(in, "base", &g->base);
	in->ops->end(in);
	return ok;
}

bool load_state(struct tsr_x86_state *s, uint32_t *pins, struct tsr_state_reader *in, struct tsr_error *error)
{
	for (size_t n = 0; n < sizeof(fields) / sizeof(fields[0]); n++) {
		uint64_t value;

		if (!in->ops->uint(in, fields[n].name, &value, (unsigned)fields[n].size))
			return tsr_error_set(error, TSR_ERROR_INVALID, "processor state without field %s", fields[n].name);
		memcpy((char *)s + fields[n].offset, &value, fields[n].size);
	}
	for (unsigned n = 0; n < 8; n++) {
		if (!load_segment(segment_at(s, n), segment_names[n], in))
			return tsr_error_set(error, TSR_ERROR_INVALID, "processor state without segment %s", segment_names[n]);
	}
	for (unsigned n = 0; n < 16; n++) {
		char name[16];

		snprintf(name, sizeof(name), "msr%u", n);
		tsr_state_get_u64(in, name, &s->misc_msr[n]);
	}
	if (!in->ops->bytes(in, "fx", s->fx, sizeof(s->fx)) || !tsr_state_get_u32(in, "pins", pins))
		return tsr_error_set(error, TSR_ERROR_INVALID, "processor state without x87 image or pins");
	s->cpl = !(s->cr0 & TSR_CR0_PE) ? 0 : s->eflags & TSR_FLAG_VM ? 3 : s->cpl & 3;
	s->eflags |= 2;
	return true;
}
