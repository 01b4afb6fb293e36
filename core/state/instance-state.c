/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See instance-state.h. */
#include "state/instance-state.h"

#include "state/state-fields.h"

GVariant *tsr_instance_state_save(TsrInstance *instance, char **failure)
{
	struct tsr_state_writer *w = tsr_variant_writer_new(&instance->mistakes);
	GVariant *fields;
	char *mistake;

	tsr_mistakes_collect(&instance->mistakes);
	tsr_instance_save(instance, w);
	fields = tsr_variant_writer_end(w, failure);
	mistake = tsr_mistakes_take(&instance->mistakes);
	if (mistake) {
		g_free(*failure);
		*failure = mistake;
	}
	return fields;
}

gboolean tsr_instance_state_load(TsrInstance *instance, GVariant *fields, guint32 version,
				 GError **error)
{
	struct tsr_state_reader *r = tsr_variant_reader_new(fields, version, &instance->mistakes);
	gboolean good = tsr_instance_load(instance, r, error);

	tsr_variant_reader_free(r);
	return good;
}
