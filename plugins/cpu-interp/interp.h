/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interpreter's private types: the context, the decoded instruction, registers and modes.
 *
 * Rules that every instruction obeys:
 *  1. It changes nothing of the guest before its last possible fault. A fault leaves by
 *     fault_raise (fault.h), which jumps back to the run loop over frames of this plugin only: no
 *     call of another plugin is ever jumped over.
 *  2. state->eip is the instruction's start until it is done; transfers write c->next_eip.
 *  3. Memory is reached through memory.h only; it handles views, page ends, MMIO, tracing,
 *     watchpoints and shadow runs.
 */
#ifndef INTERP_H
#define INTERP_H

#include <setjmp.h>
#include <stdatomic.h>
#include <string.h>

#include <tessera/draft/interpreter.h>
#include <tessera/draft/x86-facts.h>
#include <tessera/tessera.h>

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

typedef struct tsr_x86_context cpu;
struct op;
typedef void op_fn(cpu *c, const struct op *op);

enum op_flag {
	OP_LOCK = 1,
	OP_REP = 2,   /* F3 is the last of F2 and F3 */
	OP_REPNE = 4, /* F2 is */
	OP_MEM = 8,   /* the ModRM operand is memory */
	OP_ADDR16 = 16,
	OP_WIDE = 32, /* 32-bit operand size, whatever `size` is */
};
#define OP_NONE 0xff /* no base, no index */

/* A decoded instruction: 64 bytes. Registers are byte offsets into state->gpr, so that AH is just
 * another offset. */
struct op {
	uint8_t bytes[16]; /* as fetched, zero after `length` */
	op_fn *exec;
	uint32_t mask; /* a bit for each byte of `bytes` that counts */
	uint32_t disp; /* displacement, or the offset of a moffs */
	uint32_t imm;  /* immediate, sign-extended to the operand size where the manual says so;
			  branch displacement */
	uint16_t imm2; /* selector of a far pointer; second immediate */
	uint8_t length;
	uint8_t size;    /* operand size in bytes: 1, 2, 4 */
	uint8_t rm, reg; /* first and second operand where they are registers; see decode.c */
	uint8_t base, index, scale, segment;
	uint8_t flags;  /* enum op_flag */
	uint8_t code32; /* CS.D it was decoded for */
	uint8_t map;    /* 0: one-byte opcodes, 1: 0F */
	uint8_t opcode, modrm;
	uint8_t prefix;    /* 0, 66, F2, F3: the mandatory prefix of an SSE instruction */
	uint16_t link[2];  /* slots of the instructions that came next, in line and elsewhere: a
			      guess that is always checked */
	const void *thunk; /* x87, MMX, SSE: thunk.h */
} __attribute__((aligned(64)));

enum attention {
	ATT_KICK = 1,   /* leave run */
	ATT_PIN = 2,    /* an interrupt or NMI may be deliverable */
	ATT_DEBUG = 4,  /* TF, RF, breakpoints, a pending debug trap */
	ATT_SHADOW = 8, /* state->shadow is set */
};

enum jump { JUMP_FAULT = 1, JUMP_STOP = 2, JUMP_WAIT = 3 };

/* Why memory accesses take the slow path. */
enum slow { SLOW_SHADOW = 1, SLOW_ALIGN = 2, SLOW_WATCH = 4 };

enum segment_right {
	SEG_READ = 1,
	SEG_WRITE = 2
}; /* expand-up segments: allowed up to the limit */

#define CACHE_OPS 16384
#define PIN_MASK_ALL ((1u << TSR_CPU_PINS) - 1)

/* Valid while the view's fetch tag and the generation (what is mapped where) are those it was made
 * with. */
struct fetch_entry {
	uint32_t page;            /* linear page, view in bit 20 */
	uint64_t tag, generation; /* 64 bits: they do not wrap */
	uint8_t *host;
};
#define FETCH_ENTRIES 64

struct overlay;
struct thunk_pool;

struct tsr_x86_context {
	struct tsr_x86_state *s;
	/* Derived from the state; cpu_refresh brings them up to date. */
	uint32_t view;       /* enum tsr_mmu_view of the current CPL */
	uint32_t stack_mask; /* 0xffff or 0xffffffff */
	uint32_t code32;     /* CS.D */
	uint8_t rights[8];   /* enum segment_right by segment */
	uint32_t slow;       /* enum slow */
	bool nx;             /* EFER.NXE with PAE: readable does not mean executable */
	uint32_t next_eip;
	_Atomic uint32_t attention;

	const struct tsr_mmu *mmu;
	void *mmu_self;
	struct tsr_mmu_vcpu *vcpu;
	int64_t read_table, write_table; /* of the MMU's layout */
	const struct tsr_phys *phys;
	const struct tsr_cpu_host *cpu_host;
	const struct tsr_host *host;
	void (*ferr)(void *user, int level);
	void *user;
	const struct tsr_x86_model *model;

	struct op *cache; /* CACHE_OPS */
	struct op scratch;
	/* Pages filled for fetching (NX on, or no read entry). */
	struct fetch_entry fetch[FETCH_ENTRIES];
	uint64_t fetch_generation;

	jmp_buf jump;
	struct tsr_x86_fault fault;
	bool ext;   /* an event that no instruction asked for is being delivered: EXT in error codes
		     */
	bool icebp; /* ... it is INT1's: it returns to the next instruction */
	bool delivering_fault;  /* ... it is a fault: RF in the saved EFLAGS */
	int delivering;         /* vector being delivered, -1: none */
	unsigned nested;        /* faults since the first one that is being delivered */
	enum tsr_x86_stop stop; /* of JUMP_STOP */
	bool keep_rf;           /* the instruction loaded RF itself */
	bool trap_lost;   /* the instruction was a transfer that swallows the single-step trap */
	bool partial;     /* a REP instruction stopped between iterations: not retired yet */
	bool rep_started; /* the instruction at EIP is a REP that has done iterations */
	uint64_t left;    /* instructions still to run in this call */

	/* Pins: only if the context is the machine's processor. */
	bool has_pins;
	uint32_t pins; /* levels, a bit for each enum tsr_cpu_pin */
	const struct tsr_intack *intack;
	void *intack_self;

	struct tsr_x86_state *shadow_state;
	struct overlay *overlay;
	struct thunk_pool *thunks;
	bool ferr_level;
};

/* -- registers */
static inline uint32_t reg_get(const cpu *c, unsigned offset, unsigned size)
{
	const uint8_t *p = (const uint8_t *)c->s->gpr + offset;

	return size == 4 ? *(const uint32_t *)p : size == 2 ? *(const uint16_t *)p : *p;
}

static inline void reg_set(cpu *c, unsigned offset, unsigned size, uint32_t value)
{
	uint8_t *p = (uint8_t *)c->s->gpr + offset;

	if (size == 4)
		*(uint32_t *)p = value;
	else if (size == 2)
		*(uint16_t *)p = (uint16_t)value;
	else
		*p = (uint8_t)value;
}

static inline uint32_t size_mask(unsigned size)
{
	return 0xffffffffu >> (32 - 8 * size);
}

/* -- modes */
static inline bool protected_mode(const cpu *c)
{
	return c->s->cr0 & TSR_CR0_PE;
}

static inline bool v86_mode(const cpu *c)
{
	return c->s->eflags & TSR_FLAG_VM;
}

/* Real or virtual-8086: segments are paragraphs. */
static inline bool paragraph_mode(const cpu *c)
{
	return !protected_mode(c) || v86_mode(c);
}

static inline unsigned iopl(const cpu *c)
{
	return c->s->eflags >> TSR_FLAG_IOPL_SHIFT & 3;
}

#endif
