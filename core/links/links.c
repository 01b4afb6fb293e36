/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See links.h. */
#include "links/links.h"

#include <string.h>

#include "links/link.h"

static const struct tsr_link_kind *const kinds[] = {
	&tsr_link_net,
	&tsr_link_chardev,
	&tsr_link_block,
	&tsr_link_ide,
};

struct tsr_links {
	GPtrArray *links, *handles;
};

static void link_free(gpointer data)
{
	struct tsr_link *link = data;

	g_free(link->user);
	g_free(link->need);
	g_free(link->provider);
	g_free(link->staged);
	g_free(link);
}

static void handle_free(gpointer data)
{
	struct tsr_link_handle *handle = data;

	g_queue_clear(&handle->requests);
	g_free(handle);
}

struct tsr_links *tsr_links_new(void)
{
	struct tsr_links *links = g_new0(struct tsr_links, 1);

	links->links = g_ptr_array_new_with_free_func(link_free);
	links->handles = g_ptr_array_new_with_free_func(handle_free);
	return links;
}

void tsr_links_free(struct tsr_links *links)
{
	if (!links)
		return;
	g_ptr_array_unref(links->handles);
	g_ptr_array_unref(links->links);
	g_free(links);
}

static const struct tsr_link_kind *find_kind(const char *interface)
{
	for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (g_str_equal(kinds[i]->interface, interface))
			return kinds[i];
	return NULL;
}

bool tsr_links_know(const char *interface)
{
	return find_kind(interface) != NULL;
}

/* -- Making */

static struct tsr_link *find_link(struct tsr_links *links, const char *user, const char *need)
{
	for (guint i = 0; i < links->links->len; i++) {
		struct tsr_link *link = g_ptr_array_index(links->links, i);

		if (g_str_equal(link->user, user) && g_str_equal(link->need, need))
			return link;
	}
	return NULL;
}

static struct tsr_link *get_link(struct tsr_links *links, const char *user, const char *need,
				 const char *provider, const struct tsr_interface *to,
				 const struct tsr_link_kind *kind)
{
	struct tsr_link *link = find_link(links, user, need);

	if (link)
		return link;
	link = g_new0(struct tsr_link, 1);
	*link = (struct tsr_link){ .kind = kind,
				   .user = g_strdup(user),
				   .need = g_strdup(need),
				   .provider = g_strdup(provider),
				   .to = *to };
	g_ptr_array_add(links->links, link);
	return link;
}

static struct tsr_link_handle *find_handle(struct tsr_links *links, const struct tsr_link *link,
					   const TsrInstance *user)
{
	for (guint i = 0; i < links->handles->len; i++) {
		struct tsr_link_handle *handle = g_ptr_array_index(links->handles, i);

		if (handle->link == link && handle->user == user)
			return handle;
	}
	return NULL;
}

void tsr_links_hand_out(struct tsr_links *links, TsrInstance *user, const char *need,
			const char *provider, const char *interface, struct tsr_interface *out)
{
	const struct tsr_link_kind *kind = find_kind(interface);
	struct tsr_link_handle *handle;
	struct tsr_link *link;

	if (!kind)
		return;
	link = get_link(links, user->config->name, need, provider, out, kind);
	handle = find_handle(links, link, user);
	if (!handle) {
		handle = g_new0(struct tsr_link_handle, 1);
		handle->link = link;
		handle->user = user;
		handle->is_held = user->replaces != NULL;
		g_queue_init(&handle->requests);
		kind->fill(handle);
		g_ptr_array_add(links->handles, handle);
	}
	*out = (struct tsr_interface){ &handle->table, handle };
}

/* -- Moving */

static void stage(struct tsr_link *link, const struct tsr_interface *to, TsrInstance *new)
{
	if (link->kind->stage && link->is_connected && link->port)
		link->kind->stage(link, to, new);
}

gboolean tsr_links_stage(struct tsr_links *links, TsrInstance *new, GError **error)
{
	g_autofree char *mistake = NULL;

	tsr_mistakes_collect(&new->mistakes);
	for (guint i = 0; i < links->links->len; i++) {
		struct tsr_link *link = g_ptr_array_index(links->links, i);
		struct tsr_interface to;

		if (!g_str_equal(link->provider, new->config->name))
			continue;
		if (tsr_instance_get_interface(new, link->kind->interface, &to)) {
			stage(link, &to, new);
			continue;
		}
		tsr_mistake(&new->mistakes, "its get_interface has no %s, which %s uses",
			    link->kind->interface, link->user);
	}
	mistake = tsr_mistakes_take(&new->mistakes);
	if (mistake)
		g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_FAILED, mistake);
	return !mistake;
}

const char *tsr_links_missing(struct tsr_links *links, const TsrInstance *new)
{
	for (guint i = 0; i < links->links->len; i++) {
		const struct tsr_link *link = g_ptr_array_index(links->links, i);
		const struct tsr_link_handle *handle = find_handle(links, link, new);

		if (g_str_equal(link->user, new->config->name) && link->is_connected &&
		    !(handle && (handle->port || handle->changed)))
			return link->need;
	}
	return NULL;
}

void tsr_links_cut(struct tsr_links *links, TsrInstance *old)
{
	for (guint i = 0; i < links->handles->len; i++) {
		struct tsr_link_handle *handle = g_ptr_array_index(links->handles, i);

		if (handle->user == old)
			handle->is_held = handle->is_cut = true;
	}
	for (guint i = 0; i < links->links->len; i++) {
		struct tsr_link *link = g_ptr_array_index(links->links, i);

		if (g_str_equal(link->user, old->config->name)) {
			link->port = NULL;
			link->changed = NULL;
		}
	}
}

static void drop_handles(struct tsr_links *links, const TsrInstance *user)
{
	for (guint i = links->handles->len; i-- > 0;)
		if (((struct tsr_link_handle *)g_ptr_array_index(links->handles, i))->user == user)
			g_ptr_array_remove_index(links->handles, i);
}

/* Its user is the new one. */
static void take_up(struct tsr_link_handle *handle)
{
	struct tsr_link *link = handle->link;

	link->port = handle->port;
	link->changed = handle->changed;
	link->changed_user = handle->changed_user;
	handle->is_held = false;
	if (!link->is_connected && (link->port || link->changed))
		link->kind->connect(link);
	else if (link->is_connected && link->kind->refresh)
		link->kind->refresh(link);
	if (link->kind->release)
		link->kind->release(handle);
}

/* Its provider is the new one. */
static void lead_to(struct tsr_links *links, struct tsr_link *link, TsrInstance *provider)
{
	if (!tsr_instance_get_interface(provider, link->kind->interface, &link->to))
		return;
	for (guint i = 0; i < links->handles->len; i++) {
		struct tsr_link_handle *handle = g_ptr_array_index(links->handles, i);

		if (handle->link == link)
			link->kind->fill(handle);
	}
	if (link->is_connected)
		link->kind->connect(link);
	g_clear_pointer(&link->staged, g_free);
}

void tsr_links_move(struct tsr_links *links, TsrInstance *old, TsrInstance *new)
{
	drop_handles(links, old);
	for (guint i = 0; i < links->links->len; i++) {
		struct tsr_link *link = g_ptr_array_index(links->links, i);

		if (g_str_equal(link->provider, new->config->name))
			lead_to(links, link, new);
	}
	for (guint i = 0; i < links->handles->len; i++) {
		struct tsr_link_handle *handle = g_ptr_array_index(links->handles, i);

		if (handle->user == new)
			take_up(handle);
	}
}

void tsr_links_drop(struct tsr_links *links, TsrInstance *new)
{
	drop_handles(links, new);
	for (guint i = links->links->len; i-- > 0;) {
		struct tsr_link *link = g_ptr_array_index(links->links, i);

		if (g_str_equal(link->provider, new->config->name))
			g_clear_pointer(&link->staged, g_free);
		/* A need that only the newcomer has; no provider knows of it. */
		if (g_str_equal(link->user, new->config->name) &&
		    !find_handle(links, link, new->replaces))
			g_ptr_array_remove_index(links->links, i);
	}
}
