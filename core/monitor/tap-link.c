/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tap-link.h. */
#include "monitor/tap-link.h"

#include <string.h>

/* The links of all machines of this process: where a table's function finds its own. */
static GMutex mutex;
static GPtrArray *all;

static void *copy_of(const void *sized)
{
	uint32_t size;

	memcpy(&size, sized, sizeof(size));
	return g_memdup2(sized, size);
}

struct tsr_tap_link *tsr_tap_link_new(struct tsr_hub *hub, const struct tsr_tap_link_kind *kind,
				      const char *user, const char *need, void *self,
				      const void *table)
{
	struct tsr_tap_link *link = g_new0(struct tsr_tap_link, 1);

	link->hub = hub;
	link->kind = kind;
	link->user = g_strdup(user);
	link->need = g_strdup(need);
	link->self = self;
	link->inner = table;
	link->table = copy_of(table);
	g_mutex_lock(&mutex);
	if (!all)
		all = g_ptr_array_new();
	g_ptr_array_add(all, link);
	g_mutex_unlock(&mutex);
	if (kind->begin)
		kind->begin(link);
	return link;
}

void tsr_tap_link_free(struct tsr_tap_link *link)
{
	g_mutex_lock(&mutex);
	g_ptr_array_remove(all, link);
	if (!all->len)
		g_clear_pointer(&all, g_ptr_array_unref);
	g_mutex_unlock(&mutex);
	g_free(link->user);
	g_free(link->need);
	g_free(link->table);
	g_free(link->port);
	g_free(link);
}

/* What is looked for has an owner that lives, so the link found stays. */
static struct tsr_tap_link *find(const struct tsr_tap_link_kind *kind, const void *self,
				 const void *to)
{
	struct tsr_tap_link *found = NULL;

	g_mutex_lock(&mutex);
	for (guint i = 0; all && i < all->len && !found; i++) {
		struct tsr_tap_link *link = g_ptr_array_index(all, i);

		if (link->kind == kind && (self ? link->self == self : link->to == to))
			found = link;
	}
	g_mutex_unlock(&mutex);
	return found;
}

struct tsr_tap_link *tsr_tap_link_find(const struct tsr_tap_link_kind *kind, const void *self)
{
	return find(kind, self, NULL);
}

struct tsr_tap_link *tsr_tap_link_find_port(const struct tsr_tap_link_kind *kind, const void *to)
{
	return find(kind, NULL, to);
}

void *tsr_tap_link_take_port(struct tsr_tap_link *link, const void *port, void *to)
{
	g_mutex_lock(&mutex);
	link->to = to;
	g_mutex_unlock(&mutex);
	link->card = port;
	link->port = port ? copy_of(port) : NULL;
	return link->port;
}

struct tsr_recorder *tsr_tap_link_recorder(const struct tsr_tap_link *link)
{
	return tsr_hub_recorder_of(link->hub, link->owner);
}

static struct tsr_recording_event event_of(const struct tsr_tap_link *link,
					   const struct tsr_recorder *recorder,
					   enum tsr_recording_kind kind, const uint64_t values[3],
					   const void *data, size_t length)
{
	return (struct tsr_recording_event){ .kind = kind,
					     .object = tsr_recorded_things_find_need(
						     tsr_recorder_get_things(recorder), link->need),
					     .values = { values[0], values[1], values[2] },
					     .data = data,
					     .length = length };
}

void tsr_tap_link_call(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
		       uint64_t function, uint64_t first, uint64_t second, const void *data,
		       size_t length)
{
	const uint64_t values[3] = { function, first, second };

	if (recorder)
		tsr_recorder_call(recorder, event_of(link, recorder, TSR_RECORDING_CALL, values,
						     data, length));
}

void tsr_tap_link_result(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
			 uint64_t value, const void *data, size_t length)
{
	const uint64_t values[3] = { value };

	if (recorder)
		tsr_recorder_call(recorder, event_of(link, recorder, TSR_RECORDING_RESULT, values,
						     data, length));
}

void tsr_tap_link_enter(const struct tsr_tap_link *link, struct tsr_recorder *recorder,
			uint64_t function, uint64_t first, uint64_t second, const void *data,
			size_t length)
{
	const uint64_t values[3] = { function, first, second };

	if (recorder)
		tsr_recorder_enter(recorder, event_of(link, recorder, TSR_RECORDING_PORT, values,
						      data, length));
}

void tsr_tap_link_tell(const struct tsr_tap_link *link, enum tsr_monitor_op op, const void *data,
		       size_t length)
{
	tsr_hub_tell(link->hub, &(struct tsr_monitor_event){
					.kind = link->kind->kind,
					.op = op,
					.device = link->user,
					.what = link->need,
					.length = length,
					.data = data,
					.data_length = length,
				});
}
