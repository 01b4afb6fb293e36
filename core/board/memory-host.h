/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Guest physical memory and ports as plugins see them: the host tables tsr_io, tsr_memory,
 * tsr_shadow_ram, tsr_a20, tsr_dma and tsr_phys. */
#ifndef TSR_BOARD_MEMORY_HOST_H
#define TSR_BOARD_MEMORY_HOST_H

#include <tessera/draft/a20.h>
#include <tessera/draft/phys.h>
#include <tessera/draft/shadow-ram.h>
#include <tessera/host.h>

extern const struct tsr_io tsr_io_table;
extern const struct tsr_memory tsr_memory_table;
extern const struct tsr_shadow_ram tsr_shadow_ram_table;
extern const struct tsr_a20 tsr_a20_table;
extern const struct tsr_dma tsr_dma_table;
extern const struct tsr_phys tsr_phys_table;

#endif
