/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example of a network's back end: each frame comes back to its sender a little later, with the
 * two addresses exchanged. A real one would exchange frames with the host; tessera.worker/1 watches
 * file descriptors for it.
 */
#include <tessera/tessera.h>

#define FRAMES 16u
#define ADDRESS_BYTES 6u
#define DELAY_NS 100000u

struct frame {
	uint32_t length;
	uint8_t bytes[TSR_NET_FRAME_MAX];
};

struct device {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	struct tsr_timer *timer;
	const struct tsr_net_port *port; /* the card's side; NULL: none is connected */
	struct frame frames[FRAMES];
	uint32_t count;       /* of frames that wait */
	uint64_t deadline_ns; /* guest time at which they are delivered; 0: the card is not ready */
};

/* As many as the card takes. What is left waits for `ready`. */
static void device_deliver(struct device *d)
{
	while (d->count && d->port && d->port->can_receive(d->port->to)) {
		struct frame frame = d->frames[0];

		memmove(d->frames, d->frames + 1, --d->count * sizeof(frame));
		d->port->receive(d->port->to, frame.bytes, frame.length);
	}
}

static void on_clock_expired(void *self, uint64_t deadline_ns)
{
	struct device *d = self;

	d->deadline_ns = 0;
	device_deliver(d);
}

/* -- tessera.net/1 */

static void device_connect(void *self, const struct tsr_net_port *port)
{
	((struct device *)self)->port = port;
}

/* It never delivers from in here: the card is in the middle of sending. A frame for which there is
 * no room is lost, as on a wire. */
static void device_send(void *self, const uint8_t *bytes, size_t length)
{
	struct device *d = self;
	struct frame *frame = &d->frames[d->count];

	if (d->count == FRAMES || length < 2 * ADDRESS_BYTES || length > TSR_NET_FRAME_MAX)
		return;
	frame->length = (uint32_t)length;
	memcpy(frame->bytes, bytes, length);
	memcpy(frame->bytes, bytes + ADDRESS_BYTES, ADDRESS_BYTES);
	memcpy(frame->bytes + ADDRESS_BYTES, bytes, ADDRESS_BYTES);
	d->count++;
	if (!d->deadline_ns) {
		d->deadline_ns = d->clock->now(d->host) + DELAY_NS;
		d->clock->arm(d->timer, d->deadline_ns);
	}
}

static void device_ready(void *self)
{
	struct device *d = self;

	if (!d->deadline_ns)
		device_deliver(d);
}

static const struct tsr_net device_net = {
	.size = sizeof(device_net),
	.connect = device_connect,
	.send = device_send,
	.ready = device_ready,
};

/* -- Life cycle */

static bool device_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct device *d = self;

	d->host = host;
	d->clock = host->get(host, TSR_CLOCK);
	d->timer = d->clock->timer_new(host, on_clock_expired, d);
	return true;
}

static void frame_name(char *name, size_t size, uint32_t number)
{
	snprintf(name, size, "frame%u", number);
}

static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *d = self;
	char name[16];

	tsr_state_put_u32(out, "count", d->count);
	for (uint32_t i = 0; i < d->count; i++) {
		frame_name(name, sizeof(name), i);
		tsr_state_put_bytes(out, name, d->frames[i].bytes, d->frames[i].length);
	}
	tsr_state_put_u64(out, "deadline", d->deadline_ns);
}

static bool device_load_frame(struct frame *frame, struct tsr_state_reader *in, const char *name)
{
	int64_t length = in->ops->length(in, name);

	if (length < 2 * (int64_t)ADDRESS_BYTES || length > TSR_NET_FRAME_MAX)
		return false;
	frame->length = (uint32_t)length;
	return tsr_state_get_bytes(in, name, frame->bytes, frame->length);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *d = self;
	uint32_t count;
	char name[16];

	if (!tsr_state_get_u32(in, "count", &count) || count > FRAMES ||
	    !tsr_state_get_u64(in, "deadline", &d->deadline_ns))
		return tsr_state_damaged(error, "the number of frames");
	for (uint32_t i = 0; i < count; i++) {
		frame_name(name, sizeof(name), i);
		if (!device_load_frame(&d->frames[i], in, name))
			return tsr_state_damaged(error, name);
	}
	d->count = count;
	d->clock->cancel(d->timer);
	if (d->deadline_ns)
		d->clock->arm(d->timer, d->deadline_ns);
	return true;
}

static const void *device_get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_NET) == 0 ? &device_net : NULL;
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct device),
	.attach = device_attach,
	.save = device_save,
	.load = device_load,
	.get_interface = device_get_interface,
};

TSR_DEVICE_PLUGIN(device_class);
