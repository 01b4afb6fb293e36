/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. What the manuals fix about a 32-bit x86 processor: names of bits, offsets and layouts, for
 * CPU and MMU plugins. Facts only; two engines that share these names share no code. x86.h has
 * those that the state needs (EFLAGS, CR0, CR4, exception vectors). Source: Intel SDM (325462), by
 * volume and section.
 */
#ifndef TESSERA_DRAFT_X86_FACTS_H
#define TESSERA_DRAFT_X86_FACTS_H

#include <assert.h>

#include "x86.h"
#include "draft.h"

/* -- Selectors: volume 3, 3.4.2 */
#define TSR_SELECTOR_RPL 0x0003u
#define TSR_SELECTOR_TI 0x0004u    /* in the LDT */
#define TSR_SELECTOR_INDEX 0xfff8u /* the descriptor's offset in its table */
#define TSR_SELECTOR_ENTRY \
	0xfffcu /* index and TI: 0 for a null selector; what error codes name \
		 */

/* -- Descriptors: volume 3, 3.4.5 and 3.5. Of tsr_x86_segment.access, as TSR_SEG_P, TSR_SEG_DB and
 * TSR_SEG_G */
#define TSR_SEG_A 0x01u    /* code and data: accessed */
#define TSR_SEG_W 0x02u    /* data: writable */
#define TSR_SEG_R 0x02u    /* code: readable */
#define TSR_SEG_BUSY 0x02u /* TSS: busy */
#define TSR_SEG_E 0x04u    /* data: expand-down */
#define TSR_SEG_C 0x04u    /* code: conforming */
#define TSR_SEG_CODE 0x08u /* code, not data */
#define TSR_SEG_32 0x08u   /* TSS and gates: the 32-bit type */
#define TSR_SEG_TYPE 0x0fu
#define TSR_SEG_S 0x10u /* code or data, not system */
#define TSR_SEG_DPL 0x60u
#define TSR_SEG_DPL_SHIFT 5
#define TSR_SEG_KEPT 0xf0ffu /* what of a descriptor's bits 8-23 the access has */
/* An access bit's place in a descriptor's second dword. */
#define TSR_DESC(access) ((uint32_t)(access) << 8)
#define TSR_DESC_LIMIT_HIGH 0x000f0000u /* of the second dword: limit 19:16 */

/* clang-format off */
enum tsr_x86_system_type {
	TSR_SYS_TSS16 = 1, TSR_SYS_LDT = 2, TSR_SYS_TSS16_BUSY = 3, TSR_SYS_CALL16 = 4, TSR_SYS_TASK_GATE = 5, TSR_SYS_INT16 = 6,
	TSR_SYS_TRAP16 = 7, TSR_SYS_TSS32 = 9, TSR_SYS_TSS32_BUSY = 11, TSR_SYS_CALL32 = 12, TSR_SYS_INT32 = 14, TSR_SYS_TRAP32 = 15,
};
/* clang-format on */
#define TSR_GATE_COUNT 0x1fu /* of a call gate's second dword: parameters to copy */

/* Access of segments that no descriptor gave. */
#define TSR_SEG_RESET (TSR_SEG_P | TSR_SEG_S | TSR_SEG_W | TSR_SEG_A) /* after RESET, table 9-1 */
#define TSR_SEG_V86 (TSR_SEG_RESET | TSR_SEG_DPL)                     /* volume 3, 20.2.1 */
#define TSR_SEG_FLAT_DATA \
	(TSR_SEG_G | TSR_SEG_DB | TSR_SEG_RESET) /* SYSENTER, SYSEXIT: volume 3, 5.8.7 */
#define TSR_SEG_FLAT_CODE (TSR_SEG_FLAT_DATA | TSR_SEG_CODE)

/* -- Error codes of exceptions that name a selector or gate: volume 3, 6.13 */
#define TSR_CODE_EXT 1u
#define TSR_CODE_IDT 2u

/* -- EFLAGS: volume 1, 3.4.3 */
#define TSR_FLAG_FIXED 0x02u /* bit 1 */
#define TSR_FLAG_IOPL_SHIFT 12
#define TSR_FLAG_OF_SHIFT 11
#define TSR_FLAG_SF_SHIFT 7
#define TSR_FLAGS_AH \
	(TSR_FLAG_SF | TSR_FLAG_ZF | TSR_FLAG_AF | TSR_FLAG_PF | TSR_FLAG_CF) /* of LAHF and SAHF \
									       */

/* -- Debug registers: volume 3, 17.2 */
#define TSR_DR6_B 0x0000000fu
#define TSR_DR6_BD (1u << 13)
#define TSR_DR6_BS (1u << 14)
#define TSR_DR6_BT (1u << 15)
#define TSR_DR6_WRITABLE (TSR_DR6_B | TSR_DR6_BD | TSR_DR6_BS | TSR_DR6_BT)
#define TSR_DR6_ONES 0xffff0ff0u
#define TSR_DR7_ENABLES 0x000000ffu /* L0 G0 to L3 G3 */
#define TSR_DR7_LOCAL 0x00000155u   /* L0-L3 and LE: a task switch clears them */
#define TSR_DR7_GD (1u << 13)
#define TSR_DR7_WRITABLE 0xffff23ffu
#define TSR_DR7_ONES 0x00000400u
#define TSR_DR7_ENABLED(dr7, n) ((dr7) >> (2 * (n)) & 3)
#define TSR_DR7_RW(dr7, n) ((dr7) >> (16 + 4 * (n)) & 3)
#define TSR_DR7_LEN(dr7, n) ((dr7) >> (18 + 4 * (n)) & 3)
enum tsr_x86_breakpoint { TSR_BREAK_EXECUTE, TSR_BREAK_WRITE, TSR_BREAK_IO, TSR_BREAK_ACCESS };

/* -- Page tables: volume 3, 4.3 and 4.4 */
#define TSR_PTE_P 0x01u
#define TSR_PTE_RW 0x02u
#define TSR_PTE_US 0x04u
#define TSR_PTE_A 0x20u
#define TSR_PTE_D 0x40u
#define TSR_PTE_PS 0x80u
#define TSR_PTE_NX (1ull << 63)
#define TSR_PTE_FRAME 0xfffff000u
#define TSR_PSE_FRAME 0xffc00000u /* of a 4 MiB page, with ... */
#define TSR_PSE_HIGH 0x0001e000u  /* ... address bits 35:32 (PSE-36) */
#define TSR_PSE_HIGH_SHIFT 19
#define TSR_PSE_RESERVED 0x003e0000u
#define TSR_CR3_PAE 0xffffffe0u /* the address of the four PDPTEs */
/* PAE with 36 address bits */
#define TSR_PAE_FRAME 0x0000000ffffff000ull
#define TSR_PAE_RESERVED 0x7ffffff000000000ull
#define TSR_PAE_LARGE_RESERVED 0x00000000001fe000ull
#define TSR_PDPTE_RESERVED (0x1e6ull | ~((1ull << 36) - 1))
/* Error code of #PF: volume 3, 4.7 */
#define TSR_PF_P 0x01u
#define TSR_PF_W 0x02u
#define TSR_PF_U 0x04u
#define TSR_PF_RSVD 0x08u
#define TSR_PF_I 0x10u

/* -- Task-state segments: volume 3, 7.2.1 (32 bits) and 7.6 (16 bits); offsets */
#define TSR_TSS_LINK 0u /* of both sizes: the task to return to */
/* clang-format off */
enum tsr_x86_tss32 {
	TSR_TSS32_ESP0 = 4, /* SS0 and the stacks of rings 1 and 2 follow */ TSR_TSS32_CR3 = 28, TSR_TSS32_EIP = 32, TSR_TSS32_EFLAGS = 36,
	TSR_TSS32_EAX = 40, TSR_TSS32_ES = 72, TSR_TSS32_LDT = 96, TSR_TSS32_TRAP = 100, TSR_TSS32_IO_MAP = 102,
	TSR_TSS32_LIMIT = 103, /* the least limit */
};
/* clang-format on */
/* clang-format off */
enum tsr_x86_tss16 {
	TSR_TSS16_SP0 = 2, /* as in the other */ TSR_TSS16_IP = 14, TSR_TSS16_FLAGS = 16, TSR_TSS16_AX = 18,
	TSR_TSS16_ES = 34, TSR_TSS16_LDT = 42,
	TSR_TSS16_LIMIT = 43,
};
/* clang-format on */
#define TSR_TSS_INT_MAP_BYTES \
	32u /* the interrupt redirection map lies before the I/O map: volume 3, 20.3.3 */

/* -- x87: volume 1, 8.1 */
#define TSR_X87_EXCEPTIONS \
	0x3fu /* IE DE ZE OE UE PE: flags of the status word, masks of the control word */
#define TSR_FCW_RESET 0x0040u
#define TSR_FCW_PC_DOUBLE 0x0200u
#define TSR_FCW_RC_SHIFT 10
#define TSR_FSW_PE 0x0020u
#define TSR_FSW_SF 0x0040u
#define TSR_FSW_ES 0x0080u
#define TSR_FSW_B 0x8000u
#define TSR_FSW_PENDING \
	(TSR_X87_EXCEPTIONS | TSR_FSW_SF | TSR_FSW_ES | \
	 TSR_FSW_B) /* all but condition codes and TOP */
#define TSR_FOP_MASK 0x07ffu

/* -- MXCSR: volume 1, 10.2.3 */
#define TSR_MXCSR_IE 0x0001u
#define TSR_MXCSR_DE 0x0002u
#define TSR_MXCSR_ZE 0x0004u
#define TSR_MXCSR_OE 0x0008u
#define TSR_MXCSR_UE 0x0010u
#define TSR_MXCSR_PE 0x0020u
#define TSR_MXCSR_FLAGS 0x003fu
#define TSR_MXCSR_DAZ 0x0040u
#define TSR_MXCSR_MASK_SHIFT 7 /* from a flag to its mask */
#define TSR_MXCSR_UM (TSR_MXCSR_UE << TSR_MXCSR_MASK_SHIFT)
#define TSR_MXCSR_MASKS (TSR_MXCSR_FLAGS << TSR_MXCSR_MASK_SHIFT)
#define TSR_MXCSR_RC_SHIFT 13
#define TSR_MXCSR_FTZ 0x8000u
#define TSR_MXCSR_RESET 0x1f80u
#define TSR_MXCSR_KNOWN 0xffffu /* MXCSR_MASK with SSE2; DAZ came with it */

/* -- The image of FXSAVE in 32-bit modes: volume 1, 10.5.1. Frozen. */
struct tsr_x86_fx {
	uint16_t fcw, fsw;
	uint8_t ftw, reserved;
	uint16_t fop;
	uint32_t fip;
	uint16_t fcs, reserved2;
	uint32_t fdp;
	uint16_t fds, reserved3;
	uint32_t mxcsr, mxcsr_mask;
	uint8_t st[8][16];
	uint8_t xmm[8][16];
	uint8_t rest[224];
};
#define TSR_FX_WRITTEN 288u /* bytes that FXSAVE writes; it leaves the rest alone */
#define TSR_FX_POINTERS \
	6u /* FOP, FIP, FCS, FDP, FDS: 18 bytes from here, with what lies between \
	    */
#define TSR_FX_POINTERS_SIZE 18u
static_assert(sizeof(struct tsr_x86_fx) == 512 &&
		      offsetof(struct tsr_x86_fx, mxcsr) ==
			      TSR_FX_POINTERS + TSR_FX_POINTERS_SIZE &&
		      offsetof(struct tsr_x86_fx, rest) == TSR_FX_WRITTEN,
	      "the FXSAVE image");

#endif
