/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* tessera.script/1: what an instance that a script is the code of asks about itself. */
#include "instance/check.h"
#include "instance/instance.h"
#include "manifest/plugin.h"

static const char *script_file(const struct tsr_host *host)
{
	const TsrPlugin *plugin =
		tsr_check_host(host, TSR_TAG_BUILDING, "script.file")->config->plugin;

	return plugin->language ? plugin->library : NULL;
}

static const char *script_plugin(const struct tsr_host *host)
{
	return tsr_check_host(host, TSR_TAG_ANY, "script.plugin")->callee.plugin;
}

const struct tsr_script tsr_script_table = { .size = sizeof(struct tsr_script),
					     .file = script_file,
					     .plugin = script_plugin };
