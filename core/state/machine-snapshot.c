/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A snapshot of a machine that runs: its state, and a new layer for each of its disks, between two
 * instructions of the guest. */
#include <gio/gunixfdlist.h>
#include <unistd.h>

#include <tessera/block.h>

#include "instance/instance.h"
#include "instance/machine-parts.h"
#include "instance/remote-form.h"
#include "state/machine-state.h"

typedef struct {
	const char *const *disks, *const *paths;
	GUnixFDList *layers;
} Layers;

/* -- Which disks */

static gboolean is_kept(TsrInstance *instance)
{
	g_autofree char *mode = tsr_instance_get_property(instance, "mode", NULL);
	struct tsr_block_info info = { .size = sizeof(info) };
	struct tsr_interface found;
	const struct tsr_block *block;

	if (!tsr_instance_get_interface(instance, TSR_BLOCK, &found))
		return FALSE;
	block = found.table;
	TSR_CALLING(&instance->callee, "info", block->info(found.self, &info));
	return info.present && !info.read_only && g_strcmp0(mode, "nonpersistent") != 0;
}

/* A disk without a layer would go on while the state stays. */
static gboolean has_all_disks(TsrMachine *m, const Layers *l, GError **error)
{
	for (guint i = 0; i < m->instances->len; i++) {
		TsrInstance *instance = g_ptr_array_index(m->instances, i);

		if (!is_kept(instance) || g_strv_contains(l->disks, instance->config->name))
			continue;
		g_set_error(
			error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_STATE,
			"%s has a medium that the guest can write and that the machine's "
			"manifest does not name, so it is no part of snapshots; take it out, or "
			"make it nonpersistent or read-only",
			instance->config->name);
		return FALSE;
	}
	return TRUE;
}

/* -- While the guest stands still */

static gboolean push(TsrMachine *m, const Layers *l, guint i, char **before, GError **error)
{
	TsrInstance *instance = tsr_machine_find_instance(m, l->disks[i]);
	gboolean good;
	int fd;

	if (!instance) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_NOT_FOUND,
			    "the machine has no disk %s", l->disks[i]);
		return FALSE;
	}
	fd = g_unix_fd_list_get(l->layers, (int)i, error);
	if (fd < 0)
		return FALSE;
	*before = tsr_instance_get_property(instance, "layer", NULL);
	good = tsr_instance_set_property_fd(instance, "layer", l->paths[i], fd, error);
	close(fd);
	return good;
}

/* The layers are still empty. */
static void pop(TsrMachine *m, const Layers *l, guint n, char **before)
{
	while (n--) {
		TsrInstance *instance = tsr_machine_find_instance(m, l->disks[n]);
		g_autoptr(GError) why = NULL;

		if (!tsr_instance_set_property(instance, "layer", before[n], &why))
			g_warning("%s", why->message);
	}
}

static gboolean push_all(TsrMachine *m, gpointer user, GError **error)
{
	const Layers *l = user;
	const guint n = g_strv_length((char **)l->disks);
	g_auto(GStrv) before = g_new0(char *, n + 1);

	for (guint i = 0; i < n; i++) {
		if (push(m, l, i, &before[i], error))
			continue;
		pop(m, l, i, before);
		return FALSE;
	}
	return TRUE;
}

gboolean tsr_machine_snapshot_fd(TsrMachine *self, int state, const char *name,
				 const char *const *disks, const char *const *paths,
				 GUnixFDList *layers, GError **error)
{
	Layers l = { disks, paths, layers };
	const guint n = g_strv_length((char **)disks);

	if (state < 0 || !n || n != g_strv_length((char **)paths) ||
	    n != (guint)g_unix_fd_list_get_length(layers)) {
		g_set_error(error, TSR_MACHINE_ERROR, TSR_MACHINE_ERROR_INVALID,
			    "a snapshot needs a file for the state and one for each disk");
		return FALSE;
	}
	if (self->form)
		return self->form->snapshot_fd(self, state, name, disks, paths, layers, error);
	return has_all_disks(self, &l, error) &&
	       tsr_machine_save_then(self, name, state, push_all, &l, error);
}
