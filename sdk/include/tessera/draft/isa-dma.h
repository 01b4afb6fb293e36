/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. DMA on the ISA bus: the lines and cycles between a card and the two 8237A controllers of a
 * PC/AT. The controller's plugin has the registers that the guest programs, and moves bytes between
 * the card and memory as they say; the card says when, because it has the clock: a sample rate, a
 * disk's rotation.
 *
 * The card raises DREQ of a line with `request`. If the channel is ready for it (DACK), it moves
 * bytes with `put` and `take`, as many as its hardware would by now; if not, DREQ stays up, and
 * `granted` is called when the guest has made the channel ready. It lowers DREQ when it has no more
 * to move for now. The modes of the chip differ in who gives up the bus, which nobody sees here:
 *
 *   demand   the card moves what it has, and lowers DREQ
 *   single   the same: after each byte DREQ is still up, and is served again
 *   block    DREQ may fall after DACK: the channel stays ready until terminal count
 *   cascade  the channel moves nothing: while it is granted, the card is the master of the bus and
 *            uses tessera.dma/1 of host.h itself. Channel 4 is the first controller's, and no
 * card's
 *
 * Channels 0 to 3 move bytes, 5 to 7 words: their lengths are even, and their addresses and counts
 * are in words for the guest alone. A card that may use one of several channels, as software
 * decides, takes a line of each and raises DREQ on one. The bus has no EOP input, so a card cannot
 * end a transfer; it just stops.
 *
 * The guest sees DREQ in the status register while a line is up, and the current address and count
 * as far as `put` and `take` have moved. A software request (request register) grants a channel
 * whose DREQ is down, too.
 *
 * Saving: the controller saves its registers, and no DREQ. A card saves whether its DREQ is up, and
 * its `load` calls `request` again, whose answer says nothing then. `granted` tells of changes, and
 * a load is none. A reset of the machine lowers no DREQ either: the card does.
 *
 * The channel is in the manifest, as [Resource NAME] with type=dma and channel=N, which a machine
 * manifest changes with resource.NAME.channel; tessera.isa-channels/1 has its number. The
 * controller is a need of the card, with interface=tessera.isa-dma/1.
 *
 * Checked on paper against: two 8237A as in the PC/AT (Intel 8237A data sheet: "DMA Operation" with
 * the four transfer modes and the transfer types, "Register Description"; IBM PC AT Technical
 * Reference, "System Board", DMA: page registers, and words of channels 5 to 7); Sound Blaster 16
 * (Creative, Sound Blaster Series Hardware Programming Guide: DSP commands of single-cycle and
 * auto-initialize DMA, whose interrupts follow the card's own block length and not TC; mixer
 * register 81h, DMA Setup, which chooses the channel); the floppy controller (Intel 82077AA data
 * sheet: "Execution Phase", DMA in both directions with the FIFO's threshold, "Data Transfer
 * Termination": TC ends a command, and a verify transfer reads without memory).
 */
#ifndef TESSERA_DRAFT_ISA_DMA_H
#define TESSERA_DRAFT_ISA_DMA_H

#include "../host.h"
#include "draft.h"

/* The mode of a channel, bits 7 and 6 of the mode register. */
enum tsr_isa_dma_mode {
	TSR_ISA_DMA_DEMAND,
	TSR_ISA_DMA_SINGLE,
	TSR_ISA_DMA_BLOCK,
	TSR_ISA_DMA_CASCADE,
};

/* The type of its transfers, bits 3 and 2: seen from memory, as the chip does. */
enum tsr_isa_dma_transfer {
	TSR_ISA_DMA_VERIFY, /* counts, and leaves memory alone */
	TSR_ISA_DMA_WRITE,  /* from the card to memory */
	TSR_ISA_DMA_READ,   /* from memory to the card */
	TSR_ISA_DMA_ILLEGAL,
};

/* What a channel is programmed for. The caller sets `size`, and the rest to 0. */
struct tsr_isa_dma_channel {
	uint32_t size;
	uint32_t remaining; /* bytes up to and with the one of terminal count */
	uint8_t mode;       /* enum tsr_isa_dma_mode */
	uint8_t transfer;   /* enum tsr_isa_dma_transfer */
	uint8_t width;      /* bytes of a cycle: 1 or 2 */
	bool autoinitialize;
	bool ready; /* it would be served if DREQ was raised now, or is */
	uint8_t reserved[3];
};

struct tsr_isa_dma_line; /* a card's DREQ and DACK of one channel; belongs to the controller, valid
			    until detach */

/* The card's side of a line. */
struct tsr_isa_dma_port {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	void *to;
	/* The channel has become ready while DREQ is up, or by a software request: the card may
	 * move bytes, and may do it in this call. Never called from inside of the card's own call.
	 * [locked] */
	void (*granted)(void *to);
};

/* "tessera.isa-dma/1", provided by the controller. */
#define TSR_ISA_DMA "tessera.isa-dma/1"
struct tsr_isa_dma {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* Makes a line to a channel, 0 to 7; several cards may have one of the same channel. `port`
	 * stays valid until detach. NULL and error when the controller has no such channel for
	 * cards. To be called in `realize`. [main & !running] */
	struct tsr_isa_dma_line *(*connect)(void *self, unsigned channel,
					    const struct tsr_isa_dma_port *port,
					    struct tsr_error *error);
	/* Raises or lowers DREQ. True: the channel is ready, and `granted` is not called for this;
	 * false: it is masked, its controller is disabled, it is at its end or has been granted to
	 * another card's line. [locked] */
	bool (*request)(void *self, struct tsr_isa_dma_line *line, bool up);
	/* Moves up to `length` bytes from the card to memory, and returns how many: it stops behind
	 * the byte of terminal count, and then *terminal is true. 0: the channel is not ready. Of a
	 * channel that is programmed for another transfer than WRITE the bytes are counted and go
	 * nowhere. After terminal count without autoinitialize the channel is masked. [locked] */
	size_t (*put)(void *self, struct tsr_isa_dma_line *line, const void *bytes, size_t length,
		      bool *terminal);
	/* As `put`, from memory to the card: of a channel that is programmed for another transfer
	 * than READ, and of memory that is not there, the bytes are FFh. [locked] */
	size_t (*take)(void *self, struct tsr_isa_dma_line *line, void *bytes, size_t length,
		       bool *terminal);
	/* Fills in *channel as far as its size (tsr_struct_fill). A real card cannot see it: it is
	 * for cards that move much at once, or tell the user that a driver has programmed another
	 * direction. [locked] */
	void (*look)(void *self, struct tsr_isa_dma_line *line,
		     struct tsr_isa_dma_channel *channel);
};

/* "tessera.isa-channels/1", a table of the host. */
#define TSR_ISA_CHANNELS "tessera.isa-channels/1"
struct tsr_isa_channels {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The channel, 0 to 7, of the manifest's [Resource <name>] of type dma, or what the machine
	 * manifest says instead. To ask for one that the plugin's manifest lacks is a mistake, and
	 * gives 0. [main & !running] */
	unsigned (*get)(const struct tsr_host *host, const char *name);
};

#endif
