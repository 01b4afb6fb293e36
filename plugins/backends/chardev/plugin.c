/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The byte stream back end: tessera.chardev/1 in front of one of several kinds of host streams. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chardev.h"

static const struct chardev_kind *const kinds[] = {
	&kind_stdio, &kind_file, &kind_pty, &kind_unix, &kind_none, &kind_signal,
};

static const struct chardev_kind *find_kind(const char *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

/* -- tessera.chardev/1 */

static void chardev_connect(void *self, const struct tsr_chardev_port *port)
{
	struct chardev *c = self;

	c->port = port;
	stream_watch_input(c);
}

static size_t chardev_write(void *self, const uint8_t *bytes, size_t length)
{
	struct chardev *c = self;

	return c->kind->write ? c->kind->write(c, bytes, length) : stream_write(c, bytes, length);
}

static void chardev_ready(void *self)
{
	struct chardev *c = self;

	stream_deliver(c);
	if (!c->in_length)
		stream_watch_input(c);
}

static const struct tsr_chardev chardev_table = {
	.size = sizeof(chardev_table),
	.connect = chardev_connect,
	.write = chardev_write,
	.ready = chardev_ready,
};

/* -- Life cycle */

static void on_timer(void *self, uint64_t deadline_ns)
{
	struct chardev *c = self;

	c->timer_armed = false;
	if (c->kind == &kind_pty)
		pty_on_timer(c);
	else
		signal_on_timer(c);
}

static void on_start(void *self, uint64_t deadline_ns)
{
	struct chardev *c = self;

	c->started = true;
	chardev_ready(c);
}

/* A reader that goes away (SIGPIPE) and a file that reaches the limit of `ulimit -f` (SIGXFSZ) are
 * errors of write(2), not the end of the process. */
static void ignore_signal(int number)
{
	struct sigaction action;

	if (!sigaction(number, NULL, &action) && action.sa_handler == SIG_DFL)
		signal(number, SIG_IGN);
}

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct chardev *c = self;

	c->in_fd = c->out_fd = c->listen_fd = -1;
	c->host = host;
	c->properties = host->get(host, TSR_PROPERTIES);
	c->worker = host->get(host, TSR_WORKER);
	c->clock = host->get(host, TSR_CLOCK);
	c->bus = host->get(host, TSR_BUS);
	c->log = host->get(host, TSR_LOG);
	c->machine = host->get(host, TSR_MACHINE);
	c->timer = c->clock->timer_new(host, on_timer, c);
	c->start = c->clock->timer_new(host, on_start, c);
	c->path = c->properties->get_string(host, "path");
	c->kind = find_kind(c->properties->get_string(host, "kind"));
	if (!c->kind)
		return tsr_error_set(error, TSR_ERROR_INVALID,
				     "kind=%s is none of stdio, file, pty, unix, none, signal",
				     c->properties->get_string(host, "kind"));
	ignore_signal(SIGPIPE);
	ignore_signal(SIGXFSZ);
	return !c->kind->open || c->kind->open(c, error);
}

static bool realize(void *self, struct tsr_error *error)
{
	struct chardev *c = self;

	c->clock->arm(c->start, c->clock->now(c->host));
	return !c->kind->start || c->kind->start(c);
}

static void reset(void *self, enum tsr_reset kind)
{
	struct chardev *c = self;

	if (c->kind->begin)
		c->kind->begin(c);
}

static void detach(void *self)
{
	struct chardev *c = self;

	if (!c->kind)
		return;
	stream_drain(c);
	stream_unwatch(c);
	if (c->kind->close)
		c->kind->close(c);
	if (c->in_fd >= 0)
		close(c->in_fd);
	if (c->out_fd >= 0 && c->out_fd != c->in_fd)
		close(c->out_fd);
	free(c->in);
}

static const void *get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_CHARDEV) ? NULL : &chardev_table;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct chardev),
	.attach = attach,
	.realize = realize,
	.reset = reset,
	.detach = detach,
	.get_interface = get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
