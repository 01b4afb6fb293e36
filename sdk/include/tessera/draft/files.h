/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Files that the user named in a property of type file. A jailed process opens no path:
 * whoever changes the property of a running machine passes a descriptor with the new value, which
 * only the core can hand out.
 */
#ifndef TESSERA_DRAFT_FILES_H
#define TESSERA_DRAFT_FILES_H

#include "../host.h"
#include "draft.h"

/* A table of the host. A core that lacks it has nothing to hand out: open the path. */
#define TSR_FILES "tessera.files/1"
struct tsr_files {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The descriptor that came with the value that the property has now, or -1: none, open the
	 * path. It is a duplicate, close-on-exec, and the caller's; it shares its offset, its
	 * status flags and its locks with others, and has the access of whoever opened it. There
	 * is one in the listener of `on_change`, and in `attach` of a version that takes the place
	 * of another one in a jail, if that one has kept it. [locked] */
	int (*take)(const struct tsr_host *host, const char *property);
	/* Since ABI 1.2. The file that the property names is open: the core keeps a duplicate of
	 * fd, which stays the caller's, for a later version of the plugin, and drops the one that
	 * it had. -1: none; to be called when the file is closed, because its locks last as long
	 * as a duplicate. An instance that ends need not call it. [locked] */
	void (*keep)(const struct tsr_host *host, const char *property, int fd);
};

#endif
