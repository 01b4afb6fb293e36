/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as lines for people. */
#include "replay.h"

#define SHOWN 24u /* bytes of data */

static const char *object_name(const struct tsr_recording_event *e, char buffer[24])
{
	const struct tsr_recording_row *row = tsr_recording_find(e->kind);

	if (!row->list)
		return "";
	if (strcmp(row->list, "regions") == 0 && e->object < REPLAY_THINGS)
		return replay.region_names[e->object];
	if (strcmp(row->list, "needs") == 0 && e->object < REPLAY_THINGS && replay.needs[e->object])
		return replay_need_name(replay.needs[e->object]);
	for (unsigned i = 0; strcmp(row->list, "lines") == 0 && i < replay.line_count; i++)
		if (replay.lines[i].number == e->object)
			return replay.lines[i].name;
	g_snprintf(buffer, 24, "%" G_GUINT64_FORMAT, e->object);
	return buffer;
}

static void add_data(GString *out, const struct tsr_recording_event *e)
{
	const uint8_t *bytes = e->data;

	if (!e->length)
		return;
	g_string_append_printf(out, " data=%" G_GSIZE_FORMAT " bytes:", e->length);
	for (size_t i = 0; i < e->length && i < SHOWN; i++)
		g_string_append_printf(out, " %02x", bytes[i]);
	if (e->length > SHOWN)
		g_string_append_printf(
			out, " ... (checksum %016" G_GINT64_MODIFIER "x)",
			tsr_recording_sum(TSR_RECORDING_SUM_START, bytes, e->length));
}

char *replay_text(const struct tsr_recording_event *e)
{
	const struct tsr_recording_row *row = tsr_recording_find(e->kind);
	bool has_function = e->kind == TSR_RECORDING_CALL || e->kind == TSR_RECORDING_PORT;
	char buffer[24];
	const char *object = object_name(e, buffer);
	GString *out = g_string_new(row->name);

	if (*object)
		g_string_append_printf(out, " %s", object);
	if (has_function)
		g_string_append_printf(out, " %s", replay_need_function(e));
	for (unsigned i = has_function; i < 3 && row->values[i]; i++)
		g_string_append_printf(out, " %s=0x%" G_GINT64_MODIFIER "x", row->values[i],
				       e->values[i]);
	if (e->kind != TSR_RECORDING_RESET)
		add_data(out, e);
	return g_string_free(out, FALSE);
}
