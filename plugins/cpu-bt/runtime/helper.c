/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The bridge to instructions that are done in C: from a word to its function. */
#include "code/calls.h"
#include "code/flags.h"
#include "runtime/control.h"
#include "runtime/fp.h"
#include "runtime/helper.h"
#include "runtime/outcome.h"
#include "runtime/requests.h"
#include "runtime/string-ops.h"
#include "runtime/system.h"

typedef struct bt_outcome (*call_function)(struct tsr_bt *bt, uint32_t word,
					   const struct bt_site *s);

/* The next look-up or back edge leaves: an interrupt may be taken now. */
static struct bt_outcome tsr_bt_wake(struct tsr_bt *bt, uint32_t word, const struct bt_site *s)
{
	tsr_bt_request_exit(bt);
	return bt_go_on();
}

static struct bt_outcome tsr_bt_recompute_flags(struct tsr_bt *bt, uint32_t word,
						const struct bt_site *s)
{
	tsr_bt_flags_recover(bt, s);
	return bt_go_on();
}

static const call_function calls[] = {
#define ROW(name, function, may) [BT_CALL_##name] = function,
	BT_CALLS(ROW)
#undef ROW
};

/* `site` is what r9d happens to hold if the call needs none. */
struct bt_outcome tsr_bt_helper(struct tsr_bt *bt, uint32_t word, uint32_t site)
{
	const struct bt_site *s = site < bt->cache.site_count ? &bt->cache.sites[site] : NULL;

	return calls[BT_CALL_OF(word)](bt, word, s);
}
