/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A row's machine: tables, code and data in memory, and the comparison of what came out with what
 * should. */
#include <stdio.h>
#include <string.h>

#include "rows.h"

#define GDT 0x10000u
#define IDT 0x11000u
#define TSS 0x12000u
#define PAGE_DIRECTORY 0x80000u
#define PAGE_TABLE 0x81000u

static void put(uint8_t *ram, tsr_gla at, uint32_t value, unsigned size)
{
	memcpy(ram + at, &value, size);
}

static uint32_t get(const uint8_t *ram, tsr_gla at, unsigned size)
{
	uint32_t value = 0;

	memcpy(&value, ram + at, size);
	return value;
}

/* access: as in struct tsr_x86_segment */
static void put_descriptor(uint8_t *ram, unsigned selector, uint32_t base, uint32_t limit,
			   unsigned access)
{
	put(ram, GDT + selector, (limit & 0xffff) | base << 16, 4);
	put(ram, GDT + selector + 4,
	    (base >> 16 & 0xff) | (access & 0xf0ff) << 8 | (limit & 0xf0000) | (base & 0xff000000),
	    4);
}

static void put_tables(uint8_t *ram)
{
	/* clang-format off */
	static const struct {
		uint16_t selector, access;
		uint32_t base, limit;
	} descriptors[] = {
		{ 0x08, 0xc09b, 0, 0xfffff }, { 0x10, 0xc093, 0, 0xfffff }, { 0x18, 0xc0fb, 0, 0xfffff }, { 0x20, 0xc0f3, 0, 0xfffff },
		{ 0x28, 0x008b, TSS, 0x1fff }, { 0x30, 0x009b, 0, 0xffff }, { 0x38, 0x0093, 0, 0xffff }, { 0x40, 0x00fb, 0, 0xffff },
		{ 0x48, 0x00f3, 0, 0xffff }, { 0x50, 0xc09f, 0, 0xfffff }, { 0x58, 0x0082, 0x13000, 0xfff },
	};
	/* clang-format on */

	for (unsigned i = 0; i < sizeof(descriptors) / sizeof(*descriptors); i++)
		put_descriptor(ram, descriptors[i].selector, descriptors[i].base,
			       descriptors[i].limit, descriptors[i].access);
	put(ram, TSS + 4, ROWS_STACK0, 4);
	put(ram, TSS + 8, 0x10, 4);
	put(ram, TSS + 0x66, 0x68, 2);
	for (unsigned v = 0; v < 256; v++) {
		put(ram, IDT + 8 * v, 0x80000 | ((ROWS_HANDLER + 16 * v) & 0xffff), 4);
		put(ram, IDT + 8 * v + 4, v == 3 || v == 4 || v >= 32 ? 0xee00 : 0x8e00, 4);
	}
}

static void put_pages(const struct row *row, uint8_t *ram)
{
	put(ram, PAGE_DIRECTORY, PAGE_TABLE | 7, 4);
	for (uint32_t i = 0; i < 1024; i++)
		put(ram, PAGE_TABLE + 4 * i, i << 12 | 7, 4);
	for (unsigned i = 0; i < row->page_count; i++) {
		uint32_t page = row->pages[i].page;

		put(ram, PAGE_TABLE + 4 * page,
		    page << 12 | (row->pages[i].kind == '-'   ? 6
				  : row->pages[i].kind == 'r' ? 5
							      : 3),
		    4);
	}
}

static void put_memory(uint8_t *ram, const struct row_side *side)
{
	for (unsigned i = 0; i < side->memory_count; i++)
		memcpy(ram + side->memory[i].at, side->memory[i].bytes, side->memory[i].count);
}

void row_set_up(const struct row *row, uint8_t *ram)
{
	memset(ram, 0, 0x13000);
	memset(ram + 0x1f000, 0, 0x1000);
	memset(ram + 0x30000, 0, 0x10000);
	memset(ram + 0x13000, 0, 0x1000);
	if (row->mode == ROW_REAL)
		for (unsigned v = 0; v < 256; v++)
			put(ram, 4 * v, ROWS_HANDLER + 16 * v, 4);
	else
		put_tables(ram);
	if (row->page_count)
		put_pages(row, ram);
	for (unsigned v = 0; v < 256; v++)
		ram[ROWS_HANDLER + 16 * v] = 0xf4;
	memcpy(ram + row->before.state.segment[TSR_CS].base + row->before.state.eip, row->code,
	       row->length);
	put_memory(ram, &row->before);
}

tsr_gla row_next(const struct row *row)
{
	const struct tsr_x86_state *s = &row->after.state;
	bool paragraphs = row->mode == ROW_REAL || row->mode == ROW_V86;

	return s->eip +
	       (paragraphs ? (tsr_gla)s->segment[TSR_CS].selector << 4 : s->segment[TSR_CS].base);
}

bool row_meets_itself(const struct row *row)
{
	tsr_gla next = row_next(row),
		code = row->before.state.segment[TSR_CS].base + row->before.state.eip;

	return row->vector < 0 && next + 1 > code && next < code + row->length;
}

/* -- comparing */
static bool differs(const struct row *row, const char *what, uint32_t got, uint32_t want)
{
	if (got == want)
		return false;
	printf("%s:%u: %s\n\t%s is %x, should be %x\n", row->file, row->line, row->text, what, got,
	       want);
	return true;
}

static bool wide_differs(const struct row *row, const char *what, unsigned i, const uint8_t *got,
			 const uint8_t *want, unsigned n)
{
	if (!memcmp(got, want, n))
		return false;
	printf("%s:%u: %s\n\t%s%u is ", row->file, row->line, row->text, what, i);
	for (unsigned k = n; k--;)
		printf("%02x", got[k]);
	printf(", should be ");
	for (unsigned k = n; k--;)
		printf("%02x", want[k]);
	printf("\n");
	return true;
}

static bool fp_differs(const struct row *row, const uint8_t *got)
{
	const uint8_t *want = row->after.state.fx;
	uint16_t fsw = (uint16_t)~row->after.fsw_ignored;
	bool wrong = differs(row, "fcw", get(got, 0, 2), get(want, 0, 2));

	wrong |= differs(row, "fsw", get(got, 2, 2) & fsw, get(want, 2, 2) & fsw);
	wrong |= differs(row, "ftw", got[4], want[4]);
	wrong |= differs(row, "mxcsr", get(got, 24, 4), get(want, 24, 4));
	for (unsigned i = 0; i < 8; i++) {
		wrong |= wide_differs(row, "st", i, got + 32 + 16 * i, want + 32 + 16 * i, 10);
		wrong |= wide_differs(row, "xmm", i, got + 160 + 16 * i, want + 160 + 16 * i, 16);
	}
	return wrong;
}

static bool memory_differs(const struct row *row, const uint8_t *ram)
{
	for (unsigned i = 0; i < row->after.memory_count; i++) {
		const struct row_memory *m = &row->after.memory[i];
		char what[32];

		for (unsigned k = 0; k < m->count; k++) {
			snprintf(what, sizeof(what), "[%x]", m->at + k);
			if (differs(row, what, ram[m->at + k], m->bytes[k]))
				return true;
		}
	}
	return false;
}

/* Data pages hold what they held, but for what the row names. */
static bool rest_differs(const struct row *row, const uint8_t *ram)
{
	static uint8_t want[ROWS_RAM];
	static const struct {
		uint32_t from, to;
	} areas[] = { { 0x5000, 0x7000 }, { 0x30000, 0x40000 } };

	for (unsigned a = 0; a < 2; a++) {
		memset(want + areas[a].from, 0, areas[a].to - areas[a].from);
		put_memory(want, &row->before);
		put_memory(want, &row->after);
		if (!memcmp(want + areas[a].from, ram + areas[a].from, areas[a].to - areas[a].from))
			continue;
		for (uint32_t at = areas[a].from; at < areas[a].to; at++) {
			char what[32];

			snprintf(what, sizeof(what), "[%x], not named,", at);
			if (differs(row, what, ram[at], want[at]))
				return true;
		}
	}
	return false;
}

#define IGNORED (TSR_FLAG_RF | TSR_FLAG_VM)

#define FIELD(text, member) \
	{ \
		text, offsetof(struct tsr_x86_state, member) \
	}
/* clang-format off */
static const struct {
	const char *name;
	size_t at;
} fields[] = {
	FIELD("cr0", cr0), FIELD("cr2", cr2), FIELD("cr3", cr3), FIELD("cr4", cr4), FIELD("dr0", dr[0]), FIELD("dr1", dr[1]),
	FIELD("dr2", dr[2]), FIELD("dr3", dr[3]), FIELD("dr6", dr[6]), FIELD("dr7", dr[7]), FIELD("gdtr.base", gdtr.base),
	FIELD("gdtr.limit", gdtr.limit), FIELD("idtr.base", idtr.base), FIELD("idtr.limit", idtr.limit),
	FIELD("sysenter.cs", sysenter_cs), FIELD("sysenter.esp", sysenter_esp), FIELD("sysenter.eip", sysenter_eip),
};
/* clang-format on */

static uint32_t field(const struct tsr_x86_state *s, size_t at)
{
	uint32_t value;

	memcpy(&value, (const uint8_t *)s + at, sizeof(value));
	return value;
}

static bool registers_differ(const struct row *row, const struct tsr_x86_state *got)
{
	static const char *const names[] = {
		"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"
	};
	const struct tsr_x86_state *want = &row->after.state;
	bool wrong = false;

	for (unsigned i = 0; i < 8; i++)
		if (row->vector < 0 || i != TSR_ESP)
			wrong |= differs(row, names[i], got->gpr[i], want->gpr[i]);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		wrong |= differs(row, fields[i].name, field(got, fields[i].at),
				 field(want, fields[i].at));
	wrong |= differs(row, "tr", got->tr.selector, want->tr.selector);
	wrong |= differs(row, "ldtr", got->ldtr.selector, want->ldtr.selector);
	return wrong;
}

/* The frame that the handler finds: SDM volume 3, 6.12.1 and 20.1.4. */
static bool fault_differs(const struct row *row, const struct tsr_x86_state *got,
			  const uint8_t *ram)
{
	bool real = row->mode == ROW_REAL;
	unsigned size = real ? 2 : 4;
	tsr_gla at =
		got->segment[TSR_SS].base + (real ? got->gpr[TSR_ESP] & 0xffff : got->gpr[TSR_ESP]);
	uint32_t eip = row->kept_eip ? row->after.state.eip : row->before.state.eip;
	uint32_t mask = ~(row->after.flags_ignored | IGNORED) & (real ? 0xffff : UINT32_MAX);
	bool wrong = differs(row, "handler", got->eip, ROWS_HANDLER + 16 * (unsigned)row->vector);

	if (wrong)
		return true;
	if (row->has_error) {
		wrong |= differs(row, "error code", get(ram, at, size), row->error);
		at += size;
	}
	wrong |= differs(row, "fault's EIP", get(ram, at, size), eip);
	wrong |= differs(row, "fault's CS", get(ram, at + size, 2),
			 row->before.state.segment[TSR_CS].selector);
	wrong |= differs(row, "fault's flags", get(ram, at + 2 * size, size) & mask,
			 row->after.state.eflags & mask);
	if (row->mode == ROW_USER || row->mode == ROW_V86)
		wrong |= differs(row, "fault's ESP", get(ram, at + 3 * size, size),
				 row->after.state.gpr[TSR_ESP]);
	return wrong;
}

bool row_check(const struct row *row, const struct tsr_x86_state *got, const uint8_t *ram)
{
	const struct tsr_x86_state *want = &row->after.state;
	uint32_t mask = ~(row->after.flags_ignored | TSR_FLAG_RF);
	bool wrong = registers_differ(row, got);

	if (row->vector >= 0) {
		wrong |= fault_differs(row, got, ram);
	} else {
		wrong |= differs(row, "eip", got->eip, want->eip);
		wrong |= differs(row, "eflags", got->eflags & mask, want->eflags & mask);
		wrong |= differs(row, "halted", got->halted, want->halted);
		for (unsigned i = 0; i < TSR_SEGMENTS; i++)
			wrong |= differs(row, "a selector", got->segment[i].selector,
					 want->segment[i].selector);
	}
	wrong |= fp_differs(row, got->fx);
	wrong |= memory_differs(row, ram);
	return !wrong && !rest_differs(row, ram);
}
