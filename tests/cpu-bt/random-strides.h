/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random loops over arrays, for test-random.c. */
#ifndef TSR_TEST_RANDOM_STRIDES_H
#define TSR_TEST_RANDOM_STRIDES_H

#include <stdint.h>

#define STRIDES_BYTES 512

/* Writes a loop of at most STRIDES_BYTES, without its end, to `code`, and the registers that it
 * starts with, except for ESP, to `gpr`. Its operands lie around the 16 KiB at `data`. below(n)
 * draws a number. Returns its length. */
unsigned random_strides(uint8_t *code, uint32_t gpr[8], uint32_t data, uint32_t (*below)(uint32_t));

#endif
