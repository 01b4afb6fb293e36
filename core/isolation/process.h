/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The process of an isolated device, as the core sees it. It is started by a supervisor, a small
 * program outside of the jail that is started before it: a jailed machine can start no process, and
 * needs a new one when the device's ends.
 */
#ifndef TSR_ISOLATION_PROCESS_H
#define TSR_ISOLATION_PROCESS_H

#include <glib.h>
#include <stdbool.h>

#include "isolation/channel.h"
#include "manifest/plugin.h"

struct iso_process {
	struct iso_shared *shared;
	int line;             /* to the supervisor */
	int memory;           /* a file: what the guest sees of the device's memory, pixels */
	uint64_t memory_used; /* bytes of it that are somebody's, from its start on */
	uint64_t memory_size; /* bytes of it that are there */
};

/* Starts the supervisor; name: the instance's, for those who list processes; ram: a descriptor of
 * guest memory, not owned. NULL and error. [main] */
struct iso_process *iso_process_new(TsrPlugin *plugin, const char *name, int ram, GError **error);
/* Ends both processes. */
void iso_process_free(struct iso_process *process);

/* Starts the device's process; `*hello` is its first message. False: it did not come up. */
bool iso_process_start(struct iso_process *process, struct iso_message *hello);
/* A part of the memory file, in whole pages, that nobody has: where it begins. */
uint64_t iso_process_take_memory(struct iso_process *process, uint64_t length);
/* Maps `length` bytes of it, which are there from now on; at: there, NULL: anywhere. NULL: the host
 * has no memory for it. */
uint8_t *iso_process_map_memory(struct iso_process *process, void *at, uint64_t offset,
				uint64_t length);

/* Ends the device's process by force. What `iso_process_has_ended` says follows. */
void iso_process_kill(struct iso_process *process);
/* Whether it has ended, and its wait status; waits for that at most limit_ms. A supervisor that is
 * gone is ESRCH: nothing will start again. */
bool iso_process_has_ended(struct iso_process *process, unsigned limit_ms, int *wait_status,
			   bool *is_gone);

#endif
