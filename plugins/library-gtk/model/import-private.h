/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kinds of import.h, a file each. */
#ifndef TSR_LIBRARY_IMPORT_PRIVATE_H
#define TSR_LIBRARY_IMPORT_PRIVATE_H

#include "model/import.h"

#define TSR_IMPORT_VMX ".vmx"
#define TSR_IMPORT_OVF ".ovf"
#define TSR_IMPORT_OVA ".ova"
#define TSR_IMPORT_ISO ".iso"

gboolean tsr_import_has_suffix(const char *path, const char *suffix);

char *tsr_import_machine(const struct tsr_import *import, const struct tsr_import_place *place,
			 struct tsr_progress *progress, GCancellable *cancellable, GError **error);
char *tsr_import_foreign(const struct tsr_import *import, const struct tsr_import_place *place,
			 GPtrArray *notes, struct tsr_progress *progress, GCancellable *cancellable,
			 GError **error);

/* Writes the files of an archive into a new folder: at most what is left on its disk. FALSE with
 * error. program: `tessera`, which tessera-unpack is found by. */
gboolean tsr_import_unpack(const char *archive, const char *folder, const char *program,
			   struct tsr_progress *progress, GCancellable *cancellable,
			   GError **error);

#endif
