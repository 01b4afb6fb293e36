/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the library keeps about the user: where the machines are, how they are sorted and grouped,
 * and which discs lie in their drives. It is a key file in the user's configuration folder.
 *
 * Discs are kept here and not in a machine's folder: a folder that comes from a stranger may name
 * nothing outside of itself (docs/MANIFESTS.md), but the user may put any file into a drive. So are
 * groups: they are the user's order, not the machine's, a folder that comes from elsewhere brings
 * none, and a machine that runs or is damaged can be moved to another one.
 */
#ifndef TSR_LIBRARY_SETTINGS_H
#define TSR_LIBRARY_SETTINGS_H

#include <gio/gio.h>

#define TSR_TYPE_LIBRARY_SETTINGS (tsr_library_settings_get_type())
G_DECLARE_FINAL_TYPE(TsrLibrarySettings, tsr_library_settings, TSR, LIBRARY_SETTINGS, GObject)

/* path: the file; NULL: the user's. It need not exist, and is read once, here. [main] */
TsrLibrarySettings *tsr_library_settings_new(const char *path);

/* The folder of the machines. [main] */
const char *tsr_library_settings_get_folder(TsrLibrarySettings *self);
/* Whether the user has chosen it. */
gboolean tsr_library_settings_has_folder(TsrLibrarySettings *self);
void tsr_library_settings_set_folder(TsrLibrarySettings *self, const char *folder);
/* How machines are sorted: the name of a choice that the window knows; "" if none was made. */
char *tsr_library_settings_get_sort(TsrLibrarySettings *self);
void tsr_library_settings_set_sort(TsrLibrarySettings *self, const char *sort);

/* The group of the machine in `folder`; NULL: none. Changes are told by the signal groups-changed.
 */
char *tsr_library_settings_get_group(TsrLibrarySettings *self, const char *folder);
/* group NULL or "": none. */
void tsr_library_settings_set_group(TsrLibrarySettings *self, const char *folder,
				    const char *group);
/* Gives all machines of a group, also those of other folders, another one; NULL or "": none. */
void tsr_library_settings_rename_group(TsrLibrarySettings *self, const char *group,
				       const char *name);
gboolean tsr_library_settings_is_folded(TsrLibrarySettings *self, const char *group);
void tsr_library_settings_set_folded(TsrLibrarySettings *self, const char *group, gboolean folded);

/* The file in the drive of the machine in `folder`; NULL: none. */
char *tsr_library_settings_get_disc(TsrLibrarySettings *self, const char *folder);
/* disc: NULL takes it out. */
void tsr_library_settings_set_disc(TsrLibrarySettings *self, const char *folder, const char *disc);

/* Disc and group of a machine whose folder is another one now; or, with `keeps`, was copied. */
void tsr_library_settings_carry(TsrLibrarySettings *self, const char *folder, const char *to,
				gboolean keeps);
/* A new machine has nothing of an earlier one that had its folder. */
void tsr_library_settings_forget(TsrLibrarySettings *self, const char *folder);

/* 16 hexadecimal digits that stand for a machine's folder. */
char *tsr_library_key_of_folder(const char *folder);

#endif
