/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Around a device that runs in the middle of translated code. */
#ifndef TSR_BT_DEVICE_H
#define TSR_BT_DEVICE_H

#include "code/bt.h"
#include "runtime/fp.h"

/* Something of the FPU's is not in the state. */
bool tsr_bt_device_unload(struct tsr_bt *bt, const struct bt_site *s);

/* A device is about to run: its code may use floating point, and may read the state. Returns what
 * tsr_bt_device_end needs to know. */
static inline bool tsr_bt_device_begin(struct tsr_bt *bt, const struct bt_site *s)
{
	const struct bt_site_more *m = bt_site_more(bt, s);

	bt->state.eip = bt_site_eip(bt, s);
	if (!(bt->hot.fp_loaded | bt->hot.fp_code | bt->hot.fp_data | m->fp_code | m->fp_data))
		return false;
	return tsr_bt_device_unload(bt, s);
}

static inline void tsr_bt_device_end(struct tsr_bt *bt, bool loaded)
{
	if (loaded)
		tsr_bt_fp_reload(bt);
}

#endif
