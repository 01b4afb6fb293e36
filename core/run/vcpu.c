/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The virtual CPU's thread: it holds the machine lock (lock.h) while it is in the guest, checks
 * requests between runs, and sleeps without the lock while the guest is halted or parked.
 */
#include "run/vcpu.h"

#include <sched.h>

#include <tessera/draft/shutdown-code.h>

#include "board/memory-map.h"
#include "board/pci-bus.h"
#include "board/port-space.h"
#include "calls/memory-faults.h"
#include "instance/holds.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"
#include "instance/signals.h"
#include "jail/jail.h"
#include "profile/profile.h"
#include "run/timekeeper.h"
#include "run/worker.h"

static void stop_now(TsrMachine *m, int status, const char *why)
{
	if (!m->stop_why) {
		m->stop_status = status;
		m->stop_why = g_strdup(why ? why : "");
	}
}

static void on_shutdown(TsrMachine *m)
{
	tsr_machine_post_panic(m, "triple fault");
	if (m->config->on_triple_fault == TSR_ON_TRIPLE_FAULT_STOP)
		stop_now(m, TSR_EXIT_GUEST_ERROR, "the guest stopped by a triple fault");
	else if (m->want_reset < 0)
		m->want_reset = TSR_RESET_SOFT; /* the chipset answers the processor's shutdown
						   cycle with INIT */
}

static void on_halted(TsrMachine *m)
{
	if (m->config->clock == TSR_CLOCK_DETERMINISTIC && tsr_timekeeper_skip(m->clock))
		return;
	m->doing = "sleep";
	tsr_timekeeper_sleep(m->clock, true);
	tsr_lock_sleep(m, tsr_timekeeper_host_time(m->clock, tsr_timekeeper_next(m->clock)));
	tsr_timekeeper_sleep(m->clock, false);
}

static void on_waiting(TsrMachine *m)
{
	uint64_t until = tsr_timekeeper_rest(m->clock);

	if (!until)
		return;
	m->doing = "sleep";
	tsr_lock_sleep(m, until);
	tsr_timekeeper_rested(m->clock, until);
}

/* Whether the firmware will resume the guest after this reset, as the guest has asked it to. */
static bool firmware_resumes(TsrMachine *m, enum tsr_reset kind)
{
	struct tsr_interface found;

	if (kind != TSR_RESET_SOFT)
		return false;
	for (guint i = 0; i < m->instances->len; i++) {
		const struct tsr_shutdown_code *code;

		if (!tsr_instance_get_interface(g_ptr_array_index(m->instances, i),
						TSR_SHUTDOWN_CODE, &found))
			continue;
		code = found.table;
		return code->resumes(found.self);
	}
	return false;
}

void tsr_machine_do_reset(TsrMachine *m, enum tsr_reset kind)
{
	if (kind != TSR_RESET_SOFT) {
		tsr_memory_map_reset(m->memory, kind == TSR_RESET_POWER_ON);
		tsr_pci_bus_reset(m->pci);
	}
	/* The reset vector, FFFFFFF0h, has address bit 20 set: with the gate shut the processor
	 * would not find the ROM. */
	tsr_memory_map_set_a20(m->memory, true);
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		tsr_instance_reset(instance, kind);
	}
}

static void do_reset(TsrMachine *m)
{
	enum tsr_reset kind = (enum tsr_reset)m->want_reset;

	m->want_reset = -1;
	if (m->config->exit_on_reset && !firmware_resumes(m, kind)) {
		stop_now(m, TSR_EXIT_POWERED_OFF, "the guest asked for a reset");
		return;
	}
	tsr_machine_do_reset(m, kind);
}

static enum tsr_cpu_exit enter_guest(TsrMachine *m)
{
	uint64_t budget = tsr_timekeeper_budget(m->clock);
	enum tsr_cpu_exit why;

	m->in_guest = true;
	TSR_CALLING(&m->cpu_instance->callee, "run", why = m->cpu->run(m->cpu_self, budget));
	m->in_guest = false;
	return why;
}

static void run_guest(TsrMachine *m)
{
	if (m->want_reset >= 0 || m->stop_why || m->want_quit || !m->want_run ||
	    atomic_load(&m->lock_waiters) || tsr_worker_pool_has_done(m->workers))
		return;
	switch (enter_guest(m)) {
	case TSR_CPU_KICKED:
	case TSR_CPU_BUDGET:
		break;
	case TSR_CPU_HALTED:
		on_halted(m);
		break;
	case TSR_CPU_WAITING:
		on_waiting(m);
		break;
	case TSR_CPU_SHUTDOWN:
		on_shutdown(m);
		break;
	case TSR_CPU_STOPPED:
		stop_now(m, TSR_EXIT_MACHINE_FAILED, "the processor stopped");
		break;
	}
}

static void park(TsrMachine *m)
{
	tsr_timekeeper_set_running(m->clock, false);
	m->parked = true;
	tsr_lock_sleep(m, UINT64_MAX);
}

static void *vcpu_thread(void *data)
{
	TsrMachine *m = data;

	tsr_jail_narrow(TSR_JAIL_VCPU);
	tsr_lock_take(m);
	tsr_profile_enter(m);
	pthread_mutex_lock(&m->wake_mutex);
	tsr_holds_set_awake(m, TRUE);
	pthread_mutex_unlock(&m->wake_mutex);
	while (!m->want_quit) {
		tsr_holds_look(m);
		tsr_lock_give_way(m);
		m->doing = "completions";
		tsr_worker_pool_run_done(m->workers);
		if (m->stop_why && !m->stop_posted) {
			m->want_run = false;
			m->stop_posted = true;
			tsr_machine_post_stopped(m, m->stop_status, m->stop_why);
		}
		if (!m->want_run) {
			park(m);
			continue;
		}
		if (m->parked) {
			m->parked = false;
			tsr_timekeeper_set_running(m->clock, true);
		}
		m->doing = "a reset";
		if (m->want_reset >= 0)
			do_reset(m);
		m->doing = "timers";
		tsr_timekeeper_run(m->clock);
		if (tsr_timekeeper_over(m->clock))
			stop_now(m, TSR_EXIT_POWERED_OFF,
				 "the asked number of instructions has retired");
		m->doing = "the guest";
		run_guest(m);
	}
	tsr_timekeeper_set_running(m->clock, false);
	tsr_profile_leave(m);
	tsr_lock_drop(m);
	return NULL;
}

void tsr_vcpu_init(TsrMachine *m)
{
	m->want_reset = -1;
	m->parked = true;
}

void tsr_vcpu_finish(TsrMachine *m)
{
	if (m->thread_started) {
		tsr_machine_lock(m);
		m->want_quit = true;
		tsr_machine_unlock(m);
		tsr_vcpu_kick(m);
		pthread_join(m->thread, NULL);
		m->thread_started = false;
	}
}

/* With the lock held, for which the thread waits: it knows its own id then. */
static void start_thread(TsrMachine *m)
{
	pthread_attr_t attributes;
	int failure;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 8 << 20);
	failure = pthread_create(&m->thread, &attributes, vcpu_thread, m);
	m->thread_started = !failure;
	pthread_attr_destroy(&attributes);
	if (!failure || m->stop_posted)
		return;
	g_autofree char *why =
		g_strdup_printf("cannot start the virtual CPU's thread: %s; raise the "
				"limits of the process (ulimit -u, -v)",
				g_strerror(failure));
	stop_now(m, TSR_EXIT_MACHINE_FAILED, why);
	m->stop_posted = true;
	tsr_machine_post_stopped(m, m->stop_status, m->stop_why);
}

void tsr_vcpu_set_running(TsrMachine *m, bool running)
{
	tsr_machine_lock(m);
	if (!m->thread_started)
		start_thread(m);
	m->want_run = running && !m->stop_why;
	tsr_machine_unlock(m);
	if (running)
		return;
	/* Wait until the guest stands. */
	for (;;) {
		tsr_machine_lock(m);
		bool parked = m->parked;
		tsr_machine_unlock(m);
		if (parked)
			return;
		sched_yield();
	}
}

void tsr_vcpu_request_reset(TsrMachine *m, enum tsr_reset kind)
{
	tsr_machine_lock(m);
	/* A harder reset wins over a softer one that has not happened yet. */
	if (m->want_reset < 0 || (int)kind < m->want_reset)
		m->want_reset = (int)kind;
	tsr_machine_unlock(m);
	tsr_vcpu_kick(m);
}

void tsr_vcpu_request_stop(TsrMachine *m, int status, const char *why)
{
	tsr_machine_lock(m);
	stop_now(m, status, why);
	tsr_machine_unlock(m);
	tsr_vcpu_kick(m);
}

/* -- Host table for CPU plugins */

static uint32_t cpu_port_read(const struct tsr_host *host, uint16_t port, unsigned width)
{
	return tsr_port_read(tsr_instance_of(host)->machine->ports, port, width);
}

static void cpu_port_write(const struct tsr_host *host, uint16_t port, uint32_t value,
			   unsigned width)
{
	tsr_port_write(tsr_instance_of(host)->machine->ports, port, value, width);
}

static uint64_t cpu_tsc(const struct tsr_host *host)
{
	return tsr_timekeeper_tsc(tsr_instance_of(host)->machine->clock);
}

static bool cpu_handle_faults(const struct tsr_host *host, const struct tsr_fault_handler *handler)
{
	return tsr_memory_faults_set(tsr_instance_of(host), handler);
}

const struct tsr_cpu_host tsr_cpu_host_table = {
	.size = sizeof(struct tsr_cpu_host),
	.port_read = cpu_port_read,
	.port_write = cpu_port_write,
	.tsc = cpu_tsc,
	.handle_faults = cpu_handle_faults,
};
