/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the stream that tsr_machine_watch() writes: what crosses the borders of the devices of a
 * running machine, as events; prints events, and writes packets for Wireshark. The machine's
 * process may be of another version of Tessera than the reader's.
 */
#ifndef TESSERA_GLIB_WATCH_H
#define TESSERA_GLIB_WATCH_H

#include <glib-object.h>
#include <tessera/abi.h>

G_BEGIN_DECLS

/**
 * TsrWatchKind:
 * @TSR_WATCH_KIND_PORTS: the guest accessed an I/O port
 * @TSR_WATCH_KIND_MMIO: the guest accessed a register in memory
 * @TSR_WATCH_KIND_IRQ: an interrupt line changed
 * @TSR_WATCH_KIND_DMA: a device accessed the guest's memory
 * @TSR_WATCH_KIND_PACKETS: a network card sent or received a packet
 * @TSR_WATCH_KIND_BLOCK: a request to a block device
 * @TSR_WATCH_KIND_CHARS: characters that a serial line or a console sent or received
 * @TSR_WATCH_KIND_SIGNAL: the machine emitted a signal
 * @TSR_WATCH_KIND_LOST: events are missing here, because they were not read in time
 *
 * What an event is about. Later versions have more kinds.
 */
typedef enum {
	TSR_WATCH_KIND_PORTS = 0,
	TSR_WATCH_KIND_MMIO = 1,
	TSR_WATCH_KIND_IRQ = 2,
	TSR_WATCH_KIND_DMA = 3,
	TSR_WATCH_KIND_PACKETS = 4,
	TSR_WATCH_KIND_BLOCK = 5,
	TSR_WATCH_KIND_CHARS = 6,
	TSR_WATCH_KIND_SIGNAL = 7,
	TSR_WATCH_KIND_LOST = 255
} TsrWatchKind;

/**
 * TsrWatchOp:
 * @TSR_WATCH_OP_READ: of ports, registers and block devices
 * @TSR_WATCH_OP_WRITE: of ports, registers and block devices
 * @TSR_WATCH_OP_CHANGED: of interrupt lines and signals
 * @TSR_WATCH_OP_MAP_READ: DMA: the device got a pointer to read
 * @TSR_WATCH_OP_MAP_WRITE: DMA: the device got a pointer to write
 * @TSR_WATCH_OP_WROTE: DMA: what the device wrote by such a pointer
 * @TSR_WATCH_OP_SENT: by the guest
 * @TSR_WATCH_OP_RECEIVED: by the guest
 * @TSR_WATCH_OP_FLUSH: of block devices
 * @TSR_WATCH_OP_DISCARD: of block devices
 * @TSR_WATCH_OP_DONE: a request of a block device has ended
 *
 * What happened in an event. Later versions have more.
 */
typedef enum {
	TSR_WATCH_OP_READ = 0,
	TSR_WATCH_OP_WRITE = 1,
	TSR_WATCH_OP_CHANGED = 2,
	TSR_WATCH_OP_MAP_READ = 3,
	TSR_WATCH_OP_MAP_WRITE = 4,
	TSR_WATCH_OP_WROTE = 5,
	TSR_WATCH_OP_SENT = 6,
	TSR_WATCH_OP_RECEIVED = 7,
	TSR_WATCH_OP_FLUSH = 8,
	TSR_WATCH_OP_DISCARD = 9,
	TSR_WATCH_OP_DONE = 10
} TsrWatchOp;

#define TSR_TYPE_WATCH_EVENT (tsr_watch_event_get_type())
/**
 * TsrWatchEvent:
 *
 * Something that crossed the border of a device. It does not change, and any thread may use it.
 */
typedef struct _TsrWatchEvent TsrWatchEvent;
TSR_EXPORT GType tsr_watch_event_get_type(void) G_GNUC_CONST;

/**
 * tsr_watch_event_ref:
 * @self: an event
 *
 * Adds a reference. [any]
 *
 * Returns: (transfer full): the event
 */
TSR_EXPORT TsrWatchEvent *tsr_watch_event_ref(TsrWatchEvent *self);
/**
 * tsr_watch_event_unref:
 * @self: (transfer full): an event
 *
 * Drops a reference; the last one frees the event. [any]
 */
TSR_EXPORT void tsr_watch_event_unref(TsrWatchEvent *self);
/**
 * tsr_watch_event_get_kind:
 * @self: an event
 *
 * Gets what it is about. [any]
 *
 * Returns: a kind that this version knows
 */
TSR_EXPORT TsrWatchKind tsr_watch_event_get_kind(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_op:
 * @self: an event
 *
 * Gets what happened. [any]
 *
 * Returns: the operation; it may be one that only a later version knows
 */
TSR_EXPORT TsrWatchOp tsr_watch_event_get_op(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_time:
 * @self: an event
 *
 * Gets when it happened, by the guest's clock. [any]
 *
 * Returns: nanoseconds since the machine's power-on
 */
TSR_EXPORT guint64 tsr_watch_event_get_time(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_wall_time:
 * @self: an event
 *
 * Gets when it happened, by the host's clock as it was when the watch began, plus the guest's time
 * since then. [any]
 *
 * Returns: nanoseconds since 1970, UTC
 */
TSR_EXPORT guint64 tsr_watch_event_get_wall_time(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_device:
 * @self: an event
 *
 * Gets the instance whose border was crossed. [any]
 *
 * Returns: its name, which is the event's; "" if events are missing
 */
TSR_EXPORT const char *tsr_watch_event_get_device(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_what:
 * @self: an event
 *
 * Gets the place at the device: the name of a resource, of a need or of a signal, or "memory" for
 * DMA. [any]
 *
 * Returns: the name, which is the event's; "" if events are missing
 */
TSR_EXPORT const char *tsr_watch_event_get_what(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_address:
 * @self: an event
 *
 * Gets the address: a port, a guest physical address, or bytes from the beginning of a block
 * device. [any]
 *
 * Returns: the address; 0 for events without one
 */
TSR_EXPORT guint64 tsr_watch_event_get_address(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_value:
 * @self: an event
 *
 * Gets the value that was read or written, the level of an interrupt line, the number of a block
 * request, or how many events are missing. [any]
 *
 * Returns: the value; 0 for events without one
 */
TSR_EXPORT guint64 tsr_watch_event_get_value(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_width:
 * @self: an event
 *
 * Gets the bytes that an access to a port or register had at a time; for a block request that has
 * ended its status, an enum tsr_block_status. [any]
 *
 * Returns: the width; 0 for events without one
 */
TSR_EXPORT guint tsr_watch_event_get_width(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_length:
 * @self: an event
 *
 * Gets how many bytes DMA, a packet, a request or characters had; the event's data may be fewer.
 * [any]
 *
 * Returns: the length in bytes; 0 for events without one
 */
TSR_EXPORT guint64 tsr_watch_event_get_length(const TsrWatchEvent *self);
/**
 * tsr_watch_event_get_data:
 * @self: an event
 * @length: (out): bytes
 *
 * Gets a packet, characters, the text of a signal, or the input that an interrupt line leads to.
 * What is long was cut off by the machine. [any]
 *
 * Returns: (array length=length) (transfer none): the data, which are the event's
 */
TSR_EXPORT const guint8 *tsr_watch_event_get_data(const TsrWatchEvent *self, gsize *length);
/**
 * tsr_watch_event_get_size:
 * @self: an event
 *
 * Gets how much memory the event takes, for those who keep many. [any]
 *
 * Returns: bytes
 */
TSR_EXPORT gsize tsr_watch_event_get_size(const TsrWatchEvent *self);
/**
 * tsr_watch_event_to_text:
 * @self: an event
 *
 * Prints the event for people, as `tessera monitor` does: one line, without its end. Data that are
 * not ASCII are replaced or escaped. [any]
 *
 * Returns: (transfer full): the line
 */
TSR_EXPORT char *tsr_watch_event_to_text(const TsrWatchEvent *self);
/**
 * tsr_watch_event_to_json:
 * @self: an event
 *
 * Prints the event for programs, as `tessera monitor --json` does: one object in one line, without
 * its end. [any]
 *
 * Returns: (transfer full): the line
 */
TSR_EXPORT char *tsr_watch_event_to_json(const TsrWatchEvent *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TsrWatchEvent, tsr_watch_event_unref)

#define TSR_TYPE_WATCH_READER (tsr_watch_reader_get_type())
/**
 * TsrWatchReader:
 *
 * Takes events out of a stream. One thread uses it at a time, which need not be the main one.
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrWatchReader, tsr_watch_reader, TSR, WATCH_READER, GObject)

/**
 * tsr_watch_reader_new:
 * @fd: the reading end of the pipe or socket that tsr_machine_watch() was given the other end of;
 * it stays the caller's, and has to be open as long as tsr_watch_reader_read() is called
 *
 * Makes a reader of a stream. [any]
 *
 * Returns: (transfer full): a reader
 */
TSR_EXPORT TsrWatchReader *tsr_watch_reader_new(int fd);
/**
 * tsr_watch_reader_read:
 * @self: a reader
 * @error: TSR_MACHINE_ERROR_IO: the stream cannot be read
 *
 * Reads what is there, for tsr_watch_reader_next(). It waits until something is, so a caller that
 * must not wait asks poll() first; a descriptor that does not block, or a signal, ends the wait
 * without anything new. [any]
 *
 * Returns: TRUE, or FALSE without @error set when the machine writes no more, with @error set when
 * reading failed
 */
TSR_EXPORT gboolean tsr_watch_reader_read(TsrWatchReader *self, GError **error);
/**
 * tsr_watch_reader_next:
 * @self: a reader
 * @error: TSR_MACHINE_ERROR_VERSION: the stream has a format that this version cannot read;
 *   TSR_MACHINE_ERROR_INVALID: the stream is damaged
 *
 * Takes the next event out of what was read. Events of a kind that only a later version knows are
 * skipped. After an error there are no more events. [any]
 *
 * Returns: (transfer full) (nullable): an event, or NULL: without @error set, all of what was read
 * is taken
 */
TSR_EXPORT TsrWatchEvent *tsr_watch_reader_next(TsrWatchReader *self, GError **error);

#define TSR_TYPE_WATCH_CAPTURE (tsr_watch_capture_get_type())
/**
 * TsrWatchCapture:
 *
 * Writes the packets among events into a file for Wireshark, tcpdump and the like, in the format
 * pcapng, with a name for each network card. One thread uses it at a time.
 */
TSR_EXPORT G_DECLARE_FINAL_TYPE(TsrWatchCapture, tsr_watch_capture, TSR, WATCH_CAPTURE, GObject)

/**
 * tsr_watch_capture_new:
 * @path: (type filename): a file, which is replaced; "-" is standard output
 * @error: a GIOErrorEnum, whose message is the host's
 *
 * Begins a capture. [any]
 *
 * Returns: (transfer full): a capture, or NULL with @error set
 */
TSR_EXPORT TsrWatchCapture *tsr_watch_capture_new(const char *path, GError **error);
/**
 * tsr_watch_capture_add:
 * @self: a capture that is not closed
 * @event: any event
 *
 * Adds the event if it is a packet. If it says that events are missing, the next packet does. [any]
 */
TSR_EXPORT void tsr_watch_capture_add(TsrWatchCapture *self, const TsrWatchEvent *event);
/**
 * tsr_watch_capture_flush:
 * @self: a capture that is not closed
 * @error: a GIOErrorEnum, whose message is the host's
 *
 * Hands what was added to the host. [any]
 *
 * Returns: TRUE, or FALSE with @error set: not all of it could be written
 */
TSR_EXPORT gboolean tsr_watch_capture_flush(TsrWatchCapture *self, GError **error);
/**
 * tsr_watch_capture_close:
 * @self: a capture
 * @error: a GIOErrorEnum, whose message is the host's
 *
 * Ends the file; standard output stays open. A capture that is freed is closed, too, but nobody
 * learns then what went wrong. A second call does nothing. [any]
 *
 * Returns: TRUE, or FALSE with @error set: not all that was added is in the file
 */
TSR_EXPORT gboolean tsr_watch_capture_close(TsrWatchCapture *self, GError **error);

G_END_DECLS

#endif
