/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Disk images of other programs as raw ones, by `qemu-img` in a process of its own. */
#ifndef TSR_LIBRARY_DISK_CONVERT_H
#define TSR_LIBRARY_DISK_CONVERT_H

#include "model/copy-file.h"
#include "model/disk-file.h"

/* Makes a raw image `to`, which does not exist, of the image `from`; disk: what that was read as. A
 * raw one is copied. Zeros become holes. FALSE with error: there is no new file. progress may be
 * NULL; it counts disk->stored. Not on the main loop. */
gboolean tsr_disk_convert(const char *from, const struct tsr_disk_file *disk, const char *to,
			  struct tsr_progress *progress, GCancellable *cancellable, GError **error);

#endif
