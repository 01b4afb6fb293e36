/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Saved state: named, typed fields. A device writes them in any order; a newer version of the device
 * finds by name what an older one wrote, and sees by tsr_state_reader.version which version that was.
 * Names are unique within their group; groups nest.
 */
#ifndef TESSERA_STATE_H
#define TESSERA_STATE_H

#include "abi.h"
#include "error.h"

struct tsr_state_writer;
struct tsr_state_reader;

struct tsr_state_writer_ops {
	uint32_t size;
	void (*uint)(struct tsr_state_writer *w, const char *name, uint64_t value, unsigned bytes); /* bytes: 1, 2, 4, 8 */
	void (*bytes)(struct tsr_state_writer *w, const char *name, const void *data, size_t length);
	void (*begin)(struct tsr_state_writer *w, const char *group);
	void (*end)(struct tsr_state_writer *w);
};

/* Every getter returns false and leaves *out alone when the field is absent or of another type. */
struct tsr_state_reader_ops {
	uint32_t size;
	bool (*uint)(struct tsr_state_reader *r, const char *name, uint64_t *out, unsigned bytes);
	/* Exactly `length` bytes, else false. */
	bool (*bytes)(struct tsr_state_reader *r, const char *name, void *data, size_t length);
	/* The length in bytes of a byte field, or -1. */
	int64_t (*length)(struct tsr_state_reader *r, const char *name);
	bool (*begin)(struct tsr_state_reader *r, const char *group); /* false: no such group, nothing entered */
	void (*end)(struct tsr_state_reader *r);
};

struct tsr_state_writer {
	const struct tsr_state_writer_ops *ops;
};

struct tsr_state_reader {
	const struct tsr_state_reader_ops *ops;
	uint32_t version; /* the state version of the plugin that wrote it */
};

#define TSR_STATE_FIELD(type, bits) \
	static inline void tsr_state_put_u##bits(struct tsr_state_writer *w, const char *name, type value) \
	{ \
		w->ops->uint(w, name, value, bits / 8); \
	} \
	static inline bool tsr_state_get_u##bits(struct tsr_state_reader *r, const char *name, type *out) \
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

static inline void tsr_state_put_bool(struct tsr_state_writer *w, const char *name, bool value)
{
	w->ops->uint(w, name, value, 1);
}

static inline bool tsr_state_get_bool(struct tsr_state_reader *r, const char *name, bool *out)
{
	uint64_t value;

	if (!r->ops->uint(r, name, &value, 1))
		return false;
	*out = value != 0;
	return true;
}

static inline void tsr_state_put_bytes(struct tsr_state_writer *w, const char *name, const void *data,
				       size_t length)
{
	w->ops->bytes(w, name, data, length);
}

static inline bool tsr_state_get_bytes(struct tsr_state_reader *r, const char *name, void *data, size_t length)
{
	return r->ops->bytes(r, name, data, length);
}

/*
 * Refuses a state in which `what` is missing or has a value that it cannot have ("counter 2", "the receive FIFO").
 * Fills in `error` (which may be NULL) and returns false, so that a load can return it. [any]
 */
static inline bool tsr_state_damaged(struct tsr_error *error, const char *what)
{
	return tsr_error_set(error, TSR_ERROR_IO, "the saved state is damaged: %s", what);
}

#endif
