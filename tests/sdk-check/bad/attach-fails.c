/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attach refuses without a word.
 * fails: attach
 * core: attach
 * says: without an error's text
 */
#define ON_ATTACH(d) return false
#include "../device.h"
