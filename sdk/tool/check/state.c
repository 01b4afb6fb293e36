/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved states: the same after a load, damaged, and in the middle of a run. */
#include "check.h"

#include <fake-private.h>
#include <stdlib.h>

#include "compare.h"

#define ACCESSES 1200u
#define ROUND_TRIPS 30u /* of a seed */
#define DAMAGES 25u     /* of a seed */

/* -- Round trips */

/* The configuration space belongs to the core, which saves it; a device's reset clears it. */
static bool round_trip(void *device)
{
	uint8_t *pci = fake_pci_put();
	bool same;

	check_phase("save, reset and load");
	same = fake_device_round_trip(device);
	if (pci)
		fake_pci_get(pci);
	free(pci);
	check_phase("an access after a load");
	return same;
}

void check_round_trip(const struct check *check)
{
	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++) {
		uint64_t state = seed;
		void *device = check_host_start();

		for (unsigned i = 0; i < ROUND_TRIPS; i++) {
			compare_drive(&check_machine, &state, (unsigned)(fake_random(&state) % 60));
			check_host_settle();
			if (!round_trip(device))
				check_fail("a state that was saved, loaded and saved again is "
					   "another one");
		}
		fake_finish();
	}
}

/* -- Damaged states */

/* Numbers and bytes at random, or a field that is missing. */
static void damage(struct fake_state *saved, uint64_t *seed)
{
	if (fake_random(seed) % 4)
		fake_state_scramble(saved, fake_random(seed));
	else
		fake_state_remove(saved, fake_state_path(saved, (unsigned)fake_random(seed)));
}

/* Whether the state was taken: the machine may go on. */
static bool load_damaged(const struct check *check, void *device, uint64_t *seed)
{
	struct fake_state *saved = fake_device_save(device);
	unsigned oldest = tsr_plugin_get_state_oldest(check->plugin),
		 newest = tsr_plugin_get_state_version(check->plugin);
	uint32_t version = fake_random(seed) % 4 ? newest : oldest;
	struct tsr_error error = { 0 };
	bool taken;

	damage(saved, seed);
	check_phase("the load of a damaged state");
	taken = fake_device_load(device, saved, version, &error);
	if (!taken && !error.message[0])
		check_fail("a load was refused without an error's text");
	fake_state_free(saved);
	return taken;
}

void check_damaged(const struct check *check)
{
	unsigned taken = 0, refused = 0;

	check_host_begin(check);
	if (!check_class_of(check->code)->load)
		check_skip("it has no state");
	for (uint64_t seed = 1; seed <= check->seeds; seed++) {
		uint64_t state = seed;
		void *device = check_host_start();

		for (unsigned i = 0; i < DAMAGES; i++) {
			compare_drive(&check_machine, &state, 30);
			check_host_settle();
			if (load_damaged(check, device, &state)) {
				check_phase("an access after the load of a damaged state");
				taken++;
				continue;
			}
			refused++;
			check_phase("detach after a load that was refused");
			fake_finish();
			device = check_host_start();
		}
		check_phase("detach after the load of a damaged state");
		fake_finish();
	}
	check_note("%u damaged states were refused, %u taken without harm", refused, taken);
}

/* -- Runs */

void check_differential(const struct check *check)
{
	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++)
		if (!compare_runs(&check_machine, seed, ACCESSES))
			check_fail("run %u with a save and a load in the middle goes on "
				   "differently: its "
				   "state forgets something",
				   (unsigned)seed);
	check_note("%u runs of %u accesses", check->seeds, ACCESSES);
}

void check_deterministic(const struct check *check)
{
	check_host_begin(check);
	for (uint64_t seed = 1; seed <= check->seeds; seed++)
		if (!compare_repeat(&check_machine, seed, ACCESSES))
			check_fail("run %u goes on differently when it is repeated: it uses the "
				   "host's time "
				   "or chance, or memory that is not initialised",
				   (unsigned)seed);
}
