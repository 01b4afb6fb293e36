/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the rows on the processor that this program runs on: FOLDER [list]. A row's memory lies
 * where GS begins, so that its addresses stay as they are; faults come as signals, which tell
 * vector and error code. `list` prints every row that ran.
 */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "host-form.h"

struct host_run {
	uint64_t gpr[8]; /* in ModRM's order */
	uint64_t flags, host_rsp, way;
	uint64_t pad[5];
	uint8_t fx[512] __attribute__((aligned(16)));
};
_Static_assert(offsetof(struct host_run, fx) == 128, "host.S");

void vectors_host_run(struct host_run *r, const void *code);
void vectors_host_back(void);

static struct {
	uint8_t *ram, *code;
	volatile int vector;
	volatile uint64_t error, rip;
	unsigned count[HOST_CLASSES], wrong;
	bool list;
} t;

#define AT 0x800u /* of the instruction, in the code page */
#define WAYS 0xf00u
#define FLAGS (TSR_FLAGS_ARITHMETIC | TSR_FLAG_DF)

static void on_fault(int number, siginfo_t *info, void *context)
{
	ucontext_t *u = context;

	(void)number;
	(void)info;
	__asm__ volatile("pushq $2\n\tpopfq" : : : "cc", "memory"); /* AC */
	t.vector = (int)u->uc_mcontext.gregs[REG_TRAPNO];
	t.error = (uint64_t)u->uc_mcontext.gregs[REG_ERR];
	t.rip = (uint64_t)u->uc_mcontext.gregs[REG_RIP];
	u->uc_mcontext.gregs[REG_RIP] = (greg_t)(uintptr_t)vectors_host_back;
}

/* At `at`, a jump to the place that says by which way the row left, and goes back. */
static void put_way(unsigned at, unsigned way)
{
	void (*back)(void) = vectors_host_back;
	uint8_t *stub = t.code + WAYS + 32 * way;
	uint32_t to = (uint32_t)(stub - t.code) - (at + 5);

	t.code[at] = 0xe9;
	memcpy(t.code + at + 1, &to, 4);
	memcpy(stub,
	       (const uint8_t[]){ 0x49, 0xc7, 0xc6, (uint8_t)way, 0, 0, 0, 0xff, 0x25, 0, 0, 0, 0 },
	       13); /* mov r14, way; jmp */
	memcpy(stub + 13, &back, sizeof(back));
}

/* False: the row's way leads too far, or too near. */
static bool put_code(const struct row *row, const struct host_form *form)
{
	int32_t to = (int32_t)(row->after.state.eip - row->before.state.eip - row->length);

	memset(t.code, 0xcc, 4096);
	memcpy(t.code + AT, form->code, form->length);
	put_way(AT + form->length, 1);
	if (!form->jump || !to)
		return true;
	if (to < -0x700 || to > 0x600 || (to < 5 && to > -(int32_t)form->length - 5))
		return false;
	put_way((unsigned)((int32_t)(AT + form->length) + to), 2);
	return true;
}

/* What a handler would find, for row_check. */
static void put_frame(const struct row *row, const struct host_run *r, struct tsr_x86_state *got)
{
	uint32_t at = 0x1f800, frame[6] = { (uint32_t)t.error }, n = row->has_error ? 1 : 0;

	frame[n] = ROWS_CODE + (uint32_t)(t.rip - (uintptr_t)(t.code + AT));
	frame[n + 1] = row->before.state.segment[TSR_CS].selector;
	frame[n + 2] = (row->before.state.eflags & ~(uint32_t)FLAGS) | (r->flags & FLAGS);
	frame[n + 3] = (uint32_t)r->gpr[TSR_ESP];
	memcpy(t.ram + at, frame, sizeof(frame));
	got->gpr[TSR_ESP] = at;
	got->segment[TSR_SS].base = 0;
	got->eip = ROWS_HANDLER + 16 * (uint32_t)t.vector;
}

static void result(const struct row *row, const struct host_form *form, const struct host_run *r,
		   struct tsr_x86_state *got)
{
	*got = row->before.state;
	for (unsigned i = 0; i < 8; i++)
		got->gpr[i] =
			(uint32_t)(r->gpr[i] - (form->string && i >= 6 ? (uintptr_t)t.ram : 0));
	got->eflags = (got->eflags & ~(uint32_t)FLAGS) | (r->flags & FLAGS);
	memcpy(got->fx, r->fx, 288);
	if (t.vector >= 0)
		put_frame(row, r, got);
	else
		got->eip = r->way == 2 ? row->after.state.eip : row->before.state.eip + row->length;
}

static void run(const struct row *row, const struct host_form *form, struct tsr_x86_state *got)
{
	struct host_run r = { .flags = row->before.state.eflags & (FLAGS | TSR_FLAG_AC | 2) };

	row_set_up(row, t.ram);
	for (unsigned i = 0; i < 8; i++)
		r.gpr[i] =
			row->before.state.gpr[i] + (form->string && i >= 6 ? (uintptr_t)t.ram : 0);
	memcpy(r.fx, row->before.state.fx, 512);
	t.vector = -1;
	vectors_host_run(&r, t.code + AT);
	result(row, form, &r, got);
}

static void run_row(void *user, const struct row *row)
{
	struct host_form form;
	struct tsr_x86_state got;
	enum host_class class = host_form(row, &form);

	(void)user;
	if (class == HOST_RUNS && !put_code(row, &form))
		class = HOST_TRANSFER;
	t.count[class]++;
	if (class != HOST_RUNS)
		return;
	if (t.list)
		printf("%s:%u: %s\n", row->file, row->line, row->text);
	run(row, &form, &got);
	t.wrong += !row_check(row, &got, t.ram);
}

static bool set_up(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	stack_t stack = { .ss_size = 1 << 16 };

	t.ram = mmap(NULL, ROWS_RAM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t.code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	stack.ss_sp = malloc(stack.ss_size);
	if (t.ram == MAP_FAILED || t.code == MAP_FAILED || !stack.ss_sp ||
	    sigaltstack(&stack, NULL))
		return false;
	for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);
	return !syscall(SYS_arch_prctl, ARCH_SET_GS, t.ram);
}

int main(int argc, char **argv)
{
	/* clang-format off */
	static const char *const names[HOST_CLASSES] = {
		"ran", "other modes", "segments, pages, control registers", "system", "stack and far transfers", "segment registers",
		"16-bit addresses", "not in 64-bit mode", "the host has it", "the x87's pointers",
	};
	/* clang-format on */
	unsigned rows;

	if (argc < 2 || !set_up())
		return 2;
	t.list = argc > 2 && !strcmp(argv[2], "list");
	rows = rows_each(argv[1], run_row, NULL);
	printf("host: %u rows, %u ran, %u are wrong; passed over:", rows, t.count[HOST_RUNS],
	       t.wrong);
	for (unsigned i = 1; i < HOST_CLASSES; i++)
		printf("%s %u %s", i > 1 ? "," : "", t.count[i], names[i]);
	printf("\n");
	return rows && !t.wrong ? 0 : 1;
}
