/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ROMs of ISA cards: the host table tsr_option_rom. */
#ifndef TSR_BOARD_OPTION_ROM_H
#define TSR_BOARD_OPTION_ROM_H

#include <tessera/draft/option-rom.h>

extern const struct tsr_option_rom tsr_option_rom_table;

#endif
