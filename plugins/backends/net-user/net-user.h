/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the user-mode network: packets, forwarding rules, the queue to the guest, the
 * watched descriptors, the two stacks. */
#ifndef NET_USER_H
#define NET_USER_H

#include <libslirp.h>
#include <netinet/in.h>
#include <tessera/tessera.h>

#define MS_NS 1000000u

#define GATEWAY 0x0a000202 /* 10.0.2.2, host order */

/* -- packet.c: IPv4 packets in Ethernet frames; numbers are in host order */
#define FRAME_HEADER 14
#define FRAME_IPV4 0x0800
#define FRAME_ARP 0x0806
#define IP_TCP 6
#define IP_UDP 17
enum { TCP_FIN = 0x01, TCP_SYN = 0x02, TCP_RST = 0x04, TCP_ACK = 0x10 };

struct packet {
	uint8_t protocol;
	bool fragment; /* of a longer packet; what follows the addresses is not known */
	uint32_t source, destination;
	uint16_t source_port, destination_port; /* TCP and UDP */
	/* TCP; the span is what it takes of the sequence numbers: data, SYN, FIN */
	uint8_t flags;
	uint32_t sequence, acknowledgement, span;
	uint16_t window;
};
#define STATION 6 /* bytes of an Ethernet address */
#define FRAME_TCP (FRAME_HEADER + 20 + 20)
/* The Ethernet type; 0: shorter than its header. */
uint16_t frame_type(const uint8_t *frame, size_t length);
/* False: not a whole IPv4 packet with the header of its protocol. */
bool packet_parse(const uint8_t *frame, size_t length, struct packet *out);
/* A TCP segment without options and data. */
void packet_build(const struct packet *p, const uint8_t to[STATION], const uint8_t from[STATION],
		  uint8_t frame[FRAME_TCP]);

/* libslirp's own address, which it puts into all frames. */
extern const uint8_t gateway_station[STATION];

/* -- fragments.c: datagrams of the guest in fragments */
#define DATAGRAMS 4
struct datagram {
	size_t length; /* so far; 0: no datagram */
	uint8_t frame[FRAME_HEADER + 65535];
};
struct fragments {
	struct datagram rows[DATAGRAMS], whole;
	unsigned next;
};
/* Takes a frame that packet_parse calls a fragment. The whole, when this was the last of it, until
 * the next call; otherwise NULL. */
const struct datagram *fragments_add(struct fragments *f, const uint8_t *frame);

/* -- flows.c: the guest's TCP connections, as their packets show them */
#define FLOWS_MAX 1024
struct flow {
	uint32_t guest, far;
	uint16_t guest_port, far_port;
	uint8_t station[STATION]; /* the guest's */
	/* Sequence numbers: the next that the far end expects of the guest; the next that the guest
	 * has said it expects; the one after all that was sent to the guest. */
	uint32_t guest_next, far_expected, far_next;
	uint8_t finished; /* FLOW_GUEST, FLOW_FAR: who has sent FIN */
	bool established; /* the guest has acknowledged something */
	bool lost;        /* of a loaded state: only the guest has it still */
	uint8_t resets;   /* that a lost one was sent */
	uint64_t used;
};
enum { FLOW_GUEST = 1, FLOW_FAR = 2 };
struct flows {
	struct flow rows[FLOWS_MAX];
	unsigned count, last;
	uint64_t uses;
};
/* A frame with the TCP segment p goes from the guest to the far end, or to the guest. */
void flows_see(struct flows *f, const struct packet *p, const uint8_t *frame, bool from_guest);
struct flow *flows_oldest(struct flows *f); /* of those not lost; NULL: none */
void flows_remove(struct flows *f, struct flow *flow);
void flows_save(const struct flows *f, struct tsr_state_writer *out);
/* What the state has is lost. False and error: damaged, and nothing has changed. */
bool flows_load(struct flows *f, struct tsr_state_reader *in, struct tsr_error *error);
/* Frames that reset a connection at the guest, one after the other. */
#define RESET_FRAMES 3
void flow_reset_guest(const struct flow *flow, uint8_t frames[RESET_FRAMES][FRAME_TCP]);
void flow_reset_far(const struct flow *flow, uint8_t frame[FRAME_TCP]); /* as from the guest */

/* -- forward.c: "tcp:HOST:PORT-GUEST:PORT" */
struct forward {
	bool udp;
	struct in_addr host, guest; /* guest 0.0.0.0: the first address DHCP gives */
	uint16_t host_port, guest_port;
};
/* Reads one rule of a list, moves *text past it and its separator. False and error: not a rule. */
bool forward_parse(const char **text, struct forward *out, struct tsr_error *error);

/* -- queue.c: frames on their way to the guest; full: the newest is dropped, as on a wire */
#define QUEUE_FRAMES 256
struct queued_frame {
	uint16_t length;
	uint8_t bytes[TSR_NET_FRAME_MAX];
};
struct frame_queue {
	struct queued_frame frames[QUEUE_FRAMES];
	unsigned first, count;
};
bool queue_push(struct frame_queue *q, const void *bytes, size_t length);
const struct queued_frame *queue_first(const struct frame_queue *q); /* NULL: empty */
void queue_pop(struct frame_queue *q);

/* -- watches.c: keeps the machine's watches equal to what libslirp wants to poll */
struct watch_slot {
	short wanted, watched; /* poll(2) events; watched 0: no watch */
	short ready;           /* of the last watches_poll */
	bool flow;             /* of a guest's flow, not of a rule in hostfwd */
	bool listens;          /* of a TCP rule */
	unsigned id;
};
struct watches {
	const struct tsr_host *host;
	const struct tsr_worker *worker;
	void (*ready)(void *self, short revents);
	void *self;
	struct watch_slot *slots; /* by descriptor */
	int count;
};
void watches_want(struct watches *w, int fd, short events); /* between begin and end */
void watches_begin(struct watches *w);
void watches_end(struct watches *w);
void watches_poll(struct watches *w); /* what is ready now, without waiting */
short watches_ready(const struct watches *w, int fd);
void watches_set_flow(struct watches *w, int fd, bool flow);
bool watches_is_flow(const struct watches *w, int fd);
void watches_set_listens(struct watches *w, int fd);
bool watches_any_connects(const struct watches *w); /* of the last watches_poll */
void watches_finish(struct watches *w);

/* -- limits.c: how many of the process's descriptors a network takes */
struct limits {
	unsigned streams, datagrams; /* flows of each stack, at most */
	int ceiling;                 /* no descriptor from here on: those are held back */
};
struct limits limits_of(uint64_t descriptors);
struct limits limits_of_process(void);

/* -- stack.c: one libslirp, and the flows that it has opened */
struct stacks;
struct stack {
	struct stacks *all;
	Slirp *slirp;
	unsigned flows, most;
	uint64_t ahead_ns; /* its clock, while flows are being expired */
};

struct stack_timer;

/* Streams: TCP. Datagrams: all else, on a stack of their own, because they are expired by moving
 * its clock, which would also move the timers of TCP connections. */
struct stacks {
	const struct tsr_host *host;
	const struct tsr_clock *clock;
	const struct tsr_log *log;
	struct watches watches;
	struct limits limits;
	struct stack streams, datagrams;
	struct tsr_timer *wakeup;
	struct stack_timer *timers;
	struct flows flows;
	struct fragments fragments;
	bool no_loopback;
	bool crowded; /* a flow has a descriptor at or above the ceiling */
	/* A frame for the guest. */
	void (*frame)(void *self, const uint8_t *bytes, size_t length);
	void *self;
};
/* The members host, frame and self are set. False: libslirp does not start. */
bool stacks_start(struct stacks *s, const SlirpConfig *config);
bool stacks_forward(struct stacks *s, const struct forward *rule); /* false and errno */
/* A frame of the guest's. */
void stacks_send(struct stacks *s, const uint8_t *frame, size_t length);
void stacks_reset_guest(struct stacks *s, const struct flow *flow);
void stacks_follow(struct stacks *s); /* polls what the stacks now wait for */
void stacks_finish(struct stacks *s);

#endif
