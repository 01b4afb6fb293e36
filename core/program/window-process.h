/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window of `tessera run`: a process `tessera view` that attaches to the machine's control
 * socket. It is started before the guest, by the machine's process, which may be able to start none
 * later.
 */
#ifndef TSR_PROGRAM_WINDOW_PROCESS_H
#define TSR_PROGRAM_WINDOW_PROCESS_H

#include <tessera-glib/machine.h>

struct window_process;

/* A control socket of the machine's own, "unix:PATH", in a new folder that only the user can enter;
 * NULL with error. */
char *window_process_make_socket(GError **error);
/* Removes the folder; the socket must be gone. */
void window_process_remove_socket(const char *socket);

/* Starts it. manifest: of the machine, for where it can be suspended to; NULL, or a preset's name,
 * for none. start: it switches the machine on when its window is open. no_jail: that
 * process keeps its rights, too. When it ends before the
 * machine does, the user is told how to open another. NULL with error. [main] */
struct window_process *window_process_start(TsrMachine *machine, const char *manifest,
					    const char *socket, gboolean start, gboolean no_jail,
					    GError **error);
/* The process is about to be jailed: the sweeper ends the window and removes the folder of its
 * socket, if remove_folder. NULL: does nothing. */
void window_process_sweep(struct window_process *window, gboolean remove_folder);
/* Whether it has ended, and then with which status. */
gboolean window_process_has_ended(const struct window_process *window, int *status);
/* The machine is gone: waits until the window is, but not for long. NULL: does nothing. */
void window_process_finish(struct window_process *window);

#endif
