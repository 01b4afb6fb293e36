/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opcodes, ModRM digits and condition codes, of the host's instructions that are emitted and of the
 * guest's that lowering distinguishes. Only those that are used have a name. Operands have the
 * letters of SDM volume 2, appendix A.2: E is what ModRM.rm names, G what ModRM.reg names, I an
 * immediate, J a displacement of a branch, S a segment register, O an absolute address; b is a
 * byte, w a word, v and z a word or more.
 */
#ifndef TSR_BT_OPCODES_H
#define TSR_BT_OPCODES_H

enum {
	PREFIX_OPERAND_SIZE = 0x66,
	PREFIX_LOCK = 0xf0,
	PREFIX_REPNE = 0xf2,
	PREFIX_REP = 0xf3,
};

enum {
	OP_ADD_EV_GV = 0x01,
	OP_ALU_GV_EV = 0x03, /* + 8 * ALU operation */
	OP_ADD_AL_IB = 0x04,
	OP_OR_EV_GV = 0x09,
	OP_AND_EAX_IZ = 0x25,
	OP_INC = 0x40,  /* + register */
	OP_DEC = 0x48,  /* + register */
	OP_PUSH = 0x50, /* + register */
	OP_POP = 0x58,  /* + register */
	OP_POP_ESP = 0x5c,
	OP_PUSH_IZ = 0x68,
	OP_IMUL_GV_EV_IZ = 0x69,
	OP_PUSH_IB = 0x6a,
	OP_JCC_JB = 0x70,    /* + condition */
	OP_ALU_EB_IB = 0x80, /* ModRM.reg: ALU operation */
	OP_ALU_EV_IZ = 0x81,
	OP_ALU_EB_IB_2 = 0x82, /* the same as 80; none in 64-bit mode */
	OP_ALU_EV_IB = 0x83,
	OP_TEST_EB_GB = 0x84,
	OP_TEST_EV_GV = 0x85,
	OP_XCHG_EB_GB = 0x86,
	OP_XCHG_EV_GV = 0x87,
	OP_MOV_EB_GB = 0x88,
	OP_MOV_EV_GV = 0x89,
	OP_MOV_GB_EB = 0x8a,
	OP_MOV_GV_EV = 0x8b,
	OP_MOV_EV_SW = 0x8c,
	OP_LEA = 0x8d,
	OP_MOV_SW_EW = 0x8e,
	OP_POP_EV = 0x8f,
	OP_NOP = 0x90,
	OP_XCHG = 0x90, /* + register, not 0 */
	OP_PUSHF = 0x9c,
	OP_POPF = 0x9d,
	OP_SAHF = 0x9e,
	OP_LAHF = 0x9f,
	OP_MOV_AL_OB = 0xa0, /* and three more: MOV with an absolute address */
	OP_MOV_OV_EAX = 0xa3,
	OP_MOVS = 0xa4, /* of bytes; the next one words or doublewords */
	OP_TEST_AL_IB = 0xa8,
	OP_TEST_EAX_IZ = 0xa9,
	OP_STOS = 0xaa,
	OP_MOV_IB = 0xb0,      /* + register */
	OP_MOV_IV = 0xb8,      /* + register */
	OP_SHIFT_EB_IB = 0xc0, /* ModRM.reg: shift */
	OP_SHIFT_EV_IB = 0xc1,
	OP_RET_IW = 0xc2,
	OP_RET = 0xc3,
	OP_VEX3 = 0xc4, /* in 64-bit mode */
	OP_MOV_EB_IB = 0xc6,
	OP_MOV_EV_IZ = 0xc7,
	OP_SHIFT_EB_CL = 0xd2,
	OP_SHIFT_EV_CL = 0xd3,
	OP_X87 = 0xd8, /* and seven more */
	OP_X87_DD = 0xdd,
	OP_JRCXZ = 0xe3,
	OP_CALL = 0xe8,
	OP_JMP_JZ = 0xe9,
	OP_JMP_JB = 0xeb,
	OP_UNARY_EB = 0xf6, /* ModRM.reg: enum of UNARY_TEST and so on */
	OP_UNARY_EV = 0xf7,
	OP_GROUP5 = 0xff, /* ModRM.reg: enum of GROUP5_INC and so on */
};

/* With two bytes; emit_rr and emit_rm take them as they are, decoded instructions have the second
 * byte. */
#define OP2(second) (0x0f00u | (second))
enum {
	OP2_MOVUPS_LOAD = OP2(0x10),
	OP2_MOVUPS_STORE = OP2(0x11),
	OP2_MOVAPS_LOAD = OP2(0x28),
	OP2_CMOVCC = OP2(0x40),  /* + condition */
	OP2_JCC_JZ = OP2(0x80),  /* + condition */
	OP2_SETCC = OP2(0x90),   /* + condition */
	OP2_GROUP15 = OP2(0xae), /* ModRM.reg: enum of GROUP15_FXSAVE and so on */
	OP2_MOVZX_EB = OP2(0xb6),
	OP2_MOVZX_EW = OP2(0xb7),
};

/* Second bytes after 0F of the guest's instructions. */
enum {
	OP_0F_CVT_INT_TO_FP = 0x2a, /* CVTPI2PS, CVTSI2SD and so on */
	OP_0F_CVTT_FP_TO_INT = 0x2c,
	OP_0F_CVT_FP_TO_INT = 0x2d,
	OP_0F_COMIS = 0x2f, /* from CVTT to here results are integers or flags */
	OP_0F_SQRT = 0x51,
	OP_0F_FP_ADD = 0x58, /* ADD, MUL, conversions, SUB, MIN, DIV, MAX */
	OP_0F_FP_MAX = 0x5f,
	OP_0F_SHLD_IB = 0xa4,
	OP_0F_SHLD_CL = 0xa5,
	OP_0F_SHRD_IB = 0xac,
	OP_0F_SHRD_CL = 0xad,
	OP_0F_MOVZX_EB = 0xb6,
	OP_0F_BIT_IB = 0xba,
	OP_0F_MMX_FIRST =
		0x60, /* from here on those without prefix have MMX registers, but for two */
	OP_0F_FP_CMP = 0xc2,
	OP_0F_SHUFP = 0xc6,
	OP_0F_BSWAP = 0xc8, /* + register */
	OP_0F_CVT_DQ_PD = 0xe6,
};

/* ModRM.reg of the immediate forms, and bits 5-3 of the opcodes 00 to 3F */
enum { ALU_ADD, ALU_OR, ALU_ADC, ALU_SBB, ALU_AND, ALU_SUB, ALU_XOR, ALU_CMP };
/* ModRM.reg */
enum { SHIFT_ROL, SHIFT_ROR, SHIFT_RCL, SHIFT_RCR, SHIFT_SHL, SHIFT_SHR, SHIFT_SAR = 7 };
enum {
	UNARY_TEST,
	UNARY_TEST_2,
	UNARY_NOT,
	UNARY_NEG,
	UNARY_MUL,
	UNARY_IMUL,
	UNARY_DIV,
	UNARY_IDIV
};
enum {
	GROUP5_INC,
	GROUP5_DEC,
	GROUP5_CALL,
	GROUP5_CALL_FAR,
	GROUP5_JMP,
	GROUP5_JMP_FAR,
	GROUP5_PUSH
};
enum { GROUP15_FXSAVE, GROUP15_FXRSTOR, GROUP15_LDMXCSR, GROUP15_STMXCSR };
enum { MOV_EV_IZ_MOV = 0, X87_DD_FNSTSW = 7 };

/* Conditions of JCC and SETCC */
enum {
	CC_O,
	CC_NO,
	CC_B,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_P,
	CC_NP,
	CC_L,
	CC_GE,
	CC_LE,
	CC_G
};

/* VEX: opcode map and mandatory prefix; opcodes of BMI2 */
enum { VEX_MAP_0F38 = 2, VEX_MAP_0F3A = 3 };
enum { VEX_PP_NONE, VEX_PP_66, VEX_PP_F3, VEX_PP_F2 };
enum { OP_VEX_RORX = 0xf0, OP_VEX_PEXT = 0xf5, OP_VEX_SHIFT_X = 0xf7 };

#endif
