/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parts of a machine while the user changes them: a draft of its manifest. Each change is
 * judged by `tessera parts --try` in a process of its own, so that what is wrong is told in the
 * words of the command line; the manifest is written only when the user says so, and only when
 * nothing is wrong. A machine that runs gets at once what can be changed while it runs. Nothing
 * waits. [main]
 */
#ifndef TSR_LIBRARY_HARDWARE_H
#define TSR_LIBRARY_HARDWARE_H

#include "model/machine-edit.h"
#include "model/machine.h"

/* Signals: changed, after parts, problem or one of the following have changed. */
#define TSR_TYPE_HARDWARE (tsr_hardware_get_type())
G_DECLARE_FINAL_TYPE(TsrHardware, tsr_hardware, TSR, HARDWARE, GObject)

/* Begins to read the manifest. */
TsrHardware *tsr_hardware_new(TsrLibraryMachine *machine);
/* Whatever is under way ends, and files that were made for parts which were not saved are removed.
 * Nothing is signalled any more. */
void tsr_hardware_close(TsrHardware *self);

/* Why the manifest cannot be shown at all; NULL: it can, or it is not read yet. */
const char *tsr_hardware_get_damage(TsrHardware *self);
/* NULL: not read yet, or damaged. Valid until the next signal. */
const struct tsr_parts *tsr_hardware_get_parts(TsrHardware *self);
const struct tsr_catalogue *tsr_hardware_get_catalogue(TsrHardware *self);
/* What is wrong with the machine as it is drafted; NULL: nothing. */
const char *tsr_hardware_get_problem(TsrHardware *self);
/* The part that is about; NULL: the whole machine. */
const char *tsr_hardware_get_blamed(TsrHardware *self);
/* Whether the draft is being judged, or something else is under way. */
gboolean tsr_hardware_is_busy(TsrHardware *self);
/* Whether the draft differs from what was saved. */
gboolean tsr_hardware_is_changed(TsrHardware *self);
/* Whether it may be changed: a suspended machine has a state of the parts as they are. */
gboolean tsr_hardware_can_change(TsrHardware *self);

/* The draft, for the functions of machine-edit.h; then tsr_hardware_edited(). Parts are not NULL.
 */
void tsr_hardware_edit(TsrHardware *self, struct tsr_edit *edit);
void tsr_hardware_edited(TsrHardware *self);
/* Makes an empty disk image in the machine's folder, whose name is given to the callback. */
void tsr_hardware_make_disk(TsrHardware *self, guint64 mib, GAsyncReadyCallback callback,
			    gpointer user);
/* NULL with error. */
char *tsr_hardware_make_disk_finish(GAsyncResult *result, GError **error);

/* Writes the manifest, and gives a running machine what it can take. */
void tsr_hardware_save(TsrHardware *self, GAsyncReadyCallback callback, gpointer user);
/* A sentence or more for the user; NULL with error. */
char *tsr_hardware_save_finish(GAsyncResult *result, GError **error);

#endif
