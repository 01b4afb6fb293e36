/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See media.h. A state is only as good as the media that it was saved with. They are on stable
 * storage before it, or else a host that loses power keeps the state and loses what its guest
 * believes to have written; and they have to be the same when it is loaded, or else the guest
 * writes what it remembers over what is there.
 */
#include "state/media.h"

#include <tessera/block.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "state/state-fields.h"

static const struct tsr_block *find_block(TsrInstance *instance, void **self)
{
	struct tsr_interface found;

	if (!tsr_instance_get_interface(instance, TSR_BLOCK, &found))
		return NULL;
	*self = found.self;
	return found.table;
}

/* -- Saving */

gboolean tsr_medium_seal(TsrInstance *instance, GVariant **fields, GError **error)
{
	g_autofree char *failure = NULL;
	void *self;
	const struct tsr_block *block = find_block(instance, &self);

	*fields = NULL;
	if (!block || !TSR_HAS(block, seal))
		return TRUE;
	struct tsr_state_writer *w = tsr_variant_writer_new(&instance->mistakes);
	TSR_CALLING(&instance->callee, "seal", block->seal(self, w));
	*fields = g_variant_ref_sink(tsr_variant_writer_end(w, &failure));
	if (!failure)
		return TRUE;
	g_clear_pointer(fields, g_variant_unref);
	g_set_error_literal(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO, failure);
	return FALSE;
}

static gboolean seal_medium(TsrInstance *instance, GVariantBuilder *media, GError **error)
{
	g_autoptr(GVariant) fields = NULL;

	if (!tsr_medium_seal(instance, &fields, error)) {
		g_prefix_error(error, "cannot save: %s: ", instance->config->name);
		return FALSE;
	}
	if (fields)
		g_variant_builder_add(media, "{s@a{sv}}", instance->config->name, fields);
	return TRUE;
}

GVariant *tsr_media_seal(TsrMachine *m, GError **error)
{
	GVariantBuilder media;

	g_variant_builder_init(&media, G_VARIANT_TYPE("a{sa{sv}}"));
	for (guint i = 0; i < m->instances->len; i++) {
		if (!seal_medium(g_ptr_array_index(m->instances, i), &media, error)) {
			g_variant_builder_clear(&media);
			return NULL;
		}
	}
	return g_variant_builder_end(&media);
}

/* -- Loading */

/* As recognize of block.h. */
static bool recognize(TsrInstance *instance, GVariant *fields, struct tsr_error *why)
{
	void *self;
	const struct tsr_block *block = find_block(instance, &self);
	struct tsr_state_reader *r;
	bool good;

	if (!block || !TSR_HAS(block, recognize))
		return true;
	r = tsr_variant_reader_new(fields, tsr_plugin_get_state_version(instance->config->plugin),
				   &instance->mistakes);
	TSR_CALLING(&instance->callee, "recognize", good = block->recognize(self, r, why));
	tsr_variant_reader_free(r);
	return good;
}

gboolean tsr_medium_recognize(TsrInstance *instance, GVariant *fields, GError **error)
{
	struct tsr_error why = { 0 };

	if (recognize(instance, fields, &why))
		return TRUE;
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_IO,
		    "it does not find the medium as it is: %s", why.message);
	return FALSE;
}

static gboolean recognize_medium(TsrInstance *instance, const char *path, GVariant *fields,
				 bool force, GError **error)
{
	struct tsr_error why = { 0 };
	const char *name = instance->config->name;

	if (recognize(instance, fields, &why))
		return TRUE;
	if (why.code == TSR_ERROR_CONFLICT && force) {
		g_warning("%s: %s: %s; loaded all the same", path, name, why.message);
		return TRUE;
	}
	g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_VERSION, "%s: %s: %s%s", path, name,
		    why.message,
		    why.code == TSR_ERROR_CONFLICT
			    ? "; put back the medium of that time, or load with --force-medium, "
			      "after which its file system may be damaged"
			    : "");
	return FALSE;
}

static gboolean has_medium(TsrInstance *instance)
{
	struct tsr_block_info info = { .size = sizeof(info) };
	void *self;
	const struct tsr_block *block = find_block(instance, &self);

	if (block)
		TSR_CALLING(&instance->callee, "info", block->info(self, &info));
	return info.present && !info.read_only;
}

/* A state of before there was anything to know a medium by. */
static void warn_of_unknown_media(TsrMachine *m, const char *path)
{
	for (guint i = 0; i < m->instances->len; i++) {
		if (!has_medium(g_ptr_array_index(m->instances, i)))
			continue;
		g_warning("%s: this state was saved by an older version and does not say what the "
			  "disks held; if they were written since, their file systems may be "
			  "damaged",
			  path);
		return;
	}
}

gboolean tsr_media_recognize(TsrMachine *m, const char *path, GVariant *media, bool force,
			     GError **error)
{
	if (!media) {
		warn_of_unknown_media(m, path);
		return TRUE;
	}
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);
		g_autoptr(GVariant) fields = g_variant_lookup_value(media, instance->config->name,
								    G_VARIANT_TYPE_VARDICT);

		if (fields && !recognize_medium(instance, path, fields, force, error))
			return FALSE;
	}
	return TRUE;
}
