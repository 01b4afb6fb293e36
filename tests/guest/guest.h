/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a bare-metal guest program has: a console, checks, descriptors, and faults as return values.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The program. Runs in flat protected mode, ring 0, interrupts off, stack below 512 KiB. */
void guest_main(void);

/* -- Console and checks */
void print(const char *format, ...); /* %s %x %u %c */
void check(bool good, const char *name, const char *format, ...);
#define CHECK(condition) check((condition), #condition, "")
#define CHECK_EQUAL(name, value, wanted) \
	do { \
		uint32_t value_ = (uint32_t)(value), wanted_ = (uint32_t)(wanted); \
		check(value_ == wanted_, name, "is %x, should be %x", value_, wanted_); \
	} while (0)

/* -- Ports and registers */
static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint8_t inb(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}
#define READ_CR(n) \
	({ \
		uint32_t value_; \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(value_)); \
		value_; \
	})
#define WRITE_CR(n, value) __asm__ volatile("mov %0, %%cr" #n ::"r"(value) : "memory")
#define READ_DR(n) \
	({ \
		uint32_t value_; \
		__asm__ volatile("mov %%db" #n ", %0" : "=r"(value_)); \
		value_; \
	})
#define WRITE_DR(n, value) __asm__ volatile("mov %0, %%db" #n ::"r"((uint32_t)(value)) : "memory")

/* -- Descriptors */
/* clang-format off */
enum selector {
	SEL_CODE = 0x08, SEL_DATA = 0x10, SEL_USER_CODE = 0x18 | 3, SEL_USER_DATA = 0x20 | 3, SEL_TSS = 0x28,
	SEL_FREE = 0x40, /* from here on a program makes its own */
};
/* clang-format on */
#define GDT_ENTRIES 64
extern uint64_t gdt[GDT_ENTRIES];
extern uint64_t idt[256];
/* access: type, S, DPL, P; flags: G 8, D/B 4 */
uint64_t descriptor(uint32_t base, uint32_t limit, uint8_t access, uint8_t flags);
uint64_t gate(uint16_t selector, uint32_t offset, uint8_t access, uint8_t count);
#define ACCESS_CODE 0x9a
#define ACCESS_DATA 0x92
#define ACCESS_DPL3 0x60
#define ACCESS_TSS16 0x81
#define ACCESS_LDT 0x82
#define ACCESS_CALL16 0x84
#define ACCESS_TASK_GATE 0x85
#define ACCESS_INT16 0x86
#define ACCESS_TRAP16 0x87
#define ACCESS_TSS32 0x89
#define ACCESS_CALL32 0x8c
#define ACCESS_INT32 0x8e
#define ACCESS_TRAP32 0x8f

struct tss32 {
	uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp,
		ebp, esi, edi, es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, iomap;
	uint8_t io[16];
} __attribute__((packed));
extern struct tss32 main_tss;

/* -- Traps */
struct frame {
	uint32_t gs, fs, es, ds, edi, esi, ebp, esp_, ebx, edx, ecx, eax, vector, error, eip, cs,
		eflags, esp, ss, v86_es, v86_ds, v86_fs, v86_gs;
};
/* The last trap, as its stack frame was. esp and ss are valid when cs had another RPL. */
extern struct frame trap;
extern uint32_t trap_cr2;
/* Called first for every trap; true: it is handled, return to where it occurred (the frame may be
 * changed). */
extern bool (*trap_hook)(struct frame *frame);
/* Runs f and returns the vector + 1 of the trap that ended it, or 0 if it returned. */
unsigned catch_call(void (*f)(void));
void catch_return(unsigned value) __attribute__((noreturn));
void user_call(uint32_t eip, uint32_t cs, uint32_t esp, uint32_t ss, uint32_t eflags)
	__attribute__((noreturn));
void v86_call(const uint32_t frame[9]) __attribute__((noreturn));
/* Runs f at CPL 3 until it traps (it may end with int $0x80). Returns the vector + 1. */
unsigned in_user(void (*f)(void));
extern uint8_t user_stack[4096];

/* Checks that f ends in that trap with that error code. */
void expect(const char *name, unsigned vector, uint32_t error, void (*f)(void));
void expect_no_trap(const char *name, void (*f)(void));
#define NO_TRAP 256

enum { DE, DB, NMI, BP, OF, BR, UD, NM, DF, TS = 10, NP, SS, GP, PF, MF = 16, AC };

#endif
