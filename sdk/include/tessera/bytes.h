/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Little-endian numbers in byte arrays: descriptors, configuration space, sectors. Any alignment.
 * [any] */
#ifndef TESSERA_BYTES_H
#define TESSERA_BYTES_H

#include "abi.h"

/* -- Reading a number of 16, 32 or 64 bits */

/* 16 bits. [any; from: in 2 bytes] */
static inline uint16_t tsr_load_le16(const uint8_t *from)
{
	return (uint16_t)(from[0] | from[1] << 8);
}

/* 32 bits. [any; from: in 4 bytes] */
static inline uint32_t tsr_load_le32(const uint8_t *from)
{
	return tsr_load_le16(from) | (uint32_t)tsr_load_le16(from + 2) << 16;
}

/* 64 bits. [any; from: in 8 bytes] */
static inline uint64_t tsr_load_le64(const uint8_t *from)
{
	return tsr_load_le32(from) | (uint64_t)tsr_load_le32(from + 4) << 32;
}

/* -- Writing a number of 16, 32 or 64 bits */

/* 16 bits. [any; to: out 2 bytes] */
static inline void tsr_store_le16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)value;
	to[1] = (uint8_t)(value >> 8);
}

/* 32 bits. [any; to: out 4 bytes] */
static inline void tsr_store_le32(uint8_t *to, uint32_t value)
{
	tsr_store_le16(to, (uint16_t)value);
	tsr_store_le16(to + 2, (uint16_t)(value >> 16));
}

/* 64 bits. [any; to: out 8 bytes] */
static inline void tsr_store_le64(uint8_t *to, uint64_t value)
{
	tsr_store_le32(to, (uint32_t)value);
	tsr_store_le32(to + 4, (uint32_t)(value >> 32));
}

#endif
