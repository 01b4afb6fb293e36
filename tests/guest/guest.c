/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest.h"

#include <stdarg.h>

#define CONSOLE 0xe9
#define EXIT 0xf4

extern const uint8_t trap_stubs[];
void guest_start(void);
void on_trap(struct frame *frame);

uint64_t gdt[GDT_ENTRIES] __attribute__((aligned(16)));
uint64_t idt[256] __attribute__((aligned(16)));
struct tss32 main_tss __attribute__((aligned(128)));
struct frame trap;
uint32_t trap_cr2;
bool (*trap_hook)(struct frame *frame);
uint8_t user_stack[4096] __attribute__((aligned(16)));

static uint8_t trap_stack[4096] __attribute__((aligned(16)));
static unsigned checks, failures;

/* -- Console */

static void print_number(uint32_t value, unsigned base)
{
	char digits[12];
	int n = 0;

	do
		digits[n++] = "0123456789abcdef"[value % base];
	while (value /= base);
	while (n)
		outb(CONSOLE, (uint8_t)digits[--n]);
}

static void print_list(const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%') {
			outb(CONSOLE, (uint8_t)*format);
			continue;
		}
		switch (*++format) {
		case 's':
			for (const char *s = va_arg(args, const char *); *s; s++)
				outb(CONSOLE, (uint8_t)*s);
			break;
		case 'x':
			print_number(va_arg(args, uint32_t), 16);
			break;
		case 'u':
			print_number(va_arg(args, uint32_t), 10);
			break;
		default:
			outb(CONSOLE, (uint8_t)va_arg(args, int));
		}
	}
}

void print(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_list(format, args);
	va_end(args);
}

void check(bool good, const char *name, const char *format, ...)
{
	va_list args;

	checks++;
	failures += !good;
	print("%s %s", good ? "ok" : "FAILED", name);
	if (!good) {
		print(": ");
		va_start(args, format);
		print_list(format, args);
		va_end(args);
	}
	print("\n");
}

static void __attribute__((noreturn)) finish(void)
{
	if (failures)
		print("FAILED %u of %u\n", failures, checks);
	else
		print("PASSED %u\n", checks);
	outb(EXIT, failures != 0);
	for (const char *s = "Shutdown"; *s; s++) /* ends Bochs; others ignore it */
		outb(0x8900, (uint8_t)*s);
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* -- Descriptors */

uint64_t descriptor(uint32_t base, uint32_t limit, uint8_t access, uint8_t flags)
{
	return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)access << 40 |
	       (uint64_t)(limit >> 16 & 15) << 48 | (uint64_t)(flags & 15) << 52 |
	       (uint64_t)(base >> 24) << 56;
}

uint64_t gate(uint16_t selector, uint32_t offset, uint8_t access, uint8_t count)
{
	return (offset & 0xffff) | (uint64_t)selector << 16 | (uint64_t)count << 32 |
	       (uint64_t)access << 40 | (uint64_t)(offset >> 16) << 48;
}

static void load_tables(void)
{
	struct {
		uint16_t limit;
		uint32_t base;
	} __attribute__((packed)) gdtr = { sizeof(gdt) - 1, (uint32_t)gdt },
				  idtr = { sizeof(idt) - 1, (uint32_t)idt };

	__asm__ volatile("lgdt %0; lidt %1" ::"m"(gdtr), "m"(idtr));
	__asm__ volatile("ltr %0" ::"r"((uint16_t)SEL_TSS));
}

void guest_start(void)
{
	gdt[1] = descriptor(0, 0xfffff, ACCESS_CODE | 1, 12);
	gdt[2] = descriptor(0, 0xfffff, ACCESS_DATA | 1, 12);
	gdt[3] = descriptor(0, 0xfffff, ACCESS_CODE | ACCESS_DPL3 | 1, 12);
	gdt[4] = descriptor(0, 0xfffff, ACCESS_DATA | ACCESS_DPL3 | 1, 12);
	gdt[5] = descriptor((uint32_t)&main_tss, sizeof(main_tss) - 1, ACCESS_TSS32, 0);
	main_tss.esp0 = (uint32_t)trap_stack + sizeof(trap_stack);
	main_tss.ss0 = SEL_DATA;
	main_tss.iomap = sizeof(main_tss);
	for (unsigned i = 0; i < 256; i++)
		idt[i] = gate(SEL_CODE, (uint32_t)trap_stubs + 16 * i,
			      ACCESS_INT32 | (i >= 0x80 || i == 3 ? ACCESS_DPL3 : 0), 0);
	load_tables();
	guest_main();
	finish();
}

/* -- Traps */

void on_trap(struct frame *frame)
{
	if (trap_hook && trap_hook(frame))
		return;
	trap = *frame;
	trap_cr2 = READ_CR(2);
	catch_return(frame->vector + 1);
}

static uint32_t user_entry;

static void enter_user(void)
{
	user_call(user_entry, SEL_USER_CODE, (uint32_t)user_stack + sizeof(user_stack),
		  SEL_USER_DATA, 0x2);
}

unsigned in_user(void (*f)(void))
{
	user_entry = (uint32_t)f;
	return catch_call(enter_user);
}

void expect(const char *name, unsigned vector, uint32_t error, void (*f)(void))
{
	unsigned got = catch_call(f) - 1;

	if (vector == NO_TRAP) {
		check(got == -1u, name, "vector %u, error code %x at %x", got, trap.error,
		      trap.eip);
		return;
	}
	check(got == vector && trap.error == error, name,
	      "vector %u, error code %x at %x; should be %u, %x", got, trap.error, trap.eip, vector,
	      error);
}

void expect_no_trap(const char *name, void (*f)(void))
{
	expect(name, NO_TRAP, 0, f);
}
