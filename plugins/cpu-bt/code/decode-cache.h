/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Decoding from a table of what Zydis said about an encoding before. */
#ifndef TSR_BT_DECODE_CACHE_H
#define TSR_BT_DECODE_CACHE_H

#include "code/decode.h"

struct bt_decode_cache;

struct bt_decode_cache *tsr_bt_decode_cache_new(void); /* NULL: no memory */
void tsr_bt_decode_cache_free(struct bt_decode_cache *cache);

/* The same as tsr_bt_decode. */
bool tsr_bt_decode_cached(struct bt_decode_cache *cache, uint32_t mode, const uint8_t *memory,
			  size_t length, uint32_t eip, struct bt_insn *out);
/* Is that encoding in the table? For tests. */
bool tsr_bt_decode_known(struct bt_decode_cache *cache, uint32_t mode, const uint8_t *bytes,
			 size_t length);

#endif
