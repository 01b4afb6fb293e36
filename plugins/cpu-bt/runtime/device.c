/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Around a device that runs in the middle of translated code. */
#include "runtime/device.h"
#include "runtime/fp-pointers.h"

bool tsr_bt_device_unload(struct tsr_bt *bt, const struct bt_site *s)
{
	bool loaded = bt->hot.fp_loaded != 0;

	tsr_bt_fp_before(bt, s);
	tsr_bt_fp_unload(bt);
	return loaded;
}
