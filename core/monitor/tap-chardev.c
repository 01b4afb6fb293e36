/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Characters between a device and its back end ("tessera.chardev/1"). */
#include <tessera/chardev.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

/* Told afterwards: before, it is not known how many bytes are taken. */
static size_t tapped_write(void *self, const uint8_t *bytes, size_t length)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_chardev, self);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	size_t taken;

	tsr_tap_link_call(link, recorder, TSR_RECORDING_CHARS_WRITE, 0, 0, bytes, length);
	taken = ((const struct tsr_chardev *)link->inner)->write(self, bytes, length);
	tsr_tap_link_result(link, recorder, taken, NULL, 0);
	if (taken)
		tsr_tap_link_tell(link, TSR_MONITOR_SENT, bytes, MIN(taken, length));
	return taken;
}

static void tapped_ready(void *self)
{
	const struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_chardev, self);

	tsr_tap_link_call(link, tsr_tap_link_recorder(link), TSR_RECORDING_CHARS_READY, 0, 0, NULL,
			  0);
	((const struct tsr_chardev *)link->inner)->ready(self);
}

static size_t tapped_room(void *to)
{
	const struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_chardev, to);
	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);
	size_t room;

	tsr_tap_link_enter(link, recorder, TSR_RECORDING_CHARS_ROOM, 0, 0, NULL, 0);
	room = ((const struct tsr_chardev_port *)link->card)->room(to);
	tsr_recorder_leave(recorder, room);
	return room;
}

static void tapped_receive(void *to, const uint8_t *bytes, size_t length)
{
	const struct tsr_tap_link *link = tsr_tap_link_find_port(&tsr_tap_chardev, to);

	struct tsr_recorder *recorder = tsr_tap_link_recorder(link);

	tsr_tap_link_tell(link, TSR_MONITOR_RECEIVED, bytes, length);
	tsr_tap_link_enter(link, recorder, TSR_RECORDING_CHARS_RECEIVE, 0, 0, bytes, length);
	((const struct tsr_chardev_port *)link->card)->receive(to, bytes, length);
	tsr_recorder_leave(recorder, 0);
}

static void set(struct tsr_tap_link *link, bool on)
{
	const struct tsr_chardev *inner = link->inner;
	const struct tsr_chardev_port *card = link->card;
	struct tsr_chardev *table = link->table;
	struct tsr_chardev_port *port = link->port;

	table->write = on ? tapped_write : inner->write;
	table->ready = on ? tapped_ready : inner->ready;
	if (!port)
		return;
	port->receive = on ? tapped_receive : card->receive;
	port->room = on ? tapped_room : card->room;
}

static void linked_connect(void *self, const struct tsr_chardev_port *port)
{
	struct tsr_tap_link *link = tsr_tap_link_find(&tsr_tap_chardev, self);
	g_autofree G_GNUC_UNUSED void *former = link->port;

	tsr_tap_link_take_port(link, port, port ? port->to : NULL);
	set(link, link->is_on);
	((const struct tsr_chardev *)link->inner)->connect(self, link->port);
}

static void begin(struct tsr_tap_link *link)
{
	((struct tsr_chardev *)link->table)->connect = linked_connect;
}

const struct tsr_tap_link_kind tsr_tap_chardev = {
	.interface = TSR_CHARDEV,
	.min_size = TSR_SIZE_TO(struct tsr_chardev, ready),
	.kind = TSR_MONITOR_CHARS,
	.begin = begin,
	.set = set,
};
