/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera-isolated LIBRARY ID VERSION WHOSE: supervises the process of one isolated device. A
 * machine starts it before its jail is closed. It does what a jailed machine cannot: it starts the
 * process, again when it has ended and the machine wants it, and says how it ended. It reads
 * nothing that a guest or the device writes, but for orders of one byte.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolated/device-parts.h"

static struct iso_shared *shared;
static pid_t child;
static int child_end = -1; /* its pidfd; -1: there is none */

static void start_child(char **arguments)
{
	pid_t supervisor = getpid();

	if (child_end >= 0)
		return;
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != supervisor)
			_exit(1);
		close(ISO_FD_LINE);
		close(ISO_FD_SHARED);
		device_main(shared, arguments[1], arguments[2], arguments[3]);
	}
	child_end = child > 0 ? pidfd_open(child, 0) : -1;
}

/* Whoever waits for the device is woken first: it then waits for the report. */
static void on_child_end(void)
{
	struct iso_report report = { 0 };

	waitpid(child, &report.wait_status, 0);
	close(child_end);
	child_end = -1;
	atomic_store(&shared->ended, 1);
	iso_wake(shared);
	send(ISO_FD_LINE, &report, sizeof(report), MSG_NOSIGNAL);
}

/* False: the machine is gone. */
static bool take_order(char **arguments)
{
	uint8_t order;

	if (recv(ISO_FD_LINE, &order, 1, 0) != 1)
		return false;
	if (order == ISO_START)
		start_child(arguments);
	else if (order == ISO_KILL && child_end >= 0)
		kill(child, SIGKILL);
	return true;
}

static void supervise(char **arguments)
{
	struct pollfd watched[2] = { { .fd = ISO_FD_LINE, .events = POLLIN } };

	for (;;) {
		watched[1] = (struct pollfd){ .fd = child_end, .events = POLLIN };
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			return;
		if (watched[1].revents)
			on_child_end();
		if (watched[0].revents && !take_order(arguments))
			return;
	}
}

/* Signals of the terminal are for the machine, whose end this process sees. */
int main(int argc, char **argv)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	shared = argc == 5 ? mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED,
				  ISO_FD_SHARED, 0)
			   : MAP_FAILED;
	if (shared == MAP_FAILED) {
		fputs("tessera-isolated: only a machine starts this program\n", stderr);
		return 2;
	}
	iso_channel_init();
	prctl(PR_SET_NAME, "tessera-superv.");
	close_range(ISO_FD_MEMORY + 1, ~0u, 0);
	supervise(argv);
	if (child_end >= 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	return 0;
}
