/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A link: one connection of the bus whose interface the core knows. User and provider hold tables
 * of the link, never of each other, so that either can be replaced while the machine runs
 * (docs/decisions/live-upgrade.md). The user holds a handle, which passes its calls on to the
 * provider; the provider holds the link's port, which passes its calls on to the user.
 *
 * While an instance is staged, its handles are held: it can look at the provider, and what it asks
 * for happens when it takes its predecessor's place, or never.
 */
#ifndef TSR_LINKS_LINK_H
#define TSR_LINKS_LINK_H

#include <tessera/block.h>
#include <tessera/chardev.h>
#include <tessera/draft/ide.h>
#include <tessera/net.h>

#include "instance/instance.h"

struct tsr_link_kind;

struct tsr_link {
	const struct tsr_link_kind *kind;
	char *user, *need, *provider; /* names of instances, and of the user's need */
	struct tsr_interface to;      /* the provider's own */
	bool is_connected;            /* the provider has the port */
	const void *port;             /* the user's own; NULL: it has not connected */
	void (*changed)(void *user);  /* block: the user's listener */
	void *changed_user;
	bool is_down; /* net: what link_changed told last */
	void *staged; /* ide: what the newcomer that is to provide it works with; NULL: nothing */
	union {
		struct tsr_net_port net;
		struct tsr_chardev_port chardev;
		struct tsr_ide_port ide;
	} shim; /* what the provider has of `port` */
};

struct tsr_link_handle {
	struct tsr_link *link;
	TsrInstance *user;
	bool is_held;
	bool is_cut; /* its user is about to be detached: what is under way can still be ended */
	/* While it is held: what its user has asked for. */
	const void *port;
	void (*changed)(void *user);
	void *changed_user;
	bool is_ready;
	GQueue requests; /* struct tsr_block_request */
	union {
		struct tsr_net net;
		struct tsr_chardev chardev;
		struct tsr_block block;
		struct tsr_ide_drive ide;
	} table;
};

/* What differs by interface. `self` of the tables that the user and the provider get is the handle,
 * or the link. */
struct tsr_link_kind {
	const char *interface;
	/* The user's table, from what the provider's has. */
	void (*fill)(struct tsr_link_handle *handle);
	/* Gives the provider the link's port, or changes what that has of the user's; NULL: it has
	 * nothing of it. */
	void (*connect)(struct tsr_link *link);
	void (*refresh)(struct tsr_link *link);
	/* What was asked for while the handle was held happens now. NULL: nothing is kept. */
	void (*release)(struct tsr_link_handle *handle);
	/* Sets link->staged, memory that g_free frees: something like the user for the newcomer,
	 * whose table is `to`, to work with while it loads. NULL: it needs nothing before it is
	 * connected. */
	void (*stage)(struct tsr_link *link, const struct tsr_interface *to, TsrInstance *newcomer);
};

extern const struct tsr_link_kind tsr_link_net, tsr_link_chardev, tsr_link_block, tsr_link_ide;

#endif
