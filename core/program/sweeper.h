/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Removes the names of this process's listening UNIX sockets when it has ended, however it ends,
 * and sees to it that its window ends, too: a jailed process can do neither. It is a process of its
 * own, which knows the names before the jail is closed, and hears nothing later but that the other
 * one is gone.
 */
#ifndef TSR_PROGRAM_SWEEPER_H
#define TSR_PROGRAM_SWEEPER_H

#include <sys/types.h>

/* A window that is still there two seconds after this process is ended by force, unless it leads a
 * session of its own, which says that it stays. Before sweeper_start(). [main] */
void sweeper_add_window(pid_t window);
/* An empty folder, to be removed last; at most one. Before sweeper_start(). [main] */
void sweeper_add_folder(const char *path);
/* Starts it if there are such sockets. Once, before the jail. [main] */
void sweeper_start(void);
/* Lets it do its work now, and waits until it has. [main] */
void sweeper_finish(void);

#endif
