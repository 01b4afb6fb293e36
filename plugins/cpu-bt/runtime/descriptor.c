/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The guest's descriptor tables and stacks, read and written without side effects: only where the
 * MMU's tables of the view have an entry, which sets no A or D bit, raises no fault and reaches no
 * device. Whoever needs more leaves it to the interpreter with nothing done.
 */
#include <tessera/draft/x86-facts.h>

#include "runtime/descriptor.h"

/* The second dword goes to *high. */
static bool read_descriptor(const struct tsr_bt *bt, uint16_t selector, struct tsr_x86_segment *out,
			    uint32_t *high)
{
	uint32_t base = bt->state.gdtr.base, limit = bt->state.gdtr.limit, raw[2];

	if (selector & TSR_SELECTOR_TI) {
		if (!(bt->state.ldtr.access & TSR_SEG_P))
			return false;
		base = bt->state.ldtr.base;
		limit = bt->state.ldtr.limit;
	}
	if ((selector & TSR_SELECTOR_INDEX) + 7 > limit ||
	    !tsr_bt_peek(bt, TSR_VIEW_SUPERVISOR, base + (selector & TSR_SELECTOR_INDEX), raw, 8))
		return false;
	*high = raw[1];
	out->selector = selector;
	out->access = raw[1] >> 8 & TSR_SEG_KEPT;
	out->base = raw[0] >> 16 | (raw[1] & 0xff) << 16 | (raw[1] & 0xff000000);
	out->limit = (raw[0] & 0xffff) | (raw[1] & TSR_DESC_LIMIT_HIGH);
	if (raw[1] & TSR_DESC(TSR_SEG_G))
		out->limit = out->limit << 12 | 0xfff;
	return true;
}

/* False also for a segment that is not present, not accessed yet, or not code or data. */
bool tsr_bt_descriptor(const struct tsr_bt *bt, uint16_t selector, struct tsr_x86_segment *out,
		       uint32_t *high)
{
	const uint32_t wanted = TSR_DESC(TSR_SEG_S | TSR_SEG_P | TSR_SEG_A);

	return read_descriptor(bt, selector, out, high) && (*high & wanted) == wanted;
}

bool tsr_bt_system_descriptor(const struct tsr_bt *bt, uint16_t selector, unsigned type,
			      struct tsr_x86_segment *out)
{
	const uint32_t wanted = TSR_DESC(TSR_SEG_S | TSR_SEG_P);
	uint32_t high;

	return !(selector & TSR_SELECTOR_TI) && read_descriptor(bt, selector, out, &high) &&
	       (high & wanted) == TSR_DESC(TSR_SEG_P) && (high >> 8 & TSR_SEG_TYPE) == type;
}

bool tsr_bt_stack_for(const struct tsr_bt *bt, uint16_t selector, unsigned cpl,
		      struct tsr_x86_segment *out)
{
	uint32_t high;

	return selector & TSR_SELECTOR_ENTRY && tsr_bt_descriptor(bt, selector, out, &high) &&
	       (selector & TSR_SELECTOR_RPL) == cpl && bt_descriptor_dpl(high) == cpl &&
	       (high & TSR_DESC(TSR_SEG_CODE | TSR_SEG_W)) == TSR_DESC(TSR_SEG_W) &&
	       out->access & TSR_SEG_DB;
}
