/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See filter.h. What is in no table ends the process: exec, ptrace, memfd_create, new processes,
 * setuid and the like have no row. Mappings are never executable. Calls that take a path are
 * refused with EACCES, because libraries try to open files of which they can do without (locales,
 * journals). With upgrades, files that are to be read and new processes are the porter's to decide
 * on, and code of files can be mapped. Numbers that are newer than these tables do not exist, so
 * that a newer C library uses what was there before them.
 *
 * Source: man-pages 6, syscalls(2) and each call's page; what glibc and GLib call was seen with
 * TESSERA_JAIL=log (README.md).
 */
#define _GNU_SOURCE
#include "jail/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#define KIND(kind) (1u << (kind))
#define M KIND(TSR_JAIL_MAIN)
#define P (M | KIND(TSR_JAIL_POLL))
#define V (P | KIND(TSR_JAIL_VCPU)) /* what devices do, under the lock */
#define ALL (V | KIND(TSR_JAIL_WORKER))
#define NEWEST_KNOWN 462 /* mseal, Linux 6.10 */
#define NEWER_END 512    /* x32 has the numbers from here on */

struct row {
	int number;
	unsigned kinds;
};
#define ROW(name, kinds) \
	{ \
		SCMP_SYS(name), kinds \
	}

/* clang-format off */
static const struct row allowed[] = {
	/* data of what is open */
	ROW(read, ALL), ROW(write, ALL), ROW(readv, ALL), ROW(writev, ALL), ROW(pread64, ALL),
	ROW(pwrite64, ALL), ROW(preadv, ALL), ROW(pwritev, ALL), ROW(preadv2, ALL),
	ROW(pwritev2, ALL), ROW(lseek, ALL), ROW(fsync, ALL), ROW(fdatasync, ALL),
	ROW(sync_file_range, ALL), ROW(ftruncate, ALL), ROW(fallocate, ALL), ROW(close, ALL),
	ROW(fstat, ALL), ROW(fstatfs, ALL), ROW(fgetxattr, ALL), ROW(fsetxattr, ALL), ROW(fremovexattr, ALL),
	ROW(flock, V), ROW(fadvise64, ALL), ROW(dup, V),
	ROW(dup2, M), ROW(dup3, M), ROW(pipe2, M), ROW(close_range, M),
	/* waiting */
	ROW(poll, ALL), ROW(ppoll, ALL), ROW(select, P), ROW(pselect6, P), ROW(epoll_create1, P),
	ROW(epoll_ctl, P), ROW(epoll_wait, P), ROW(epoll_pwait, P), ROW(eventfd2, P),
	ROW(timerfd_create, P), ROW(timerfd_settime, V), ROW(timerfd_gettime, V), ROW(futex, ALL),
	ROW(nanosleep, ALL), ROW(clock_nanosleep, ALL), ROW(sched_yield, ALL),
	ROW(restart_syscall, ALL), ROW(alarm, M), ROW(setitimer, M), ROW(pause, M),
	/* time and numbers that tell of this process only */
	ROW(clock_gettime, ALL), ROW(clock_getres, ALL), ROW(gettimeofday, ALL), ROW(time, ALL),
	ROW(times, M), ROW(getrusage, M), ROW(getrandom, ALL), ROW(getpid, ALL), ROW(gettid, ALL),
	ROW(getppid, M), ROW(getpgrp, ALL), ROW(getuid, ALL), ROW(geteuid, ALL), ROW(getgid, V),
	ROW(getegid, V), ROW(getresuid, M), ROW(getresgid, M), ROW(getgroups, M), ROW(uname, M),
	ROW(sysinfo, V), ROW(sched_getaffinity, V), ROW(getcpu, ALL), ROW(getrlimit, M),
	/* names, not contents */
	ROW(stat, V), ROW(lstat, V), ROW(newfstatat, ALL), ROW(statx, V), ROW(readlink, ALL),
	ROW(readlinkat, ALL), ROW(getcwd, V), ROW(umask, M),
	/* memory; mmap and mprotect have conditions */
	ROW(munmap, ALL), ROW(mremap, ALL), ROW(madvise, ALL), ROW(brk, ALL), ROW(msync, V),
	ROW(membarrier, M),
	/* signals of this process, threads; tgkill and clone have conditions */
	ROW(rt_sigaction, ALL), ROW(rt_sigprocmask, ALL), ROW(rt_sigreturn, ALL), ROW(sigaltstack, ALL),
	ROW(rt_sigpending, M), ROW(rt_sigtimedwait, M), ROW(set_robust_list, M),
	ROW(rseq, M), ROW(wait4, M), ROW(waitid, M), ROW(set_tid_address, M), ROW(sched_getattr, M), ROW(sched_setattr, M),
	ROW(sched_getscheduler, M), ROW(sched_getparam, M), ROW(seccomp, M), ROW(exit, ALL),
	ROW(exit_group, ALL),
	/* sockets that are open: of control, of serial lines */
	ROW(accept, P), ROW(accept4, P), ROW(recvfrom, V), ROW(recvmsg, V), ROW(sendto, V),
	ROW(sendmsg, V), ROW(recvmmsg, P), ROW(sendmmsg, P), ROW(getsockopt, V),
	ROW(setsockopt, V), ROW(getsockname, V), ROW(getpeername, ALL), ROW(shutdown, V),
};

/* clang-format on */

/* With TSR_JAIL_NETWORK. socket has conditions. */
static const struct row network[] = {
	ROW(connect, V),
	ROW(bind, V),
	ROW(listen, V),
};

/* With TSR_JAIL_FILES, and openat for reading with TSR_JAIL_NETWORK or TSR_JAIL_UPGRADES; else
 * refused. */
static const int paths[] = {
	SCMP_SYS(open),      SCMP_SYS(openat),     SCMP_SYS(creat),     SCMP_SYS(access),
	SCMP_SYS(faccessat), SCMP_SYS(getdents64), SCMP_SYS(unlink),    SCMP_SYS(unlinkat),
	SCMP_SYS(rename),    SCMP_SYS(renameat),   SCMP_SYS(renameat2), SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),   SCMP_SYS(rmdir),      SCMP_SYS(truncate),  SCMP_SYS(statfs),
};

/* Refused in every jail. */
static const int refused[] = {
	SCMP_SYS(link),          SCMP_SYS(linkat),    SCMP_SYS(symlink),  SCMP_SYS(symlinkat),
	SCMP_SYS(mknod),         SCMP_SYS(mknodat),   SCMP_SYS(chmod),    SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),      SCMP_SYS(chown),     SCMP_SYS(fchown),   SCMP_SYS(lchown),
	SCMP_SYS(fchownat),      SCMP_SYS(utimensat), SCMP_SYS(setxattr), SCMP_SYS(chdir),
	SCMP_SYS(inotify_init1),
};

/* Calls for which another one stands in when there is none. */
static const int missing[] = { SCMP_SYS(clone3), SCMP_SYS(faccessat2), SCMP_SYS(openat2),
			       SCMP_SYS(epoll_pwait2), SCMP_SYS(futex_waitv) };

/* FIOCLEX is F_SETFD by another name: Python has it, where it reads the line of a syntax error. */
static const uint32_t ioctls[] = {
	TCGETS,     TCSETS,   TCSETSW, TCSETSF, TIOCGWINSZ,   TIOCGPGRP, TIOCGPTN,
	TIOCSPTLCK, FIONREAD, FIONBIO, FIOCLEX, BLKGETSIZE64, BLKSSZGET, TIOCOUTQ,
};

static const uint32_t fcntls[] = {
	F_GETFD,         F_SETFD,     F_GETFL,      F_SETFL,      F_DUPFD,
	F_DUPFD_CLOEXEC, F_OFD_GETLK, F_OFD_SETLK,  F_OFD_SETLKW, F_GETLK,
	F_SETLK,         F_SETLKW,    F_GETPIPE_SZ, F_SETPIPE_SZ, F_GET_SEALS,
};

static const uint32_t prctls[] = { PR_SET_NAME, PR_GET_NAME, PR_SET_SECCOMP, PR_GET_DUMPABLE };

/* Of a copy of the process, which rehearses an upgrade. */
static const uint32_t prctls_of_copies[] = { PR_SET_PDEATHSIG, PR_SET_PTRACER };

/* Of the other threads: the watchdog of the machine lock says which one held it. */
static const uint32_t prctls_of_others[] = { PR_GET_NAME };

struct build {
	scmp_filter_ctx filter;
	unsigned kind; /* a bit */
	int failed;    /* 0: none */
};

static void add(struct build *b, uint32_t action, int number, unsigned conditions,
		const struct scmp_arg_cmp *condition)
{
	int status = number < 0 ? 0
				: seccomp_rule_add_array(b->filter, action, number, conditions,
							 condition);

	if (status && !b->failed)
		b->failed = status;
}

static void allow_rows(struct build *b, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].kinds & b->kind)
			add(b, SCMP_ACT_ALLOW, rows[i].number, 0, NULL);
}

static void answer(struct build *b, uint32_t action, const int *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add(b, action, numbers[i], 0, NULL);
}

/* The call with argument `index`, of which the kernel looks at 32 bits, one of some values. */
static void allow_values(struct build *b, int number, unsigned index, const uint32_t *values,
			 size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scmp_arg_cmp value =
			SCMP_CMP(index, SCMP_CMP_MASKED_EQ, UINT32_MAX, values[i]);

		add(b, SCMP_ACT_ALLOW, number, 1, &value);
	}
}

/* code: that of a file, which cannot be written where it runs. */
static void allow_memory(struct build *b, bool code)
{
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp of_file[] = {
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE | PROT_EXEC, PROT_EXEC),
		SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_TYPE | MAP_ANONYMOUS, MAP_PRIVATE),
	};

	add(b, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);
	add(b, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
	if (code)
		add(b, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, of_file);
}

/* A thread of this process, in no new namespace. copies: a process like it, if the porter agrees.
 */
static void allow_threads(struct build *b, bool copies)
{
	const uint64_t looked_at = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_VFORK |
				   CLONE_NEWNS | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
				   CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_PTRACE;
	const struct scmp_arg_cmp thread =
		SCMP_A0(SCMP_CMP_MASKED_EQ, looked_at, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND);
	const struct scmp_arg_cmp process = SCMP_A0(SCMP_CMP_MASKED_EQ, looked_at, 0);

	if (b->kind == M)
		add(b, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread);
	if (copies)
		add(b, SCMP_ACT_NOTIFY, SCMP_SYS(clone), 1, &process);
}

/* Signals to this process, as abort(3) sends; limits can be read, not set. copies: those to a
 * process of another number are the porter's to decide on, since abort(3) is for them, too. */
static void allow_own(struct build *b, bool copies)
{
	const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
	const struct scmp_arg_cmp foreign = SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)getpid(), 0);
	const struct scmp_arg_cmp only_read = SCMP_A2(SCMP_CMP_EQ, 0, 0);

	add(b, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own);
	add(b, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, &only_read);
	if (copies)
		add(b, SCMP_ACT_NOTIFY, SCMP_SYS(tgkill), 1, &foreign);
}

/* What a new version and the copy that rehearses with it do besides: displays and disks that forget
 * have memory in files without a name; a copy leaves no core. */
static void allow_upgrades(struct build *b)
{
	const uint32_t seals[] = { F_ADD_SEALS };
	const struct scmp_arg_cmp own_core[] = {
		SCMP_A0(SCMP_CMP_EQ, 0, 0),
		SCMP_A1(SCMP_CMP_EQ, RLIMIT_CORE, 0),
	};

	add(b, SCMP_ACT_ALLOW, SCMP_SYS(memfd_create), 0, NULL);
	add(b, SCMP_ACT_ALLOW, SCMP_SYS(getdents64), 0, NULL);
	add(b, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2, own_core);
	allow_values(b, SCMP_SYS(fcntl), 1, seals, 1);
	allow_values(b, SCMP_SYS(prctl), 0, prctls_of_copies, 2);
}

/* A message to the system's journal is refused, not deadly. */
static void allow_sockets(struct build *b, unsigned needs)
{
	const struct scmp_arg_cmp local = SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, AF_UNIX);
	const uint32_t families[] = { AF_INET, AF_INET6 };
	const uint32_t types[] = { SOCK_STREAM, SOCK_DGRAM };

	add(b, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, &local);
	if (!(needs & TSR_JAIL_NETWORK) || !(b->kind & V))
		return;
	allow_rows(b, network, sizeof(network) / sizeof(network[0]));
	for (unsigned i = 0; i < 4; i++) {
		const struct scmp_arg_cmp both[] = {
			SCMP_A0(SCMP_CMP_MASKED_EQ, UINT32_MAX, families[i / 2]),
			SCMP_A1(SCMP_CMP_MASKED_EQ, 0xf, types[i % 2]),
		};

		add(b, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, both);
	}
}

/* Which files can be opened for reading is Landlock's to say, or the porter's. */
static void answer_reading(struct build *b, uint32_t action)
{
	const uint64_t changing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	const struct scmp_arg_cmp reading = SCMP_A2(SCMP_CMP_MASKED_EQ, changing, O_RDONLY);
	const uint64_t accesses[] = { O_WRONLY, O_RDWR };

	add(b, action, SCMP_SYS(openat), 1, &reading);
	for (unsigned i = 0; i < 2; i++) {
		const struct scmp_arg_cmp writing =
			SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, accesses[i]);

		add(b, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(openat), 1, &writing);
	}
}

static void answer_paths(struct build *b, unsigned needs, bool upgrades)
{
	const size_t count = sizeof(paths) / sizeof(paths[0]);
	bool files = needs & TSR_JAIL_FILES && b->kind & V;
	bool names = needs & TSR_JAIL_NETWORK && b->kind & V;

	for (size_t i = 0; i < count; i++) {
		if (files)
			add(b, SCMP_ACT_ALLOW, paths[i], 0, NULL);
		else if ((paths[i] != SCMP_SYS(openat) || !(names || upgrades)) &&
			 (paths[i] != SCMP_SYS(getdents64) || !upgrades))
			add(b, SCMP_ACT_ERRNO(EACCES), paths[i], 0, NULL);
	}
	if (!files && (names || upgrades))
		answer_reading(b, upgrades ? SCMP_ACT_NOTIFY : SCMP_ACT_ALLOW);
}

static void build(struct build *b, unsigned needs)
{
	const uint32_t no_such_call = SCMP_ACT_ERRNO(ENOSYS);
	bool upgrades = needs & TSR_JAIL_UPGRADES && b->kind == M;

	allow_rows(b, allowed, sizeof(allowed) / sizeof(allowed[0]));
	allow_values(b, SCMP_SYS(fcntl), 1, fcntls, sizeof(fcntls) / sizeof(fcntls[0]));
	allow_values(b, SCMP_SYS(ioctl), 1, ioctls, sizeof(ioctls) / sizeof(ioctls[0]));
	if (b->kind == M)
		allow_values(b, SCMP_SYS(prctl), 0, prctls, sizeof(prctls) / sizeof(prctls[0]));
	else
		allow_values(b, SCMP_SYS(prctl), 0, prctls_of_others, 1);
	allow_memory(b, upgrades);
	allow_threads(b, upgrades);
	allow_own(b, upgrades);
	allow_sockets(b, needs);
	answer_paths(b, needs, upgrades);
	if (upgrades)
		allow_upgrades(b);
	answer(b, SCMP_ACT_ERRNO(EACCES), refused, sizeof(refused) / sizeof(refused[0]));
	answer(b, no_such_call, missing, sizeof(missing) / sizeof(missing[0]));
	for (int number = NEWEST_KNOWN + 1; number < NEWER_END; number++)
		add(b, no_such_call, number, 0, NULL);
}

/* The whole program lies in the pipe before it is read. */
static bool take_program(scmp_filter_ctx filter, struct sock_fprog *out)
{
	const size_t most = BPF_MAXINSNS * sizeof(struct sock_filter);
	struct sock_filter *code = malloc(most);
	ssize_t length = -1;
	int ends[2];

	if (code && !pipe2(ends, O_CLOEXEC)) {
		if (!seccomp_export_bpf(filter, ends[1]))
			length = read(ends[0], code, most);
		close(ends[0]);
		close(ends[1]);
	}
	if (length <= 0) {
		free(code);
		return false;
	}
	out->filter = code;
	out->len = (unsigned short)((size_t)length / sizeof(*code));
	return true;
}

bool tsr_jail_filter(enum tsr_jail_thread kind, unsigned needs, bool log, struct sock_fprog *out)
{
	struct build b = { .kind = KIND(kind) };
	bool good;

	b.filter = seccomp_init(log ? SCMP_ACT_TRAP : SCMP_ACT_KILL_PROCESS);
	if (!b.filter)
		return false;
	seccomp_attr_set(b.filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	seccomp_attr_set(b.filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	build(&b, needs);
	good = !b.failed && take_program(b.filter, out);
	errno = -b.failed;
	seccomp_release(b.filter);
	return good;
}
