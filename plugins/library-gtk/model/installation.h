/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An express installation in a machine's folder: while the files of it are there, the machine
 * starts the installer in place of its disk. The guest reports on a serial line that it is
 * complete; then they are removed, with the answers. All functions wait for the file system. [any]
 */
#ifndef TSR_LIBRARY_INSTALLATION_H
#define TSR_LIBRARY_INSTALLATION_H

#include <gio/gio.h>

/* What the guest is to write on its first serial line at the end. */
#define TSR_INSTALLATION_DONE "tessera: installed"

/* Takes the installer from the disc. answers: as for tsr_installer_unpack(). FALSE with error. */
gboolean tsr_installation_prepare(const char *folder, const char *disc, const char *answers,
				  GCancellable *cancellable, GError **error);
/* Whether the machine starts the installer. */
gboolean tsr_installation_is_prepared(const char *folder);
/* Adds what `tessera run` needs to start the installer, if there is one. */
void tsr_installation_add_options(const char *folder, GStrvBuilder *options);
/* Ends the installation if the guest has reported that, and it is not suspended. TRUE: it has ended
 * now. */
gboolean tsr_installation_settle(const char *folder);

#endif
