/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Looks up to 270 times a second at where the virtual CPU's thread is. A thread of its own
 * reads how much processor time that thread has used, and sends it SIGPROF if it was some; the
 * signal handler notes the place, and the time is what the sample weighs. So a sleeping guest
 * costs no sample, and what the host gives to others is not counted. Between a stop and the next
 * start there is neither that thread nor a signal.
 */
#ifndef TSR_PROFILE_SAMPLER_H
#define TSR_PROFILE_SAMPLER_H

#include <tessera-glib/machine.h>
#include <tessera/draft/cpu-profile.h>

#include "calls/call.h"
#include "calls/code-map.h"

struct tsr_sampler;

struct tsr_sample {
	guint64 ns; /* of processor time since the sample before */
	/* place.tier NULL: the thread was not in the guest, but in the core; or the processor's
	 * plugin cannot tell */
	struct tsr_cpu_place place;
	const char *doing;               /* what the thread was at, a string that stays */
	const struct tsr_callee *callee; /* the device that was called, NULL: none */
	const char *function;            /* of it */
	const struct tsr_code *code; /* the plugin that the host's code belongs to, NULL: none */
};

typedef void (*TsrSampleTaker)(gpointer user, const struct tsr_sample *sample);

/* The machine's sampler, which is off. The machine refers to it from now on. NULL and error: the
 * processor cannot tell where it is. [main] */
struct tsr_sampler *tsr_sampler_new(TsrMachine *m, GError **error);
/* The virtual CPU's thread has ended. [main] */
void tsr_sampler_free(struct tsr_sampler *sampler);

/* Samples from now on, or from the start of the virtual CPU's thread on. `take` is called on the
 * sampler's thread, or on the caller's of tsr_sampler_stop(). FALSE and error: there can be no
 * thread. [main] */
gboolean tsr_sampler_start(struct tsr_sampler *sampler, TsrSampleTaker take, gpointer user,
			   GError **error);
/* Does nothing if it is off. [main] */
void tsr_sampler_stop(struct tsr_sampler *sampler);

/* The virtual CPU's thread starts; it ends. On that thread, with the machine's lock. */
void tsr_sampler_enter(TsrMachine *m);
void tsr_sampler_leave(TsrMachine *m);

#endif
