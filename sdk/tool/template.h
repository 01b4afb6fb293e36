/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The templates of `tessera sdk new`: plugins that work, with the name example-device. All that is
 * done to a file is to write another name, title and vendor, and for scripts their language.
 */
#ifndef TSR_TOOL_TEMPLATE_H
#define TSR_TOOL_TEMPLATE_H

#include <glib.h>

#define TEMPLATE_NAME "example-device"

struct tool_language {
	const char *name; /* as --lang says it */
	const char *suffix, *test_suffix;
	const char *script;        /* WORD of the plugin script-WORD that runs it; NULL: compiled */
	const char *title, *guide; /* of scripts: as a text says it; its page */
	const char *check_options; /* of scripts: what its `tessera sdk check` has to have */
};

struct tool_order {
	const char *name, *kind, *lang, *vendor, *folder;
	const struct tool_language *language; /* that `lang` names */
	char *templates, *title;
	gboolean is_shown; /* it uses the control plane: a user interface */
};

/* NULL: there is no language of this name. */
const struct tool_language *tool_find_language(const char *name);
/* Makes the plugin in order->folder, and prints how to go on. Returns the exit status. */
int tool_make_plugin(const struct tool_order *order);

#endif
