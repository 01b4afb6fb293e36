/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The plugin with an entry symbol of its own, so that several plugins go into one test program. */
#define tessera_plugin_entry piix3_ide_entry
#include "../../../plugins/devices/piix3-ide/piix3-ide.c"
