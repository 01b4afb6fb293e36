/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The process of an isolated device: the plugin's instance, and its host, whose tables ask the
 * core. There is one thread, so what is here needs no locks. */
#ifndef TSR_ISOLATED_DEVICE_PARTS_H
#define TSR_ISOLATED_DEVICE_PARTS_H

#include <tessera/block.h>
#include <tessera/chardev.h>
#include <tessera/device.h>
#include <tessera/display.h>
#include <tessera/draft/pci-host.h>
#include <tessera/net.h>
#include <tessera/pci.h>

#include "isolation/channel.h"
#include "isolation/protocol.h"

#define OBJECTS_MAX 256

struct device_disk;

/* What the core has made for it, by the core's number. */
struct object {
	uint32_t id;
	const struct tsr_io_ops *ops; /* region, BAR */
	void *self;
	void (*expired)(void *self, uint64_t deadline_ns); /* timer */
	struct tsr_irq irq;
	int level; /* of a line, INTx; -1: not known */
	const struct tsr_pci_ops *pci_ops;
	bool (*changed)(void *self, const char *name, struct tsr_error *error); /* listener */
	enum iso_peer peer;
	const void *port;                   /* the device's, of a peer */
	void (*medium_changed)(void *self); /* block */
	struct device_disk *disk;           /* block: its requests; NULL: there was none */
	const struct tsr_display_ops *display_ops;
	uint8_t *picture; /* display: what it draws into */
};

struct device {
	struct iso_shared *shared;
	int ram_fd;                          /* -1: closed */
	uint8_t *ram;                        /* NULL: not mapped */
	int memory_fd;                       /* the memory file; -1: closed */
	void (*call)(struct iso_message *m); /* serves a call; m becomes the reply */
	uint64_t (*keep)(uint64_t call);     /* keeps the state after it; what `done` becomes */
	unsigned slot;                       /* of the state that was kept last */
	unsigned writes; /* to guest memory, that wait among the posts (memory.c) */
	const struct tsr_device_class *class;
	void *self;
	struct tsr_host host;     /* the instance's */
	struct tsr_host dma_host; /* through the PCI function */
	struct object objects[OBJECTS_MAX];
	unsigned turn; /* counts the calls that come from outside: what it knows of guest memory is
			  true for one of them */
};
extern struct device device;

/* Loads the library and serves until the process ends. */
_Noreturn void device_main(struct iso_shared *shared, const char *library, const char *id,
			   const char *version);

/* -- channel.c */

/* Asks; m becomes the answer. */
void device_ask(struct iso_message *m);
/* The same, and returns a[0]. */
uint64_t device_ask_about(uint32_t what, uint32_t id, const char *text);
/* Posts; `data` of `length` bytes. Returns where these lie until the core takes them; NULL: they
 * are too long. */
const uint8_t *device_post(const struct iso_head *head, const void *data);
void device_post_level(uint32_t what, uint32_t id, uint64_t value);
void device_set_text(struct iso_message *m, const char *text);
const char *device_text(struct iso_message *m);
/* Waits for a call, and serves it. */
void device_serve(void);
/* Asks for an object; NULL and error. */
struct object *device_make(struct iso_message *m, struct tsr_error *error);
/* The object that a pointer is, which the device was given. */
static inline struct object *device_object(const void *given)
{
	return (struct object *)given;
}

/* -- The tables of the host */

extern const struct tsr_io device_io;
extern const struct tsr_irq_table device_irq;
extern const struct tsr_clock device_clock;
extern const struct tsr_dma device_dma;
extern const struct tsr_memory device_memory;
extern const struct tsr_pci device_pci;
extern const struct tsr_pci_fixed device_pci_fixed;
extern const struct tsr_bus device_bus;
extern const struct tsr_display_table device_display;
extern const struct tsr_properties device_properties;
extern const struct tsr_random device_random;
extern const struct tsr_log device_log;
extern const struct tsr_machine_table device_machine;
const void *device_get_table(const struct tsr_host *host, const char *name);
/* Maps guest memory, once; while the device is attached. */
void device_map_ram(void);
/* Claims from the core; the rest of the message is filled in. */
void device_fill_ops(struct iso_message *m, const struct tsr_io_ops *ops);

/* -- regions.c: memory that the guest sees */
bool device_add_bar(struct tsr_pci_function *f, unsigned bar, uint32_t length, bool prefetchable,
		    unsigned flags, uint8_t **bytes, struct tsr_region **region,
		    struct tsr_error *error);
bool device_add_rom(struct tsr_pci_function *f, const void *image, size_t length,
		    struct tsr_error *error);
/* Whether `length` bytes lie in such memory: head becomes that of a message about them. */
bool device_find_field(const void *bytes, size_t length, struct iso_head *head);
/* A field has come to where head says: makes that visible to the device. */
void device_take_field(const struct iso_head *head);
/* Its memory is the guest's from now on (ISO_SETTLE). */
void device_settle(bool keeps_guests);
/* Before it, of a process that has taken the place of another one. */
bool device_is_settled(void);

/* -- block.c */
extern const struct tsr_block device_block;
/* ISO_BLOCK_DONE */
void device_block_done(struct object *o, struct iso_message *m);

/* -- state.c */
extern struct tsr_state_writer device_writer; /* posts */
extern struct tsr_state_writer device_keeper; /* to what device_keep_in names */
void device_keep_in(struct iso_kept *kept);
/* Whether the state had room, and the device did not give up. */
bool device_has_kept(void);
extern struct tsr_state_reader device_reader;

#endif
