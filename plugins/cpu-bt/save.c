/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving and loading the processor: its state and its pins. */
#include <tessera/draft/x86-state.h>

#include "runtime/fp.h"
#include "save.h"

void tsr_bt_save(void *self, struct tsr_state_writer *out)
{
	struct tsr_bt *bt = self;

	tsr_bt_fp_unload(bt);
	tsr_x86_state_put(out, &bt->state);
	tsr_state_put_bool(out, "intr", bt->hot.intr_waiting);
	tsr_state_put_bool(out, "nmi", bt->pins.nmi_level);
}

bool tsr_bt_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct tsr_bt *bt = self;
	struct tsr_x86_state new = { .version = TSR_X86_STATE_VERSION, .size = sizeof(new) };
	const char *missing = tsr_x86_state_get(in, &new);
	bool intr, nmi;

	if (missing)
		return tsr_error_set(error, TSR_ERROR_INVALID, "the processor's state lacks %s",
				     missing);
	if (!tsr_state_get_bool(in, "intr", &intr) || !tsr_state_get_bool(in, "nmi", &nmi))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "the processor's state lacks its pins");
	bt->state = new;
	bt->hot.intr_waiting = intr;
	bt->pins.nmi_level = nmi;
	return true;
}
