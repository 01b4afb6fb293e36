/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the core and the process of an isolated device say to each other. Both are of one build, so
 * nothing of it is kept from version to version.
 *
 * Objects (regions, lines, timers, the PCI function, connections, listeners) are numbered from 0 in
 * the order in which the device asks for them; the core has the list, and a device that is made
 * again after its process ended has to ask for the same ones.
 */
#ifndef TSR_ISOLATION_PROTOCOL_H
#define TSR_ISOLATION_PROTOCOL_H

/* Of the device by the core; reply: a[0] is what the function returns. */
enum iso_call {
	ISO_ATTACH, /* data: the name; reply: a[0] good, a[1] error's code, data: its message */
	ISO_REALIZE,
	ISO_RESET, /* a[0]: enum tsr_reset */
	ISO_SAVE,
	ISO_LOAD,           /* a[0]: version */
	ISO_READ,           /* id: region; a[0] offset, a[1] width */
	ISO_WRITE,          /* a[2]: value */
	ISO_TIMER,          /* id; a[0]: deadline */
	ISO_CONFIG_READ,    /* id: function; a[0] offset, a[1] width */
	ISO_CONFIG_WRITTEN, /* the same */
	ISO_CHANGED,        /* id: listener; data: property; reply as ISO_ATTACH's */
	ISO_ROOM,           /* id: chardev */
	ISO_CAN_RECEIVE,    /* id: net */
	ISO_RECEIVE,        /* id: either; data */
	ISO_LINK,           /* id: net; a[0]: up */
	ISO_BLOCK_DONE, /* id: block; a[0] piece, a[1] enum tsr_block_status; data: what was read */
	ISO_MEDIUM,     /* id: block: the medium was removed or inserted */
	ISO_REFRESH,    /* id: display; a[0]: full */
	ISO_TEXT,   /* id: display; a[0] length of the buffer, a[1] where the part begins that is
		       wanted; reply: a[0] bytes in all, data: the part */
	ISO_SETTLE, /* of a device that is made again, whose memory for the guest is its own so
		       far: a[0] the guest's stays; else its own becomes the guest's */
};

/* To the core by the device. An answer's a[0] is what the function returns. */
enum iso_question {
	/* these make an object, and are answered by a[0] good, else a[1] code, data: message */
	ISO_CLAIM,       /* a[0] widths, a[1] handlers (enum iso_handlers); data: name */
	ISO_CLAIM_PORTS, /* a[0], a[1] as above; a[2] base, a[3] length; data: name */
	ISO_IRQ,         /* data: name */
	ISO_NEW_TIMER,
	ISO_FUNCTION, /* a[0] handlers, a[1] device, a[2] function (-1: any); data: tsr_pci_id */
	ISO_BAR,      /* id: function; a[0], a[1] as above; a[2] bar | kind << 8, a[3] length */
	ISO_LISTEN,   /* data: property */
	ISO_MAP,    /* data: struct iso_place, name; answer: where the bytes are, as all others that
		       have some: a[2] offset in the memory file, a[3] made again */
	ISO_MAP_IO, /* a[0] widths, a[1] handlers; data as ISO_MAP's */
	ISO_ALIAS,  /* id: region; data as ISO_MAP's */
	ISO_BAR_MEMORY, /* id: function; a[0] bar, a[1] length, a[2] flags, a[3] prefetchable */
	ISO_ROM,        /* id: function; a[0] length of the image, which was posted */
	ISO_DISPLAY,    /* a[1] handlers (enum iso_handlers) */
	ISO_CAPABILITY, /* id: function; a[0] identifier, a[1] length; answer: a[2] offset */
	ISO_PEER,       /* data: need; answer: a[1] enum iso_peer */
	/* these do not */
	ISO_GET_STRING, /* data: property; answer: data */
	ISO_GET_INT,
	ISO_GET_BOOL,
	ISO_HAS,
	ISO_WALL,     /* id: 1: in ns */
	ISO_RANDOM,   /* a[0]: length; answer: data */
	ISO_RAM_SIZE, /* answer: a[0] all, a[1] below 4 GiB */
	ISO_GET_A20,
	ISO_DMA_READ,    /* id: 1 through the function; a[0] from, a[1] length; answer: data */
	ISO_DMA_WRITE,   /* id: 1 through the function; a[0] to; data */
	ISO_DMA_MAP,     /* id as above; a[0] at, a[1] length, a[2] for_write; answer: a[1] length,
			    a[2] offset in guest RAM */
	ISO_CONFIG_USE,  /* from now on the configuration space is copied */
	ISO_ADDRESS,     /* id: function */
	ISO_FETCH_DIRTY, /* id: region; a[0] first page, a[1] count; answer: data: bitmap */
	ISO_RESIZE,      /* id: display; a[0] width, a[1] height */
	ISO_PIXELS,      /* id: display; answer: a[0] width, a[1] height; 0: no mode was set yet */
	ISO_CONNECT,     /* id: peer; a[0]: net: has link_changed */
	ISO_BLOCK_INFO,  /* id: block; answer: a[0] enum iso_medium, a[1] length, a[2] generation */
	ISO_EJECT,       /* id: block; a[0]: eject */
	ISO_DRAIN,       /* id: block */
	ISO_SEND,        /* id: chardev; data; answer: how many */
	ISO_FLUSH,       /* only brings what was posted */
	ISO_GET_UINT,    /* state; a[0]: bytes; data: name; answer: a[1] value */
	ISO_GET_BYTES,   /* a[0]: length; data: name; answer: data */
	ISO_GET_MEMORY, /* id: region; a[0] length, a[1] offset: the field goes there; data: name */
	ISO_GET_LENGTH, /* data: name */
	ISO_GET_BEGIN,  /* data: group */
	ISO_GET_END,
};

enum iso_post {
	ISO_SET_LINE,   /* id: line; a[0]: level */
	ISO_SET_INTX,   /* id: function; a[0]: level */
	ISO_ARM,        /* id: timer; a[0]: deadline */
	ISO_CANCEL,     /* id: timer */
	ISO_MOVE,       /* id: region; a[0]: base */
	ISO_ENABLE,     /* id: region; a[0]: enabled */
	ISO_PCI_RESET,  /* id: function */
	ISO_DMA,        /* id: 1 through the function; a[0] to; data: is written to guest memory */
	ISO_WRITTEN,    /* a[0] address, a[1] length: guest RAM was written */
	ISO_FRAME,      /* id: net; data */
	ISO_NEXT,       /* id: chardev, net: ready() */
	ISO_SUBMIT,     /* id: block; a[0] piece, below ISO_PIECES, a[1] offset, a[2] length,
			   a[3] op | flags << 32; data: what is written */
	ISO_LOCK,       /* id: block; a[0]: locked */
	ISO_LOG,        /* id: site; a[0]: level; data: text */
	ISO_EMIT,       /* data: event, 0, detail */
	ISO_SET_STRING, /* data: property, 0, value */
	ISO_POWER_OFF,
	ISO_ASK_RESET,  /* a[0]: kind */
	ISO_STOP,       /* a[0]: status; data: why */
	ISO_DAMAGE,     /* id: display; a: x, y, width, height: was drawn in the memory file */
	ISO_ROM_PART,   /* data: the next bytes of an image */
	ISO_LACKS,      /* data: a table of the host that an isolated device cannot have */
	ISO_PUT_UINT,   /* state; a[0] value, a[1] bytes; data: name */
	ISO_PUT_BYTES,  /* data: name, 0, bytes */
	ISO_PUT_MEMORY, /* id: region; a[0] length, a[1] offset of its bytes; data: name */
	ISO_PUT_BEGIN,  /* data: group */
	ISO_PUT_END,
};

enum iso_handlers { ISO_HAS_READ = 1, ISO_HAS_WRITE = 2, ISO_HAS_TEXT = 4 };
enum iso_peer { ISO_PEER_NONE, ISO_PEER_CHARDEV, ISO_PEER_NET, ISO_PEER_BLOCK };
enum iso_medium { ISO_IS_PRESENT = 1, ISO_IS_READ_ONLY = 2 };

/* Requests to a block back end go over in pieces of at most ISO_DATA bytes, so many at a time: as
 * much as can be posted in a call, beside what else it posts. */
#define ISO_PIECES 6

/* Where memory that the guest sees is to be. */
struct iso_place {
	uint64_t base, length;
	uint64_t offset; /* in the target of an alias */
	int32_t priority;
	uint32_t flags; /* enum tsr_memory_flags */
};

/* Of the memory file, which has the bytes of such memory, and the pixels of displays, in rows of
 * width * 4 bytes: what a display has of it, at most. */
#define ISO_PICTURE (UINT64_C(1) << 30)
#define ISO_SIDE_MAX 16384      /* pixels */
#define ISO_ROM_MAX (1u << 24)  /* bytes of an option ROM */
#define ISO_TEXT_MAX (1u << 20) /* bytes of a text screen */

/* Descriptors that the supervisor's process is started with. */
enum iso_descriptors { ISO_FD_LINE = 3, ISO_FD_SHARED, ISO_FD_RAM, ISO_FD_MEMORY };

/* On the line between the core and the supervisor, a datagram of one of these. */
enum iso_order { ISO_START = 1, ISO_KILL }; /* core to supervisor, one byte */
struct iso_report {                         /* supervisor to core: the process has ended */
	int wait_status;
};

#endif
