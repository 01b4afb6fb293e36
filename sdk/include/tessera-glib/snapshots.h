/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Snapshots of a machine: named states with the disks as they were then. Control plane. */
#ifndef TESSERA_GLIB_SNAPSHOTS_H
#define TESSERA_GLIB_SNAPSHOTS_H

#include <tessera-glib/machine.h>

G_BEGIN_DECLS

/*
 * A machine is meant by its manifest or by the folder with it; its snapshots are in the folder
 * `snapshots` beside the manifest. Whatever function is cut off by the end of its process or of the
 * host has happened or has not. Errors are TSR_MACHINE_ERROR_NOT_FOUND (no such snapshot), _STATE
 * (the machine runs, or what would be lost was not allowed to be), _INVALID (a bad name, a damaged
 * folder, disks that cannot have snapshots) and _IO; nothing is changed then.
 */

/**
 * tsr_snapshots_list:
 * @machine: the path of a machine's manifest or folder
 * @error: a folder or index that cannot be read
 *
 * The snapshots, oldest first, each as a dictionary: id (u), parent (u; 0: none), name (s), note
 * (s), time (x, seconds since 1970), state (b: the machine ran, and goes on from there), current
 * (b: the machine was started from it, or it was taken last), hidden (b: it was deleted, but others
 * are above it), bytes (t: of the host's disk), picture (s: the path of a PNG file, or empty).
 * [main]
 *
 * Returns: (transfer full): of type aa{sv}, or NULL with @error set
 */
TSR_EXPORT GVariant *tsr_snapshots_list(const char *machine, GError **error);

/**
 * tsr_snapshots_take:
 * @registry: where the plugins are
 * @machine: the path of a machine's manifest or folder
 * @running: (nullable): the machine, if it runs; it may be in another process
 * @name: what it is to be called; no other snapshot has the name
 * @note: (nullable): any text
 * @error: why it was not taken
 *
 * Takes a snapshot. A machine that runs stands still while its state is written, and its guest does
 * not notice. One that is off is kept with its file `suspended.state`, if it has one. [main]
 *
 * Returns: whether it was taken
 */
TSR_EXPORT gboolean tsr_snapshots_take(TsrRegistry *registry, const char *machine,
				       TsrMachine *running, const char *name, const char *note,
				       GError **error);

/**
 * tsr_snapshots_go:
 * @machine: the path of a machine's manifest or folder
 * @name: of a snapshot
 * @discard: what the machine has done since its last snapshot may be lost
 * @error: why not
 *
 * Goes back to a snapshot of a machine that is off: its disks are as they were, and its file
 * `suspended.state` is the snapshot's, if that has one. [main]
 *
 * Returns: whether it was done
 */
TSR_EXPORT gboolean tsr_snapshots_go(const char *machine, const char *name, gboolean discard,
				     GError **error);

/**
 * tsr_snapshots_delete:
 * @machine: the path of a machine's manifest or folder
 * @name: of a snapshot
 * @error: why not
 *
 * Deletes a snapshot of a machine that is off. What is above it stays as it is: its changes are
 * merged into what is above; if that is more than one branch, they are kept, hidden, until one is
 * left. An error in the middle of merging leaves it hidden, too, and the next deletion goes on.
 * [main]
 *
 * Returns: whether it was done
 */
TSR_EXPORT gboolean tsr_snapshots_delete(const char *machine, const char *name, GError **error);

/**
 * tsr_snapshots_edit:
 * @machine: the path of a machine's manifest or folder
 * @name: of a snapshot
 * @new_name: (nullable): its new name, or NULL to keep it
 * @note: (nullable): its new note, or NULL to keep it
 * @error: why not
 *
 * Changes what a snapshot is called and what is noted about it. [main]
 *
 * Returns: whether it was done
 */
TSR_EXPORT gboolean tsr_snapshots_edit(const char *machine, const char *name, const char *new_name,
				       const char *note, GError **error);

/**
 * tsr_snapshots_clone:
 * @machine: the path of a machine's manifest or folder
 * @name: of a snapshot
 * @folder: the clone's, which does not exist; on the same file system
 * @error: why not
 *
 * Makes a linked clone: a machine in a folder of its own that starts with the disks of a snapshot
 * and shares their files with this machine, as hard links. Either can be changed, moved within the
 * file system, or deleted without harm to the other. [main]
 *
 * Returns: whether it was made
 */
TSR_EXPORT gboolean tsr_snapshots_clone(const char *machine, const char *name, const char *folder,
					GError **error);

/**
 * tsr_snapshots_begin_undo:
 * @registry: where the plugins are
 * @machine: the path of a machine's manifest or folder
 * @error: why not
 *
 * To be called before a machine is made whose disks are undoable (mode=undoable): takes a snapshot
 * of it, the undo point, unless what the machine has written since an older one was neither
 * committed nor discarded. Does nothing for a machine without undoable disks. [main]
 *
 * Returns: whether the machine can be made
 */
TSR_EXPORT gboolean tsr_snapshots_begin_undo(TsrRegistry *registry, const char *machine,
					     GError **error);

/**
 * tsr_snapshots_end_undo:
 * @machine: the path of a machine's manifest or folder
 * @commit: %TRUE to keep what was written since the undo point for good, %FALSE to discard it
 * @error: why not; TSR_MACHINE_ERROR_STATE while the machine runs
 *
 * Commits or discards what a machine with undoable disks, which is off, has written since its undo
 * point. To do neither keeps it for the next run. [main]
 *
 * Returns: whether it was done
 */
TSR_EXPORT gboolean tsr_snapshots_end_undo(const char *machine, gboolean commit, GError **error);

G_END_DECLS

#endif
