/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One DMA controller as the PC/XT has it, channels 0 to 3, as a device of the fake machine. */
#ifndef LITTLE_8237_H
#define LITTLE_8237_H

#include <tessera/draft/isa-dma.h>
#include <tessera/tessera.h>

/* Channel 0 moves words, as one of the second controller, so that both widths are there. */
extern const struct tsr_device_class little_8237_class;

/* The registers of the Intel 8237A, at the first controller's ports. */
enum {
	DMA_STATUS = 8,
	DMA_COMMAND = 8,
	DMA_REQUEST = 9,
	DMA_MASK = 10,
	DMA_MODE = 11,
	DMA_CLEAR_BYTE_POINTER = 12,
	DMA_MASTER_CLEAR = 13,
	DMA_ALL_MASKS = 15,
};
enum { DMA_COMMAND_DISABLE = 4, DMA_MODE_AUTOINITIALIZE = 0x10, DMA_MODE_DOWN = 0x20 };

#endif
