/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pixels of a display, in memory that other processes can map. It is made while the machine is
 * built, because a jailed machine can neither make nor open files, and it grows within a range of
 * addresses that is reserved from the start, so that a pixel's address never changes.
 *
 * Whoever maps it must be safe from two things. The memory never shrinks (it is sealed), so a
 * mapping of what was there once cannot fault. It cannot be written by others: the descriptor is
 * open for reading only, and since Linux 5.1 it is sealed against new writable mappings.
 */
#ifndef TSR_BOARD_SURFACE_H
#define TSR_BOARD_SURFACE_H

#include <stdint.h>

#include <glib.h>

struct tsr_surface;

/* Empty. NULL: the process has no addresses left for it. One reference. [main] */
struct tsr_surface *tsr_surface_new(void);
struct tsr_surface *tsr_surface_ref(struct tsr_surface *surface); /* [any] */
void tsr_surface_unref(struct tsr_surface *surface);              /* [any] */
/* The first pixel; from now on there are at least so many bytes. [locked] */
uint32_t *tsr_surface_reserve(struct tsr_surface *surface, gsize bytes);
/* A descriptor for others to map, which belongs to the surface; -1: the host cannot share it. */
int tsr_surface_get_descriptor(const struct tsr_surface *surface);
/* The first `bytes` as they are at any time, without a copy; they keep the surface. */
GBytes *tsr_surface_get_bytes(struct tsr_surface *surface, gsize bytes);

#endif
