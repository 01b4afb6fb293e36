/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From text to struct row. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

/* The FXSAVE image, SDM volume 1, 10.5.1 */
enum { FX_FCW = 0, FX_FSW = 2, FX_FTW = 4, FX_MXCSR = 24, FX_MASK = 28, FX_ST = 32, FX_XMM = 160 };
#define TOP(fsw) ((fsw) >> 11 & 7)

/* x87 registers as a side names them; they get their places when its TOP is known. */
struct stack {
	uint8_t value[8][10];
	uint8_t given, emptied, mmx; /* a bit for each register */
	bool has_fsw, has_top, has_ftw;
	uint8_t ftw;
	uint16_t fsw;
};

/* -- one token */
static const struct {
	char letter;
	uint32_t bits;
} flags[] = {
	{ 'c', TSR_FLAG_CF }, { 'z', TSR_FLAG_ZF },   { 's', TSR_FLAG_SF },  { 'o', TSR_FLAG_OF },
	{ 'p', TSR_FLAG_PF }, { 'a', TSR_FLAG_AF },   { 'd', TSR_FLAG_DF },  { 'i', TSR_FLAG_IF },
	{ 'n', TSR_FLAG_NT }, { 'l', TSR_FLAG_IOPL }, { 'x', TSR_FLAG_AC },  { 'y', TSR_FLAG_ID },
	{ 't', TSR_FLAG_TF }, { 'v', TSR_FLAG_VIF },  { 'w', TSR_FLAG_VIP },
};

static bool parse_flags(struct row_side *side, const char *text)
{
	uint32_t *to = &side->state.eflags;

	*to &= TSR_FLAG_VM;
	*to |= 2;
	side->flags_ignored = 0;
	for (; *text; text++) {
		size_t i = 0;

		if (*text == '?') {
			to = &side->flags_ignored;
			continue;
		}
		if (*text == '~')
			side->flags_ignored = TSR_FLAGS_ARITHMETIC;
		if (*text == '~' || *text == '-')
			continue;
		while (i < sizeof(flags) / sizeof(*flags) && flags[i].letter != *text)
			i++;
		if (i == sizeof(flags) / sizeof(*flags))
			return false;
		*to |= flags[i].bits;
	}
	return true;
}

static unsigned parse_hex(const char *text, uint8_t *bytes, unsigned room)
{
	unsigned n = 0;

	for (; isxdigit((unsigned char)text[0]) && isxdigit((unsigned char)text[1]) && n < room;
	     text += 2) {
		char pair[3] = { text[0], text[1], 0 };

		bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return *text ? 0 : n;
}

/* A number of exactly `n` bytes, most significant first, to memory order. */
static bool parse_wide(const char *text, uint8_t *to, unsigned n)
{
	uint8_t bytes[16];

	if (parse_hex(text, bytes, 16) != n)
		return false;
	for (unsigned i = 0; i < n; i++)
		to[i] = bytes[n - 1 - i];
	return true;
}

static bool parse_memory(struct row_side *side, const char *token)
{
	struct row_memory *m = &side->memory[side->memory_count];
	char *end;

	if (side->memory_count == sizeof(side->memory) / sizeof(*side->memory))
		return false;
	m->at = (tsr_gla)strtoul(token + 1, &end, 16);
	if (end[0] != ']' || end[1] != '=')
		return false;
	m->count = parse_hex(end + 2, m->bytes, sizeof(m->bytes));
	side->memory_count++;
	return m->count && m->at + m->count <= ROWS_RAM;
}

static struct tsr_x86_segment *segment_named(struct tsr_x86_state *s, const char *name)
{
	static const char names[] = "escsssdsfsgs";

	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (!strncmp(name, names + 2 * i, 2))
			return &s->segment[i];
	}
	return !strncmp(name, "tr", 2) ? &s->tr : !strncmp(name, "ld", 2) ? &s->ldtr : NULL;
}

static bool parse_segment(struct tsr_x86_state *s, const char *name, uint32_t value)
{
	struct tsr_x86_segment *segment = segment_named(s, name);

	if (!segment)
		return false;
	if (!name[2])
		segment->selector = (uint16_t)value;
	else if (!strcmp(name + 2, ".base"))
		segment->base = value;
	else if (!strcmp(name + 2, ".limit"))
		segment->limit = value;
	else if (!strcmp(name + 2, ".access"))
		segment->access = (uint16_t)value;
	else
		return false;
	return true;
}

#define FIELD(text, member) \
	{ \
		text, offsetof(struct tsr_x86_state, member) \
	}
/* clang-format off */
static const struct {
	const char *name;
	size_t at;
} fields[] = {
	FIELD("eax", gpr[0]), FIELD("ecx", gpr[1]), FIELD("edx", gpr[2]), FIELD("ebx", gpr[3]), FIELD("esp", gpr[4]), FIELD("ebp", gpr[5]),
	FIELD("esi", gpr[6]), FIELD("edi", gpr[7]), FIELD("eip", eip), FIELD("cr0", cr0), FIELD("cr2", cr2), FIELD("cr3", cr3),
	FIELD("cr4", cr4), FIELD("dr0", dr[0]), FIELD("dr1", dr[1]), FIELD("dr2", dr[2]), FIELD("dr3", dr[3]), FIELD("dr6", dr[6]),
	FIELD("dr7", dr[7]), FIELD("gdtr.base", gdtr.base), FIELD("gdtr.limit", gdtr.limit), FIELD("idtr.base", idtr.base),
	FIELD("idtr.limit", idtr.limit), FIELD("sysenter.cs", sysenter_cs), FIELD("sysenter.esp", sysenter_esp),
	FIELD("sysenter.eip", sysenter_eip), FIELD("mxcsr", fx[FX_MXCSR]), FIELD("halted", halted),
};
/* clang-format on */

static bool parse_field(struct tsr_x86_state *s, const char *name, const char *text)
{
	uint32_t value = (uint32_t)strtoul(text, NULL, 16);

	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		if (!strcmp(fields[i].name, name)) {
			memcpy((uint8_t *)s + fields[i].at, &value, 4);
			return true;
		}
	}
	return parse_segment(s, name, value);
}

static bool parse_stack(struct stack *stack, const char *name, const char *text)
{
	unsigned i = (unsigned)(name[2] - '0');
	uint8_t bit = (uint8_t)(1u << i);

	if (i > 7 || name[3])
		return false;
	if (!strcmp(text, "-")) {
		stack->emptied |= bit;
		return true;
	}
	stack->given |= bit;
	if (name[0] == 's')
		return parse_wide(text, stack->value[i], 10);
	stack->mmx |= bit;
	stack->value[i][8] = stack->value[i][9] = 0xff;
	return parse_wide(text, stack->value[i], 8);
}

static bool parse_fp(struct row_side *side, struct stack *stack, const char *name, char *text)
{
	char *ignored = strchr(text, '?');
	uint16_t value;

	if (!strncmp(name, "xmm", 3))
		return name[3] >= '0' && name[3] <= '7' &&
		       parse_wide(text, side->state.fx + FX_XMM + 16 * (name[3] - '0'), 16);
	if ((name[0] == 's' && name[1] == 't' && isdigit((unsigned char)name[2])) ||
	    (name[0] == 'm' && name[1] == 'm'))
		return parse_stack(stack, name, text);
	if (ignored)
		side->fsw_ignored = (uint16_t)strtoul(ignored + 1, NULL, 16);
	value = (uint16_t)strtoul(text, NULL, 16);
	if (!strcmp(name, "fcw")) {
		memcpy(side->state.fx + FX_FCW, &value, 2);
	} else if (!strcmp(name, "fsw")) {
		stack->has_fsw = true;
		stack->fsw = value;
	} else if (!strcmp(name, "top")) {
		stack->has_top = true;
		stack->fsw = (uint16_t)(value << 11);
	} else if (!strcmp(name, "ftw")) {
		stack->has_ftw = true;
		stack->ftw = (uint8_t)value;
	} else {
		return false;
	}
	return true;
}

static bool parse_page(struct row *row, const char *name, const char *text)
{
	if (row->page_count == 4 || !strchr("-rs", *text))
		return false;
	row->pages[row->page_count].page = (uint32_t)strtoul(name + 4, NULL, 16);
	row->pages[row->page_count++].kind = *text;
	return true;
}

/* What belongs to the row as a whole: v= e= io= pageN=. */
static bool parse_row_token(struct row *row, const char *name, const char *value)
{
	uint32_t number = (uint32_t)strtoul(value, NULL, 16);

	if (!strcmp(name, "v")) {
		row->vector = (int)number;
		row->kept_eip = number == 1 || number == 3 || number == 4 || number >= 32;
	} else if (!strcmp(name, "e")) {
		row->has_error = true;
		row->error = number;
	} else if (!strcmp(name, "io")) {
		row->io = number;
	} else if (!strncmp(name, "page", 4)) {
		return parse_page(row, name, value);
	} else {
		return false;
	}
	return true;
}

static bool parse_token(struct row *row, struct row_side *side, struct stack *stack, char *token)
{
	char *value = strchr(token, '=');

	if (token[0] == '[')
		return parse_memory(side, token);
	if (!value)
		return false;
	*value++ = 0;
	if (!strcmp(token, "f"))
		return parse_flags(side, value);
	return parse_row_token(row, token, value) || parse_fp(side, stack, token, value) ||
	       parse_field(&side->state, token, value);
}

static unsigned depth(uint8_t given)
{
	return given ? 8 - (unsigned)__builtin_clz((unsigned)given << 24) : 0;
}

/*
 * Before: TOP is such that the named registers are the whole stack. After: what is not named is as
 * before in its place, and TOP too; an MMX register named says that TOP is 0 and no register empty.
 */
static void finish_stack(struct row_side *side, const struct stack *stack, bool before)
{
	uint8_t *fx = side->state.fx, *ftw = fx + FX_FTW,
		given = stack->given & (uint8_t)~stack->mmx;
	uint16_t fsw;
	unsigned top;

	memcpy(&fsw, fx + FX_FSW, 2);
	if (stack->has_fsw)
		fsw = stack->fsw;
	else if (stack->has_top)
		fsw = (uint16_t)((fsw & ~0x3800) | stack->fsw);
	else if (stack->mmx)
		fsw &= 0xc7ff;
	else if (before)
		fsw = (uint16_t)((8 - depth(given)) % 8 << 11);
	memcpy(fx + FX_FSW, &fsw, 2);
	top = TOP(fsw);
	for (unsigned i = 0; i < 8; i++) {
		unsigned place = stack->mmx ? i : (top + i) & 7;

		if (stack->given & 1u << i) {
			/* the image has ST(i) in the order of the stack, whatever TOP is */
			memcpy(fx + FX_ST + 16 * ((place - top) & 7), stack->value[i], 10);
			*ftw |= (uint8_t)(1u << place);
		}
		if (stack->emptied & 1u << i)
			*ftw &= (uint8_t) ~(1u << place);
	}
	if (stack->has_ftw)
		*ftw = stack->ftw;
	else if (stack->mmx && !before)
		*ftw = 0xff;
}

/* The image's registers are relative to TOP: moves them when the side changes it. */
static void turn_stack(uint8_t *fx, unsigned from, unsigned to)
{
	uint8_t old[8][16];

	memcpy(old, fx + FX_ST, sizeof(old));
	for (unsigned i = 0; i < 8; i++)
		memcpy(fx + FX_ST + 16 * i, old[(to + i - from) & 7], 16);
}

static bool parse_side(struct row *row, struct row_side *side, char *text, bool before)
{
	struct stack stack = { 0 };
	char *token, *rest = NULL;
	uint16_t fsw;
	unsigned from, to;

	memcpy(&fsw, side->state.fx + FX_FSW, 2);
	from = to = TOP(fsw);
	for (token = strtok_r(text, " \n", &rest); token; token = strtok_r(NULL, " \n", &rest)) {
		if (!parse_token(row, side, &stack, token))
			return false;
	}
	if (stack.has_fsw || stack.has_top)
		to = TOP(stack.fsw);
	else if (stack.mmx)
		to = 0;
	if (!before)
		turn_stack(side->state.fx, from, to);
	finish_stack(side, &stack, before);
	return true;
}

/* -- a row */
static void flat_segments(struct tsr_x86_state *s, unsigned cpl, bool code32)
{
	uint16_t big = code32 ? 0xc000 : 0x8000;

	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i] =
			(struct tsr_x86_segment){ .selector = cpl ? 0x23 : 0x10,
						  .limit = UINT32_MAX,
						  .access = (uint16_t)(big | 0x93 | cpl << 5) };
	s->segment[TSR_CS].selector = cpl ? 0x1b : 0x08;
	s->segment[TSR_CS].access = (uint16_t)(big | 0x9b | cpl << 5);
	s->cpl = cpl;
}

static void paragraph_segments(struct tsr_x86_state *s, bool v86)
{
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		s->segment[i] =
			(struct tsr_x86_segment){ .limit = 0xffff, .access = v86 ? 0xf3 : 0x93 };
	s->cpl = v86 ? 3 : 0;
	if (v86)
		s->eflags |= TSR_FLAG_VM;
}

static void initial_state(struct tsr_x86_state *s, enum row_mode mode)
{
	static const uint16_t fcw = 0x37f;
	static const uint32_t mxcsr = 0x1f80, mask = 0xffff;

	memset(s, 0, sizeof(*s));
	s->version = TSR_X86_STATE_VERSION;
	s->size = sizeof(*s);
	s->eflags = 2;
	s->dr[6] = 0xffff0ff0;
	s->dr[7] = 0x400;
	s->cr0 = TSR_CR0_ET | TSR_CR0_NE | (mode == ROW_REAL ? 0 : TSR_CR0_PE);
	s->cr4 = TSR_CR4_OSFXSR | TSR_CR4_OSXMMEXCPT;
	memcpy(s->fx + FX_FCW, &fcw, 2);
	memcpy(s->fx + FX_MXCSR, &mxcsr, 4);
	memcpy(s->fx + FX_MASK, &mask, 4);
	if (mode == ROW_REAL || mode == ROW_V86)
		paragraph_segments(s, mode == ROW_V86);
	else
		flat_segments(s, mode == ROW_USER ? 3 : 0, mode != ROW_16);
	s->gdtr.base = 0x10000;
	s->gdtr.limit = 0xfff;
	s->idtr.base = mode == ROW_REAL ? 0 : 0x11000;
	s->idtr.limit = mode == ROW_REAL ? 0x3ff : 0x7ff;
	s->ldtr = (struct tsr_x86_segment){
		.selector = 0x58, .access = 0x82, .limit = 0xfff, .base = 0x13000
	};
	s->tr = (struct tsr_x86_segment){
		.selector = 0x28, .access = 0x8b, .limit = 0x1fff, .base = 0x12000
	};
	s->eip = ROWS_CODE;
	s->gpr[TSR_ESP] = 0x8000;
}

static bool parse_mode(struct row *row, const char *text)
{
	static const char *const names[ROW_MODES] = { "32 ", "16 ", "r ", "3 ", "v " };

	for (unsigned i = 0; i < ROW_MODES; i++) {
		if (!strncmp(text, names[i], strlen(names[i]))) {
			row->mode = (enum row_mode)i;
			return true;
		}
	}
	return false;
}

static bool parse_code(struct row *row, char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from != ' ')
			*to++ = *from;
	}
	*to = 0;
	row->length = parse_hex(text, row->code, sizeof(row->code));
	return row->length != 0;
}

bool row_parse(struct row *row, const char *line, const char **problem)
{
	char text[sizeof(row->text)], *code, *first, *second;

	memset(row, 0, sizeof(*row));
	row->vector = -1;
	snprintf(row->text, sizeof(row->text), "%.*s", (int)strcspn(line, "\n"), line);
	memcpy(text, row->text, sizeof(text));
	code = strchr(text, ' ');
	first = strchr(text, '|');
	second = first ? strchr(first + 1, '|') : NULL;
	*problem = "not MODE CODE | before | after";
	if (!code || !second || !parse_mode(row, text))
		return false;
	*first = *second = 0;
	*problem = "the code is not hexadecimal";
	if (!parse_code(row, code))
		return false;
	initial_state(&row->before.state, row->mode);
	*problem = "not understood before the second bar";
	if (!parse_side(row, &row->before, first + 1, true))
		return false;
	if (row->page_count) {
		row->before.state.cr0 |= TSR_CR0_PG | TSR_CR0_WP;
		row->before.state.cr3 = 0x80000;
	}
	row->after.state = row->before.state;
	row->after.state.eip += row->length;
	if (row->mode != ROW_32 && row->mode != ROW_USER)
		row->after.state.eip &= 0xffff;
	*problem = "not understood after the second bar";
	return parse_side(row, &row->after, second + 1, false);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static unsigned file_each(const char *path, const char *name,
			  void (*each)(void *user, const struct row *row), void *user)
{
	static struct row row;
	char line[sizeof(row.text)];
	const char *problem;
	unsigned rows = 0, number = 0;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f)) {
		number++;
		if (line[0] == '#' || isspace((unsigned char)line[0]))
			continue;
		if (!row_parse(&row, line, &problem)) {
			printf("%s:%u: %s: %s", name, number, problem, line);
			fclose(f);
			return 0;
		}
		row.file = name;
		row.line = number;
		each(user, &row);
		rows++;
	}
	if (f)
		fclose(f);
	return rows;
}

unsigned rows_each(const char *folder, void (*each)(void *user, const struct row *row), void *user)
{
	DIR *dir = opendir(folder);
	char *names[64], path[1024];
	unsigned count = 0, rows = 0;
	bool ok = dir != NULL;

	for (const struct dirent *d = dir ? readdir(dir) : NULL; d && count < 64;
	     d = readdir(dir)) {
		if (strlen(d->d_name) > 4 && islower((unsigned char)d->d_name[0]) &&
		    !strcmp(d->d_name + strlen(d->d_name) - 4, ".txt"))
			names[count++] = strdup(d->d_name);
	}
	if (dir)
		closedir(dir);
	qsort(names, count, sizeof(*names), by_name);
	for (unsigned i = 0; i < count; i++) {
		unsigned n = 0;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		if (ok)
			n = file_each(path, names[i], each, user);
		ok &= n != 0;
		rows += n;
		free(names[i]);
	}
	return ok ? rows : 0;
}
