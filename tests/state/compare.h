/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two runs of the same random accesses, one of them with a save and a load into fresh instances in
 * the middle: what is read, the lines, and the state at the end are the same. A difference is a
 * part of a device that its saved state forgets.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include <fake-host.h>

#define COMPARE_DEVICES 4

/* What an access to the machine was, and what came of it. */
enum log_kind {
	LOG_PORT_READ,
	LOG_PORT_WRITE,
	LOG_MEMORY_READ,
	LOG_MEMORY_WRITE,
	LOG_CONFIG_READ,
	LOG_CONFIG_WRITE,
	LOG_TIME,     /* ns */
	LOG_WORK,     /* the host's work is done */
	LOG_RESET,    /* enum tsr_reset */
	LOG_LINES,    /* interrupt lines and INTx, a bit each, after a change */
	LOG_REQUESTS, /* power-off, reset and stop, counted, after a change */
	LOG_STIMULUS, /* from the surroundings: what it was, what came of it */
};

/* A machine to compare, and its surroundings, which outlive the save and the load. */
struct compare_machine {
	const char *name;
	const char *devices[COMPARE_DEVICES]; /* plugins that have to be there */
	void (*start)(void);                  /* the surroundings, new */
	void (*make)(void);                   /* the devices; after fake_start */
	void (*stimulate)(uint64_t *seed);    /* something that comes from outside; may be NULL */
	void (*settle)(void);                 /* what is under way outside is done; may be NULL */
	void (*finish)(void);                 /* may be NULL */
};

/* The class of a plugin; NULL: the build has none. */
const struct tsr_device_class *compare_class(const char *id);
void *compare_make(const char *id, const struct fake_row *rows);

void compare_log(enum log_kind kind, unsigned width, uint64_t address, uint64_t value);

/* false: prints the first difference and what came before it. */
bool compare_runs(const struct compare_machine *machine, uint64_t seed, unsigned accesses);

extern const struct compare_machine compare_machines[];
extern const unsigned compare_machine_count;

#endif
