/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See tap-tables.h. A table has one copy for all instances of a machine; while one of them is
 * recorded, the functions of the others pass through its taps, too. Copies and taps are made of
 * tap-rules, which says for each function what is done here.
 */
#include "monitor/tap-tables.h"

#include <string.h>

#include "board/pci-bus.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "monitor/parts.h"
#include "monitor/recorder.h"
#include "run/timers.h"
#include "monitor/tap-copies.inc"

#define MEMORY "memory"
#define INTX "intx"

struct tsr_tap_tables {
	struct tsr_hub *hub;
	struct tap_copies copies;
	const void *inner[TAP_TABLES]; /* what they are copies of; NULL: no instance has it */
};

static const void *inner_of(const TsrInstance *instance, unsigned table)
{
	return instance->machine->taps->tables->inner[table];
}

/* NULL also on threads without the lock: those of workers may ask for the time. */
static struct tsr_recorder *recorder_of(const TsrInstance *instance)
{
	return tsr_machine_has_lock(instance->machine)
		       ? tsr_hub_recorder_of(instance->machine->taps->hub, instance)
		       : NULL;
}

/* -- DMA */

static void tell_dma(const struct tsr_host *host, enum tsr_monitor_op op, tsr_gpa at,
		     uint64_t length)
{
	const TsrInstance *instance = tsr_instance_of(host);

	tsr_hub_tell(instance->machine->taps->hub, &(struct tsr_monitor_event){
							   .kind = TSR_MONITOR_DMA,
							   .op = op,
							   .device = instance->config->name,
							   .what = MEMORY,
							   .address = at,
							   .length = length,
						   });
}

/* What goes through a pointer would be missing in a recording, so there is none meanwhile. */
static void *tapped_dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length,
			    bool for_write)
{
	const TsrInstance *instance = tsr_instance_of(host);
	const struct tsr_dma *inner = inner_of(instance, TAP_DMA);
	void *mapped;

	if (recorder_of(instance))
		return NULL;
	mapped = inner->map(host, at, length, for_write);
	if (mapped)
		tell_dma(host, for_write ? TSR_MONITOR_MAP_WRITE : TSR_MONITOR_MAP_READ, at,
			 *length);
	return mapped;
}

/* What was not written has been told of when it was mapped. */
static void tapped_dma_unmap(const struct tsr_host *host, tsr_gpa at, uint64_t length,
			     bool is_written)
{
	const struct tsr_dma *inner = inner_of(tsr_instance_of(host), TAP_DMA);

	if (is_written)
		tell_dma(host, TSR_MONITOR_WROTE, at, length);
	inner->unmap(host, at, length, is_written);
}

/* -- Interrupt pins */

static void record_function(struct tsr_pci_function *f, const TsrInstance *owner,
			    enum tsr_recording_kind kind, int level)
{
	struct tsr_recorder *recorder = recorder_of(owner);

	if (recorder)
		tsr_recorder_call(recorder, (struct tsr_recording_event){
						    .kind = kind,
						    .object = tsr_recorded_things_find_function(
							    tsr_recorder_get_things(recorder), f),
						    .values = { (uint64_t)level } });
}

static void tell_intx(struct tsr_pci_function *f, int level, bool by_reset)
{
	static const char *const pins[] = { "", "pci:INTA", "pci:INTB", "pci:INTC", "pci:INTD" };
	const TsrInstance *owner;
	unsigned pin;

	if (tsr_pci_function_get_intx(f, &pin, &owner) == level || !pin ||
	    pin >= G_N_ELEMENTS(pins))
		return;
	if (!by_reset)
		record_function(f, owner, TSR_RECORDING_INTX, level);
	tsr_hub_tell(owner->machine->taps->hub, &(struct tsr_monitor_event){
							.kind = TSR_MONITOR_IRQ,
							.op = TSR_MONITOR_CHANGED,
							.device = owner->config->name,
							.what = INTX,
							.value = (uint64_t)level,
							.data = pins[pin],
							.data_length = strlen(pins[pin]),
						});
}

static const TsrInstance *owner_of_pci_function(const struct tsr_pci_function *f)
{
	const TsrInstance *owner;
	unsigned pin;

	tsr_pci_function_get_intx(f, &pin, &owner);
	return owner;
}

static void tell_pci_reset(struct tsr_pci_function *f)
{
	record_function(f, owner_of_pci_function(f), TSR_RECORDING_PCI_RESET, 0);
	tell_intx(f, 0, true);
}

/* -- Clock */

static const TsrInstance *owner_of_timer(const struct tsr_timer *timer)
{
	return tsr_timers_get_owner(timer);
}

/* Only what changes a deadline. */
static void record_timer(const struct tsr_timer *timer, uint64_t deadline_ns)
{
	struct tsr_recorder *recorder = recorder_of(tsr_timers_get_owner(timer));
	bool is_cancel = deadline_ns == UINT64_MAX;

	if (recorder && tsr_timers_get_deadline(timer) != deadline_ns)
		tsr_recorder_call(
			recorder,
			(struct tsr_recording_event){
				.kind = is_cancel ? TSR_RECORDING_CANCEL : TSR_RECORDING_ARM,
				.object = tsr_recorded_things_find_timer(
					tsr_recorder_get_things(recorder), timer),
				.values = { is_cancel ? 0 : deadline_ns } });
}

/* -- Workers */

struct tapped_job {
	const TsrInstance *instance;
	void (*work)(void *job);
	void (*done)(void *job);
	void *job;
	uint64_t number;
};

static void work_tapped(void *data)
{
	const struct tapped_job *t = data;

	t->work(t->job);
}

static void done_tapped(void *data)
{
	struct tapped_job *t = data;
	struct tsr_recorder *recorder = recorder_of(t->instance);

	tsr_recorder_enter(recorder, (struct tsr_recording_event){ .kind = TSR_RECORDING_DONE,
								   .values = { t->number } });
	if (t->done)
		t->done(t->job);
	tsr_recorder_leave(recorder, 0);
	g_free(t);
}

static void tapped_worker_submit(const struct tsr_host *host, void (*work)(void *job),
				 void (*done)(void *job), void *job, bool ordered)
{
	const TsrInstance *instance = tsr_instance_of(host);
	const struct tsr_worker *inner = inner_of(instance, TAP_WORKER);
	struct tsr_recorder *recorder = recorder_of(instance);
	struct tapped_job *t;

	if (!recorder) {
		inner->submit(host, work, done, job, ordered);
		return;
	}
	t = g_new0(struct tapped_job, 1);
	*t = (struct tapped_job){ instance, work, done, job, tsr_recorder_number(recorder) };
	tsr_recorder_call(recorder, (struct tsr_recording_event){ .kind = TSR_RECORDING_SUBMIT,
								  .values = { t->number } });
	inner->submit(host, work ? work_tapped : NULL, done_tapped, t, ordered);
}

/* -- Texts */

static void record_set(const struct tsr_host *host, const char *name, const char *value)
{
	if (name && value)
		tsr_recorder_call_text(recorder_of(tsr_instance_of(host)), TSR_RECORDING_SET, name,
				       value);
}

static void record_set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	record_set(host, name, text);
}

static void record_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	if (event)
		tsr_recorder_call_text(recorder_of(tsr_instance_of(host)), TSR_RECORDING_EMIT,
				       event, detail ? detail : "");
}

/* -- Copies */

static bool wants(const struct tsr_hub *hub, TsrMachine *m, enum tsr_monitor_kind kind,
		  const char *what)
{
	for (guint i = 0; i < m->instances->len; i++) {
		const TsrInstance *instance = g_ptr_array_index(m->instances, i);

		if (tsr_hub_wants(hub, kind, instance->config->name, what))
			return true;
	}
	return false;
}

#include "monitor/tap-shims.inc"

struct tsr_tap_tables *tsr_tap_tables_new(struct tsr_hub *hub)
{
	struct tsr_tap_tables *tables = g_new0(struct tsr_tap_tables, 1);

	tables->hub = hub;
	return tables;
}

void tsr_tap_tables_free(struct tsr_tap_tables *tables)
{
	g_free(tables);
}

static void *copy_of(struct tsr_tap_tables *tables, unsigned i)
{
	return (char *)&tables->copies + tap_copies_list[i].offset;
}

/* Functions that a tap can stand for are as they were. Other threads read some of them, so what
 * does not change is not written. */
static void restore(struct tsr_tap_tables *tables)
{
	for (unsigned i = 0; i < TAP_TABLES; i++) {
		size_t size = tap_copies_list[i].size;

		if (tables->inner[i] && memcmp(copy_of(tables, i), tables->inner[i], size) != 0)
			memcpy(copy_of(tables, i), tables->inner[i], size);
	}
}

const void *tsr_tap_tables_find(struct tsr_tap_tables *tables, const char *name, const void *table)
{
	for (unsigned i = 0; i < TAP_TABLES; i++) {
		if (strcmp(tap_copies_list[i].name, name) != 0)
			continue;
		if (!tables->inner[i]) {
			tables->inner[i] = table;
			memcpy(copy_of(tables, i), table, tap_copies_list[i].size);
		}
		return copy_of(tables, i);
	}
	return table;
}

void tsr_tap_tables_update(struct tsr_tap_tables *tables, TsrMachine *m)
{
	restore(tables);
	put_taps(&tables->copies, tables->hub, m);
}
