/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What devices in script languages have in common, whatever the language: the class of their
 * instances, the core's tables, and the functions of a script that the core calls. A plugin
 * script-LANGUAGE links it, and defines script_language.
 *
 * All functions of this file are called with the machine's lock held, or while the machine is
 * built, unless they say otherwise.
 */
#ifndef SCRIPT_COMMON_H
#define SCRIPT_COMMON_H

#include <tessera/chardev.h>
#include <tessera/draft/script.h>
#include <tessera/net.h>
#include <tessera/pci.h>
#include <tessera/tessera.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCRIPT_DMA_MAX (64u << 20)   /* bytes at once; a guest's number must not exhaust the host */
#define SCRIPT_FIELD_MAX (256 << 20) /* bytes of a field of a saved state */
#define SCRIPT_FUNCTIONS 3           /* of one hook, at most */
#define SCRIPT_ARGUMENTS 3           /* of one call, at most */

/* An instance. What the language knows of it follows: its struct begins with this one. */
struct script_device {
	const struct tsr_host *host; /* NULL: detached */
	const struct tsr_properties *properties;
	const struct tsr_io *io;
	const struct tsr_memory *memory;
	const struct tsr_irq_table *irq;
	const struct tsr_dma *dma;
	const struct tsr_clock *clock;
	const struct tsr_random *random;
	const struct tsr_log *log;
	const struct tsr_bus *bus;
	const struct tsr_machine_table *machine;
	const struct tsr_worker *worker;
	const struct tsr_pci *pci;
	const char *plugin; /* "ID VERSION" */
	char *folder;       /* of the script, with a / at its end */
	struct script_hook *hooks;
	bool building;  /* in attach or realize */
	bool realizing; /* in realize: other instances may be called */
	bool is_faulty; /* it has been said that the script has failed */
	bool is_begun;  /* the language has been asked to make it */
};

/* What crosses the border between C and a script, by value. */
enum script_kind {
	SCRIPT_NONE,
	SCRIPT_NUMBER,   /* number: unsigned, 64 bits */
	SCRIPT_TRUTH,    /* number: 0 or 1 */
	SCRIPT_TEXT,     /* data, length: UTF-8 */
	SCRIPT_BYTES,    /* data, length */
	SCRIPT_WRITER,   /* data: a struct tsr_state_writer */
	SCRIPT_READER,   /* data: a struct tsr_state_reader */
	SCRIPT_FUNCTION, /* data: the language's own; NULL: none */
	SCRIPT_MEMORY,   /* data, length: bytes of the machine's, which the script shares */
};
struct script_value {
	enum script_kind kind;
	uint64_t number;
	const void *data;
	size_t length; /* bytes */
};

/* What the core holds a pointer to until the device is detached: a table of ours, and the functions
 * of the script that it leads to. */
struct script_hook {
	struct script_hook *next;
	struct script_device *device;
	void *functions[SCRIPT_FUNCTIONS]; /* the language's; NULL: none */
	union {
		struct tsr_io_ops io;
		struct tsr_net_port net;
		struct tsr_chardev_port chardev;
	} table;
};

/* What a language does. Where `error` may be NULL, a failure is reported then (script_fault). */
struct script_language {
	const char *name; /* the word of the manifest */
	/* Starts the interpreter, unless it runs in this process. [main & !running] */
	bool (*start)(struct tsr_error *error);
	/* Runs the file and makes the device's object. [main & !running] */
	bool (*make)(struct script_device *device, const char *file, struct tsr_error *error);
	/* Calls a method of that object; `argument` may be NULL, and so may `error`. A writer or
	 * a reader is good for the time of the call. */
	bool (*method)(struct script_device *device, const char *name,
		       const struct script_value *argument, struct tsr_error *error);
	/* Calls a function of a hook. result->kind says what is wanted of it: nothing, a number or
	 * a truth value. False: it failed. `error` may be NULL. */
	bool (*call)(struct script_hook *hook, unsigned which, const struct script_value *arguments,
		     unsigned count, struct script_value *result, struct tsr_error *error);
	/* The device is detached: calls its method `detach`, if it has been made, lets go of all
	 * that there is of it, and sets device->host to NULL. */
	void (*end)(struct script_device *device);
};
extern const struct script_language script_language;

/* -- class.c */

#ifndef __cplusplus
/* Above 0 while a machine is built: modules may be imported. */
extern _Atomic unsigned script_building;
#endif
/* Of a script's mistake: logs the line, and the first of a device is its fault. `site`: the same
 * address each time for the same place of the script. */
void script_fault(struct script_device *device, const void *site, const char *line);
/* What a need is connected to, which must be the interface of that name; out->table NULL: it is not
 * connected. False with `error`: it is connected to another one. [main & !running] */
bool script_find_peer(const struct script_device *device, const char *need, const char *interface,
		      struct tsr_interface *out, struct tsr_error *error);
/* The path of a file that stands beside this plugin's library. */
bool script_find_beside(const char *name, char *path, size_t size);
/* How long a script may take before it is ended, in ms; TESSERA_SCRIPT_SECONDS. [any] */
unsigned script_limit_ms(void);

bool script_attach(void *self, const struct tsr_host *host, struct tsr_error *error);
bool script_realize(void *self, struct tsr_error *error);
void script_detach(void *self);
void script_reset(void *self, enum tsr_reset kind);
void script_save(void *self, struct tsr_state_writer *out);
bool script_load(void *self, struct tsr_state_reader *in, struct tsr_error *error);
/* The class of all devices of the language, whose struct is `type`. */
#define SCRIPT_CLASS(type) \
	static const struct tsr_device_class device_class = { \
		.size = sizeof(device_class), \
		.instance_size = sizeof(type), \
		.attach = script_attach, \
		.realize = script_realize, \
		.detach = script_detach, \
		.reset = script_reset, \
		.save = script_save, \
		.load = script_load, \
	}

/* -- hooks.c. Each of these fills in, or returns, the table that the core is given with the hook as
 * its `self`. */

/* A hook without functions, in the device's list. NULL: no memory. */
struct script_hook *script_hook_add(struct script_device *device);
void script_hooks_free(struct script_device *device, void (*release)(void *function));

/* Functions: 0 read(offset, width), 1 write(offset, value, width). */
const struct tsr_io_ops *script_hook_io(struct script_hook *hook, unsigned widths);
/* 0 config_written(offset, width), 1 config_read(offset, width). */
const struct tsr_pci_ops *script_hook_pci(const struct script_hook *hook);
/* 0 expired(deadline_ns). */
void script_on_expired(void *self, uint64_t deadline_ns);
/* 0 changed(name). */
bool script_on_changed(void *self, const char *name, struct tsr_error *error);
/* The functions of a back end's hook. */
enum { SCRIPT_ROOM, SCRIPT_RECEIVE, SCRIPT_LINK_CHANGED };
/* ROOM is can_receive(), RECEIVE receive(frame), LINK_CHANGED link_changed(is_up). */
const struct tsr_net_port *script_hook_net(struct script_hook *hook);
/* ROOM is room(), RECEIVE receive(bytes). */
const struct tsr_chardev_port *script_hook_chardev(struct script_hook *hook);

#ifdef __cplusplus
}
#endif

#endif
