/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Links of tessera.block/1 (link.h). A request that is under way when its back end is replaced does
 * not exist: the machine waits for all of them before. One of a user that is replaced is ended when
 * that is detached, if its back end is none of those that the machine can wait for; the newcomer
 * makes it again. */
#include "links/link.h"

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

static void refresh(struct tsr_link *link)
{
}

/* -- What the user calls */

static void user_info(void *self, struct tsr_block_info *info)
{
	struct tsr_link *link = ((struct tsr_link_handle *)self)->link;
	const struct tsr_block *block = link->to.table;

	block->info(link->to.self, info);
}

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

static bool user_eject(void *self, bool eject)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_block *block = handle->link->to.table;

	return !handle->is_held && block->eject(handle->link->to.self, eject);
}

/* Held: the predecessor has locked it as this one's state says. */
static void user_lock(void *self, bool locked)
{
	struct tsr_link_handle *handle = self;
	const struct tsr_block *block = handle->link->to.table;

	if (!handle->is_held)
		block->lock(handle->link->to.self, locked);
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

static void user_seal(void *self, struct tsr_state_writer *out)
{
	struct tsr_link *link = ((struct tsr_link_handle *)self)->link;
	const struct tsr_block *block = link->to.table;

	block->seal(link->to.self, out);
}

static bool user_recognize(void *self, struct tsr_state_reader *in, struct tsr_error *error)
{
	struct tsr_link *link = ((struct tsr_link_handle *)self)->link;
	const struct tsr_block *block = link->to.table;

	return block->recognize(link->to.self, in, error);
}

static void fill(struct tsr_link_handle *handle)
{
	const struct tsr_block *block = handle->link->to.table;

	handle->table.block =
		(struct tsr_block){ .size = sizeof(handle->table.block),
				    .info = user_info,
				    .submit = user_submit,
				    .listen = user_listen,
				    .eject = user_eject,
				    .lock = user_lock,
				    .drain = user_drain,
				    .seal = TSR_HAS(block, seal) ? user_seal : NULL,
				    .recognize =
					    TSR_HAS(block, recognize) ? user_recognize : NULL };
}

static void release(struct tsr_link_handle *handle)
{
	struct tsr_block_request *request;

	while ((request = g_queue_pop_head(&handle->requests)))
		user_submit(handle, request);
}

const struct tsr_link_kind tsr_link_block = {
	.interface = TSR_BLOCK,
	.fill = fill,
	.connect = connect_provider,
	.refresh = refresh,
	.release = release,
};
