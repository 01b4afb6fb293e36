/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a profile in the user's language. */
#ifndef UI_PERFORMANCE_NAMES_H
#define UI_PERFORMANCE_NAMES_H

/* Of a tier, a mode, a cause or an exit, as the machine names it; to be freed. What has no
 * translation, such as an instruction or a device, stays as it is. [main] */
char *ui_performance_name(const char *name);

#endif
