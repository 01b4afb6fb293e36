/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load is refused without a reason.
 * fails: damaged-states
 * says: without an error's text
 */
#define REFUSE(error) false
#include "../device.h"
