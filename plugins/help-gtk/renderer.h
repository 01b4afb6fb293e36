/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library's and the machines' windows are drawn with. */
#ifndef TSR_RENDERER_H
#define TSR_RENDERER_H

/* On a host without a graphics device that the user may open, GTK is told to draw with cairo, and
 * not to load OpenGL. Before GTK is initialised, and before there are other threads, because it
 * sets variables of the environment, which child processes inherit; a GSK_RENDERER of the user
 * goes first. */
void tsr_renderer_choose(void);

#endif
