/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processor of the machines of `tessera sdk check --host core`: instead of executing
 * instructions it makes random accesses to the device under test, takes its interrupts, lets time
 * pass and resets the machine. The same seed makes the same accesses, and where it stands is in its
 * state, so a run can be saved, loaded and compared as that of any guest.
 */
#ifndef SDK_DRIVER_H
#define SDK_DRIVER_H

#include <stdatomic.h>
#include <stdio.h>

#include <tessera/draft/cpu.h>
#include <tessera/draft/phys.h>
#include <tessera/tessera.h>

#define DRIVER_PLACES 64u
#define DRIVER_RECENT 4u

struct place {
	bool is_port;
	uint64_t base, length; /* bytes */
};

struct driver {
	const struct tsr_host *host;
	const struct tsr_cpu_host *ports;
	const struct tsr_phys *phys;
	const struct tsr_properties *properties;
	const struct tsr_bus *bus;
	const struct tsr_machine_table *machine;
	const struct tsr_clock *clock;
	struct tsr_interface intack;
	bool has_intack;
	FILE *log;    /* NULL: none */
	FILE *script; /* instead of random steps; NULL: none */
	bool script_ended;
	bool resets; /* the property */
	atomic_bool kicked;
	uint64_t until; /* the property: steps */
	bool told;      /* "reached" was emitted for it */

	/* Saved. */
	uint64_t random, instructions, steps;
	uint64_t idle; /* instructions that do nothing, until the next step */
	uint32_t pins;
	bool is_powered; /* memory has its contents */
	bool is_set_up;  /* the board is, since the last reset */
	struct place places[DRIVER_PLACES];
	uint32_t place_count;
	uint64_t recent[DRIVER_RECENT]; /* of the last accesses: address, with RECENT_PORT */
	unsigned functions[DRIVER_PLACES], function_count; /* device << 3 | function */
};

#define RECENT_PORT (1ull << 63)

/* 64 random bits; the next state. */
uint64_t driver_random(struct driver *d);

/* -- set-up.c */
/* What firmware does: interrupt controllers, BARs, and the list of places. After a reset. [locked]
 */
void driver_set_up(struct driver *d);
/* Reads the property `places`. [main & !running] */
bool driver_read_places(struct driver *d, struct tsr_error *error);
uint32_t driver_config_read(struct driver *d, unsigned function, unsigned offset, unsigned width);
void driver_config_write(struct driver *d, unsigned function, unsigned offset, uint32_t value,
			 unsigned width);

/* -- steps.c */
/* One step. [locked] */
void driver_step(struct driver *d);

#endif
