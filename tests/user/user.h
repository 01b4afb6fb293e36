/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * i386 Linux without a libc, as far as the programs of this folder use it (arch/x86/entry/syscalls,
 * arch/x86/include/uapi/asm). A check that fails prints a line; `area` names what is checked.
 */
#ifndef USER_H
#define USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE 4096u

enum {
	SYS_exit = 1,
	SYS_fork = 2,
	SYS_read = 3,
	SYS_write = 4,
	SYS_open = 5,
	SYS_close = 6,
	SYS_waitpid = 7,
	SYS_getpid = 20,
	SYS_ptrace = 26,
	SYS_kill = 37,
	SYS_pipe = 42,
	SYS_munmap = 91,
	SYS_ftruncate = 93,
	SYS_clone = 120,
	SYS_modify_ldt = 123,
	SYS_mprotect = 125,
	SYS_sched_yield = 158,
	SYS_mremap = 163,
	SYS_rt_sigaction = 174,
	SYS_rt_sigprocmask = 175,
	SYS_pwrite64 = 181,
	SYS_sigaltstack = 186,
	SYS_vfork = 190,
	SYS_mmap2 = 192,
	SYS_madvise = 219,
	SYS_exit_group = 252,
	SYS_memfd_create = 356,
};

enum { PROT_NONE = 0, PROT_READ = 1, PROT_WRITE = 2, PROT_EXEC = 4 };
enum { MAP_SHARED = 1, MAP_PRIVATE = 2, MAP_FIXED = 0x10, MAP_ANONYMOUS = 0x20 };
enum { SIGTRAP = 5, SIGBUS = 7, SIGSEGV = 11 };
enum { EFAULT = 14 };

#define PROT_RW (PROT_READ | PROT_WRITE)
#define PROT_RWX (PROT_RW | PROT_EXEC)

/* struct sigcontext_32 */
struct context {
	uint32_t gs, fs, es, ds;
	uint32_t edi, esi, ebp, esp, ebx, edx, ecx, eax;
	uint32_t trapno, err, eip, cs, eflags, esp_at_signal, ss;
	uint8_t *fpstate; /* the FXSAVE image begins FXSAVE_AT bytes behind it */
	uint32_t oldmask, cr2;
};
#define FXSAVE_AT 112

enum { TRAP_DB = 1, TRAP_GP = 13, TRAP_PF = 14, TRAP_AC = 17 };
enum { ERR_W = 2, ERR_U = 4 };
enum { EFLAGS_TF = 1 << 8, EFLAGS_DF = 1 << 10, EFLAGS_RF = 1 << 16, EFLAGS_AC = 1 << 18 };

long linux_call(long number, long a, long b, long c, long d, long e, long f);

#define CALL(number, a, b, c, d, e, f) \
	linux_call(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL3(number, a, b, c) CALL(number, a, b, c, 0, 0, 0)

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

/* What a signal of this kind does: `on_signal` is called, with the address of siginfo. */
typedef void signal_function(int signal, uint32_t at, struct context *c);
void on_signal(int signal, signal_function *f);

/* Anonymous memory at an address, which replaces what is there. */
void map_at(uint32_t at, uint32_t length, int protection);
/* `length` bytes of a new file in memory. Returns its descriptor. */
int memory_file(uint32_t length);
void map_file(uint32_t at, uint32_t length, int protection, int flags, int file);
void protect(uint32_t at, uint32_t length, int protection);
/* The status with which a child ended; 256 + N if a signal N ended it. */
int wait_for(long child);

void area(const char *name);
void check(bool good, const char *what);
void check_equal(uint32_t is, uint32_t wanted, const char *what);
_Noreturn void leave(int status);

/* Volatile accesses, which the compiler leaves as they are. */
static inline volatile uint32_t *word(uint32_t at)
{
	return (volatile uint32_t *)at;
}

void check_faults(void);
void check_strings(void);
void check_pages(void);
void check_processes(void);
void check_code(void);
void check_segments(void);
void check_threads(void);

#endif
