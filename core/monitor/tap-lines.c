/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tap-lines.h. */
#include "monitor/tap-lines.h"

#include <string.h>

#include "board/lines.h"
#include "instance/instance.h"
#include "monitor/recorder.h"

/* The recorder, if it is of the device with this name. */
static struct tsr_recorder *recorder_of(const struct tsr_hub *hub, const char *device)
{
	struct tsr_recorder *recorder = tsr_hub_get_recorder(hub);

	return recorder && strcmp(tsr_recorder_get_name(recorder), device) == 0 ? recorder : NULL;
}

static void on_changed(void *user, const char *device, const char *resource, const char *input,
		       int level)
{
	struct tsr_recorder *recorder = recorder_of(user, device);

	if (recorder)
		tsr_recorder_call(recorder,
				  (struct tsr_recording_event){
					  .kind = TSR_RECORDING_LINE,
					  .object = tsr_recorded_things_find_line(
						  tsr_recorder_get_things(recorder), resource),
					  .values = { (uint64_t)level } });
	tsr_hub_tell(user, &(struct tsr_monitor_event){
				   .kind = TSR_MONITOR_IRQ,
				   .op = TSR_MONITOR_CHANGED,
				   .device = device,
				   .what = resource,
				   .value = (uint64_t)level,
				   .data = input,
				   .data_length = input ? strlen(input) : 0,
			   });
}

static bool wants(void *user, const char *device, const char *resource)
{
	return recorder_of(user, device) || tsr_hub_wants(user, TSR_MONITOR_IRQ, device, resource);
}

void tsr_tap_lines_update(struct tsr_hub *hub, TsrMachine *m)
{
	tsr_lines_set_watch(m->lines, &(struct tsr_lines_watch){
					      .changed = on_changed, .wants = wants, .user = hub });
}
