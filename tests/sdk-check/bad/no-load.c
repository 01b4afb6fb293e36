/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it saves cannot be loaded.
 * fails: entry|class
 */
#define LOAD NULL
#include "../device.h"
