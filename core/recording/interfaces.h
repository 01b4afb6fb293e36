/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions of the interfaces that are recorded, as numbers: values[0] of a CALL (of the
 * provider, by the device) and of a PORT (of the device, by the provider). Numbers in files: they
 * never change.
 */
#ifndef TSR_RECORDING_INTERFACES_H
#define TSR_RECORDING_INTERFACES_H

/* tessera.net/1 */
enum { TSR_RECORDING_NET_SEND, /* data: the frame */ TSR_RECORDING_NET_READY };
enum {
	TSR_RECORDING_NET_CAN_RECEIVE, /* RETURN: whether */
	TSR_RECORDING_NET_RECEIVE,     /* data: the frame */
	TSR_RECORDING_NET_LINK,        /* first: whether it is up */
};

/* tessera.chardev/1 */
enum { TSR_RECORDING_CHARS_WRITE, /* data; RESULT: bytes taken */ TSR_RECORDING_CHARS_READY };
enum { TSR_RECORDING_CHARS_ROOM, /* RETURN: bytes */ TSR_RECORDING_CHARS_RECEIVE /* data */ };

/* tessera.block/1 */
enum {
	TSR_RECORDING_BLOCK_SUBMIT, /* first: number; second: operation; data: offset, length (64
				       bits, little endian), and what is written */
	TSR_RECORDING_BLOCK_INFO,   /* RESULT: bit 0 present, bit 1 read-only; data: length,
				       generation (64 bits, little endian) */
	TSR_RECORDING_BLOCK_EJECT,  /* first: whether; RESULT: whether it did */
	TSR_RECORDING_BLOCK_LOCK,   /* first: whether */
	TSR_RECORDING_BLOCK_DRAIN,
};
enum {
	TSR_RECORDING_BLOCK_DONE, /* first: number; second: status; data: what was read */
	TSR_RECORDING_BLOCK_CHANGED,
};

/* tessera.ide-drive/1. The channel's registers are the drive's, too, so each RESULT and PORT has
 * them (struct tsr_ide_registers) before its other data. */
enum {
	TSR_RECORDING_IDE_RESET,     /* first: kind */
	TSR_RECORDING_IDE_COMMAND,   /* first: command */
	TSR_RECORDING_IDE_PIO_DONE,  /* data: what was written, if anything */
	TSR_RECORDING_IDE_DMA_READY, /* first: length; data: of the segments, what is written */
	TSR_RECORDING_IDE_DMA_STOP,
};
enum {
	TSR_RECORDING_IDE_PIO,      /* first: bit 0 to the host, bit 1 interrupt, 8-15 status;
				       second: offset << 32 | length; data: what is read */
	TSR_RECORDING_IDE_DMA,      /* first: whether to the host; second: length */
	TSR_RECORDING_IDE_DMA_DONE, /* data: what was read, if anything */
	TSR_RECORDING_IDE_FINISH,   /* first: status; second: error << 1 | interrupt */
};

#endif
