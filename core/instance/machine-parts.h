/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a TsrMachine, as the files of the core see them. */
#ifndef TSR_INSTANCE_MACHINE_PARTS_H
#define TSR_INSTANCE_MACHINE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include <tessera-glib/machine.h>
#include <tessera/draft/cpu.h>

#include "config/config.h"

struct TsrInstance;
struct tsr_links;
struct tsr_memory_map;
struct tsr_port_space;
struct tsr_lines;
struct tsr_timekeeper;
struct tsr_pci_bus;
struct tsr_worker_pool;
struct tsr_displays;
struct tsr_inputs;
struct tsr_posts;
struct tsr_taps;
struct tsr_remote_form;
struct tsr_remote;
struct tsr_profile;
struct tsr_sampler;
struct tsr_call;
struct tsr_callee;

struct tsr_hold {
	guint64 ns, cpu_ns;
	char *by; /* NULL: there was none */
};

/* See holds.h. The virtual CPU's members belong to wake_mutex, the others to the lock. */
struct tsr_holds {
	guint64 began_ns, began_cpu_ns;     /* of the owner that is a thread of the host */
	const void *began_by;               /* an address in the function that took the lock */
	gboolean is_awake;                  /* the virtual CPU's thread */
	clockid_t cpu_clock;                /* of that thread */
	guint64 kicked_ns, kicked_cpu_ns;   /* since it looked; 0: not kicked */
	struct tsr_call *calls;             /* of that thread */
	const struct tsr_callee *kicked_in; /* whose function it was in then */
	const struct tsr_callee *looked_in; /* the same for the hold that it has ended */
	struct tsr_hold longest, most_computed;
	int log; /* the file that TESSERA_HOLDS names, -1: none */
};

struct _TsrMachine {
	GObject parent;
	/* Of a machine in another process, which has none of the parts below; NULL: it is in this
	 * one. */
	const struct tsr_remote_form *form;
	struct tsr_remote *remote;

	TsrConfig *config;
	GMainContext *context;
	struct tsr_posts *posts; /* signals that wait for the main loop */
	TsrBus *bus;
	GPtrArray *instances; /* TsrInstance, in order of attach */
	GPtrArray *retired; /* TsrInstance that were replaced last: their names may still be read */
	struct tsr_links *links;
	GPtrArray *viewers;    /* those of machine/viewers.c; NULL: none */
	unsigned viewers_need; /* of the host: enum tsr_jail_need */
	struct tsr_memory_map *memory;
	struct tsr_port_space *ports;
	struct tsr_lines *lines;
	struct tsr_timekeeper *clock;
	struct tsr_pci_bus *pci;
	struct tsr_worker_pool *workers;
	struct tsr_displays *displays;
	struct tsr_inputs *inputs;
	struct tsr_taps *taps; /* of those who watch */
	uint64_t random[2];

	struct TsrInstance *cpu_instance, *mmu_instance;
	const struct tsr_cpu *cpu;
	void *cpu_self;

	/* The machine lock (instance/lock.h). */
	pthread_mutex_t lock;
	_Atomic(pthread_t) lock_owner; /* 0: no owner */
	unsigned lock_depth;           /* the owner's */
	atomic_uint lock_waiters;
	struct tsr_holds holds;
	const char *doing; /* what the virtual CPU's thread does, a string that stays */

	/* The virtual CPU's thread (vcpu.c). */
	pthread_t thread;
	bool in_guest; /* inside of tsr_cpu.run */
	bool thread_started;
	pid_t thread_id;             /* the kernel's, while it runs; 0: it does not. Lock held */
	struct tsr_profile *profile; /* NULL: none was taken yet [main] */
	_Atomic(struct tsr_sampler *) sampler; /* of the profile; stays as long as the machine */
	pthread_mutex_t wake_mutex;
	atomic_uint wake; /* a futex: the virtual CPU's thread must not sleep */
	bool sleeping;    /* it may wait for the futex; belongs to wake_mutex */
	/* Requests to that thread; lock held. */
	bool want_quit, want_run, parked;
	int want_reset; /* enum tsr_reset, -1: none */
	int stop_status;
	char *stop_why;

	char *jail;      /* "full", "partial: WHY", "off: WHY" */
	bool powered_on; /* the first reset is done */
	TsrMachineState state;
	bool has_state;    /* loaded from a file: starting does not reset */
	gint64 started_us; /* monotonic time of the start; 0: not yet */
	bool stop_posted;  /* the main thread is notified */
	int exit_status;
};

#endif
