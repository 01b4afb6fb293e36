/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.block/1 (link.h). A request that is under way when its back end is replaced does
 * not exist: the machine waits for all of them before. One of a user that is replaced is ended when
 * that is detached, if its back end is none of those that the machine can wait for; the newcomer
 * makes it again. */
#include "links/link.h"

#include "links/block.inc"

/* -- What the provider calls */

static void on_changed(void *user)
{
	struct tsr_link *link = user;

	if (link->changed)
		link->changed(link->changed_user);
}

static void connect_provider(struct tsr_link *link)
{
	const struct tsr_block *block = link->to.table;

	link->is_connected = true;
	block->listen(link->to.self, on_changed, link);
}

/* -- What the user calls */

static void user_submit(void *self, struct tsr_block_request *request)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_block *block = handle->link->to.table;

	if (G_LIKELY(!handle->is_held))
		block->submit(handle->link->to.self, request);
	else
		g_queue_push_tail(&handle->requests, request);
}

static void user_listen(void *self, void (*changed)(void *user), void *user)
{
	struct tsr_link_handle *handle = self;
	struct tsr_link *link = handle->link;

	if (handle->is_held) {
		handle->changed = changed;
		handle->changed_user = user;
		return;
	}
	link->changed = changed;
	link->changed_user = user;
	connect_provider(link);
}

static void user_drain(void *self)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_block *block = handle->link->to.table;
	struct tsr_block_request *request;

	while ((request = g_queue_pop_head(&handle->requests)))
		request->done(request, TSR_BLOCK_IO_ERROR);
	if (!handle->is_held || handle->is_cut)
		block->drain(handle->link->to.self);
}

static void submit_held(struct tsr_link_handle *handle)
{
	struct tsr_block_request *request;

	while ((request = g_queue_pop_head(&handle->requests)))
		user_submit(handle, request);
}
