/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A test in a child process. The child says how it went on a pipe; when it ends without a word, the
 * plugin ended it: a signal, exit(), or the time limit. The phase lies in memory that both share,
 * so that it outlives the child. What the child prints goes to a memfd, which cannot block it.
 */
#define _GNU_SOURCE
#include "check.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "compare.h"

#define OUTPUT_MAX (16 << 20) /* bytes that a test may print */
#define FILE_MAX (96 << 20)   /* bytes of a file that a machine on a core has: memory, states */
#define OUTPUT_SHOWN 4096
#define WORDS_MAX 1024
#define VERDICT_FD 200

static char note[WORDS_MAX];

/* Shared with the parent; the strings are constants of this program. */
static struct shared {
	const char *phase;
	gboolean is_access; /* what follows is the last one */
	enum log_kind kind;
	unsigned width;
	guint64 address, value;
} * shared;

/* -- In the child */

static _Noreturn void finish(char verdict, const char *words)
{
	char line[WORDS_MAX + 1];
	size_t length;

	line[0] = verdict;
	length = 1 + (size_t)g_strlcpy(line + 1, words, WORDS_MAX);
	length = MIN(length, sizeof(line));
	fflush(NULL);
	if (write(VERDICT_FD, line, length) != (ssize_t)length)
		_exit(TSR_ERROR_FAILED);
	_exit(0);
}

#define FINISH(verdict) \
	char words[WORDS_MAX]; \
	va_list args; \
	va_start(args, format); \
	g_vsnprintf(words, sizeof(words), format, args); \
	va_end(args); \
	finish(verdict, words)

void check_fail(const char *format, ...)
{
	FINISH('F');
}

void check_skip(const char *format, ...)
{
	FINISH('S');
}

void check_note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_vsnprintf(note, sizeof(note), format, args);
	va_end(args);
}

void check_phase(const char *what)
{
	shared->phase = what;
	shared->is_access = FALSE;
}

static void note_access(enum log_kind kind, unsigned width, uint64_t address, uint64_t value)
{
	shared->kind = kind;
	shared->width = width;
	shared->address = address;
	shared->value = value;
	shared->is_access = TRUE;
}

static _Noreturn void be_child(const struct check *check, const struct check_test *test,
			       int pipe_end, int output)
{
	rlim_t bytes = check->core ? FILE_MAX : OUTPUT_MAX;
	struct rlimit most = { bytes, bytes }, no_core = { 0, 0 };

	setpgid(0, 0);
	dup2(pipe_end, VERDICT_FD);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	close(pipe_end);
	close(output);
	setvbuf(stdout, NULL, _IOLBF, 0);
	setrlimit(RLIMIT_FSIZE, &most);
	setrlimit(RLIMIT_CORE, &no_core);
	note[0] = 0;
	compare_before = note_access;
	(check->core ? test->core : test->run)(check);
	finish('P', note);
}

/* -- In the parent */

/* The last line that the process printed. (transfer full) */
static char *last_line(const char *output)
{
	g_autofree char *text = g_strchomp(g_strdup(output));
	const char *line = strrchr(text, '\n');

	return g_strdup(line ? line + 1 : text);
}

static char *read_output(int fd)
{
	off_t length = lseek(fd, 0, SEEK_END), from = MAX(0, length - OUTPUT_SHOWN);
	char *text = g_malloc0(OUTPUT_SHOWN + 1);

	if (pread(fd, text, OUTPUT_SHOWN, from) < 0)
		text[0] = 0;
	return text;
}

/* (transfer full) */
static char *doing(void)
{
	if (!shared->is_access)
		return g_strdup(shared->phase ? shared->phase : "the test");
	if (!shared->width)
		return g_strdup_printf("%s (%s)", shared->phase, compare_kind_name(shared->kind));
	return g_strdup_printf("%s (%s of %u bytes at %" G_GINT64_MODIFIER
			       "x, value %" G_GINT64_MODIFIER "x)",
			       shared->phase, compare_kind_name(shared->kind), shared->width,
			       shared->address, shared->value);
}

/* What to say of a child that ended without a verdict. */
static char *explain(int status, gboolean late, unsigned limit, const char *output)
{
	g_autofree char *line = last_line(output), *what = doing();

	if (late)
		return g_strdup_printf("%s did not end within %u s", what, limit);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && *line)
		return g_strdup_printf("aborted in %s: %s", what,
				       g_str_has_prefix(line, "fake host: ") ? line + 11 : line);
	if (WIFSIGNALED(status))
		return g_strdup_printf("SIG%s in %s", sigabbrev_np(WTERMSIG(status)), what);
	return g_strdup_printf("it ended the whole process, with status %d, in %s",
			       WEXITSTATUS(status), what);
}

static gboolean wait_for_verdict(int fd, unsigned limit, char *verdict)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	gint64 end = g_get_monotonic_time() + (gint64)limit * G_USEC_PER_SEC;
	ssize_t got = 0;
	int count;

	do
		count = poll(&ready, 1, (int)MAX(0, (end - g_get_monotonic_time()) / 1000));
	while (count < 0 && errno == EINTR);
	if (count > 0)
		got = read(fd, verdict, WORDS_MAX);
	verdict[MAX(got, 0)] = 0;
	return count > 0;
}

static struct check_result judge(const char *verdict, char *unsaid)
{
	struct check_result result = { CHECK_FAILED, NULL, NULL, 0 };

	if (!*verdict) {
		result.why = unsaid;
		return result;
	}
	if (*verdict == 'P')
		result.outcome = CHECK_PASSED;
	if (*verdict == 'S')
		result.outcome = CHECK_SKIPPED;
	result.why = g_strdup(verdict + 1);
	g_strdelimit(result.why, "\n", ' ');
	g_free(unsaid);
	return result;
}

struct check_result check_run(const struct check *check, const struct check_test *test)
{
	gint64 start = g_get_monotonic_time();
	char verdict[WORDS_MAX + 1];
	struct check_result result;
	int ends[2], output, status = 0;
	gboolean in_time;
	char *text;
	pid_t child;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	output = memfd_create("output", MFD_CLOEXEC);
	if (shared == MAP_FAILED || output < 0 || pipe(ends) != 0)
		g_error("no memory or descriptors for a test");
	fflush(NULL);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		be_child(check, test, ends[1], output);
	}
	close(ends[1]);
	in_time = wait_for_verdict(ends[0], check->limit, verdict);
	if (!in_time || *verdict)
		kill(-child, SIGKILL); /* and what the plugin started */
	waitpid(child, &status, 0);
	text = read_output(output);
	result = judge(verdict, explain(status, !in_time, check->limit, text));
	result.output = text;
	result.ms = (unsigned)((g_get_monotonic_time() - start) / 1000);
	close(ends[0]);
	close(output);
	munmap(shared, sizeof(*shared));
	shared = NULL;
	return result;
}
