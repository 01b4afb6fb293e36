/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key that manifests do not have.
 * manifest: colour=red
 * fails: manifest
 * says: colour
 */
#include "../device.h"
