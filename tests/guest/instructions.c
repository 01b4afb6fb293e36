/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an encoding is: prefixes and their combinations, LOCK, aliases, what is not there, address
 * and operand sizes. A row is a few bytes that run at CODE in flat 32-bit code and end in a trap,
 * INT3 if all went well (SDM volume 2, chapters 2-4 and A).
 */
#include "guest.h"

#define CODE 0x4000u
#define DATA 0x5000u
#define SEL_FS SEL_FREE /* base DATA, limit FFh */

static struct {
	uint32_t eax, ecx, edx, ebx, flags;
} in;
static const uint8_t *bytes;

#define MEMORY8(linear) (*(volatile uint8_t *)(linear))
#define MEMORY16(linear) (*(volatile uint16_t *)(linear))
#define MEMORY32(linear) (*(volatile uint32_t *)(linear))

static void execute(void)
{
	__asm__ volatile("mov %0, %%eax\n"
			 "pushl %1\n pushl 16(%%eax)\n"
			 "mov 4(%%eax), %%ecx\n mov 8(%%eax), %%edx\n mov 12(%%eax), %%ebx\n mov "
			 "(%%eax), %%eax\n"
			 "mov $0x5000, %%esi\n mov $0x5100, %%edi\n popfl\n ret" ::"i"(&in),
			 "i"(CODE));
}

/* DATA holds 0, 1, 2, …, FFh; 200 bytes that are run are followed by INT3. */
static unsigned run(const uint8_t *code, unsigned length)
{
	bytes = code;
	for (unsigned i = 0; i < 256; i++)
		MEMORY8(DATA + i) = (uint8_t)i;
	for (unsigned i = 0; i < 200; i++)
		MEMORY8(CODE + i) = i < length ? code[i] : 0xcc;
	return catch_call(execute) - 1;
}

/* -- Encodings that are there or not */

static void there_or_not(void)
{
	static const struct {
		const char *name;
		uint8_t length, code[17];
		unsigned vector;
	} rows[] = {
		/* LOCK: only with what reads, changes and writes memory */
		{ "LOCK ADD m, r", 3, { 0xf0, 0x01, 0x06 }, BP },
		{ "LOCK OR m8, r8", 3, { 0xf0, 0x08, 0x06 }, BP },
		{ "LOCK ADC m, imm8", 4, { 0xf0, 0x83, 0x16, 1 }, BP },
		{ "LOCK SBB m8, imm8", 4, { 0xf0, 0x80, 0x1e, 1 }, BP },
		{ "LOCK XOR m8, imm8 (82h)", 4, { 0xf0, 0x82, 0x36, 1 }, BP },
		{ "LOCK INC m", 3, { 0xf0, 0xff, 0x06 }, BP },
		{ "LOCK DEC m8", 3, { 0xf0, 0xfe, 0x0e }, BP },
		{ "LOCK NOT m", 3, { 0xf0, 0xf7, 0x16 }, BP },
		{ "LOCK NEG m8", 3, { 0xf0, 0xf6, 0x1e }, BP },
		{ "LOCK XCHG m, r", 3, { 0xf0, 0x87, 0x06 }, BP },
		{ "LOCK BTS m, r", 4, { 0xf0, 0x0f, 0xab, 0x06 }, BP },
		{ "LOCK BTC m, imm8", 5, { 0xf0, 0x0f, 0xba, 0x3e, 1 }, BP },
		{ "LOCK XADD m8, r8", 4, { 0xf0, 0x0f, 0xc0, 0x06 }, BP },
		{ "LOCK CMPXCHG m, r", 4, { 0xf0, 0x0f, 0xb1, 0x06 }, BP },
		{ "LOCK CMPXCHG8B", 4, { 0xf0, 0x0f, 0xc7, 0x0e }, BP },
		{ "66h LOCK ADD m, r", 4, { 0xf0, 0x66, 0x01, 0x06 }, BP },
		{ "LOCK ADD r, r", 3, { 0xf0, 0x01, 0xc0 }, UD },
		{ "LOCK ADD r, m", 3, { 0xf0, 0x03, 0x06 }, UD },
		{ "LOCK CMP m, r", 3, { 0xf0, 0x39, 0x06 }, UD },
		{ "LOCK CMP m, imm8", 4, { 0xf0, 0x83, 0x3e, 1 }, UD },
		{ "LOCK TEST m, r", 3, { 0xf0, 0x85, 0x06 }, UD },
		{ "LOCK MOV m, r", 3, { 0xf0, 0x89, 0x06 }, UD },
		{ "LOCK INC r", 2, { 0xf0, 0x40 }, UD },
		{ "LOCK BT m, r", 4, { 0xf0, 0x0f, 0xa3, 0x06 }, UD },
		{ "LOCK BT m, imm8", 5, { 0xf0, 0x0f, 0xba, 0x26, 1 }, UD },
		{ "LOCK SHL m", 3, { 0xf0, 0xd1, 0x26 }, UD },
		{ "LOCK XCHG r, r", 3, { 0xf0, 0x87, 0xc0 }, UD },
		{ "LOCK NOP", 2, { 0xf0, 0x90 }, UD },
		{ "LOCK MUL m", 3, { 0xf0, 0xf7, 0x26 }, UD },
		{ "LOCK PUSH m", 3, { 0xf0, 0xff, 0x36 }, UD },
		{ "LOCK MOVSB", 2, { 0xf0, 0xa4 }, UD },
		{ "LOCK JMP", 3, { 0xf0, 0xeb, 0 }, UD },
		{ "LOCK FLD1", 3, { 0xf0, 0xd9, 0xe8 }, UD },
		{ "LOCK MOV from CR0", 4, { 0xf0, 0x0f, 0x20, 0xc0 }, UD },
		/* Length */
		{ "15 bytes",
		  15,
		  { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		    0x66, 0x90 },
		  BP },
		{ "16 bytes",
		  16,
		  { 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
		    0x66, 0x66, 0x90 },
		  GP },
		{ "15 bytes with an immediate",
		  15,
		  { 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x81, 0x84, 0x26, 0, 0, 0, 0, 1, 0, 0 },
		  GP },
		{ "16 bytes with an immediate",
		  16,
		  { 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x3e, 0x81, 0x04, 0x25, 0, 0x50, 0, 0, 1, 0, 0 },
		  GP },
		{ "2Eh, 3Eh, 26h, 64h, 65h, 36h before NOP",
		  7,
		  { 0x2e, 0x3e, 0x26, 0x64, 0x65, 0x36, 0x90 },
		  BP },
		/* Aliases */
		{ "SALC", 1, { 0xd6 }, BP },
		{ "ICEBP", 1, { 0xf1 }, DB },
		{ "82h", 3, { 0x82, 0xc0, 1 }, BP },
		{ "C0h /6", 3, { 0xc0, 0xf0, 1 }, BP },
		{ "D3h /6", 2, { 0xd3, 0xf0 }, BP },
		{ "F6h /1", 3, { 0xf6, 0xc8, 1 }, BP },
		{ "F7h /1", 6, { 0xf7, 0xc8, 1, 0, 0, 0 }, BP },
		{ "FCOM2 (DCh D0h)", 2, { 0xdc, 0xd1 }, BP },
		{ "FCOMP3 (DCh D8h)", 2, { 0xdc, 0xd9 }, BP },
		{ "FXCH4 (DDh C8h)", 2, { 0xdd, 0xc9 }, BP },
		{ "FCOMP5 (DEh D0h)", 2, { 0xde, 0xd1 }, BP },
		{ "FFREEP (DFh C0h)", 2, { 0xdf, 0xc1 }, BP },
		{ "FXCH7 (DFh C8h)", 2, { 0xdf, 0xc9 }, BP },
		{ "FSTP8 (DFh D0h)", 2, { 0xdf, 0xd1 }, BP },
		{ "FSTP9 (DFh D8h)", 2, { 0xdf, 0xd9 }, BP },
		{ "FSTPNCE (D9h D8h)", 2, { 0xd9, 0xd9 }, BP },
		{ "FENI", 2, { 0xdb, 0xe0 }, BP },
		{ "FDISI", 2, { 0xdb, 0xe1 }, BP },
		{ "FSETPM", 2, { 0xdb, 0xe4 }, BP },
		{ "NOP r/m (0Fh 1Fh)", 3, { 0x0f, 0x1f, 0xc0 }, BP },
		{ "0Fh 18h /7", 3, { 0x0f, 0x18, 0x3e }, BP },
		{ "0Fh 19h", 3, { 0x0f, 0x19, 0x06 }, BP },
		{ "ENDBR32 is a NOP", 4, { 0xf3, 0x0f, 0x1e, 0xfb }, BP },
		{ "PAUSE", 2, { 0xf3, 0x90 }, BP },
		{ "F2h NOP", 2, { 0xf2, 0x90 }, BP },
		{ "F3h before MOV", 3, { 0xf3, 0x89, 0xc0 }, BP },
		{ "F3h RET", 3, { 0x6a, 0x00, 0x90 }, BP },
		{ "LZCNT is BSR without it", 4, { 0xf3, 0x0f, 0xbd, 0xc0 }, BP },
		{ "TZCNT is BSF without it", 4, { 0xf3, 0x0f, 0xbc, 0xc0 }, BP },
		{ "LFENCE", 3, { 0x0f, 0xae, 0xe8 }, BP },
		{ "MFENCE", 3, { 0x0f, 0xae, 0xf0 }, BP },
		{ "SFENCE", 3, { 0x0f, 0xae, 0xf8 }, BP },
		{ "CLFLUSH", 3, { 0x0f, 0xae, 0x3e }, BP },
		{ "RDPMC of no counter", 2, { 0x0f, 0x33 }, GP },
		/* What is not there */
		{ "UD2", 2, { 0x0f, 0x0b }, UD },
		{ "UD1", 3, { 0x0f, 0xb9, 0xc0 }, UD },
		{ "UD0", 3, { 0x0f, 0xff, 0xc0 }, UD },
		{ "0Fh 04h", 2, { 0x0f, 0x04 }, UD },
		{ "0Fh 0Ah", 2, { 0x0f, 0x0a }, UD },
		{ "SYSCALL", 2, { 0x0f, 0x05 }, UD },
		{ "SYSRET", 2, { 0x0f, 0x07 }, UD },
		{ "FEMMS", 2, { 0x0f, 0x0e }, UD },
		{ "3DNow!", 4, { 0x0f, 0x0f, 0xc0, 0x9e }, UD },
		{ "MOV from TR6", 3, { 0x0f, 0x24, 0xf0 }, UD },
		{ "MOV to TR6", 3, { 0x0f, 0x26, 0xf0 }, UD },
		{ "MOV from CR1", 3, { 0x0f, 0x20, 0xc8 }, UD },
		{ "MOV from CR5", 3, { 0x0f, 0x20, 0xe8 }, UD },
		{ "MOV from CR7", 3, { 0x0f, 0x20, 0xf8 }, UD },
		{ "GETSEC", 2, { 0x0f, 0x37 }, UD },
		{ "PSHUFB", 4, { 0x0f, 0x38, 0x00, 0xc0 }, UD },
		{ "PALIGNR", 5, { 0x0f, 0x3a, 0x0f, 0xc0, 1 }, UD },
		{ "MOVBE", 4, { 0x0f, 0x38, 0xf0, 0x06 }, UD },
		{ "POPCNT", 4, { 0xf3, 0x0f, 0xb8, 0xc0 }, UD },
		{ "0Fh B8h", 3, { 0x0f, 0xb8, 0xc0 }, UD },
		{ "0Fh A6h", 3, { 0x0f, 0xa6, 0xc0 }, UD },
		{ "RSM outside SMM", 2, { 0x0f, 0xaa }, UD },
		{ "ADDSUBPS", 4, { 0xf2, 0x0f, 0xd0, 0xc0 }, UD },
		{ "HADDPS", 4, { 0xf2, 0x0f, 0x7c, 0xc0 }, UD },
		{ "MOVDDUP", 4, { 0xf2, 0x0f, 0x12, 0xc0 }, UD },
		{ "LDDQU", 4, { 0xf2, 0x0f, 0xf0, 0x06 }, UD },
		{ "FISTTP m32", 2, { 0xdb, 0x0e }, UD },
		{ "FISTTP m64", 2, { 0xdd, 0x0e }, UD },
		{ "FISTTP m16", 2, { 0xdf, 0x0e }, UD },
		{ "D9h /1 memory", 2, { 0xd9, 0x0e }, UD },
		{ "D9h D1h", 2, { 0xd9, 0xd1 }, UD },
		{ "D9h E2h", 2, { 0xd9, 0xe2 }, UD },
		{ "D9h EFh", 2, { 0xd9, 0xef }, UD },
		{ "DAh E0h", 2, { 0xda, 0xe0 }, UD },
		{ "DBh E5h", 2, { 0xdb, 0xe5 }, UD },
		{ "DBh /4 memory", 2, { 0xdb, 0x26 }, UD },
		{ "DDh /5 memory", 2, { 0xdd, 0x2e }, UD },
		{ "DEh D8h", 2, { 0xde, 0xd8 }, UD },
		{ "DFh E1h", 2, { 0xdf, 0xe1 }, UD },
		{ "8Fh /1", 2, { 0x8f, 0x0e }, UD },
		{ "C6h /1", 3, { 0xc6, 0x0e, 1 }, UD },
		{ "C7h /7", 6, { 0xc7, 0x3e, 1, 0, 0, 0 }, UD },
		{ "FEh /2", 2, { 0xfe, 0xd0 }, UD },
		{ "FFh /7", 2, { 0xff, 0x3e }, UD },
		{ "far CALL of a register", 2, { 0xff, 0xd8 }, UD },
		{ "far JMP of a register", 2, { 0xff, 0xe8 }, UD },
		{ "LEA of a register", 2, { 0x8d, 0xc0 }, UD },
		{ "LES of a register, VEX", 5, { 0xc4, 0xe2, 0x78, 0xf2, 0xc0 }, UD },
		{ "LDS of a register, VEX", 4, { 0xc5, 0xf8, 0x58, 0xc0 }, UD },
		{ "BOUND of a register, EVEX", 6, { 0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc0 }, UD },
		{ "LSS of a register", 3, { 0x0f, 0xb2, 0xc0 }, UD },
		{ "MOV to CS", 2, { 0x8e, 0xc8 }, UD },
		{ "MOV to segment 6", 2, { 0x8e, 0xf0 }, UD },
		{ "MOV from segment 7", 2, { 0x8c, 0xf8 }, UD },
		{ "0Fh 00h /6", 3, { 0x0f, 0x00, 0xf0 }, UD },
		{ "0Fh 01h /5", 3, { 0x0f, 0x01, 0x2e }, UD },
		{ "LGDT of a register", 3, { 0x0f, 0x01, 0xd7 }, UD },
		{ "INVLPG of a register", 3, { 0x0f, 0x01, 0xff }, UD },
		{ "MONITOR", 3, { 0x0f, 0x01, 0xc8 }, UD },
		{ "XGETBV", 3, { 0x0f, 0x01, 0xd0 }, UD },
		{ "RDTSCP", 3, { 0x0f, 0x01, 0xf9 }, UD },
		{ "VMCALL", 3, { 0x0f, 0x01, 0xc1 }, UD },
		{ "0Fh BAh /3", 4, { 0x0f, 0xba, 0xd8, 1 }, UD },
		{ "CMPXCHG8B of a register", 3, { 0x0f, 0xc7, 0xc8 }, UD },
		{ "RDRAND", 3, { 0x0f, 0xc7, 0xf0 }, UD },
		{ "0Fh C7h /0", 3, { 0x0f, 0xc7, 0x06 }, UD },
		{ "XSAVE", 3, { 0x0f, 0xae, 0x26 }, UD },
		{ "XRSTOR", 3, { 0x0f, 0xae, 0x2e }, UD },
		{ "RDFSBASE", 4, { 0xf3, 0x0f, 0xae, 0xc0 }, UD },
		{ "MOVNTPS of a register", 3, { 0x0f, 0x2b, 0xc0 }, UD },
		{ "MOVNTI of a register", 3, { 0x0f, 0xc3, 0xc0 }, UD },
		{ "MASKMOVQ of memory", 3, { 0x0f, 0xf7, 0x06 }, UD },
		{ "PSRLW group /0", 4, { 0x0f, 0x71, 0xc0, 1 }, UD },
		{ "PMOVMSKB of memory", 3, { 0x0f, 0xd7, 0x06 }, UD },
		{ "0Fh 71h /2 of memory", 4, { 0x0f, 0x71, 0x16, 1 }, UD },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		__asm__ volatile("fninit\n fldz\n fldz\n fldz");
		in.eax = in.edx = in.ebx = in.flags = 0;
		in.ecx = 77;
		unsigned vector = run(rows[i].code, rows[i].length);
		uint32_t at = vector == BP   ? CODE + rows[i].length + 1
			      : vector == DB ? CODE + rows[i].length
					     : CODE;

		check(vector == rows[i].vector && trap.eip == at, rows[i].name, "vector %u at %x",
		      vector, trap.eip - CODE);
	}
}

/* -- What an encoding does */

enum { EAX, ECX, EDX, EBX, ESI, EDI, FLAGS, CARRY, M32 };
#define CF 1u
#define ZF 0x40u
#define OF_ 0x800u

static uint32_t result(unsigned what)
{
	switch (what & 15) {
	case EAX:
		return trap.eax;
	case ECX:
		return trap.ecx;
	case EDX:
		return trap.edx;
	case EBX:
		return trap.ebx;
	case ESI:
		return trap.esi;
	case EDI:
		return trap.edi;
	case FLAGS:
		return trap.eflags & (CF | ZF | OF_);
	case CARRY:
		return trap.eflags & CF; /* OF is undefined */
	default:
		return MEMORY32(DATA + 0x10);
	}
}

static void effects(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint8_t length, code[16];
		uint32_t eax, ecx, edx, ebx, flags;
		unsigned what;
		uint32_t want;
	} rows[] = {
		/* Sizes of addresses and operands */
		{ "67h MOV AL, [BX+SI] wraps", 3, { 0x67, 0x8a, 0x00 }, 0, 0, 0, 0x777700a0, 0, EAX, 0xa0 },
		{ "67h [BX+SI+FFFFh] wraps", 5, { 0x67, 0x8a, 0x80, 0xff, 0xff }, 0, 0, 0, 0x11, 0, EAX, 0x10 },
		{ "67h LODSB uses SI", 8, { 0x81, 0xce, 0, 0, 0x34, 0x12, 0x67, 0xac }, 0, 0, 0, 0, 0, ESI, 0x12345001 },
		{ "67h LEA has 16 bits", 5, { 0x67, 0x8d, 0x80, 0xff, 0xff }, 0xffffffff, 0, 0, 0x20000, 0, EAX, 0x4fff },
		{ "66h LEA writes 16 bits", 4, { 0x66, 0x8d, 0x46, 0x10 }, 0x11110000, 0, 0, 0, 0, EAX, 0x11115010 },
		{ "67h LOOP counts CX", 3, { 0x67, 0xe2, 0x00 }, 0, 0x10000, 0, 0, 0, ECX, 0x1ffff },
		{ "67h JECXZ is JCXZ", 5, { 0x67, 0xe3, 0x02, 0xb0, 0x01 }, 0, 0x10000, 0, 0, 0, EAX, 0 },
		{ "67h REP STOSB counts CX", 3, { 0x67, 0xf3, 0xaa }, 0, 0x10000, 0, 0, 0, EDI, 0x5100 },
		{ "67h XLAT uses BX", 2, { 0x67, 0xd7 }, 3, 0, 0, 0x99995000, 0, EAX, 3 },
		{ "66h CALL pushes 16 bits, keeps 16", 8, { 0x66, 0xe8, 0x01, 0, 0x90, 0x66, 0x58, 0x90 }, 0, 0, 0, 0, 0, EAX, 0x4004 },
		{ "66h RET takes 16 bits", 9, { 0x66, 0x68, 0x08, 0x40, 0x66, 0xc3, 0xb0, 0x01, 0x90 }, 0, 0, 0, 0, 0, EAX, 0 },
		{ "66h PUSH imm8, POP", 5, { 0x66, 0x6a, 0xff, 0x66, 0x58 }, 0, 0, 0, 0, 0, EAX, 0xffff },
		{ "MOV r32, DS", 2, { 0x8c, 0xd8 }, 0xffffffff, 0, 0, 0, 0, EAX, 0x10 },
		{ "66h MOV r16, DS", 3, { 0x66, 0x8c, 0xd8 }, 0xffffffff, 0, 0, 0, 0, EAX, 0xffff0010 },
		{ "MOV m16, DS writes two bytes", 3, { 0x8c, 0x5e, 0x10 }, 0, 0, 0, 0, 0, M32, 0x13120010 },
		{ "66h STR, 32-bit STR", 3, { 0x0f, 0x00, 0xc8 }, 0xffffffff, 0, 0, 0, 0, EAX, SEL_TSS },
		{ "66h BSWAP is zero", 3, { 0x66, 0x0f, 0xc8 }, 0x12345678, 0, 0, 0, 0, EAX, 0x12340000 },
		{ "66h 66h 67h 67h", 6, { 0x66, 0x66, 0x67, 0x67, 0x8b, 0x04 }, 0, 0, 0, 0, 0, EAX, 0x0100 },
		{ "MOVZX r16, r8", 4, { 0x66, 0x0f, 0xb6, 0xc0 }, 0xfffffff0, 0, 0, 0, 0, EAX, 0xffff00f0 },
		{ "CWDE, 66h CBW", 3, { 0x66, 0x98, 0x98 }, 0x7f80, 0, 0, 0, 0, EAX, 0xffffff80 },
		/* Segments */
		{ "FS: [disp32]", 7, { 0x64, 0x8a, 0x05, 0x20, 0, 0, 0 }, 0, 0, 0, 0, 0, EAX, 0x20 },
		{ "FS: disp32", 6, { 0x64, 0xa0, 0x21, 0, 0, 0 }, 0, 0, 0, 0, 0, EAX, 0x21 },
		{ "the last of several counts", 8, { 0x65, 0x3e, 0x64, 0xa0, 0x22, 0, 0, 0 }, 0, 0, 0, 0, 0, EAX, 0x22 },
		{ "FS: LODSB", 8, { 0xbe, 0x23, 0, 0, 0, 0x64, 0xac, 0x90 }, 0, 0, 0, 0, 0, EAX, 0x23 },
		{ "FS: MOVSB overrides the source only", 8, { 0xbe, 0x24, 0, 0, 0, 0x64, 0xa4, 0x90 }, 0, 0, 0, 0, 0, EDI, 0x5101 },
		{ "FS: XLAT", 2, { 0x64, 0xd7 }, 5, 0, 0, 0x20, 0, EAX, 0x25 },
		{ "FS: CMPXCHG", 8, { 0x64, 0x0f, 0xb1, 0x0d, 0x10, 0, 0, 0 }, 0x13121110, 0xabcdef01, 0, 0, 0, M32, 0xabcdef01 },
		/* Prefixes of SSE opcodes: F2h, F3h before 66h */
		{ "66h F3h 0Fh 7Eh is MOVQ", 12, { 0x66, 0xf3, 0x0f, 0x7e, 0x46, 0x10, 0x66, 0x0f, 0x7e, 0xc0, 0x90, 0x90 }, 0, 0, 0, 0, 0, EAX,
		  0x13121110 },
		{ "F3h 66h 0Fh 7Eh too", 12, { 0xf3, 0x66, 0x0f, 0x7e, 0x46, 0x14, 0x66, 0x0f, 0x7e, 0xc0, 0x90, 0x90 }, 0, 0, 0, 0, 0, EAX,
		  0x17161514 },
		/* Counts and flags */
		{ "SHL by 32 is by 0", 3, { 0xc1, 0xe0, 32 }, 5, 0, 0, 0, CF | OF_ | ZF, EAX, 5 },
		{ "and leaves the flags", 3, { 0xc1, 0xe0, 32 }, 5, 0, 0, 0, CF | OF_ | ZF, FLAGS, CF | OF_ | ZF },
		{ "SHL r8 by 9", 3, { 0xc0, 0xe0, 9 }, 0xff, 0, 0, 0, 0, EAX, 0 },
		{ "RCL r8 by 9 is by 0", 3, { 0xc0, 0xd0, 9 }, 0x5a, 0, 0, 0, CF, EAX, 0x5a },
		{ "RCR r16 by 17 is by 0", 4, { 0x66, 0xc1, 0xd8, 17 }, 0x15a5a, 0, 0, 0, CF, EAX, 0x15a5a },
		{ "ROL r8 by 8: CF is bit 0", 3, { 0xc0, 0xc0, 8 }, 0x81, 0, 0, 0, 0, CARRY, CF },
		{ "SHLD by CL = 33", 3, { 0x0f, 0xa5, 0xd0 }, 0x80000001, 33, 0x80000000, 0, 0, EAX, 3 },
		{ "SAR /7 by 31", 3, { 0xc1, 0xf8, 31 }, 0x80000000, 0, 0, 0, 0, EAX, 0xffffffff },
		{ "SALC with CF", 1, { 0xd6 }, 0x1100, 0, 0, 0, CF, EAX, 0x11ff },
		{ "C0h /6 shifts left", 3, { 0xc0, 0xf0, 2 }, 0x41, 0, 0, 0, 0, EAX, 4 },
		{ "BSF of zero leaves the register", 3, { 0x0f, 0xbc, 0xc3 }, 0x1234, 0, 0, 0, 0, EAX, 0x1234 },
		{ "BSF of zero sets ZF", 3, { 0x0f, 0xbc, 0xc3 }, 0x1234, 0, 0, 0, 0, FLAGS, ZF },
		{ "BTS below the operand", 4, { 0x0f, 0xab, 0x46, 0x14 }, 0xffffffef, 0, 0, 0, 0, M32, 0x13121110 | 1u << 15 },
		{ "66h BTS: a signed word", 5, { 0x66, 0x0f, 0xab, 0x46, 0x12 }, 0xfff0, 0, 0, 0, 0, M32, 0x13121111 },
		{ "BT r, 33 is bit 1", 4, { 0x0f, 0xba, 0xe0, 33 }, 2, 0, 0, 0, 0, FLAGS, CF },
		{ "CMPXCHG fails: EAX is the memory", 4, { 0x0f, 0xb1, 0x4e, 0x10 }, 0, 1, 0, 0, 0, EAX, 0x13121110 },
		{ "XADD r, r of itself", 3, { 0x0f, 0xc1, 0xc0 }, 5, 0, 0, 0, 0, EAX, 10 },
		{ "CMOV not taken, 66h", 4, { 0x66, 0x0f, 0x44, 0xc3 }, 0x12345678, 0, 0, 0x9999, 0, EAX, 0x12345678 },
		{ "IMUL r, m, imm8", 4, { 0x6b, 0x46, 0x10, 0xff }, 0, 0, 0, 0, 0, EAX, 0u - 0x13121110 },
		{ "POP m with ESP as its base", 7, { 0x6a, 0x55, 0x8f, 0x04, 0x24, 0x58, 0x90 }, 0, 0, 0, 0, 0, EBX, 0 },
		{ "XCHG AL, AH", 2, { 0x86, 0xe0 }, 0x1234, 0, 0, 0, 0, EAX, 0x3412 },
		{ "MOV AH, [m], DH", 5, { 0x8a, 0x66, 0x10, 0x88, 0xe6 }, 0, 0, 0, 0, 0, EDX, 0x1000 },
		{ "SETZ m8 is a byte", 4, { 0x0f, 0x94, 0x46, 0x10 }, 0, 0, 0, 0, ZF, M32, 0x13121101 },
		{ "LAHF", 1, { 0x9f }, 0, 0, 0, 0, 0xd7, EAX, 0xd700 },
		{ "AAD of base 16", 2, { 0xd5, 0x10 }, 0x0203, 0, 0, 0, 0, EAX, 0x23 },
		{ "AAM of base 16", 2, { 0xd4, 0x10 }, 0xab, 0, 0, 0, 0, EAX, 0x0a0b },
		{ "DAA", 3, { 0x04, 0x38, 0x27 }, 0x79, 0, 0, 0, 0, EAX, 0x17 },
		{ "DIV r8", 2, { 0xf6, 0xf1 }, 0x0107, 0x10, 0, 0, 0, EAX, 0x0710 },
		{ "REPNE CMPSB stops", 2, { 0xf2, 0xa6 }, 0, 0, 0, 0, 0, ECX, 0 },
		{ "REP LODSB", 2, { 0xf3, 0xac }, 0, 0x20, 0, 0, 0, EAX, 0x1f },
		{ "REPE SCASB", 2, { 0xf3, 0xae }, 0xcc00, 5, 0, 0, 0, ESI, 0x5000 },
		{ "STD; MOVSD", 3, { 0xfd, 0xa5, 0xfc }, 0, 0, 0, 0, 0, ESI, 0x4ffc },
		{ "ENTER 8, 0; LEAVE", 8, { 0x89, 0xe0, 0xc8, 8, 0, 0, 0x29, 0xe0 }, 0, 0, 0, 0, 0, EAX, 12 },
		{ "PUSH [ESP], POP", 5, { 0x6a, 0x11, 0xff, 0x34, 0x24 }, 0, 0, 0, 0, 0, EBX, 0 },
	};
	/* clang-format on */

	gdt[SEL_FS / 8] = descriptor(DATA, 0xff, ACCESS_DATA, 4);
	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.eax = rows[i].eax;
		in.ecx = rows[i].ecx;
		in.edx = rows[i].edx;
		in.ebx = rows[i].ebx;
		in.flags = rows[i].flags | 2;
		__asm__ volatile("mov %0, %%fs" ::"r"(SEL_FS));
		unsigned vector = run(rows[i].code, rows[i].length);

		check(vector == BP && result(rows[i].what) == rows[i].want, rows[i].name,
		      "vector %u at %x, %x, should be %x", vector, trap.eip - CODE,
		      result(rows[i].what), rows[i].want);
	}
}

/* -- Faults in the middle */

static void halves(void)
{
	/* clang-format off */
	static const struct {
		const char *name;
		uint8_t length, code[12];
		uint32_t eax, ecx, edx;
		unsigned vector, what;
		uint32_t want;
	} rows[] = {
		{ "CMOV reads even if it does not move", 8, { 0x64, 0x0f, 0x44, 0x05, 0xfd, 0, 0, 0 }, 0, 0, 0, GP, EAX, 0 },
		{ "ADD r, m beyond the limit leaves the register", 7, { 0x64, 0x03, 0x05, 0xfd, 0, 0, 0 }, 5, 0, 0, GP, EAX, 5 },
		{ "XADD m, r beyond it leaves both", 8, { 0x64, 0x0f, 0xc1, 0x05, 0xfd, 0, 0, 0 }, 5, 0, 0, GP, EAX, 5 },
		{ "REP MOVSB stops at it", 10, { 0xbe, 0xf0, 0, 0, 0, 0x64, 0xf3, 0xa4, 0x90, 0x90 }, 0, 0x20, 0, GP, ECX, 0x10 },
		{ "POP m leaves ESP", 10, { 0x89, 0xe0, 0x6a, 0, 0x64, 0x8f, 0x05, 0xfd, 0, 0 }, 0, 0, 0, GP, ECX, 0 },
		{ "DIV by zero leaves EAX", 2, { 0xf7, 0xf1 }, 7, 0, 0, DE, EAX, 7 },
		{ "IDIV of the least by -1", 2, { 0xf7, 0xf9 }, 0x80000000, 0xffffffff, 0xffffffff, DE, EDX, 0xffffffff },
		{ "AAM 0 leaves AX", 2, { 0xd4, 0 }, 0x1234, 0, 0, DE, EAX, 0x1234 },
		{ "BOUND beyond", 4, { 0x62, 0x46, 0x10, 0x90 }, 0x7fffffff, 0, 0, BR, EAX, 0x7fffffff },
		{ "INTO with OF", 3, { 0x04, 0x7f, 0xce }, 1, 0, 0, OF, EAX, 0x80 },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		in.eax = rows[i].eax;
		in.ecx = rows[i].ecx;
		in.edx = rows[i].edx;
		in.flags = 2;
		__asm__ volatile("mov %0, %%fs" ::"r"(SEL_FS));
		unsigned vector = run(rows[i].code, rows[i].length);

		check(vector == rows[i].vector && result(rows[i].what) == rows[i].want,
		      rows[i].name, "vector %u at %x, %x", vector, trap.eip - CODE,
		      result(rows[i].what));
	}
}

void guest_main(void)
{
	WRITE_CR(4, READ_CR(4) | 0x600);
	there_or_not();
	effects();
	halves();
}
