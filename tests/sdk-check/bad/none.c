/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * No mistake: all tests pass.
 */
#include "../device.h"
