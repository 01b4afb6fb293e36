/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The architectural state of a 32-bit x86 processor (Intel SDM volumes 1 and 3), as CPU
 * plugins, the state file, debuggers and lockstep share it. A CPU plugin may keep parts of it
 * elsewhere while its guest runs; between two calls of the plugin this struct holds all of it.
 */
#ifndef TESSERA_DRAFT_X86_H
#define TESSERA_DRAFT_X86_H

#include "../abi.h"
#include "draft.h"

enum tsr_x86_gpr { TSR_EAX, TSR_ECX, TSR_EDX, TSR_EBX, TSR_ESP, TSR_EBP, TSR_ESI, TSR_EDI };
enum tsr_x86_segment_name { TSR_ES, TSR_CS, TSR_SS, TSR_DS, TSR_FS, TSR_GS, TSR_SEGMENTS };

/* clang-format off */
enum tsr_x86_flag {
	TSR_FLAG_CF = 1 << 0, TSR_FLAG_PF = 1 << 2, TSR_FLAG_AF = 1 << 4, TSR_FLAG_ZF = 1 << 6, TSR_FLAG_SF = 1 << 7,
	TSR_FLAG_TF = 1 << 8, TSR_FLAG_IF = 1 << 9, TSR_FLAG_DF = 1 << 10, TSR_FLAG_OF = 1 << 11, TSR_FLAG_IOPL = 3 << 12,
	TSR_FLAG_NT = 1 << 14, TSR_FLAG_RF = 1 << 16, TSR_FLAG_VM = 1 << 17, TSR_FLAG_AC = 1 << 18, TSR_FLAG_VIF = 1 << 19,
	TSR_FLAG_VIP = 1 << 20, TSR_FLAG_ID = 1 << 21,
	TSR_FLAGS_ARITHMETIC = TSR_FLAG_CF | TSR_FLAG_PF | TSR_FLAG_AF | TSR_FLAG_ZF | TSR_FLAG_SF | TSR_FLAG_OF,
};
/* clang-format on */

#define TSR_CR0_PE (1u << 0)
#define TSR_CR0_MP (1u << 1)
#define TSR_CR0_EM (1u << 2)
#define TSR_CR0_TS (1u << 3)
#define TSR_CR0_ET (1u << 4)
#define TSR_CR0_NE (1u << 5)
#define TSR_CR0_WP (1u << 16)
#define TSR_CR0_AM (1u << 18)
#define TSR_CR0_NW (1u << 29)
#define TSR_CR0_CD (1u << 30)
#define TSR_CR0_PG (1u << 31)
#define TSR_CR4_VME (1u << 0)
#define TSR_CR4_PVI (1u << 1)
#define TSR_CR4_TSD (1u << 2)
#define TSR_CR4_DE (1u << 3)
#define TSR_CR4_PSE (1u << 4)
#define TSR_CR4_PAE (1u << 5)
#define TSR_CR4_MCE (1u << 6)
#define TSR_CR4_PGE (1u << 7)
#define TSR_CR4_PCE (1u << 8)
#define TSR_CR4_OSFXSR (1u << 9)
#define TSR_CR4_OSXMMEXCPT (1u << 10)
#define TSR_EFER_NXE (1u << 11)

/* clang-format off */
enum tsr_x86_vector {
	TSR_VECTOR_DE = 0, TSR_VECTOR_DB = 1, TSR_VECTOR_NMI = 2, TSR_VECTOR_BP = 3, TSR_VECTOR_OF = 4, TSR_VECTOR_BR = 5,
	TSR_VECTOR_UD = 6, TSR_VECTOR_NM = 7, TSR_VECTOR_DF = 8, TSR_VECTOR_TS = 10, TSR_VECTOR_NP = 11, TSR_VECTOR_SS = 12,
	TSR_VECTOR_GP = 13, TSR_VECTOR_PF = 14, TSR_VECTOR_MF = 16, TSR_VECTOR_AC = 17, TSR_VECTOR_MC = 18, TSR_VECTOR_XM = 19,
};
/* clang-format on */

/* A segment register with its hidden part. Frozen. */
struct tsr_x86_segment {
	uint16_t selector;
	/* Bits 0-7: access byte (type, S, DPL, P); 12-15: AVL, -, D/B, G, as in the descriptor's
	 * second dword shifted right by 8. P = 0: unusable (null or cleared by a return to an outer
	 * ring). */
	uint16_t access;
	uint32_t limit; /* in bytes, granularity applied: the last valid offset of an expand-up
			   segment */
	tsr_gla base;
};
#define TSR_SEG_DB 0x4000u
#define TSR_SEG_G 0x8000u
#define TSR_SEG_P 0x80u

/* What holds interrupts off until the next instruction is done: STI; a load of SS. */
enum tsr_x86_shadow { TSR_SHADOW_STI = 1, TSR_SHADOW_SS = 2 };

/* The first member is the version: TSR_X86_STATE_VERSION. Grows at its end. Whoever asks for a
 * state sets `size`, and gets as much. */
#define TSR_X86_STATE_VERSION 1
struct tsr_x86_state {
	uint32_t version;
	uint32_t size;
	uint32_t gpr[8];
	uint32_t eip;
	uint32_t eflags; /* bit 1 set always */
	struct tsr_x86_segment segment[TSR_SEGMENTS];
	struct tsr_x86_segment ldtr, tr;
	struct {
		tsr_gla base;
		uint32_t limit; /* 16 bits used */
	} gdtr, idtr;
	uint32_t cr0, cr2, cr3, cr4;
	uint64_t efer;
	uint64_t pdpte[4]; /* as loaded by the last MOV CR3 with PAE */
	uint32_t dr[8];
	uint32_t cpl;         /* 0-3; 3 in virtual-8086 mode, 0 in real mode */
	uint32_t shadow;      /* enum tsr_x86_shadow: interrupts held off for one instruction */
	uint32_t halted;      /* HLT executed, waiting for an interrupt */
	uint32_t nmi_blocked; /* between an NMI's delivery and IRET */
	uint32_t nmi_pending;
	uint32_t reserved;
	uint64_t tsc_offset; /* TSC = machine's time in TSC ticks + offset */
	uint32_t sysenter_cs, sysenter_esp, sysenter_eip;
	uint32_t reserved_msr;
	uint64_t misc_msr[16]; /* IA32_PLATFORM_ID, APICBASE, MTRRs and the like, in the CPU
				  plugin's order */
	uint64_t reserved_fx;
	/* x87, MMX, SSE in the 32-bit FXSAVE layout (SDM volume 1, 10.5.1): 512 bytes, 16-aligned
	 */
	uint8_t fx[512] __attribute__((aligned(16)));
	uint64_t instructions;  /* retired since power-on */
	uint32_t debug_pending; /* DR6 bits of debug traps that are delivered before the next
				   instruction */
	uint32_t reserved_debug;
};

#endif
