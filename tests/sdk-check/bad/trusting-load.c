/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An index of the state is believed.
 * fails: damaged-states
 * says: in an access after the load of a damaged state
 */
#define INDEX_LIMIT 0xffffffffu
#include "../device.h"
