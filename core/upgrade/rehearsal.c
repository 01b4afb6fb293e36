/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See rehearsal.h. */
#define _GNU_SOURCE
#include "upgrade/rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "board/memory-map.h"
#include "instance/machine-parts.h"
#include "jail/jail.h"
#include "run/worker.h"

#define SECONDS 10 /* that the guest stands for at most */
#define GOOD 'y'
#define BAD 'n'

struct rehearsal {
	pid_t copy;
	int answer;                 /* of a pipe */
	const char *volatile *step; /* in memory that both processes have */
};

/* -- The copy */

static void end_now(void)
{
	_exit(EXIT_FAILURE);
}

/* The machine's own handlers speak for the machine, not for a copy. */
static void forget_handlers(void)
{
	static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL, SIGABRT, SIGTRAP,
				       SIGSYS,  SIGHUP, SIGTERM, SIGINT, SIGALRM };
	const struct rlimit none = { 0, 0 };

	tsr_jail_be_copy();
	for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++)
		signal(numbers[i], SIG_DFL);
	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	atexit(end_now); /* before those that were registered earlier */
}

static void tell(int fd, char what, const GError *error)
{
	g_autofree char *text = g_strdup_printf(
		"%c%c%s", what, error ? 'a' + (char)error->code : ' ', error ? error->message : "");

	if (write(fd, text, strlen(text)) < 0)
		end_now();
}

static G_NORETURN void be_copy(TsrMachine *m, struct rehearsal *r, int fd,
			       gboolean (*what)(gpointer user, const char *volatile *step,
						GError **error),
			       gpointer user)
{
	GError *error = NULL;

	forget_handlers();
	tsr_worker_pool_be_alone(m->workers);
	if (!tsr_memory_map_detach_copy(m->memory))
		g_set_error(&error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "there is no memory for a rehearsal: %s", g_strerror(errno));
	else if (what(user, r->step, &error))
		tell(fd, GOOD, NULL);
	if (error)
		tell(fd, BAD, error);
	_exit(EXIT_SUCCESS);
}

/* -- The machine */

/* Until the copy closes the pipe. FALSE: the time is over before. */
static gboolean hear(struct rehearsal *r, GString *heard)
{
	gint64 end = g_get_monotonic_time() + SECONDS * G_USEC_PER_SEC;
	struct pollfd poller = { .fd = r->answer, .events = POLLIN };
	char piece[1024];

	for (;;) {
		gint64 left = end - g_get_monotonic_time();
		int ready = left > 0 ? poll(&poller, 1, (int)(left / 1000) + 1) : 0;
		ssize_t n;

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return FALSE;
		n = read(r->answer, piece, sizeof(piece));
		if (n <= 0)
			return TRUE;
		g_string_append_len(heard, piece, n);
	}
}

static int await(const struct rehearsal *r)
{
	int status = 0;

	while (waitpid(r->copy, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static gboolean judge(const struct rehearsal *r, const GString *heard, gboolean in_time, int status,
		      GError **error)
{
	const char *step = *r->step;

	if (!in_time)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "it did not return from %s in %d seconds; use another version", step,
			    SECONDS);
	else if (WIFSIGNALED(status))
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "it crashed in %s (%s); use another version", step,
			    g_strsignal(WTERMSIG(status)));
	else if (heard->len < 2 || WEXITSTATUS(status) != EXIT_SUCCESS)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "it ended the process in %s; use another version", step);
	else if (heard->str[0] != GOOD)
		g_set_error_literal(error, TSR_MACHINE_ERROR, heard->str[1] - 'a', heard->str + 2);
	else
		return TRUE;
	return FALSE;
}

static gboolean rehearse(TsrMachine *m, struct rehearsal *r,
			 gboolean (*what)(gpointer user, const char *volatile *step,
					  GError **error),
			 gpointer user, GError **error)
{
	g_autoptr(GString) heard = g_string_new(NULL);
	gboolean in_time;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) == 0) {
		r->copy = fork();
		if (r->copy == 0)
			be_copy(m, r, ends[1], what, user);
		close(ends[1]);
		r->answer = ends[0];
		if (r->copy < 0)
			close(ends[0]);
	}
	if (r->copy <= 0) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "there is no process for a rehearsal: %s; %s", g_strerror(errno),
			    errno == EPERM ? "another one may be under way, try again later"
					   : "raise the limits of the process (ulimit -n, -u, -v)");
		return FALSE;
	}
	in_time = hear(r, heard);
	close(r->answer);
	return judge(r, heard, in_time, in_time || tsr_jail_end_copy(r->copy) ? await(r) : 0,
		     error);
}

gboolean tsr_rehearse(TsrMachine *m,
		      gboolean (*what)(gpointer user, const char *volatile *step, GError **error),
		      gpointer user, GError **error)
{
	void *page = mmap(NULL, TSR_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			  -1, 0);
	struct rehearsal r = { .step = page };
	gboolean good;

	if (page == MAP_FAILED) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED,
			    "there is no memory for a rehearsal: %s", g_strerror(errno));
		return FALSE;
	}
	*r.step = "the rehearsal";
	good = rehearse(m, &r, what, user, error);
	munmap(page, TSR_PAGE_SIZE);
	return good;
}
