/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stream that a machine writes for who watches it: one header, then records, in the host's byte
 * order. Both ends are on one host; they can be of different versions. Therefore header and records
 * begin with their size: a reader skips what it does not know, at the end of the header and of a
 * record, and whole records of unknown kinds.
 */
#ifndef TSR_MONITOR_RECORD_H
#define TSR_MONITOR_RECORD_H

#include <stdint.h>

#define TSR_MONITOR_MAGIC 0x314e4f4dd4525354ull /* "TSR", D4h, "MON1" */

struct tsr_monitor_header {
	uint32_t size; /* of this header, bytes */
	uint32_t flags;
	uint64_t magic;
	uint64_t time_ns; /* guest time when the watch began */
	uint64_t wall_ns; /* the host's, since 1970, at that time */
};

enum tsr_monitor_kind {
	TSR_MONITOR_PORTS,
	TSR_MONITOR_MMIO,
	TSR_MONITOR_IRQ,
	TSR_MONITOR_DMA,
	TSR_MONITOR_PACKETS,
	TSR_MONITOR_BLOCK,
	TSR_MONITOR_CHARS,
	TSR_MONITOR_SIGNAL,
	TSR_MONITOR_KINDS,
	TSR_MONITOR_LOST = 255 /* records that were dropped here: `value` is their number */
};

/* `what` and the members that count, of each kind:
 *   ports, mmio  resource; address, width (bytes), value
 *   irq          resource; value is the level; data names the input that it leads to, if any
 *   dma          "memory"; address, length; MAP_*: by a pointer, WROTE: what was written so
 *   packets      need; length; data is the frame
 *   block        need; value is the request's number; address and length in bytes; DONE: width is
 *                the status (enum tsr_block_status)
 *   chars        need; length; data are the bytes
 *   signal       the signal's name; data is its text */
enum tsr_monitor_op {
	TSR_MONITOR_READ,
	TSR_MONITOR_WRITE,
	TSR_MONITOR_CHANGED, /* irq, signal */
	TSR_MONITOR_MAP_READ,
	TSR_MONITOR_MAP_WRITE,
	TSR_MONITOR_WROTE,
	TSR_MONITOR_SENT,     /* by the guest */
	TSR_MONITOR_RECEIVED, /* by the guest */
	TSR_MONITOR_FLUSH,
	TSR_MONITOR_DISCARD,
	TSR_MONITOR_DONE,
	TSR_MONITOR_OPS
};

/* The device's name, `what` and the data follow, without NULs; then up to seven bytes of padding,
 * so that size is a multiple of 8. */
struct tsr_monitor_record {
	uint32_t size;                 /* with what follows, bytes */
	uint8_t kind, op, width, head; /* head: bytes of this struct */
	uint64_t time_ns;              /* guest time */
	uint64_t address, value, length;
	uint32_t data_length; /* length can be more: the rest was cut off */
	uint16_t device_length, what_length;
};

#define TSR_MONITOR_DATA_MAX 4096u
#define TSR_MONITOR_RECORD_MAX 8192u

#endif
