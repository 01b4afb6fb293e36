/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. The cable between an IDE channel (the host adapter's side) and a drive.
 *
 * The channel owns what is the same in every drive: the command block registers of both drives,
 * device selection, INTRQ and nIEN, SRST, the PIO data phase, and the bus master. The drive owns
 * what a command means: it gets a command byte, works with the registers and the channel's buffer,
 * and asks for data phases until it finishes.
 *
 *   the host writes a command      -> command()
 *   drive: pio()    the host moves the bytes -> pio_done()
 *   drive: dma()    the bus master is ready  -> dma_ready()    drive: dma_done()
 *   drive: finish()
 *
 * BSY is set from command() to the first pio() or finish(), and from pio_done() on. A request that
 * is under way when a state is saved is made again after loading: a drive saves its step, not its
 * request. Source: ATA/ATAPI-6 (T13/1410D), 9 (protocols); Intel, Programming Interface for Bus
 * Master IDE Controller 1.0.
 */
#ifndef TESSERA_DRAFT_IDE_H
#define TESSERA_DRAFT_IDE_H

#include "../block.h"
#include "draft.h"

#define TSR_IDE_BUFFER 65536u /* bytes of sector buffer that the channel has for each drive */

enum tsr_ide_status {
	TSR_IDE_ERR = 0x01,
	TSR_IDE_DRQ = 0x08,
	TSR_IDE_DSC = 0x10,
	TSR_IDE_DF = 0x20,
	TSR_IDE_DRDY = 0x40,
	TSR_IDE_BSY = 0x80,
};

enum tsr_ide_error {
	TSR_IDE_ABRT = 0x04,
	TSR_IDE_IDNF = 0x10,
	TSR_IDE_UNC = 0x40,
};

/* One drive's command block. `hob` is what each register held before its last write (48-bit
 * addressing). Frozen. */
struct tsr_ide_registers {
	uint8_t feature, count, lba_low, lba_mid, lba_high;
	uint8_t hob_feature, hob_count, hob_lba_low, hob_lba_mid, hob_lba_high;
	uint8_t device; /* bits 7 and 5 read as one */
	uint8_t status, error;
};

enum tsr_ide_reset {
	TSR_IDE_RESET_POWER,      /* power-on and the board's reset line */
	TSR_IDE_RESET_SOFT,       /* SRST */
	TSR_IDE_RESET_DIAGNOSTIC, /* EXECUTE DEVICE DIAGNOSTIC, which the channel answers for both
				     drives */
};

/* The channel's side, handed to the drive; `to` is passed back. All [locked]. */
struct tsr_ide_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	struct tsr_ide_registers *registers;
	uint8_t *buffer; /* TSR_IDE_BUFFER bytes; the channel keeps and saves them */
	/* The guest reads (to_host) or writes `length` bytes (an even number) at `offset` of the
	 * buffer. The channel sets DRQ and `status`, and raises INTRQ if `interrupt`; after the
	 * last byte it sets BSY and calls pio_done. */
	void (*pio)(void *to, bool to_host, uint32_t offset, uint32_t length, uint8_t status,
		    bool interrupt);
	/* The drive has `length` more bytes to move in this command. The channel calls dma_ready as
	 * soon as the bus master runs, possibly from inside of this call. NULL: the channel has no
	 * DMA. */
	void (*dma)(void *to, bool to_host, uint64_t length);
	/* The segments that dma_ready passed have been filled or read. */
	void (*dma_done)(void *to);
	/* The command has ended: the channel clears BSY and DRQ, sets `status` (and ERR, if `error`
	 * is not 0), and raises INTRQ if `interrupt`. */
	void (*finish)(void *to, uint8_t status, uint8_t error, bool interrupt);
};

/* "tessera.ide-drive/1", provided by drives; one channel uses it. */
#define TSR_IDE_DRIVE "tessera.ide-drive/1"
struct tsr_ide_drive {
	uint32_t size;
	bool packet; /* takes DEVICE RESET while busy */
	uint8_t reserved[3];
	/* Sets the channel's side; `port` stays valid until detach, or until this is called again.
	 * A drive that takes another one's place while the machine runs gets a port of its own
	 * first, and a power-on reset; then it loads, and does not use the port's functions; then
	 * it gets the channel's port. [main & !running] */
	void (*connect)(void *self, const struct tsr_ide_port *port);
	/* Aborts the command under way, then puts the drive's signature and status into the
	 * registers. The channel also calls it when the machine is reset, so a drive's class needs
	 * no reset of its own. [locked] */
	void (*reset)(void *self, enum tsr_ide_reset kind);
	/* The guest wrote the command register. [locked] */
	void (*command)(void *self, uint8_t command);
	/* The bytes that `pio` asked for have moved. [locked] */
	void (*pio_done)(void *self);
	/* The segments of guest memory for the next `length` bytes: a multiple of 512, or all that
	 * is left. They stay valid until dma_done or dma_stop. [locked] */
	void (*dma_ready)(void *self, const struct tsr_block_segment *segments, unsigned count,
			  uint64_t length);
	/* The guest stopped the bus master: when this returns, the segments are not used any more.
	 * The drive keeps its step, and dma_ready is called again if the bus master is started
	 * again. [locked] */
	void (*dma_stop)(void *self);
};

#endif
