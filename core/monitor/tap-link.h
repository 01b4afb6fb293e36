/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A connection of two instances that can have a tap. The user of an interface gets a copy of its
 * provider's table, which belongs to the machine, and so does the provider with the port that the
 * user hands it. A tap replaces a function of the copy.
 *
 * A function of such a table is called with the plugin's own `self` only. While a tap is set, it
 * finds its link among those of all machines by that; otherwise nobody looks.
 */
#ifndef TSR_MONITOR_TAP_LINK_H
#define TSR_MONITOR_TAP_LINK_H

#include <tessera/block.h>

#include "monitor/hub.h"
#include "monitor/recorder.h"

struct tsr_tap_link;

struct tsr_tap_link_kind {
	const char *interface;
	uint32_t min_size; /* of a table that a tap can be put on, bytes */
	enum tsr_monitor_kind kind;
	/* Once, when the link is made. NULL: nothing to do. */
	void (*begin)(struct tsr_tap_link *link);
	/* Sets or removes the tap. [locked] */
	void (*set)(struct tsr_tap_link *link, bool on);
};

struct tsr_tap_link {
	const struct tsr_tap_link_kind *kind;
	struct tsr_hub *hub;
	const struct TsrInstance *owner; /* the user, until it is replaced */
	char *user, *need;
	void *self;        /* the provider's */
	const void *inner; /* the provider's table */
	void *table;       /* the copy that the user has */
	/* What the user has connected, if the interface has that: */
	void *to;                    /* the port's self */
	const void *card;            /* the user's port */
	void *port;                  /* the copy that the provider has; NULL: none */
	void (*changed)(void *user); /* block: the user's listener, whose argument is `to` */
	bool is_on;
	uint64_t requests; /* counted by a tap */
	/* IDE, while a tap is set: what the drive has asked to be moved. */
	uint32_t phase_offset, phase_length; /* of the buffer, bytes */
	bool is_to_host;
	const struct tsr_block_segment *segments;
	unsigned segment_count;
};

struct tsr_tap_link *tsr_tap_link_new(struct tsr_hub *hub, const struct tsr_tap_link_kind *kind,
				      const char *user, const char *need, void *self,
				      const void *table);
void tsr_tap_link_free(struct tsr_tap_link *link);
/* The link of that kind whose provider, or whose connected port, has this self. NULL: none. [any]
 */
struct tsr_tap_link *tsr_tap_link_find(const struct tsr_tap_link_kind *kind, const void *self);
struct tsr_tap_link *tsr_tap_link_find_port(const struct tsr_tap_link_kind *kind, const void *to);
/* Makes the copy of a port, whose size is its first member; NULL: there is none. The former copy is
 * to be freed by the caller, after the provider has forgotten it. [locked] */
void *tsr_tap_link_take_port(struct tsr_tap_link *link, const void *port, void *to);
/* -- For recordings; a recorder that is NULL is told nothing [locked] */

/* NULL: its user is not recorded. */
struct tsr_recorder *tsr_tap_link_recorder(const struct tsr_tap_link *link);
/* The user has called the function of that number (recording/interfaces.h). */
void tsr_tap_link_call(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
		       uint64_t function, uint64_t first, uint64_t second, const void *data,
		       size_t length);
void tsr_tap_link_result(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
			 uint64_t value, const void *data, size_t length);
/* The provider calls; tsr_recorder_leave ends it. */
void tsr_tap_link_enter(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
			uint64_t function, uint64_t first, uint64_t second, const void *data,
			size_t length);

/* Tells of a frame or of bytes. [locked] */
void tsr_tap_link_tell(const struct tsr_tap_link *link, enum tsr_monitor_op op, const void *data,
		       size_t length);

extern const struct tsr_tap_link_kind tsr_tap_net, tsr_tap_block, tsr_tap_chardev, tsr_tap_ide;

#endif
