/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random accesses, their log, and the comparison of two runs. */
#include "compare.h"

#include <fake-private.h>

#define LOG_ENTRIES 65536u
#define SHOWN_BEFORE 12u
#define RECENT_PLACES 4u
#define PORT_PLACE (1ull << 63)
#define SWEEP_BYTES 256u /* of a region */
#define SWEEP_NS_FIRST 1000u
#define SWEEP_NS_LAST 8000000000u

struct log {
	struct compare_entry entries[LOG_ENTRIES];
	unsigned count;
	uint64_t lines, requests, trace;
	uint64_t places[RECENT_PLACES]; /* of recent accesses, with PORT_PLACE for a port */
};

static struct log first_run, second_run, *run;

/* clang-format off */
static const char *const kind_names[] = {
	[LOG_PORT_READ] = "port read",       [LOG_PORT_WRITE] = "port write",
	[LOG_MEMORY_READ] = "memory read",   [LOG_MEMORY_WRITE] = "memory write",
	[LOG_CONFIG_READ] = "config read",   [LOG_CONFIG_WRITE] = "config write",
	[LOG_TIME] = "time",                 [LOG_WORK] = "work done",
	[LOG_RESET] = "reset",               [LOG_LINES] = "lines",
	[LOG_REQUESTS] = "requests",         [LOG_STIMULUS] = "from outside",
	[LOG_TRACE] = "DMA or lines",
};
/* clang-format on */

void compare_log(enum log_kind kind, unsigned width, uint64_t address, uint64_t value)
{
	if (run && run->count < LOG_ENTRIES)
		run->entries[run->count++] = (struct compare_entry){ kind, width, address, value };
}

void (*compare_before)(enum log_kind kind, unsigned width, uint64_t address, uint64_t value);

const char *compare_kind_name(unsigned kind)
{
	return kind < sizeof(kind_names) / sizeof(kind_names[0]) ? kind_names[kind] : NULL;
}

static void announce(enum log_kind kind, unsigned width, uint64_t address, uint64_t value)
{
	if (compare_before)
		compare_before(kind, width, address, value);
}

/* -- Accesses */

static struct tsr_region *random_region(uint64_t *seed)
{
	unsigned count = 0, pick;
	struct tsr_region *r;

	for (r = fake.regions; r; r = r->next)
		count += r->enabled && r->length;
	pick = count ? (unsigned)(fake_random(seed) % count) : 0;
	for (r = fake.regions; r; r = r->next)
		if (r->enabled && r->length && !pick--)
			return r;
	return NULL;
}

/* Any number of significant bits is as likely as any other. */
static uint64_t random_value(uint64_t *seed)
{
	return fake_random(seed) >> fake_random(seed) % 64;
}

/* Half of the accesses go where others went just before: registers of two bytes, and data after an
 * index. */
static uint64_t random_place(uint64_t *seed)
{
	struct tsr_region *r = random_region(seed);
	unsigned choice = (unsigned)(fake_random(seed) % (2 * RECENT_PLACES));
	uint64_t offset = fake_random(seed);

	if (choice >= RECENT_PLACES && r)
		run->places[choice - RECENT_PLACES] =
			(r->base + offset % r->length) | (r->ports ? PORT_PLACE : 0);
	return run->places[choice % RECENT_PLACES];
}

static void do_access(enum log_kind kind, unsigned width, uint64_t at, uint64_t value)
{
	announce(kind, width, at, value);
	if (kind == LOG_PORT_WRITE)
		fake_port_write((uint16_t)at, (uint32_t)value, width);
	else if (kind == LOG_PORT_READ)
		value = fake_port_read((uint16_t)at, width);
	else if (kind == LOG_MEMORY_WRITE)
		fake_mmio_write(at, value, width);
	else
		value = fake_mmio_read(at, width);
	compare_log(kind, width, at, value);
}

static void access_region(uint64_t *seed)
{
	uint64_t place = random_place(seed), value = random_value(seed);
	unsigned width =
		1u << fake_random(seed) % 4 % 3; /* bytes are as frequent as the others together */
	bool write = fake_random(seed) % 2, port = place & PORT_PLACE;

	do_access((port ? LOG_PORT_READ : LOG_MEMORY_READ) + write, width, place & ~PORT_PLACE,
		  value);
}

/* `at`: bdf << 8 | offset. */
static void do_config(enum log_kind kind, unsigned width, unsigned at, uint64_t value)
{
	announce(kind, width, at, value);
	if (kind == LOG_CONFIG_WRITE)
		fake_pci_write(at >> 8, at & 0xff, (uint32_t)value, width);
	else
		value = fake_pci_read(at >> 8, at & 0xff, width);
	compare_log(kind, width, at, value);
}

static bool random_function(uint64_t *seed, unsigned *bdf)
{
	unsigned found[256], count = 0;

	for (unsigned i = 0; i < 256; i++)
		if (fake_pci_read(i, 0, 2) != 0xffff)
			found[count++] = i;
	if (count)
		*bdf = found[fake_random(seed) % count];
	return count > 0;
}

static void access_config(uint64_t *seed)
{
	unsigned width = 1u << fake_random(seed) % 3, offset, bdf;
	uint64_t value = random_value(seed);
	bool write = fake_random(seed) % 2, enable = fake_random(seed) % 3 == 0;

	if (!random_function(seed, &bdf))
		return;
	offset = (unsigned)(fake_random(seed) % 256) & ~(width - 1);
	do_config(LOG_CONFIG_READ + write, width, bdf << 8 | offset, value);
	if (write && enable)
		fake_pci_enable(bdf);
}

static void pass_time(uint64_t *seed)
{
	uint64_t ns = fake_random(seed) >> (32 + fake_random(seed) % 30);

	announce(LOG_TIME, 0, 0, ns);
	fake_clock_advance(ns);
	compare_log(LOG_TIME, 0, 0, fake_clock_now());
}

static void reset_all(enum tsr_reset kind)
{
	announce(LOG_RESET, 0, 0, kind);
	for (unsigned i = 0; i < fake.device_count; i++)
		fake_device_reset(fake.devices[i]->self, kind);
	compare_log(LOG_RESET, 0, 0, kind);
}

static void reset_one(uint64_t *seed)
{
	static const enum tsr_reset kinds[] = { TSR_RESET_HARD, TSR_RESET_SOFT,
						TSR_RESET_POWER_ON };

	reset_all(kinds[fake_random(seed) % 3]);
}

static void do_work(void)
{
	announce(LOG_WORK, 0, 0, 0);
	fake_workers_run();
	compare_log(LOG_WORK, 0, 0, 0);
}

/* -- Observations after each access */

static void observe(void)
{
	uint64_t lines = 0, requests;

	for (struct fake_line *line = fake.lines; line; line = line->next)
		lines = lines << 1 | (line->level != 0);
	lines = fake_pci_lines(lines);
	if (lines != run->lines)
		compare_log(LOG_LINES, 0, 0, lines);
	run->lines = lines;
	requests = (uint64_t)fake.requests.power_offs << 40 | (uint64_t)fake.requests.resets << 20 |
		   fake.requests.stops;
	if (requests != run->requests)
		compare_log(LOG_REQUESTS, (unsigned)fake.requests.reset_kind,
			    (uint64_t)fake.requests.exit_status, requests);
	run->requests = requests;
	if (fake.trace != run->trace)
		compare_log(LOG_TRACE, 0, 0, fake.trace);
	run->trace = fake.trace;
}

static void step(const struct compare_machine *machine, uint64_t *seed)
{
	uint64_t choice = fake_random(seed) % 256;

	if (choice < 150)
		access_region(seed);
	else if (choice < 165)
		access_config(seed);
	else if (choice < 205)
		pass_time(seed);
	else if (choice < 215)
		do_work();
	else if (choice < 216)
		reset_one(seed);
	else if (machine->stimulate) {
		announce(LOG_STIMULUS, 0, 0, 0);
		machine->stimulate(seed);
	}
	observe();
}

/* -- Runs */

static void settle(const struct compare_machine *machine)
{
	if (machine->settle)
		machine->settle();
	fake_workers_run();
	observe();
}

static bool reload(const struct compare_machine *machine)
{
	struct fake_snapshot *snapshot = fake_machine_save();
	struct tsr_error error = { 0 };
	bool good;

	fake_start();
	machine->make();
	good = fake_machine_load(snapshot, &error);
	if (!good)
		printf("the state is refused: %s\n", error.message);
	fake_snapshot_free(snapshot);
	return good;
}

/* -- What shows most of a state at once */

static void read_region(const struct tsr_region *r)
{
	uint64_t length = r->length < SWEEP_BYTES ? r->length : SWEEP_BYTES;

	for (uint64_t at = r->base; at < r->base + length; at++) {
		enum log_kind kind = r->ports ? LOG_PORT_READ : LOG_MEMORY_READ;

		announce(kind, 1, at, 0);
		compare_log(kind, 1, at,
			    r->ports ? fake_port_read((uint16_t)at, 1) : fake_mmio_read(at, 1));
	}
}

static void read_everything(void)
{
	for (struct tsr_region *r = fake.regions; r; r = r->next)
		if (r->enabled)
			read_region(r);
}

/* Timers of a microsecond and of seconds show themselves. */
static void let_time_pass(void)
{
	for (uint64_t ns = SWEEP_NS_FIRST; ns < SWEEP_NS_LAST; ns *= 2) {
		fake_clock_advance(ns);
		observe();
		compare_log(LOG_TIME, 0, 0, fake_clock_now());
	}
}

/* Of four runs, one goes on as it was, the others look first. */
static void sweep(uint64_t seed)
{
	if (seed % 4 == 1)
		read_everything();
	if (seed % 4 == 2)
		let_time_pass();
	if (seed % 4 == 3) {
		let_time_pass();
		read_everything();
	}
	observe();
}

/* NULL: the state could not be loaded. */
static struct fake_snapshot *run_once(const struct compare_machine *machine, uint64_t seed,
				      unsigned accesses, bool with_reload)
{
	uint64_t number = seed;
	unsigned middle = accesses / 4 + (unsigned)(fake_random(&seed) % (accesses / 2));
	struct fake_snapshot *end = NULL;
	bool good = true;

	memset(run, 0, sizeof(*run));
	machine->start();
	fake_start();
	machine->make();
	for (unsigned i = 0; good && i < accesses; i++) {
		if (i == middle) {
			settle(machine);
			good = !with_reload || reload(machine);
			compare_log(LOG_WORK, 1, 0, 0);
			if (good)
				sweep(number);
		}
		if (good)
			step(machine, &seed);
	}
	if (good) {
		settle(machine);
		end = fake_machine_save();
	}
	fake_finish();
	if (machine->finish)
		machine->finish();
	return end;
}

static void print_entry(const struct compare_entry *e)
{
	printf("  %-12s width %u at %llx: %llx\n",
	       e->kind == LOG_WORK && e->width ? "SAVE, LOAD" : kind_names[e->kind], e->width,
	       (unsigned long long)e->address, (unsigned long long)e->value);
}

static bool same_logs(bool with_reload)
{
	unsigned at = 0, from;

	while (at < first_run.count && at < second_run.count &&
	       memcmp(&first_run.entries[at], &second_run.entries[at],
		      sizeof(struct compare_entry)) == 0)
		at++;
	if (at == first_run.count && at == second_run.count)
		return true;
	from = at > SHOWN_BEFORE ? at - SHOWN_BEFORE : 0;
	for (unsigned i = from; i < at; i++)
		print_entry(&first_run.entries[i]);
	printf(with_reload ? "without a save and a load:\n" : "first run:\n");
	print_entry(&first_run.entries[at]);
	printf(with_reload ? "with a save and a load:\n" : "second run:\n");
	print_entry(&second_run.entries[at]);
	return false;
}

static bool compare_two(const struct compare_machine *machine, uint64_t seed, unsigned accesses,
			bool with_reload)
{
	struct fake_snapshot *first, *second;
	bool same;

	run = &first_run;
	first = run_once(machine, seed, accesses, false);
	run = &second_run;
	second = run_once(machine, seed, accesses, with_reload);
	same = first && second && same_logs(with_reload) && fake_snapshot_same(first, second);
	if (first)
		fake_snapshot_free(first);
	if (second)
		fake_snapshot_free(second);
	return same;
}

bool compare_runs(const struct compare_machine *machine, uint64_t seed, unsigned accesses)
{
	return compare_two(machine, seed, accesses, true);
}

bool compare_repeat(const struct compare_machine *machine, uint64_t seed, unsigned accesses)
{
	return compare_two(machine, seed, accesses, false);
}

void compare_drive(const struct compare_machine *machine, uint64_t *seed, unsigned accesses)
{
	run = &first_run;
	memset(run, 0, sizeof(*run));
	while (accesses--)
		step(machine, seed);
}

/* -- A run that can be repeated access by access */

void compare_begin(void)
{
	run = &first_run;
	memset(run, 0, sizeof(*run));
}

const struct compare_entry *compare_entries(unsigned *count)
{
	*count = first_run.count;
	return first_run.entries;
}

void compare_look(const struct compare_machine *machine, uint64_t seed, unsigned accesses)
{
	struct compare_machine alone = *machine;

	alone.stimulate = NULL;
	compare_begin();
	read_everything();
	let_time_pass();
	read_everything();
	while (accesses--)
		step(&alone, &seed);
}

void compare_play(const struct compare_machine *machine, const struct compare_entry *action)
{
	switch (action->kind) {
	case LOG_PORT_READ:
	case LOG_PORT_WRITE:
	case LOG_MEMORY_READ:
	case LOG_MEMORY_WRITE:
		do_access(action->kind, action->width, action->address, action->value);
		break;
	case LOG_CONFIG_READ:
	case LOG_CONFIG_WRITE:
		do_config(action->kind, action->width, (unsigned)action->address, action->value);
		break;
	case LOG_TIME:
		announce(LOG_TIME, 0, 0, action->value);
		fake_clock_advance_to(action->value);
		compare_log(LOG_TIME, 0, 0, fake_clock_now());
		break;
	case LOG_WORK:
		if (machine->settle)
			machine->settle();
		do_work();
		break;
	case LOG_RESET:
		reset_all((enum tsr_reset)action->value);
		break;
	default:
		return;
	}
	observe();
}
