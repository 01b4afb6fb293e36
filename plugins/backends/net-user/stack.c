/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libslirp (>= 4.7) answers ARP, DHCP and DNS, and turns the guest's TCP, UDP and ICMP into sockets
 * of this process. It runs under the machine lock, on the machine's clock: its descriptors are
 * watched, its timers are machine timers.
 *
 * libslirp does not bound the number of its sockets, and has no call that ends a flow. What it has
 * is a rule: a datagram flow ends 240 s after its last packet, by the clock that this file hands to
 * it. So there are two stacks, one for TCP and one for all other packets; when the latter has too
 * many flows, its clock is moved ahead for a moment, by as much as lets those expire that have been
 * idle for longest. How many there are is counted by register_poll_fd and unregister_poll_fd, which
 * libslirp calls for the sockets of flows and not for those of forwarding rules.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net-user.h"

#define FLOW_LIFE_MS 240000 /* since its last packet: SO_EXPIRE in libslirp's socket.h */
#define STREAMS_ENDED 8     /* at most, for one new connection */
#define ARP_OPERATION 20    /* offset in the frame */
#define ARP_REPLY 2
#define BACKLOG 1024 /* connections to a forwarded port that libslirp has not taken yet */
#define BROADCAST 0xffffffff

struct stack_timer {
	struct stack *stack;
	struct tsr_timer *timer;
	SlirpTimerId id;
	void *opaque;
	struct stack_timer *next;
};

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
	struct stack *stack = self;
	short wanted = 0;

	for (size_t i = 0; i < sizeof(events_map) / sizeof(events_map[0]); i++)
		if (events & events_map[i].stack)
			wanted |= events_map[i].host;
	watches_want(&stack->all->watches, fd, wanted);
	return fd;
}

static int on_stack_poll_nothing(int fd, int events, void *self)
{
	return -1;
}

static bool is_full(const struct stack *stack)
{
	return stack->flows >= stack->most || stack->all->crowded;
}

static int on_stack_revents(int fd, void *self)
{
	const struct stack *stack = self;
	const struct watches *watches = &stack->all->watches;
	short ready = watches_ready(watches, fd);
	int events = 0;

	/* A connection to a forwarded port waits in the socket's backlog until there is room. */
	if (stack == &stack->all->streams && !watches_is_flow(watches, fd) && is_full(stack))
		return 0;
	for (size_t i = 0; i < sizeof(events_map) / sizeof(events_map[0]); i++)
		if (ready & events_map[i].host)
			events |= events_map[i].stack;
	return events;
}

static void on_stack_socket_opened(int fd, void *self)
{
	struct stack *stack = self;

	if (fd < 0)
		return;
	stack->flows++;
	watches_set_flow(&stack->all->watches, fd, true);
	if (fd >= stack->all->limits.ceiling)
		stack->all->crowded = true;
}

static void on_stack_socket_closing(int fd, void *self)
{
	struct stack *stack = self;

	if (!watches_is_flow(&stack->all->watches, fd))
		return;
	stack->flows--;
	watches_set_flow(&stack->all->watches, fd, false);
	stack->all->crowded = false;
}

/* -- clock, timers and log for a stack */

static int64_t on_stack_clock(void *self)
{
	const struct stack *stack = self;

	return (int64_t)(stack->all->clock->now(stack->all->host) + stack->ahead_ns);
}

static void on_stack_expiry(void *self, uint64_t deadline_ns)
{
	struct stack_timer *timer = self;

	slirp_handle_timer(timer->stack->slirp, timer->id, timer->opaque);
	stacks_follow(timer->stack->all);
}

static void *on_stack_timer_new(SlirpTimerId id, void *opaque, void *self)
{
	struct stack *stack = self;
	struct stacks *s = stack->all;
	struct stack_timer *timer = calloc(1, sizeof(*timer));

	if (!timer)
		return NULL;
	*timer = (struct stack_timer){
		.stack = stack, .id = id, .opaque = opaque, .next = s->timers
	};
	timer->timer = s->clock->timer_new(s->host, on_stack_expiry, timer);
	s->timers = timer;
	return timer;
}

static void on_stack_timer_free(void *handle, void *self)
{
	struct stack_timer *timer = handle;

	if (timer)
		timer->stack->all->clock->cancel(timer->timer); /* freed at detach */
}

static void on_stack_timer_mod(void *handle, int64_t expire_ms, void *self)
{
	struct stack_timer *timer = handle;

	if (timer)
		timer->stack->all->clock->arm(timer->timer, (uint64_t)expire_ms * MS_NS);
}

static void on_stack_guest_error(const char *message, void *self)
{
	const struct stack *stack = self;

	tsr_log_at(stack->all->log, stack->all->host, TSR_LOG_DEBUG, "%s", message);
}

static void on_stack_nothing(void *self)
{
}

/* -- frames for the guest */

/* Both stacks see the guest's ARP, and one of them answers. */
static bool is_second_answer(const struct stack *stack, const uint8_t *frame, size_t length)
{
	return stack == &stack->all->datagrams && frame_type(frame, length) == FRAME_ARP &&
	       length > ARP_OPERATION + 1 && frame[ARP_OPERATION + 1] == ARP_REPLY;
}

static ssize_t on_stack_frame(const void *bytes, size_t length, void *self)
{
	struct stack *stack = self;
	struct stacks *s = stack->all;
	struct packet p;

	if (is_second_answer(stack, bytes, length))
		return (ssize_t)length;
	if (packet_parse(bytes, length, &p) && p.protocol == IP_TCP && !p.fragment)
		flows_see(&s->flows, &p, bytes, false);
	s->frame(s->self, bytes, length);
	return (ssize_t)length;
}

static const SlirpCb stack_callbacks = {
	.send_packet = on_stack_frame,
	.guest_error = on_stack_guest_error,
	.clock_get_ns = on_stack_clock,
	.timer_free = on_stack_timer_free,
	.timer_mod = on_stack_timer_mod,
	.register_poll_fd = on_stack_socket_opened,
	.unregister_poll_fd = on_stack_socket_closing,
	.notify = on_stack_nothing,
	.timer_new_opaque = on_stack_timer_new,
};

/* -- running */

/* Each stack looks at the clock only here, and some versions of libslirp keep one time for all
 * stacks: before the other one's turn, or before a packet whose flow shall be dated. */
static void stack_tell_time(struct stack *stack)
{
	slirp_pollfds_poll(stack->slirp, 1, on_stack_revents, stack);
}

/* After anything that may have changed what the stacks wait for. */
void stacks_follow(struct stacks *s)
{
	uint32_t timeout_ms = UINT32_MAX;

	watches_begin(&s->watches);
	slirp_pollfds_fill(s->streams.slirp, &timeout_ms, on_stack_poll, &s->streams);
	slirp_pollfds_fill(s->datagrams.slirp, &timeout_ms, on_stack_poll, &s->datagrams);
	watches_end(&s->watches);
	if (timeout_ms == UINT32_MAX)
		s->clock->cancel(s->wakeup);
	else
		s->clock->arm(s->wakeup, s->clock->now(s->host) + (uint64_t)timeout_ms * MS_NS);
}

void stacks_reset_guest(struct stacks *s, const struct flow *flow)
{
	uint8_t frames[RESET_FRAMES][FRAME_TCP];

	flow_reset_guest(flow, frames);
	for (unsigned i = 0; i < RESET_FRAMES; i++)
		s->frame(s->self, frames[i], FRAME_TCP);
}

/* Ends the TCP connection that was idle for longest, for both of its ends. libslirp closes the
 * socket of a connection that it takes to be reset by the guest, unless the host has not yet
 * answered; these are bounded by its time limit for connecting, 75 s. */
static void end_oldest_stream(struct stacks *s)
{
	struct flow *oldest = flows_oldest(&s->flows), flow;
	uint8_t frame[FRAME_TCP];

	if (!oldest)
		return;
	flow = *oldest;
	flows_remove(&s->flows, oldest);
	flow_reset_far(&flow, frame);
	slirp_input(s->streams.slirp, frame, FRAME_TCP);
	stacks_reset_guest(s, &flow);
}

static bool make_room_for_stream(struct stacks *s)
{
	for (unsigned i = 0; i < STREAMS_ENDED && is_full(&s->streams); i++)
		end_oldest_stream(s);
	return !is_full(&s->streams);
}

static void run(struct stacks *s)
{
	watches_poll(&s->watches);
	if (is_full(&s->streams) && watches_any_connects(&s->watches))
		make_room_for_stream(s);
	slirp_pollfds_poll(s->streams.slirp, 0, on_stack_revents, &s->streams);
	slirp_pollfds_poll(s->datagrams.slirp, 0, on_stack_revents, &s->datagrams);
	stacks_follow(s);
}

static void on_socket(void *self, short revents)
{
	run(self);
}

static void on_wakeup(void *self, uint64_t deadline_ns)
{
	run(self);
}

/* -- the limits */

/* What has expired goes when a stack says what it waits for. */
static void stack_expire(struct stack *stack, uint64_t ahead_ms)
{
	uint32_t timeout_ms = UINT32_MAX;

	stack->ahead_ns = ahead_ms * MS_NS;
	stack_tell_time(stack);
	slirp_pollfds_fill(stack->slirp, &timeout_ms, on_stack_poll_nothing, stack);
	stack->ahead_ns = 0;
}

/* Ends at least a quarter of the datagram flows, those first that were idle for longest; a guest's
 * flood has a few packets for each such round. */
static void expire_datagrams(struct stacks *s)
{
	unsigned keep = s->datagrams.flows - s->datagrams.flows / 4 - 1;

	for (uint64_t idle_ms = FLOW_LIFE_MS; s->datagrams.flows > keep;
	     idle_ms = idle_ms * 3 / 4) {
		stack_expire(&s->datagrams, FLOW_LIFE_MS - idle_ms);
		if (!idle_ms)
			break;
	}
	stack_tell_time(&s->datagrams);
}

/* -- the guest's frames */

static void send_datagram(struct stacks *s, const struct packet *p, const uint8_t *frame,
			  size_t length)
{
	const struct datagram *whole;

	if (p->fragment) {
		whole = fragments_add(&s->fragments, frame);
		if (!whole)
			return;
		frame = whole->frame;
		length = whole->length;
	}
	if (s->datagrams.flows && is_full(&s->datagrams))
		expire_datagrams(s);
	stack_tell_time(&s->datagrams);
	slirp_input(s->datagrams.slirp, frame, (int)length);
}

/* What libslirp does with a connection that it does not let the guest make depends on an old errno.
 */
static bool is_refused(const struct stacks *s, const struct packet *p)
{
	return s->no_loopback && (p->destination == GATEWAY || p->destination == BROADCAST);
}

/* RFC 9293, 3.10.7.1. */
static void refuse(struct stacks *s, const struct packet *p, const uint8_t *syn)
{
	const struct packet answer = {
		.source = p->destination,
		.destination = p->source,
		.source_port = p->destination_port,
		.destination_port = p->source_port,
		.flags = TCP_RST | TCP_ACK,
		.acknowledgement = p->sequence + p->span,
	};
	uint8_t frame[FRAME_TCP];

	packet_build(&answer, syn + STATION, gateway_station, frame);
	s->frame(s->self, frame, FRAME_TCP);
}

/* No TCP fragments: a sender keeps its segments within the route's MTU (RFC 9293, 3.7). A SYN for
 * which there is no room is lost, and its sender repeats it. */
static void send_stream(struct stacks *s, const struct packet *p, const uint8_t *frame,
			size_t length)
{
	bool connects = (p->flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;

	if (p->fragment)
		return;
	if (connects && is_refused(s, p)) {
		refuse(s, p, frame);
		return;
	}
	if (connects && !make_room_for_stream(s))
		return;
	flows_see(&s->flows, p, frame, true);
	slirp_input(s->streams.slirp, frame, (int)length);
}

/* Neither "this network" nor "loopback" is ever on a wire (RFC 1122, 3.2.1.3); sent on as they are,
 * they would reach the host's own servers. */
static bool is_martian(const struct packet *p)
{
	uint32_t net = p->destination >> 24;

	return net == 0 || net == 127;
}

/* What waits for the guest's address goes when a stack is polled. */
static void send_arp(struct stack *stack, const uint8_t *frame, size_t length)
{
	slirp_input(stack->slirp, frame, (int)length);
	stack_tell_time(stack);
}

void stacks_send(struct stacks *s, const uint8_t *frame, size_t length)
{
	struct packet p;

	if (frame_type(frame, length) == FRAME_ARP) {
		send_arp(&s->streams, frame, length);
		send_arp(&s->datagrams, frame, length);
	} else if (!packet_parse(frame, length, &p) || is_martian(&p)) {
		return;
	} else if (p.protocol == IP_TCP) {
		send_stream(s, &p, frame, length);
	} else {
		send_datagram(s, &p, frame, length);
	}
	stacks_follow(s);
}

/* -- life cycle */

/* libslirp listens with a backlog of one, and takes one connection for each time that it is polled:
 * the kernel would drop each third SYN of a client that makes many, which repeats it a second
 * later. A second listen(2) changes the backlog of a socket. */
static int on_rule_poll(int fd, int events, void *self)
{
	struct stacks *s = self;
	int listens = 0;
	socklen_t length = sizeof(listens);

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens &&
	    listen(fd, BACKLOG) == 0)
		watches_set_listens(&s->watches, fd);
	return -1;
}

static bool stack_start(struct stack *stack, struct stacks *all, const SlirpConfig *config,
			unsigned most)
{
	*stack = (struct stack){ .all = all, .most = most };
	stack->slirp = slirp_new(config, &stack_callbacks, stack);
	return stack->slirp != NULL;
}

bool stacks_start(struct stacks *s, const SlirpConfig *config)
{
	s->clock = s->host->get(s->host, TSR_CLOCK);
	s->log = s->host->get(s->host, TSR_LOG);
	s->limits = limits_of_process();
	s->no_loopback = config->disable_host_loopback;
	s->watches = (struct watches){
		.host = s->host,
		.worker = s->host->get(s->host, TSR_WORKER),
		.ready = on_socket,
		.self = s,
	};
	s->wakeup = s->clock->timer_new(s->host, on_wakeup, s);
	return stack_start(&s->streams, s, config, s->limits.streams) &&
	       stack_start(&s->datagrams, s, config, s->limits.datagrams);
}

bool stacks_forward(struct stacks *s, const struct forward *rule)
{
	Slirp *slirp = rule->udp ? s->datagrams.slirp : s->streams.slirp;
	uint32_t timeout_ms = UINT32_MAX;

	if (slirp_add_hostfwd(slirp, rule->udp, rule->host, rule->host_port, rule->guest,
			      rule->guest_port) != 0)
		return false;
	slirp_pollfds_fill(slirp, &timeout_ms, on_rule_poll, s);
	return true;
}

static void stack_finish(struct stack *stack)
{
	if (stack->slirp)
		slirp_cleanup(stack->slirp);
	stack->slirp = NULL;
}

void stacks_finish(struct stacks *s)
{
	struct stack_timer *timer;

	watches_finish(&s->watches);
	stack_finish(&s->streams);
	stack_finish(&s->datagrams);
	while ((timer = s->timers)) {
		s->timers = timer->next;
		free(timer);
	}
}
