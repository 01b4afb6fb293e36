/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A listening UNIX socket at a path. */
#ifndef UNIX_LISTEN_H
#define UNIX_LISTEN_H

#include <stdbool.h>
#include <tessera/error.h>

/*
 * A descriptor that listens at `path`, for as many waiting clients as `backlog` says; nonblocking,
 * closed on exec, and the caller's. The caller removes the path when it closes it. A socket there
 * that nobody listens on any more is replaced. -1 and an error: the path is empty or too long, or
 * it cannot be bound. [any]
 *
 * @is_private: only the user may connect, whatever the umask is.
 */
int unix_listen(const char *path, int backlog, bool is_private, struct tsr_error *error);

#endif
