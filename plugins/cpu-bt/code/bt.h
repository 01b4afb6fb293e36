/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The binary translator's structures.
 *
 * Registers of translated code:
 *   eax ecx edx ebx ebp esi edi   the guest's registers of the same name, upper halves zero
 *   r12d                          guest ESP
 *   r14                           base of the current MMU view
 *   r15                           struct tsr_bt + BT_BASE, near the part that translated code reads
 *                                 and writes; SHRX by it shifts by 12, since the count is modulo 32
 * or 64 r8 r9 r10 r11 r13             scratch; across guest instructions only r11 and r13 hold
 *                                 something: groups (groups.c)
 *   RFLAGS                        the guest's arithmetic flags; DF, TF, AC are clear
 *   rsp                           a stack of its own, with host addresses that RET leads to
 *                                 (returns.c); the bridges to C change to the thread's
 * The guest's other flags stay in state.eflags; FP, MMX and SSE registers are in the host's unit
 * while fp_loaded is set.
 */
#ifndef TSR_BT_H
#define TSR_BT_H

#include <string.h>

#include <tessera/draft/cpu.h>
#include <tessera/draft/interpreter.h>
#include <tessera/draft/mmu.h>
#include <tessera/draft/phys.h>
#include <tessera/tessera.h>

#include "code/parts.h"

#define BT_JUMP_BITS 16
#define BT_RELINKS 8
#define BT_TARGET_MAPS 16
#define BT_TARGET_TAGS 256
#define BT_DEAR 8192
#define BT_SAMPLED 1024
#define BT_SAMPLED_SPACES 64
#define BT_MAX_INSNS 64 /* guest instructions in a block */
/* What one block may take from the cache at most: bytes of host code, rows of its tables. */
#define BT_BLOCK_HOST_MAX 32768
#define BT_BLOCK_SITES_MAX 1024
#define BT_BLOCK_EXITS_MAX UINT8_MAX
#define BT_NONE UINT32_MAX
#define BT_DIVERT 5 /* bytes of a call with rel32 */
#define BT_STRETCH 256

/* r15 is so far behind the structure's start: its first words have displacements of one byte, and
 * its low six bits are the page shift. */
#define BT_BASE (offsetof(struct tsr_bt, hot) + 64 + TSR_PAGE_SHIFT)
/* A member by its offset, as an operand (emit.h). */
#define BT_AT(offset) HOST_MEM(R15, (int64_t)(offset) - (int64_t)BT_BASE)

/* What a block's code depends on besides the bytes that it was made from. */
enum bt_mode_bits {
	BT_MODE_CODE32 = 1 << 0,   /* CS.D */
	BT_MODE_STACK32 = 1 << 1,  /* SS.B */
	BT_MODE_USER = 1 << 2,     /* CPL 3: the user view */
	BT_MODE_X87 = 1 << 3,      /* usable, no exception pending */
	BT_MODE_SSE = 1 << 4,      /* usable */
	BT_MODE_CS_WRITE = 1 << 5, /* real and virtual-8086 mode: writes through CS are allowed */
	BT_MODE_IF_FREE = 1 << 6,  /* CPL <= IOPL outside virtual-8086 mode: CLI, STI, PUSHF, POPF
				      need no check */
	BT_MODE_CPL0 = 1 << 7,
	BT_MODE_STEP = 1 << 8,   /* nothing may be translated: TF, breakpoints, alignment checks */
	BT_MODE_DOWN = 1 << 9,   /* DF */
	BT_MODE_PLAIN = 1 << 10, /* of a block: it uses no window */
	BT_MODE_SSE_UNMASKED = 1 << 14, /* a SIMD exception is unmasked, but not underflow */
	BT_MODE_X87_UNMASKED =
		1 << 15, /* an x87 exception is unmasked, or was when the unit was loaded */
};
#define BT_MODE_SEGMENT_SHIFT 16 /* two bits each, enum tsr_x86_segment_name */

enum bt_segment_kind {
	BT_SEGMENT_FLAT,    /* base 0, limit 4 GiB, readable and (data) writable */
	BT_SEGMENT_BASED,   /* limit 4 GiB */
	BT_SEGMENT_LIMITED, /* expand-up; base and limit are read from the state */
	BT_SEGMENT_SLOW,    /* everything else: left to the interpreter */
};

/* What is in the host's unit. */
enum bt_fp_loaded {
	BT_FP_LOADED = 1,
	BT_FP_X87_ONLY =
		2, /* MXCSR is the host's: the guest's has underflow unmasked, or SSE is off */
	BT_FP_UNMASKED = 4, /* the control word had an exception unmasked */
	BT_FP_SSE_UNMASKED =
		8, /* the guest's MXCSR has: the host's has all masked, and its own flags */
};

/* An entry of the jump cache: key = -(eip + (tag << 32)), so that a hit is a sum of zero; 0 =
 * empty. */
struct bt_jump {
	uint64_t key;
	uint32_t host;  /* cache offset */
	uint32_t shift; /* hot.shift of that block */
};

/* BT_EXACT: the order of the operand's parts matters; an access that crosses a page or faults is
 * left to the interpreter, and with more than 64 bytes also one to a traced page. */
enum bt_access { BT_READ = 1, BT_WRITE = 2, BT_EXACT = 4 };

/* How to recompute flags that a check clobbered: from registers a and b, or a and imm (b = 0xff),
 * of `size` bytes. */
enum bt_recover {
	BT_RECOVER_NONE,
	BT_RECOVER_CMP,   /* a - b */
	BT_RECOVER_TEST,  /* a & b */
	BT_RECOVER_LOGIC, /* a was the result of AND, OR, XOR */
	BT_RECOVER_ADD,   /* a was the result of adding b */
	BT_RECOVER_SUB,   /* a was the result of subtracting b */
	BT_RECOVER_SAVED, /* as they were at the block's start */
};
struct flag_source {
	uint8_t kind, size, a, b;
	uint32_t imm;
};

/* What an instruction writes that does nothing else but a store (and moves of registers that come
 * after it), or an exchange with a register: the slow path does the store itself. */
enum bt_store {
	BT_STORE_OTHER, /* the interpreter does the instruction */
	BT_STORE_GPR,   /* store_value: register */
	BT_STORE_HIGH,  /* ... whose second byte */
	BT_STORE_R11,
	BT_STORE_IMM,
	BT_STORE_EIP,      /* store_value, as an EIP in a shared block's code */
	BT_STORE_EXCHANGE, /* store_value: register, which gets what was there */
};

/* A place in translated code that calls a slow path. Tables of blocks, exits and sites are as large
 * as the code itself: what is small in a block is said from its start on. */
struct bt_site {
	uint32_t block;
	uint32_t store_value;
	uint32_t more; /* row of cache.mores; 0: all of it is 0 */
	uint16_t host; /* where the call of its memory check returns, by which it is found: bytes
			  from the block's start */
	uint16_t size : 13; /* of the access in bytes: up to a page */
	uint16_t access : 3;
	uint32_t eip : 10;    /* less the block's (bt_site_eip) */
	uint32_t insn : 7;    /* index in the block */
	uint32_t store : 3;   /* enum bt_store */
	uint32_t group : 1;   /* the access is a group's check */
	uint32_t aligned : 1; /* it faults if it is not aligned: 16 bytes */
};
_Static_assert(sizeof(struct bt_site) == 20, "there are as many as memory operands");
_Static_assert(BT_MAX_INSNS < 1 << 7 && BT_MAX_INSNS * 15 < 1 << 10, "`insn` and `eip` have room");

/* What few sites have. One whose row would be that of the site before it shares it (seal). */
struct bt_site_more {
	struct flag_source source; /* kind NONE: the flags are as before the instruction */
	uint32_t fp_code, fp_data,
		fp_own; /* FP sites to be noted before the instruction, and its own; 0: none */
	int32_t first;  /* of a group: address of the first access - address checked */
	/* groups that are alive there, if they are written through: guest register + 1, 0: none;
	 * linear address - its value */
	int32_t group_offset[2];
	uint8_t group_base[2];
	uint16_t flags_kept; /* of flags_ax: `source` is right for these after the instruction, too
			      */
};
_Static_assert(sizeof(struct bt_site_more) == 36, "rows are compared, and have no padding");

/* What an x87 instruction leaves in the last-instruction pointers (fp-pointers.c). */
struct bt_fp_site {
	uint32_t eip;
	int32_t disp;
	uint16_t fop;
	uint8_t base, index, scale, segment; /* as in struct bt_ea */
	bool addr16;
	bool memory; /* it sets FDP and FDS too */
	bool clear;  /* FNINIT: all become zero */
};

/* A direct exit. As long as it is not linked, it calls the runtime's `chain`, which finds it by the
 * return address: itself, where control only ends there, a CALL that becomes a JMP; or a
 * conditional jump by a stub that has the CALL. One to another page is linked for one tag, which
 * its guard compares: under that tag EIP leads to the same code. Under others it goes through the
 * jump cache, and is linked again at most BT_RELINKS times. */
struct bt_exit {
	uint32_t patch; /* cache offset of the rel32; guarded: of the CALL, or the JMP to `jump` */
	uint32_t eip;
	uint32_t next;            /* in the list of its target's `incoming` */
	union {                   /* bytes from `patch` on */
		uint16_t stub;    /* no guard: to the CALL, if that is out of line; else 0 */
		uint16_t landing; /* guarded: to the rel32 of the JMP that a tag that is equal
				     leads to */
	};
	uint8_t guard;      /* - tag, 0 if it is not linked, so many bytes before `patch`; 0: it has
			       none */
	uint8_t links : 4;  /* ... how often it was linked, up to BT_RELINKS */
	uint8_t plain : 1;  /* to a block with BT_MODE_PLAIN, before an instruction of its own */
	uint8_t linked : 1; /* the block that it is linked to stands in its code (target_of) */
	uint8_t arrival : 1; /* no exit: a RET comes to `patch` + 4, in the middle of the block */
};
_Static_assert(sizeof(struct bt_exit) == 16, "there are more than blocks");
_Static_assert(BT_RELINKS < 1 << 4, "`links` counts so far");

/* What few blocks have: an instruction that runs into the next page. */
struct bt_end {
	tsr_gpa gpa; /* of that page */
	uint32_t next;
};

struct bt_block {
	/* the key and what a look-up needs, first */
	tsr_gpa gpa : 43;
	uint64_t shared : 1;      /* its EIPs are those of its page's `start`: hot.shift is added */
	uint64_t end : 16;        /* row of cache.ends, if its one instruction straddles; else 0 */
	uint64_t window_form : 3; /* enum bt_window_form */
	uint64_t may_stride : 1;  /* with checks, it would be strided (lower/stride.c) */
	uint32_t eip;
	uint32_t mode;
	uint32_t cs_limit; /* of the segment, if not 4 GiB */
	uint32_t host;     /* cache offset */
	uint32_t hash_next;
	uint32_t length : 10; /* guest bytes */
	uint32_t insns : 7;
	uint32_t lowered : 7; /* instructions that are not left to the interpreter: all or all but
				 the last */
	uint32_t exit_count : 8;
	uint32_t site_count : 11;
	uint32_t host_length : 16;
	uint32_t valid : 1;
	uint32_t hot : 1;      /* its memory checks are inline */
	uint32_t may_bail : 1; /* an instruction before the last may be left to the interpreter
				  after all */
	uint32_t copies : 2;   /* logarithm of how often its guest code comes (lower/unroll.c) */
	uint32_t exits;        /* first of `exit_count` consecutive exits */
	uint32_t sites;        /* the same of its sites */
	uint32_t incoming;     /* list of exits linked here, and of some that were: `linked` */
	uint32_t page_next;    /* node of its page's list, which has some invalid blocks too */
	uint32_t offsets;      /* in cache.offsets: `insns` rows */
};
_Static_assert(BT_MAX_INSNS * 15 < 1 << 10 && BT_MAX_INSNS < 1 << 7 &&
		       BT_BLOCK_EXITS_MAX < 1 << 8 && BT_BLOCK_SITES_MAX < 1 << 11 &&
		       BT_BLOCK_HOST_MAX < 1 << 16,
	       "what counts a block's parts has room");
_Static_assert(sizeof(struct bt_block) == 56, "a full cache has hundreds of thousands");

/* A row of cache.offsets: an instruction's length, and how far its host code lies behind that of
 * the one before, or behind the block's start. */
#define BT_OFFSET(length, step) ((uint16_t)((length) | (step) << 4))
#define BT_OFFSET_LENGTH(row) ((row)&15u)
#define BT_OFFSET_STEP(row) ((uint32_t)(row) >> 4)
#define BT_STEP_MAX 4095

/* What only lockstep and dumps want of a block. */
struct bt_block_notes {
	uint32_t runs;              /* lockstep, sampled: so far */
	uint32_t marks, mark_count; /* in cache.marks */
	uint16_t undefined;         /* flags that some instruction leaves undefined */
};

/* A guest physical page with translated code. */
struct bt_page {
	tsr_gpa gpa;
	uint64_t code;   /* a bit per 64 bytes */
	uint32_t start;  /* EIP of its first byte, where user-level code of it ran first */
	bool started;    /* ... it has */
	uint32_t blocks; /* list of nodes: 2 * block + (1: the block ends here) */
	uint32_t next;   /* of the same hash */
	uint32_t hits;   /* how often blocks were invalidated */
	uint32_t rest;   /* how many stretches of code will still be interpreted */
	bool traced;
};

/* Is code that lies at several linear addresses translated once? */
enum bt_share { BT_SHARE_AUTO, BT_SHARE_OFF, BT_SHARE_ALWAYS };

/* Stress modes, for tests: they force rare paths. */
enum bt_stress {
	BT_STRESS_OFF,
	BT_STRESS_COLD, /* no block is known: no links, no jump cache, no rest for busy pages */
	BT_STRESS_INTERRUPTS, /* an exit is requested at every block's end */
};

/* How memory is checked: by calls, which are small; or inline, which is fast. */
enum bt_check_form {
	BT_CHECKS_AUTO, /* calls at first; inline in blocks that are seen to be hot */
	BT_CHECKS_CALLED,
	BT_CHECKS_INLINE,
};

/* How a hot block uses the window, and checks that an operand of 2 or 4 bytes stays within its
 * page. Each form is tried when the one before it has failed often. */
enum bt_window_form {
	BT_WINDOW_UNCHECKED, /* user level: it does not check, in the exact window */
	BT_WINDOW_WRAPPED,   /* ... and sums are cut to 32 bits before they are used */
	BT_WINDOW_ALIGNED,   /* it is aligned */
	BT_WINDOW_ENDS,      /* the valid byte of its last byte's page is looked at too */
	BT_WINDOW_PLAIN,     /* the block does not use the window: operands are often not in it */
};

/* Which hot blocks use windows. An MMU that starts each address space without a kernel's valid
 * bytes is better used by user level alone. */
enum bt_windows { BT_WINDOWS_OFF, BT_WINDOWS_USER, BT_WINDOWS_ALL };

enum bt_exit_reason {
	BT_EXIT_LOOKUP, /* state.eip has no code yet, or an exit is requested */
	BT_EXIT_BAIL,   /* one instruction at state.eip for the interpreter */
	BT_EXIT_FAULT,  /* bt->fault at state.eip */
	BT_EXIT_REST,   /* some instructions from state.eip for the interpreter: exit_value */
	BT_EXIT_STOP,   /* the interpreter stopped: bt->stop */
	BT_EXIT_BLOCK,  /* unchained mode: the block is done */
	BT_EXITS,
};

/* What is delivered through a gate without the interpreter. */
enum bt_gate { BT_GATE_INT, BT_GATE_DIVIDE, BT_GATE_PAGE, BT_GATE_EXTERNAL, BT_GATES };

struct bt_stats {
	uint64_t translations, insns, guest_bytes, host_bytes, flushes, tag_wraps, invalidations,
		lookups, chains, misses, bounces, commits, faults, interrupts, exits[BT_EXITS],
		interpreted, fp_loads, fp_unloads, entries, group_failures, code_writes,
		left_behind, strings, system, crossings, stretched, shared, passages, cut_short,
		compared, skipped, left_alone, samples, hot, windowed, window_looks,
		window_forms[BT_WINDOW_PLAIN + 1], promotions, promotions_failed, signals,
		exposures, unchecked, target_looks, targets, targets_emptied, waits,
		gates[BT_GATES][2];        /* by the ring: 0, outer */
	uint64_t part_bytes[BT_PART_ROWS]; /* of host_bytes: without padding */
	uint64_t translation_ticks;        /* of the host's time-stamp counter */
	/* Of hot blocks alone. */
	uint64_t hot_insns, hot_guest_bytes, hot_host_bytes, hot_ticks;
	uint64_t start_ticks, start_ns; /* that counter and a clock at the same time */
};

/* What a slow path returns to the code that called it (runtime/outcome.h) */
struct bt_outcome {
	uint64_t value;
	int64_t skip; /* bytes to add to the return address; BT_LEAVE_CODE: leave translated code */
};
enum {
	BT_SKIP = 5, /* the length of a jump with rel32, which follows the call */
	BT_LEAVE_CODE = -1,
};

/* Changes of the mode that translated code does by itself (runtime/crossing.c). */
enum bt_crossing_kind {
	BT_CROSSING_SYSENTER,
	BT_CROSSING_SYSEXIT,
	BT_CROSSING_TS_SET,
	BT_CROSSING_TS_CLEAR,
	BT_CROSSING_SEGMENT, /* + 2 * the segment register + 1 if it is popped */
	BT_CROSSINGS = BT_CROSSING_SEGMENT + 2 * TSR_SEGMENTS,
};
struct bt_crossing {
	uint64_t from, to; /* tag words without a request; from is 0: none is known */
	uint64_t fetch;    /* fetch tag of the view that it leads to */
	const uint32_t *targets;
	uint32_t tag, mode, jump_offset;
	uint32_t key;                  /* IA32_SYSENTER_CS, CR0 before, or a selector */
	struct tsr_x86_segment cs, ss; /* of SYSENTER and SYSEXIT; cs: what is loaded */
	uint32_t cr0;                  /* of a change of TS: the operand, and CR0 after it */
	uint32_t x87, mxcsr, cr4;      /* ... the FP state's part in the mode: FCW and FSW */
	uint32_t gla;                  /* of a selector's descriptor, which is in `cs` */
	uint64_t gdtr, descriptor;     /* ... the register, and what the memory holds */
};

/* A request to leave has bytes of its own in the words that say what code belongs to the mode
 * (runtime/requests.c). A change of the mode writes the four bytes below them, from AT on, in one
 * store. So tags have 24 bits, and maps of targets begin at multiples of 2^32. */
#define BT_TAG_MAX 0xffffffu
#define BT_TAG_AT 3
#define BT_TAG_REQUEST 7
#define BT_TARGETS_AT 1
#define BT_TARGETS_REQUEST 5

/* What translated code reads and writes besides the state, by its offset from r15. */
struct bt_hot {
	union {
		uint64_t tag_word; /* tag << 32; what is added to it makes look-ups miss */
		uint8_t tag_bytes[sizeof(uint64_t)];
	};
	uint32_t jump_offset; /* of the tag: where its entries lie in the jump cache */
	uint32_t poll;        /* 0, or UINT32_MAX: leave at the next back edge */
	uint32_t shift; /* of the shared block that is running: its EIPs less those in its code
			 */
	uint32_t intr_waiting;  /* the INTR pin */
	uint32_t paused;        /* PAUSE was executed since the last RDTSC: not 0 */
	uint32_t until_sample;  /* called checks to be done until one is taken as a sample */
	uint32_t until_target;  /* jumps that find nothing in a map of targets, until one's is
				   noted there */
	uint32_t until_promote; /* exits for a page that is not in the window, until one is looked
				   at */
	uint32_t rounds_end; /* what is checked for a loop's rounds holds until a register has this
				value, or the negative of it (lower/stride.c) */
	int64_t left;        /* counted: instructions of the budget, less those of the block that is
				running */
	uint32_t fp_loaded;  /* enum bt_fp_loaded; 0: the host's FP unit does not hold the guest's
				state */
	uint64_t saved_flags; /* RFLAGS at the start of the block that is running, if it saves them
			       */
	uint16_t flags_ax;    /* arithmetic flags as lahf and seto al left them */
	union {
		const uint32_t *targets;                 /* of the tag (code/targets.c) */
		uint8_t targets_bytes[sizeof(uint64_t)]; /* as in the tag word: a request's is
							    BT_TARGETS_REQUEST */
	};
	const uint32_t *no_targets; /* the map that is always empty */
	uint8_t *view_base;         /* r14 */
	uint8_t *window_base;       /* of the same view */
	struct tsr_mmu_exact exact; /* the user view's exact window */
	uint8_t *host_rsp;          /* of C, while translated code runs */
	uint8_t *code_rsp;          /* of translated code, while C runs (returns.c) */
	uint8_t *code_stack;        /* ... where its stack starts */
	uint64_t code_return;       /* ... where it was called from */
	uint64_t saved_r8, saved_r10, saved_r11;
	const uint8_t *target;
	uint32_t exit_reason;
	uint32_t exit_value;       /* BAIL: mnemonic */
	uint32_t fp_code, fp_data; /* sites of the x87's last instruction and last operand; 0: they
				      are in state.fx */
	uint32_t fp_data_offset;
	uint8_t bounce[64] __attribute__((aligned(64))); /* what an instruction reads or stores
							    instead of its operand */
	struct bt_jump jumps[1 << BT_JUMP_BITS];
	uint32_t host_mxcsr;
	uint32_t masked_mxcsr; /* SSE_UNMASKED: the guest's, with all masked and no flags */
	uint32_t unmasked;     /* ... flags of MXCSR that are unmasked */
	uint32_t mxcsr_before, mxcsr_after; /* ... an instruction */
	uint16_t fp_status;                 /* the x87's status word, as last stored by FNSTSW */
	struct bt_crossing crossings[BT_CROSSINGS];
};

/* What the processor is connected to. */
struct bt_board {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_log *log;
	const struct tsr_phys *phys;
	const struct tsr_cpu_host *cpu_host;
	const struct tsr_machine_table *machine;
	const struct tsr_mmu *mmu;
	void *mmu_self;
	const struct tsr_mmu_layout *layout;
	struct tsr_mmu_vcpu *vcpu;
	struct tsr_mmu_listener listener;
	const struct tsr_intack *intack;
	void *intack_self;
	const struct tsr_irq *ferr;
	const struct tsr_x86_interpreter *interpreter;
	void *interpreter_self;
	struct tsr_x86_context *context;
};

struct bt_options {
	bool chain, lockstep, sampled, groups, cramped;
	enum bt_windows windows;
	enum bt_share share;
	uint32_t promote; /* one exit of how many is looked at */
	uint32_t targets; /* one jump of how many that find nothing is noted; 0: no maps */
	bool dump, dump_all;
	uint32_t tags;     /* how many there are before their numbers start again */
	uint32_t dump_eip; /* not dump_all: of an instruction in the blocks that are dumped */
	enum bt_stress stress;
	enum bt_check_form checks;
};

/* The processor model that the guest sees. */
struct bt_model {
	uint32_t isa;       /* enum bt_isa */
	uint32_t signature; /* CPUID.1:EAX */
};

struct bt_host_cpu {
	bool bmi2;
	uint16_t cs, ss; /* selectors, for iretq */
};

struct bt_pins {
	int kicked; /* atomic */
	bool nmi_level, init;
};

/* What C code does, as far as its callers would not tell (profile.c). */
enum bt_doing { BT_DOING_NOTHING, BT_DOING_TRANSLATE, BT_DOING_INTERPRET, BT_DOING_DELIVER };

/* The run under way. */
struct bt_run {
	bool inside; /* translated code or a device called from it */
	bool stopped;
	uint8_t doing;   /* enum bt_doing */
	bool unfinished; /* the interpreter has stopped within a REP instruction, as it may remember
			    until it delivers an event */
	bool restarted;  /* RF was dropped before the instruction at restarted_at (system.c) */
	uint32_t restarted_at;
	bool waiting;             /* the guest was left because it waits for its clock (wait.c) */
	uint32_t waits_at, waits; /* EIP of its RDTSC, and how often that was done in a row */
	bool due;                 /* BT_STRESS_INTERRUPTS: the next boundary is to be left at */
	uint32_t left_at; /* EIP; not twice at the same one, or a branch alone in its block would
			     never be taken */
	enum tsr_x86_stop stop;     /* BT_EXIT_STOP */
	struct tsr_x86_fault fault; /* BT_EXIT_FAULT */
};

/* Runs with a budget (budget.c) */
struct bt_budget {
	bool counted;   /* blocks count */
	uint32_t ahead; /* instructions of the block that were not done when it was left */
	uint64_t end;   /* of state.instructions: where the budget ends */
	uint64_t until; /* state.instructions + left, as translated code was entered */
};

/* What code takes for granted, and its number (mode.c) */
struct bt_mode {
	uint32_t word; /* enum bt_mode_bits */
	uint32_t cs_limit;
	uint32_t tag;
	struct bt_tags *tags;
};

/* A block that has checks because signals are dear. */
struct bt_dear {
	tsr_gpa gpa;
	uint32_t eip, mode;
	uint64_t space; /* young address space that it was in; 0: an older one; ABSENT_SPACE */
};

/* Code without checks (runtime/unchecked.c) */
struct bt_unchecked {
	bool on;
	bool always;           /* whatever it costs */
	bool look;             /* an interrupt came: may blocks try again? */
	uint64_t asked;        /* tick when the budgets were looked at */
	int64_t growth, churn; /* ticks that may be spent */
	uint64_t tried, quiet; /* tick when blocks could try again, and how long that takes */
	uint64_t absent_seen;  /* tick when a loop gave up because of pages that were not there; 0:
				  none has since they tried again */
	bool waits;            /* for an entry of the page */
	uint32_t page;         /* linear page that it asked for last */
	enum tsr_mmu_access access;
	struct bt_dear dear[BT_DEAR];
	unsigned dear_count;
	uint8_t *absent; /* by a hash of the block's address: signals at pages without an entry */
	uint8_t *
		shy; /* by a hash of the block's address: young address spaces that it gave up in */
};

/* The stacks of translated code (returns.c), by view. */
struct bt_returns {
	void *region;
	uint8_t *rsp[2]; /* while the other view's code runs */
	uint32_t tag[2]; /* under which what lies on it was pushed; 0: none */
	unsigned view;   /* whose stack is in use */
};

/* Maps from EIP to code (targets.c) */
struct bt_targets {
	uint8_t *region;         /* NULL: there are none */
	const uint32_t *current; /* the mode's tag's: hot.targets, unless an exit is requested */
	uint8_t here, away;      /* byte BT_TARGETS_REQUEST of their addresses; of a request */
	uint32_t tag[BT_TARGET_MAPS];             /* whose a map is; 0: nobody's */
	uint32_t pages_of[BT_TARGET_MAPS], pages; /* that are written; of all of them */
	unsigned oldest;
	uint8_t slot[BT_TARGET_TAGS];    /* by the tag: its map, if that is its own */
	uint16_t misses[BT_TARGET_TAGS]; /* ... jumps that have found nothing, if it has none */
};

/* A site that was looked up by a place in the cache, so that a loop over device memory finds its
 * own again. */
struct bt_known_site {
	uint32_t host; /* 0: none */
	uint32_t site;
};
#define BT_KNOWN_SITES 64

/* The code cache and its tables (cache.c) */
struct bt_cache {
	uint8_t *rw;       /* writable view */
	const uint8_t *rx; /* executable view */
	size_t size;
	uint32_t used, start;
	size_t table_bytes_max; /* of all tables that grow with the code */
	struct bt_block *blocks;
	struct bt_block_notes *notes; /* NULL: neither lockstep nor a dump is wanted */
	uint32_t block_count, block_max;
	struct bt_end *ends; /* from 1 on */
	uint32_t end_count, end_max;
	uint32_t *hash;
	struct bt_page *pages;
	uint32_t page_count, page_max;
	uint32_t *page_hash;
	struct bt_site *sites;
	uint32_t site_count, site_max;
	struct bt_known_site known_sites[BT_KNOWN_SITES]; /* by `host`; of no earlier flush */
	struct bt_site_more *mores;                       /* from 1 on */
	uint32_t more_count, more_max;
	struct bt_fp_site *fp_sites; /* from 1 on */
	uint32_t fp_site_count, fp_site_max;
	struct bt_exit *exits;
	uint32_t exit_count, exit_max;
	uint16_t *offsets;
	uint32_t offset_count, offset_max;
	struct bt_mark *marks; /* NULL: no dump is wanted */
	uint32_t mark_count, mark_max;
	uint32_t epoch;      /* grows at a flush; compared only around one look-up */
	tsr_gpa untrace[16]; /* pages that lost their last block while the MMU was calling */
	unsigned untrace_count;
	uint8_t *group_failures; /* by a hash of the block's address */
	uint8_t *heat;           /* ... samples, and promotions that failed */
	uint8_t *window_forms;   /* ... enum bt_window_form */
	uint32_t *stretches; /* for each BT_STRETCH bytes of code: the block that its start lies in
			      or behind */
};

/* Samples of blocks that addresses share (samples.c). */
struct bt_samples {
	uint32_t wanted[BT_SAMPLED];       /* by a hash of it: an EIP that was sampled */
	uint64_t space[BT_SAMPLED_SPACES]; /* by its number: an address space ... */
	uint32_t count[BT_SAMPLED_SPACES]; /* ... and its samples */
};

/* Memory checks that are called, by the size of the operand. */
enum bt_check {
	BT_CHECK_1,
	BT_CHECK_2,
	BT_CHECK_4,
	BT_CHECK_8,
	BT_CHECK_16,
	BT_CHECK_ALIGNED, /* 16 bytes, which must be aligned */
	BT_CHECK_ANY,     /* r9d: size - 1 */
	BT_CHECKS,
};

/* The emitted runtime: cache offsets (runtime.c, checks.c) */
struct bt_runtime {
	uint32_t enter, leave, lookup, jump, chain, bail, miss, fp_load, fp_load_x87,
		fp_load_masked, helper, done, spent, diverted, poll, promote, returned, target,
		sysenter, sysexit, ts, segment[2 * TSR_SEGMENTS];
	uint32_t window[2];            /* read, write: a valid byte was not 0 */
	uint32_t checks[2][BT_CHECKS]; /* read, write; they keep the flags */
	uint32_t retries[2][2];        /* read, write; 2 bytes, 4 bytes: of operands that are not
					  aligned; flags are dead */
	uint32_t checks_start, checks_end;
	uint32_t movs[3], stos[3]; /* with REP, by the logarithm of the element's size */
};

struct tsr_bt {
	struct tsr_x86_state state;
	struct bt_hot hot;
	struct bt_board board;
	struct bt_options options;
	struct bt_model model;
	struct bt_host_cpu host_cpu;
	struct bt_pins pins;
	struct bt_run run;
	struct bt_budget budget;
	struct bt_mode mode;
	struct bt_returns returns;
	struct bt_unchecked unchecked;
	struct bt_samples samples;
	struct bt_targets targets;
	struct bt_cache cache;
	struct bt_runtime rt;
	struct bt_stats stats;
	uint32_t *fallbacks; /* instructions that the interpreter did, by mnemonic */
	struct bt_tx *tx;
	struct bt_decode_cache *decode_cache;
	struct bt_lockstep *check;
};

/* Has a thread requested an exit, and is that not yet taken back? */
static inline bool bt_exit_requested(const struct tsr_bt *bt)
{
	return __atomic_load_n(&bt->hot.poll, __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&bt->hot.tag_bytes[BT_TAG_REQUEST], __ATOMIC_ACQUIRE) ||
	       __atomic_load_n(&bt->hot.targets_bytes[BT_TARGETS_REQUEST], __ATOMIC_ACQUIRE) !=
		       bt->targets.here;
}

/* Four bytes of a word that is read as a whole soon, which takes longer if they were just written:
 * only if they are others. */
static inline void bt_set_part(uint8_t *at, uint32_t value)
{
	if (memcmp(at, &value, sizeof(value)) != 0)
		memcpy(at, &value, sizeof(value));
}

/* The words that code finds other code by, but for the bytes of a request. */
static inline void bt_set_tag(struct tsr_bt *bt, uint32_t tag)
{
	_Static_assert(BT_TAG_AT + sizeof(tag) == BT_TAG_REQUEST, "");
	bt_set_part(&bt->hot.tag_bytes[BT_TAG_AT], tag << 8);
}

static inline void bt_set_targets(struct tsr_bt *bt, const uint32_t *map)
{
	uint32_t part = (uint32_t)((uintptr_t)map >> 8 * BT_TARGETS_AT);

	_Static_assert(BT_TARGETS_AT + sizeof(part) == BT_TARGETS_REQUEST, "");
	bt->targets.current = map;
	bt_set_part(&bt->hot.targets_bytes[BT_TARGETS_AT], part);
}

/* Where tags or maps of targets get another meaning. */
static inline void bt_crossings_forget(struct tsr_bt *bt)
{
	for (unsigned i = 0; i < BT_CROSSINGS; i++)
		bt->hot.crossings[i].from = 0;
}

/* The jump-cache index (jump.c): EIP + jump_offset, so that two processes do not fight for entries.
 */
static inline struct bt_jump *bt_jump_slot(struct tsr_bt *bt, uint32_t eip)
{
	uint32_t high = bt->host_cpu.bmi2 ? eip >> 16 : 0;

	return &bt->hot.jumps[(eip + high + bt->hot.jump_offset) & ((1u << BT_JUMP_BITS) - 1)];
}

static inline enum bt_segment_kind bt_segment_kind(uint32_t mode, unsigned segment)
{
	return (enum bt_segment_kind)(mode >> (BT_MODE_SEGMENT_SHIFT + 2 * segment) & 3);
}

/* What the host's unit is loaded with in that mode: enum bt_fp_loaded. */
static inline uint32_t bt_fp_load_kind(uint32_t mode)
{
	return BT_FP_LOADED | (mode & BT_MODE_SSE ? 0 : BT_FP_X87_ONLY) |
	       (mode & BT_MODE_X87_UNMASKED ? BT_FP_UNMASKED : 0) |
	       (mode & BT_MODE_SSE_UNMASKED ? BT_FP_SSE_UNMASKED : 0);
}

/* Where the block lies; of a shared one, where it is running. */
static inline uint32_t bt_block_eip(const struct tsr_bt *bt, const struct bt_block *b)
{
	return b->eip + (b->shared ? bt->hot.shift : 0);
}

static inline uint32_t bt_site_eip(const struct tsr_bt *bt, const struct bt_site *s)
{
	return bt_block_eip(bt, &bt->cache.blocks[s->block]) + s->eip;
}

static inline const struct bt_site_more *bt_site_more(const struct tsr_bt *bt,
						      const struct bt_site *s)
{
	return &bt->cache.mores[s->more];
}

/* Where the host code of the block's instruction lies: bytes from the block's start. */
static inline uint32_t bt_insn_host(const struct tsr_bt *bt, const struct bt_block *b, unsigned n)
{
	uint32_t at = 0;

	for (unsigned i = 0; i <= n; i++)
		at += BT_OFFSET_STEP(bt->cache.offsets[b->offsets + i]);
	return at;
}

static inline unsigned bt_insn_length(const struct tsr_bt *bt, const struct bt_block *b, unsigned n)
{
	return BT_OFFSET_LENGTH(bt->cache.offsets[b->offsets + n]);
}

static inline uint32_t bt_insn_eip(const struct tsr_bt *bt, const struct bt_block *b, unsigned n)
{
	unsigned body = b->insns >> b->copies; /* 0: its row is being made, and is profiled */
	uint32_t eip = bt_block_eip(bt, b);

	for (unsigned i = body ? n - n % body : 0; i < n; i++)
		eip += bt_insn_length(bt, b, i);
	return eip;
}

/* The page of the end of a block that straddles; else 0. */
static inline tsr_gpa bt_block_gpa2(const struct tsr_bt *bt, const struct bt_block *b)
{
	return bt->cache.ends[b->end].gpa;
}

/* Notes how many of the block's instructions are not done, from the site's on; `done`: from the
 * next one on. */
static inline void bt_leave_ahead(struct tsr_bt *bt, const struct bt_site *s, bool done)
{
	bt->budget.ahead = bt->cache.blocks[s->block].lowered - (uint32_t)s->insn - done;
}

_Static_assert(offsetof(struct tsr_bt, hot) % 64 == 0, "BT_BASE is a multiple of 64, and 12");

static inline enum bt_check bt_check_kind(unsigned size, bool aligned)
{
	switch (size) {
	case 1:
		return BT_CHECK_1;
	case 2:
		return BT_CHECK_2;
	case 4:
		return BT_CHECK_4;
	case 8:
		return BT_CHECK_8;
	case 16:
		return aligned ? BT_CHECK_ALIGNED : BT_CHECK_16;
	default:
		return BT_CHECK_ANY;
	}
}

/* Does the address space exist for a few milliseconds only, as most of those that a shell makes
 * ever do? */
static inline bool bt_is_young(const struct tsr_bt *bt)
{
	return bt->unchecked.on && bt->hot.exact.is_young;
}

static inline uint32_t bt_block_index(const struct tsr_bt *bt, const struct bt_block *b)
{
	return (uint32_t)(b - bt->cache.blocks);
}

#define BT_GROUP_FAILURES 65536
#define BT_GROUP_LIMIT 8 /* failures after which a block is translated without groups */
static inline uint8_t *bt_group_failures(struct tsr_bt *bt, tsr_gpa gpa)
{
	return &bt->cache.group_failures[(gpa ^ gpa >> 14) & (BT_GROUP_FAILURES - 1)];
}

#define BT_HEAT 262144
#define BT_SAMPLE_EVERY 2039 /* called checks; a prime, so that no loop keeps step with it */
#define BT_HOT 3             /* samples after which a block is translated with inline checks */
#define BT_WINDOW_FAILURES 8 /* promotions that fail before a block gives up */
static inline uint8_t *bt_heat(struct tsr_bt *bt, tsr_gpa gpa)
{
	return &bt->cache.heat[(gpa ^ gpa >> 16) & (BT_HEAT - 1)];
}

static inline uint8_t *bt_window_form(struct tsr_bt *bt, tsr_gpa gpa)
{
	return &bt->cache.window_forms[(gpa ^ gpa >> 16) & (BT_HEAT - 1)];
}

#endif
