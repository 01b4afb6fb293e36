/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tests, a row each. */
#include "check.h"
#include "core.h"
#include "kept.h"

/* clang-format off */
const struct check_test check_tests[] = {
	{ 1, "manifest", "the core accepts the manifest", check_manifest, check_manifest, TRUE, FALSE },
	{ 2, "exports", "the library exports its entry and nothing else", check_exports, check_exports, FALSE, FALSE },
	{ 2, "imports", "it does not ask the host for time or randomness, nor change the process", check_imports, check_imports, FALSE, FALSE },
	{ 2, "statics", "it has no variables that instances would share", check_statics, check_statics, FALSE, FALSE },
	{ 2, "drafts", "if it uses drafts of interfaces, its manifest says which", check_drafts, check_drafts, FALSE, FALSE },
	{ 3, "entry", "the core's loader takes it: id, version, ABI", check_entry, check_entry, TRUE, FALSE },
	{ 3, "factory", "it has a device class, and nothing under names that it does not know", check_factory, check_factory, TRUE, FALSE },
	{ 3, "class", "the class is complete and fits the manifest", check_class, check_class, TRUE, FALSE },
	{ 4, "attach", "an instance is made and removed", check_attach, check_core_attach, TRUE, FALSE },
	{ 4, "interfaces", "what the manifest provides is there, and nothing else", check_interfaces, NULL, FALSE, FALSE },
	{ 5, "random", "random accesses of the guest do no harm", check_random, check_core_random, TRUE, FALSE },
	{ 5, "resets", "it can be reset at any moment", check_resets, check_core_resets, FALSE, FALSE },
	{ 5, "two-instances", "a second instance is independent of the first", check_two_instances, check_core_two_instances, FALSE, FALSE },
	{ 6, "log", "a guest cannot fill the log or the terminal", check_log, check_core_log, FALSE, FALSE },
	{ 6, "deterministic", "the same inputs give the same outputs", check_deterministic, check_core_deterministic, FALSE, FALSE },
	{ 7, "round-trip", "a state that is saved and loaded is the same state", check_round_trip, NULL, FALSE, FALSE },
	{ 8, "differential", "a save and a load in the middle of a run change nothing", check_differential, check_core_differential, FALSE, FALSE },
	{ 9, "damaged-states", "a damaged state is refused or survived", check_damaged, NULL, FALSE, FALSE },
	{ 9, "old-states", "it answers as the version did that saved the state", check_old_state, check_core_old_state, FALSE, TRUE },
	{ 10, "leaks", "nothing is left of instances that were removed", check_leaks, NULL, FALSE, FALSE },
	{ 10, "unload", "the library can be unloaded", check_unload, NULL, FALSE, FALSE },
	{ 10, "cost", "an access is measured", check_cost, NULL, FALSE, FALSE },
	{ .name = NULL },
};
/* clang-format on */
