/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in the core for an isolated device, and the functions of all of its files. See
 * README.md. */
#ifndef TSR_ISOLATION_PROXY_PARTS_H
#define TSR_ISOLATION_PROXY_PARTS_H

#include <glib.h>

#include <tessera/block.h>
#include <tessera/chardev.h>
#include <tessera/device.h>
#include <tessera/display.h>
#include <tessera/draft/a20.h>
#include <tessera/draft/pci-host.h>
#include <tessera/draft/phys.h>
#include <tessera/net.h>
#include <tessera/pci.h>

#include "isolation/process.h"
#include "isolation/protocol.h"

enum iso_life {
	ISO_NONE,  /* not started */
	ISO_ALIVE, /* its process is there */
	ISO_DEAD,  /* it has ended, and is to come back */
	ISO_LOST,  /* it has ended too often; a reset of the machine tries again */
};

/* What a device has said last about the door of its medium's drive. */
enum iso_door { ISO_DOOR_UNKNOWN, ISO_DOOR_OPEN, ISO_DOOR_LOCKED };

struct iso_proxy;
struct iso_request;

struct iso_object {
	struct iso_proxy *proxy;
	uint32_t id;
	GBytes *asked; /* what the device has asked for: head and data */
	uint32_t what; /* enum iso_question */
	struct tsr_io_ops ops;
	struct tsr_region *region;
	const struct tsr_irq *irq;
	struct tsr_timer *timer;
	struct tsr_pci_ops pci_ops;
	struct tsr_pci_function *function;
	enum iso_peer peer;
	struct tsr_interface to;
	bool is_connected, is_down;               /* net: the cable is unplugged */
	struct iso_request *requests[ISO_PIECES]; /* block: under way, by number */
	enum iso_door door;
	union {
		struct tsr_net_port net;
		struct tsr_chardev_port chardev;
	} port;
	uint64_t at;     /* in the memory file; a capability's offset */
	uint8_t *bytes;  /* memory: the guest's, which is a part of the file; NULL: it has none */
	uint64_t length; /* of it */
	uint8_t *owed;   /* a bit for each page that counts as dirty; NULL: none does */
	struct tsr_display_ops display_ops;
	struct tsr_display *display;
	uint8_t *picture;      /* display: what the device draws into; NULL: it has not yet */
	uint64_t picture_size; /* bytes */
	bool is_stale;         /* display: another process is to draw all of it */
};

struct iso_tables {
	const struct tsr_io *io;
	const struct tsr_irq_table *irq;
	const struct tsr_clock *clock;
	const struct tsr_pci *pci;
	const struct tsr_pci_fixed *pci_fixed;
	const struct tsr_dma *dma;
	const struct tsr_memory *memory;
	const struct tsr_a20 *a20;
	const struct tsr_properties *properties;
	const struct tsr_random *random;
	const struct tsr_log *log;
	const struct tsr_bus *bus;
	const struct tsr_machine_table *machine;
	const struct tsr_worker *worker;
	const struct tsr_phys *phys;
	const struct tsr_display_table *displays;
};

/* What calls of the device lead to. */
struct iso_reactions {
	/* m becomes the answer. False: it is none that a device may ask. */
	bool (*answer)(struct iso_proxy *p, struct iso_message *m);
	/* What was posted happens. False: it breaks the rules. */
	bool (*take_posts)(struct iso_proxy *p);
	/* A dead device comes back, or is lost. */
	void (*revive)(struct iso_proxy *p);
	/* Then, after the call that found it dead: its back ends deliver what waits. */
	void (*wake)(struct iso_proxy *p);
};

/* An instance of the class of all isolated devices. */
struct iso_proxy {
	const struct iso_reactions *reactions;
	const struct tsr_host *host;
	struct iso_tables t;
	struct iso_process *process;
	enum iso_life life;
	unsigned depth;     /* calls of the device within each other */
	unsigned chained;   /* calls that what was posted has led to */
	uint64_t calls;     /* that were numbered */
	bool is_built;      /* attached and realized: no more objects */
	bool is_rebuilding; /* its process is another one, and asks for the same objects */
	GPtrArray *objects; /* struct iso_object */
	guint next;         /* rebuilding: the object to be asked for */
	struct tsr_pci_function *function, *config_of;
	uint8_t config[3][ISO_CONFIG]; /* as the device was given it */
	struct tsr_state_writer *writer;
	struct tsr_state_reader *reader;
	GByteArray *kept;  /* the state that the next process loads; NULL: none */
	GByteArray *posts; /* that wait */
	GByteArray *image; /* of an option ROM, whose parts were posted */
	bool is_taking;    /* the first of them happen */
	bool is_to_wake;   /* it came back, and its back ends do not know */
	GByteArray *sent;  /* characters that the call has sent */
	guint sent_again;  /* how many of them it has sent once more, because it is repeated */
	unsigned watch;
	int wait_status;
	const char *fault;       /* why the core has ended its process; NULL: it has not */
	unsigned ends, failures; /* since end_began_us; failures: nobody else has killed it */
	uint64_t end_began_us;
	char *lacks; /* a table that it asked for and cannot have */
	uint8_t sites[64];
};

extern const struct tsr_device_class iso_proxy_class;

/* -- calls.c */

/* A message without data. */
void iso_message_init(struct iso_message *m, uint32_t what, uint32_t id);
/* Text as data; it is cut. */
void iso_message_set_text(struct iso_message *m, const char *text);
/* The data as text: what it has no room for is cut. */
const char *iso_message_text(struct iso_message *m);
/* Calls the device; m becomes the reply. False: there is none, because its process has ended. */
bool iso_proxy_call(struct iso_proxy *p, struct iso_message *m);
/* The same, first bringing back a process that has ended. If it is killed during the call, the call
 * is repeated. */
bool iso_proxy_enter(struct iso_proxy *p, struct iso_message *m);
/* The same for a call that only means something to the process that is there: if that ends in it,
 * the next one does not get it. */
bool iso_proxy_tell(struct iso_proxy *p, struct iso_message *m);
/* Ends a device that breaks the rules of the channel; why: static, "its process WHY". */
void iso_proxy_break(struct iso_proxy *p, const char *why);
/* The same, of a process that may have said nothing yet. */
void iso_proxy_kill(struct iso_proxy *p, const char *why);
/* Its process has ended, or is about to: waits for how. */
void iso_proxy_end(struct iso_proxy *p);
/* wait_status says how it ended. */
void iso_proxy_note_end(struct iso_proxy *p);
/* Somebody else has killed it. */
bool iso_proxy_is_innocent(const struct iso_proxy *p);
/* How its process ended, in words, in `text`. */
void iso_proxy_describe_end(const struct iso_proxy *p, char text[128]);

/* -- access.c */

/* The handlers of accesses that a question names in a[0] and a[1]. */
void iso_access_fill_ops(struct iso_object *o, const struct iso_head *head);

/* -- objects.c */

/* By number; NULL. */
static inline struct iso_object *iso_objects_get(const struct iso_proxy *p, uint32_t id)
{
	return id < p->objects->len ? g_ptr_array_index(p->objects, id) : NULL;
}

/* The same, and only if it was made by that question. */
static inline struct iso_object *iso_objects_find(const struct iso_proxy *p, uint32_t id,
						  uint32_t what)
{
	struct iso_object *o = iso_objects_get(p, id);

	return o && o->what == what ? o : NULL;
}

/* Makes the object that is asked for, or finds the one that was there; m becomes the answer. */
void iso_objects_make(struct iso_proxy *p, struct iso_message *m);
void iso_object_free(gpointer object);
/* The host for DMA, which is through the function if the head says so. */
const struct tsr_host *iso_proxy_dma_host(const struct iso_proxy *p, const struct iso_head *head);
/* Connects a back end to the device. */
void iso_objects_connect(struct iso_object *o, bool has_link);
/* The device is there again: its back end delivers what waits. */
void iso_objects_wake(struct iso_object *o);

/* -- block.c: connections to block back ends. Those with a message or head are questions and posts:
 * false if that is not allowed. */

bool iso_block_info(struct iso_proxy *p, struct iso_message *m);
bool iso_block_eject(struct iso_proxy *p, struct iso_message *m);
bool iso_block_drain(struct iso_proxy *p, struct iso_message *m);
bool iso_block_submit(struct iso_proxy *p, const struct iso_head *head, const uint8_t *data);
bool iso_block_lock(struct iso_proxy *p, const struct iso_head *head);
/* Its process has ended: what it has submitted is given up. */
void iso_block_abandon(struct iso_proxy *p);
/* Its next process has not the state of the one before: doors are as that says. */
void iso_block_forget(struct iso_proxy *p);

/* -- memory.c: memory that the guest sees. The first ones make an object, as those of objects.c. */

bool iso_memory_map(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
bool iso_memory_map_io(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
bool iso_memory_alias(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
bool iso_memory_bar(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
bool iso_memory_rom(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
/* Questions and posts: false if that is not allowed. */
bool iso_memory_fetch_dirty(struct iso_proxy *p, struct iso_message *m);
bool iso_memory_get_field(struct iso_proxy *p, struct iso_message *m);
bool iso_memory_take_part(struct iso_proxy *p, const struct iso_head *head, const uint8_t *data);
/* The bytes that a field of a saved state is; NULL: the device has no such memory. */
uint8_t *iso_memory_find(struct iso_proxy *p, const struct iso_head *head);
/* Its process is another one, which knows nothing of what was dirty. */
void iso_memory_owe(struct iso_object *o);

/* -- display.c: the same */

bool iso_display_make(struct iso_object *o, struct iso_message *m, struct tsr_error *error);
bool iso_display_resize(struct iso_proxy *p, struct iso_message *m);
bool iso_display_pixels(struct iso_proxy *p, struct iso_message *m);
bool iso_display_damage(struct iso_proxy *p, const struct iso_head *head);

/* -- questions.c, posts.c: reactions */

bool iso_proxy_answer(struct iso_proxy *p, struct iso_message *m);
bool iso_proxy_take_posts(struct iso_proxy *p);

/* -- record.c: a saved state as the device wrote it */

struct iso_record_reader {
	struct tsr_state_reader base;
	struct iso_proxy *proxy; /* whose memory has fields of it */
	const GByteArray *record;
	unsigned depth;
	guint starts[ISO_DEPTH];
};

void iso_record_add(GByteArray *record, const struct iso_head *head, const uint8_t *data);
/* The state that the proxy keeps. */
void iso_record_read(struct iso_record_reader *reader, struct iso_proxy *p, uint32_t version);

/* -- recovery.c: reactions, and the rest of a device's life */

void iso_proxy_revive(struct iso_proxy *p);
void iso_proxy_wake(struct iso_proxy *p);
/* Starts its process; false and error. */
bool iso_proxy_start(struct iso_proxy *p, struct tsr_error *error);
/* The state that is kept is of no use any more. */
void iso_proxy_drop_kept(struct iso_proxy *p);

#endif
