/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a piece of a block's host code is for: noted while it is emitted, for dumps
 * (translate/dump.c) and for the counters of --stats. */
#ifndef TSR_BT_PARTS_H
#define TSR_BT_PARTS_H

#include <stdint.h>

/* clang-format off */
/* name, what the dump calls it */
#define BT_PARTS(ROW) \
	ROW(BODY, "body")                 /* the instruction, and what has no other name */ \
	ROW(COUNT, "count")               /* instructions taken off the budget */ \
	ROW(ADDRESS, "address")           /* the operand's linear address */ \
	ROW(CHECK, "check")               /* ... is looked up in the MMU's table */ \
	ROW(WINDOW, "window check")       /* ... is looked up in the valid bytes of the window */ \
	ROW(ACCESS, "access")             /* ... and used */ \
	ROW(GROUP, "group check")         /* one look-up for several operands */ \
	ROW(ISLAND, "island")             /* jumps on the way from a JRCXZ to a stub */ \
	ROW(FLAGS, "flags")               /* saved; or made again, a check having clobbered them */ \
	ROW(POLL, "poll")                 /* has an exit been requested? */ \
	ROW(FP_LOADED, "FP check")        /* are the guest's FP registers loaded? */ \
	ROW(FP_EXCEPTION, "FP exception") /* has it raised an unmasked exception? */ \
	ROW(FP_NOTE, "FP note")           /* which x87 instruction and operand were the last */ \
	ROW(CALL, "call of C")            /* calls.h */ \
	ROW(RETURN, "return stack")       /* the host's CALL and RET, and what is behind a CALL */ \
	ROW(EXIT, "exit")                 /* to a block of the same page, linked when first taken */ \
	ROW(JUMP_CACHE, "jump cache")     /* look-up of the block at r8d, there or in the map of targets */ \
	ROW(BAIL, "interpreter")          /* the instruction is left to the interpreter */ \
	ROW(BAIL_STUB, "bail stub")       /* a check failed: left to the interpreter */ \
	ROW(EXIT_STUB, "exit stub")       /* an exit that is not linked yet */ \
	ROW(FP_STUB, "FP load stub") \
	ROW(JUMP_STUB, "jump stub")       /* a conditional jump to another page */ \
	ROW(WINDOW_STUB, "window stub")   /* a page is not in the window */ \
	ROW(POLL_STUB, "poll stub")       /* an exit is requested */ \
	ROW(RETURN_STUB, "return stub")   /* the return stack is full */

enum bt_code_part {
#define ROW(name, text) BT_PART_##name,
	BT_PARTS(ROW)
#undef ROW
	BT_PART_ROWS,
};
/* clang-format on */

/* From this offset in the code cache on. */
struct bt_mark {
	uint32_t host;
	uint8_t part; /* enum bt_code_part */
	uint8_t insn; /* index in the block */
};

#endif
