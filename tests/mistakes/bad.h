/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plugin that does one wrong thing: the property `mistake` says which. Each table of mistakes is
 * in the file of its theme; bad.c does the chosen one at its place in the life of an instance. */
#ifndef BAD_H
#define BAD_H

#include <tessera/pci.h>
#include <tessera/tessera.h>

/* With this mistake it has a table for any name. */
#define ANY_INTERFACE "any-interface"

enum place {
	CONSTRUCTOR, /* by the environment variable BAD_CONSTRUCTOR: there are no properties yet */
	ATTACH,
	REALIZE,
	RESET,
	WRITE, /* to its port */
	SAVE,
	LOAD,
	WORK,
	DONE,
	TIMER,
	CHANGED, /* the property `go` */
	DETACH,
	PLACES
};

struct bad {
	const struct tsr_host *host;
	const struct tsr_properties *properties;
	const struct tsr_io *io;
	const struct tsr_memory *memory;
	const struct tsr_log *log;
	const struct tsr_worker *worker;
	const struct tsr_clock *clock;
	const struct mistake *mistake; /* NULL: none */
	struct tsr_region *ports;
	struct tsr_timer *timer;
	const struct tsr_irq *line;
	struct tsr_region *spare; /* ports that are disabled */
	struct tsr_region *region;
	struct tsr_pci_function *function;
	struct tsr_state_writer *out; /* while the instance is saved */
	struct tsr_state_reader *in;  /* while it is loaded */
};

struct mistake {
	const char *name;
	enum place place;
	/* `error` is NULL where the place has none. False: the place is told that it failed. */
	bool (*make)(struct bad *bad, struct tsr_error *error);
};

/* Each ends with an empty row. */
extern const struct mistake crashes[], hangs[], calls[], states[], texts[], places[], threads[];

/* Of the instance that was attached last. */
extern const struct tsr_host *bad_last_host;

#endif
