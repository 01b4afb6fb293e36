/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The buffers between the device and the host's file descriptors. The virtual CPU's thread runs all
 * of it, so no call may block: output that the host does not take now waits in a small buffer and
 * then stops the device; input is read only when the device has room, and its descriptor is not
 * watched meanwhile.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chardev.h"

/* -- Output */

static void on_writable(void *self, short revents);

static void watch_output(struct chardev *c, bool on)
{
	if (on && !c->out_watch) {
		c->out_watch = c->worker->watch(c->host, c->out_fd, POLLOUT, on_writable, c);
	} else if (!on && c->out_watch) {
		c->worker->unwatch(c->host, c->out_watch);
		c->out_watch = 0;
	}
}

static bool writable_now(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents & (POLLOUT | POLLERR | POLLHUP);
}

/* How many bytes the descriptor took. A dead one takes everything: output goes nowhere. */
static size_t try_write(struct chardev *c, const uint8_t *bytes, size_t length)
{
	size_t done = 0;

	while (done < length && writable_now(c->out_fd)) {
		ssize_t n = write(c->out_fd, bytes + done, length - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			return length;
	}
	return done;
}

static void flush(struct chardev *c)
{
	size_t done = try_write(c, c->out, c->out_length);

	c->out_length -= done;
	memmove(c->out, c->out + done, c->out_length);
	watch_output(c, c->out_length > 0);
}

static void on_writable(void *self, short revents)
{
	flush(self);
}

size_t stream_write(struct chardev *c, const uint8_t *bytes, size_t length)
{
	size_t done = 0, rest;

	if (c->out_fd < 0)
		return length;
	if (!c->out_length)
		done = try_write(c, bytes, length);
	rest = length - done;
	if (rest > CHARDEV_OUT_SIZE - c->out_length)
		rest = CHARDEV_OUT_SIZE - c->out_length;
	memcpy(c->out + c->out_length, bytes + done, rest);
	c->out_length += rest;
	watch_output(c, c->out_length > 0);
	return done + rest;
}

/* The machine ends: gives a slow reader a last moment. */
void stream_drain(struct chardev *c)
{
	for (unsigned tries = 0; c->out_fd >= 0 && c->out_length && tries < 5; tries++) {
		struct pollfd p = { .fd = c->out_fd, .events = POLLOUT };

		poll(&p, 1, 50);
		flush(c);
	}
	c->out_length = 0;
}

/* -- Input */

bool stream_inject(struct chardev *c, const uint8_t *bytes, size_t length)
{
	uint8_t *grown;

	if (c->in_length + length > CHARDEV_IN_MAX)
		return false;
	grown = realloc(c->in, c->in_length + length + 1);
	if (!grown)
		return false;
	c->in = grown;
	memcpy(c->in + c->in_length, bytes, length);
	c->in_length += length;
	return true;
}

static size_t device_room(const struct chardev *c)
{
	return c->port && c->started ? c->port->room(c->port->to) : 0;
}

/* What waits goes to the device; the rest goes when the device asks. */
void stream_deliver(struct chardev *c)
{
	size_t room = device_room(c);
	uint8_t bytes[256];

	while (c->in_length && room) {
		size_t n = c->in_length < room ? c->in_length : room;

		if (n > sizeof(bytes))
			n = sizeof(bytes);
		memcpy(bytes, c->in, n);
		c->in_length -= n;
		memmove(c->in, c->in + n, c->in_length);
		c->port->receive(c->port->to, bytes, n);
		room = device_room(c);
	}
}

static void unwatch_input(struct chardev *c)
{
	if (c->in_watch)
		c->worker->unwatch(c->host, c->in_watch);
	c->in_watch = 0;
}

static void input_ended(struct chardev *c)
{
	unwatch_input(c);
	if (c->kind->hung_up)
		c->kind->hung_up(c);
	else
		c->input_ended = true;
}

static void on_readable(void *self, short revents)
{
	struct chardev *c = self;
	uint8_t bytes[256];
	size_t room = c->started ? device_room(c) : CHARDEV_IN_MAX - c->in_length;
	ssize_t n;

	if ((c->started && c->in_length) || !room) {
		unwatch_input(c); /* `ready` watches again */
		return;
	}
	n = read(c->in_fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		input_ended(c);
		return;
	}
	if (c->kind->filter)
		n = (ssize_t)c->kind->filter(c, bytes, (size_t)n);
	if (n > 0 && stream_inject(c, bytes, (size_t)n))
		stream_deliver(c);
}

void stream_watch_input(struct chardev *c)
{
	if (c->in_fd >= 0 && !c->in_watch && !c->input_ended && c->port)
		c->in_watch = c->worker->watch(c->host, c->in_fd, POLLIN, on_readable, c);
}

void stream_unwatch(struct chardev *c)
{
	unwatch_input(c);
	watch_output(c, false);
}

void stream_arm(struct chardev *c, uint64_t after_ns)
{
	if (!c->timer_armed)
		c->clock->arm(c->timer, c->clock->now(c->host) + after_ns);
	c->timer_armed = true;
}
