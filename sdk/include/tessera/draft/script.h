/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. Plugins that are written in a script language. A plugin manifest with `language=WORD` has
 * a script where others have a library, and the core loads the plugin script-WORD in its place: the
 * class of that one is the class of the script's instances, which ask here what they are.
 */
#ifndef TESSERA_DRAFT_SCRIPT_H
#define TESSERA_DRAFT_SCRIPT_H

#include "../host.h"
#include "draft.h"

/* A table of the host. A core that lacks it knows no scripts. */
#define TSR_SCRIPT "tessera.script/1"
struct tsr_script {
	uint32_t size;
	uint32_t flags; /* 0: none are defined */
	/* The path of the file that the manifest's `library` names, which stands in the plugin's
	 * own folder; NULL: the instance's plugin is no script. The text belongs to the core and is
	 * valid until detach. [main & !running] */
	const char *(*file)(const struct tsr_host *host);
	/* "ID VERSION" of the manifest, for messages. Never NULL; valid until detach. [any] */
	const char *(*plugin)(const struct tsr_host *host);
};

#endif
