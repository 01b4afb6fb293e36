/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How the window of a machine is found on the session bus, by which it can be raised. */
#ifndef TSR_WINDOW_NAME_H
#define TSR_WINDOW_NAME_H

/* The object of the name, and its interface: Present(s) shows the window before others. The text is
 * what the desktop gave for the click, DESKTOP_STARTUP_ID or XDG_ACTIVATION_TOKEN; "": nothing. */
#define TSR_WINDOW_PATH "/org/tessera/Window"
#define TSR_WINDOW_INTERFACE "org.tessera.Window1"
#define TSR_WINDOW_PRESENT "Present"

/* The name that the window has whose machine listens at a control socket; where: "unix:PATH" or
 * PATH. Of several windows the oldest has it, and the next gets it when that closes. To be freed.
 * [any] */
char *tsr_window_name(const char *where);

#endif
