/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See isa-channels.h. The controller that has the channels is an instance like others, and the
 * core does not know which one it is. */
#include "board/isa-channels.h"

#include "instance/check.h"
#include "instance/instance.h"
#include "instance/machine-parts.h"

static unsigned channels_get(const struct tsr_host *host, const char *name)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "isa_channels.get");
	const TsrResource *r = tsr_config_find_resource(instance->config, name);

	if (r && r->type == TSR_RESOURCE_DMA)
		return r->channel;
	tsr_mistake(&instance->mistakes,
		    "it asks for the DMA channel '%s'; its manifest has no such resource", name);
	return 0;
}

const struct tsr_isa_channels tsr_isa_channels_table = {
	.size = sizeof(struct tsr_isa_channels),
	.get = channels_get,
};
