/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera.usb-device/1: a host controller with a frame of one millisecond, a mouse, and a disk
 * whose back end takes its time. */
#include <string.h>

#include <tessera/draft/usb.h>

#include "fake-host.h"
#include "unit.h"

#define FRAME_NS 1000000
#define PORTS 3

/* -- What both devices are: control endpoint 0 with SET_ADDRESS, as USB 2.0, 9.4.6 has it. */

#define SET_ADDRESS 5
#define ENDPOINT_IN 1
#define ENDPOINT_OUT 2
#define ENDPOINT_STREAM 3 /* isochronous, IN */

struct function {
	const struct tsr_host *host;
	const struct tsr_worker *worker;
	const struct tsr_usb_port *ports[PORTS];
	unsigned port_count, port; /* that it is attached to */
	bool attached, suspended, is_disk;
	uint8_t address, next_address; /* from the status stage on */
	bool stalls;                   /* the stages behind a SETUP that it does not know */
	unsigned resets, cancels;
	int moved; /* of the mouse, since the last report */
	uint8_t disk[64];
	struct tsr_usb_packet *pending; /* of the disk */
	bool is_submitted;
	unsigned completions;
	uint16_t last_frame;
};

static enum tsr_usb_status control(struct function *f, struct tsr_usb_packet *p)
{
	p->actual = 0;
	if (p->token == TSR_USB_SETUP) {
		f->stalls = p->length != 8 || p->buffer[1] != SET_ADDRESS;
		if (!f->stalls)
			f->next_address = p->buffer[2];
		p->actual = p->length;
		return TSR_USB_ACK;
	}
	if (f->stalls)
		return TSR_USB_STALL;
	if (p->token == TSR_USB_IN) /* the status stage */
		f->address = f->next_address;
	return TSR_USB_ACK;
}

/* The mouse's report, of a byte; it may be asked with too small a buffer. */
static enum tsr_usb_status report(struct function *f, struct tsr_usb_packet *p)
{
	p->actual = 0;
	if (!f->moved)
		return TSR_USB_NAK;
	if (!p->length)
		return TSR_USB_BABBLE;
	p->buffer[0] = (uint8_t)f->moved;
	p->actual = 1;
	f->moved = 0;
	return TSR_USB_ACK;
}

static void disk_done(void *job)
{
	struct function *f = job;
	struct tsr_usb_packet *p = f->pending;

	f->is_submitted = false;
	if (!p)
		return; /* taken back */
	f->pending = NULL;
	p->actual = p->length < sizeof(f->disk) ? p->length : (uint32_t)sizeof(f->disk);
	if (p->token == TSR_USB_IN)
		memcpy(p->buffer, f->disk, p->actual);
	else
		memcpy(f->disk, p->buffer, p->actual);
	f->completions++;
	p->done(p, TSR_USB_ACK);
}

static enum tsr_usb_status transfer(struct function *f, struct tsr_usb_packet *p)
{
	if (f->pending)
		return TSR_USB_NAK;
	f->pending = p;
	if (!f->is_submitted)
		f->worker->submit(f->host, NULL, disk_done, f, true);
	f->is_submitted = true;
	return TSR_USB_PENDING;
}

static enum tsr_usb_status usb_submit(void *self, struct tsr_usb_packet *p)
{
	struct function *f = self;

	f->last_frame = p->frame;
	if (!f->attached || f->suspended || p->address != f->address)
		return TSR_USB_TIMEOUT;
	if (p->endpoint == 0)
		return control(f, p);
	if (p->isochronous && p->endpoint == ENDPOINT_STREAM) {
		p->actual = p->length < 2 ? p->length : 2; /* it has no more now */
		memset(p->buffer, 0x5a, p->actual);
		return TSR_USB_ACK;
	}
	if (p->endpoint != ENDPOINT_IN && p->endpoint != ENDPOINT_OUT)
		return TSR_USB_STALL;
	return f->is_disk ? transfer(f, p) : report(f, p);
}

static void usb_cancel(void *self, struct tsr_usb_packet *p)
{
	struct function *f = self;

	if (f->pending == p)
		f->pending = NULL;
	p->actual = 0;
	f->cancels++;
}

static void usb_connect(void *self, const struct tsr_usb_port *port)
{
	struct function *f = self;

	f->ports[f->port_count++] = port;
}

static enum tsr_usb_speed usb_reset(void *self, bool may_be_high)
{
	struct function *f = self;

	f->pending = NULL;
	f->address = f->next_address = 0;
	f->suspended = false;
	f->resets++;
	return !f->is_disk ? TSR_USB_LOW : may_be_high ? TSR_USB_HIGH : TSR_USB_FULL;
}

static void usb_suspend(void *self, bool suspended)
{
	((struct function *)self)->suspended = suspended;
}

static const struct tsr_usb_device usb_table = {
	.size = sizeof(usb_table),
	.connect = usb_connect,
	.reset = usb_reset,
	.suspend = usb_suspend,
	.submit = usb_submit,
	.cancel = usb_cancel,
};

static void plug_in(struct function *f)
{
	f->attached = true;
	for (f->port = 0; f->port < f->port_count; f->port++) {
		const struct tsr_usb_port *port = f->ports[f->port];

		if (port->attached(port->to, f->is_disk ? TSR_USB_FULL : TSR_USB_LOW))
			return;
	}
	f->attached = false;
}

static void pull_out(struct function *f)
{
	const struct tsr_usb_port *port = f->ports[f->port];
	struct tsr_usb_packet *p = f->pending;

	f->pending = NULL;
	f->attached = false;
	if (p)
		p->done(p, TSR_USB_TIMEOUT);
	port->detached(port->to);
}

static void move_mouse(struct function *f, int by)
{
	const struct tsr_usb_port *port = f->ports[f->port];

	f->moved += by;
	if (f->suspended)
		port->wakeup(port->to);
	else if (TSR_HAS(port, ready))
		port->ready(port->to, 0x80 | ENDPOINT_IN);
}

static bool function_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct function *f = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);

	f->host = host;
	f->worker = host->get(host, TSR_WORKER);
	f->is_disk = properties->get_bool(host, "disk");
	return true;
}

static void function_save(void *self, struct tsr_state_writer *out)
{
	struct function *f = self;

	tsr_state_put_u8(out, "address", f->address);
	tsr_state_put_bytes(out, "disk", f->disk, sizeof(f->disk));
}

static bool function_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct function *f = self;

	f->pending = NULL;
	if (!tsr_state_get_u8(in, "address", &f->address) ||
	    !tsr_state_get_bytes(in, "disk", f->disk, sizeof(f->disk)))
		return tsr_state_damaged(error, "the device");
	return true;
}

static const void *function_interface(void *self, const char *name)
{
	return strcmp(name, TSR_USB_DEVICE) == 0 ? &usb_table : NULL;
}

static const struct tsr_device_class function_class = {
	.size = sizeof(function_class),
	.instance_size = sizeof(struct function),
	.attach = function_attach,
	.save = function_save,
	.load = function_load,
	.get_interface = function_interface,
};

/* -- The controller: a port for each need, and one transfer descriptor, which is tried in each
 * frame as long as it is active. */

struct port {
	struct tsr_usb_port port;
	struct controller *controller;
	const struct tsr_usb_device *device;
	void *self;
	bool connected, changed;
	enum tsr_usb_speed speed;
};

struct controller {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	struct tsr_timer *timer;
	struct port ports[2];
	bool refuses; /* its ports are handed over to a companion */
	uint16_t frame;
	struct tsr_usb_packet packet;
	struct port *packet_port;
	bool active, pending; /* the descriptor; the packet is the device's */
	enum tsr_usb_status status;
	uint8_t buffer[256];
	unsigned tries, wakeups, readies;
};

static bool port_attached(void *to, enum tsr_usb_speed speed)
{
	struct port *port = to;

	if (port->controller->refuses)
		return false;
	port->connected = port->changed = true;
	port->speed = speed;
	return true;
}

static void port_detached(void *to)
{
	struct port *port = to;

	port->connected = false;
	port->changed = true;
}

static void port_wakeup(void *to)
{
	struct port *port = to;

	port->controller->wakeups++;
	port->device->suspend(port->self, false);
}

static void port_ready(void *to, unsigned endpoint)
{
	((struct port *)to)->controller->readies += endpoint == (0x80 | ENDPOINT_IN);
}

static void complete(struct controller *c, enum tsr_usb_status status)
{
	c->status = status;
	c->pending = false;
	if (status != TSR_USB_NAK)
		c->active = false;
}

static void on_done(struct tsr_usb_packet *packet, enum tsr_usb_status status)
{
	complete(packet->user, status);
}

static void try_once(struct controller *c)
{
	enum tsr_usb_status status = TSR_USB_TIMEOUT;

	c->packet.frame = c->frame;
	c->tries++;
	for (unsigned i = 0; i < 2 && status == TSR_USB_TIMEOUT; i++) {
		c->packet_port = &c->ports[i];
		if (c->ports[i].connected)
			status = c->ports[i].device->submit(c->ports[i].self, &c->packet);
	}
	c->pending = status == TSR_USB_PENDING;
	if (!c->pending)
		complete(c, status);
}

static void controller_expired(void *self, uint64_t deadline_ns)
{
	struct controller *c = self;

	c->frame = (c->frame + 1) & 0x7ff;
	if (c->active && !c->pending)
		try_once(c);
	c->clock->arm(c->timer, deadline_ns + FRAME_NS);
}

static bool controller_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	static const char *const needs[] = { "port1", "port2" };
	struct controller *c = self;
	const struct tsr_bus *bus = host->get(host, TSR_BUS);

	c->host = host;
	c->clock = host->get(host, TSR_CLOCK);
	c->timer = c->clock->timer_new(host, controller_expired, c);
	for (unsigned i = 0; i < 2; i++) {
		struct tsr_interface device;

		if (!bus->get(host, needs[i], &device))
			return tsr_error_set(error, TSR_ERROR_NOT_FOUND, "no %s", needs[i]);
		c->ports[i].controller = c;
		c->ports[i].device = device.table;
		c->ports[i].self = device.self;
	}
	return true;
}

static bool controller_realize(void *self, struct tsr_error *error)
{
	struct controller *c = self;

	for (unsigned i = 0; i < 2; i++) {
		struct port *port = &c->ports[i];

		port->port = (struct tsr_usb_port){ .size = sizeof(port->port),
						    .to = port,
						    .attached = port_attached,
						    .detached = port_detached,
						    .wakeup = port_wakeup,
						    .ready = port_ready };
		port->device->connect(port->self, &port->port);
	}
	c->clock->arm(c->timer, FRAME_NS);
	return true;
}

static void controller_save(void *self, struct tsr_state_writer *out)
{
	struct controller *c = self;

	tsr_state_put_u16(out, "frame", c->frame);
	tsr_state_put_bool(out, "active", c->active);
	tsr_state_put_u8(out, "token", c->packet.token);
	tsr_state_put_u8(out, "address", c->packet.address);
	tsr_state_put_u8(out, "endpoint", c->packet.endpoint);
	tsr_state_put_u32(out, "length", c->packet.length);
	tsr_state_put_bytes(out, "buffer", c->buffer, sizeof(c->buffer));
}

static bool controller_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct controller *c = self;

	c->packet = (struct tsr_usb_packet){
		.size = sizeof(c->packet), .buffer = c->buffer, .done = on_done, .user = c
	};
	c->pending = false; /* it is submitted again, in the next frame */
	if (!tsr_state_get_u16(in, "frame", &c->frame) ||
	    !tsr_state_get_bool(in, "active", &c->active) ||
	    !tsr_state_get_u8(in, "token", &c->packet.token) ||
	    !tsr_state_get_u8(in, "address", &c->packet.address) ||
	    !tsr_state_get_u8(in, "endpoint", &c->packet.endpoint) ||
	    !tsr_state_get_u32(in, "length", &c->packet.length) ||
	    !tsr_state_get_bytes(in, "buffer", c->buffer, sizeof(c->buffer)))
		return tsr_state_damaged(error, "the controller");
	c->clock->arm(c->timer, c->clock->now(c->host) / FRAME_NS * FRAME_NS + FRAME_NS);
	return true;
}

static const struct tsr_device_class controller_class = {
	.size = sizeof(controller_class),
	.instance_size = sizeof(struct controller),
	.attach = controller_attach,
	.realize = controller_realize,
	.save = controller_save,
	.load = controller_load,
};

/* -- The driver */

static struct function *mouse, *disk;
static struct controller *host, *companion;

static void begin(void)
{
	fake_start();
	mouse = fake_device_new(&function_class, NULL,
				(struct fake_row[]){ { "disk", "false" }, { NULL, NULL } });
	disk = fake_device_new(&function_class, NULL,
			       (struct fake_row[]){ { "disk", "true" }, { NULL, NULL } });
	fake_connect("port1", fake_device_interface(mouse, TSR_USB_DEVICE), mouse);
	fake_connect("port2", fake_device_interface(disk, TSR_USB_DEVICE), disk);
	host = fake_device_new(&controller_class, NULL, NULL);
	companion = fake_device_new(&controller_class, NULL, NULL);
}

static enum tsr_usb_status send(unsigned token, unsigned address, unsigned endpoint,
				const void *bytes, unsigned length)
{
	if (bytes)
		memcpy(host->buffer, bytes, length);
	host->packet = (struct tsr_usb_packet){ .size = sizeof(host->packet),
						.token = (uint8_t)token,
						.address = (uint8_t)address,
						.endpoint = (uint8_t)endpoint,
						.max_packet = 8,
						.length = length,
						.buffer = length ? host->buffer : NULL,
						.done = on_done,
						.user = host };
	host->active = true;
	host->tries = 0;
	fake_clock_advance(FRAME_NS);
	return host->status;
}

/* Plugs a device in, resets its port and gives it the address. */
static void address(struct function *f, unsigned port, uint8_t number)
{
	const uint8_t request[8] = { 0, SET_ADDRESS, number };

	plug_in(f);
	host->ports[port].speed = host->ports[port].device->reset(host->ports[port].self, true);
	CU_ASSERT_EQUAL(send(TSR_USB_SETUP, 0, 0, request, 8), TSR_USB_ACK);
	CU_ASSERT_EQUAL(f->address, 0); /* not before the status stage */
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 0, 0, NULL, 0), TSR_USB_ACK);
	CU_ASSERT_EQUAL(f->address, number);
}

/* -- Tests */

static void devices_come_and_get_addresses(void)
{
	begin();
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 0, 0, NULL, 0), TSR_USB_TIMEOUT); /* nobody is there */
	address(mouse, 0, 5);
	CU_ASSERT_TRUE(host->ports[0].connected && host->ports[0].changed);
	CU_ASSERT_EQUAL(host->ports[0].speed, TSR_USB_LOW);
	address(disk, 1, 6);
	CU_ASSERT_EQUAL(host->ports[1].speed, TSR_USB_HIGH);
	CU_ASSERT_EQUAL(disk->ports[1]->size, sizeof(struct tsr_usb_port));
	CU_ASSERT_FALSE(companion->ports[1].connected);
	CU_ASSERT_EQUAL(send(TSR_USB_SETUP, 6, 0, "\0\0\0\0\0\0\0", 8), TSR_USB_ACK);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 6, 0, NULL, 8), TSR_USB_STALL);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 6, 9, NULL, 8), TSR_USB_STALL);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 9, 0, NULL, 0), TSR_USB_TIMEOUT);
	fake_finish();
}

static void an_interrupt_endpoint_is_polled(void)
{
	begin();
	address(mouse, 0, 5);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 5, ENDPOINT_IN, NULL, 4), TSR_USB_NAK);
	fake_clock_advance(3 * FRAME_NS);
	CU_ASSERT_EQUAL(host->tries, 4);
	move_mouse(mouse, -3);
	CU_ASSERT_EQUAL(host->readies, 1);
	fake_clock_advance(FRAME_NS);
	CU_ASSERT_FALSE(host->active);
	CU_ASSERT_EQUAL(host->packet.actual, 1);
	CU_ASSERT_EQUAL((int8_t)host->buffer[0], -3);
	CU_ASSERT_EQUAL(mouse->last_frame, host->frame);
	move_mouse(mouse, 1);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 5, ENDPOINT_IN, NULL, 0), TSR_USB_BABBLE);
	fake_finish();
}

static void bulk_packets_complete_later(void)
{
	begin();
	address(disk, 1, 6);
	send(TSR_USB_OUT, 6, ENDPOINT_OUT, "twelve bytes", 12); /* two packets, the last short */
	CU_ASSERT_TRUE(host->active && host->pending);
	fake_clock_advance(5 * FRAME_NS);
	CU_ASSERT_EQUAL(host->tries, 1); /* the packet is the disk's */
	fake_workers_run();
	CU_ASSERT_FALSE(host->active);
	CU_ASSERT_EQUAL(host->status, TSR_USB_ACK);
	CU_ASSERT_EQUAL(host->packet.actual, 12);
	CU_ASSERT_NSTRING_EQUAL(disk->disk, "twelve bytes", 12);
	fake_finish();
}

static void a_packet_is_taken_back(void)
{
	begin();
	address(disk, 1, 6);
	send(TSR_USB_OUT, 6, ENDPOINT_OUT, "lost", 4);
	host->packet_port->device->cancel(host->packet_port->self, &host->packet);
	complete(host, TSR_USB_ERROR);
	fake_workers_run();
	CU_ASSERT_EQUAL(host->status, TSR_USB_ERROR); /* done did not run */
	CU_ASSERT_EQUAL(disk->completions, 0);
	CU_ASSERT_EQUAL(disk->disk[0], 0);
	CU_ASSERT_EQUAL(disk->cancels, 1);
	fake_finish();
}

static void isochronous_packets_are_never_late(void)
{
	begin();
	address(mouse, 0, 5);
	send(TSR_USB_IN, 5, ENDPOINT_STREAM, NULL, 8); /* without the flag */
	CU_ASSERT_EQUAL(host->status, TSR_USB_STALL);
	host->packet.isochronous = true;
	host->active = true;
	fake_clock_advance(FRAME_NS);
	CU_ASSERT_EQUAL(host->status, TSR_USB_ACK);
	CU_ASSERT_EQUAL(host->packet.actual, 2);
	CU_ASSERT_EQUAL(host->buffer[1], 0x5a);
	fake_finish();
}

static void a_device_is_pulled_out_and_put_back(void)
{
	begin();
	address(disk, 1, 6);
	send(TSR_USB_IN, 6, ENDPOINT_IN, NULL, 8);
	host->ports[1].changed = false;
	pull_out(disk);
	CU_ASSERT_EQUAL(host->status, TSR_USB_TIMEOUT);
	CU_ASSERT_FALSE(host->ports[1].connected);
	CU_ASSERT_TRUE(host->ports[1].changed);
	fake_workers_run(); /* nothing is touched any more */
	CU_ASSERT_EQUAL(disk->completions, 0);
	address(disk, 1, 7);
	CU_ASSERT_EQUAL(disk->resets, 2);
	fake_finish();
}

static void a_companion_gets_what_the_first_refuses(void)
{
	begin();
	host->refuses = true;
	plug_in(disk);
	CU_ASSERT_FALSE(host->ports[1].connected);
	CU_ASSERT_TRUE(companion->ports[1].connected);
	CU_ASSERT_EQUAL(companion->ports[1].device->reset(companion->ports[1].self, false),
			TSR_USB_FULL);
	pull_out(disk);
	CU_ASSERT_FALSE(companion->ports[1].connected);
	fake_finish();
}

static void a_suspended_device_wakes_the_host(void)
{
	begin();
	address(mouse, 0, 5);
	host->ports[0].device->suspend(host->ports[0].self, true);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 5, ENDPOINT_IN, NULL, 4), TSR_USB_TIMEOUT);
	move_mouse(mouse, 9);
	CU_ASSERT_EQUAL(host->wakeups, 1);
	CU_ASSERT_EQUAL(send(TSR_USB_IN, 5, ENDPOINT_IN, NULL, 4), TSR_USB_ACK);
	CU_ASSERT_EQUAL(host->buffer[0], 9);
	fake_finish();
}

static void a_pending_packet_is_made_again_after_loading(void)
{
	struct fake_state *controller_state, *disk_state;

	begin();
	address(disk, 1, 6);
	send(TSR_USB_OUT, 6, ENDPOINT_OUT, "again", 5);
	CU_ASSERT_TRUE(host->pending);
	controller_state = fake_device_save(host);
	disk_state = fake_device_save(disk);
	fake_finish();
	begin();
	plug_in(disk);
	CU_ASSERT_TRUE(fake_device_load(disk, disk_state, 1, NULL));
	CU_ASSERT_TRUE(fake_device_load(host, controller_state, 1, NULL));
	fake_clock_advance(FRAME_NS);
	CU_ASSERT_TRUE(host->pending);
	fake_workers_run();
	CU_ASSERT_EQUAL(host->status, TSR_USB_ACK);
	CU_ASSERT_NSTRING_EQUAL(disk->disk, "again", 5);
	CU_ASSERT_EQUAL(disk->completions, 1);
	fake_state_free(controller_state);
	fake_state_free(disk_state);
	fake_finish();
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(devices_come_and_get_addresses),
		UNIT_ROW(an_interrupt_endpoint_is_polled),
		UNIT_ROW(bulk_packets_complete_later),
		UNIT_ROW(a_packet_is_taken_back),
		UNIT_ROW(isochronous_packets_are_never_late),
		UNIT_ROW(a_device_is_pulled_out_and_put_back),
		UNIT_ROW(a_companion_gets_what_the_first_refuses),
		UNIT_ROW(a_suspended_device_wakes_the_host),
		UNIT_ROW(a_pending_packet_is_made_again_after_loading),
		CU_TEST_INFO_NULL,
	};

	return unit_run("usb", tests);
}
