/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs every row on a processor plugin: FOLDER interpreter, FOLDER cold or FOLDER warm [OPTIONS of
 * rig.h].
 *
 * The interpreter executes exactly one instruction. The translator cannot, so the row's instruction
 * is followed by a HLT, which in an outer ring ends in #GP's handler. Cold: every row finds an
 * empty code cache and empty page tables. Warm: the instruction stands between two jumps and runs
 * four times, so that its block is entered and left by links; the last time must translate nothing.
 * Rows that lead back into themselves leave no room for the HLT and are the interpreter's alone.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#include "code/decode.h"
#include "../cpu-bt/rig.h"
#include "rows.h"

enum engine { INTERPRETER, COLD, WARM };
#define ROUNDS 4
enum { SEEN = 1, LOWERED = 2 };

static struct {
	struct rig *rig;
	enum engine engine;
	const struct row *row;
	unsigned rows, wrong, itself, stepped, lowered, retranslated;
	bool class_seen[BT_CLASSES], class_lowered[BT_CLASSES];
	uint8_t mnemonics[ZYDIS_MNEMONIC_MAX_VALUE + 1]; /* SEEN, LOWERED */
} t;

static void set_state(const struct row *row, tsr_gla at)
{
	struct tsr_x86_state s = row->before.state;
	struct tsr_error error;

	s.eip = at;
	if (!t.rig->cpu->set_state(t.rig->cpu_self, &s, &error))
		abort();
}

static void leave_halt(struct tsr_x86_state *got)
{
	got->eip -= got->halted;
	got->halted = 0;
}

static void run_interpreter(const struct row *row, struct tsr_x86_state *got)
{
	set_state(row, row->before.state.eip);
	t.rig->cpu->run(t.rig->cpu_self, 1);
	if (row->vector == TSR_VECTOR_DB) /* a trap comes before the next instruction */
		t.rig->cpu->run(t.rig->cpu_self, 1);
	got->size = sizeof(*got);
	t.rig->cpu->get_state(t.rig->cpu_self, got);
	if (row->vector == TSR_VECTOR_DB)
		leave_halt(got);
}

/* -- the translator: to the HLT and back */
struct stop {
	tsr_gla at;
	uint8_t bytes[4], kept[4];
	unsigned count;
};

static void put_stop(const struct row *row, struct stop *stop)
{
	static const uint8_t cold[] = { 0xf4 }, warm[] = { 0x90, 0xeb, 0x00, 0xf4 };

	stop->count = row->vector >= 0 ? 0 : t.engine == WARM ? sizeof(warm) : sizeof(cold);
	memcpy(stop->bytes, t.engine == WARM ? warm : cold, stop->count);
	stop->at = row_next(row);
	memcpy(stop->kept, t.rig->ram + stop->at, stop->count);
	memcpy(t.rig->ram + stop->at, stop->bytes, stop->count);
}

/* HLT in ring 3: what #GP's frame holds is the state that the row left. */
static void leave_handler(const struct row *row, struct tsr_x86_state *got)
{
	uint32_t frame[10]; /* error, EIP, CS, EFLAGS, ESP, SS, and of virtual-8086 mode ES, DS, FS,
			       GS */
	static const uint8_t selectors[] = { TSR_CS, TSR_SS, TSR_ES, TSR_DS, TSR_FS, TSR_GS };
	static const uint8_t places[] = { 2, 5, 6, 7, 8, 9 };

	memcpy(frame, t.rig->ram + got->gpr[TSR_ESP], sizeof(frame));
	got->eip = frame[1] + 1;
	got->eflags = frame[3] & ~TSR_FLAG_RF;
	got->gpr[TSR_ESP] = frame[4];
	for (unsigned i = 0; i < (row->mode == ROW_V86 ? 6 : 2); i++)
		got->segment[selectors[i]].selector = (uint16_t)frame[places[i]];
}

/* Does the row leave the processor in an outer ring? */
static bool ends_outside(const struct row *row)
{
	return row->vector < 0 &&
	       (row->mode == ROW_V86 ||
		(row->mode != ROW_REAL && (row->after.state.segment[TSR_CS].selector & 3) == 3));
}

static void undo_stop(const struct row *row, const struct stop *stop, struct tsr_x86_state *got)
{
	if (!stop->count) {
		leave_halt(got);
		return;
	}
	memcpy(t.rig->ram + stop->at, stop->kept, stop->count);
	if (got->cpl == 0 && got->eip == ROWS_HANDLER + 16 * TSR_VECTOR_GP + 1 && ends_outside(row))
		leave_handler(row, got);
	if (row->after.state.halted)
		return;
	got->eip -= stop->count;
	if (row->mode != ROW_32 && row->mode != ROW_USER)
		got->eip &= 0xffff;
	got->halted = 0;
}

/* A trap or a fault on the way would be the jump's. */
static bool enters_by_jump(const struct row *row)
{
	const struct tsr_x86_state *s = &row->before.state;

	return t.engine == WARM && !(s->eflags & TSR_FLAG_TF) && s->eip <= s->segment[TSR_CS].limit;
}

static void run_once(const struct row *row, struct tsr_x86_state *got)
{
	struct stop stop;
	tsr_gla at = row->before.state.eip;

	row_set_up(row, t.rig->ram);
	if (enters_by_jump(row)) {
		at -= 2;
		memcpy(t.rig->ram + row->before.state.segment[TSR_CS].base + at, "\xeb\x00", 2);
	}
	put_stop(row, &stop);
	if (row->page_count)
		t.rig->listener->written(t.rig->mmu.self, 0x80000, 0x2000);
	set_state(row, at);
	rig_run(t.rig);
	got->size = sizeof(*got);
	t.rig->cpu->get_state(t.rig->cpu_self, got);
	undo_stop(row, &stop, got);
}

/* Into the coverage: which class the row's instruction has, and whether translated code did it. */
static void note_lowering(const struct row *row, uint64_t interpreted)
{
	uint32_t mode = row->before.state.segment[TSR_CS].access & TSR_SEG_DB ? BT_MODE_CODE32 : 0;
	struct bt_insn insn;
	bool lowered = interpreted <= (ends_outside(row) ? 2 : 1); /* the HLT, and its #GP */

	t.lowered += lowered;
	if (!tsr_bt_decode(mode, row->code, row->length, row->before.state.eip, &insn))
		return;
	t.class_seen[insn.kind] = true;
	t.class_lowered[insn.kind] |= lowered;
	if (insn.kind != BT_FALLBACK)
		t.mnemonics[insn.mnemonic] |= SEEN | (lowered ? LOWERED : 0);
}

static void run_translator(const struct row *row, struct tsr_x86_state *got)
{
	unsigned rounds = t.engine == WARM ? ROUNDS : 1;
	uint64_t interpreted = 0, translated = 0;

	t.rig->listener->mapping_changed(t.rig->mmu.self, 0, ROWS_RAM);
	for (unsigned i = 0; i < rounds; i++) {
		interpreted = rig_stat(t.rig, "instructions interpreted");
		translated = rig_stat(t.rig, "blocks translated");
		run_once(row, got);
	}
	interpreted = rig_stat(t.rig, "instructions interpreted") - interpreted;
	translated = rig_stat(t.rig, "blocks translated") - translated;
	if (t.engine == COLD && !translated)
		t.stepped++; /* single steps, alignment checks: the mode is the interpreter's */
	if (t.engine == WARM && translated)
		t.retranslated++;
	note_lowering(row, interpreted);
}

/* -- all rows */
static void run_row(void *user, const struct row *row)
{
	struct tsr_x86_state got;

	(void)user;
	t.row = row;
	t.rows++;
	t.rig->io_value = row->io;
	if (t.engine != INTERPRETER && row_meets_itself(row)) {
		t.itself++;
		return;
	}
	alarm(10);
	if (t.engine == INTERPRETER) {
		row_set_up(row, t.rig->ram);
		t.rig->listener->mapping_changed(t.rig->mmu.self, 0, ROWS_RAM);
		run_interpreter(row, &got);
	} else {
		run_translator(row, &got);
	}
	alarm(0);
	t.wrong += !row_check(row, &got, t.rig->ram);
}

static void on_alarm(int signal)
{
	(void)signal;
	printf("%s:%u: %s\n\tdoes not come to its end\n", t.row->file, t.row->line, t.row->text);
	fflush(stdout);
	_exit(1);
}

/* Of the table's mnemonics those that the interpreter did each time. */
static unsigned never_translated(void)
{
	unsigned count = 0, never = 0;

	for (uint16_t m = 0; m <= ZYDIS_MNEMONIC_MAX_VALUE; m++) {
		count += t.mnemonics[m] & SEEN;
		if (t.mnemonics[m] == SEEN && ++never)
			printf("%s %s", never == 1 ? "never translated:" : "",
			       tsr_bt_mnemonic_name(m));
	}
	printf("%s%u of %u mnemonics translated\n", never ? "\n" : "", count - never, count);
	return never;
}

/* Every class must have been met; where the host has BMI2, every class and mnemonic translated. */
static bool classes_covered(void)
{
	unsigned seen = 0, lowered = 0, never = never_translated();

	for (unsigned k = BT_FALLBACK + 1; k < BT_CLASSES; k++) {
		seen += t.class_seen[k];
		lowered += t.class_lowered[k];
		if (!t.class_lowered[k])
			printf("class %u: no row was translated\n", k);
	}
	printf("%u of %u classes met, %u translated; %u rows translated whole, %u by the "
	       "interpreter\n",
	       seen, BT_CLASSES - 1, lowered, t.lowered, t.rows - t.itself - t.lowered);
	return seen == BT_CLASSES - 1 &&
	       (t.rig->bmi2 || !__builtin_cpu_supports("bmi2") || (lowered == seen && !never));
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "interpreter", "cold", "warm" };
	unsigned rows;
	bool ok;

	for (unsigned i = 0; argc > 2 && i < 3; i++)
		if (!strcmp(argv[2], names[i]))
			t.engine = (enum engine)i;
	t.rig = rig_new(t.engine != INTERPRETER, argc > 3 ? argv[3] : "");
	if (argc < 3 || !t.rig)
		return 2;
	signal(SIGALRM, on_alarm);
	t.rig->io_given = true;
	rows = rows_each(argv[1], run_row, NULL);
	printf("%s%s%s: %u rows, %u ran, %u lead into themselves, %u are wrong\n", names[t.engine],
	       argc > 3 ? " " : "", argc > 3 ? argv[3] : "", rows, t.rows - t.itself, t.itself,
	       t.wrong);
	if (t.engine == COLD)
		printf("%u rows with nothing to translate\n", t.stepped);
	if (t.engine == WARM)
		printf("%u rows were translated again in their last round\n", t.retranslated);
	ok = rows && !t.wrong && !t.retranslated && (t.engine == INTERPRETER || classes_covered());
	rig_free(t.rig);
	return ok ? 0 : 1;
}
