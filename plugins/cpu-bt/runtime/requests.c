/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to leave translated code. They may come from any thread and from signal handlers: they
 * set `kicked`, then what translated code reads: `poll`, a byte of the tag word, and a byte of the
 * address of the map of targets. The run loop sets those back first and reads `kicked` afterwards,
 * so no request is lost.
 *
 * Nothing else writes these bytes. A change of the mode writes other bytes of the two words, so it
 * cannot overwrite a request, whichever of the stores is done first, and need not look for one that
 * it might have overwritten. With words that both write, its store would have to be seen before it
 * looks: a barrier, which was more than half of what SYSENTER and SYSEXIT took. What it costs
 * instead is that the next look-up reads a word of which some bytes were just written, and waits
 * until they are in the host's cache.
 */
#include "runtime/requests.h"

/* Translated code leaves at its next back edge or look-up of a jump's target. [any,
 * async-signal-safe] */
void tsr_bt_request_exit(struct tsr_bt *bt)
{
	__atomic_store_n(&bt->hot.poll, UINT32_MAX, __ATOMIC_SEQ_CST);
	__atomic_store_n(&bt->hot.tag_bytes[BT_TAG_REQUEST], UINT8_MAX, __ATOMIC_SEQ_CST);
	__atomic_store_n(&bt->hot.targets_bytes[BT_TARGETS_REQUEST], bt->targets.away,
			 __ATOMIC_SEQ_CST);
}

void tsr_bt_kick(void *self)
{
	struct tsr_bt *bt = self;

	__atomic_store_n(&bt->pins.kicked, 1, __ATOMIC_SEQ_CST);
	tsr_bt_request_exit(bt);
}
