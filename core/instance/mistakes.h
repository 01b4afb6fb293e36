/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a plugin does that the SDK's headers forbid, and that the core can refuse: the call does
 * nothing, and the user learns whose fault it is. While the instance is attached, realized, saved
 * or loaded, that fails with the first mistake. At other times the mistake is logged and the guest
 * goes on.
 */
#ifndef TSR_INSTANCE_MISTAKES_H
#define TSR_INSTANCE_MISTAKES_H

#include <glib.h>
#include <stdbool.h>

#include <tessera/error.h>

#include "calls/call.h"
#include "instance/log-budget.h"

struct tsr_mistakes {
	const struct tsr_callee *callee;
	struct tsr_log_budget *log;
	bool collects;
	char *first; /* of those that were collected; NULL: none */
};

/* From here on mistakes are kept for tsr_mistakes_take. [locked] */
void tsr_mistakes_collect(struct tsr_mistakes *mistakes);
/* Until here. The first one, with whose it is and a remedy, but without the instance's name; NULL:
 * there was none. To be freed. [locked] */
char *tsr_mistakes_take(struct tsr_mistakes *mistakes);

/* `format`: what was called and what is wrong with it. The place of `format` is its site in the
 * log. [any] */
void tsr_mistake(struct tsr_mistakes *mistakes, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The same, also in `error`, which may be NULL. Returns false. [any] */
bool tsr_mistake_error(struct tsr_mistakes *mistakes, struct tsr_error *error, const char *format,
		       ...) G_GNUC_PRINTF(3, 4);
/* The same where it may be the user who gave two instances one place. [any] */
void tsr_conflict(struct tsr_mistakes *mistakes, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
