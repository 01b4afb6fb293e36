/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See jail.h. In this order: what libraries load when they first need it; the porter, if upgrades
 * are to be possible, which stays outside; no new privileges, no capabilities and the Landlock
 * domain, in every thread; then the filter of system calls for all threads at once, which also
 * forbids what was done just before. Narrower filters are added by the threads themselves.
 */
#define _GNU_SOURCE
#include "jail/jail.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/seccomp.h>

#include "jail/filter.h"
#include "jail/landlock.h"
#include "jail/porter.h"
#include "jail/privileges.h"

#define LANDLOCK_COMPLETE 6 /* the first version with all that is asked of it */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static struct {
	bool entered, takes_code;
	struct sock_fprog filters[TSR_JAIL_THREADS]; /* len 0: none */
} jail;

static _Thread_local bool narrowed;

/* For developers: names the call, so that it can be looked at. What is forbidden stays so. */
static void on_forbidden(int number, siginfo_t *info, void *context)
{
	char text[96];
	int length = snprintf(text, sizeof(text),
			      "tessera: the jail forbids system call %d in thread %ld\n",
			      info->si_syscall, syscall(SYS_gettid));
	ssize_t written = write(STDERR_FILENO, text, (size_t)length);

	(void)written;
	signal(SIGSYS, SIG_DFL);
	raise(SIGSYS);
}

static bool is_logged(void)
{
	const char *how = g_getenv("TESSERA_JAIL");
	struct sigaction action = { .sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO };

	return how && g_str_equal(how, "log") && !sigaction(SIGSYS, &action, NULL);
}

/* What would be opened later: the table of errors' texts and character sets, the seed of random
 * numbers, the zone of local time. */
static void load_what_is_lazy(void)
{
	g_date_time_unref(g_date_time_new_now_local());
	g_free(g_locale_to_utf8(g_strsignal(SIGTERM), -1, NULL, NULL, NULL));
	g_random_int();
}

static bool make_filters(unsigned needs)
{
	bool log = is_logged();

	for (int kind = 0; kind < TSR_JAIL_THREADS; kind++) {
		free(jail.filters[kind].filter);
		jail.filters[kind] = (struct sock_fprog){ 0 };
	}
	for (int kind = 0; kind < TSR_JAIL_THREADS; kind++)
		if (!tsr_jail_filter(kind, needs, log, &jail.filters[kind]))
			return false;
	return true;
}

/* SPEC_ALLOW: without it some kernels slow down all code of the process, the guest's too, to
 * hinder side channels, which guests have anyway (SECURITY.md). */
static int install(enum tsr_jail_thread kind, unsigned flags)
{
	return jail.filters[kind].len
		       ? (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
				      flags | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &jail.filters[kind])
		       : -1;
}

/* Returns the descriptor of its notifications, -1 and errno: it is not installed. Without
 * WAIT_KILLABLE (Linux 5.19) a call that a signal interrupts is asked for twice. */
static int install_with_porter(void)
{
	const unsigned flags = SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
			       SECCOMP_FILTER_FLAG_NEW_LISTENER;
	int listener = install(TSR_JAIL_MAIN, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);

	return listener >= 0 ? listener : install(TSR_JAIL_MAIN, flags);
}

/* One of the parts that a jail has is missing. */
static void miss(GString *what, const char *format, ...) G_GNUC_PRINTF(2, 3);
static void miss(GString *what, const char *format, ...)
{
	va_list arguments;

	g_string_append(what, what->len ? "; " : "");
	va_start(arguments, format);
	g_string_append_vprintf(what, format, arguments);
	va_end(arguments);
}

static void drop(unsigned needs, GString *what)
{
	int version, ruleset = tsr_jail_landlock(needs, &version);

	if (!version)
		miss(what, "this host has no Landlock");
	else if (version < LANDLOCK_COMPLETE)
		miss(what, "this host's Landlock has version %d, before %d", version,
		     LANDLOCK_COMPLETE);
	else if (ruleset < 0)
		miss(what, "Landlock: %s", g_strerror(errno));
	if (!tsr_jail_drop_privileges(ruleset))
		miss(what, "privileges are kept: %s", g_strerror(errno));
	if (ruleset >= 0)
		close(ruleset);
}

bool tsr_jail_is_possible(void)
{
	return !SANITIZED;
}

/* All threads at once. `needs` may lose upgrades, if they cannot be had. */
static bool close_door(unsigned *needs)
{
	if (*needs & TSR_JAIL_UPGRADES) {
		jail.takes_code = make_filters(*needs) && tsr_porter_employ(install_with_porter());
		if (jail.takes_code)
			return true;
		*needs &= ~(unsigned)TSR_JAIL_UPGRADES;
	}
	return make_filters(*needs) && !install(TSR_JAIL_MAIN, SECCOMP_FILTER_FLAG_TSYNC);
}

/* What holds, and what of upgrades, if they were asked for. */
static char *describe(const GString *missing, unsigned needs, bool upgrades, int failure)
{
	g_autofree char *what =
		missing->len ? g_strdup_printf("partial: %s", missing->str) : g_strdup("full");

	if (!upgrades)
		return g_steal_pointer(&what);
	if (needs & TSR_JAIL_UPGRADES)
		return g_strconcat(what, "; open for upgrades of plugins", NULL);
	return g_strdup_printf("%s; no upgrades: the kernel lets nobody decide on system calls "
			       "(%s)",
			       what, g_strerror(failure));
}

char *tsr_jail_enter(unsigned needs, const struct tsr_jail_upgrades *upgrades)
{
	g_autoptr(GString) what = g_string_new(NULL);
	int failure = 0;

	if (SANITIZED)
		return g_strdup("off: this program is built with a sanitizer");
	if (jail.entered)
		return g_strdup("full");
	jail.entered = true;
	load_what_is_lazy();
	if (upgrades && tsr_porter_start(upgrades, needs & TSR_JAIL_NETWORK))
		needs |= TSR_JAIL_UPGRADES;
	else
		failure = errno;
	if (needs & TSR_JAIL_UPGRADES)
		prctl(PR_SET_PTRACER, tsr_porter_process(), 0, 0, 0);
	drop(needs, what);
	if (needs & TSR_JAIL_FILES)
		miss(what, "a plugin opens files while it runs");
	if (!close_door(&needs)) {
		miss(what, "seccomp: %s", g_strerror(errno));
		jail.filters[TSR_JAIL_MAIN].len = 0;
	}
	return describe(what, needs, upgrades != NULL, failure ? failure : errno);
}

void tsr_jail_narrow(enum tsr_jail_thread kind)
{
	if (narrowed || !jail.filters[TSR_JAIL_MAIN].len || kind == TSR_JAIL_MAIN)
		return;
	narrowed = !install(kind, 0);
}

/* -- Upgrades */

bool tsr_jail_is_closed(void)
{
	return jail.entered;
}

bool tsr_jail_takes_code(void)
{
	return !jail.entered || jail.takes_code;
}

void tsr_jail_be_copy(void)
{
	if (jail.takes_code)
		prctl(PR_SET_PTRACER, tsr_porter_process(), 0, 0, 0);
}

bool tsr_jail_end_copy(pid_t copy)
{
	return jail.entered ? tsr_porter_end_copies() : !kill(copy, SIGKILL);
}
