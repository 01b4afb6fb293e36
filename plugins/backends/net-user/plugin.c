/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A network in user space: libslirp (>= 4.7) answers ARP, DHCP and DNS, and turns the guest's TCP,
 * UDP and ICMP into sockets of this process. The guest's net is 10.0.2.0/24: .2 is the gateway (and
 * the host), .3 the name server, .15 the guest.
 *
 * libslirp runs under the machine lock, on the machine's clock: its descriptors are watched, its
 * timers are machine timers. Frames to the guest go through a queue and a timer of no delay, so
 * that a NIC is never called back from inside send. While the property `link` is false, the cable
 * is unplugged: frames are dropped in both directions, and libslirp goes on as the far end would.
 * The cable belongs to the host and not to the guest, so no saved state holds it: a load leaves it
 * as the user of this run has it. Gaps: no IPv6, no TFTP; connections do not survive in a saved
 * state (the guest sees them reset).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "net-user.h"

#define MS_NS 1000000u

struct net_user;

struct stack_timer {
	struct net_user *net;
	struct tsr_timer *timer;
	SlirpTimerId id;
	void *opaque;
	struct stack_timer *next;
};

struct net_user {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_clock *clock;
	const struct tsr_log *log;
	const struct tsr_net_port *port; /* NULL: no NIC */
	Slirp *stack;
	struct watches watches;
	struct tsr_timer *wakeup, *delivery;
	struct stack_timer *timers;
	struct frame_queue queue;
	bool delivering;
	bool link; /* the cable is plugged in */
};

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
	}
	n->delivering = false;
}

static void on_delivery(void *self, uint64_t deadline_ns)
{
	deliver(self);
}

static ssize_t on_stack_frame(const void *bytes, size_t length, void *self)
{
	struct net_user *n = self;

	if (n->port && n->link && queue_push(&n->queue, bytes, length) && n->queue.count == 1)
		n->clock->arm(n->delivery, n->clock->now(n->host));
	return (ssize_t)length;
}

/* -- the cable */

static void tell_link(const struct net_user *n)
{
	if (n->port && n->port->link_changed)
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

/* -- sockets */

/* libslirp's event bits and poll(2)'s. */
static const struct {
	int stack;
	short host;
} events_map[] = {
	{ SLIRP_POLL_IN, POLLIN },   { SLIRP_POLL_OUT, POLLOUT }, { SLIRP_POLL_PRI, POLLPRI },
	{ SLIRP_POLL_ERR, POLLERR }, { SLIRP_POLL_HUP, POLLHUP },
};

static int on_stack_poll(int fd, int events, void *self)
{
	struct net_user *n = self;
	short wanted = 0;

	for (size_t i = 0; i < sizeof(events_map) / sizeof(events_map[0]); i++)
		if (events & events_map[i].stack)
			wanted |= events_map[i].host;
	watches_want(&n->watches, fd, wanted);
	return fd;
}

static int on_stack_revents(int fd, void *self)
{
	struct net_user *n = self;
	short ready = watches_ready(&n->watches, fd);
	int events = 0;

	for (size_t i = 0; i < sizeof(events_map) / sizeof(events_map[0]); i++)
		if (ready & events_map[i].host)
			events |= events_map[i].stack;
	return events;
}

/* After anything that may have changed what the stack waits for. */
static void follow(struct net_user *n)
{
	uint32_t timeout_ms = UINT32_MAX;

	watches_begin(&n->watches);
	slirp_pollfds_fill(n->stack, &timeout_ms, on_stack_poll, n);
	watches_end(&n->watches);
	if (timeout_ms == UINT32_MAX)
		n->clock->cancel(n->wakeup);
	else
		n->clock->arm(n->wakeup, n->clock->now(n->host) + (uint64_t)timeout_ms * MS_NS);
}

static void run_stack(struct net_user *n)
{
	watches_poll(&n->watches);
	slirp_pollfds_poll(n->stack, 0, on_stack_revents, n);
	follow(n);
}

static void on_socket(void *self, short revents)
{
	run_stack(self);
}

static void on_wakeup(void *self, uint64_t deadline_ns)
{
	run_stack(self);
}

/* -- clock and log for the stack */

static int64_t on_stack_clock(void *self)
{
	struct net_user *n = self;

	return (int64_t)n->clock->now(n->host);
}

static void on_stack_expiry(void *self, uint64_t deadline_ns)
{
	struct stack_timer *timer = self;

	slirp_handle_timer(timer->net->stack, timer->id, timer->opaque);
	follow(timer->net);
}

static void *on_stack_timer_new(SlirpTimerId id, void *opaque, void *self)
{
	struct net_user *n = self;
	struct stack_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	*timer = (struct stack_timer){ .net = n, .id = id, .opaque = opaque, .next = n->timers };
	timer->timer = n->clock->timer_new(n->host, on_stack_expiry, timer);
	n->timers = timer;
	return timer;
}

static void on_stack_timer_free(void *handle, void *self)
{
	struct stack_timer *timer = handle;

	if (timer)
		timer->net->clock->cancel(timer->timer); /* freed at detach */
}

static void on_stack_timer_mod(void *handle, int64_t expire_ms, void *self)
{
	struct stack_timer *timer = handle;

	if (timer)
		timer->net->clock->arm(timer->timer, (uint64_t)expire_ms * MS_NS);
}

static void on_stack_guest_error(const char *message, void *self)
{
	struct net_user *n = self;

	tsr_log_at(n->log, n->host, TSR_LOG_DEBUG, "%s", message);
}

static void on_stack_nothing(void *self)
{
}

static void on_stack_descriptor(int fd, void *self)
{
}

static const SlirpCb stack_callbacks = {
	.send_packet = on_stack_frame,
	.guest_error = on_stack_guest_error,
	.clock_get_ns = on_stack_clock,
	.timer_free = on_stack_timer_free,
	.timer_mod = on_stack_timer_mod,
	.register_poll_fd = on_stack_descriptor,
	.unregister_poll_fd = on_stack_descriptor,
	.notify = on_stack_nothing,
	.timer_new_opaque = on_stack_timer_new,
};

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
	slirp_input(n->stack, frame, (int)length);
	follow(n);
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

	if (slirp_add_hostfwd(n->stack, f->udp, f->host, f->host_port, f->guest, f->guest_port) ==
	    0)
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

static Slirp *stack_new(struct net_user *n)
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
	return slirp_new(&config, &stack_callbacks, n);
}

static bool net_attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct net_user *n = self;

	n->host = host;
	n->properties = host->get(host, TSR_PROPERTIES);
	n->clock = host->get(host, TSR_CLOCK);
	n->log = host->get(host, TSR_LOG);
	n->watches = (struct watches){
		.host = host,
		.worker = host->get(host, TSR_WORKER),
		.ready = on_socket,
		.self = n,
	};
	n->wakeup = n->clock->timer_new(host, on_wakeup, n);
	n->delivery = n->clock->timer_new(host, on_delivery, n);
	n->link = n->properties->get_bool(host, "link");
	n->properties->on_change(host, "link", on_link, n);
	n->stack = stack_new(n);
	if (!n->stack)
		return tsr_error_set(error, TSR_ERROR_FAILED, "libslirp does not start");
	signal(SIGPIPE,
	       SIG_IGN); /* libslirp writes to sockets that the other side may have closed */
	return add_forwards(n, n->properties->get_string(host, "hostfwd"), error);
}

static bool net_realize(void *self, struct tsr_error *error)
{
	follow(self);
	return true;
}

static void net_detach(void *self)
{
	struct net_user *n = self;
	struct stack_timer *timer;

	watches_finish(&n->watches);
	if (n->stack)
		slirp_cleanup(n->stack);
	n->stack = NULL;
	while ((timer = n->timers)) {
		n->timers = timer->next;
		free(timer);
	}
}

static void net_reset(void *self, enum tsr_reset kind)
{
	struct net_user *n = self;

	if (kind != TSR_RESET_SOFT)
		n->queue.count = 0;
}

/* A wire could have lost what the queue holds, and the cable is the host's: nothing is saved. */
static void net_save(void *self, struct tsr_state_writer *out)
{
}

static bool net_load(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct net_user *n = self;

	n->queue.count = 0;
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
