/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Those who watch a machine: taps tell the hub what happens, and it tells each watcher that wants
 * it. */
#ifndef TSR_MONITOR_HUB_H
#define TSR_MONITOR_HUB_H

#include "instance/machine-parts.h"
#include "monitor/pattern.h"

#define TSR_WATCHERS_MAX 8

struct tsr_hub;
struct tsr_recorder;
struct TsrInstance;

/* `changed` is called when other things are wanted than before. [locked] */
struct tsr_hub *tsr_hub_new(TsrMachine *m, void (*changed)(TsrMachine *m));
/* Nobody watches any more; what is queued still arrives, within a second for each watcher. May be
 * called twice. [main, not locked] */
void tsr_hub_close(struct tsr_hub *hub);
void tsr_hub_free(struct tsr_hub *hub);
/* Writes the stream of record.h to fd, which stays the caller's, until the reader closes its end.
 * FALSE and error. [main, not locked] */
gboolean tsr_hub_add(struct tsr_hub *hub, int fd, const char *const *patterns, GError **error);
/* Records a device, from now on until the reader closes its end of fd, which stays the caller's:
 * the stream is `front`, then events of recording/event.h. Takes the recorder, unless it is FALSE
 * and error. There is none yet. [main, locked] */
gboolean tsr_hub_record(struct tsr_hub *hub, int fd, struct tsr_recorder *recorder,
			const GByteArray *front, GError **error);
/* Forgets those whose reader has gone, now rather than soon. [main, not locked] */
void tsr_hub_reap(struct tsr_hub *hub);
/* NULL: no device is recorded. [locked] */
struct tsr_recorder *tsr_hub_get_recorder(const struct tsr_hub *hub);
/* The recorder of this instance, NULL: it is not recorded. [locked] */
struct tsr_recorder *tsr_hub_recorder_of(const struct tsr_hub *hub,
					 const struct TsrInstance *instance);
/* Whether somebody wants events of this kind, of the device's resource `what`; NULL: any. [locked]
 */
bool tsr_hub_wants(const struct tsr_hub *hub, enum tsr_monitor_kind kind, const char *device,
		   const char *what);
/* Tells those who want it. [locked] */
void tsr_hub_tell(struct tsr_hub *hub, const struct tsr_monitor_event *event);

#endif
