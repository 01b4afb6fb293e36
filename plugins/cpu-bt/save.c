/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The processor's state as named fields. */
#include <stdio.h>
#include <string.h>

#include "bt.h"

#define FIELD(member) { #member, offsetof(struct tsr_x86_state, member), sizeof(((struct tsr_x86_state *)0)->member) }

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FIELD(gpr[0]), FIELD(gpr[1]), FIELD(gpr[2]), FIELD(gpr[3]), FIELD(gpr[4]), FIELD(gpr[5]), FIELD(gpr[6]), FIELD(gpr[7]),
	FIELD(eip), FIELD(eflags), FIELD(gdtr.base), FIELD(gdtr.limit), FIELD(idtr.base), FIELD(idtr.limit), FIELD(cr0), FIELD(cr2),
	FIELD(cr3), FIELD(cr4), FIELD(efer), FIELD(pdpte[0]), FIELD(pdpte[1]), FIELD(pdpte[2]), FIELD(pdpte[3]), FIELD(dr[0]),
	FIELD(dr[1]), FIELD(dr[2]), FIELD(dr[3]), FIELD(dr[6]), FIELD(dr[7]), FIELD(cpl), FIELD(shadow), FIELD(halted),
	FIELD(nmi_blocked), FIELD(nmi_pending), FIELD(tsc_offset), FIELD(sysenter_cs), FIELD(sysenter_esp), FIELD(sysenter_eip),
	FIELD(instructions),
};

static const struct {
	const char *name;
	size_t offset;
} segments[] = {
	{ "es", offsetof(struct tsr_x86_state, segment[TSR_ES]) }, { "cs", offsetof(struct tsr_x86_state, segment[TSR_CS]) },
	{ "ss", offsetof(struct tsr_x86_state, segment[TSR_SS]) }, { "ds", offsetof(struct tsr_x86_state, segment[TSR_DS]) },
	{ "fs", offsetof(struct tsr_x86_state, segment[TSR_FS]) }, { "gs", offsetof(struct tsr_x86_state, segment[TSR_GS]) },
	{ "ldtr", offsetof(struct tsr_x86_state, ldtr) },          { "tr", offsetof(struct tsr_x86_state, tr) },
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

void tsr_bt_save(void *self, struct tsr_state_writer *out)
{
	struct tsr_bt *bt = self;
	char name[16];

	tsr_bt_fp_unload(bt);
	for (size_t i = 0; i < COUNT(fields); i++) {
		uint64_t value = 0;

		memcpy(&value, (const uint8_t *)&bt->state + fields[i].offset, fields[i].size);
		out->ops->uint(out, fields[i].name, value, (unsigned)fields[i].size);
	}
	for (size_t i = 0; i < COUNT(segments); i++) {
		const struct tsr_x86_segment *s = (const void *)((const uint8_t *)&bt->state + segments[i].offset);

		out->ops->begin(out, segments[i].name);
		tsr_state_put_u16(out, "selector", s->selector);
		tsr_state_put_u16(out, "access", s->access);
		tsr_state_put_u32(out, "limit", s->limit);
		tsr_state_put_u32(out, "base", s->base);
		out->ops->end(out);
	}
	for (unsigned i = 0; i < COUNT(bt->state.misc_msr); i++) {
		snprintf(name, sizeof(name), "msr%u", i);
		tsr_state_put_u64(out, name, bt->state.misc_msr[i]);
	}
	tsr_state_put_bytes(out, "fx", bt->state.fx, sizeof(bt->state.fx));
	tsr_state_put_bool(out, "intr", bt->intr_waiting);
	tsr_state_put_bool(out, "nmi", bt->nmi_level);
}

static bool load_segment(struct tsr_x86_segment *s, const char *name, struct tsr_state_reader *in)
{
	bool ok;

	if (!in->ops->begin(in, name))
		return false;
	ok = tsr_state_get_u16(in, "selector", &s->selector) && tsr_state_get_u16(in, "access", &s->access) &&
	     tsr_state_get_u32(in, "limit", &s->limit) && tsr_state_get_u32(in, "base", &s->base);
	in->ops->end(in);
	return ok;
}

static bool load_into(struct tsr_x86_state *to, struct tsr_state_reader *in, const char **missing)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		uint64_t value;

		*missing = fields[i].name;
		if (!in->ops->uint(in, fields[i].name, &value, (unsigned)fields[i].size))
			return false;
		memcpy((uint8_t *)to + fields[i].offset, &value, fields[i].size);
	}
	for (size_t i = 0; i < COUNT(segments); i++) {
		*missing = segments[i].name;
		if (!load_segment((void *)((uint8_t *)to + segments[i].offset), segments[i].name, in))
			return false;
	}
	*missing = "fx";
	return in->ops->bytes(in, "fx", to->fx, sizeof(to->fx));
}

bool tsr_bt_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct tsr_bt *bt = self;
	struct tsr_x86_state new = { .version = TSR_X86_STATE_VERSION, .size = sizeof(new) };
	const char *missing;
	bool intr, nmi;
	char name[16];

	if (!load_into(&new, in, &missing))
		return tsr_error_set(error, TSR_ERROR_INVALID, "the processor's state lacks %s", missing);
	for (unsigned i = 0; i < COUNT(new.misc_msr); i++) {
		snprintf(name, sizeof(name), "msr%u", i);
		tsr_state_get_u64(in, name, &new.misc_msr[i]);
	}
	if (!tsr_state_get_bool(in, "intr", &intr) || !tsr_state_get_bool(in, "nmi", &nmi))
		return tsr_error_set(error, TSR_ERROR_INVALID, "the processor's state lacks its pins");
	new.cpl &= 3;
	new.eflags |= 2;
	bt->state = new;
	bt->intr_waiting = intr;
	bt->nmi_level = nmi;
	return true;
}
