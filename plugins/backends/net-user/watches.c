/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libslirp names the descriptors it wants polled anew each time; the machine watches descriptors
 * until told otherwise. A table by descriptor turns the one into the other with a call for each
 * change only.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "net-user.h"

#define POLL_AT_ONCE 64

void watches_begin(struct watches *w)
{
	for (int fd = 0; fd < w->count; fd++)
		w->slots[fd].wanted = 0;
}

static bool grow(struct watches *w, int fd)
{
	int count = fd + 16;
	struct watch_slot *slots = realloc(w->slots, (size_t)count * sizeof(*slots));

	if (!slots)
		return false;
	memset(slots + w->count, 0, (size_t)(count - w->count) * sizeof(*slots));
	w->slots = slots;
	w->count = count;
	return true;
}

void watches_want(struct watches *w, int fd, short events)
{
	if (fd >= 0 && (fd < w->count || grow(w, fd)))
		w->slots[fd].wanted |= events;
}

static void slot_update(struct watches *w, int fd)
{
	struct watch_slot *slot = &w->slots[fd];

	if (slot->wanted == slot->watched)
		return;
	if (slot->watched)
		w->worker->unwatch(w->host, slot->id);
	slot->watched = slot->wanted;
	if (slot->watched)
		slot->id = w->worker->watch(w->host, fd, slot->watched, w->ready, w->self);
}

void watches_end(struct watches *w)
{
	for (int fd = 0; fd < w->count; fd++)
		slot_update(w, fd);
}

static void poll_some(struct watches *w, struct pollfd *fds, nfds_t count)
{
	if (!count || poll(fds, count, 0) <= 0)
		return;
	for (nfds_t i = 0; i < count; i++)
		w->slots[fds[i].fd].ready = fds[i].revents;
}

void watches_poll(struct watches *w)
{
	struct pollfd fds[POLL_AT_ONCE];
	nfds_t count = 0;

	for (int fd = 0; fd < w->count; fd++) {
		w->slots[fd].ready = 0;
		if (!w->slots[fd].watched)
			continue;
		fds[count++] = (struct pollfd){ .fd = fd, .events = w->slots[fd].watched };
		if (count == POLL_AT_ONCE) {
			poll_some(w, fds, count);
			count = 0;
		}
	}
	poll_some(w, fds, count);
}

short watches_ready(const struct watches *w, int fd)
{
	return fd >= 0 && fd < w->count ? w->slots[fd].ready : 0;
}

void watches_set_flow(struct watches *w, int fd, bool flow)
{
	if (fd >= 0 && (fd < w->count || grow(w, fd)))
		w->slots[fd].flow = flow;
}

bool watches_is_flow(const struct watches *w, int fd)
{
	return fd >= 0 && fd < w->count && w->slots[fd].flow;
}

void watches_set_listens(struct watches *w, int fd)
{
	if (fd >= 0 && (fd < w->count || grow(w, fd)))
		w->slots[fd].listens = true;
}

bool watches_any_connects(const struct watches *w)
{
	for (int fd = 0; fd < w->count; fd++)
		if (w->slots[fd].listens && w->slots[fd].ready)
			return true;
	return false;
}

void watches_finish(struct watches *w)
{
	watches_begin(w);
	watches_end(w);
	free(w->slots);
	w->slots = NULL;
	w->count = 0;
}
