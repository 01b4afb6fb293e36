/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How each mnemonic is lowered. What is not in the table is left to the interpreter: system
 * instructions that are rare, far transfers, decimal adjustment (not encodable in 64-bit mode),
 * what old and rare programs use. x87, MMX, SSE and SSE2 instructions are not listed: decode.c
 * knows them by their instruction set.
 */
#include <Zydis/Zydis.h>

#include "code/classes.h"

#define M(name) [ZYDIS_MNEMONIC_##name]
/* clang-format off */
static const uint8_t classes[ZYDIS_MNEMONIC_MAX_VALUE + 1] = {
	M(ADC) = BT_COPY, M(ADD) = BT_COPY, M(AND) = BT_COPY, M(BSF) = BT_COPY, M(BSR) = BT_COPY, M(BSWAP) = BT_COPY,
	M(CBW) = BT_COPY, M(CDQ) = BT_COPY, M(CLC) = BT_COPY, M(CMC) = BT_COPY, M(CMP) = BT_COPY, M(CMPXCHG) = BT_COPY,
	M(CMPXCHG8B) = BT_COPY, M(CWD) = BT_COPY, M(CWDE) = BT_COPY, M(DEC) = BT_COPY, M(IMUL) = BT_COPY, M(INC) = BT_COPY,
	M(LAHF) = BT_COPY, M(MOV) = BT_COPY, M(MOVSX) = BT_COPY, M(MOVZX) = BT_COPY, M(MUL) = BT_COPY, M(NEG) = BT_COPY,
	M(NOT) = BT_COPY, M(OR) = BT_COPY, M(RCL) = BT_COPY, M(RCR) = BT_COPY, M(ROL) = BT_COPY, M(ROR) = BT_COPY,
	M(SAHF) = BT_COPY, M(SAR) = BT_COPY, M(SBB) = BT_COPY, M(SHL) = BT_COPY, M(SHLD) = BT_COPY, M(SHR) = BT_COPY,
	M(SHRD) = BT_COPY, M(STC) = BT_COPY, M(SUB) = BT_COPY, M(TEST) = BT_COPY, M(XADD) = BT_COPY, M(XCHG) = BT_COPY,
	M(XOR) = BT_COPY,

	M(CMOVB) = BT_COPY, M(CMOVBE) = BT_COPY, M(CMOVL) = BT_COPY, M(CMOVLE) = BT_COPY, M(CMOVNB) = BT_COPY,
	M(CMOVNBE) = BT_COPY, M(CMOVNL) = BT_COPY, M(CMOVNLE) = BT_COPY, M(CMOVNO) = BT_COPY, M(CMOVNP) = BT_COPY,
	M(CMOVNS) = BT_COPY, M(CMOVNZ) = BT_COPY, M(CMOVO) = BT_COPY, M(CMOVP) = BT_COPY, M(CMOVS) = BT_COPY,
	M(CMOVZ) = BT_COPY,
	M(SETB) = BT_COPY, M(SETBE) = BT_COPY, M(SETL) = BT_COPY, M(SETLE) = BT_COPY, M(SETNB) = BT_COPY,
	M(SETNBE) = BT_COPY, M(SETNL) = BT_COPY, M(SETNLE) = BT_COPY, M(SETNO) = BT_COPY, M(SETNP) = BT_COPY,
	M(SETNS) = BT_COPY, M(SETNZ) = BT_COPY, M(SETO) = BT_COPY, M(SETP) = BT_COPY, M(SETS) = BT_COPY, M(SETZ) = BT_COPY,

	M(JB) = BT_JCC, M(JBE) = BT_JCC, M(JL) = BT_JCC, M(JLE) = BT_JCC, M(JNB) = BT_JCC, M(JNBE) = BT_JCC, M(JNL) = BT_JCC,
	M(JNLE) = BT_JCC, M(JNO) = BT_JCC, M(JNP) = BT_JCC, M(JNS) = BT_JCC, M(JNZ) = BT_JCC, M(JO) = BT_JCC, M(JP) = BT_JCC,
	M(JS) = BT_JCC, M(JZ) = BT_JCC,
	M(JMP) = BT_JMP, M(CALL) = BT_CALL, M(RET) = BT_RET, M(JCXZ) = BT_JCXZ, M(JECXZ) = BT_JCXZ, M(LOOP) = BT_LOOP,
	M(LOOPE) = BT_LOOP, M(LOOPNE) = BT_LOOP,

	M(LEA) = BT_LEA, M(NOP) = BT_NOP, M(PAUSE) = BT_NOP, M(PUSH) = BT_PUSH, M(POP) = BT_POP, M(LEAVE) = BT_LEAVE,
	M(PUSHAD) = BT_PUSHA, M(PUSHA) = BT_PUSHA, M(POPAD) = BT_POPA, M(POPA) = BT_POPA,
	M(DIV) = BT_DIV, M(IDIV) = BT_DIV, M(XLAT) = BT_XLAT,
	M(BT) = BT_BIT, M(BTC) = BT_BIT, M(BTR) = BT_BIT, M(BTS) = BT_BIT,
	M(MOVSB) = BT_STRING, M(MOVSW) = BT_STRING, M(MOVSD) = BT_STRING, M(STOSB) = BT_STRING, M(STOSW) = BT_STRING,
	M(STOSD) = BT_STRING, M(LODSB) = BT_STRING, M(LODSW) = BT_STRING, M(LODSD) = BT_STRING,
	M(SCASB) = BT_STRING, M(SCASW) = BT_STRING, M(SCASD) = BT_STRING, M(CMPSB) = BT_STRING, M(CMPSW) = BT_STRING,
	M(CMPSD) = BT_STRING,
	M(CLI) = BT_CLI, M(STI) = BT_STI, M(CLD) = BT_CLD, M(STD) = BT_STD,
	M(CLTS) = BT_CLTS, M(LMSW) = BT_LMSW, M(INVLPG) = BT_INVLPG, M(LGDT) = BT_TABLE_LOAD, M(LIDT) = BT_TABLE_LOAD,
	M(LLDT) = BT_LLDT,
	M(RDTSC) = BT_RDTSC, M(IN) = BT_IN, M(OUT) = BT_OUT,
	M(PUSHF) = BT_PUSHF, M(PUSHFD) = BT_PUSHF, M(POPF) = BT_POPF, M(POPFD) = BT_POPF,

	/* of the FP sets: those that the rule "copy" would get wrong */
	M(FLDCW) = BT_FLDCW, M(LDMXCSR) = BT_LDMXCSR, M(FXSAVE) = BT_FXSAVE, M(FXRSTOR) = BT_FXRSTOR,
	M(FNSTENV) = BT_FNSTENV, M(FLDENV) = BT_FLDENV,
	M(PREFETCHNTA) = BT_NOP, M(PREFETCHT0) = BT_NOP, M(PREFETCHT1) = BT_NOP, M(PREFETCHT2) = BT_NOP,
	M(LFENCE) = BT_COPY, M(MFENCE) = BT_COPY, M(SFENCE) = BT_COPY, M(MOVNTI) = BT_COPY,
};
/* clang-format on */

enum bt_class tsr_bt_class(uint16_t mnemonic)
{
	return classes[mnemonic];
}

const char *tsr_bt_mnemonic_name(uint16_t mnemonic)
{
	const char *name = ZydisMnemonicGetString((ZydisMnemonic)mnemonic);

	return name ? name : "?";
}

uint16_t tsr_bt_mnemonic_count(void)
{
	return ZYDIS_MNEMONIC_MAX_VALUE + 1;
}
