/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disks and discs: what a drive asks of the back end that holds its medium. */
#ifndef TESSERA_BLOCK_H
#define TESSERA_BLOCK_H

#include "host.h"
#include "state.h"

enum tsr_block_op { TSR_BLOCK_READ, TSR_BLOCK_WRITE, TSR_BLOCK_FLUSH, TSR_BLOCK_DISCARD };

enum tsr_block_status {
	TSR_BLOCK_OK,
	TSR_BLOCK_IO_ERROR,
	TSR_BLOCK_READ_ONLY,
	TSR_BLOCK_NO_MEDIUM,
	TSR_BLOCK_OUT_OF_RANGE,
	TSR_BLOCK_UNSUPPORTED, /* an operation or a flag that the back end does not know */
};

/* A piece of memory that a request reads into or writes from. Frozen: requests have arrays of it.
 */
struct tsr_block_segment {
	void *base;
	uint64_t length; /* bytes */
};

/* Owned by the requester, which keeps it alive and unchanged until `done`. Offset and length are
 * multiples of 512. A requester may be saved before `done`: its state says so, and its `load` makes
 * the request again. */
struct tsr_block_request {
	uint32_t size;
	uint32_t flags; /* 0: none are defined; one that the back end does not know: UNSUPPORTED */
	enum tsr_block_op op;
	uint32_t segment_count;
	uint64_t offset; /* bytes */
	uint64_t length; /* bytes */
	void *buffer;    /* length bytes for READ and WRITE; NULL: see segments */
	void (*done)(struct tsr_block_request *request,
		     enum tsr_block_status status); /* [locked] never from inside submit */
	void *user;
	/* READ and WRITE with buffer NULL: at most 512 pieces whose lengths (multiples of 2) add up
	 * to `length`. */
	const struct tsr_block_segment *segments;
};

/* Owned by the caller, which sets `size`, and the rest to 0; filled in by the back end. */
struct tsr_block_info {
	uint32_t size;
	uint32_t generation; /* number of media changes so far */
	uint64_t length;     /* bytes; a multiple of 512 */
	bool present;        /* a medium is in */
	bool read_only;
	uint8_t reserved[6];
};

/* "tessera.block/1", provided by back ends. */
#define TSR_BLOCK "tessera.block/1"
struct tsr_block {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Fills in *info as far as its size (tsr_struct_fill). Never fails: without a medium
	 * `present` is false. [locked] */
	void (*info)(void *self, struct tsr_block_info *info);
	/* Starts a request. It always completes, by `done` with a status; one that the requester
	 * does not know counts as TSR_BLOCK_IO_ERROR. READ and WRITE may
	 * complete in any order; a FLUSH completes when every WRITE that completed before the FLUSH
	 * was submitted is on stable storage (persistent disks: fdatasync). [locked] */
	void (*submit)(void *self, struct tsr_block_request *request);
	/* Sets the one listener: `changed` is called, [locked], after a medium was removed or
	 * inserted. [main & !running] */
	void (*listen)(void *self, void (*changed)(void *user), void *user);
	/* The guest ejects (true) or loads (false) the medium. False: refused. [locked] */
	bool (*eject)(void *self, bool eject);
	/* The guest locks or unlocks the door: while it is locked, the user cannot change the
	 * medium. [locked] */
	void (*lock)(void *self, bool locked);
	/* Ends every request submitted so far: when this returns, its `done` has run, with an error
	 * if the host has not answered, and its memory is not touched any more. What is submitted
	 * later happens after it. For resets and aborted transfers; it does not wait for the host.
	 * [locked] */
	void (*drain)(void *self);
	/* The machine is about to be saved: puts all that was written to the medium on stable
	 * storage, and writes fields by which `recognize` knows its contents again. Cannot:
	 * tsr_state_fail, whose text names the medium; the machine is then not saved. The guest
	 * does not run, and no request is under way. NULL, or beyond `size`: a state may reach
	 * stable storage before the medium. [locked] */
	void (*seal)(void *self, struct tsr_state_writer *out);
	/* Whether the medium that is in has the contents of which `seal` wrote these fields; called
	 * before a state is loaded. False and error: what differs, and the medium's name. With
	 * TSR_ERROR_CONFLICT the user may have the state loaded all the same, with other codes not.
	 * NULL, or beyond `size`: not compared. [locked] */
	bool (*recognize)(void *self, struct tsr_state_reader *in, struct tsr_error *error);
};

#endif
