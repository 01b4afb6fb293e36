/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.chardev/1 (link.h). */
#include "links/link.h"

/* -- What the provider calls */

static size_t room(void *to)
{
	const struct tsr_chardev_port *port = ((struct tsr_link *)to)->port;

	return port ? port->room(port->to) : 0;
}

static void receive(void *to, const uint8_t *bytes, size_t length)
{
	const struct tsr_chardev_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->receive(port->to, bytes, length);
}

static void connect_provider(struct tsr_link *link)
{
	const struct tsr_chardev *chardev = link->to.table;

	link->is_connected = true;
	link->shim.chardev = (struct tsr_chardev_port){
		.size = sizeof(link->shim.chardev), .to = link, .room = room, .receive = receive
	};
	chardev->connect(link->to.self, &link->shim.chardev);
}

static void refresh(struct tsr_link *link)
{
}

/* -- What the user calls */

static void user_connect(void *self, const struct tsr_chardev_port *port)
{
	struct tsr_link_handle *handle = self;

	if (handle->is_held) {
		handle->port = port;
		return;
	}
	handle->link->port = port;
	connect_provider(handle->link);
}

/* Held: the host's side is full, and the device tries again a character time later. */
static size_t user_write(void *self, const uint8_t *bytes, size_t length)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_chardev *chardev = handle->link->to.table;

	return handle->is_held ? 0 : chardev->write(handle->link->to.self, bytes, length);
}

static void user_ready(void *self)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_chardev *chardev = handle->link->to.table;

	if (handle->is_held)
		handle->is_ready = true;
	else
		chardev->ready(handle->link->to.self);
}

static void fill(struct tsr_link_handle *handle)
{
	handle->table.chardev = (struct tsr_chardev){ .size = sizeof(handle->table.chardev),
						      .connect = user_connect,
						      .write = user_write,
						      .ready = user_ready };
}

static void release(struct tsr_link_handle *handle)
{
	if (handle->is_ready)
		user_ready(handle);
	handle->is_ready = false;
}

const struct tsr_link_kind tsr_link_chardev = {
	.interface = TSR_CHARDEV,
	.fill = fill,
	.connect = connect_provider,
	.refresh = refresh,
	.release = release,
};
