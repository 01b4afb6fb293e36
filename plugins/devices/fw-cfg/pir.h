/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The PCI interrupt routing table ($PIR), for systems without ACPI. */
#ifndef FW_CFG_PIR_H
#define FW_CFG_PIR_H

#include "items.h"
#include "loader.h"

/* Adds etc/pir; the loader's script puts it where systems look for it. */
bool pir_add(struct fw_cfg_items *items, struct loader *l);

#endif
