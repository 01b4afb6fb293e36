/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.net/1 (link.h). */
#include "links/link.h"

#include "links/net.inc"

static void port_link_changed(void *to, bool up)
{
	struct tsr_link *link = to;
	const struct tsr_net_port *port = link->port;

	link->is_down = !up;
	if (port && TSR_HAS(port, link_changed))
		port->link_changed(port->to, up);
}

/* Until the back end says otherwise from within connect. */
static void plug_in(struct tsr_link *link)
{
	link->is_down = false;
}

/* A newcomer is not connected anew, so it would not hear of it. */
static void tell_unplugged(struct tsr_link_handle *handle)
{
	const struct tsr_net_port *port = handle->port;

	if (port && handle->link->is_down && TSR_HAS(port, link_changed))
		port->link_changed(port->to, false);
}
