/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounds what another program hands over as its clipboard: on X11 GDK takes all of it, however
 * little is read. On Wayland, or without X11 at configure time, these do nothing: there, a stream
 * that is closed ends the transfer. [main]
 */
#ifndef UI_GTK_TRANSFER_H
#define UI_GTK_TRANSFER_H

#include <gtk/gtk.h>

/* The clipboard is about to be read: an answer in pieces is ended after those in which there are
 * `limit` bytes, or after `seconds`. Its stream then ends like any other. */
void ui_transfer_expect(GdkDisplay *display, gsize limit, guint seconds);
/* Once for each ui_transfer_expect(): the stream is open, or there will be none. */
void ui_transfer_opened(GdkDisplay *display);
/* Ends what is expected or under way: its stream has no more. Nothing if there is no such thing. */
void ui_transfer_end(GdkDisplay *display);

#endif
