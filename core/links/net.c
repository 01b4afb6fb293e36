/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.net/1 (link.h). */
#include "links/link.h"

/* -- What the provider calls */

static bool can_receive(void *to)
{
	const struct tsr_net_port *port = ((struct tsr_link *)to)->port;

	return port && port->can_receive(port->to);
}

static void receive(void *to, const uint8_t *frame, size_t length)
{
	const struct tsr_net_port *port = ((struct tsr_link *)to)->port;

	if (port)
		port->receive(port->to, frame, length);
}

static void link_changed(void *to, bool up)
{
	struct tsr_link *link = to;
	const struct tsr_net_port *port = link->port;

	link->is_down = !up;
	if (port && TSR_HAS(port, link_changed))
		port->link_changed(port->to, up);
}

static void connect_provider(struct tsr_link *link)
{
	const struct tsr_net *net = link->to.table;

	link->is_connected = true;
	link->is_down = false;
	link->shim.net = (struct tsr_net_port){ .size = sizeof(link->shim.net),
						.to = link,
						.can_receive = can_receive,
						.receive = receive,
						.link_changed = link_changed };
	net->connect(link->to.self, &link->shim.net);
}

static void refresh(struct tsr_link *link)
{
}

/* -- What the user calls */

static void user_connect(void *self, const struct tsr_net_port *port)
{
	struct tsr_link_handle *handle = self;

	if (!handle->is_held) {
		handle->link->port = port;
		connect_provider(handle->link);
		return;
	}
	handle->port = port;
	if (port && handle->link->is_down && TSR_HAS(port, link_changed))
		port->link_changed(port->to, false);
}

static void user_send(void *self, const uint8_t *frame, size_t length)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_net *net = handle->link->to.table;

	if (G_LIKELY(!handle->is_held))
		net->send(handle->link->to.self, frame, length);
	else
		tsr_mistake(&handle->user->mistakes,
			    "it sends a frame before it has taken its predecessor's place");
}

static void user_ready(void *self)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_net *net = handle->link->to.table;

	if (handle->is_held)
		handle->is_ready = true;
	else
		net->ready(handle->link->to.self);
}

static void fill(struct tsr_link_handle *handle)
{
	handle->table.net = (struct tsr_net){ .size = sizeof(handle->table.net),
					      .connect = user_connect,
					      .send = user_send,
					      .ready = user_ready };
}

/* Also for what arrived while the predecessor had no room. */
static void release(struct tsr_link_handle *handle)
{
	if (handle->is_ready)
		user_ready(handle);
	handle->is_ready = false;
}

const struct tsr_link_kind tsr_link_net = {
	.interface = TSR_NET,
	.fill = fill,
	.connect = connect_provider,
	.refresh = refresh,
	.release = release,
};
