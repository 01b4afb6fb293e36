/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the device is connected to: back ends of characters and of frames; block.c has the others.
 */
#include <stdio.h>

#include "isolated/device-parts.h"

static void connect_peer(void *self, const void *port, bool has_link)
{
	struct object *o = self;
	struct iso_message m = { .head = { .what = ISO_CONNECT, .id = o->id } };

	o->port = port;
	m.head.a[0] = has_link;
	device_ask(&m);
}

static void go_on(void *self)
{
	device_post_level(ISO_NEXT, device_object(self)->id, 0);
}

/* -- Characters */

static void chardev_connect(void *self, const struct tsr_chardev_port *port)
{
	connect_peer(self, port, false);
}

static size_t chardev_write(void *self, const uint8_t *bytes, size_t length)
{
	struct iso_message m;

	if (length > ISO_DATA)
		length = ISO_DATA;
	m.head = (struct iso_head){ .what = ISO_SEND,
				    .id = device_object(self)->id,
				    .length = (uint32_t)length };
	memcpy(m.data, bytes, length);
	device_ask(&m);
	return m.head.a[0] < length ? (size_t)m.head.a[0] : length;
}

static const struct tsr_chardev chardev = {
	.size = sizeof(chardev), .connect = chardev_connect, .write = chardev_write, .ready = go_on
};

/* -- Frames */

static void net_connect(void *self, const struct tsr_net_port *port)
{
	connect_peer(self, port, TSR_HAS(port, link_changed));
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	if (length <= ISO_DATA)
		device_post(&(struct iso_head){ .what = ISO_FRAME,
						.id = device_object(self)->id,
						.length = (uint32_t)length },
			    frame);
}

static const struct tsr_net net = {
	.size = sizeof(net), .connect = net_connect, .send = net_send, .ready = go_on
};

/* -- The bus */

static struct object *find_peer(const char *need)
{
	struct iso_message m = { .head = { .what = ISO_PEER } };

	device_set_text(&m, need);
	return device_make(&m, NULL);
}

static bool get(const struct tsr_host *host, const char *name, struct tsr_interface *out)
{
	static const void *const tables[] = { [ISO_PEER_CHARDEV] = &chardev,
					      [ISO_PEER_NET] = &net,
					      [ISO_PEER_BLOCK] = &device_block };
	struct object *o = find_peer(name);

	if (!o || !o->peer)
		return false;
	*out = (struct tsr_interface){ tables[o->peer], o };
	return true;
}

static const char *which(const struct tsr_host *host, const char *name)
{
	static const char *const interfaces[] = { NULL, TSR_CHARDEV, TSR_NET, TSR_BLOCK };
	const struct object *o = find_peer(name);

	return o ? interfaces[o->peer] : NULL;
}

static void emit(const struct tsr_host *host, const char *event, const char *detail)
{
	uint8_t both[1024];
	int length = snprintf((char *)both, sizeof(both), "%s%c%s", event, 0, detail ? detail : "");

	if (length >= (int)sizeof(both))
		length = sizeof(both) - 1;
	device_post(&(struct iso_head){ .what = ISO_EMIT, .length = (uint32_t)length }, both);
}

const struct tsr_bus device_bus = {
	.size = sizeof(device_bus), .get = get, .emit = emit, .which = which
};
