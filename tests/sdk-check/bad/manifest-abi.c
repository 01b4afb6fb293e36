/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * It wants a core that does not exist yet.
 * manifest: abi-oldest=9.0
 * manifest: abi-newest=9
 * fails: manifest
 * says: 9
 */
#include "../device.h"
