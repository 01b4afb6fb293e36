/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See media.h. A state is only as good as the media that it was saved with: they are on stable
 * storage before it, or else a host that loses power keeps the state and loses what its guest
 * believes to have written.
 */
#include "state/media.h"

#include <tessera/block.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "state/state-fields.h"

#define HAS(table, member) \
	((table)->size >= offsetof(struct tsr_block, member) + sizeof((table)->member) && \
	 (table)->member)

static gboolean seal_medium(TsrInstance *instance, GError **error)
{
	g_autofree char *failure = NULL;
	struct tsr_interface found;
	const struct tsr_block *block;

	if (!tsr_instance_get_interface(instance, TSR_BLOCK, &found))
		return TRUE;
	block = found.table;
	if (!HAS(block, seal))
		return TRUE;
	struct tsr_state_writer *w = tsr_variant_writer_new();
	block->seal(found.self, w);
	g_variant_unref(g_variant_ref_sink(tsr_variant_writer_end(w, &failure)));
	if (failure)
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, "cannot save: %s: %s",
			    instance->config->name, failure);
	return !failure;
}

gboolean tsr_media_seal(TsrMachine *m, GError **error)
{
	for (guint i = 0; i < m->instances->len; i++)
		if (!seal_medium(g_ptr_array_index(m->instances, i), error))
			return FALSE;
	return TRUE;
}
