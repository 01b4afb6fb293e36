/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arithmetic flags, computed by the host's own instruction: LOAD puts the guest's flags into
 * RFLAGS, SAVE reads them back. So flags that the manuals call undefined, or unchanged for some
 * counts, are what the host processor makes them, as in translated code.
 *
 * Between the two, AH holds SF ZF AF PF CF in EFLAGS' own places, and AL holds OF.
 */
#ifndef INTERP_FLAGS_H
#define INTERP_FLAGS_H

#include "interp.h"

#define FLAGS_LOAD "addb $0x7f, %%al\n\tsahf\n\t"
#define FLAGS_SAVE "\n\tlahf\n\tseto %%al"

static inline uint32_t flags_pack(uint32_t eflags)
{
	return (eflags & TSR_FLAGS_AH) << 8 | (eflags >> TSR_FLAG_OF_SHIFT & 1);
}

static inline uint32_t flags_unpack(uint32_t eflags, uint32_t ax)
{
	return (eflags & ~(uint32_t)TSR_FLAGS_ARITHMETIC) | (ax >> 8 & TSR_FLAGS_AH) |
	       (ax & 1) << TSR_FLAG_OF_SHIFT;
}

/* T name(eflags, d, s): d = d text s */
#define FLAGS_BINARY(name, T, text) \
	static inline T name(uint32_t *eflags, T d, T s) \
	{ \
		uint32_t ax = flags_pack(*eflags); \
		__asm__(FLAGS_LOAD text FLAGS_SAVE : "+r"(d), "+a"(ax) : "r"(s) : "cc"); \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}

/* The same where the instruction defines all six flags, so that it need not wait for the old ones.
 */
#define FLAGS_BINARY_ALL(name, T, text) \
	static inline T name(uint32_t *eflags, T d, T s) \
	{ \
		uint32_t ax; \
		__asm__(text FLAGS_SAVE : "+&r"(d), "=&a"(ax) : "r"(s) : "cc"); \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}

#define FLAGS_UNARY(name, T, text) \
	static inline T name(uint32_t *eflags, T d) \
	{ \
		uint32_t ax = flags_pack(*eflags); \
		__asm__(FLAGS_LOAD text FLAGS_SAVE : "+r"(d), "+a"(ax) : : "cc"); \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}

/* The count in CL. */
#define FLAGS_SHIFT(name, T, text) \
	static inline T name(uint32_t *eflags, T d, uint8_t count) \
	{ \
		uint32_t ax = flags_pack(*eflags); \
		__asm__(FLAGS_LOAD text FLAGS_SAVE : "+r"(d), "+a"(ax) : "c"(count) : "cc"); \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}

#define FLAGS_SHIFT_DOUBLE(name, T, text) \
	static inline T name(uint32_t *eflags, T d, T s, uint8_t count) \
	{ \
		uint32_t ax = flags_pack(*eflags); \
		__asm__(FLAGS_LOAD text FLAGS_SAVE \
			: "+r"(d), "+a"(ax) \
			: "r"(s), "c"(count) \
			: "cc"); \
		*eflags = flags_unpack(*eflags, ax); \
		return d; \
	}

/* Condition `cc` as encoded in the low four bits of Jcc, SETcc, CMOVcc. */
static inline bool flags_condition(uint32_t f, unsigned cc)
{
	bool value;

	switch (cc >> 1) {
	case 0:
		value = f & TSR_FLAG_OF;
		break;
	case 1:
		value = f & TSR_FLAG_CF;
		break;
	case 2:
		value = f & TSR_FLAG_ZF;
		break;
	case 3:
		value = f & (TSR_FLAG_CF | TSR_FLAG_ZF);
		break;
	case 4:
		value = f & TSR_FLAG_SF;
		break;
	case 5:
		value = f & TSR_FLAG_PF;
		break;
	case 6:
		value = (f >> TSR_FLAG_SF_SHIFT ^ f >> TSR_FLAG_OF_SHIFT) & 1;
		break;
	default:
		value = ((f >> TSR_FLAG_SF_SHIFT ^ f >> TSR_FLAG_OF_SHIFT) & 1) ||
			(f & TSR_FLAG_ZF);
		break;
	}
	return value ^ (cc & 1);
}

#endif
