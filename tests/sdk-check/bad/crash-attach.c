/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It follows a null pointer in attach.
 * fails: attach
 * core: attach
 * says: SIGSEGV in attach
 */
#define ON_ATTACH(d) *(volatile int *)d->more = 1
#include "../device.h"
