/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The class has no attach.
 * fails: entry|class
 */
#define ATTACH NULL
#include "../device.h"
