/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera sdk replay: a plugin on the fake host, to which everything happens that a recording has.
 * What the plugin does meanwhile is compared with what the recorded one did; the first difference
 * ends it. It runs in a process of its own (check_run), so this is one replay with static data.
 *
 *   player.c   goes through the events: calls of the plugin, and what is expected of it
 *   tables.c   the host tables that the plugin gets, which ask the player
 *   needs.c    what its needs are connected to, which ask the player, too
 *   begin.c    the plugin in the state that the recording begins with
 */
#ifndef TSR_REPLAY_REPLAY_H
#define TSR_REPLAY_REPLAY_H

#include <check.h>
#include <fake-private.h>

#include "recording/file.h"

#define REPLAY_THINGS 32u  /* of each kind */
#define REPLAY_WORDS 1024u /* bytes of a text */

/* What the processes share. */
struct replay_outcome {
	guint64 event, time_ns; /* of the difference, or where it is */
	guint64 during;         /* the call of the plugin, 0: none */
	gboolean differs;
	char during_text[REPLAY_WORDS], expected[REPLAY_WORDS], got[REPLAY_WORDS];
};

struct tsr_timer {
	void (*expired)(void *self, uint64_t deadline_ns);
	void *self;
	uint64_t deadline; /* UINT64_MAX: not armed */
};

struct replay_line {
	struct tsr_irq irq; /* what the plugin has */
	char name[64];
	int level;
	uint64_t number; /* in the recording */
};

struct replay_region {
	struct tsr_region *region;
	char name[64];
};

struct replay_function {
	struct tsr_pci_function *function;
	const struct tsr_pci_ops *ops;
	void *self;
	int level;
};

struct replay_need;

struct replay {
	struct tsr_recording *recording;
	struct replay_outcome *outcome;
	const struct check *check;
	void *device;
	const struct tsr_device_class *class;
	bool plays; /* otherwise it is being made, and nothing is compared */
	uint64_t now_ns, wall;
	/* In the order in which the plugin makes them. */
	struct replay_region regions[REPLAY_THINGS];
	struct tsr_timer timers[REPLAY_THINGS];
	struct replay_line lines[REPLAY_THINGS];
	struct replay_function functions[REPLAY_THINGS];
	unsigned region_count, timer_count, line_count, function_count;
	/* By their numbers in the recording. */
	unsigned region_of[REPLAY_THINGS];
	char region_names[REPLAY_THINGS][64];
	struct replay_need *needs[REPLAY_THINGS];
};

extern struct replay replay;

/* -- Player. A difference, and the end of the recording, end the process. */

/* The plugin has called with this event, whose time does not matter. Returns the recorded one;
 * what came into the plugin meanwhile has then happened. */
struct tsr_recording_event replay_expect(struct tsr_recording_event got);
/* The RESULT of a CALL of that need. */
struct tsr_recording_event replay_result(const struct replay_need *need);
/* The plugin asks for the time: the recorded value of that kind if it asked then, otherwise
 * `otherwise`. */
uint64_t replay_soft(enum tsr_recording_kind kind, uint64_t otherwise);
/* The plugin did something that the recording could not have. */
_Noreturn void replay_differ(const char *expected, const char *got);
/* All events. */
void replay_play(void);

/* -- Tables, needs */

void replay_tables_begin(void);
/* Runs the job with this number. */
void replay_job_done(uint64_t number);
/* The need with this number of the recording: NAME, connected to an interface, "": to none. FALSE:
 * the interface is not known. */
gboolean replay_need_add(unsigned number, const char *name, const char *interface);
unsigned replay_need_number(const struct replay_need *need);
const char *replay_need_name(const struct replay_need *need);
/* "send" and the like, of a CALL or PORT event. */
const char *replay_need_function(const struct tsr_recording_event *event);
/* What the need's provider does with the plugin. Returns what the plugin returns. */
uint64_t replay_need_call(const struct tsr_recording_event *event);

/* -- Beginning */

/* Fails the test with a reason. */
void replay_begin(void);

/* -- Texts. (transfer full) */
char *replay_text(const struct tsr_recording_event *event);

#endif
