/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See privileges.h. The kernel keeps capabilities and the Landlock domain for each thread, and one
 * thread that kept them would do for all of them, since they share their memory. So every thread
 * has to give them up itself, also those of libraries, which are interrupted by a signal for it, as
 * glibc does for setuid(2). It is the same signal, 33: only that one cannot be blocked by
 * pthread_sigmask, which GLib's worker thread does with all others.
 *
 * Sources: capset(2), prctl(2), landlock(7), nptl(7).
 */
#define _GNU_SOURCE
#include "jail/privileges.h"

#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SIGNAL_OF_GLIBC 33 /* SIGSETXID */
#define THREADS_MAX 1024
#define WAIT_MS 2000
#define ROUNDS_MAX 8 /* threads that were just starting are found in the next one */

#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self 446
#endif

/* struct sigaction of the kernel, x86-64 */
struct kernel_sigaction {
	void (*handler)(int number);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

static struct {
	int ruleset;
	pid_t done[THREADS_MAX]; /* in any order */
	atomic_uint count;
	atomic_int error; /* the first one */
} drop;

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	/* Fails without CAP_SETPCAP, whose owner has none to lose: no program is started. */
	for (int i = 0; i <= CAP_LAST_CAP; i++)
		prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

/* Async-signal-safe. */
static void drop_here(void)
{
	int expected = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !drop_capabilities() ||
	    (drop.ruleset >= 0 && syscall(SYS_landlock_restrict_self, drop.ruleset, 0)))
		atomic_compare_exchange_strong(&drop.error, &expected, errno);
	drop.done[atomic_fetch_add(&drop.count, 1) % THREADS_MAX] = (pid_t)syscall(SYS_gettid);
}

static void on_signal(int number)
{
	int saved = errno;

	drop_here();
	errno = saved;
}

static bool is_done(pid_t thread)
{
	unsigned count = atomic_load(&drop.count);

	for (unsigned i = 0; i < count && i < THREADS_MAX; i++)
		if (drop.done[i] == thread)
			return true;
	return false;
}

static void wait_for(pid_t thread)
{
	const struct timespec moment = { .tv_nsec = 1000000 / 20 };

	for (unsigned i = 0; i < WAIT_MS * 20; i++) {
		if (is_done(thread) || syscall(SYS_tgkill, getpid(), thread, 0))
			return;
		nanosleep(&moment, NULL);
	}
}

/* Returns how many threads had still to do it. Whoever has done it starts none that has not. */
static unsigned interrupt_others(DIR *tasks)
{
	struct dirent *entry;
	unsigned n = 0;

	rewinddir(tasks);
	while ((entry = readdir(tasks))) {
		pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

		if (thread <= 0 || is_done(thread))
			continue;
		n++;
		if (!syscall(SYS_tgkill, getpid(), thread, SIGNAL_OF_GLIBC))
			wait_for(thread);
	}
	return n;
}

/* glibc lets nobody have this signal: the kernel is asked. The code that returns from a handler is
 * glibc's, as it stands in what glibc has set for another signal. */
static bool set_handler(struct kernel_sigaction *old)
{
	struct sigaction any = { .sa_handler = on_signal, .sa_flags = SA_RESTART }, kept;
	struct kernel_sigaction action;
	bool good;

	if (sigaction(SIGUSR2, &any, &kept))
		return false;
	good = !syscall(SYS_rt_sigaction, SIGUSR2, NULL, &action, sizeof(action.mask));
	sigaction(SIGUSR2, &kept, NULL);
	return good && !syscall(SYS_rt_sigaction, SIGNAL_OF_GLIBC, &action, old, sizeof(old->mask));
}

bool tsr_jail_drop_privileges(int ruleset)
{
	DIR *tasks = opendir("/proc/self/task"); /* cannot be opened later */
	struct kernel_sigaction old;
	unsigned rounds = 0;

	drop.ruleset = ruleset;
	if (!tasks || !set_handler(&old)) {
		if (tasks)
			closedir(tasks);
		return false;
	}
	drop_here();
	while (interrupt_others(tasks) && ++rounds < ROUNDS_MAX)
		;
	syscall(SYS_rt_sigaction, SIGNAL_OF_GLIBC, &old, NULL, sizeof(old.mask));
	closedir(tasks);
	errno = rounds == ROUNDS_MAX ? ETIMEDOUT : atomic_load(&drop.error);
	return errno == 0;
}
