/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network in user space. The guest's net is 10.0.2.0/24: .2 is the gateway (and the host), .3 the
 * name server, .15 the guest. stack.c has the libslirp that does the work.
 *
 * Frames to the guest go through a queue and a timer of no delay, so that a NIC is never called
 * back from inside send. While the property `link` is false, the cable is unplugged: frames are
 * dropped in both directions, and libslirp goes on as the far end would. The cable belongs to the
 * host and not to the guest, so no saved state holds it: a load leaves it as the user of this run
 * has it. TCP connections do not survive in a saved state: after a load they are reset. Gaps: no
 * IPv6, no TFTP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "net-user.h"

#define RESETS 3 /* of each connection that a load has ended */
#define RESET_INTERVAL_NS (1000u * MS_NS)
#define ACTIVITY_NS (100u * MS_NS)

struct net_user {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_clock *clock;
	const struct tsr_net_port *port; /* NULL: no NIC */
	struct stacks stacks;
	struct tsr_timer *delivery, *resets;
	struct frame_queue queue;
	bool delivering;
	bool link; /* the cable is plugged in */
	const struct tsr_bus *bus;
	uint64_t active_ns; /* when "activity" was last emitted, in guest time */
};

/* For lamps: at most ten times a second. */
static void tell_activity(struct net_user *n)
{
	uint64_t now = n->clock->now(n->host);

	if (!n->bus || now < n->active_ns + ACTIVITY_NS)
		return;
	n->active_ns = now;
	n->bus->emit(n->host, "activity", "");
}

/* -- to the guest */

static void deliver(struct net_user *n)
{
	const struct queued_frame *frame;

	if (n->delivering)
		return;
	n->delivering = true;
	while ((frame = queue_first(&n->queue)) && n->port->can_receive(n->port->to)) {
		n->port->receive(n->port->to, frame->bytes, frame->length);
		queue_pop(&n->queue);
		tell_activity(n);
	}
	n->delivering = false;
}

static void on_delivery(void *self, uint64_t deadline_ns)
{
	deliver(self);
}

static void on_stack_frame(void *self, const uint8_t *bytes, size_t length)
{
	struct net_user *n = self;

	if (n->port && n->link && queue_push(&n->queue, bytes, length) && n->queue.count == 1)
		n->clock->arm(n->delivery, n->clock->now(n->host));
}

/* -- connections of a loaded state, which only the guest has still */

static bool has_room(const struct net_user *n)
{
	return n->port && n->link && QUEUE_FRAMES - n->queue.count >= RESET_FRAMES;
}

/* Each is reset several times, as the guest may lose frames, unless it ended meanwhile. */
static void on_resets(void *self, uint64_t deadline_ns)
{
	struct net_user *n = self;
	struct flows *flows = &n->stacks.flows;
	bool more = false;

	for (unsigned i = flows->count; i-- > 0;) {
		struct flow *flow = &flows->rows[i];

		if (!flow->lost)
			continue;
		if (has_room(n)) {
			stacks_reset_guest(&n->stacks, flow);
			flow->resets++;
		}
		if (flow->resets == RESETS)
			flows_remove(flows, flow);
		else
			more = true;
	}
	if (more)
		n->clock->arm(n->resets, n->clock->now(n->host) + RESET_INTERVAL_NS);
}

/* -- the cable */

static void tell_link(const struct net_user *n)
{
	if (n->port && TSR_HAS(n->port, link_changed))
		n->port->link_changed(n->port->to, n->link);
}

static bool on_link(void *self, const char *name, struct tsr_error *error)
{
	struct net_user *n = self;
	bool link = n->properties->get_bool(n->host, name);

	if (link == n->link)
		return true;
	n->link = link;
	if (!link)
		n->queue.count = 0;
	tell_link(n);
	return true;
}

/* -- tessera.net/1 */

static void net_connect(void *self, const struct tsr_net_port *port)
{
	struct net_user *n = self;

	n->port = port;
	if (!n->link)
		tell_link(n);
}

static void net_send(void *self, const uint8_t *frame, size_t length)
{
	struct net_user *n = self;

	if (!n->link)
		return;
	tell_activity(n);
	stacks_send(&n->stacks, frame, length);
}

static void net_ready(void *self)
{
	deliver(self);
}

static const struct tsr_net net_table = {
	.size = sizeof(net_table),
	.connect = net_connect,
	.send = net_send,
	.ready = net_ready,
};

/* -- life cycle */

static bool add_forward(struct net_user *n, const struct forward *f, struct tsr_error *error)
{
	char host[INET_ADDRSTRLEN];

	if (stacks_forward(&n->stacks, f))
		return true;
	inet_ntop(AF_INET, &f->host, host, sizeof(host));
	return tsr_error_set(error, TSR_ERROR_CONFLICT,
			     "cannot listen on %s port %s:%u (%s); choose another port in hostfwd=",
			     f->udp ? "udp" : "tcp", host, f->host_port, strerror(errno));
}

static bool add_forwards(struct net_user *n, const char *rules, struct tsr_error *error)
{
	struct forward rule;

	while (*rules) {
		if (!forward_parse(&rules, &rule, error) || !add_forward(n, &rule, error))
			return false;
	}
	return true;
}

static bool stacks_new(struct net_user *n)
{
	const struct tsr_properties *properties = n->properties;
	const char *hostname = properties->get_string(n->host, "hostname");
	SlirpConfig config = { .version = 4, .in_enabled = true };

	config.restricted = properties->get_bool(n->host, "restrict");
	config.disable_host_loopback = !properties->get_bool(n->host, "loopback");
	config.vhostname = *hostname ? hostname : NULL;
	inet_pton(AF_INET, "10.0.2.0", &config.vnetwork);
	inet_pton(AF_INET, "255.255.255.0", &config.vnetmask);
	inet_pton(AF_INET, "10.0.2.2", &config.vhost);
	inet_pton(AF_INET, "10.0.2.3", &config.vnameserver);
	inet_pton(AF_INET, "10.0.2.15", &config.vdhcp_start);
	n->stacks.host = n->host;
	n->stacks.frame = on_stack_frame;
	n->stacks.self = n;
	return stacks_start(&n->stacks, &config);
}

static bool net_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct net_user *n = self;

	n->host = host;
	n->properties = host->get(host, TSR_PROPERTIES);
	n->clock = host->get(host, TSR_CLOCK);
	n->bus = host->get(host, TSR_BUS);
	n->delivery = n->clock->timer_new(host, on_delivery, n);
	n->resets = n->clock->timer_new(host, on_resets, n);
	n->link = n->properties->get_bool(host, "link");
	n->properties->on_change(host, "link", on_link, n);
	if (!stacks_new(n))
		return tsr_error_set(error, TSR_ERROR_FAILED, "libslirp does not start");
	signal(SIGPIPE,
	       SIG_IGN); /* libslirp writes to sockets that the other side may have closed */
	return add_forwards(n, n->properties->get_string(host, "hostfwd"), error);
}

static bool net_realize(void *self, struct tsr_error *error)
{
	struct net_user *n = self;

	stacks_follow(&n->stacks);
	return true;
}

static void net_detach(void *self)
{
	struct net_user *n = self;

	stacks_finish(&n->stacks);
}

static void net_reset(void *self, enum tsr_reset kind)
{
	struct net_user *n = self;

	if (kind != TSR_RESET_SOFT)
		n->queue.count = 0;
}

/* A wire could have lost what the queue holds, and the cable is the host's: neither is saved. */
static void net_save(void *self, struct tsr_state_writer *out)
{
	const struct net_user *n = self;

	flows_save(&n->stacks.flows, out);
}

static bool net_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct net_user *n = self;

	if (!flows_load(&n->stacks.flows, in, error))
		return false;
	n->queue.count = 0;
	n->clock->arm(n->resets, n->clock->now(n->host));
	return true;
}

static const void *net_interface(void *self, const char *interface)
{
	return strcmp(interface, TSR_NET) ? NULL : &net_table;
}

static const struct tsr_device_class net_class = {
	.size = sizeof(net_class),
	.instance_size = sizeof(struct net_user),
	.attach = net_attach,
	.realize = net_realize,
	.detach = net_detach,
	.reset = net_reset,
	.save = net_save,
	.load = net_load,
	.get_interface = net_interface,
};

TSR_DEVICE_PLUGIN(net_class);
