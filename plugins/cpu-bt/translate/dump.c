/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A block in print. Under each guest instruction stands the host code that was made of it, then the
 * code out of line; each line has its offset in the block, and each part its name (code/parts.h).
 * Jumps name the part they lead to or the runtime's entry, operands off r15 name the member of the
 * processor's struct.
 */
#include <Zydis/Zydis.h>
#include <string.h>

#include "code/emit.h"
#include "translate/dump.h"

static const char *const part_names[] = {
#define ROW(name, text) [BT_PART_##name] = text,
	BT_PARTS(ROW)
#undef ROW
};

/* Entries of the runtime, by what struct bt_runtime calls them. */
static const struct {
	size_t at;
	const char *name;
} entries[] = {
#define ENTRY(name) \
	{ \
		offsetof(struct bt_runtime, name), "runtime: " #name \
	}
	ENTRY(lookup),  ENTRY(jump),        ENTRY(chain),          ENTRY(bail),   ENTRY(miss),
	ENTRY(fp_load), ENTRY(fp_load_x87), ENTRY(fp_load_masked), ENTRY(helper), ENTRY(done),
	ENTRY(spent),   ENTRY(diverted),    ENTRY(poll),
};

static const struct {
	size_t at, size;
	const char *name;
} fields[] = {
#define FIELD(name) \
	{ \
		offsetof(struct tsr_bt, name), sizeof(((struct tsr_bt *)0)->name), #name \
	}
	FIELD(state.gpr),       FIELD(state.eflags),  FIELD(state.segment),
	FIELD(state.shadow),    FIELD(state.fx),      FIELD(hot.tag_word),
	FIELD(hot.jump_offset), FIELD(hot.poll),      FIELD(hot.intr_waiting),
	FIELD(hot.left),        FIELD(hot.fp_loaded), FIELD(hot.flags_ax),
	FIELD(hot.fp_code),     FIELD(hot.fp_data),   FIELD(hot.fp_data_offset),
	FIELD(hot.jumps),       FIELD(hot.unmasked),  FIELD(hot.mxcsr_before),
	FIELD(hot.mxcsr_after), FIELD(hot.fp_status), FIELD(hot.code_stack),
	FIELD(hot.targets),
};

/* -- what an operand or a jump of host code means */

static const char *entry_name(const struct tsr_bt *bt, uint32_t at)
{
	for (size_t i = 0; i < sizeof(entries) / sizeof(*entries); i++) {
		uint32_t entry;

		memcpy(&entry, (const uint8_t *)&bt->rt + entries[i].at, sizeof(entry));
		if (entry == at)
			return entries[i].name;
	}
	if (at >= bt->rt.checks_start && at < bt->rt.checks_end)
		return "runtime: check";
	for (unsigned i = 0; i < 3; i++)
		if (at == bt->rt.movs[i] || at == bt->rt.stos[i])
			return "runtime: run of MOVS or STOS";
	return NULL;
}

/* By the displacement from r15. */
static const char *field_name(int64_t displacement)
{
	int64_t at = displacement + (int64_t)BT_BASE;

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (at >= (int64_t)fields[i].at && at < (int64_t)(fields[i].at + fields[i].size))
			return fields[i].name;
	return NULL;
}

static uint32_t mark_count(const struct tsr_bt *bt, const struct bt_block *b)
{
	return bt->cache.marks ? bt->cache.notes[bt_block_index(bt, b)].mark_count : 0;
}

static const struct bt_mark *mark_of(const struct tsr_bt *bt, const struct bt_block *b, uint32_t i)
{
	return &bt->cache.marks[bt->cache.notes[bt_block_index(bt, b)].marks + i];
}

static const struct bt_mark *mark_at(const struct tsr_bt *bt, const struct bt_block *b,
				     uint32_t host)
{
	const struct bt_mark *found = NULL;

	for (uint32_t i = 0; i < mark_count(bt, b); i++)
		if (mark_of(bt, b, i)->host <= host)
			found = mark_of(bt, b, i);
	return found;
}

static void print_target(const struct tsr_bt *bt, const struct bt_block *b, uint64_t to, FILE *out)
{
	const char *entry = entry_name(bt, (uint32_t)to);
	const struct bt_mark *m;

	if (entry) {
		fprintf(out, "  ; %s", entry);
	} else if (to >= b->host && to < b->host + b->host_length) {
		m = mark_at(bt, b, (uint32_t)to);
		fprintf(out, "  ; to %04x%s%s", (uint32_t)to - b->host, m ? ", " : "",
			m ? part_names[m->part] : "");
	} else {
		fprintf(out, "  ; another block");
	}
}

static void print_meaning(const struct tsr_bt *bt, const struct bt_block *b, uint32_t at,
			  const ZydisDisassembledInstruction *z, FILE *out)
{
	for (unsigned i = 0; i < z->info.operand_count; i++) {
		const ZydisDecodedOperand *o = &z->operands[i];
		uint64_t to;

		if (o->type == ZYDIS_OPERAND_TYPE_IMMEDIATE && o->imm.is_relative &&
		    ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(&z->info, o, at, &to)))
			print_target(bt, b, to, out);
		if (o->type == ZYDIS_OPERAND_TYPE_MEMORY && o->mem.base == ZYDIS_REGISTER_R15 &&
		    field_name(o->mem.disp.value))
			fprintf(out, "  ; %s", field_name(o->mem.disp.value));
	}
}

/* -- disassembly */

/* Addresses are printed without leading zeros. False: not an instruction. */
static bool disassemble(ZydisMachineMode mode, uint64_t address, const uint8_t *bytes,
			uint32_t length, ZydisDisassembledInstruction *z)
{
	ZydisStackWidth width = mode == ZYDIS_MACHINE_MODE_LEGACY_16   ? ZYDIS_STACK_WIDTH_16
				: mode == ZYDIS_MACHINE_MODE_LEGACY_32 ? ZYDIS_STACK_WIDTH_32
								       : ZYDIS_STACK_WIDTH_64;
	ZydisDecoder decoder;
	ZydisFormatter formatter;

	ZydisDecoderInit(&decoder, mode, width);
	ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
	ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
				  ZYDIS_PADDING_DISABLED);
	return ZYAN_SUCCESS(
		       ZydisDecoderDecodeFull(&decoder, bytes, length, &z->info, z->operands)) &&
	       ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &z->info, z->operands,
							    z->info.operand_count_visible, z->text,
							    sizeof(z->text), address, ZYAN_NULL));
}

/* -- guest code */

/* The block's bytes, of one page or of the two that its only instruction runs over. Returns how
 * many could be read. */
static uint32_t guest_bytes(const struct tsr_bt *bt, const struct bt_block *b, uint8_t *bytes,
			    uint32_t room)
{
	uint32_t first = TSR_PAGE_SIZE - ((uint32_t)b->gpa & TSR_PAGE_MASK), n = 0;
	struct tsr_phys_page page;

	for (; n < b->length && n < room; n++) {
		tsr_gpa gpa = n < first ? b->gpa + n : bt_block_gpa2(bt, b) + n - first;

		bt->board.phys->lookup(bt->board.host, gpa, &page);
		if (!page.read)
			break;
		bytes[n] = page.read[gpa & TSR_PAGE_MASK];
	}
	return n;
}

static void print_guest(const struct tsr_bt *bt, const struct bt_block *b, unsigned n, FILE *out)
{
	static const ZydisMachineMode modes[] = { ZYDIS_MACHINE_MODE_LEGACY_16,
						  ZYDIS_MACHINE_MODE_LEGACY_32 };
	uint8_t bytes[15 * BT_MAX_INSNS];
	uint32_t at = bt_insn_eip(bt, b, n) - bt_block_eip(bt, b),
		 length = guest_bytes(bt, b, bytes, sizeof(bytes));
	ZydisDisassembledInstruction z;

	fprintf(out, "%08x  ", b->eip + at);
	for (uint32_t i = at; i < length && i < at + bt_insn_length(bt, b, n); i++)
		fprintf(out, "%02x", bytes[i]);
	if (at < length && disassemble(modes[!!(b->mode & BT_MODE_CODE32)], b->eip + at, bytes + at,
				       length - at, &z))
		fprintf(out, "  %s\n", z.text);
	else
		fprintf(out, "  (not an instruction)\n");
}

/* -- host code */

/* Prints the code from `at` to `end`, offsets in the block. */
static void print_host(const struct tsr_bt *bt, const struct bt_block *b, uint32_t at, uint32_t end,
		       const char *part, FILE *out)
{
	ZydisDisassembledInstruction z;

	for (; at < end; at += z.info.length, part = "") {
		if (!disassemble(ZYDIS_MACHINE_MODE_LONG_64, b->host + at,
				 bt->cache.rw + b->host + at, end - at, &z)) {
			fprintf(out, "  %04x  %-15s%02x\n", at, part, bt->cache.rw[b->host + at]);
			z.info.length = 1;
			continue;
		}
		fprintf(out, "  %04x  %-15s%s", at, part, z.text);
		print_meaning(bt, b, b->host + at, &z, out);
		fputc('\n', out);
	}
}

/* The parts that begin in the code from `at` to `end`; of those that begin at one place the last,
 * which the others left empty. */
static void print_parts(const struct tsr_bt *bt, const struct bt_block *b, uint32_t at,
			uint32_t end, FILE *out)
{
	const char *part = "";

	for (uint32_t i = 0; i < mark_count(bt, b); i++) {
		const struct bt_mark *m = mark_of(bt, b, i);
		uint32_t from = m->host - b->host;

		if (from >= end)
			break;
		if (from > at) {
			print_host(bt, b, at, from, part, out);
			at = from;
		}
		part = part_names[m->part];
	}
	print_host(bt, b, at, end, part, out);
}

/* Where the code out of line begins. */
static uint32_t inline_length(const struct tsr_bt *bt, const struct bt_block *b)
{
	for (uint32_t i = 0; i < mark_count(bt, b); i++)
		if (mark_of(bt, b, i)->part >= BT_PART_BAIL_STUB)
			return mark_of(bt, b, i)->host - b->host;
	return b->host_length;
}

void tsr_bt_dump(const struct tsr_bt *bt, const struct bt_block *b, FILE *out)
{
	uint32_t end = inline_length(bt, b), at = bt_insn_host(bt, b, 0), next;

	fprintf(out,
		"block at %08x (physical %llx), mode %08x: %u instructions, %u bytes of guest "
		"code, %u of host code at %x\n",
		b->eip, (unsigned long long)b->gpa, b->mode, b->insns, b->length, b->host_length,
		b->host);
	print_parts(bt, b, 0, at, out);
	for (unsigned i = 0; i < b->insns; i++) {
		print_guest(bt, b, i, out);
		next = i + 1 < b->insns ? bt_insn_host(bt, b, i + 1) : end;
		print_parts(bt, b, at, next, out);
		at = next;
	}
	if (end < b->host_length) {
		fprintf(out, "out of line\n");
		print_parts(bt, b, end, b->host_length, out);
	}
}

bool tsr_bt_dump_wanted(const struct tsr_bt *bt, const struct bt_block *b)
{
	return bt->options.dump &&
	       (bt->options.dump_all || bt->options.dump_eip - b->eip < b->length);
}
