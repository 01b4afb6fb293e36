/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The manifest of a package in the Open Virtualization Format, NAME.mf beside NAME.ovf: digests of
 * the package's files, by which one that was damaged on its way is known. */
#ifndef TSR_LIBRARY_DIGESTS_H
#define TSR_LIBRARY_DIGESTS_H

#include "model/copy-file.h"

/* Compares the files beside a description (.ovf) with their digests; without a manifest all is
 * well. Files that the manifest names and that are not there are not looked for. notes: gets a
 * sentence (char *) about digests that are of an unknown kind. Reads all of the files, which are
 * added to the total of `progress`. FALSE with error. [any] */
gboolean tsr_digests_check(const char *description, GPtrArray *notes, struct tsr_progress *progress,
			   GCancellable *cancellable, GError **error);

#endif
