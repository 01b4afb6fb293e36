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
	LOG_TRACE,    /* DMA and lines with their times, a sum over all, after a change */
	LOG_STIMULUS, /* from the surroundings: what it was, what came of it */
};

/* A line of a log. What it means depends on the kind. */
struct compare_entry {
	enum log_kind kind;
	unsigned width;
	uint64_t address, value;
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

/* Called before each access; NULL: nobody wants to know. */
extern void (*compare_before)(enum log_kind kind, unsigned width, uint64_t address, uint64_t value);
/* The words for it; NULL: there is no such kind. */
const char *compare_kind_name(unsigned kind);

void compare_log(enum log_kind kind, unsigned width, uint64_t address, uint64_t value);

/* false: prints the first difference and what came before it. */
bool compare_runs(const struct compare_machine *machine, uint64_t seed, unsigned accesses);

/* The same without a save and a load: two runs that have to be the same because nothing is
 * different. */
bool compare_repeat(const struct compare_machine *machine, uint64_t seed, unsigned accesses);

/* Random accesses, time and stimuli on the machine as it is; nothing is compared. The caller has
 * started it. */
void compare_drive(const struct compare_machine *machine, uint64_t *seed, unsigned accesses);

/* -- A run that can be repeated access by access. The caller has started the machine. */

/* Forgets what was logged. */
void compare_begin(void);
/* What was logged since. Valid until the next run begins. */
const struct compare_entry *compare_entries(unsigned *count);
/* Reads what there is, lets time pass, reads again, and makes random accesses after that; nothing
 * comes from outside. */
void compare_look(const struct compare_machine *machine, uint64_t seed, unsigned accesses);
/* Does once more what an entry says that was done. An entry that says what came of it does nothing.
 */
void compare_play(const struct compare_machine *machine, const struct compare_entry *action);

#endif
