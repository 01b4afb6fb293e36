/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library is a text.
 * build: text
 * fails: exports
 * says:
 */
#include "../device.h"
