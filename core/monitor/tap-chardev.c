/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Characters between a device and its back end ("tessera.chardev/1"). */
#include <tessera/chardev.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

#include "monitor/tap-chardev.inc"

/* Told afterwards: before, it is not known how many bytes are taken. */
static size_t tapped_write(void *self, const uint8_t *bytes, size_t length)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_chardev, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	size_t taken;

	tsr_tap_link_call(link, recorder, TSR_RECORDING_CHARS_WRITE, 0, 0, bytes, length);
	taken = ((const struct tsr_chardev *)link->inner)->write(self, bytes, length);
	tsr_tap_link_result(link, recorder, taken, NULL, 0);
	if (taken)
		tsr_tap_link_tell(link, TSR_MONITOR_SENT, bytes, MIN(taken, length));
	return taken;
}
