/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hub.h. A watcher whose reader has gone is freed on the main loop. */
#include "monitor/hub.h"

#include "instance/lock.h"
#include "monitor/recorder.h"
#include "monitor/watcher.h"
#include "run/timekeeper.h"

struct tsr_hub {
	TsrMachine *machine;
	void (*changed)(TsrMachine *m);
	GPtrArray *watchers;           /* struct tsr_watcher */
	struct tsr_recorder *recorder; /* NULL: no device is recorded */
	GSource *reaper; /* is made ready when a reader has gone; NULL: there was no watcher */
};

struct tsr_hub *tsr_hub_new(TsrMachine *m, void (*changed)(TsrMachine *m))
{
	struct tsr_hub *hub = g_new0(struct tsr_hub, 1);

	hub->machine = m;
	hub->changed = changed;
	hub->watchers = g_ptr_array_new();
	return hub;
}

/* The recorder, if it has ended, or anyway. */
static struct tsr_watcher *take_recorder(struct tsr_hub *hub, gboolean anyway)
{
	struct tsr_watcher *watcher;

	if (!hub->recorder || !(anyway || tsr_recorder_has_ended(hub->recorder)))
		return NULL;
	tsr_recorder_end(hub->recorder, TSR_RECORDING_END_MACHINE);
	watcher = tsr_recorder_free(hub->recorder);
	hub->recorder = NULL;
	return watcher;
}

/* Takes those that have ended, or all, from the list. */
static GPtrArray *take_watchers(struct tsr_hub *hub, gboolean all)
{
	GPtrArray *taken = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_watcher_free);
	struct tsr_watcher *recorders;

	tsr_machine_lock(hub->machine);
	for (guint i = hub->watchers->len; i-- > 0;) {
		struct tsr_watcher *watcher = g_ptr_array_index(hub->watchers, i);

		if (all || tsr_watcher_has_ended(watcher))
			g_ptr_array_add(taken, g_ptr_array_steal_index(hub->watchers, i));
	}
	recorders = take_recorder(hub, all);
	if (recorders)
		g_ptr_array_add(taken, recorders);
	if (taken->len)
		hub->changed(hub->machine);
	tsr_machine_unlock(hub->machine);
	return taken;
}

/* -- On the main loop, when a watcher's thread says so */

struct reaper {
	GSource source;
	struct tsr_hub *hub;
};

static gboolean reaper_dispatch(GSource *source, GSourceFunc callback, gpointer user)
{
	g_source_set_ready_time(source, -1);
	g_ptr_array_unref(take_watchers(((struct reaper *)source)->hub, FALSE));
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs reaper_functions = { .dispatch = reaper_dispatch };

static void on_ended(gpointer user)
{
	g_source_set_ready_time(user, 0);
}

static void make_reaper(struct tsr_hub *hub)
{
	if (hub->reaper)
		return;
	hub->reaper = g_source_new(&reaper_functions, sizeof(struct reaper));
	((struct reaper *)hub->reaper)->hub = hub;
	g_source_attach(hub->reaper, hub->machine->context);
}

/* -- Life */

void tsr_hub_close(struct tsr_hub *hub)
{
	g_ptr_array_unref(take_watchers(hub, TRUE));
	if (hub->reaper)
		g_source_destroy(hub->reaper);
	g_clear_pointer(&hub->reaper, g_source_unref);
}

void tsr_hub_reap(struct tsr_hub *hub)
{
	g_ptr_array_unref(take_watchers(hub, FALSE));
}

void tsr_hub_free(struct tsr_hub *hub)
{
	g_ptr_array_unref(hub->watchers);
	g_free(hub);
}

static gboolean has_room(const struct tsr_hub *hub, GError **error)
{
	if (hub->watchers->len < TSR_WATCHERS_MAX)
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
		    "%u watch this machine already; end one of them", TSR_WATCHERS_MAX);
	return FALSE;
}

gboolean tsr_hub_add(struct tsr_hub *hub, int fd, const char *const *texts, GError **error)
{
	struct tsr_monitor_header header = {
		.size = sizeof(header),
		.magic = TSR_MONITOR_MAGIC,
		.time_ns = tsr_timekeeper_now(hub->machine->clock),
		.wall_ns = (uint64_t)g_get_real_time() * 1000,
	};
	struct tsr_patterns *patterns =
		has_room(hub, error) ? tsr_patterns_new(texts, error) : NULL;
	struct tsr_watcher *watcher = NULL;

	if (patterns) {
		make_reaper(hub);
		watcher = tsr_watcher_new(fd, patterns, &header, sizeof(header), TSR_WATCHER_QUEUE,
					  on_ended, hub->reaper, error);
	}
	if (patterns && !watcher)
		tsr_patterns_free(patterns);
	if (!watcher)
		return FALSE;
	tsr_machine_lock(hub->machine);
	g_ptr_array_add(hub->watchers, watcher);
	hub->changed(hub->machine);
	tsr_machine_unlock(hub->machine);
	return TRUE;
}

/* -- Recording */

gboolean tsr_hub_record(struct tsr_hub *hub, int fd, struct tsr_recorder *recorder,
			const GByteArray *front, GError **error)
{
	struct tsr_watcher *watcher;

	make_reaper(hub);
	watcher = tsr_watcher_new(fd, NULL, front->data, front->len,
				  MAX(TSR_RECORDER_QUEUE, 2 * (size_t)front->len), on_ended,
				  hub->reaper, error);
	if (!watcher)
		return FALSE;
	hub->recorder = recorder;
	tsr_recorder_begin(recorder, watcher);
	hub->changed(hub->machine);
	return TRUE;
}

struct tsr_recorder *tsr_hub_get_recorder(const struct tsr_hub *hub)
{
	return hub->recorder;
}

struct tsr_recorder *tsr_hub_recorder_of(const struct tsr_hub *hub,
					 const struct TsrInstance *instance)
{
	return G_UNLIKELY(hub->recorder) && tsr_recorder_is_of(hub->recorder, instance)
		       ? hub->recorder
		       : NULL;
}

/* -- What is wanted */

bool tsr_hub_wants(const struct tsr_hub *hub, enum tsr_monitor_kind kind, const char *device,
		   const char *what)
{
	for (guint i = 0; i < hub->watchers->len; i++)
		if (tsr_patterns_may_match(
			    tsr_watcher_get_patterns(g_ptr_array_index(hub->watchers, i)), kind,
			    device, what))
			return true;
	return false;
}

void tsr_hub_tell(struct tsr_hub *hub, const struct tsr_monitor_event *event)
{
	uint64_t now = tsr_timekeeper_now(hub->machine->clock);

	for (guint i = 0; i < hub->watchers->len; i++) {
		struct tsr_watcher *watcher = g_ptr_array_index(hub->watchers, i);

		if (tsr_patterns_match(tsr_watcher_get_patterns(watcher), event))
			tsr_watcher_tell(watcher, event, now);
	}
}
