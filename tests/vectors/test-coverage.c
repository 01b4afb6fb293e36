/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which entries of the two processors' decoding tables the rows of FOLDER reach. What there is to
 * reach is found by decoding every encoding, with the processors' own decoders: every prefix, map,
 * opcode, ModRM.reg, in register and memory form, in both code sizes. Reaching one of them is then
 * to decode a row's bytes to it; that rows are executed too, test-vectors sees to.
 */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>

#include "code/decode.h"
#include "../../plugins/cpu-interp/decode.h"
#include "../../plugins/cpu-interp/instructions.h"
#include "../cpu-interp/machine.h"
#include "rows.h"

#define FUNCTIONS 1024
#define MNEMONICS (ZYDIS_MNEMONIC_MAX_VALUE + 1)
#define KEYS (1u << 17)
enum { THERE = 1, MET = 2 };

static struct {
	struct machine *m;
	struct {
		op_fn *fn;
		uint8_t mark;
		uint16_t mnemonic; /* an example */
	} functions[FUNCTIONS];
	unsigned function_count;
	uint8_t mnemonics[MNEMONICS]; /* that the interpreter executes */
	uint8_t encodings[KEYS], undefined[KEYS];
	uint8_t lowered[BT_CLASSES][MNEMONICS], classes[BT_CLASSES];
} t;

/* -- what some bytes are */
struct encoding {
	const struct op *op; /* NULL: #UD by the decoder */
	uint16_t mnemonic;
	uint32_t key;
};

static bool is_group(unsigned map, unsigned opcode)
{
	static const uint8_t one[] = { 0x80, 0x81, 0x82, 0x83, 0x8f, 0xc0, 0xc1, 0xc6, 0xc7,
				       0xd0, 0xd1, 0xd2, 0xd3, 0xd8, 0xd9, 0xda, 0xdb, 0xdc,
				       0xdd, 0xde, 0xdf, 0xf6, 0xf7, 0xfe, 0xff };
	static const uint8_t two[] = { 0x00, 0x01, 0x18, 0x71, 0x72, 0x73, 0xae, 0xba, 0xc7 };

	return memchr(map ? two : one, (int)opcode, map ? sizeof(two) : sizeof(one)) != NULL;
}

static unsigned prefix_index(uint8_t prefix)
{
	return prefix == 0x66 ? 1 : prefix == 0xf2 ? 2 : prefix == 0xf3 ? 3 : 0;
}

/* The parts that name an entry: map, opcode, mandatory prefix, ModRM.reg of a group, register or
 * memory, operand size. */
static uint32_t key_of(unsigned map, unsigned opcode, unsigned prefix, unsigned modrm,
		       unsigned wide)
{
	unsigned reg = is_group(map, opcode) ? modrm >> 3 & 7 : 0;

	return map << 15 | opcode << 7 | prefix << 5 | reg << 2 | (modrm >> 6 == 3) << 1 | wide;
}

/* Without a decoded instruction: legacy prefixes skipped; operand size does not matter to what is
 * undefined. */
static uint32_t undefined_key(const uint8_t *b, unsigned length)
{
	static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
					    0x66, 0x67, 0xf0, 0xf2, 0xf3 };
	unsigned prefix = 0, map, i = 0;

	for (; i < length && memchr(prefixes, b[i], sizeof(prefixes)); i++)
		prefix = b[i] == 0x66 || b[i] >= 0xf2 ? prefix_index(b[i]) : prefix;
	map = i < length && b[i] == 0x0f;
	i += map;
	return i < length ? key_of(map, b[i], map ? prefix : 0, i + 1 < length ? b[i + 1] : 0, 0)
			  : 0;
}

static const struct op *fetch(bool code32)
{
	struct tsr_x86_state *s = &t.m->state;

	s->eip = ROWS_CODE;
	s->segment[TSR_CS].access = code32 ? 0xc09b : 0x809b;
	machine_refresh(t.m);
	return setjmp(t.m->c->jump) ? NULL : decode_fetch(t.m->c);
}

/* As decode.c of the interpreter asks for it. */
static uint16_t mnemonic_of(const uint8_t *bytes, bool code32)
{
	static const ZydisDecoderMode off[] = {
		ZYDIS_DECODER_MODE_MPX,   ZYDIS_DECODER_MODE_CET,      ZYDIS_DECODER_MODE_LZCNT,
		ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE,
	};
	ZydisDecoder decoder;
	ZydisDecodedInstruction in;

	ZydisDecoderInit(&decoder,
			 code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
			 code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
	for (unsigned i = 0; i < sizeof(off) / sizeof(off[0]); i++)
		ZydisDecoderEnableMode(&decoder, off[i], ZYAN_FALSE);
	return ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, bytes, 15, &in))
		       ? (uint16_t)in.mnemonic
		       : 0;
}

static struct encoding look(const uint8_t *bytes, unsigned length, bool code32)
{
	struct encoding e = { 0 };

	memset(t.m->ram + ROWS_CODE, 0, 32);
	memcpy(t.m->ram + ROWS_CODE, bytes, length);
	e.op = fetch(code32);
	if (!e.op || e.op->exec == op_ud) {
		e.op = NULL;
		e.key = undefined_key(bytes, length);
		return e;
	}
	e.mnemonic = mnemonic_of(t.m->ram + ROWS_CODE, code32);
	e.key = key_of(e.op->map, e.op->opcode, prefix_index(e.op->prefix),
		       e.op->flags & OP_MEM ? 0 : e.op->modrm | 0xc0,
		       e.op->size == 4 && !e.op->thunk);
	return e;
}

/* -- marking */
static void mark_function(op_fn *fn, uint16_t mnemonic, uint8_t mark)
{
	unsigned i = 0;

	while (i < t.function_count && t.functions[i].fn != fn)
		i++;
	if (i == FUNCTIONS)
		abort();
	if (i == t.function_count) {
		t.functions[i].fn = fn;
		t.functions[i].mnemonic = mnemonic;
		t.function_count++;
	}
	t.functions[i].mark |= mark;
}

static void mark(const uint8_t *bytes, unsigned length, bool code32, uint8_t what)
{
	struct encoding e = look(bytes, length, code32);
	struct bt_insn insn;

	if (!e.op) {
		t.undefined[e.key] |= what;
	} else {
		mark_function(e.op->exec, e.mnemonic, what);
		t.mnemonics[e.mnemonic] |= what;
		t.encodings[e.key] |= what;
	}
	if (tsr_bt_decode(code32 ? BT_MODE_CODE32 : 0, t.m->ram + ROWS_CODE, 15, 0, &insn) &&
	    insn.kind != BT_FALLBACK) {
		t.lowered[insn.kind][insn.mnemonic] |= what;
		t.classes[insn.kind] |= what;
	}
}

static void sweep_modrm(uint8_t *bytes, unsigned n, bool code32)
{
	for (unsigned modrm = 0; modrm < 256; modrm++) {
		if (modrm >> 6 != 3 && (modrm & 0xc7))
			continue; /* one memory form stands for all */
		bytes[n] = (uint8_t)modrm;
		mark(bytes, n + 9, code32, THERE);
	}
}

/* Prefixes, F2 and F3 and so on, are no opcodes. */
static bool is_prefix(uint8_t b)
{
	static const uint8_t all[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65,
				       0x66, 0x67, 0xf0, 0xf2, 0xf3 };

	return memchr(all, b, sizeof(all)) != NULL;
}

static void sweep(void)
{
	static const uint8_t prefixes[] = { 0, 0x66, 0xf2, 0xf3 };
	uint8_t bytes[16] = { 0 };

	for (unsigned k = 0; k < 4 * 2 * 256; k++) {
		unsigned n = 0;

		if (!(k & 256) && (is_prefix((uint8_t)k) || (uint8_t)k == 0x0f))
			continue;
		if (prefixes[k >> 9])
			bytes[n++] = prefixes[k >> 9];
		if (k & 256)
			bytes[n++] = 0x0f;
		bytes[n++] = (uint8_t)k;
		sweep_modrm(bytes, n, true);
		sweep_modrm(bytes, n, false);
	}
}

static void mark_row(void *user, const struct row *row)
{
	(void)user;
	mark(row->code, row->length, row->before.state.segment[TSR_CS].access & TSR_SEG_DB, MET);
}

/* -- the report */
struct figure {
	unsigned there, met;
};

static bool missed(struct figure *f, uint8_t mark)
{
	f->there += mark & THERE;
	f->met += mark == (THERE | MET);
	return mark == THERE;
}

static void print_key(const char *what, uint32_t key)
{
	static const char *const prefixes[] = { "", "66 ", "f2 ", "f3 " };
	unsigned map = key >> 15 & 1, opcode = key >> 7 & 0xff;

	printf("%s without a row: %s%s%02x", what, prefixes[key >> 5 & 3], map ? "0f " : "",
	       opcode);
	if (is_group(map, opcode))
		printf(" /%u", key >> 2 & 7);
	printf(", %s, %s bits\n", key & 2 ? "register" : "memory", key & 1 ? "32" : "8 or 16");
}

static bool report(const char *name, struct figure f)
{
	printf("%s %u/%u\n", name, f.met, f.there);
	return f.met == f.there && f.there > 20;
}

static bool report_interpreter(void)
{
	struct figure functions = { 0 }, mnemonics = { 0 }, encodings = { 0 }, undefined = { 0 };
	bool ok;

	for (unsigned i = 0; i < t.function_count; i++)
		if (missed(&functions, t.functions[i].mark))
			printf("interpreter function without a row: one of %s\n",
			       tsr_bt_mnemonic_name(t.functions[i].mnemonic));
	for (uint16_t i = 0; i < MNEMONICS; i++)
		if (missed(&mnemonics, t.mnemonics[i]))
			printf("mnemonic without a row: %s\n", tsr_bt_mnemonic_name(i));
	for (uint32_t i = 0; i < KEYS; i++) {
		if (missed(&encodings, t.encodings[i]))
			print_key("encoding", i);
		if (missed(&undefined, t.undefined[i]))
			print_key("undefined", i);
	}
	ok = report("interpreter functions", functions);
	ok &= report("interpreter mnemonics", mnemonics);
	ok &= report("encodings", encodings);
	ok &= report("undefined encodings", undefined);
	return ok;
}

static bool report_translator(void)
{
	struct figure classes = { 0 }, mnemonics = { 0 };
	bool ok;

	for (unsigned k = 0; k < BT_CLASSES; k++) {
		if (missed(&classes, t.classes[k]))
			printf("lowering class without a row: %u\n", k);
		for (uint16_t i = 0; i < MNEMONICS; i++)
			if (missed(&mnemonics, t.lowered[k][i]))
				printf("lowered mnemonic without a row: %s\n",
				       tsr_bt_mnemonic_name(i));
	}
	ok = report("lowering classes", classes);
	ok &= report("lowered mnemonics", mnemonics);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned rows;
	bool ok;

	if (argc < 2)
		return 2;
	t.m = machine_new(NULL);
	sweep();
	rows = rows_each(argv[1], mark_row, NULL);
	printf("%u rows\n", rows);
	ok = report_interpreter();
	ok &= report_translator();
	machine_free(t.m);
	return rows && ok ? 0 : 1;
}
