/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind=stdio: standard input and output. A terminal is put in raw mode, so that Ctrl-C reaches the
 * guest, and restored when the machine ends or the process exits. Ctrl-A is the escape: x stops the
 * machine, a second Ctrl-A or `a` sends a Ctrl-A. While the process is stopped (SIGTSTP, SIGSTOP)
 * the terminal belongs to the shell; SIGCONT makes it raw again.
 *
 * Descriptors 0 and 1 belong to the whole session of the shell, so they are never made
 * non-blocking: a terminal or pipe on standard output is opened a second time instead.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chardev.h"

#define ESCAPE 0x01 /* Ctrl-A */

/* The process has one terminal, whoever's machine uses it, and its mode before it was made raw. */
static pthread_mutex_t terminal_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct termios terminal_mode, terminal_raw_mode;
static volatile sig_atomic_t terminal_is_raw; /* set last: signal handlers read the modes */

static bool stdio_taken;

/* -- Job control. The handlers stand while the terminal is raw; all in them is async-signal-safe.
 */

static void on_stop(int number);

static const struct sigaction catch_stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };

static bool in_foreground(void)
{
	return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

static void on_continue(int number)
{
	if (!terminal_is_raw)
		return;
	sigaction(SIGTSTP, &catch_stop, NULL);
	if (in_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_raw_mode);
}

/* Stops the process as if there were no handler; it goes on by SIGCONT. */
static void on_stop(int number)
{
	sigset_t set;

	if (terminal_is_raw && in_foreground())
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal_mode);
	signal(number, SIG_DFL);
	raise(number);
	sigemptyset(&set);
	sigaddset(&set, number);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	on_continue(SIGCONT); /* where the kernel refuses to stop an orphaned process group */
}

/* Leaves alone what the program has set. */
static void set_handler(int number, void (*from)(int), const struct sigaction *to)
{
	struct sigaction now;

	if (!sigaction(number, NULL, &now) && now.sa_handler == from)
		sigaction(number, to, NULL);
}

static void follow_job_control(bool on)
{
	static const struct sigaction none = { .sa_handler = SIG_DFL };
	static const struct sigaction catch_continue = { .sa_handler = on_continue,
							 .sa_flags = SA_RESTART };

	set_handler(SIGCONT, on ? SIG_DFL : on_continue, on ? &catch_continue : &none);
	set_handler(SIGTSTP, on ? SIG_DFL : on_stop, on ? &catch_stop : &none);
}

/* -- The terminal's mode */

static void terminal_restore(void)
{
	pthread_mutex_lock(&terminal_mutex);
	if (terminal_is_raw) {
		terminal_is_raw = false;
		follow_job_control(false);
		if (in_foreground())
			tcsetattr(STDIN_FILENO, TCSANOW, &terminal_mode);
	}
	pthread_mutex_unlock(&terminal_mutex);
}

static bool terminal_make_raw(void)
{
	static bool registered;
	bool ok = false;

	pthread_mutex_lock(&terminal_mutex);
	if (!terminal_is_raw && in_foreground() && !tcgetattr(STDIN_FILENO, &terminal_mode)) {
		terminal_raw_mode = terminal_mode;
		cfmakeraw(&terminal_raw_mode);
		terminal_raw_mode.c_oflag |= OPOST; /* our own messages stay readable */
		ok = !tcsetattr(STDIN_FILENO, TCSANOW, &terminal_raw_mode);
		terminal_is_raw = ok;
		if (ok)
			follow_job_control(true);
		if (!registered)
			atexit(terminal_restore);
		registered = true;
	}
	pthread_mutex_unlock(&terminal_mutex);
	return ok;
}

static int open_output(void)
{
	struct stat st;
	int fd = -1;

	if (!fstat(STDOUT_FILENO, &st) && (S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO)))
		fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd >= 0 ? fd : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
}

static bool stdio_open(struct chardev *c, struct tsr_error *error)
{
	pthread_mutex_lock(&terminal_mutex);
	c->owns_stdio = !stdio_taken;
	stdio_taken = true;
	pthread_mutex_unlock(&terminal_mutex);
	if (!c->owns_stdio)
		return tsr_error_set(error, TSR_ERROR_CONFLICT,
				     "standard input and output are another line's already; "
				     "use kind=pty, unix or file for this one");
	c->in_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3); /* -1 when it is closed: no input */
	c->out_fd = open_output();
	return true;
}

static bool stdio_start(struct chardev *c)
{
	static const uint8_t hint[] =
		"This terminal is the machine's serial line. Ctrl-A x ends it.\r\n";

	c->raw = isatty(STDIN_FILENO) && terminal_make_raw();
	if (c->raw && isatty(STDOUT_FILENO))
		stream_write(c, hint, sizeof(hint) - 1);
	stream_watch_input(c);
	return true;
}

static void stdio_close(struct chardev *c)
{
	if (c->raw)
		terminal_restore();
	c->raw = false;
	pthread_mutex_lock(&terminal_mutex);
	if (c->owns_stdio)
		stdio_taken = false;
	c->owns_stdio = false;
	pthread_mutex_unlock(&terminal_mutex);
}

static size_t stdio_filter(struct chardev *c, uint8_t *bytes, size_t length)
{
	size_t kept = 0;

	if (!c->raw)
		return length;
	for (size_t i = 0; i < length; i++) {
		uint8_t byte = bytes[i];

		if (!c->escaped && byte == ESCAPE) {
			c->escaped = true;
			continue;
		}
		if (c->escaped && (byte == 'x' || byte == 'X'))
			c->machine->stop(c->host, 0, "Ctrl-A x was typed");
		else if (!c->escaped || byte == ESCAPE)
			bytes[kept++] = byte;
		else if (byte == 'a' || byte == 'A')
			bytes[kept++] = ESCAPE;
		c->escaped = false;
	}
	return kept;
}

const struct chardev_kind kind_stdio = {
	.name = "stdio",
	.open = stdio_open,
	.start = stdio_start,
	.close = stdio_close,
	.filter = stdio_filter,
};
