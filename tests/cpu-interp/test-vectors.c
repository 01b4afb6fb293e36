/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs the rows of tests/vectors/ (see the README there) in the interpreter. Argument: the folder. */
#include <CUnit/Basic.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "machine.h"

#define CODE 0x1000u
#define HANDLER 0x2000u

static struct machine *m;
static struct tsr_x86_state *s;
static const char *folder;

struct expectation {
	struct tsr_x86_state state;
	int vector;
	bool has_code, flags_any;
	uint32_t code;
	struct {
		tsr_gla at;
		uint8_t bytes[64];
		unsigned count;
	} memory[8];
	unsigned memory_count;
};

static const char flag_letters[] = "czsopad";
static const uint32_t flag_bits[] = { TSR_FLAG_CF, TSR_FLAG_ZF, TSR_FLAG_SF, TSR_FLAG_OF, TSR_FLAG_PF, TSR_FLAG_AF, TSR_FLAG_DF };
#define FLAGS (TSR_FLAGS_ARITHMETIC | TSR_FLAG_DF)

static uint32_t parse_flags(const char *text)
{
	uint32_t flags = 2;

	for (; *text && *text != '-'; text++) {
		const char *at = strchr(flag_letters, *text);

		if (at)
			flags |= flag_bits[at - flag_letters];
	}
	return flags;
}

static bool parse_register(struct tsr_x86_state *state, const char *name, uint32_t value)
{
	static const char *const wide[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
	static const char *const segments[] = { "es", "cs", "ss", "ds", "fs", "gs" };

	for (unsigned i = 0; i < 8; i++) {
		if (!strcmp(name, wide[i])) {
			state->gpr[i] = value;
			return true;
		}
	}
	for (unsigned i = 0; i < TSR_SEGMENTS; i++) {
		if (!strcmp(name, segments[i])) {
			state->segment[i].selector = (uint16_t)value;
			return true;
		}
	}
	if (!strcmp(name, "eip")) {
		state->eip = value;
		return true;
	}
	return false;
}

static void parse_memory(struct expectation *e, const char *token)
{
	char *end;
	unsigned n = 0, k = e->memory_count++;

	e->memory[k].at = (tsr_gla)strtoul(token + 1, &end, 16);
	for (end += 2; end[0] && end[1] && n < 64; end += 2) {
		char pair[3] = { end[0], end[1], 0 };

		e->memory[k].bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	e->memory[k].count = n;
}

/* One `name=value`; false: not understood. */
static bool parse_token(struct expectation *e, char *token)
{
	char *value = strchr(token, '=');

	if (token[0] == '[') {
		parse_memory(e, token);
		return true;
	}
	if (!value)
		return false;
	*value++ = 0;
	if (!strcmp(token, "f")) {
		e->flags_any = *value == '~';
		e->state.eflags = (e->state.eflags & ~(uint32_t)FLAGS) | parse_flags(value);
	} else if (!strcmp(token, "v")) {
		e->vector = (int)strtol(value, NULL, 16);
	} else if (!strcmp(token, "e")) {
		e->has_code = true;
		e->code = (uint32_t)strtoul(value, NULL, 16);
	} else if (!strcmp(token, "io")) {
		m->io_value = strtoul(value, NULL, 16);
	} else {
		return parse_register(&e->state, token, (uint32_t)strtoul(value, NULL, 16));
	}
	return true;
}

static bool parse(struct expectation *e, char *text)
{
	for (char *token = strtok(text, " \n"); token; token = strtok(NULL, " \n")) {
		if (!parse_token(e, token))
			return false;
	}
	return true;
}

static void setup(char mode)
{
	memset(m->ram, 0, 0x20000);
	if (mode == 'r') {
		machine_real(m);
		for (unsigned v = 0; v < 32; v++)
			machine_poke(m, 4 * v, HANDLER + 16 * v, 4);
	} else {
		machine_flat(m, mode == '3' ? 3 : 0);
		machine_tables(m);
		for (unsigned v = 0; v < 32; v++)
			machine_idt(m, v, SEL_CODE0, HANDLER + 16 * v, v == 3 || v == 4 ? 0xee : 0x8e);
		for (unsigned i = 0; i < TSR_SEGMENTS; i++)
			s->segment[i].selector = mode == '3' ? (i == TSR_CS ? SEL_CODE3 : SEL_DATA3) : i == TSR_CS ? SEL_CODE0 : SEL_DATA0;
		if (mode == '1') {
			s->segment[TSR_CS].access &= ~TSR_SEG_DB;
			s->segment[TSR_SS].access &= ~TSR_SEG_DB;
		}
	}
	s->eip = CODE;
	s->gpr[TSR_ESP] = 0x8000;
	m->io_value = 0;
}

static bool differs(const char *row, const char *what, uint32_t got, uint32_t want)
{
	if (got == want)
		return false;
	printf("\n%s: %s is %x, should be %x", row, what, got, want);
	return true;
}

static bool check_fault(const char *row, char mode, const struct expectation *e)
{
	unsigned size = mode == 'r' ? 2 : 4;
	bool soft = e->vector == 3 || e->vector == 4;
	uint32_t esp = s->gpr[TSR_ESP];

	if (differs(row, "handler", s->eip, HANDLER + 16 * (unsigned)e->vector))
		return false;
	if (e->has_code && differs(row, "error code", machine_peek(m, esp, size), e->code))
		return false;
	return soft || !differs(row, "fault's EIP", machine_peek(m, esp + (e->has_code ? size : 0), size), CODE);
}

static bool check(const char *row, const struct expectation *e)
{
	static const char *const names[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
	bool wrong = false;

	for (unsigned i = 0; i < 8; i++)
		wrong |= differs(row, names[i], s->gpr[i], e->state.gpr[i]);
	for (unsigned i = 0; i < TSR_SEGMENTS; i++)
		wrong |= differs(row, "a selector", s->segment[i].selector, e->state.segment[i].selector);
	if (!e->flags_any)
		wrong |= differs(row, "flags", s->eflags & FLAGS, e->state.eflags & FLAGS);
	wrong |= differs(row, "eip", s->eip, e->state.eip);
	for (unsigned i = 0; i < e->memory_count; i++) {
		for (unsigned k = 0; k < e->memory[i].count; k++)
			wrong |= differs(row, "a byte of memory", m->ram[e->memory[i].at + k], e->memory[i].bytes[k]);
	}
	return !wrong;
}

/* MODE CODE | before | after; the text is taken apart. */
static bool run_row(char *line)
{
	struct expectation before = { .vector = -1 }, after = { .vector = -1 };
	char row[512], mode = line[1] == ' ' ? line[0] : line[0] == '3' ? 'p' : '1', *code = strchr(line, ' '), *first = strchr(line, '|'), *second;

	snprintf(row, sizeof(row), "%.*s", (int)strcspn(line, "\n"), line);
	second = first ? strchr(first + 1, '|') : NULL;
	if (!code || !second) {
		printf("\nnot a row: %s", row);
		return false;
	}
	*first = *second = 0;
	setup(mode);
	before.state = *s;
	if (!parse(&before, first + 1)) {
		printf("\nnot understood: %s", row);
		return false;
	}
	*s = before.state;
	for (unsigned i = 0; i < before.memory_count; i++)
		memcpy(m->ram + before.memory[i].at, before.memory[i].bytes, before.memory[i].count);
	after.state = *s;
	after.state.eip = CODE + machine_code(m, CODE, code);
	if (!parse(&after, second + 1)) {
		printf("\nnot understood: %s", row);
		return false;
	}
	machine_step(m, 1);
	return after.vector >= 0 ? check_fault(row, mode, &after) : check(row, &after);
}

static void run_file(const char *name)
{
	char path[512], line[512];
	unsigned rows = 0, wrong = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || isspace((unsigned char)line[0]))
			continue;
		rows++;
		wrong += !run_row(line);
	}
	fclose(f);
	CU_ASSERT(rows > 0);
	CU_ASSERT_EQUAL(wrong, 0);
	printf(" %u rows ", rows);
}

#define FILE_TEST(name) \
	static void test_##name(void) \
	{ \
		run_file(#name ".txt"); \
	}
FILE_TEST(arithmetic)
FILE_TEST(moves)
FILE_TEST(stack)
FILE_TEST(strings)
FILE_TEST(system)

int main(int argc, char **argv)
{
	static CU_TestInfo tests[] = {
		{ "arithmetic", test_arithmetic }, { "moves", test_moves }, { "stack", test_stack }, { "strings", test_strings },
		{ "system", test_system }, CU_TEST_INFO_NULL,
	};
	CU_SuiteInfo suites[] = { { "vectors", NULL, NULL, NULL, NULL, tests }, CU_SUITE_INFO_NULL };
	unsigned failures;

	if (argc < 2)
		return 2;
	folder = argv[1];
	m = machine_new(NULL);
	s = &m->state;
	CU_initialize_registry();
	CU_register_suites(suites);
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	machine_free(m);
	return failures ? 1 : 0;
}
