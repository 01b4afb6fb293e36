/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the user-mode network: forwarding rules, the queue to the guest, the watched
 * descriptors. */
#ifndef NET_USER_H
#define NET_USER_H

#include <libslirp.h>
#include <netinet/in.h>
#include <tessera/tessera.h>

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
void watches_finish(struct watches *w);

#endif
