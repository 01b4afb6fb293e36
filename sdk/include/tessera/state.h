/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Saved state: named, typed fields. A device writes them in any order. A newer version of the
 * device finds by name what an older one wrote, and tsr_state_reader.version says which version
 * that was. Names are unique within their group; groups nest. All functions: [locked], inside of
 * the instance's `save` or `load`; writer and reader belong to the core.
 */
#ifndef TESSERA_STATE_H
#define TESSERA_STATE_H

#include <string.h>

#include "abi.h"
#include "error.h"

struct tsr_state_writer;
struct tsr_state_reader;

struct tsr_state_writer_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* A number of 1, 2, 4 or 8 bytes. */
	void (*uint)(struct tsr_state_writer *w, const char *name, uint64_t value, unsigned bytes);
	/* `length` bytes, which are copied. */
	void (*bytes)(struct tsr_state_writer *w, const char *name, const void *data,
		      size_t length);
	/* Fields between begin and end are in the group. */
	void (*begin)(struct tsr_state_writer *w, const char *group);
	void (*end)(struct tsr_state_writer *w);
};

/* Every getter returns false and leaves *out alone when the field is absent or of another type. */
struct tsr_state_reader_ops {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* A number that was written with the same width in bytes. */
	bool (*uint)(struct tsr_state_reader *r, const char *name, uint64_t *out, unsigned bytes);
	/* Exactly `length` bytes, otherwise false. */
	bool (*bytes)(struct tsr_state_reader *r, const char *name, void *data, size_t length);
	/* The length in bytes of a byte field, or -1. */
	int64_t (*length)(struct tsr_state_reader *r, const char *name);
	/* Enters a group. False: there is no such group, and `end` is not called. */
	bool (*begin)(struct tsr_state_reader *r, const char *group);
	/* Leaves the group that was entered last. */
	void (*end)(struct tsr_state_reader *r);
};

/* The core's; what it can do grows with its ops. Frozen. */
struct tsr_state_writer {
	const struct tsr_state_writer_ops *ops;
};

/* The core's; what it can do grows with its ops. Frozen. */
struct tsr_state_reader {
	const struct tsr_state_reader_ops *ops;
	uint32_t version; /* the state version of the plugin that wrote it */
	uint32_t reserved;
};

/* tsr_state_put_u8, u16, u32, u64 write a number; tsr_state_get_u8, u16, u32, u64 read one: false,
 * and *out is left alone, when the field is absent or of another width. */
#define TSR_STATE_FIELD(type, bits) \
	static inline void tsr_state_put_u##bits(struct tsr_state_writer *w, const char *name, \
						 type value) \
	{ \
		w->ops->uint(w, name, value, bits / 8); \
	} \
	static inline bool tsr_state_get_u##bits(struct tsr_state_reader *r, const char *name, \
						 type *out) \
	{ \
		uint64_t value; \
		if (!r->ops->uint(r, name, &value, bits / 8)) \
			return false; \
		*out = (type)value; \
		return true; \
	}
TSR_STATE_FIELD(uint8_t, 8)
TSR_STATE_FIELD(uint16_t, 16)
TSR_STATE_FIELD(uint32_t, 32)
TSR_STATE_FIELD(uint64_t, 64)
#undef TSR_STATE_FIELD

/* Writes a truth value, as a number of one byte. */
static inline void tsr_state_put_bool(struct tsr_state_writer *w, const char *name, bool value)
{
	w->ops->uint(w, name, value, 1);
}

/* Reads a truth value. False: absent, *out is left alone. */
static inline bool tsr_state_get_bool(struct tsr_state_reader *r, const char *name, bool *out)
{
	uint64_t value;

	if (!r->ops->uint(r, name, &value, 1))
		return false;
	*out = value != 0;
	return true;
}

/* Writes `length` bytes. */
static inline void tsr_state_put_bytes(struct tsr_state_writer *w, const char *name,
				       const void *data, size_t length)
{
	w->ops->bytes(w, name, data, length);
}

/* Reads exactly `length` bytes. False: absent or of another length, *data is left alone. */
static inline bool tsr_state_get_bytes(struct tsr_state_reader *r, const char *name, void *data,
				       size_t length)
{
	return r->ops->bytes(r, name, data, length);
}

/* The field by which a device says that it cannot be saved, and no other field's name. */
#define TSR_STATE_FAILURE "save-failure"

/* Gives up saving, because `why` (for the user, in one line): the machine is then not saved. Once
 * in a group at most; the device may write more fields, which nobody reads. */
static inline void tsr_state_fail(struct tsr_state_writer *w, const char *why)
{
	w->ops->bytes(w, TSR_STATE_FAILURE, why, strlen(why));
}

/*
 * Refuses a state in which `what` is missing or has a value that it cannot have ("counter 2", "the
 * receive FIFO"). Fills in `error` (which may be NULL) and returns false, so that a load can return
 * it. [any]
 */
static inline bool tsr_state_damaged(struct tsr_error *error, const char *what)
{
	return tsr_error_set(error, TSR_ERROR_IO, "the saved state is damaged: %s", what);
}

#endif
