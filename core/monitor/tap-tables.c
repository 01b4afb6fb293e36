/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See tap-tables.h. A table has one copy for all instances of a machine; while one of them is
 * recorded, the functions of the others pass through its taps, too.
 */
#include "monitor/tap-tables.h"

#include <string.h>

#include "board/memory-host.h"
#include "board/pci-bus.h"
#include "instance/instance.h"
#include "instance/lock.h"
#include "monitor/parts.h"
#include "monitor/recorder.h"
#include "run/host-clock.h"
#include "run/timekeeper.h"
#include "run/timers.h"
#include "run/worker.h"

#define MEMORY "memory"
#define INTX "intx"

struct tsr_tap_tables {
	struct tsr_hub *hub;
	struct tsr_dma dma;
	struct tsr_pci pci;
	/* Only recordings have taps in these. */
	struct tsr_clock clock;
	struct tsr_worker worker;
	struct tsr_properties properties;
	struct tsr_random random;
	struct tsr_bus bus;
	struct tsr_machine_table machine;
	/* What they are copies of, by order of `copies`. */
	const void *inner[8];
};

enum { DMA, PCI, CLOCK, WORKER, PROPERTIES, RANDOM, BUS, MACHINE };

/* clang-format off */
#define COPY(type, member) offsetof(struct tsr_tap_tables, member), sizeof(struct type)
static const struct {
	const char *name;
	size_t offset, size;
} copies[] = {
	[DMA] = { TSR_DMA, COPY(tsr_dma, dma) },
	[PCI] = { TSR_PCI, COPY(tsr_pci, pci) },
	[CLOCK] = { TSR_CLOCK, COPY(tsr_clock, clock) },
	[WORKER] = { TSR_WORKER, COPY(tsr_worker, worker) },
	[PROPERTIES] = { TSR_PROPERTIES, COPY(tsr_properties, properties) },
	[RANDOM] = { TSR_RANDOM, COPY(tsr_random, random) },
	[BUS] = { TSR_BUS, COPY(tsr_bus, bus) },
	[MACHINE] = { TSR_MACHINE, COPY(tsr_machine_table, machine) },
};
/* clang-format on */

/* What a table of this instance's machine is a copy of. */
static const void *inner_of(const TsrInstance *instance, unsigned table)
{
	return instance->machine->taps->tables->inner[table];
}

#define INNER(instance, type, table) ((const struct type *)inner_of(instance, table))

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

static void record_dma(const struct tsr_host *host, enum tsr_recording_kind kind, tsr_gpa at,
		       const void *data, uint64_t length, bool good)
{
	tsr_recorder_call(recorder_of(tsr_instance_of(host)),
			  (struct tsr_recording_event){ .kind = kind,
							.values = { at, length, good },
							.data = data,
							.length = (size_t)length });
}

static bool tapped_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	bool good;

	tell_dma(host, TSR_MONITOR_READ, from, length);
	good = tsr_dma_table.read(host, from, to, length);
	record_dma(host, TSR_RECORDING_DMA_READ, from, to, length, good);
	return good;
}

static bool tapped_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	bool good;

	tell_dma(host, TSR_MONITOR_WRITE, to, length);
	good = tsr_dma_table.write(host, to, from, length);
	record_dma(host, TSR_RECORDING_DMA_WRITE, to, from, length, good);
	return good;
}

/* What goes through a pointer would be missing in a recording, so there is none meanwhile. */
static void *tapped_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	void *mapped;

	if (recorder_of(tsr_instance_of(host)))
		return NULL;
	mapped = tsr_dma_table.map(host, at, length, for_write);
	if (mapped)
		tell_dma(host, for_write ? TSR_MONITOR_MAP_WRITE : TSR_MONITOR_MAP_READ, at,
			 *length);
	return mapped;
}

static void tapped_written(const struct tsr_host *host, tsr_gpa at, uint64_t length)
{
	tell_dma(host, TSR_MONITOR_WROTE, at, length);
	tsr_dma_table.written(host, at, length);
}

/* -- Interrupt pins */

static void record_function(struct tsr_pci_function *f, const TsrInstance *owner,
			    enum tsr_recording_kind kind, int level)
{
	struct tsr_recorder *recorder = recorder_of(owner);

	if (recorder)
		tsr_recorder_call(recorder,
				  (struct tsr_recording_event){
					  .kind = kind,
					  .object = tsr_recorder_find_function(recorder, f),
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

static void tapped_set_intx(struct tsr_pci_function *f, int level)
{
	tell_intx(f, level != 0, false);
	tsr_pci_table.set_intx(f, level);
}

static void tapped_reset(struct tsr_pci_function *f)
{
	const TsrInstance *owner;
	unsigned pin;

	tsr_pci_function_get_intx(f, &pin, &owner);
	record_function(f, owner, TSR_RECORDING_PCI_RESET, 0);
	tell_intx(f, 0, true);
	tsr_pci_table.reset(f);
}

/* -- Clock */

static void record_value(const TsrInstance *instance, enum tsr_recording_kind kind, uint64_t value)
{
	tsr_recorder_call(recorder_of(instance),
			  (struct tsr_recording_event){ .kind = kind, .values = { value } });
}

static uint64_t tapped_now(const struct tsr_host *host)
{
	uint64_t now = tsr_clock_table.now(host);

	record_value(tsr_instance_of(host), TSR_RECORDING_NOW, now);
	return now;
}

static uint64_t tapped_wall(const struct tsr_host *host)
{
	uint64_t wall = tsr_clock_table.wall(host);

	record_value(tsr_instance_of(host), TSR_RECORDING_WALL, wall);
	return wall;
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
				.object = tsr_recorder_find_timer(recorder, timer),
				.values = { is_cancel ? 0 : deadline_ns } });
}

static void tapped_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	record_timer(timer, deadline_ns);
	tsr_clock_table.arm(timer, deadline_ns);
}

static void tapped_cancel(struct tsr_timer *timer)
{
	record_timer(timer, UINT64_MAX);
	tsr_clock_table.cancel(timer);
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

static void tapped_submit(const struct tsr_host *host, void (*work)(void *job),
			  void (*done)(void *job), void *job, bool ordered)
{
	const TsrInstance *instance = tsr_instance_of(host);
	struct tsr_recorder *recorder = recorder_of(instance);
	struct tapped_job *t;

	if (!recorder) {
		tsr_worker_table.submit(host, work, done, job, ordered);
		return;
	}
	t = g_new0(struct tapped_job, 1);
	*t = (struct tapped_job){ instance, work, done, job, tsr_recorder_number(recorder) };
	record_value(instance, TSR_RECORDING_SUBMIT, t->number);
	tsr_worker_table.submit(host, work ? work_tapped : NULL, done_tapped, t, ordered);
}

static void tapped_drain(const struct tsr_host *host)
{
	record_value(tsr_instance_of(host), TSR_RECORDING_DRAIN, 0);
	tsr_worker_table.drain(host);
}

/* -- What else a device asks for */

static void tapped_fill(const struct tsr_host *host, void *to, size_t length)
{
	const TsrInstance *instance = tsr_instance_of(host);

	INNER(instance, tsr_random, RANDOM)->fill(host, to, length);
	tsr_recorder_call(recorder_of(instance),
			  (struct tsr_recording_event){ .kind = TSR_RECORDING_RANDOM,
							.values = { length },
							.data = to,
							.length = length });
}

static void tapped_set_string(const struct tsr_host *host, const char *name, const char *value)
{
	if (name && value)
		tsr_recorder_call_text(recorder_of(tsr_instance_of(host)), TSR_RECORDING_SET, name,
				       value);
	tsr_properties_table.set_string(host, name, value);
}

static void tapped_set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	tapped_set_string(host, name, text);
}

static void tapped_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	const TsrInstance *instance = tsr_instance_of(host);

	if (event)
		tsr_recorder_call_text(recorder_of(instance), TSR_RECORDING_EMIT, event,
				       detail ? detail : "");
	INNER(instance, tsr_bus, BUS)->emit(host, event, detail);
}

static void tapped_power_off(const struct tsr_host *host)
{
	const TsrInstance *instance = tsr_instance_of(host);

	record_value(instance, TSR_RECORDING_POWER_OFF, 0);
	INNER(instance, tsr_machine_table, MACHINE)->power_off(host);
}

static void tapped_machine_reset(const struct tsr_host *host, int kind)
{
	const TsrInstance *instance = tsr_instance_of(host);

	record_value(instance, TSR_RECORDING_MACHINE_RESET, (uint64_t)kind);
	INNER(instance, tsr_machine_table, MACHINE)->reset(host, kind);
}

static void tapped_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	const TsrInstance *instance = tsr_instance_of(host);

	record_value(instance, TSR_RECORDING_STOP, (uint64_t)exit_status);
	INNER(instance, tsr_machine_table, MACHINE)->stop(host, exit_status, why);
}

/* -- Copies */

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
	return (char *)tables + copies[i].offset;
}

/* Functions that a tap can stand for are as they were. Other threads read some of them, so what
 * does not change is not written. */
static void restore(struct tsr_tap_tables *tables)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(copies); i++)
		if (tables->inner[i] &&
		    memcmp(copy_of(tables, i), tables->inner[i], copies[i].size) != 0)
			memcpy(copy_of(tables, i), tables->inner[i], copies[i].size);
}

const void *tsr_tap_tables_find(struct tsr_tap_tables *tables, const char *name, const void *table)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(copies); i++) {
		if (strcmp(copies[i].name, name) != 0)
			continue;
		if (!tables->inner[i]) {
			tables->inner[i] = table;
			memcpy(copy_of(tables, i), table, copies[i].size);
		}
		return copy_of(tables, i);
	}
	return table;
}

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

static void record(struct tsr_tap_tables *tables)
{
	tables->clock.now = tapped_now;
	tables->clock.wall = tapped_wall;
	tables->clock.arm = tapped_arm;
	tables->clock.cancel = tapped_cancel;
	tables->worker.submit = tapped_submit;
	tables->worker.drain = tapped_drain;
	tables->random.fill = tapped_fill;
	tables->properties.set_string = tapped_set_string;
	tables->properties.set_int = tapped_set_int;
	tables->bus.emit = tapped_emit;
	tables->machine.power_off = tapped_power_off;
	tables->machine.reset = tapped_machine_reset;
	tables->machine.stop = tapped_stop;
}

void tsr_tap_tables_update(struct tsr_tap_tables *tables, TsrMachine *m)
{
	bool recorded = tsr_hub_get_recorder(tables->hub);

	restore(tables);
	if (recorded)
		record(tables);
	if (recorded || wants(tables->hub, m, TSR_MONITOR_DMA, MEMORY)) {
		tables->dma.read = tapped_read;
		tables->dma.write = tapped_write;
		tables->dma.map = tapped_map;
		tables->dma.written = tapped_written;
	}
	if (recorded || wants(tables->hub, m, TSR_MONITOR_IRQ, INTX)) {
		tables->pci.set_intx = tapped_set_intx;
		tables->pci.reset = tapped_reset;
	}
}
