/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Decodes bytes to struct op with Zydis and caches the result. An entry is found by the host
 * address of the instruction's first byte and is valid while the bytes there are the same, so
 * changed code needs no notification: what an op means depends only on its bytes and on CS.D.
 *
 * Registers of an op: `rm` is the ModRM.rm register, one encoded in the opcode, or the accumulator
 * where there is no other; `reg` is ModRM.reg, or the accumulator if the instruction has another
 * first operand. Segment, control and debug registers are plain numbers.
 */
#include <Zydis/Zydis.h>

#include "decode.h"
#include "overlay.h"
#include "table.h"
#include "thunk.h"

#define MAX_LENGTH 15u

_Static_assert(CACHE_OPS - 1 <= UINT16_MAX, "op.link holds a slot's number");

static inline struct op *cache_slot(cpu *c, const uint8_t *p)
{
	uintptr_t a = (uintptr_t)p;

	return &c->cache[(a ^ a >> 14) & (CACHE_OPS - 1)];
}

/* -- Zydis' operands */
static uint8_t gpr_offset(ZydisRegister reg)
{
	if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_EDI)
		return (uint8_t)((reg - ZYDIS_REGISTER_EAX) * 4);
	if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_DI)
		return (uint8_t)((reg - ZYDIS_REGISTER_AX) * 4);
	if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL)
		return (uint8_t)((reg - ZYDIS_REGISTER_AL) * 4);
	if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH)
		return (uint8_t)((reg - ZYDIS_REGISTER_AH) * 4 + 1);
	return OP_NONE;
}

static void take_memory(struct op *op, const ZydisDecodedOperand *o)
{
	op->flags |= OP_MEM;
	op->base = gpr_offset(o->mem.base);
	op->index = gpr_offset(o->mem.index);
	op->scale = o->mem.scale ? (uint8_t)__builtin_ctz(o->mem.scale) : 0;
	op->disp = (uint32_t)o->mem.disp.value;
	if (o->mem.segment >= ZYDIS_REGISTER_ES && o->mem.segment <= ZYDIS_REGISTER_GS)
		op->segment = (uint8_t)(o->mem.segment -
					ZYDIS_REGISTER_ES); /* else as the prefixes say */
}

static void take_register(struct op *op, const ZydisDecodedOperand *o)
{
	uint8_t offset = gpr_offset(o->reg.value);

	if (offset == OP_NONE)
		return;
	if (o->encoding == ZYDIS_OPERAND_ENCODING_MODRM_REG)
		op->reg = offset;
	else if (op->rm == OP_NONE && !(op->flags & OP_MEM))
		op->rm = offset;
	else if (op->reg == OP_NONE)
		op->reg = offset;
}

/* Encoded registers first: an implied accumulator takes the place that is left. */
static void take_registers(struct op *op, const ZydisDecodedOperand *operands, unsigned count)
{
	for (unsigned implied = 0; implied < 2; implied++) {
		for (unsigned i = 0; i < count; i++) {
			const ZydisDecodedOperand *o = &operands[i];

			if (o->type == ZYDIS_OPERAND_TYPE_REGISTER &&
			    (o->encoding == ZYDIS_OPERAND_ENCODING_NONE) == implied)
				take_register(op, o);
		}
	}
}

static void take_immediates(struct op *op, const ZydisDecodedOperand *operands, unsigned count)
{
	bool second = false;

	for (unsigned i = 0; i < count; i++) {
		const ZydisDecodedOperand *o = &operands[i];

		if (o->type == ZYDIS_OPERAND_TYPE_POINTER) {
			op->imm = o->ptr.offset;
			op->imm2 = o->ptr.segment;
		} else if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && second) {
			op->imm2 = (uint16_t)o->imm.value.u;
		} else if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
			op->imm = (uint32_t)o->imm.value.u;
			second = true;
		}
	}
}

static void take_operands(struct op *op, const ZydisDecodedInstruction *in,
			  const ZydisDecodedOperand *operands)
{
	unsigned count = in->operand_count_visible;

	for (unsigned i = 0; i < count; i++) {
		if (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			take_memory(op, &operands[i]);
	}
	take_registers(op, operands, count);
	take_immediates(op, operands, count);
}

/* Prefix bytes, SDM volume 2, 2.1.1. */
/* clang-format off */
enum prefix {
	PREFIX_ES = 0x26, PREFIX_CS = 0x2e, PREFIX_SS = 0x36, PREFIX_DS = 0x3e, PREFIX_FS = 0x64, PREFIX_GS = 0x65,
	PREFIX_OPERAND_SIZE = 0x66, PREFIX_LOCK = 0xf0, PREFIX_REPNE = 0xf2, PREFIX_REP = 0xf3,
};
/* clang-format on */

static void take_prefix(struct op *op, uint8_t byte)
{
	switch (byte) {
	case PREFIX_ES:
		op->segment = TSR_ES;
		break;
	case PREFIX_CS:
		op->segment = TSR_CS;
		break;
	case PREFIX_SS:
		op->segment = TSR_SS;
		break;
	case PREFIX_DS:
		op->segment = TSR_DS;
		break;
	case PREFIX_FS:
		op->segment = TSR_FS;
		break;
	case PREFIX_GS:
		op->segment = TSR_GS;
		break;
	case PREFIX_LOCK:
		op->flags |= OP_LOCK;
		break;
	case PREFIX_REPNE:
		op->flags = (uint8_t)((op->flags & ~OP_REP) | OP_REPNE);
		break;
	case PREFIX_REP:
		op->flags = (uint8_t)((op->flags & ~OP_REPNE) | OP_REP);
		break;
	}
}

static void take_prefixes(struct op *op, const ZydisDecodedInstruction *in)
{
	bool wide = op->code32;

	op->segment = TSR_DS;
	for (unsigned i = 0; i < in->raw.prefix_count; i++) {
		uint8_t byte = in->raw.prefixes[i].value;

		if (in->raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY)
			op->prefix = byte;
		if (byte == PREFIX_OPERAND_SIZE)
			wide = !op->code32;
		take_prefix(op, byte);
	}
	op->size = wide ? 4 : 2;
	op->flags |= wide ? OP_WIDE : 0;
	if (in->address_width == 16)
		op->flags |= OP_ADDR16;
}

/* As a P6 decodes: encodings that later extensions took are what they were before. */
static void init_decoder(const cpu *c, ZydisDecoder *decoder)
{
	static const ZydisDecoderMode off[] = {
		ZYDIS_DECODER_MODE_MPX,   ZYDIS_DECODER_MODE_CET,      ZYDIS_DECODER_MODE_LZCNT,
		ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE,
	};

	ZydisDecoderInit(decoder,
			 c->code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 c->code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		ZydisDecoderEnableMode(decoder, off[i], ZYAN_FALSE);
}

static ZyanStatus decode_bytes(cpu *c, struct op *op, const uint8_t *bytes, unsigned available)
{
	ZydisDecodedInstruction in;
	ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
	ZydisDecoder decoder;
	ZyanStatus status;

	init_decoder(c, &decoder);
	status = ZydisDecoderDecodeFull(&decoder, bytes, available, &in, operands);
	if (!ZYAN_SUCCESS(status))
		return status;
	if (!thunk_reserve(c))
		decode_flush(c);
	memset(op, 0, sizeof(*op));
	op->length = in.length;
	op->mask = (1u << in.length) - 1;
	memcpy(op->bytes, bytes, in.length);
	op->code32 = (uint8_t)c->code32;
	op->map = in.opcode_map == ZYDIS_OPCODE_MAP_0F;
	op->opcode = in.opcode;
	op->modrm = (uint8_t)(in.raw.modrm.mod << 6 | in.raw.modrm.reg << 3 | in.raw.modrm.rm);
	op->rm = op->reg = op->base = op->index = OP_NONE;
	take_prefixes(op, &in);
	take_operands(op, &in, operands);
	op->exec = table_find(c, op, &in, operands);
	return status;
}

/* -- fetching */

/* The host address of a code byte, valid up to its page's end; NULL: not plain memory, *gpa is its
 * address. */
static uint8_t *code_pointer(cpu *c, tsr_gla gla, tsr_gpa *gpa)
{
	struct tsr_mmu_result result;
	enum tsr_mmu_kind kind;
	struct fetch_entry *e = fetch_slot(c, gla);

	if (!(c->slow & SLOW_SHADOW) && fetch_good(c, e, gla))
		return e->host + (gla & TSR_PAGE_MASK);
	if (c->slow & SLOW_SHADOW)
		kind = c->mmu->probe(c->mmu_self, c->vcpu, c->view, gla, TSR_ACCESS_FETCH, &result);
	else
		kind = c->mmu->fill(c->mmu_self, c->vcpu, c->view, gla, TSR_ACCESS_FETCH, &result);
	if (kind == TSR_MMU_FAULT)
		fault_page(c, gla, result.error_code);
	*gpa = result.gpa;
	if (kind == TSR_MMU_IO)
		return NULL;
	if (!(c->slow & SLOW_SHADOW))
		*e = (struct fetch_entry){ .page = fetch_key(c, gla),
					   .tag = c->vcpu->fetch_tag[c->view],
					   .generation = c->fetch_generation,
					   .host = result.host - (gla & TSR_PAGE_MASK) };
	return result.host;
}

/* `length` code bytes within one page; the host address where they are in plain memory. */
static const uint8_t *fetch_bytes(cpu *c, tsr_gla gla, uint8_t *to, unsigned length)
{
	tsr_gpa gpa = 0;
	const uint8_t *p = code_pointer(c, gla, &gpa);

	if (p && (c->slow & SLOW_SHADOW))
		overlay_read(c, gpa, p, to, length);
	else if (p)
		memcpy(to, p, length);
	else if (c->slow & SLOW_SHADOW)
		fault_stop(c, TSR_X86_IO);
	else
		for (unsigned i = 0; i < length; i++)
			to[i] = (uint8_t)c->phys->read(c->host, gpa + i, 1);
	return p;
}

/* Is the cached instruction the one whose first bytes were fetched? If it continues in the next
 * page, its rest is fetched. */
static bool still_there(cpu *c, const struct op *op, tsr_gla gla, uint8_t bytes[16], uint32_t first,
			uint32_t allowed)
{
	if (op->code32 != c->code32 || op->length > allowed)
		return false;
	if (op->length > first) {
		if (memcmp(op->bytes, bytes, first))
			return false;
		fetch_bytes(c, gla + first, bytes + first, MAX_LENGTH - first);
	}
	return decode_bytes_match(op, bytes);
}

static void decode_slow(cpu *c, struct op *op, tsr_gla gla, uint8_t bytes[16], uint32_t first,
			uint32_t allowed)
{
	ZyanStatus status = decode_bytes(c, op, bytes, first < allowed ? first : allowed);

	if (status == ZYDIS_STATUS_NO_MORE_DATA && first < allowed) {
		fetch_bytes(c, gla + first, bytes + first, MAX_LENGTH - first);
		status = decode_bytes(c, op, bytes, allowed);
	}
	if (status == ZYDIS_STATUS_NO_MORE_DATA || status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG)
		fault_gp0(c);
	if (!ZYAN_SUCCESS(status))
		fault_ud(c);
}

/* A worker's DMA may change guest memory meanwhile, so each byte is read once: into `bytes`, from
 * which an instruction is decoded and which is what the cache compares with (decode_is_at does so
 * by one load). For code near a page's or the segment's end, code in MMIO, and what is not in the
 * cache. */
static struct op *fetch_slow(cpu *c, uint32_t eip, tsr_gla gla)
{
	const struct tsr_x86_segment *cs = &c->s->segment[TSR_CS];
	uint32_t room = TSR_PAGE_SIZE - (gla & TSR_PAGE_MASK),
		 first = room < MAX_LENGTH ? room : MAX_LENGTH, allowed = MAX_LENGTH;
	_Alignas(16) uint8_t bytes[16] = { 0 };
	struct op *op;
	const uint8_t *p;

	if (eip > cs->limit)
		fault_gp0(c);
	if (cs->limit != 0xffffffff && cs->limit - eip < MAX_LENGTH - 1)
		allowed = cs->limit - eip + 1;
	p = fetch_bytes(c, gla, bytes, first);
	op = p ? cache_slot(c, p) : &c->scratch;
	if (!p || !still_there(c, op, gla, bytes, first, allowed))
		decode_slow(c, op, gla, bytes, first, allowed);
	return op;
}

struct op *decode_fetch(cpu *c)
{
	uint32_t eip = c->s->eip;
	tsr_gla gla = c->s->segment[TSR_CS].base + eip;
	const uint8_t *p = decode_code_at(c, gla);

	if (likely(p)) {
		struct op *op = cache_slot(c, p);

		if (likely(decode_is_at(c, op, p, eip)))
			return op;
	}
	return fetch_slow(c, eip, gla);
}

void decode_flush(cpu *c)
{
	for (unsigned i = 0; i < CACHE_OPS; i++) {
		c->cache[i].mask = 1u << 16; /* matches nothing */
		c->cache[i].length = 1;
	}
	c->fetch_generation++;
}
