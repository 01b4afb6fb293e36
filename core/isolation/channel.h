/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory that a machine shares with the process of an isolated device, and whose turn it is.
 *
 * Of the two processes one has the turn, and runs; the other waits for it. A message goes over with
 * the turn: a call (of the device by the core), its reply; a question (to the core, by a device
 * that is being called), its answer. Calls and questions nest. What needs no answer is posted: it
 * is collected, and happens before the next message that has an effect of its own.
 *
 * A call is a transaction. When the device has served one that came from outside, it writes its
 * state here, beside the reply and the posts, and then, with one store, that the call is done. If
 * its process ends before that store, nothing has happened; after it, all has.
 *
 * Nothing of what the device writes is trusted: the core copies a message before it looks at it,
 * and checks each number in it.
 */
#ifndef TSR_ISOLATION_CHANNEL_H
#define TSR_ISOLATION_CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define ISO_DATA 16384    /* bytes of data of a message, at most */
#define ISO_POSTED 131072 /* bytes of what is posted, at most */
#define ISO_STATE 262144  /* bytes of the state that is kept, at most */
#define ISO_CONFIG 256    /* of a PCI function: its configuration space, and each of its masks */
#define ISO_ARGUMENTS 4
#define ISO_DEPTH 16 /* calls and questions within each other, at most */

enum iso_side { ISO_CORE = 1, ISO_DEVICE = 2 };
enum iso_kind { ISO_CALL = 1, ISO_REPLY, ISO_QUESTION, ISO_ANSWER };

struct iso_head {
	uint32_t kind; /* enum iso_kind */
	uint32_t what; /* enum iso_call, enum iso_question, enum iso_post (protocol.h) */
	uint32_t id;   /* of an object, or 0 */
	uint32_t length;
	uint64_t a[ISO_ARGUMENTS];
};

struct iso_message {
	struct iso_head head;
	uint8_t data[ISO_DATA]; /* only `length` bytes are copied */
};

/* The state after a call: records as in `posted`. */
struct iso_kept {
	uint32_t length;
	uint8_t bytes[ISO_STATE];
};

/* What `done` says. */
#define ISO_DONE_SLOT 1u  /* which of the two states is the last one */
#define ISO_DONE_STATE 2u /* there is one: the device could be saved */
#define ISO_DONE_SHIFT 2  /* above: the number of the call */

struct iso_shared {
	_Atomic uint32_t turn;   /* a futex: enum iso_side */
	_Atomic uint32_t sleeps; /* bits of enum iso_side: who waits for the futex */
	_Atomic uint32_t ended;  /* the device's process has ended; its supervisor says so */
	uint64_t now_ns;         /* guest time when the core gave the turn */
	uint64_t call;         /* the number of the call from outside; 0: no state is kept of it */
	_Atomic uint64_t done; /* the call that is done, and its state (ISO_DONE_*) */
	struct iso_message message;
	uint32_t posted_length;
	uint8_t posted[ISO_POSTED]; /* of struct iso_head, each with its data, padded to 8 */
	uint8_t config[3][ISO_CONFIG];
	struct iso_kept kept[2]; /* the device writes the one that `done` does not name */
};

/* Posted records are aligned as their heads. */
static inline uint32_t iso_padded(uint32_t length)
{
	return (length + 7) & ~7u;
}

/* Once in each process, before its jail: looks how many processors the host has. */
void iso_channel_init(void);
/* Gives the turn to the other side; then `wait` is the only thing to do. */
void iso_give(struct iso_shared *shared, enum iso_side to);
/* Waits until `own` has the turn: some microseconds awake, then asleep. False: it did not get it
 * within limit_ms (0: no limit), or the device's process has ended. */
bool iso_wait(struct iso_shared *shared, enum iso_side own, unsigned limit_ms);
/* Wakes whoever waits, to look whether the process has ended. */
void iso_wake(struct iso_shared *shared);

/* Copies a message, of which `data` may be longer than ISO_DATA says. False: it is no message. */
bool iso_copy(struct iso_message *to, const struct iso_message *from);

#endif
