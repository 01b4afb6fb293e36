/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saving what the bus monitor keeps. [main] */
#ifndef UI_MONITOR_H
#define UI_MONITOR_H

#include "ui.h"
#include "watch.h"

/* Asks for a file, and writes all that is kept to it on another thread. format: "txt", "json" (an
 * object a line) or "pcapng", which has the packets only. */
void ui_monitor_save(struct ui *ui, struct ui_watch *watch, const char *format);

#endif
