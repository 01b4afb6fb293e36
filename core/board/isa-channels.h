/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The DMA channels that manifests give to ISA cards: the host table tsr_isa_channels. */
#ifndef TSR_BOARD_ISA_CHANNELS_H
#define TSR_BOARD_ISA_CHANNELS_H

#include <tessera/draft/isa-dma.h>

extern const struct tsr_isa_channels tsr_isa_channels_table;

#endif
