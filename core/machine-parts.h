/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of a TsrMachine, as the files of the core see them. */
#ifndef TSR_MACHINE_PARTS_H
#define TSR_MACHINE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include <tessera/display.h>
#include <tessera/draft/cpu.h>
#include <tessera/draft/mmu.h>
#include <tessera/input.h>

#include "bus.h"
#include "instance.h"
#include "lock.h"
#include "machine-private.h"
#include "memory-map.h"
#include "signals.h"

struct tsr_lines;
struct tsr_timekeeper;
struct tsr_pci_bus;
struct tsr_worker_pool;
struct tsr_displays;
struct tsr_inputs;

struct _TsrMachine {
	GObject parent;
	TsrConfig *config;
	GMainContext *context;
	TsrBus *bus;
	GPtrArray *instances; /* TsrInstance, in order of attach */
	struct tsr_memory_map *memory;
	struct tsr_port_space *ports;
	struct tsr_lines *lines;
	struct tsr_timekeeper *clock;
	struct tsr_pci_bus *pci;
	struct tsr_worker_pool *workers;
	struct tsr_displays *displays;
	struct tsr_inputs *inputs;
	uint64_t random[2];

	TsrInstance *cpu_instance, *mmu_instance;
	const struct tsr_cpu *cpu;
	void *cpu_self;

	/* The machine lock (lock.h). */
	pthread_mutex_t lock;
	_Atomic(pthread_t) lock_owner; /* 0: nobody */
	unsigned lock_depth;           /* the owner's */
	atomic_uint lock_waiters;

	/* The virtual CPU's thread (vcpu.c). */
	pthread_t thread;
	bool thread_started;
	pthread_mutex_t wake_mutex;
	pthread_cond_t wake_cond;
	bool wake;
	atomic_bool exit_requested;
	/* Requests to that thread; lock held. */
	bool want_quit, want_run, parked;
	int want_reset; /* enum tsr_reset, -1: none */
	int stop_status;
	char *stop_why;

	TsrMachineState state;
	bool has_state;   /* loaded from a file: starting does not reset */
	bool stop_posted; /* the main thread was told */
	int exit_status;
};

/* vcpu.c */
/* Resets every instance. [locked] */
void tsr_machine_do_reset(TsrMachine *m, enum tsr_reset kind);
void tsr_vcpu_init(TsrMachine *m);
void tsr_vcpu_finish(TsrMachine *m);
/* Run or park the guest; returns when it is done. [main] */
void tsr_vcpu_set_running(TsrMachine *m, bool running);
void tsr_vcpu_request_reset(TsrMachine *m, enum tsr_reset kind); /* [any] */
void tsr_vcpu_request_stop(TsrMachine *m, int status, const char *why); /* [any] */
extern const struct tsr_cpu_host tsr_cpu_host_table;

/* timekeeper.c */
struct tsr_timekeeper *tsr_timekeeper_new(TsrMachine *m);
void tsr_timekeeper_free(struct tsr_timekeeper *clock);
void tsr_timekeeper_drop(struct tsr_timekeeper *clock, const TsrInstance *owner);
uint64_t tsr_timekeeper_now(struct tsr_timekeeper *clock);
uint64_t tsr_timekeeper_tsc(struct tsr_timekeeper *clock);
uint64_t tsr_timekeeper_tsc_hz(struct tsr_timekeeper *clock);
void tsr_timekeeper_set_running(struct tsr_timekeeper *clock, bool running);
/* Runs what is due; returns true if anything was. [locked] */
bool tsr_timekeeper_run(struct tsr_timekeeper *clock);
/* Guest time of the next deadline, UINT64_MAX: none. [locked] */
uint64_t tsr_timekeeper_next(struct tsr_timekeeper *clock);
/* Deterministic: instructions until the next deadline or the machine's stop-at. Real time: UINT64_MAX. [locked] */
uint64_t tsr_timekeeper_budget(struct tsr_timekeeper *clock);
/* Deterministic: the machine's stop-at is reached. [locked] */
bool tsr_timekeeper_over(struct tsr_timekeeper *clock);
/* Deterministic: the guest is idle, time jumps to the next deadline; false if there is none. */
bool tsr_timekeeper_skip(struct tsr_timekeeper *clock);
/* Around the virtual CPU's sleep while the guest is halted: [vcpu, locked] */
void tsr_timekeeper_sleep(struct tsr_timekeeper *clock, bool asleep);
/* The CLOCK_MONOTONIC time in ns at which guest time `ns` is reached. */
uint64_t tsr_timekeeper_host_time(struct tsr_timekeeper *clock, uint64_t ns);
void tsr_timekeeper_put_state(struct tsr_timekeeper *clock, struct tsr_state_writer *out);
void tsr_timekeeper_get_state(struct tsr_timekeeper *clock, struct tsr_state_reader *in);
extern const struct tsr_clock tsr_clock_table;

/* lines.c */
struct tsr_lines *tsr_lines_new(TsrMachine *m);
void tsr_lines_free(struct tsr_lines *lines);
gboolean tsr_lines_connect(struct tsr_lines *lines, GError **error); /* all instances are attached */
gboolean tsr_lines_tap(struct tsr_lines *lines, const char *name, gboolean on);
void tsr_lines_put_state(struct tsr_lines *lines, struct tsr_state_writer *out);
void tsr_lines_get_state(struct tsr_lines *lines, struct tsr_state_reader *in);
extern const struct tsr_irq_table tsr_irq_table_impl;

/* pci-bus.c */
struct tsr_pci_bus *tsr_pci_bus_new(TsrMachine *m);
void tsr_pci_bus_free(struct tsr_pci_bus *pci);
gboolean tsr_pci_bus_connect(struct tsr_pci_bus *pci, GError **error);
void tsr_pci_bus_reset(struct tsr_pci_bus *pci);
bool tsr_pci_function_is_master(const struct tsr_pci_function *f);
void tsr_pci_bus_put_state(struct tsr_pci_bus *pci, struct tsr_state_writer *out);
void tsr_pci_bus_get_state(struct tsr_pci_bus *pci, struct tsr_state_reader *in);
extern const struct tsr_pci tsr_pci_table;
extern const struct tsr_pci_host tsr_pci_host_table;

/* worker.c */
struct tsr_worker_pool *tsr_worker_pool_new(TsrMachine *m);
void tsr_worker_pool_free(struct tsr_worker_pool *pool);
void tsr_worker_pool_run_done(struct tsr_worker_pool *pool); /* [locked] */
bool tsr_worker_pool_has_done(struct tsr_worker_pool *pool);
void tsr_worker_pool_drop(struct tsr_worker_pool *pool, const TsrInstance *owner);
void tsr_worker_pool_drain(struct tsr_worker_pool *pool, TsrInstance *instance); /* NULL: all [locked] */
extern const struct tsr_worker tsr_worker_table;

/* display.c, input.c */
struct tsr_displays *tsr_displays_new(TsrMachine *m);
void tsr_displays_free(struct tsr_displays *displays);
extern const struct tsr_display_table tsr_display_table_impl;
struct tsr_inputs *tsr_inputs_new(void);
void tsr_inputs_free(struct tsr_inputs *inputs);
extern const struct tsr_input tsr_input_table;

#endif
