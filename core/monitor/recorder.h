/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The recording of one device under way: everything that crosses its border while the machine runs,
 * as events of recording/event.h, in the order in which it happened. Taps tell it; a recorder that
 * is NULL is told nothing. It is bounded: an event that the reader has left no room for ends it.
 *
 * What the device does while no call into it is under way (jobs of workers, saving) is not part of
 * it.
 */
#ifndef TSR_MONITOR_RECORDER_H
#define TSR_MONITOR_RECORDER_H

#include "instance/machine-parts.h"
#include "monitor/recorded-things.h"
#include "monitor/watcher.h"
#include "recording/event.h"

#define TSR_RECORDER_QUEUE (64u << 20) /* bytes; memory that is not used costs nothing */

struct tsr_recorder;
struct TsrInstance;

/* Of what the device has now. [locked] */
struct tsr_recorder *tsr_recorder_new(TsrMachine *m, struct TsrInstance *instance);
/* The recorder's. [any] */
const struct tsr_recorded_things *tsr_recorder_get_things(const struct tsr_recorder *recorder);
/* The watcher is the caller's again when it is freed. [locked] */
void tsr_recorder_begin(struct tsr_recorder *recorder, struct tsr_watcher *watcher);
/* Takes its taps away, and says why in a last event; enum tsr_recording_end. Again: nothing.
 * [locked] */
void tsr_recorder_end(struct tsr_recorder *recorder, enum tsr_recording_end why);
/* (transfer full) NULL: it was not begun. [locked] */
struct tsr_watcher *tsr_recorder_free(struct tsr_recorder *recorder);
bool tsr_recorder_is_of(const struct tsr_recorder *recorder, const struct TsrInstance *instance);
/* Of its instance. */
const char *tsr_recorder_get_name(const struct tsr_recorder *recorder);
/* The reader has gone. */
bool tsr_recorder_has_ended(const struct tsr_recorder *recorder);

/* -- What happens [locked]; recorder may be NULL */

/* A call into the device begins; it ends with leave, and what it returned. The event's time is set
 * here. */
void tsr_recorder_enter(struct tsr_recorder *recorder, struct tsr_recording_event event);
void tsr_recorder_leave(struct tsr_recorder *recorder, uint64_t value);
/* The device has called. [any] */
void tsr_recorder_call(struct tsr_recorder *recorder, struct tsr_recording_event event);
/* The same of "name", "value". */
void tsr_recorder_call_text(struct tsr_recorder *recorder, enum tsr_recording_kind kind,
			    const char *name, const char *value);
/* Numbers of jobs and requests. */
uint64_t tsr_recorder_number(struct tsr_recorder *recorder);

#endif
