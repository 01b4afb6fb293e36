/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames between a network card and its back end ("tessera.net/1"). */
#include <tessera/net.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

static void tapped_send(void *self, const uint8_t *frame, size_t length)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_net, self);

	tsr_tap_link_tell(link, TSR_MONITOR_SENT, frame, length);
	tsr_tap_link_call(link, tsr_tap_link_recorder(link), TSR_RECORDING_NET_SEND, 0, 0, frame,
			  length);
	((const struct tsr_net *)link->inner)->send(self, frame, length);
}

static void tapped_ready(void *self)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_net, self);

	tsr_tap_link_call(link, tsr_tap_link_recorder(link), TSR_RECORDING_NET_READY, 0, 0, NULL,
			  0);
	((const struct tsr_net *)link->inner)->ready(self);
}

static bool tapped_can_receive(void *to)
{
	const struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_net, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	bool can;

	tsr_tap_link_enter(link, recorder, TSR_RECORDING_NET_CAN_RECEIVE, 0, 0, NULL, 0);
	can = ((const struct tsr_net_port *)link->card)->can_receive(to);
	tsr_recorder_leave(recorder, can);
	return can;
}

static void tapped_link_changed(void *to, bool up)
{
	const struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_net, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_enter(link, recorder, TSR_RECORDING_NET_LINK, up, 0, NULL, 0);
	((const struct tsr_net_port *)link->card)->link_changed(to, up);
	tsr_recorder_leave(recorder, 0);
}

static void tapped_receive(void *to, const uint8_t *frame, size_t length)
{
	const struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_net, to);

	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_tell(link, TSR_MONITOR_RECEIVED, frame, length);
	tsr_tap_link_enter(link, recorder, TSR_RECORDING_NET_RECEIVE, 0, 0, frame, length);
	((const struct tsr_net_port *)link->card)->receive(to, frame, length);
	tsr_recorder_leave(recorder, 0);
}

static void set_port(struct tsr_net_port *port, const struct tsr_net_port *card, bool on)
{
	port->receive = on ? tapped_receive : card->receive;
	port->can_receive = on ? tapped_can_receive : card->can_receive;
	if (TSR_HAS(card, link_changed))
		port->link_changed = on ? tapped_link_changed : card->link_changed;
}

static void set(struct tsr_tap_link *link, bool on)
{
	const struct tsr_net *inner = link->inner;
	struct tsr_net *table = link->table;

	table->send = on ? tapped_send : inner->send;
	table->ready = on ? tapped_ready : inner->ready;
	if (link->port)
		set_port(link->port, link->card, on);
}

/* Always: what is connected needs a copy. */
static void linked_connect(void *self, const struct tsr_net_port *port)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_net, self);
	g_autofree G_GNUC_UNUSED void *former = link->port;

	tsr_tap_link_take_port(link, port, port ? port->to : NULL);
	set(link, link->is_on);
	((const struct tsr_net *)link->inner)->connect(self, link->port);
}

static void begin(struct tsr_tap_link *link)
{
	((struct tsr_net *)link->table)->connect = linked_connect;
}

const struct tsr_tap_link_kind tsr_tap_net = {
	.interface = TSR_NET,
	.min_size = TSR_SIZE_TO(struct tsr_net, ready),
	.kind = TSR_MONITOR_PACKETS,
	.begin = begin,
	.set = set,
};
