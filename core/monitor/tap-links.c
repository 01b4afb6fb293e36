/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tap-links.h. */
#include "monitor/tap-links.h"

#include <string.h>

#include "monitor/tap-link.h"

#define TABLE_MAX 4096u /* bytes; a larger size is a plugin's mistake */

struct tsr_tap_links {
	struct tsr_hub *hub;
	GPtrArray *list; /* struct tsr_tap_link */
};

struct tsr_tap_links *tsr_tap_links_new(struct tsr_hub *hub)
{
	struct tsr_tap_links *links = g_new0(struct tsr_tap_links, 1);

	links->hub = hub;
	links->list = g_ptr_array_new_with_free_func((GDestroyNotify)tsr_tap_link_free);
	return links;
}

void tsr_tap_links_free(struct tsr_tap_links *links)
{
	g_ptr_array_unref(links->list);
	g_free(links);
}

static const struct tsr_tap_link_kind *find_kind(const char *interface, const void *table)
{
	static const struct tsr_tap_link_kind *const kinds[] = { &tsr_tap_net, &tsr_tap_block,
								 &tsr_tap_chardev, &tsr_tap_ide };
	uint32_t size;

	memcpy(&size, table, sizeof(size));
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (strcmp(kinds[i]->interface, interface) == 0)
			return size >= kinds[i]->min_size && size <= TABLE_MAX ? kinds[i] : NULL;
	return NULL;
}

static void update(struct tsr_tap_link *link)
{
	bool on = tsr_tap_link_recorder(link) ||
		  tsr_hub_wants(link->hub, link->kind->kind, link->user, link->need);

	if (on != link->is_on)
		link->kind->set(link, on);
	link->is_on = on;
}

void tsr_tap_links_add(struct tsr_tap_links *links, const struct TsrInstance *owner,
		       const char *user, const char *need, const char *interface,
		       struct tsr_interface *out)
{
	const struct tsr_tap_link_kind *kind = out->table ? find_kind(interface, out->table) : NULL;
	struct tsr_tap_link *link;

	if (!kind)
		return;
	link = tsr_tap_link_new(links->hub, kind, user, need, out->self, out->table);
	link->owner = owner;
	g_ptr_array_add(links->list, link);
	update(link);
	out->table = link->table;
}

void tsr_tap_links_drop(struct tsr_tap_links *links, const struct TsrInstance *owner)
{
	for (guint i = links->list->len; i-- > 0;)
		if (((struct tsr_tap_link *)g_ptr_array_index(links->list, i))->owner == owner)
			g_ptr_array_remove_index(links->list, i);
}

void tsr_tap_links_update(struct tsr_tap_links *links)
{
	for (guint i = 0; i < links->list->len; i++)
		update(g_ptr_array_index(links->list, i));
}
