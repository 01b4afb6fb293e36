/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A timer is not armed again after a load.
 * fails: differential
 * says: its state forgets something
 */
#define ARM_AFTER_LOAD 0
#include "../device.h"
