/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One translation under way: shared by translate/block.c and the lowering files. */
#ifndef TSR_BT_TX_H
#define TSR_BT_TX_H

#include "code/decode.h"
#include "code/emit.h"

/* Tables of one translation. What needs more is cut shorter (translate/block.c); common code comes
 * nowhere near. */
#define TX_MAX_STUBS 512
#define TX_MAX_SHORTS 16
#define TX_MAX_COUNT_FIXUPS (2 * BT_MAX_INSNS)
#define TX_STUB_JUMPS 4

enum stub_kind {
	STUB_BAIL,    /* the instruction goes to the interpreter */
	STUB_EXIT,    /* direct exit that is not linked */
	STUB_JUMP,    /* far side of a conditional jump to another page */
	STUB_FP,      /* load the guest's FP state */
	STUB_WINDOW,  /* a valid byte is not 0 */
	STUB_FAULT,   /* an access without a check failed; control comes by a signal */
	STUB_RETURNS, /* the return stack is full */
	STUB_LEAVE,   /* a jump back finds an exit requested */
};

/* Code out of line. `jumps` are rel32 places that lead here. */
struct stub {
	uint8_t kind;
	bool live;         /* the check kept the flags and has guest RCX in r10 */
	bool flags_pushed; /* the check was between pushfq and popfq */
	bool flags_in_ax;  /* flags in AX, guest RAX in r10 */
	uint8_t jump_count;
	uint32_t jumps[TX_STUB_JUMPS];
	uint32_t back; /* FP, WINDOW, RETURNS: buffer offset */
	uint8_t undo;  /* BAIL: SSE register to be put back, + 1; 0: none */
	uint32_t eip;
	uint8_t done;    /* instructions of the block before eip */
	uint8_t replays; /* LEAVE: so many of these it does */
	uint32_t exit;
	uint16_t mnemonic;
	uint32_t fp_code, fp_data; /* FP sites to be noted on the way out */
	/* WINDOW: what was checked, and the flags before the instruction if they are clobbered */
	struct bt_ea ea;
	uint16_t size;
	bool write, clobbered;
	struct flag_source source;
	bool polls;        /* RETURNS: it looks whether an exit is requested */
	int32_t esp_ahead; /* FAULT: what must still be added to r12 */
};

/* A JRCXZ that waits for an island: a place that control does not reach, where a `jmp stub` may
 * stand. */
struct short_jump {
	uint32_t at;
	uint16_t stub;
};

/* Memory around an address that was checked once (groups.c): by a host pointer to its start, or in
 * the window. */
struct group {
	bool used, write;
	struct bt_ea ea;   /* its registers */
	uint8_t host;      /* host register that holds the pointer to `low` */
	int32_t low, high; /* displacements covered: [low, high), as seen when it was made */
	int32_t delta;     /* what was added to the registers since */
	unsigned age;
};
#define TX_GROUPS 6
#define TX_POINTERS 2 /* the first: those that have a host register */

/* A place where the number of instructions that the block translates is filled in: less `done`, or
 * negative. */
struct count_fixup {
	uint32_t at;
	uint8_t done;
	bool take;
};

struct bt_tx {
	struct tsr_bt *bt;
	struct emitter e;
	uint32_t mode;
	uint32_t block;
	tsr_gpa gpa;
	struct bt_insn insns[BT_MAX_INSNS + 1];
	unsigned count; /* of instructions in the block */
	unsigned index; /* that is being lowered */
	int lowered;    /* instructions that are not left to the interpreter */
	const struct bt_insn *insn;
	bool ended; /* nothing runs out of the last instruction */
	bool fp_checked;
	bool clobbered;       /* the flags, since an instruction wrote them */
	bool straddle_behind; /* the block ends before an instruction that runs into the next page
			       */
	uint16_t offsets[BT_MAX_INSNS + 1];
	bool flags_live[BT_MAX_INSNS + 1]; /* before instruction n: its memory checks keep them */
	struct flag_source sources[BT_MAX_INSNS + 1]; /* what made the flags before instruction n */
	bool flags_needed[BT_MAX_INSNS + 1]; /* by instruction n: they must not be clobbered then */
	bool flags_saved;                    /* at the block's start */
	bool full;                           /* a table was too small: the code must not run */
	unsigned stub_max, count_fixup_max,
		host_max;                    /* of each block; stress=cramped makes them small */
	struct stub stubs[TX_MAX_STUBS + 1]; /* the last takes what the table has no room for */
	unsigned stub_count;
	struct short_jump shorts[TX_MAX_SHORTS];
	unsigned short_count;
	bool near_islands; /* each jrcxz gets its island at once: longer code, always in reach */
	uint32_t start;    /* buffer offset */
	uint32_t exits, sites; /* first row in the cache's tables */
	struct count_fixup count_fixups[TX_MAX_COUNT_FIXUPS];
	unsigned count_fixup_count;
	struct group groups[TX_GROUPS];
	bool grouping;
	bool shared;               /* its EIPs are relative to hot.shift */
	bool hot;                  /* memory checks and jump-cache look-ups are inline */
	bool windowed;             /* memory is used by the window where that is possible */
	bool unchecked;            /* ... the exact one, without checks */
	bool window_loaded;        /* r13 */
	bool loop;                 /* it jumps back to `loop_back`, not to its start (loop.c) */
	bool loop_broken, no_loop; /* ... which it cannot: C may run in it */
	uint32_t loop_back;
	unsigned copies;         /* logarithm of how often the loop's body comes (unroll.c) */
	bool may_stride;         /* it would be strided, but is unchecked */
	bool strided, no_stride; /* what moves is checked for many rounds at once (stride.c) */
	bool in_body;            /* behind what stands before the loop */
	bool saved_in_body;      /* a check there may need the flags that the round began with */
	uint8_t counter;         /* the guest's register by which these rounds end */
	int32_t counter_step;
	uint32_t loop_body;
	bool start_overwritten; /* flags at the block's start are overwritten before they are needed
				 */
	unsigned branches, branches_max; /* conditional jumps that it goes on behind */
	unsigned calls, calls_max;       /* the same of CALLs */
	bool landed;           /* behind one, where it has looked whether an exit is requested */
	uint8_t window_form;   /* enum bt_window_form */
	bool poll_ahead;       /* a jump back at the end has its poll earlier: */
	unsigned poll_at;      /* ... before this instruction */
	unsigned poll_replays; /* ... of which the stub does so many, up to the jump; or 0 */
	int32_t esp_ahead;     /* what must still be added to r12 (move-esp.c) */
	int open;              /* site of the access under way, if it writes; -1 */
	bool may_bail;         /* an instruction before the last may be left to the interpreter */
	uint32_t fp_code, fp_data,
		fp_own;         /* FP sites not noted yet, and the instruction's; 0: none */
	enum bt_code_part part; /* that is being emitted */
	uint32_t part_start;    /* buffer offset */
	uint32_t part_bytes[BT_PART_ROWS];
};

#define BT_FIELD(member) BT_AT(offsetof(struct tsr_bt, member))

/* An EIP of the block's page, or relative to it. */
static inline void tx_load_eip(struct bt_tx *tx, uint8_t to, uint32_t eip)
{
	if (!tx->shared) {
		emit_mov_imm(&tx->e, to, eip);
		return;
	}
	emit_load(&tx->e, to, BT_FIELD(hot.shift));
	emit_lea(&tx->e, to, HOST_MEM(to, (int32_t)eip));
}

/* Host code so far: bytes from the block's start. */
static inline uint16_t tx_host(const struct bt_tx *tx)
{
	return (uint16_t)(emit_here(&tx->e) - tx->start);
}

/* The host's register for a guest register. */
static inline uint8_t tx_gpr(uint8_t guest)
{
	return guest == TSR_ESP ? R12 : guest;
}

static inline bool tx_stack32(const struct bt_tx *tx)
{
	return tx->mode & BT_MODE_STACK32;
}

static inline struct stub *tx_stub(struct bt_tx *tx, enum stub_kind kind)
{
	struct stub *s = &tx->stubs[TX_MAX_STUBS];

	if (tx->stub_count < tx->stub_max)
		s = &tx->stubs[tx->stub_count++];
	else
		tx->full = true;
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	s->eip = tx->insn->eip;
	s->done = (uint8_t)tx->index;
	s->mnemonic = tx->insn->mnemonic;
	s->fp_code = tx->fp_code;
	s->fp_data = tx->fp_data;
	return s;
}

static inline void tx_stub_jump(struct bt_tx *tx, struct stub *s, uint32_t rel32)
{
	if (s->jump_count < TX_STUB_JUMPS)
		s->jumps[s->jump_count++] = rel32;
	else
		tx->full = true;
}

/* What is emitted from here on is that part of instruction n. */
static inline void tx_mark(struct bt_tx *tx, enum bt_code_part part, unsigned n)
{
	struct bt_cache *c = &tx->bt->cache;

	tx->part_bytes[tx->part] += emit_here(&tx->e) - tx->part_start;
	tx->part_start = emit_here(&tx->e);
	tx->part = part;
	if (c->mark_count < c->mark_max && c->marks)
		c->marks[c->mark_count++] =
			(struct bt_mark){ emit_here(&tx->e), (uint8_t)part, (uint8_t)n };
}

static inline void tx_part(struct bt_tx *tx, enum bt_code_part part)
{
	tx_mark(tx, part, tx->index);
}

/* Nothing emitted so far may run: it did not fit. */
static inline bool tx_failed(const struct bt_tx *tx)
{
	return tx->full || tx->e.overflow;
}

/* C may have run, or will: what was checked in the window does not hold any more. */
static inline void tx_window_forget(struct bt_tx *tx)
{
	if (!tx->windowed)
		return;
	tx->loop_broken = true;
	tx->window_loaded = false;
	memset(tx->groups, 0, sizeof(tx->groups));
}

/* Is it a CALL that the block goes on behind? */
static inline bool tsr_bt_calls_on(const struct bt_tx *tx, unsigned index)
{
	return tx->insns[index].kind == BT_CALL && index + 1 < tx->count;
}

/* Is that instruction the one after an STI, before which no interrupt is taken? */
static inline bool tsr_bt_after_sti(const struct bt_tx *tx, unsigned index)
{
	return index > 0 && tx->insns[index - 1].kind == BT_STI;
}

/* Is a waiting interrupt taken after that instruction? A block ends there, so that it is taken
 * before the next CLI, however near that is. With a budget also after a POPF, at once. */
static inline bool tsr_bt_window(const struct bt_tx *tx, unsigned index)
{
	return tsr_bt_after_sti(tx, index) ||
	       (tx->bt->budget.counted && tx->insns[index].kind == BT_POPF);
}

#endif
