/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calls that do not return. */
#include <unistd.h>

#include "bad.h"

/* For the test, which waits until the call is under way. */
static void announce(void)
{
	ssize_t written = write(STDERR_FILENO, "hangs\n", 6);

	(void)written;
}

static bool sleep_for_ever(struct bad *bad, struct tsr_error *error)
{
	announce();
	while (bad)
		sleep(1);
	return true;
}

static bool spin_for_ever(struct bad *bad, struct tsr_error *error)
{
	volatile bool for_ever = bad != NULL;

	announce();
	while (for_ever)
		;
	return true;
}

/* Submits, without end, what is done at once. */
static void submit_again(void *self)
{
	struct bad *bad = self;

	bad->worker->submit(bad->host, NULL, submit_again, bad, false);
}

static bool endless_completions(struct bad *bad, struct tsr_error *error)
{
	announce();
	submit_again(bad);
	return true;
}

static bool drain_within_done(struct bad *bad, struct tsr_error *error)
{
	announce();
	bad->worker->submit(bad->host, NULL, submit_again, bad, false);
	bad->worker->drain(bad->host);
	return true;
}

const struct mistake hangs[] = {
	{ "endless-constructor", CONSTRUCTOR, sleep_for_ever },
	{ "endless-attach", ATTACH, sleep_for_ever },
	{ "endless-realize", REALIZE, sleep_for_ever },
	{ "endless-reset", RESET, sleep_for_ever },
	{ "endless-write", WRITE, spin_for_ever },
	{ "endless-save", SAVE, sleep_for_ever },
	{ "endless-work", WORK, sleep_for_ever },
	{ "endless-done", DONE, spin_for_ever },
	{ "endless-timer", TIMER, spin_for_ever },
	{ "endless-detach", DETACH, sleep_for_ever },
	{ "endless-completions", ATTACH, endless_completions },
	{ "endless-drain", RESET, drain_within_done },
	{ NULL, 0, NULL },
};
