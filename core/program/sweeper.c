/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See sweeper.h. The child of a process with threads: it makes system calls only. */
#define _GNU_SOURCE
#include "program/sweeper.h"

#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKETS_MAX 16
#define DESCRIPTORS_MAX 1024
#define WINDOW_MS 2000

struct socket_name {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	dev_t device;
	ino_t inode;
};

static struct {
	struct socket_name names[SOCKETS_MAX];
	unsigned count;
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
	pid_t window; /* 0: none */
	int line;     /* to the sweeper; nothing is sent, it ends with this process */
} sweeper = { .line = -1 };

/* Listens, and has a name in the file system that is still its own. */
static int take_name(int fd, struct socket_name *name)
{
	struct sockaddr_un address = { 0 };
	socklen_t length = sizeof(address), size = sizeof(int);
	struct stat info;
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) || !listens ||
	    getsockname(fd, (struct sockaddr *)&address, &length) ||
	    address.sun_family != AF_UNIX || address.sun_path[0] != '/')
		return 0;
	memset(name, 0, sizeof(*name));
	memcpy(name->path, address.sun_path, length - offsetof(struct sockaddr_un, sun_path));
	if (lstat(name->path, &info) || !S_ISSOCK(info.st_mode))
		return 0;
	name->device = info.st_dev;
	name->inode = info.st_ino;
	return 1;
}

static void remove_names(void)
{
	struct stat info;

	for (unsigned i = 0; i < sweeper.count; i++) {
		const struct socket_name *name = &sweeper.names[i];

		if (!lstat(name->path, &info) && S_ISSOCK(info.st_mode) &&
		    info.st_dev == name->device && info.st_ino == name->inode)
			unlink(name->path);
	}
}

/* The window goes when its machine is gone, unless it hangs, or leads a session of its own: then
 * it tells its user what has happened. `window`: its descriptor. */
static void end_window(int window)
{
	struct pollfd end = { .fd = window, .events = POLLIN };

	if (window >= 0 && poll(&end, 1, WINDOW_MS) == 0 &&
	    getsid(sweeper.window) != sweeper.window)
		pidfd_send_signal(window, SIGKILL, NULL, 0);
}

/* Signals of the terminal are for the machine, which this process outlives. */
static _Noreturn void sweep(int line)
{
	static const int ignored[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE };
	int window = sweeper.window ? pidfd_open(sweeper.window, 0) : -1;
	char end;

	for (unsigned i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	prctl(PR_SET_NAME, "tessera-sweeper");
	dup2(line, STDIN_FILENO);
	if (window >= 0 && window != STDOUT_FILENO)
		window = dup2(window, STDOUT_FILENO);
	close_range(window < 0 ? STDOUT_FILENO : STDERR_FILENO, ~0u, 0);
	while (read(STDIN_FILENO, &end, 1) > 0)
		;
	remove_names();
	end_window(window);
	if (*sweeper.folder)
		rmdir(sweeper.folder);
	_exit(0);
}

void sweeper_add_window(pid_t window)
{
	sweeper.window = window;
}

void sweeper_add_folder(const char *path)
{
	if (strlen(path) < sizeof(sweeper.folder))
		memcpy(sweeper.folder, path, strlen(path) + 1);
}

void sweeper_start(void)
{
	int ends[2];
	pid_t child;

	for (int fd = 0; fd < DESCRIPTORS_MAX && sweeper.count < SOCKETS_MAX; fd++)
		sweeper.count += (unsigned)take_name(fd, &sweeper.names[sweeper.count]);
	if (!sweeper.count || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		return;
	child = fork();
	if (!child) {
		close(ends[0]);
		sweep(ends[1]);
	}
	close(ends[1]);
	if (child > 0)
		sweeper.line = ends[0];
	else
		close(ends[0]);
}

void sweeper_finish(void)
{
	char end;

	if (sweeper.line < 0)
		return;
	shutdown(sweeper.line, SHUT_WR);
	while (read(sweeper.line, &end, 1) > 0)
		;
	close(sweeper.line);
	sweeper.line = -1;
}
