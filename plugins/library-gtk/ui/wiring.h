/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A picture of how the parts of a machine are wired. Each part is a button, so it can be reached by
 * the keyboard and has a name; the lines between them are drawn behind. */
#ifndef TSR_LIBRARY_WIRING_VIEW_H
#define TSR_LIBRARY_WIRING_VIEW_H

#include <adwaita.h>

#include "model/wiring.h"

/* Signal: chosen(part), by the user. */
#define TSR_TYPE_WIRING_VIEW (tsr_wiring_view_get_type())
G_DECLARE_FINAL_TYPE(TsrWiringView, tsr_wiring_view, TSR, WIRING_VIEW, GtkWidget)

/* Both are read here only. [main] */
GtkWidget *tsr_wiring_view_new(const struct tsr_parts *parts,
			       const struct tsr_catalogue *catalogue);
/* While the picture is seen, it has what crosses the lines each second of a machine that runs.
 * program: the path of `tessera`; socket: the machine's. Once. */
void tsr_wiring_view_watch(TsrWiringView *self, const char *program, const char *socket);
/* The part that stands out with its lines; NULL or another text: none. */
void tsr_wiring_view_select(TsrWiringView *self, const char *part);
/* The part whose button has the focus; NULL: none has. */
const char *tsr_wiring_view_get_focused(TsrWiringView *self);
void tsr_wiring_view_focus(TsrWiringView *self, const char *part);

#endif
