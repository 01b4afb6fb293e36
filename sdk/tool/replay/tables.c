/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The host tables of a replay. They are the fake host's, but for what a recording has: that is
 * compared with it, and answered from it.
 */
#include "replay.h"

#include <stdio.h>

#define EVENT(...) ((struct tsr_recording_event){ __VA_ARGS__ })

/* FALSE: too many things of a kind. */
static void check_room(unsigned count, const char *what)
{
	if (count >= REPLAY_THINGS)
		check_skip("a plugin with more than %u %s cannot be replayed", REPLAY_THINGS, what);
}

/* -- Regions */

static struct tsr_region *note_region(const char *name, struct tsr_region *region)
{
	struct replay_region *r = &replay.regions[replay.region_count];

	if (!region)
		return NULL;
	check_room(replay.region_count, "regions");
	r->region = region;
	g_strlcpy(r->name, name, sizeof(r->name));
	replay.region_count++;
	return region;
}

static struct tsr_region *io_claim(const struct tsr_host *host, const char *name,
				   const struct tsr_io_ops *ops, void *self,
				   struct tsr_error *error)
{
	return note_region(name, fake_io_table.claim(host, name, ops, self, error));
}

static struct tsr_region *io_claim_ports(const struct tsr_host *host, const char *name,
					 uint16_t base, unsigned length,
					 const struct tsr_io_ops *ops, void *self,
					 struct tsr_error *error)
{
	return note_region(name,
			   fake_io_table.claim_ports(host, name, base, length, ops, self, error));
}

static struct tsr_region *memory_map_io(const struct tsr_host *host, const char *name, tsr_gpa base,
					uint64_t length, int priority, unsigned flags,
					const struct tsr_io_ops *ops, void *self,
					struct tsr_error *error)
{
	return note_region(name, fake_memory_table.map_io(host, name, base, length, priority, flags,
							  ops, self, error));
}

/* -- PCI */

static struct tsr_pci_function *note_function(struct tsr_pci_function *function,
					      const struct tsr_pci_ops *ops, void *self)
{
	if (!function)
		return NULL;
	check_room(replay.function_count, "functions of PCI");
	replay.functions[replay.function_count++] =
		(struct replay_function){ .function = function, .ops = ops, .self = self };
	return function;
}

static struct tsr_pci_function *pci_add(const struct tsr_host *host, const struct tsr_pci_id *id,
					const struct tsr_pci_ops *ops, void *self,
					struct tsr_error *error)
{
	return note_function(fake_pci_table.add(host, id, ops, self, error), ops, self);
}

static struct tsr_pci_function *pci_add_at(const struct tsr_host *host, unsigned device,
					   unsigned function, const struct tsr_pci_id *id,
					   const struct tsr_pci_ops *ops, void *self,
					   struct tsr_error *error)
{
	return note_function(fake_pci_fixed_table.add(host, device, function, id, ops, self, error),
			     ops, self);
}

static bool pci_bar_io(struct tsr_pci_function *f, unsigned bar, enum tsr_pci_bar_kind kind,
		       uint32_t length, const struct tsr_io_ops *ops, void *self,
		       struct tsr_error *error)
{
	char name[8];

	if (!fake_pci_table.bar_io(f, bar, kind, length, ops, self, error))
		return false;
	snprintf(name, sizeof(name), "bar%u", bar & 7);
	note_region(name, fake.regions); /* the youngest is the first */
	return true;
}

static unsigned number_of(const struct tsr_pci_function *f)
{
	unsigned i = 0;

	while (i < replay.function_count && replay.functions[i].function != f)
		i++;
	return i;
}

static void pci_set_intx(struct tsr_pci_function *f, int level)
{
	unsigned number = number_of(f);
	struct replay_function *function = &replay.functions[number];

	level = level != 0;
	if (function->level == level)
		return;
	function->level = level;
	if (replay.plays)
		replay_expect(EVENT(.kind = TSR_RECORDING_INTX, .object = number,
				    .values = { (uint64_t)level }));
}

static void pci_reset(struct tsr_pci_function *f)
{
	unsigned number = number_of(f);

	if (replay.plays)
		replay_expect(EVENT(.kind = TSR_RECORDING_PCI_RESET, .object = number));
	replay.functions[number].level = 0;
	fake_pci_table.reset(f);
}

/* -- Lines */

static void line_set(void *to, int level)
{
	struct replay_line *line = to;

	level = level != 0;
	if (line->level == level)
		return;
	line->level = level;
	if (replay.plays)
		replay_expect(EVENT(.kind = TSR_RECORDING_LINE, .object = line->number,
				    .values = { (uint64_t)level }));
}

static const struct tsr_irq *irq_get(const struct tsr_host *host, const char *name)
{
	struct replay_line *line;

	for (unsigned i = 0; i < replay.line_count; i++)
		if (strcmp(replay.lines[i].name, name) == 0)
			return &replay.lines[i].irq;
	check_room(replay.line_count, "lines");
	line = &replay.lines[replay.line_count++];
	line->irq = (struct tsr_irq){ line_set, line };
	line->number = UINT64_MAX;
	g_strlcpy(line->name, name, sizeof(line->name));
	return &line->irq;
}

/* -- Memory. Nothing is mapped, as while it was recorded. */

static bool dma_read(const struct tsr_host *host, tsr_gpa from, void *to, uint64_t length)
{
	struct tsr_recording_event e;

	if (!replay.plays)
		return fake_dma_table.read(host, from, to, length);
	e = replay_expect(EVENT(.kind = TSR_RECORDING_DMA_READ, .values = { from, length, true }));
	memcpy(to, e.data, MIN(e.length, length));
	return e.values[2];
}

static bool dma_write(const struct tsr_host *host, tsr_gpa to, const void *from, uint64_t length)
{
	if (!replay.plays)
		return fake_dma_table.write(host, to, from, length);
	return replay_expect(EVENT(.kind = TSR_RECORDING_DMA_WRITE, .values = { to, length, true },
				   .data = from, .length = length))
		.values[2];
}

static void *dma_map(const struct tsr_host *host, tsr_gpa at, uint64_t *length, bool for_write)
{
	return NULL;
}

/* -- Time */

static uint64_t clock_now(const struct tsr_host *host)
{
	return replay_soft(TSR_RECORDING_NOW, replay.now_ns);
}

static uint64_t clock_wall(const struct tsr_host *host)
{
	return replay_soft(TSR_RECORDING_WALL, replay.wall);
}

static uint64_t clock_wall_ns(const struct tsr_host *host)
{
	return replay_soft(TSR_RECORDING_WALL_NS, replay.wall * 1000000000);
}

/* The device's other timers keep their numbers. */
static void timer_free(struct tsr_timer *timer)
{
	if (timer)
		timer->deadline = UINT64_MAX;
}

static struct tsr_timer *timer_new(const struct tsr_host *host,
				   void (*expired)(void *self, uint64_t deadline_ns), void *self)
{
	struct tsr_timer *timer = &replay.timers[replay.timer_count];

	check_room(replay.timer_count, "timers");
	replay.timer_count++;
	*timer = (struct tsr_timer){ expired, self, UINT64_MAX };
	return timer;
}

static void timer_arm(struct tsr_timer *timer, uint64_t deadline_ns)
{
	bool is_cancel = deadline_ns == UINT64_MAX;

	if (timer->deadline == deadline_ns)
		return;
	timer->deadline = deadline_ns;
	if (replay.plays)
		replay_expect(EVENT(.kind = is_cancel ? TSR_RECORDING_CANCEL : TSR_RECORDING_ARM,
				    .object = (uint64_t)(timer - replay.timers),
				    .values = { is_cancel ? 0 : deadline_ns }));
}

static void timer_cancel(struct tsr_timer *timer)
{
	timer_arm(timer, UINT64_MAX);
}

/* -- Workers: the work is done at once, and `done` when it was */

struct job {
	struct job *next;
	void (*done)(void *job);
	void *job;
	uint64_t number;
};

static struct job *jobs;

static void worker_submit(const struct tsr_host *host, void (*work)(void *job),
			  void (*done)(void *job), void *data, bool ordered)
{
	struct job *job;

	if (!replay.plays) /* a load, which the saved device has not gone through */
		check_skip("a plugin that starts jobs while it loads cannot be replayed");
	job = g_new0(struct job, 1);
	if (work)
		work(data);
	*job = (struct job){ jobs, done, data, 0 };
	jobs = job;
	job->number = replay_expect(EVENT(.kind = TSR_RECORDING_SUBMIT)).values[0];
}

void replay_job_done(uint64_t number)
{
	for (struct job **at = &jobs; *at; at = &(*at)->next) {
		struct job *job = *at;

		if (job->number != number)
			continue;
		*at = job->next;
		if (job->done)
			job->done(job->job);
		g_free(job);
		return;
	}
	replay_differ("a job that was submitted", "the plugin has not submitted it");
}

static void worker_drain(const struct tsr_host *host)
{
	if (replay.plays)
		replay_expect(EVENT(.kind = TSR_RECORDING_DRAIN));
}

static unsigned worker_watch(const struct tsr_host *host, int fd, short events,
			     void (*ready)(void *self, short revents), void *self)
{
	check_skip("a plugin that watches descriptors of the host cannot be replayed");
}

/* -- What else it asks for */

static void random_fill(const struct tsr_host *host, void *to, size_t length)
{
	struct tsr_recording_event e;

	memset(to, 0, length);
	if (!replay.plays)
		return;
	e = replay_expect(EVENT(.kind = TSR_RECORDING_RANDOM, .values = { length }));
	memcpy(to, e.data, MIN(e.length, length));
}

static void expect_text(enum tsr_recording_kind kind, const char *name, const char *value)
{
	g_autoptr(GByteArray) data = g_byte_array_new();

	g_byte_array_append(data, (const guint8 *)name, (guint)strlen(name) + 1);
	g_byte_array_append(data, (const guint8 *)value, (guint)strlen(value));
	if (replay.plays)
		replay_expect(EVENT(.kind = kind, .data = data->data, .length = data->len));
}

static void set_string(const struct tsr_host *host, const char *name, const char *value)
{
	expect_text(TSR_RECORDING_SET, name, value);
	fake_properties_table.set_string(host, name, value);
}

static void set_int(const struct tsr_host *host, const char *name, int64_t value)
{
	g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);

	set_string(host, name, text);
}

static void set_bool(const struct tsr_host *host, const char *name, bool value)
{
	set_string(host, name, value ? "true" : "false");
}

static void bus_emit(const struct tsr_host *host, const char *event, const char *detail)
{
	expect_text(TSR_RECORDING_EMIT, event, detail ? detail : "");
}

static void expect_value(enum tsr_recording_kind kind, uint64_t value)
{
	if (replay.plays)
		replay_expect(EVENT(.kind = kind, .values = { value }));
}

static void machine_power_off(const struct tsr_host *host)
{
	expect_value(TSR_RECORDING_POWER_OFF, 0);
}

static void machine_reset(const struct tsr_host *host, int kind)
{
	expect_value(TSR_RECORDING_MACHINE_RESET, (uint64_t)kind);
}

static void machine_stop(const struct tsr_host *host, int exit_status, const char *why)
{
	expect_value(TSR_RECORDING_STOP, (uint64_t)exit_status);
}

/* -- The tables */

void replay_tables_begin(void)
{
	static struct tsr_io io;
	static struct tsr_memory memory;
	static struct tsr_pci pci;
	static struct tsr_dma dma;
	static struct tsr_properties properties;
	static struct tsr_bus bus;
	static struct tsr_clock clock = {
		sizeof(clock), 0,          clock_now,     timer_new, timer_arm,
		timer_cancel,  clock_wall, clock_wall_ns, timer_free
	};
	static const struct tsr_pci_fixed pci_fixed = { sizeof(pci_fixed), 0, pci_add_at };
	static const struct tsr_irq_table irq = { sizeof(irq), 0, irq_get };
	static const struct tsr_random random = { sizeof(random), 0, random_fill };
	static const struct tsr_worker worker = { .size = sizeof(worker),
						  .submit = worker_submit,
						  .drain = worker_drain,
						  .watch = worker_watch };
	static const struct tsr_machine_table machine = { sizeof(machine), 0, machine_power_off,
							  machine_reset, machine_stop };

	io = fake_io_table;
	io.claim = io_claim;
	io.claim_ports = io_claim_ports;
	memory = fake_memory_table;
	memory.map_io = memory_map_io;
	pci = fake_pci_table;
	pci.add = pci_add;
	pci.add_at = pci_add_at; /* for older plugins */
	pci.bar_io = pci_bar_io;
	pci.set_intx = pci_set_intx;
	pci.reset = pci_reset;
	dma = fake_dma_table;
	dma.read = dma_read;
	dma.write = dma_write;
	dma.map = dma_map;
	properties = fake_properties_table;
	properties.set_string = set_string;
	properties.set_int = set_int;
	properties.set_bool = set_bool;
	bus = fake_bus_table;
	bus.emit = bus_emit;
	fake_host_table(TSR_IO, &io);
	fake_host_table(TSR_MEMORY, &memory);
	fake_host_table(TSR_PCI, &pci);
	fake_host_table(TSR_PCI_FIXED, &pci_fixed);
	fake_host_table(TSR_DMA, &dma);
	fake_host_table(TSR_PROPERTIES, &properties);
	fake_host_table(TSR_BUS, &bus);
	fake_host_table(TSR_CLOCK, &clock);
	fake_host_table(TSR_IRQ, &irq);
	fake_host_table(TSR_RANDOM, &random);
	fake_host_table(TSR_WORKER, &worker);
	fake_host_table(TSR_MACHINE, &machine);
}
