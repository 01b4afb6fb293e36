/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether an instruction of 32-bit mode is one of 64-bit mode too, and how it is written there: SDM
 * volume 2, appendix A tells apart by i64, o64, d64 and f64. Zydis decodes both; what it does not
 * find equal is passed over.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "host-form.h"

static ZyanStatus decode(bool wide, const uint8_t *code, unsigned length,
			 ZydisDecodedInstruction *in, ZydisDecodedOperand *operands)
{
	ZydisDecoder decoder;

	if (wide) {
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
	} else {
		ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
		ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_TZCNT, ZYAN_FALSE);
		ZydisDecoderEnableMode(&decoder, ZYDIS_DECODER_MODE_LZCNT, ZYAN_FALSE);
	}
	return ZydisDecoderDecodeFull(&decoder, code, length, in, operands);
}

static bool plain_segment(const struct row *row, unsigned i)
{
	const struct tsr_x86_segment *s = &row->before.state.segment[i];

	return (s->access & 0xc09f) == (i == TSR_CS ? 0xc09b : 0xc093) && !s->base &&
	       s->limit == UINT32_MAX && s->selector == row->after.state.segment[i].selector;
}

/* Is the machine's state such as a process of the host has it? */
static bool plain_state(const struct row *row)
{
	const struct tsr_x86_state *s = &row->before.state;
	bool alignment = row->vector == TSR_VECTOR_AC; /* there, CR0.AM is always set */
	uint32_t cr0 = s->cr0 & ~(alignment ? TSR_CR0_AM : 0);
	uint32_t system = TSR_FLAG_TF | TSR_FLAG_IF | TSR_FLAG_IOPL | (alignment ? 0 : TSR_FLAG_AC);

	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (!plain_segment(row, i))
			return false;
	}
	return cr0 == (TSR_CR0_PE | TSR_CR0_ET | TSR_CR0_NE) &&
	       s->cr4 == (TSR_CR4_OSFXSR | TSR_CR4_OSXMMEXCPT) && s->dr[7] == 0x400 &&
	       !row->page_count && !(s->eflags & system) && s->eip == ROWS_CODE &&
	       row->vector != TSR_VECTOR_PF && row->vector != TSR_VECTOR_SS;
}

/* Instructions that a process may not execute, or that tell it of the host. */
static bool of_the_machine(const ZydisDecodedInstruction *in)
{
	switch (in->mnemonic) {
	case ZYDIS_MNEMONIC_CPUID:
	case ZYDIS_MNEMONIC_RDTSC:
	case ZYDIS_MNEMONIC_RDPMC:
	case ZYDIS_MNEMONIC_SMSW:
	case ZYDIS_MNEMONIC_CLI:
	case ZYDIS_MNEMONIC_STI:
		return true;
	default:
		return in->attributes & ZYDIS_ATTRIB_IS_PRIVILEGED;
	}
}

static bool stores_pointers(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_FNSTENV || m == ZYDIS_MNEMONIC_FNSAVE ||
	       m == ZYDIS_MNEMONIC_FXSAVE;
}

static enum host_class class_of(const struct row *row, const ZydisDecodedInstruction *in,
				const ZydisDecodedOperand *operands)
{
	bool refused = row->mode == ROW_USER && row->vector == TSR_VECTOR_GP;

	switch (in->meta.category) {
	case ZYDIS_CATEGORY_SYSTEM:
	case ZYDIS_CATEGORY_IO:
	case ZYDIS_CATEGORY_IOSTRINGOP:
		return refused ? HOST_RUNS : HOST_SYSTEM;
	case ZYDIS_CATEGORY_CALL:
	case ZYDIS_CATEGORY_RET:
	case ZYDIS_CATEGORY_PUSH:
	case ZYDIS_CATEGORY_POP:
	case ZYDIS_CATEGORY_INTERRUPT:
	case ZYDIS_CATEGORY_SYSCALL:
	case ZYDIS_CATEGORY_SYSRET:
		return HOST_TRANSFER;
	case ZYDIS_CATEGORY_SEGOP:
		return HOST_SEGMENT;
	case ZYDIS_CATEGORY_UNCOND_BR:
		if (!in->raw.imm[0].is_relative)
			return HOST_TRANSFER;
		break;
	default:
		break;
	}
	if (in->mnemonic == ZYDIS_MNEMONIC_ENTER || in->mnemonic == ZYDIS_MNEMONIC_LEAVE)
		return HOST_TRANSFER;
	if (of_the_machine(in))
		return refused && in->mnemonic != ZYDIS_MNEMONIC_SMSW ? HOST_RUNS : HOST_SYSTEM;
	if (row->vector == TSR_VECTOR_GP && (in->attributes & ZYDIS_ATTRIB_HAS_SEGMENT))
		return HOST_SEGMENT;
	if (stores_pointers(in->mnemonic))
		return HOST_POINTERS;
	for (unsigned i = 0; i < in->operand_count_visible; i++)
		if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    ZydisRegisterGetClass(operands[i].reg.value) == ZYDIS_REGCLASS_SEGMENT)
			return HOST_SEGMENT;
	return HOST_RUNS;
}

/* -- writing it anew */
static bool is_segment_prefix(uint8_t b)
{
	return b == 0x26 || b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65;
}

static bool add(struct host_form *f, const uint8_t *bytes, unsigned n)
{
	if (f->length + n > sizeof(f->code))
		return false;
	memcpy(f->code + f->length, bytes, n);
	f->length += n;
	return true;
}

/* In 64-bit mode, ModRM 00 xxx 101 is relative to RIP: the absolute form takes a SIB byte. */
static bool add_operands(struct host_form *f, const uint8_t *code,
			 const ZydisDecodedInstruction *in)
{
	unsigned at = in->raw.modrm.offset;
	uint8_t absolute[2] = { (uint8_t)(code[at] - 1), 0x25 };

	if (in->raw.modrm.mod == 0 && in->raw.modrm.rm == 5)
		return add(f, absolute, 2) && add(f, code + at + 1, in->length - at - 1);
	return add(f, code + at, in->length - at);
}

static bool write_form(struct host_form *f, const uint8_t *code, const ZydisDecodedInstruction *in,
		       bool memory)
{
	unsigned at = in->raw.prefix_count;
	uint8_t opcode = in->opcode, modrm;

	if (memory && !f->string && !add(f, (const uint8_t[]){ 0x67, 0x65 }, 2))
		return false;
	for (unsigned i = 0; i < at; i++)
		if (!is_segment_prefix(code[i]) && !add(f, &code[i], 1))
			return false;
	if (in->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && (opcode & 0xf0) == 0x40) {
		modrm = (uint8_t)(0xc0 | (opcode & 15));
		return add(f, (const uint8_t[]){ 0xff, modrm }, 2);
	}
	if (!(in->attributes & ZYDIS_ATTRIB_HAS_MODRM))
		return add(f, code + at, in->length - at);
	if (!add(f, code + at, in->raw.modrm.offset - at))
		return false;
	if (in->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && opcode == 0x82)
		f->code[f->length - 1] = 0x80;
	return add_operands(f, code, in);
}

static bool is_string(const ZydisDecodedInstruction *in)
{
	return (in->meta.category == ZYDIS_CATEGORY_STRINGOP &&
		in->mnemonic != ZYDIS_MNEMONIC_XLAT) ||
	       in->mnemonic == ZYDIS_MNEMONIC_MASKMOVQ || in->mnemonic == ZYDIS_MNEMONIC_MASKMOVDQU;
}

static bool same(const struct host_form *f, const ZydisDecodedInstruction *in,
		 const ZydisDecodedOperand *operands)
{
	ZydisDecodedInstruction wide;
	ZydisDecodedOperand others[ZYDIS_MAX_OPERAND_COUNT];

	if (!ZYAN_SUCCESS(decode(true, f->code, f->length, &wide, others)) ||
	    wide.mnemonic != in->mnemonic || wide.length != f->length ||
	    wide.operand_count_visible != in->operand_count_visible)
		return false;
	for (unsigned i = 0; i < in->operand_count_visible; i++) {
		if (operands[i].type != others[i].type)
			return false;
		if (operands[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
		    operands[i].reg.value != others[i].reg.value)
			return false;
		if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    operands[i].size != others[i].size)
			return false;
	}
	return true;
}

/* LOCK MOV CR0 is AMD's way to CR8 (APM volume 2, 3.1.5), which Zydis does not know. */
static bool alternative_cr8(const uint8_t *code)
{
	return code[0] == 0xf0 && code[1] == 0x0f && (code[2] == 0x20 || code[2] == 0x22);
}

/* No instruction for Zydis: nor may it be one in 64-bit mode. */
static enum host_class undefined_form(const struct row *row, struct host_form *f)
{
	ZydisDecodedInstruction in;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];

	if (row->length > sizeof(f->code) || alternative_cr8(row->code) ||
	    ZYAN_SUCCESS(decode(true, row->code, row->length, &in, operands)))
		return HOST_NEWER;
	return add(f, row->code, row->length) ? HOST_RUNS : HOST_ABSENT;
}

static bool undefines_itself(ZydisMnemonic m)
{
	return m == ZYDIS_MNEMONIC_UD0 || m == ZYDIS_MNEMONIC_UD1 || m == ZYDIS_MNEMONIC_UD2;
}

enum host_class host_form(const struct row *row, struct host_form *f)
{
	ZydisDecodedInstruction in;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	enum host_class class;
	bool memory;

	memset(f, 0, sizeof(*f));
	if (row->mode != ROW_32 && row->mode != ROW_USER)
		return HOST_MODE;
	if (!plain_state(row))
		return HOST_SET_UP;
	if (!ZYAN_SUCCESS(decode(false, row->code, row->length, &in, operands)))
		return undefined_form(row, f);
	class = class_of(row, &in, operands);
	if (class != HOST_RUNS)
		return class;
	if (row->vector == TSR_VECTOR_UD && !undefines_itself(in.mnemonic))
		return HOST_NEWER;
	memory = in.mnemonic == ZYDIS_MNEMONIC_XLAT;
	for (unsigned i = 0; i < in.operand_count_visible; i++)
		memory |= operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY;
	f->string = is_string(&in);
	f->jump = in.raw.imm[0].is_relative;
	if (in.address_width == 16 && (memory || f->string || f->jump))
		return HOST_ADDRESS;
	if (!write_form(f, row->code, &in, memory) || (f->jump && in.operand_width == 16))
		return HOST_ABSENT;
	return f->string || f->jump || same(f, &in, operands) ? HOST_RUNS : HOST_ABSENT;
}
