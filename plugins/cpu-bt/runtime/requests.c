/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests to leave translated code. They may come from any thread and from signal handlers: they
 * set `kicked`, then change the words that translated code reads (poll, tag_word, targets). The run
 * loop arms those words first and reads `kicked` afterwards, so no request is lost.
 */
#include "runtime/requests.h"

/* Translated code leaves at its next back edge or jump-cache look-up. [any, async-signal-safe] */
void tsr_bt_request_exit(struct tsr_bt *bt)
{
	__atomic_store_n(&bt->hot.poll, UINT32_MAX, __ATOMIC_SEQ_CST);
	__atomic_store_n(&bt->hot.targets, bt->hot.no_targets, __ATOMIC_SEQ_CST);
	__atomic_store_n(&bt->hot.tag_word, (uint64_t)UINT32_MAX << 32, __ATOMIC_SEQ_CST);
}

void tsr_bt_kick(void *self)
{
	struct tsr_bt *bt = self;

	__atomic_store_n(&bt->pins.kicked, 1, __ATOMIC_SEQ_CST);
	tsr_bt_request_exit(bt);
}
