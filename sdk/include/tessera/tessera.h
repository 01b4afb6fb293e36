/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All stable headers of the device ABI. */
#ifndef TESSERA_H
#define TESSERA_H

#include "abi.h"
#include "block.h"
#include "bytes.h"
#include "chardev.h"
#include "device.h"
#include "display.h"
#include "error.h"
#include "host.h"
#include "input.h"
#include "net.h"
#include "pci.h"
#include "plugin.h"
#include "state.h"

#endif
