/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The insides of a TsrHardware, for its files. */
#ifndef TSR_LIBRARY_HARDWARE_PRIVATE_H
#define TSR_LIBRARY_HARDWARE_PRIVATE_H

#include "model/hardware.h"

#define TSR_HARDWARE_DRAFT ".draft.machine"

struct _TsrHardware {
	GObject parent;
	TsrLibraryMachine *machine;
	GCancellable *cancellable; /* of all that is under way; cancelled: closed */
	char *path, *draft_path;   /* of the manifest, of the draft */
	GKeyFile *file;            /* the draft; NULL: not read */
	char *lock;                /* the machine's; NULL: it has none */
	char *text;                /* of the draft that is judged, or was judged last */
	char *printed;             /* what the parts were parsed from */
	struct tsr_catalogue *catalogue;
	struct tsr_parts *parts;
	struct tsr_parts *saved; /* those of the manifest as it was read or saved last */
	char *damage, *problem, *blamed;
	GPtrArray *made; /* char *: paths of images that no saved manifest names */
	gboolean is_judging, is_stale, is_changed, is_saving;
};

/* Nobody wants to hear of it any more. */
gboolean tsr_hardware_is_closed(TsrHardware *self);
/* Emits "changed", unless it is closed. */
void tsr_hardware_tell(TsrHardware *self);
/* Replaces a file; a manifest is on the disk when the callback is called, a draft may not be. The
 * result is that of g_task_propagate_boolean(). */
void tsr_hardware_write(TsrHardware *self, const char *path, const char *text,
			GAsyncReadyCallback callback, gpointer user);
/* Takes the paths. Nobody waits for it. */
void tsr_hardware_remove_files(GPtrArray *paths);

#endif
