/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The medium as the drive knows it: looked at before each command and whenever it changes. */
#include "cdrom.h"

void cdrom_look_at_medium(struct cdrom *c)
{
	struct tsr_block_info info = { .size = sizeof(info) };

	c->block->info(c->block_self, &info);
	if (info.generation == c->generation && info.present == c->present)
		return;
	c->generation = info.generation;
	c->event = info.present ? EVENT_NEW_MEDIUM : c->present ? EVENT_REMOVED : c->event;
	c->present = info.present;
	c->sectors = info.length / CD_SECTOR > UINT32_MAX ? UINT32_MAX
							  : (uint32_t)(info.length / CD_SECTOR);
	if (info.present)
		c->attention = ATTENTION_CHANGED;
}
