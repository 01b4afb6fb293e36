/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The library is not there.
 * build: none
 * fails: manifest
 * says: no library
 */
#include "../device.h"
