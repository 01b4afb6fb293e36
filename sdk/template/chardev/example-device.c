/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An example of a byte stream's back end: what a serial port sends comes back a little later. A
 * real one would exchange the bytes with the host; tessera.worker/1 watches file descriptors for
 * it.
 */
#include <tessera/tessera.h>

#define FIFO_BYTES 4096u
#define DELAY_NS 1000000u

struct device {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	struct tsr_timer *timer;
	const struct tsr_chardev_port *port; /* the serial port's side; NULL: none is connected */
	uint8_t fifo[FIFO_BYTES];
	uint32_t count;       /* bytes that wait in it */
	uint64_t deadline_ns; /* guest time at which they are delivered; 0: the port is full */
};

/* As many as the port has room for. What is left waits for `ready`. */
static void device_deliver(struct device *d)
{
	size_t room = d->port ? d->port->room(d->port->to) : 0;
	uint32_t part = room < d->count ? (uint32_t)room : d->count;
	uint8_t bytes[FIFO_BYTES];

	if (!part)
		return;
	memcpy(bytes, d->fifo, part);
	d->count -= part;
	memmove(d->fifo, d->fifo + part, d->count);
	d->port->receive(d->port->to, bytes, part);
}

static void on_clock_expired(void *self, uint64_t deadline_ns)
{
	struct device *d = self;

	d->deadline_ns = 0;
	device_deliver(d);
}

/* -- tessera.chardev/1 */

static void device_connect(void *self, const struct tsr_chardev_port *port)
{
	((struct device *)self)->port = port;
}

/* It never delivers from in here: the port is in the middle of sending. */
static size_t device_write(void *self, const uint8_t *bytes, size_t length)
{
	struct device *d = self;
	size_t room = FIFO_BYTES - d->count;

	if (length > room)
		length = room;
	if (!length)
		return 0;
	memcpy(d->fifo + d->count, bytes, length);
	d->count += (uint32_t)length;
	if (!d->deadline_ns) {
		d->deadline_ns = d->clock->now(d->host) + DELAY_NS;
		d->clock->arm(d->timer, d->deadline_ns);
	}
	return length;
}

static void device_ready(void *self)
{
	struct device *d = self;

	if (!d->deadline_ns)
		device_deliver(d);
}

static const struct tsr_chardev device_chardev = {
	.size = sizeof(device_chardev),
	.connect = device_connect,
	.write = device_write,
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

static void device_save(void *self, struct tsr_state_writer *out)
{
	struct device *d = self;

	tsr_state_put_u32(out, "count", d->count);
	tsr_state_put_bytes(out, "fifo", d->fifo, d->count);
	tsr_state_put_u64(out, "deadline", d->deadline_ns);
}

static bool device_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct device *d = self;
	uint32_t count;

	if (!tsr_state_get_u32(in, "count", &count) || count > FIFO_BYTES ||
	    !tsr_state_get_bytes(in, "fifo", d->fifo, count) ||
	    !tsr_state_get_u64(in, "deadline", &d->deadline_ns))
		return tsr_state_damaged(error, "the bytes that wait");
	d->count = count;
	d->clock->cancel(d->timer);
	if (d->deadline_ns)
		d->clock->arm(d->timer, d->deadline_ns);
	return true;
}

static const void *device_get_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_CHARDEV) == 0 ? &device_chardev : NULL;
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
