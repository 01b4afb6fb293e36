/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* kind=unix: a listening UNIX socket with one client at a time; without one, output is dropped. */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unix-common/unix-listen.h"
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

static bool unix_open(struct chardev *c, struct tsr_error *error)
{
	if (!*c->path)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "kind=unix needs the property path: the socket to listen on");
	c->listen_fd = unix_listen(c->path, 4, false, error); /* -1: unix_close leaves the path */
	return c->listen_fd >= 0;
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
