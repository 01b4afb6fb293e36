/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a function returns to the translated code that called it: where to resume, or that it is
 * left for the run loop. */
#ifndef TSR_BT_OUTCOME_H
#define TSR_BT_OUTCOME_H

#include "code/bt.h"

/* After the call. */
static inline struct bt_outcome bt_go_on(void)
{
	return (struct bt_outcome){ 0, 0 };
}

/* After the call, with the value in r9: for a memory access, what to add to the linear address. Of
 * a jump: at that host address. */
static inline struct bt_outcome bt_go_on_with(uint64_t value)
{
	return (struct bt_outcome){ value, 0 };
}

/* After the jump that follows the call: what is special about it is said where the call is emitted.
 */
static inline struct bt_outcome bt_skip_with(uint64_t value)
{
	return (struct bt_outcome){ value, BT_SKIP };
}

/* So many bytes after the call. */
static inline struct bt_outcome bt_go_on_after(unsigned bytes)
{
	return (struct bt_outcome){ 0, bytes };
}

static inline struct bt_outcome bt_leave(struct tsr_bt *bt, enum bt_exit_reason reason)
{
	bt->hot.exit_reason = reason;
	return (struct bt_outcome){ 0, BT_LEAVE_CODE };
}

/* tsr_bt_find has found no code, and has set the reason. */
static inline struct bt_outcome bt_leave_as_found(struct tsr_bt *bt)
{
	return bt_leave(bt, (enum bt_exit_reason)bt->hot.exit_reason);
}

static inline bool bt_outcome_leaves(struct bt_outcome o)
{
	return o.skip < 0;
}

/* Before the instruction of the site: the interpreter does it. */
static inline struct bt_outcome bt_leave_to_interpreter(struct tsr_bt *bt, const struct bt_site *s)
{
	bt->state.eip = bt_site_eip(bt, s);
	bt_leave_ahead(bt, s, false);
	bt->hot.exit_value = BT_NONE;
	return bt_leave(bt, BT_EXIT_BAIL);
}

#endif
