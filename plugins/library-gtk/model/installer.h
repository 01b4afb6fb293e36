/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Debian installer on a disc: its kernel and its initial RAM disk, to which answers are added.
 * A build without libarchive or libxcrypt finds none. All functions wait for the file system.
 * [any]
 */
#ifndef TSR_LIBRARY_INSTALLER_H
#define TSR_LIBRARY_INSTALLER_H

#include <gio/gio.h>

/* Whether a disc has an installer for i386. FALSE with TSR_LIBRARY_ERROR_INVALID. */
gboolean tsr_installer_find(const char *disc, GError **error);
/* Writes the kernel of the disc's installer to one new file, and its initial RAM disk with the
 * answers in it to another. answers: the text of a preconfiguration file. FALSE with error: the
 * files may be there in part. */
gboolean tsr_installer_unpack(const char *disc, const char *answers, const char *kernel,
			      const char *initrd, GCancellable *cancellable, GError **error);
/* A hash of a password as crypt(3) makes it, which every Debian understands; NULL with error. */
char *tsr_installer_hash(const char *password, GError **error);

#endif
