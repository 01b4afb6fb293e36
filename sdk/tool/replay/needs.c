/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the plugin's needs are connected to: networks, serial lines, media and IDE drives that do
 * what the recorded ones did.
 */
#include "replay.h"

#include <tessera/draft/ide.h>

#include "recording/interfaces.h"

struct request {
	struct request *next;
	struct tsr_block_request *request; /* the plugin's */
	uint64_t number;
};

struct replay_need {
	unsigned number;
	char *name;
	const struct kind *kind; /* NULL: not connected */
	const void *port;        /* the plugin's */
	void (*changed)(void *user);
	void *changed_user;
	struct request *requests;
	/* IDE: what is being moved. */
	uint32_t phase_offset, phase_length;
	bool is_to_host;
	const struct tsr_block_segment *segments;
	unsigned segment_count;
};

struct kind {
	const char *interface;
	const void *table;
	const char *calls[8], *ports[8]; /* names, by numbers of recording/interfaces.h */
	uint64_t (*call)(struct replay_need *need, const struct tsr_recording_event *e);
};

static struct tsr_recording_event expect(const struct replay_need *need, uint64_t function,
					 uint64_t first, uint64_t second, const void *data,
					 size_t length)
{
	return replay_expect((struct tsr_recording_event){ .kind = TSR_RECORDING_CALL,
							   .object = need->number,
							   .values = { function, first, second },
							   .data = data,
							   .length = length });
}

static void set_port(void *self, const void *port)
{
	((struct replay_need *)self)->port = port;
}

/* -- tessera.net/1 */

static void net_connect(void *self, const struct tsr_net_port *port)
{
	set_port(self, port);
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	if (replay.plays)
		expect(self, TSR_RECORDING_NET_SEND, 0, 0, frame, length);
}

static void net_ready(void *self)
{
	if (replay.plays)
		expect(self, TSR_RECORDING_NET_READY, 0, 0, NULL, 0);
}

static const struct tsr_net net_replayed = {
	.size = sizeof(net_replayed),
	.connect = net_connect,
	.send = net_send,
	.ready = net_ready,
};

static uint64_t net_call(struct replay_need *need, const struct tsr_recording_event *e)
{
	const struct tsr_net_port *port = need->port;

	if (e->values[0] == TSR_RECORDING_NET_CAN_RECEIVE)
		return port->can_receive(port->to);
	if (e->values[0] == TSR_RECORDING_NET_RECEIVE)
		port->receive(port->to, e->data, e->length);
	else if (TSR_HAS(port, link_changed))
		port->link_changed(port->to, e->values[1]);
	return 0;
}

/* -- tessera.chardev/1 */

static void chars_connect(void *self, const struct tsr_chardev_port *port)
{
	set_port(self, port);
}

static size_t chars_write(void *self, const uint8_t *bytes, size_t length)
{
	if (!replay.plays)
		return length;
	expect(self, TSR_RECORDING_CHARS_WRITE, 0, 0, bytes, length);
	return (size_t)replay_result(self).values[0];
}

static void chars_ready(void *self)
{
	if (replay.plays)
		expect(self, TSR_RECORDING_CHARS_READY, 0, 0, NULL, 0);
}

static const struct tsr_chardev chars_replayed = {
	.size = sizeof(chars_replayed),
	.connect = chars_connect,
	.write = chars_write,
	.ready = chars_ready,
};

static uint64_t chars_call(struct replay_need *need, const struct tsr_recording_event *e)
{
	const struct tsr_chardev_port *port = need->port;

	if (e->values[0] == TSR_RECORDING_CHARS_ROOM)
		return port->room(port->to);
	port->receive(port->to, e->data, e->length);
	return 0;
}

/* -- tessera.block/1 */

static void append_number(GByteArray *to, uint64_t value)
{
	uint8_t bytes[8];

	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	g_byte_array_append(to, bytes, sizeof(bytes));
}

static void gather(GByteArray *to, const struct tsr_block_segment *segments, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		g_byte_array_append(to, segments[i].base, (guint)segments[i].length);
}

static void scatter(const struct tsr_block_segment *segments, unsigned count, const uint8_t *data,
		    size_t length)
{
	for (unsigned i = 0; i < count && length; i++) {
		size_t n = MIN(length, segments[i].length);

		memcpy(segments[i].base, data, n);
		data += n;
		length -= n;
	}
}

/* The pieces of a request, of which a buffer is one. */
static const struct tsr_block_segment *pieces_of(const struct tsr_block_request *r,
						 struct tsr_block_segment *whole, unsigned *count)
{
	*whole = (struct tsr_block_segment){ r->buffer, r->length };
	*count = r->buffer ? 1 : r->segment_count;
	return r->buffer ? whole : r->segments;
}

static void block_submit(void *self, struct tsr_block_request *request)
{
	struct replay_need *need = self;
	g_autoptr(GByteArray) data = g_byte_array_new();
	struct request *r;
	struct tsr_block_segment whole;
	unsigned count;
	const struct tsr_block_segment *pieces = pieces_of(request, &whole, &count);

	if (!replay.plays)
		check_skip("a plugin that submits requests while it loads cannot be replayed");
	append_number(data, request->offset);
	append_number(data, request->length);
	if (request->op == TSR_BLOCK_WRITE)
		gather(data, pieces, count);
	r = g_new0(struct request, 1);
	*r = (struct request){ need->requests, request, 0 };
	need->requests = r;
	r->number = expect(need, TSR_RECORDING_BLOCK_SUBMIT, 0, (uint64_t)request->op, data->data,
			   data->len)
			    .values[1];
}

static uint64_t get_number(const struct tsr_recording_event *e, unsigned index)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8 && index * 8 + i < e->length; i++)
		value |= (uint64_t)((const uint8_t *)e->data)[index * 8 + i] << (8 * i);
	return value;
}

static void block_info(void *self, struct tsr_block_info *info)
{
	struct tsr_recording_event e;

	if (!replay.plays) {
		tsr_struct_fill(info, &(struct tsr_block_info){ .size = sizeof(*info) });
		return;
	}
	expect(self, TSR_RECORDING_BLOCK_INFO, 0, 0, NULL, 0);
	e = replay_result(self);
	tsr_struct_fill(info,
			&(struct tsr_block_info){ .size = sizeof(*info),
						  .present = e.values[0] & 1,
						  .read_only = e.values[0] & 2,
						  .length = get_number(&e, 0),
						  .generation = (uint32_t)get_number(&e, 1) });
}

static void block_listen(void *self, void (*changed)(void *user), void *user)
{
	struct replay_need *need = self;

	need->changed = changed;
	need->changed_user = user;
}

static bool block_eject(void *self, bool eject)
{
	if (!replay.plays)
		return false;
	expect(self, TSR_RECORDING_BLOCK_EJECT, eject, 0, NULL, 0);
	return replay_result(self).values[0];
}

static void block_lock(void *self, bool locked)
{
	if (replay.plays)
		expect(self, TSR_RECORDING_BLOCK_LOCK, locked, 0, NULL, 0);
}

static void block_drain(void *self)
{
	if (replay.plays)
		expect(self, TSR_RECORDING_BLOCK_DRAIN, 0, 0, NULL, 0);
}

static const struct tsr_block block_replayed = {
	.size = sizeof(block_replayed),
	.info = block_info,
	.submit = block_submit,
	.listen = block_listen,
	.eject = block_eject,
	.lock = block_lock,
	.drain = block_drain,
};

static void block_done(struct replay_need *need, const struct tsr_recording_event *e)
{
	for (struct request **at = &need->requests; *at; at = &(*at)->next) {
		g_autofree struct request *found = *at;
		struct tsr_block_segment whole;
		const struct tsr_block_segment *pieces;
		unsigned count;

		if (found->number != e->values[1]) {
			g_steal_pointer(&found);
			continue;
		}
		*at = found->next;
		pieces = pieces_of(found->request, &whole, &count);
		scatter(pieces, count, e->data, e->length);
		found->request->done(found->request, (enum tsr_block_status)e->values[2]);
		return;
	}
	replay_differ("a request that was submitted", "the plugin has not submitted it");
}

static uint64_t block_call(struct replay_need *need, const struct tsr_recording_event *e)
{
	if (e->values[0] == TSR_RECORDING_BLOCK_DONE)
		block_done(need, e);
	else if (need->changed)
		need->changed(need->changed_user);
	return 0;
}

/* -- tessera.ide-drive/1 */

static void ide_connect(void *self, const struct tsr_ide_port *port)
{
	set_port(self, port);
}

/* What the drive has left in the registers that it shares with the channel. Returns what follows
 * them. */
static size_t take_registers(struct replay_need *need, const struct tsr_recording_event *e)
{
	const struct tsr_ide_port *port = need->port;
	size_t n = MIN(e->length, sizeof(*port->registers));

	memcpy(port->registers, e->data, n);
	return n;
}

static void ide_expect(struct replay_need *need, uint64_t function, uint64_t first,
		       const void *data, size_t length)
{
	struct tsr_recording_event e;

	if (!replay.plays || !need->port)
		return;
	expect(need, function, first, 0, data, length);
	e = replay_result(need);
	take_registers(need, &e);
}

static void ide_reset(void *self, enum tsr_ide_reset kind)
{
	ide_expect(self, TSR_RECORDING_IDE_RESET, (uint64_t)kind, NULL, 0);
}

static void ide_command(void *self, uint8_t command)
{
	const struct tsr_ide_port *port = ((struct replay_need *)self)->port;

	ide_expect(self, TSR_RECORDING_IDE_COMMAND, command, port ? port->registers : NULL,
		   port ? sizeof(*port->registers) : 0);
}

static void ide_pio_done(void *self)
{
	struct replay_need *need = self;
	const struct tsr_ide_port *port = need->port;

	ide_expect(need, TSR_RECORDING_IDE_PIO_DONE, 0,
		   port ? port->buffer + need->phase_offset : NULL, need->phase_length);
}

static void ide_dma_ready(void *self, const struct tsr_block_segment *segments, unsigned count,
			  uint64_t length)
{
	struct replay_need *need = self;
	g_autoptr(GByteArray) data = g_byte_array_new();

	need->segments = segments;
	need->segment_count = count;
	if (!need->is_to_host)
		gather(data, segments, count);
	ide_expect(need, TSR_RECORDING_IDE_DMA_READY, length, data->data, data->len);
}

static void ide_dma_stop(void *self)
{
	ide_expect(self, TSR_RECORDING_IDE_DMA_STOP, 0, NULL, 0);
}

/* Whether drives take DEVICE RESET while they are busy is not recorded. */
static const struct tsr_ide_drive ide_replayed = {
	.size = sizeof(ide_replayed),
	.connect = ide_connect,
	.reset = ide_reset,
	.command = ide_command,
	.pio_done = ide_pio_done,
	.dma_ready = ide_dma_ready,
	.dma_stop = ide_dma_stop,
};

static void ide_pio(struct replay_need *need, const struct tsr_recording_event *e,
		    const uint8_t *data, size_t length)
{
	const struct tsr_ide_port *port = need->port;
	uint32_t offset = (uint32_t)(e->values[2] >> 32), count = (uint32_t)e->values[2];
	bool fits = offset <= TSR_IDE_BUFFER && count <= TSR_IDE_BUFFER - offset;

	need->phase_offset = fits ? offset : 0;
	need->phase_length = fits ? count : 0;
	memcpy(port->buffer + need->phase_offset, data, MIN(length, need->phase_length));
	port->pio(port->to, e->values[1] & 1, offset, count, (uint8_t)(e->values[1] >> 8),
		  e->values[1] & 2);
}

static uint64_t ide_call(struct replay_need *need, const struct tsr_recording_event *e)
{
	const struct tsr_ide_port *port = need->port;
	size_t n = take_registers(need, e);
	const uint8_t *data = (const uint8_t *)e->data + n;

	switch (e->values[0]) {
	case TSR_RECORDING_IDE_PIO:
		ide_pio(need, e, data, e->length - n);
		break;
	case TSR_RECORDING_IDE_DMA:
		need->is_to_host = e->values[1];
		if (port->dma)
			port->dma(port->to, e->values[1], e->values[2]);
		break;
	case TSR_RECORDING_IDE_DMA_DONE:
		scatter(need->segments, need->segment_count, data, e->length - n);
		port->dma_done(port->to);
		break;
	default:
		port->finish(port->to, (uint8_t)e->values[1], (uint8_t)(e->values[2] >> 1),
			     e->values[2] & 1);
	}
	return 0;
}

/* -- All */

static const struct kind kinds[] = {
	{ TSR_NET,
	  &net_replayed,
	  { "send", "ready" },
	  { "can-receive", "receive", "link" },
	  net_call },
	{ TSR_CHARDEV, &chars_replayed, { "write", "ready" }, { "room", "receive" }, chars_call },
	{ TSR_BLOCK,
	  &block_replayed,
	  { "submit", "info", "eject", "lock", "drain" },
	  { "done", "changed" },
	  block_call },
	{ TSR_IDE_DRIVE,
	  &ide_replayed,
	  { "reset", "command", "pio-done", "dma-ready", "dma-stop" },
	  { "pio", "dma", "dma-done", "finish" },
	  ide_call },
};

gboolean replay_need_add(unsigned number, const char *name, const char *interface)
{
	struct replay_need *need = g_new0(struct replay_need, 1);

	need->number = number;
	need->name = g_strdup(name);
	replay.needs[number] = need;
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i].interface, interface) == 0)
			need->kind = &kinds[i];
	if (*interface && !need->kind)
		return FALSE;
	fake_connect(need->name, need->kind ? need->kind->table : NULL, need);
	return TRUE;
}

unsigned replay_need_number(const struct replay_need *need)
{
	return need->number;
}

const char *replay_need_name(const struct replay_need *need)
{
	return need->name;
}

const char *replay_need_function(const struct tsr_recording_event *e)
{
	const struct replay_need *need = e->object < REPLAY_THINGS ? replay.needs[e->object] : NULL;
	const char *const *names;

	if (!need || !need->kind || e->values[0] >= 8)
		return "?";
	names = e->kind == TSR_RECORDING_CALL ? need->kind->calls : need->kind->ports;
	return names[e->values[0]] ? names[e->values[0]] : "?";
}

uint64_t replay_need_call(const struct tsr_recording_event *e)
{
	struct replay_need *need = e->object < REPLAY_THINGS ? replay.needs[e->object] : NULL;

	if (!need || !need->kind || strcmp(replay_need_function(e), "?") == 0)
		replay_differ("a call by what it is connected to",
			      "the recording has no such need");
	if (!need->port && !need->changed && !need->requests)
		replay_differ("a call by what it is connected to",
			      "the plugin has not connected its side");
	return need->kind->call(need, e);
}
