/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which files the porter opens (porter.h). */
#ifndef TSR_JAIL_PORTER_FILES_H
#define TSR_JAIL_PORTER_FILES_H

#include <stdbool.h>

#include "jail/kinds.h"

/* What of it is prepared before it is a process of its own. */
void tsr_porter_files_allow(const struct tsr_jail_upgrades *upgrades, bool network);
/* For open flags. -1 and errno: it is refused, or cannot be opened. */
int tsr_porter_files_open(const char *path, int flags);

#endif
