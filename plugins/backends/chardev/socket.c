/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kind=unix: a listening UNIX socket with one client at a time; without one, output is dropped. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "chardev.h"

static void on_client(void *self, short revents);

static void listen_again(struct chardev *c)
{
	if (!c->listen_watch)
		c->listen_watch = c->worker->watch(c->host, c->listen_fd, POLLIN, on_client, c);
}

/* Others wait in the backlog until this client goes. */
static void on_client(void *self, short revents)
{
	struct chardev *c = self;
	int fd = accept4(c->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	c->in_fd = c->out_fd = fd;
	c->worker->unwatch(c->host, c->listen_watch);
	c->listen_watch = 0;
	stream_watch_input(c);
}

static void unix_hung_up(struct chardev *c)
{
	stream_unwatch(c);
	close(c->in_fd);
	c->in_fd = c->out_fd = -1;
	c->out_length = 0;
	listen_again(c);
}

/*
 * A socket that a dead process left behind is in the way; anything else at that path is not ours to
 * remove.
 */
static void remove_stale(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof(*address)) &&
	    errno == ECONNREFUSED)
		unlink(address->sun_path);
	if (fd >= 0)
		close(fd);
}

static bool unix_open(struct chardev *c, struct tsr_error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!*c->path)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "kind=unix needs the property path: the socket to listen on");
	if (strlen(c->path) >= sizeof(address.sun_path))
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "%s: a socket's path has at most %zu characters", c->path,
				     sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, c->path, strlen(c->path) + 1);
	remove_stale(&address);
	c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->listen_fd >= 0 &&
	    !bind(c->listen_fd, (struct sockaddr *)&address, sizeof(address)) &&
	    !listen(c->listen_fd, 4))
		return true;
	tsr_error_set(error, TSR_ERROR_IO, "cannot listen on %s: %s", c->path, strerror(errno));
	if (c->listen_fd >= 0)
		close(c->listen_fd);
	c->listen_fd = -1; /* so that unix_close leaves alone what is there */
	return false;
}

static bool unix_start(struct chardev *c)
{
	listen_again(c);
	return true;
}

static void unix_close(struct chardev *c)
{
	if (c->listen_watch)
		c->worker->unwatch(c->host, c->listen_watch);
	c->listen_watch = 0;
	if (c->listen_fd < 0)
		return;
	close(c->listen_fd);
	c->listen_fd = -1;
	unlink(c->path);
}

const struct chardev_kind kind_unix = {
	.name = "unix",
	.open = unix_open,
	.start = unix_start,
	.close = unix_close,
	.hung_up = unix_hung_up,
};
