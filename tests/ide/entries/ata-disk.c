/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin with an entry symbol of its own, so that several plugins go into one test program. */
#define tessera_plugin_entry ata_disk_entry
#include "../../../plugins/devices/ata-disk/plugin.c"
