/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kind=pty: a pseudo terminal. Nobody may be reading it: then output is dropped as on an unplugged
 * line. Linux reports that state as a permanent hang-up, so the descriptor is not watched in it,
 * but looked at a few times a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chardev.h"

#define LOOK_AGAIN_NS 200000000u

/*
 * Raw from the start: the guest echoes for itself. Opening and closing it once also raises the
 * first hang-up.
 */
static bool make_raw(const char *name)
{
	int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios mode;
	bool ok;

	if (fd < 0)
		return false;
	ok = !tcgetattr(fd, &mode);
	cfmakeraw(&mode);
	ok = ok && !tcsetattr(fd, TCSANOW, &mode);
	close(fd);
	return ok;
}

static bool pty_open(struct chardev *c, struct tsr_error *error)
{
	char name[128];
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	c->in_fd = c->out_fd = fd;
	if (fd < 0 || grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, sizeof(name)) ||
	    !make_raw(name) || fcntl(fd, F_SETFL, O_NONBLOCK))
		return tsr_error_set(error, TSR_ERROR_IO, "cannot make a pseudo terminal: %s",
				     strerror(errno));
	c->properties->set_string(c->host, "device", name);
	return true;
}

static bool has_reader(const struct chardev *c)
{
	struct pollfd p = { .fd = c->out_fd, .events = POLLIN };

	return poll(&p, 1, 0) <= 0 || !(p.revents & POLLHUP);
}

void pty_on_timer(struct chardev *c)
{
	if (has_reader(c))
		stream_watch_input(c);
	else
		stream_arm(c, LOOK_AGAIN_NS);
}

static bool pty_start(struct chardev *c)
{
	const char *name = c->properties->get_string(c->host, "device");

	c->bus->emit(c->host, "pty", name);
	tsr_log_at(c->log, c->host, TSR_LOG_INFO, "the line is %s", name);
	stream_arm(c, LOOK_AGAIN_NS);
	return true;
}

static void pty_hung_up(struct chardev *c)
{
	stream_arm(c, LOOK_AGAIN_NS);
}

static size_t pty_write(struct chardev *c, const uint8_t *bytes, size_t length)
{
	return has_reader(c) ? stream_write(c, bytes, length) : length;
}

const struct chardev_kind kind_pty = {
	.name = "pty",
	.open = pty_open,
	.start = pty_start,
	.write = pty_write,
	.hung_up = pty_hung_up,
};
