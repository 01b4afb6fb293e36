/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which tests are run, in which order. */
#ifndef TSR_CHECK_ORDER_H
#define TSR_CHECK_ORDER_H

#include "report.h"

/* Runs the tests, and reports each. Returns how many failed. */
unsigned order_run_tests(const struct check *check, struct report *report);
/* Makes new states in check->save_states instead, one for each seed. Returns how many failed. */
unsigned order_save_states(const struct check *check, struct report *report);

#endif
