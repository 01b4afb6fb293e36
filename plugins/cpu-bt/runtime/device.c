/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Around a device that runs in the middle of translated code. */
#include "runtime/device.h"
#include "runtime/fp-pointers.h"
#include "runtime/fp.h"

/* A device is about to run: its code may use floating point, and may read the state. */
bool tsr_bt_device_begin(struct tsr_bt *bt, const struct bt_site *s)
{
	bool loaded = bt->hot.fp_loaded != 0;

	tsr_bt_fp_before(bt, s);
	tsr_bt_fp_unload(bt);
	bt->state.eip = s->eip;
	return loaded;
}

void tsr_bt_device_end(struct tsr_bt *bt, bool loaded)
{
	if (loaded)
		tsr_bt_fp_reload(bt);
}
