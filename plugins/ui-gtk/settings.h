/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the user prefers for the windows of all machines: ~/.config/tessera/window.ini. A file that
 * cannot be read has none of it; one that cannot be written is told in the log, and the window goes
 * on with what the user chose. [main]
 */
#ifndef UI_SETTINGS_H
#define UI_SETTINGS_H

#include <glib.h>

struct ui_settings;

#define UI_SETTING_SCALE "scale"          /* sharp, smooth, fit */
#define UI_SETTING_CLOSING "closing"      /* ask, leave, suspend, power-off */
#define UI_SETTING_RELEASE "release-keys" /* ctrl-alt, ctrl-shift, right-ctrl, both-shifts */
#define UI_SETTING_STATUS "devices"       /* whether the row of devices is shown: true, false */

struct ui_settings *ui_settings_new(void);
/* Waits until it is written. */
void ui_settings_free(struct ui_settings *settings);
/* The name's value, or its default. */
const char *ui_settings_get(struct ui_settings *settings, const char *name);
/* Written at once, on another thread. */
void ui_settings_set(struct ui_settings *settings, const char *name, const char *value);

#endif
