/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Landlock (landlock(7)): what of the file system and of other processes can be reached. */
#ifndef TSR_JAIL_LANDLOCK_H
#define TSR_JAIL_LANDLOCK_H

/* A ruleset that forbids all that this kernel can forbid, but for what `needs` (enum tsr_jail_need)
 * asks. *version: what the kernel has, 0: no Landlock. Returns a descriptor, -1: none. [any] */
int tsr_jail_landlock(unsigned needs, int *version);

#endif
