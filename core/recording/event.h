/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One event of a recording: something that crossed the border of a device, in either direction.
 *
 * Calls into the device (TSR_RECORDING_IN) end with a RETURN; what stands between the two is what
 * the device did meanwhile, in order, and can again have calls into it. In a file an event is
 *
 *   kind                                     one byte
 *   time since the event before, ns          these six are LEB128: seven bits a byte, the lowest
 *   object                                   first, bit 7 set but in the last byte
 *   values[0], values[1], values[2]
 *   length of the data
 *   the data
 */
#ifndef TSR_RECORDING_EVENT_H
#define TSR_RECORDING_EVENT_H

#include <glib.h>
#include <stdint.h>

#define TSR_RECORDING_HEAD_MAX 61u         /* bytes of an event without its data */
#define TSR_RECORDING_DATA_MAX (16u << 20) /* bytes of its data */

/* The values and their names are in the table of event.c. Numbers in files: they never change. */
enum tsr_recording_kind {
	/* Into the device. */
	TSR_RECORDING_READ = 1,           /* ports or registers in memory */
	TSR_RECORDING_WRITE = 2,          /* the same */
	TSR_RECORDING_CONFIG_READ = 3,    /* PCI configuration space; RETURN has what was read */
	TSR_RECORDING_CONFIG_WRITTEN = 4, /* data: the bytes that the space has then */
	TSR_RECORDING_EXPIRED = 5,        /* a timer */
	TSR_RECORDING_RESET = 6,          /* data: 256 bytes of each function */
	TSR_RECORDING_CHANGED = 7,        /* a property; data: name, NUL, value */
	TSR_RECORDING_DONE = 8,           /* a job of a worker */
	TSR_RECORDING_PORT = 9,           /* a connected need calls back (interfaces.h) */
	TSR_RECORDING_RETURN = 15,
	/* Out of the device. */
	TSR_RECORDING_LINE = 16,
	TSR_RECORDING_INTX = 17,
	TSR_RECORDING_PCI_RESET = 18,
	TSR_RECORDING_DMA_READ = 19,
	TSR_RECORDING_DMA_WRITE = 20,
	TSR_RECORDING_ARM = 21,
	TSR_RECORDING_CANCEL = 22,
	TSR_RECORDING_RANDOM = 23,
	TSR_RECORDING_SUBMIT = 24,
	TSR_RECORDING_DRAIN = 25,
	TSR_RECORDING_CALL = 26,   /* of a connected need (interfaces.h) */
	TSR_RECORDING_RESULT = 27, /* of the CALL before, if it has one */
	TSR_RECORDING_EMIT = 28,   /* a signal; data: name, NUL, detail */
	TSR_RECORDING_POWER_OFF = 29,
	TSR_RECORDING_MACHINE_RESET = 30,
	TSR_RECORDING_STOP = 31,
	TSR_RECORDING_SET = 32, /* a property; data: name, NUL, value */
	/* Out of the device, and no difference if they are missing: reading the time. */
	TSR_RECORDING_NOW = 48,
	TSR_RECORDING_WALL = 49,    /* in seconds */
	TSR_RECORDING_WALL_NS = 50, /* in ns */
	TSR_RECORDING_END = 63,     /* values: enum tsr_recording_end, number of events, checksum */
};

enum tsr_recording_end {
	TSR_RECORDING_END_STOPPED = 1,  /* by whoever recorded */
	TSR_RECORDING_END_LIMIT = 2,    /* the file has the size that it may have */
	TSR_RECORDING_END_MACHINE = 3,  /* the machine has ended */
	TSR_RECORDING_END_LOST = 4,     /* the file could not be written as fast as events came */
	TSR_RECORDING_END_LOADED = 5,   /* a saved state was loaded */
	TSR_RECORDING_END_REPLACED = 6, /* another version took the device's place */
	TSR_RECORDING_END_LARGE = 7,    /* the data of an event were too large */
};

enum tsr_recording_way {
	TSR_RECORDING_IN,
	TSR_RECORDING_BACK,
	TSR_RECORDING_OUT,
	TSR_RECORDING_SOFT,
	TSR_RECORDING_LAST
};

/* A row for each kind. */
struct tsr_recording_row {
	enum tsr_recording_kind kind;
	const char *name;
	enum tsr_recording_way way;
	const char *list;      /* of the description, in which the object is an index; NULL: none */
	const char *values[3]; /* NULL: not used */
};

struct tsr_recording_event {
	enum tsr_recording_kind kind;
	uint64_t time_ns; /* guest time */
	uint64_t object, values[3];
	const void *data;
	size_t length; /* of the data, bytes */
};

/* NULL: a kind that this version does not know. */
const struct tsr_recording_row *tsr_recording_find(enum tsr_recording_kind kind);
/* A line for people, of an end. */
const char *tsr_recording_end_text(uint64_t end);
/* Writes all of the event but its data, and returns the bytes. before_ns: the time of the event
 * before; time that is earlier counts as that. */
size_t tsr_recording_put(uint8_t to[TSR_RECORDING_HEAD_MAX],
			 const struct tsr_recording_event *event, uint64_t before_ns);
/* Reads the event at the front of `length` bytes; event->time_ns is the time of the event before on
 * entry. Returns its bytes; 0: it is not all there; -1: it is none. Its data belong to bytes. */
gssize tsr_recording_take(const uint8_t *bytes, size_t length, struct tsr_recording_event *event);

#endif
