/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the files of the timekeeper share. [locked], where nothing else is said */
#ifndef TSR_RUN_TIMEKEEPER_PARTS_H
#define TSR_RUN_TIMEKEEPER_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "run/counter.h"

#define LOOK_FAST_NS 50000 /* between two readings of the thread's CPU time, catching up fast */

struct tsr_timer {
	struct tsr_timekeeper *clock;
	const TsrInstance *owner;
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
	uint64_t deadline; /* UINT64_MAX: not armed */
	uint64_t passed;   /* the last deadline that passed, */
	uint64_t ran_in;   /* and in which of the clock's runs */
	unsigned number;   /* of all that the clock has made */
};

struct tsr_timekeeper {
	TsrMachine *machine;
	bool deterministic;
	uint64_t ips;
	atomic_bool running;
	atomic_bool halted; /* the virtual CPU sleeps until the next deadline by itself */
	/* Any thread may read the time, and so these; the lock's owner writes the first two. */
	_Atomic uint64_t
		offset; /* real time, running: guest = host - offset; else: guest time itself */
	_Atomic uint64_t next;     /* cached minimum of the deadlines */
	_Atomic uint64_t last_now; /* guest time never goes back to before it */
	uint64_t lag;  /* ns of `offset` that the host took and that guest time must catch up */
	uint64_t late; /* of the lag: by wake-ups since it became large, not yet made up */
	uint64_t held; /* ns that guest time did not catch up because an interrupt waited */
	bool lag_told; /* by the event "clock" */
	uint64_t seen_host;   /* host time from which on it is not known what the host took */
	uint64_t seen_cpu;    /* CPU time that the virtual CPU's thread had then, if the host took
				 nothing since the last reading */
	uint64_t seen_cpu_at; /* host time of that reading, 0: there was none */
	uint64_t skipped;     /* deterministic: ns of guest time without instructions */
	int64_t wall_offset;  /* seconds: wall = guest time + wall_offset */
	GPtrArray *timers;
	uint64_t runs; /* of what is due */
	unsigned timers_made;
	struct tsr_counter counter; /* of the virtual CPU's thread */
	int fd;
	uint64_t fd_armed; /* guest deadline the timerfd is set to, UINT64_MAX: none */
	pthread_t thread;
	atomic_bool fired; /* the timerfd has expired since it was armed */
	atomic_bool quit;
};

#endif
