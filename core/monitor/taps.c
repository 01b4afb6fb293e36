/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See taps.h: all kinds of taps of a machine. */
#include "monitor/taps.h"

#include "monitor/parts.h"
#include "monitor/recorder.h"
#include "monitor/tap-lines.h"
#include "monitor/tap-links.h"
#include "monitor/tap-regions.h"
#include "monitor/tap-signals.h"
#include "monitor/tap-tables.h"

void tsr_taps_update(TsrMachine *m)
{
	tsr_tap_regions_update(m->taps->regions, m);
	tsr_tap_lines_update(m->taps->hub, m);
	tsr_tap_tables_update(m->taps->tables, m);
	tsr_tap_links_update(m->taps->links);
	tsr_tap_signals_update(m->taps->hub, m);
}

struct tsr_taps *tsr_taps_new(TsrMachine *m)
{
	struct tsr_taps *taps = g_new0(struct tsr_taps, 1);

	taps->hub = tsr_hub_new(m, tsr_taps_update);
	taps->regions = tsr_tap_regions_new(taps->hub);
	taps->tables = tsr_tap_tables_new(taps->hub);
	taps->links = tsr_tap_links_new(taps->hub);
	return taps;
}

void tsr_taps_close(struct tsr_taps *taps)
{
	if (taps)
		tsr_hub_close(taps->hub);
}

void tsr_taps_free(struct tsr_taps *taps)
{
	if (!taps)
		return;
	tsr_tap_links_free(taps->links);
	tsr_tap_tables_free(taps->tables);
	tsr_tap_regions_free(taps->regions);
	tsr_hub_free(taps->hub);
	g_free(taps);
}

const void *tsr_taps_find_table(const struct tsr_taps *taps, const char *name, const void *table)
{
	return taps ? tsr_tap_tables_find(taps->tables, name, table) : table;
}

void tsr_taps_add_link(struct tsr_taps *taps, const struct TsrInstance *owner, const char *user,
		       const char *need, const char *interface, struct tsr_interface *out)
{
	if (taps)
		tsr_tap_links_add(taps->links, owner, user, need, interface, out);
}

void tsr_taps_drop_links(struct tsr_taps *taps, const struct TsrInstance *owner)
{
	tsr_tap_links_drop(taps->links, owner);
}

void tsr_taps_end_recording(TsrMachine *m, const struct TsrInstance *instance,
			    enum tsr_recording_end why)
{
	struct tsr_recorder *recorder = tsr_hub_get_recorder(m->taps->hub);

	if (recorder && (!instance || tsr_recorder_is_of(recorder, instance)))
		tsr_recorder_end(recorder, why);
}
