/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See foreign.h. */
#include "model/foreign.h"

static void disk_free(gpointer data)
{
	struct tsr_foreign_disk *disk = data;

	g_free(disk->name);
	g_free(disk);
}

struct tsr_foreign *tsr_foreign_new(void)
{
	struct tsr_foreign *foreign = g_new0(struct tsr_foreign, 1);

	foreign->disks = g_ptr_array_new_with_free_func(disk_free);
	return foreign;
}

void tsr_foreign_free(struct tsr_foreign *foreign)
{
	if (!foreign)
		return;
	g_free(foreign->title);
	g_ptr_array_unref(foreign->disks);
	g_free(foreign);
}

void tsr_foreign_add_disk(struct tsr_foreign *foreign, char *name, guint64 bytes)
{
	struct tsr_foreign_disk *disk = g_new0(struct tsr_foreign_disk, 1);

	disk->name = name;
	disk->bytes = bytes;
	g_ptr_array_add(foreign->disks, disk);
}
