/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See performance-names.h. The words are those of the processors' plugins and of the core; a word
 * that is missing here is shown as it is. */
#include "performance-names.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define CONTEXT "profile"
#define HELPER "helper: "

/* For the list of texts: they are looked up by what the machine says. */
static const char *const words[] G_GNUC_UNUSED = {
	/* tiers */
	NC_("profile", "translated"),
	NC_("profile", "translated, hot"),
	NC_("profile", "runtime"),
	NC_("profile", "interpreter"),
	NC_("profile", "translator"),
	NC_("profile", "core"),
	/* modes */
	NC_("profile", "kernel"),
	NC_("profile", "kernel, 16-bit"),
	NC_("profile", "ring 1"),
	NC_("profile", "ring 2"),
	NC_("profile", "user"),
	NC_("profile", "user, 16-bit"),
	NC_("profile", "real mode"),
	NC_("profile", "real mode, 32-bit"),
	NC_("profile", "virtual-8086 mode"),
	NC_("profile", "guest"),
	NC_("profile", "machine"),
	/* causes: of the emitted runtime */
	NC_("profile", "entry"),
	NC_("profile", "exit"),
	NC_("profile", "look-up"),
	NC_("profile", "link"),
	NC_("profile", "code was written"),
	NC_("profile", "request at a back edge"),
	NC_("profile", "budget"),
	NC_("profile", "memory: slow path"),
	NC_("profile", "memory: window"),
	NC_("profile", "memory: called check"),
	NC_("profile", "helper"),
	NC_("profile", "exit to the interpreter"),
	NC_("profile", "end of a block"),
	NC_("profile", "jump cache"),
	NC_("profile", "MOVS and STOS"),
	NC_("profile", "FP load"),
	/* causes: of what is written in C */
	NC_("profile", "run loop"),
	NC_("profile", "single steps"),
	NC_("profile", "interrupt shadow"),
	NC_("profile", "code seen for the first time, or written"),
	NC_("profile", "page straddled or unknown"),
	NC_("profile", "interrupts and faults"),
	/* causes: of the core */
	NC_("profile", "sleep"),
	NC_("profile", "completions"),
	NC_("profile", "a reset"),
	NC_("profile", "timers"),
	NC_("profile", "the guest"),
	/* exits */
	NC_("profile", "fault"),
	NC_("profile", "rest of a block"),
};

char *ui_performance_name(const char *name)
{
	if (g_str_has_prefix(name, HELPER))
		return g_strdup_printf(C_("profile", "helper: %s"), name + strlen(HELPER));
	return g_strdup(g_dpgettext2(GETTEXT_PACKAGE, CONTEXT, name));
}
