/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decoding: reduces Zydis's output to what the lowering needs. Encodings that are legal for the
 * guest and mean something else, or nothing, in 64-bit mode become BT_FALLBACK here unless they are
 * re-encoded (re_encode).
 */
#include <Zydis/Zydis.h>

#include "code/decode.h"
#include "code/emit.h"

/* FP instructions that the interpreter does: they see or set the last-instruction pointers, may
 * unmask, or store through EDI. */
static bool fp_interpreted(ZydisMnemonic m)
{
	switch (m) {
	case ZYDIS_MNEMONIC_FRSTOR:
	case ZYDIS_MNEMONIC_FNSAVE:
	case ZYDIS_MNEMONIC_MASKMOVQ:
	case ZYDIS_MNEMONIC_MASKMOVDQU:
	case ZYDIS_MNEMONIC_CLFLUSH:
		return true;
	default:
		return false;
	}
}

static bool unaligned_move(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_MOVUPS || m == ZYDIS_MNEMONIC_MOVUPD ||
	       m == ZYDIS_MNEMONIC_MOVDQU;
}

struct set {
	uint16_t zydis, isa;
	bool fp;
};
/* clang-format off */
static const struct set sets[] = {
	{ ZYDIS_ISA_SET_I86, BT_ISA_BASE, false }, { ZYDIS_ISA_SET_I186, BT_ISA_BASE, false },
	{ ZYDIS_ISA_SET_I286PROTECTED, BT_ISA_BASE, false }, { ZYDIS_ISA_SET_I286REAL, BT_ISA_BASE, false },
	{ ZYDIS_ISA_SET_I386, BT_ISA_BASE, false }, { ZYDIS_ISA_SET_I486, BT_ISA_BASE, false },
	{ ZYDIS_ISA_SET_I486REAL, BT_ISA_BASE, false }, { ZYDIS_ISA_SET_PENTIUMREAL, BT_ISA_PENTIUM, false },
	{ ZYDIS_ISA_SET_PPRO, BT_ISA_CMOV, false }, { ZYDIS_ISA_SET_CMOV, BT_ISA_CMOV, false },
	{ ZYDIS_ISA_SET_FAT_NOP, BT_ISA_CMOV, false }, { ZYDIS_ISA_SET_PAUSE, BT_ISA_BASE, false },
	{ ZYDIS_ISA_SET_LAHF, BT_ISA_BASE, false },
	{ ZYDIS_ISA_SET_X87, BT_ISA_X87, true }, { ZYDIS_ISA_SET_FCMOV, BT_ISA_CMOV, true },
	{ ZYDIS_ISA_SET_PENTIUMMMX, BT_ISA_MMX, true }, { ZYDIS_ISA_SET_SSE, BT_ISA_SSE, true },
	{ ZYDIS_ISA_SET_SSEMXCSR, BT_ISA_SSE, true }, { ZYDIS_ISA_SET_FXSAVE, BT_ISA_SSE, true }, { ZYDIS_ISA_SET_SSE_PREFETCH, BT_ISA_CMOV, false },
	{ ZYDIS_ISA_SET_SSE2, BT_ISA_SSE2, true }, { ZYDIS_ISA_SET_SSE2MMX, BT_ISA_SSE2, true },
};
/* clang-format on */

static const struct set *set_of(ZydisISASet s)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		if (sets[i].zydis == s)
			return &sets[i];
	return NULL;
}

static uint8_t operand_kind(ZydisRegister r)
{
	switch (ZydisRegisterGetClass(r)) {
	case ZYDIS_REGCLASS_GPR8:
		return BT_OP_GPR8;
	case ZYDIS_REGCLASS_GPR16:
		return BT_OP_GPR16;
	case ZYDIS_REGCLASS_GPR32:
		return BT_OP_GPR32;
	case ZYDIS_REGCLASS_X87:
	case ZYDIS_REGCLASS_MMX:
	case ZYDIS_REGCLASS_XMM:
		return BT_OP_VECTOR;
	default:
		return BT_OP_OTHER;
	}
}

static uint8_t written_gpr(ZydisRegister r)
{
	switch (operand_kind(r)) {
	case BT_OP_GPR8:
		return (uint8_t)(1u << (ZydisRegisterGetId(r) & 3));
	case BT_OP_GPR16:
	case BT_OP_GPR32:
		return (uint8_t)(1u << ZydisRegisterGetId(r));
	default:
		return 0;
	}
}

static uint8_t register_number(ZydisRegister r)
{
	return r == ZYDIS_REGISTER_NONE ? NOREG : (uint8_t)ZydisRegisterGetId(r);
}

static uint8_t segment_number(ZydisRegister r)
{
	switch (r) {
	case ZYDIS_REGISTER_ES:
		return TSR_ES;
	case ZYDIS_REGISTER_CS:
		return TSR_CS;
	case ZYDIS_REGISTER_SS:
		return TSR_SS;
	case ZYDIS_REGISTER_FS:
		return TSR_FS;
	case ZYDIS_REGISTER_GS:
		return TSR_GS;
	default:
		return TSR_DS;
	}
}

static uint8_t scale_shift(uint8_t scale)
{
	return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
}

static void decode_memory(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *o,
			  struct bt_insn *out)
{
	out->memory = true;
	out->ea.addr16 = z->address_width == 16;
	out->ea.base = register_number(o->mem.base);
	out->ea.index = register_number(o->mem.index);
	out->ea.scale = scale_shift(o->mem.scale);
	out->ea.disp = (int32_t)o->mem.disp.value;
	out->ea.segment = segment_number(o->mem.segment);
	out->memory_size = o->size / 8;
	out->access = (o->actions & ZYDIS_OPERAND_ACTION_MASK_READ ? BT_READ : 0) |
		      (o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? BT_WRITE : 0);
}

/* Control registers of MOV, segment registers of MOV, PUSH, POP; other special registers, among
 * them those that a system instruction changes beside its operand, are left to the interpreter. */
static void decode_special(const ZydisDecodedOperand *o, struct bt_insn *out)
{
	ZydisRegisterClass class = ZydisRegisterGetClass(o->reg.value);
	bool write = o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;

	if (class == ZYDIS_REGCLASS_CONTROL && out->kind == BT_COPY) {
		out->special = (uint8_t)ZydisRegisterGetId(o->reg.value);
		out->kind = !write              ? BT_CONTROL_LOAD
			    : out->special == 3 ? BT_CR3
						: BT_CONTROL_STORE;
	} else if (class == ZYDIS_REGCLASS_SEGMENT &&
		   (out->kind == BT_COPY || out->kind == BT_PUSH || out->kind == BT_POP)) {
		out->special = segment_number(o->reg.value);
		out->kind = write ? BT_SEGMENT_LOAD : BT_SEGMENT_STORE;
	} else {
		out->kind = BT_FALLBACK;
	}
}

static void decode_operands(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
			    struct bt_insn *out)
{
	for (unsigned i = 0; i < z->operand_count; i++) {
		const ZydisDecodedOperand *o = &operands[i];

		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    o->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
			decode_memory(z, o, out);
		else if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
			 o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
			out->reg_kind = operand_kind(o->reg.value);
		else if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
			 (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM ||
			  o->encoding == ZYDIS_OPERAND_ENCODING_OPCODE))
			out->rm_kind = operand_kind(o->reg.value);
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    o->visibility != ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
		    operand_kind(o->reg.value) == BT_OP_OTHER)
			decode_special(o, out);
		if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    o->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
			out->gpr_written |= written_gpr(o->reg.value);
		if (o->type == ZYDIS_OPERAND_TYPE_POINTER)
			out->kind = BT_FALLBACK;
	}
}

static void decode_flags(const ZydisDecodedInstruction *z, struct bt_insn *out)
{
	const ZydisAccessedFlags *f = z->cpu_flags;
	bool shift = z->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
		     (z->opcode == OP_SHIFT_EB_IB || z->opcode == OP_SHIFT_EV_IB ||
		      z->opcode == OP_SHIFT_EB_CL || z->opcode == OP_SHIFT_EV_CL);
	bool double_shift = z->opcode_map == ZYDIS_OPCODE_MAP_0F &&
			    (z->opcode == OP_0F_SHLD_IB || z->opcode == OP_0F_SHLD_CL ||
			     z->opcode == OP_0F_SHRD_IB || z->opcode == OP_0F_SHRD_CL);

	if (!f)
		return;
	out->flags_read = f->tested & TSR_FLAGS_ARITHMETIC;
	out->flags_undefined = f->undefined & TSR_FLAGS_ARITHMETIC;
	out->flags_written =
		(f->modified | f->set_0 | f->set_1 | f->undefined) & TSR_FLAGS_ARITHMETIC;
	out->flags_touched = out->flags_written;
	/* What is undefined may be left as it was. AND, OR, XOR, TEST do write AF on every
	 * processor. */
	if (out->flags_undefined != TSR_FLAG_AF || z->meta.category == ZYDIS_CATEGORY_SHIFT)
		out->flags_written &= ~out->flags_undefined;
	if ((shift || double_shift) &&
	    (z->opcode == OP_SHIFT_EB_CL || z->opcode == OP_SHIFT_EV_CL
		     ? true
		     : !(out->imm & 31) || (z->opcode & 1 && double_shift)))
		out->flags_written = 0;
	if (out->kind == BT_DIV || out->kind == BT_STRING)
		out->flags_written = 0;
}

/* Of the implicit operands of XLAT and string instructions. */
static uint8_t source_segment(const ZydisDecodedInstruction *z)
{
	static const struct {
		ZydisInstructionAttributes attribute;
		uint8_t segment;
	} overrides[] = {
		{ ZYDIS_ATTRIB_HAS_SEGMENT_CS, TSR_CS }, { ZYDIS_ATTRIB_HAS_SEGMENT_SS, TSR_SS },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_ES, TSR_ES }, { ZYDIS_ATTRIB_HAS_SEGMENT_FS, TSR_FS },
		{ ZYDIS_ATTRIB_HAS_SEGMENT_GS, TSR_GS },
	};

	for (size_t i = 0; i < sizeof(overrides) / sizeof(*overrides); i++)
		if (z->attributes & overrides[i].attribute)
			return overrides[i].segment;
	return TSR_DS;
}

static void decode_prefixes(const ZydisDecodedInstruction *z, struct bt_insn *out)
{
	for (unsigned i = 0; i < z->raw.prefix_count; i++)
		if (z->raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY)
			out->mandatory = z->raw.prefixes[i].value;
	out->lock = (z->attributes & ZYDIS_ATTRIB_HAS_LOCK) != 0;
	out->rep = (z->attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE)) != 0;
	out->repne = (z->attributes & ZYDIS_ATTRIB_HAS_REPNE) != 0;
	if (out->kind == BT_STRING) /* MOVS, STOS, LODS repeat with either prefix */
		for (unsigned i = 0; i < z->raw.prefix_count; i++) {
			if (z->raw.prefixes[i].value != PREFIX_REPNE &&
			    z->raw.prefixes[i].value != PREFIX_REP)
				continue;
			out->rep = z->raw.prefixes[i].value == PREFIX_REP;
			out->repne = !out->rep;
		}
}

static void decode_immediate(const ZydisDecodedInstruction *z, const uint8_t *bytes,
			     struct bt_insn *out)
{
	if (!z->raw.imm[0].size)
		return;
	out->immediate_length = z->raw.imm[0].size / 8;
	if (out->immediate_length > sizeof(out->immediate)) {
		out->kind = BT_FALLBACK;
		out->immediate_length = 0;
		return;
	}
	memcpy(out->immediate, bytes + z->raw.imm[0].offset, out->immediate_length);
	out->imm = (uint32_t)z->raw.imm[0].value.s;
	if (z->raw.imm[0].is_relative) {
		out->target = out->eip + out->length + out->imm;
		if (z->operand_width == 16)
			out->target &= 0xffff;
	}
}

static void classify(const ZydisDecodedInstruction *z, struct bt_insn *out)
{
	const struct set *set = set_of(z->meta.isa_set);

	out->kind = BT_FALLBACK;
	if (!set)
		return;
	out->isa = set->isa;
	out->kind = (uint8_t)tsr_bt_class((uint16_t)z->mnemonic);
	/* CMPSD and MOVSD name a string operation and an SSE2 one */
	if ((set->fp || z->meta.isa_ext == ZYDIS_ISA_EXT_X87) &&
	    (out->kind == BT_FALLBACK || out->kind == BT_STRING) && !fp_interpreted(z->mnemonic))
		out->kind = BT_FP;
	if (z->opcode_map == ZYDIS_OPCODE_MAP_0F38 || z->opcode_map == ZYDIS_OPCODE_MAP_0F3A)
		out->kind = BT_FALLBACK;
}

/* Encodings that 64-bit mode has taken away get their longer form. */
static void re_encode(struct bt_insn *i)
{
	uint8_t wide = i->operand_size == 2 ? BT_OP_GPR16 : BT_OP_GPR32;

	if (i->map != 0)
		return;
	if (i->opcode >= OP_INC && i->opcode < OP_DEC + 8) {
		i->modrm = (uint8_t)(0xc0 | (i->opcode < OP_DEC ? GROUP5_INC : GROUP5_DEC) << 3 |
				     (i->opcode & 7));
		i->opcode = OP_GROUP5;
		i->has_modrm = true;
		i->rm_kind = wide;
	} else if (i->opcode == OP_ALU_EB_IB_2) {
		i->opcode = OP_ALU_EB_IB;
	} else if (i->opcode >= OP_MOV_AL_OB &&
		   i->opcode <= OP_MOV_OV_EAX) { /* MOV with an absolute address */
		static const uint8_t form[] = { OP_MOV_GB_EB, OP_MOV_GV_EV, OP_MOV_EB_GB,
						OP_MOV_EV_GV };

		i->reg_kind = i->opcode & 1 ? wide : BT_OP_GPR8;
		i->opcode = form[i->opcode - OP_MOV_AL_OB];
		i->modrm = 0;
		i->has_modrm = true;
	}
}

static void describe(const ZydisDecodedInstruction *z, const struct bt_insn *i, struct bt_raw *raw)
{
	*raw = (struct bt_raw){ .map = i->map,
				.opcode = i->opcode,
				.immediate = (uint8_t)(z->raw.imm[0].size / 8),
				.legacy = z->encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY,
				.has_modrm = i->has_modrm,
				.sign = z->raw.imm[0].is_signed,
				.relative = z->raw.imm[0].is_relative,
				.two_immediates = z->raw.imm[1].size != 0 };
}

size_t tsr_bt_copy_code(uint8_t bytes[BT_INSN_MAX], const uint8_t *memory, size_t length)
{
	if (length > BT_INSN_MAX)
		length = BT_INSN_MAX;
	memcpy(bytes, memory, length);
	return length;
}

bool tsr_bt_decode(uint32_t mode, const uint8_t *memory, size_t length, uint32_t eip,
		   struct bt_insn *out)
{
	uint8_t bytes[BT_INSN_MAX];
	struct bt_raw raw;

	length = tsr_bt_copy_code(bytes, memory, length);
	return tsr_bt_decode_raw(mode, bytes, length, eip, out, &raw);
}

bool tsr_bt_decode_raw(uint32_t mode, const uint8_t *bytes, size_t length, uint32_t eip,
		       struct bt_insn *out, struct bt_raw *raw)
{
	ZydisDecoder decoder;
	ZydisDecodedInstruction z;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	/* what P6 family processors execute as NOP, BSF, BSR, WBINVD */
	static const ZydisDecoderMode newer[] = {
		ZYDIS_DECODER_MODE_MPX,   ZYDIS_DECODER_MODE_CET,      ZYDIS_DECODER_MODE_LZCNT,
		ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE
	};
	bool code32 = mode & BT_MODE_CODE32;
	ZyanStatus status;

	ZydisDecoderInit(&decoder,
			 code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	for (unsigned i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
		ZydisDecoderEnableMode(&decoder, newer[i], ZYAN_FALSE);
	memset(out, 0, sizeof(*out));
	out->eip = eip;
	out->ea = (struct bt_ea){ .base = NOREG, .index = NOREG };
	status = ZydisDecoderDecodeFull(&decoder, bytes, length, &z, operands);
	out->truncated = status == ZYDIS_STATUS_NO_MORE_DATA;
	if (!ZYAN_SUCCESS(status))
		return false;
	out->length = z.length;
	out->mnemonic = (uint16_t)z.mnemonic;
	out->map = z.opcode_map == ZYDIS_OPCODE_MAP_0F     ? 1
		   : z.opcode_map == ZYDIS_OPCODE_MAP_0F38 ? 2
		   : z.opcode_map == ZYDIS_OPCODE_MAP_0F3A ? 3
							   : 0;
	out->opcode = z.opcode;
	out->has_modrm = (z.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
	out->modrm = (uint8_t)(z.raw.modrm.mod << 6 | z.raw.modrm.reg << 3 | z.raw.modrm.rm);
	out->operand_size = z.operand_width / 8;
	out->addr16 = z.address_width == 16;
	classify(&z, out);
	decode_prefixes(&z, out);
	decode_immediate(&z, bytes, out);
	out->ea.segment = source_segment(&z);
	decode_operands(&z, operands, out);
	decode_flags(&z, out);
	describe(&z, out, raw);
	re_encode(out);
	out->aligned = out->kind == BT_FP && out->memory && out->memory_size == 16 &&
		       !unaligned_move(z.mnemonic);
	return true;
}
