/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The machine's description for SMBIOS, which the firmware copies and adds itself to. */
#ifndef FW_CFG_SMBIOS_H
#define FW_CFG_SMBIOS_H

#include "items.h"

struct smbios_machine {
	const char *manufacturer, *product;  /* "": unknown */
	uint64_t ram_below_4g, ram_above_4g; /* bytes */
};

/* Adds etc/smbios/smbios-anchor and etc/smbios/smbios-tables. */
bool smbios_add(struct fw_cfg_items *items, const struct smbios_machine *machine,
		struct tsr_error *error);

#define SMBIOS_MAX_TEXT 255 /* characters */

#endif
