/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Instances: made, used at random, reset, removed. */
#define _GNU_SOURCE
#include "check.h"

#include <dlfcn.h>
#include <fake-private.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compare.h"

#define ACCESSES 3000u
#define INFO_LINES_MAX 100u /* of a run: a guest's start may be reported, not each access */
#define CYCLES 60u
#define KINDS_OF_CYCLES 4u

void check_attach(const struct check *check)
{
	check_host_begin(check);
	for (unsigned i = 0; i < 2; i++) {
		check_host_start();
		check_phase("detach");
		fake_finish();
	}
}

void check_interfaces(const struct check *check)
{
	static const char *const unknown[] = { "", "tessera.nothing-of-that-name/1",
					       "tessera.block/99" };
	const char *const *provides = tsr_plugin_get_provides(check->plugin);
	void *device;

	check_host_begin(check);
	device = check_host_start();
	check_phase("get_interface");
	for (unsigned i = 0; provides[i]; i++) {
		const uint32_t *size = fake_device_interface(device, provides[i]);

		if (!size)
			check_fail("the manifest provides %s, and get_interface does not have it",
				   provides[i]);
		if (*size < 2 * sizeof(void *))
			check_fail("the table of %s does not begin with its size", provides[i]);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(unknown); i++)
		if (fake_device_interface(device, unknown[i]))
			check_fail("get_interface(\"%s\") is not NULL; it may only know what it "
				   "provides",
				   unknown[i]);
	fake_finish();
}

/* -- Two instances */

/* Random accesses to one instance's own ports and memory; no time passes, and nothing completes. */
static void access_own(struct fake_device *d, uint64_t *seed, unsigned count)
{
	struct tsr_region *own[64];
	unsigned regions = 0;

	for (struct tsr_region *r = fake.regions; r && regions < G_N_ELEMENTS(own); r = r->next)
		if (r->device == d && r->enabled && r->kind == FAKE_IO && r->length)
			own[regions++] = r;
	while (regions && count--) {
		const struct tsr_region *r = own[fake_random(seed) % regions];
		uint64_t at = r->base + fake_random(seed) % r->length,
			 value = fake_random(seed) >> fake_random(seed) % 64;
		unsigned width = 1u << fake_random(seed) % 3;

		if (r->ports && fake_random(seed) % 2)
			fake_port_write((uint16_t)at, (uint32_t)value, width);
		else if (r->ports)
			fake_port_read((uint16_t)at, width);
		else if (fake_random(seed) % 2)
			fake_mmio_write(at, value, width);
		else
			fake_mmio_read(at, width);
	}
}

static void hide(const struct fake_device *d)
{
	for (struct tsr_region *r = fake.regions; r; r = r->next)
		r->enabled = r->enabled && r->device != d;
}

void check_two_instances(const struct check *check)
{
	struct tsr_error error = { 0 };
	struct fake_state *before, *after;
	void *first, *second;
	uint64_t seed = 1;

	check_host_begin(check);
	first = check_host_start();
	second = check_host_second(&error);
	if (!second)
		check_skip("a machine can have one only: %s", error.message);
	before = fake_device_save(second);
	hide(fake_device_find(second));
	check_phase("an access to the first of two instances");
	access_own(fake_device_find(first), &seed, ACCESSES);
	fake_device_reset(first, TSR_RESET_POWER_ON);
	after = fake_device_save(second);
	if (!fake_state_same(before, after))
		check_fail("accesses to one instance changed another one's state");
	fake_state_free(before);
	fake_state_free(after);
	check_phase("detach of the first of two instances");
	fake_device_delete(first);
	check_phase("the second instance, after the first was removed");
	fake_device_reset(second, TSR_RESET_POWER_ON);
	fake_clock_advance(1000000000);
	fake_finish();
}

/* -- Random use */

void check_random(const struct check *check)
{
	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++) {
		uint64_t state = seed;

		check_host_start();
		compare_drive(&check_machine, &state, ACCESSES);
		check_phase("detach while timers and work are under way");
		fake_finish();
	}
}

/* A reset may not depend on what was before: two are as good as one. */
static void reset_twice(void *device, enum tsr_reset kind)
{
	struct fake_state *once, *twice;

	check_phase("reset");
	fake_device_reset(device, kind);
	check_host_settle();
	once = fake_device_save(device);
	fake_device_reset(device, kind);
	check_host_settle();
	twice = fake_device_save(device);
	if (!fake_state_same(once, twice))
		check_fail("a second reset, right after the first, changes the state again");
	fake_state_free(once);
	fake_state_free(twice);
	check_phase("an access after a reset");
}

void check_resets(const struct check *check)
{
	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++) {
		uint64_t state = seed;
		void *device = check_host_start();

		for (unsigned i = 0; i < 60; i++) {
			compare_drive(&check_machine, &state, (unsigned)(fake_random(&state) % 50));
			fake_device_reset(device, (enum tsr_reset)(fake_random(&state) % 3));
			if (i % 4 == 0)
				reset_twice(device, i % 8 ? TSR_RESET_HARD : TSR_RESET_POWER_ON);
		}
		fake_finish();
	}
}

/* -- What it says */

static off_t printed(void)
{
	struct stat status;

	fflush(NULL);
	return fstat(STDOUT_FILENO, &status) == 0 ? status.st_size : 0;
}

void check_log(const struct check *check)
{
	off_t before = printed();

	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++) {
		uint64_t state = seed;
		g_autofree char *first = NULL;
		unsigned mistakes;

		check_host_start();
		compare_drive(&check_machine, &state, ACCESSES);
		first = g_strndup(fake.log ? fake.log : "", fake.log ? strcspn(fake.log, "\n") : 0);
		mistakes = fake_log_count(TSR_LOG_ERROR) + fake_log_count(TSR_LOG_WARNING);
		if (mistakes)
			check_fail("random accesses made it log %u errors and warnings; what a "
				   "guest does "
				   "wrong is at most DEBUG: \"%s\"",
				   mistakes, first);
		if (fake_log_count(TSR_LOG_INFO) > INFO_LINES_MAX)
			check_fail("random accesses made it log %u lines: \"%s\"",
				   fake_log_count(TSR_LOG_INFO), first);
		fake_finish();
	}
	if (printed() != before)
		check_fail("it wrote to the terminal; use tessera.log/1");
}

/* -- What it leaves */

static unsigned count_entries(const char *path)
{
	g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
	unsigned count = 0;

	while (folder && g_dir_read_name(folder))
		count++;
	return count;
}

/* Few different ones, so that what the allocator keeps for itself stays the same. */
static void cycle(unsigned number)
{
	uint64_t seed = number % KINDS_OF_CYCLES;

	check_host_start();
	compare_drive(&check_machine, &seed, 30);
	check_host_settle();
	check_phase("detach");
	fake_finish();
}

/* A thread's end gives back what the allocator keeps for it; so the count below is exact. */
static gpointer run_cycles(gpointer data)
{
	for (unsigned number = 0; number < CYCLES; number++)
		cycle(number);
	return NULL;
}

static size_t allocated_after_cycles(void)
{
	struct mallinfo2 info;

	g_thread_join(g_thread_new("cycles", run_cycles, NULL));
	info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

/* What grows in the second and in the third round grows in each. */
void check_leaks(const struct check *check)
{
	unsigned files, threads;
	size_t first, second, third;

	mallopt(M_ARENA_MAX, 1);
	mallopt(M_MXFAST, 0);
	check_host_begin(check);
	first = allocated_after_cycles();
	files = count_entries("/proc/self/fd");
	threads = count_entries("/proc/self/task");
	second = allocated_after_cycles();
	if (count_entries("/proc/self/fd") > files)
		check_fail("%u descriptors are open after %u instances were removed",
			   count_entries("/proc/self/fd") - files, CYCLES);
	if (count_entries("/proc/self/task") > threads)
		check_fail("%u threads run after %u instances were removed",
			   count_entries("/proc/self/task") - threads, CYCLES);
	third = allocated_after_cycles();
	if (second >= first + CYCLES && third >= second + CYCLES)
		check_fail("each instance that is removed leaves %" G_GSIZE_FORMAT " bytes behind",
			   (third - second) / CYCLES);
}

void check_unload(const struct check *check)
{
	void *object;

	if (check->language)
		check_skip("it is a script");
	check_host_begin(check);
	cycle(1);
	check_phase("unloading");
	for (unsigned i = 0; i < 16; i++) {
		object = dlopen(check->library, RTLD_NOW | RTLD_NOLOAD);
		if (!object)
			return;
		dlclose(object);
		dlclose(object);
	}
	check_note("it stays loaded: a library that it uses, or a thread-local variable of C++, "
		   "holds it");
}

/* -- What it costs */

void check_cost(const struct check *check)
{
	struct tsr_region *region;
	gint64 begin, end;
	uint64_t sum = 0;

	check_host_begin(check);
	check_host_start();
	for (region = fake.regions; region; region = region->next)
		if (region->enabled && region->kind == FAKE_IO && region->ops->read)
			break;
	if (!region)
		check_skip("it has no registers");
	begin = g_get_monotonic_time();
	for (unsigned i = 0; i < 1000000; i++)
		sum += region->ops->read(region->self, 0,
					 region->ops->widths & -region->ops->widths);
	end = g_get_monotonic_time();
	check_note("a read of its register 0 takes %" G_GINT64_FORMAT " ns", (end - begin) / 1000);
	if (end - begin > 10 * G_USEC_PER_SEC)
		check_fail("a read takes more than 10 us (sum %" G_GUINT64_FORMAT ")", sum);
}
