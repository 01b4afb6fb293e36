/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Delivery of INT n, faults and external interrupts through 32-bit gates to ring 0: every word of
 * the frame, the handler's state and the state after IRET. Expected is what the Intel SDM says:
 * volume 3, 6.12.1 (stack frame and stack switch, figure 6-4), 6.12.1.2 (DPL of the gate), 6.12.1.3
 * (IF, TF, NT, VM and RF), 6.13 (error codes), 6.15 (#DE, #NP, #GP, #PF), 17.3.1.1 (RF in the
 * pushed image). gates-refused.c has stacks, segments and gates that are out of the ordinary.
 */
#include "gates.h"

volatile struct seen seen;
volatile struct after after;
void (*volatile gate_fix)(uint32_t *frame);
static uint32_t *const directory = (uint32_t *)0x100000;
static uint32_t *const low_table = (uint32_t *)0x101000;
uint32_t *const gates_table = (uint32_t *)0x102000;

static struct probe now;

static const uint32_t images[] = { 0,
				   IF,
				   CF,
				   ARITHMETIC,
				   NT,
				   NT | IF,
				   DIRECTION,
				   RF,
				   IF | IOPL(3),
				   IOPL(1),
				   IOPL(2) | NT | RF | IF | DIRECTION | ARITHMETIC,
				   ALIGNMENT,
				   ALIGNMENT | NT | IF };
#define IMAGES (sizeof(images) / sizeof(images[0]))

/* What a plain gate suffices for: no RF or TF to end first, no alignment checks. `--stats` of
 * cpu-bt says how many deliveries were plain to it; run-gates compares. */
enum { PLAIN_INT, PLAIN_DIVIDE, PLAIN_PAGE, PLAIN_EXTERNAL, PLAIN_KINDS };
static unsigned plain[PLAIN_KINDS][2];

static void count_plain(const struct wanted *w, unsigned ring, uint32_t eflags)
{
	unsigned kind = w->vector == DE     ? PLAIN_DIVIDE
			: w->vector == PF   ? PLAIN_PAGE
			: w->vector == 0x60 ? PLAIN_EXTERNAL
					    : PLAIN_INT;

	if (!(eflags & (RF | TF | ALIGNMENT)) && (kind != PLAIN_INT || w->error == NONE))
		plain[kind][ring != 0]++;
}

static void print_plain(void)
{
	static const char *const names[PLAIN_KINDS] = { "INT n", "divide error", "page fault",
							"external interrupt" };

	for (unsigned i = 0; i < PLAIN_KINDS; i++) {
		print("# gates: %s, ring 0 %u\n", names[i], plain[i][0]);
		print("# gates: %s, outer ring %u\n", names[i], plain[i][1]);
	}
}

/* -- Probes */

static void enter(void)
{
	probe_enter(&now);
}

void probe_run(unsigned ring, action *action, uint32_t eflags, uint32_t esp)
{
	now = (struct probe){ .eip = (uint32_t)action,
			      .cs = ring ? SEL_USER_CODE : SEL_CODE,
			      .eflags = eflags | 2,
			      .esp = esp,
			      .ss = ring ? SEL_USER_DATA : SEL_DATA };
	seen.count = 0;
	seen.vector = NO_TRAP;
	if (catch_call(enter) == 0x80 + 1 && !(eflags & (TF | ALIGNMENT)))
		plain[PLAIN_INT][ring != 0]++; /* probe_done's */
}

static unsigned differs(const char *what, uint32_t is, uint32_t wanted)
{
	if (is != wanted)
		print("# %s is %x, should be %x; EFLAGS %x\n", what, is, wanted, now.eflags);
	return is != wanted;
}

static unsigned frame_differences(unsigned ring, const struct wanted *w)
{
	const volatile uint32_t *frame = seen.frame;
	uint32_t image = w->fault ? now.eflags | RF : now.eflags & ~RF;
	unsigned n = 0;

	if (w->error != NONE)
		n += differs("error code", *frame++, w->error);
	n += differs("pushed EIP", frame[0], w->eip);
	n += differs("pushed CS", frame[1], now.cs);
	n += differs("pushed EFLAGS", frame[2], image);
	if (ring) {
		n += differs("pushed ESP", frame[3], now.esp);
		n += differs("pushed SS", frame[4], now.ss);
	}
	return n;
}

static unsigned after_differences(void)
{
	return differs("ESP after", after.esp, now.esp) +
	       differs("EFLAGS after", after.eflags, now.eflags & ~RF) +
	       differs("EAX after", after.eax, PATTERN) +
	       differs("EBX after", after.ebx, PATTERN + 1) +
	       differs("EDX after", after.edx, PATTERN + 2) +
	       differs("ESI after", after.esi, PATTERN + 3) +
	       differs("EDI after", after.edi, PATTERN + 4) +
	       differs("EBP after", after.ebp, PATTERN + 5);
}

unsigned probe_differences(unsigned ring, const struct wanted *w)
{
	uint32_t cleared = TF | NT | RF | (idt[w->vector] >> 40 & 1 ? 0 : IF);
	uint32_t top = ring ? main_tss.esp0 : now.esp;
	unsigned size = 12 + (ring ? 8 : 0) + (w->error != NONE ? 4 : 0);
	unsigned n =
		differs("deliveries", seen.count, 1) + differs("vector", seen.vector, w->vector);

	if (n)
		return n;
	n += differs("CS", seen.cs, SEL_CODE) + differs("SS", seen.ss, SEL_DATA) +
	     differs("ESP", seen.esp, top - size) +
	     differs("EFLAGS", seen.eflags, now.eflags & ~cleared);
	if (w->vector == PF)
		n += differs("CR2", seen.cr2, w->cr2);
	return n + frame_differences(ring, w) + after_differences();
}

void gates_set(unsigned vector, uint16_t selector, uint8_t access)
{
	idt[vector] = gate(selector, (uint32_t)gate_entries + 16 * vector, access, 0);
}

void fix_skip(uint32_t *frame)
{
	frame[0] = (uint32_t)probe_done;
}

void fix_skip_error(uint32_t *frame)
{
	frame[1] = (uint32_t)probe_done;
}

static uint32_t stack_of(unsigned ring)
{
	return (uint32_t)(ring ? user_stack + 2048 : probe_stack + 512);
}

/* With all images of EFLAGS in both rings, several times: the first are done while pages and code
 * are new to the machine. */
static void all_images(const char *name, unsigned ring, action *action, const struct wanted *w)
{
	unsigned n = 0;

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < IMAGES; i++) {
			probe_run(ring, action, images[i], stack_of(ring));
			n += probe_differences(ring, w);
			count_plain(w, ring, images[i]);
		}
	}
	check(!n, name, "ring %u: %u words differ", ring, n);
}

/* -- INT n */

static void software_interrupts(unsigned ring)
{
	struct wanted w = { .vector = 0x90, .error = NONE, .eip = (uint32_t)int_90 + 2 };

	gate_fix = NULL;
	all_images("INT n, interrupt gate of DPL 3", ring, int_90, &w);
	w = (struct wanted){ .vector = 0x91, .error = NONE, .eip = (uint32_t)int_91 + 2 };
	all_images("INT n, trap gate of DPL 3", ring, int_91, &w);
	if (ring) {
		gate_fix = fix_skip_error;
		w = (struct wanted){ GP, 0x92 * 8 + 2, (uint32_t)int_92, true, 0 };
		all_images("INT n, interrupt gate of DPL 0 is #GP", ring, int_92, &w);
		w = (struct wanted){ GP, 0x93 * 8 + 2, (uint32_t)int_93, true, 0 };
		all_images("INT n, trap gate of DPL 0 is #GP", ring, int_93, &w);
	} else {
		w = (struct wanted){ .vector = 0x92, .error = NONE, .eip = (uint32_t)int_92 + 2 };
		all_images("INT n, interrupt gate of DPL 0", ring, int_92, &w);
		w = (struct wanted){ .vector = 0x93, .error = NONE, .eip = (uint32_t)int_93 + 2 };
		all_images("INT n, trap gate of DPL 0", ring, int_93, &w);
	}
	gate_fix = fix_skip_error;
	w = (struct wanted){ NP, 0x94 * 8 + 2, (uint32_t)int_94, true, 0 };
	all_images("INT n, gate not present is #NP", ring, int_94, &w);
}

/* -- Faults */

static void divide_errors(unsigned ring)
{
	struct wanted w = { DE, NONE, (uint32_t)divide, true, 0 };

	gate_fix = fix_skip;
	all_images("DIV by zero", ring, divide, &w);
	w.eip = (uint32_t)divide_signed;
	all_images("IDIV by zero", ring, divide_signed, &w);
}

/* Error codes: volume 3, figure 4-12: P 1, W/R 2, U/S 4. I/D needs PAE or PSE-36's NXE. */
static void page_faults(unsigned ring)
{
	uint32_t user = ring ? 4 : 0;
	struct wanted w = { PF, user, (uint32_t)page_read, true, PAGE_ADDRESS };

	gate_fix = fix_skip_error;
	gates_map(0, 0);
	all_images("#PF, read", ring, page_read, &w);
	w.error = user | 2;
	w.eip = (uint32_t)page_write;
	all_images("#PF, write", ring, page_write, &w);
	w.error = user;
	w.eip = PAGE_ADDRESS;
	all_images("#PF, fetch", ring, page_fetch, &w);
	gates_map(0, 0x200000 | PAGE_P | PAGE_US);
	w.error = user | 3;
	w.eip = (uint32_t)page_write;
	all_images("#PF, write to a page that is read only", ring, page_write, &w);
	gates_map(0, 0);
}

/* -- External interrupts: timer, IRQ 0 at vector 60h */

static void fix_timer(uint32_t *frame)
{
	(void)frame;
	outb(0x21, 0xff);
	outb(0x20, 0x20);
}

static void start_interrupt_controllers(void)
{
	outb(0x20, 0x11);
	outb(0x21, 0x60);
	outb(0x21, 4);
	outb(0x21, 1);
	outb(0xa0, 0x11);
	outb(0xa1, 0x68);
	outb(0xa1, 2);
	outb(0xa1, 1);
	outb(0xa1, 0xff);
	outb(0x21, 0xff);
}

static void start_timer(void)
{
	outb(0x43, 0x30); /* channel 0, mode 0: once */
	outb(0x40, 60);
	outb(0x40, 0);
	outb(0x21, 0xfe);
}

static void external_interrupts(unsigned ring)
{
	static const uint32_t flags[] = {
		0, NT, DIRECTION | CF, IOPL(3), IOPL(1) | ARITHMETIC, ALIGNMENT
	};
	struct wanted w = { .vector = 0x60, .error = NONE };
	unsigned n = 0;

	gate_fix = fix_timer;
	for (unsigned i = 0; i < 4 * sizeof(flags) / sizeof(flags[0]); i++) {
		start_timer();
		probe_run(ring, wait_for_interrupt, IF | flags[i / 4], stack_of(ring));
		w.eip = seen.frame[0];
		if (w.eip != (uint32_t)wait_for_interrupt + 6) /* the JECXZ */
			w.eip = (uint32_t)wait_for_interrupt;
		n += probe_differences(ring, &w);
		count_plain(&w, ring, flags[i / 4]);
	}
	check(!n, "external interrupt", "ring %u: %u words differ", ring, n);
}

/* An interrupt that waits comes behind IRET, before the instruction that it restarts: RF is still
 * set in the image (17.3.1.1). */
static void waiting_interrupt(unsigned ring)
{
	struct wanted w = { .vector = 0x60, .error = NONE, .fault = true };
	unsigned n = 0;

	gate_fix = fix_timer;
	w.eip = (uint32_t)wait_for_interrupt;
	for (unsigned i = 0; i < 8; i++) {
		start_timer();
		outb(0x20, 0x0a); /* the 8259's IRR */
		while (!(inb(0x20) & 1))
			;
		probe_run(ring, wait_for_interrupt, IF | RF, stack_of(ring));
		n += probe_differences(ring, &w);
	}
	check(!n, "interrupt before a restarted instruction", "ring %u: %u words differ", ring, n);
}

/* -- All of it */

void gates_map(unsigned page, uint32_t entry)
{
	gates_table[page] = entry;
	__asm__ volatile("invlpg (%0)" ::"r"(PAGE_TABLE_GLA + page * PAGE) : "memory");
}

static void start_paging(void)
{
	for (unsigned i = 0; i < 1024; i++) {
		directory[i] = 0;
		low_table[i] = i * PAGE | PAGE_P | PAGE_RW | PAGE_US;
		gates_table[i] = 0;
	}
	directory[0] = (uint32_t)low_table | PAGE_P | PAGE_RW | PAGE_US;
	directory[PAGE_TABLE_GLA >> 22] = (uint32_t)gates_table | PAGE_P | PAGE_RW | PAGE_US;
	directory[1023] = directory[PAGE_TABLE_GLA >> 22]; /* the last page, too */
	WRITE_CR(3, (uint32_t)directory);
	WRITE_CR(0, READ_CR(0) | 0x80010000); /* PG, WP */
}

static void set_faults(uint8_t access)
{
	static const uint8_t vectors[] = { DE, NP, GP, PF, 0x60 };

	for (unsigned i = 0; i < sizeof(vectors); i++)
		gates_set(vectors[i], SEL_CODE, access);
}

void guest_main(void)
{
	start_paging();
	start_interrupt_controllers();
	gates_set(0x90, SEL_CODE, ACCESS_INT32 | ACCESS_DPL3);
	gates_set(0x91, SEL_CODE, ACCESS_TRAP32 | ACCESS_DPL3);
	gates_set(0x92, SEL_CODE, ACCESS_INT32);
	gates_set(0x93, SEL_CODE, ACCESS_TRAP32);
	gates_set(0x94, SEL_CODE, (ACCESS_INT32 | ACCESS_DPL3) & ~0x80);
	for (unsigned kind = 0; kind < 2; kind++) {
		set_faults(kind ? ACCESS_TRAP32 : ACCESS_INT32);
		for (unsigned ring = 0; ring <= 3; ring += 3) {
			software_interrupts(ring);
			divide_errors(ring);
			page_faults(ring);
			external_interrupts(ring);
			waiting_interrupt(ring);
		}
	}
	print_plain();
	gates_refused();
}
