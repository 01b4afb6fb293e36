/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine of another program, or a disk of one: see import-private.h. An archive is unpacked into
 * the hidden folder in which the machine is made, so that the end of the import, whichever it is,
 * removes it.
 */
#include <string.h>
#include <sys/stat.h>

#include "model/digests.h"
#include "model/disk-convert.h"
#include "model/folder-private.h"
#include "model/import-private.h"
#include "model/inside.h"
#include "model/medium.h"
#include "model/name.h"
#include "model/ovf.h"
#include "model/text.h"
#include "model/vmx.h"

#define UNPACKED ".unpacked"
#define DESCRIPTION_BYTES ((goffset)16 << 20)
#define MEMORY_MIN_MIB 4
#define MEMORY_MAX_MIB 3584 /* docs/STATUS.md, "Known gaps" */

typedef struct {
	char *path; /* NULL: it is empty */
	guint64 bytes;
	struct tsr_disk_file file;
} Disk;

typedef struct {
	const struct tsr_import *import;
	const struct tsr_import_place *place;
	GPtrArray *notes;
	struct tsr_progress *progress;
	GCancellable *cancellable;
	char *unfinished; /* the folder that is being made */
	char *source;     /* the folder of the description */
	struct tsr_foreign *foreign;
	GArray *disks; /* Disk */
} Import;

static gboolean fail(const char *sentence, const char *name, GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, sentence, name);
	return FALSE;
}

static void note(Import *im, char *sentence)
{
	g_ptr_array_add(im->notes, sentence);
}

/* -- The description */

/* The only .ovf at the top of an archive. NULL with error. */
static char *find_description(const char *folder, const char *archive, GError **error)
{
	g_autofree char *owner = g_filename_display_basename(archive), *found = NULL;
	g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
	const char *name;
	guint count = 0;

	while (dir && (name = g_dir_read_name(dir))) {
		if (!tsr_import_has_suffix(name, TSR_IMPORT_OVF))
			continue;
		g_free(found);
		found = g_build_filename(folder, name, NULL);
		count++;
	}
	if (count == 1)
		return g_steal_pointer(&found);
	if (dir)
		fail(_("“%s” is not a machine in the Open Virtualization Format: its archive has "
		       "to "
		       "hold one .ovf file."),
		     owner, error);
	return NULL;
}

static struct tsr_foreign *read_description(const char *path, GError **error)
{
	g_autofree char *name = g_filename_display_basename(path), *text = NULL;
	struct stat info;
	gsize length;

	if (stat(path, &info) == 0 && info.st_size > DESCRIPTION_BYTES) {
		fail(_("“%s” is too large for the description of a machine."), name, error);
		return NULL;
	}
	if (!g_file_get_contents(path, &text, &length, error))
		return NULL;
	return tsr_import_has_suffix(path, TSR_IMPORT_VMX)
		       ? tsr_vmx_parse(text, length, name, error)
		       : tsr_ovf_parse(text, length, name, error);
}

static gboolean read_foreign(Import *im, GError **error)
{
	g_autofree char *description = NULL;

	if (tsr_import_has_suffix(im->import->path, TSR_IMPORT_VMX) ||
	    tsr_import_has_suffix(im->import->path, TSR_IMPORT_OVF)) {
		description = g_strdup(im->import->path);
	} else {
		g_autofree char *folder = g_build_filename(im->unfinished, UNPACKED, NULL);

		if (tsr_import_unpack(im->import->path, folder, im->place->program, im->progress,
				      im->cancellable, error))
			description = find_description(folder, im->import->path, error);
	}
	if (!description)
		return FALSE;
	im->source = g_path_get_dirname(description);
	if (!tsr_import_has_suffix(description, TSR_IMPORT_VMX) &&
	    !tsr_digests_check(description, im->notes, im->progress, im->cancellable, error))
		return FALSE;
	im->foreign = read_description(description, error);
	return im->foreign != NULL;
}

/* A disk by itself is a machine that says nothing else. */
static gboolean take_disk(Import *im)
{
	im->source = g_path_get_dirname(im->import->path);
	im->foreign = tsr_foreign_new();
	im->foreign->has_network = TRUE;
	tsr_foreign_add_disk(im->foreign, g_path_get_basename(im->import->path), 0);
	return TRUE;
}

/* -- Its disks */

static void disk_clear(gpointer data)
{
	Disk *disk = data;

	g_free(disk->path);
	tsr_disk_file_clear(&disk->file);
}

/* The disk that the user chose may be a link; one that a description names lies beside it. */
static gboolean find_disk(Import *im, const struct tsr_foreign_disk *wanted, GError **error)
{
	g_autofree char *owner = g_filename_display_basename(im->import->path);
	Disk disk = { .bytes = wanted->bytes };
	gboolean done = TRUE;

	if (wanted->name) {
		disk.path = im->import->kind == TSR_IMPORT_FOREIGN
				    ? tsr_inside_find(im->source, wanted->name, owner, error)
				    : g_strdup(im->import->path);
		done = disk.path && tsr_disk_file_read(disk.path, &disk.file, error);
	} else if (!disk.bytes) {
		done = fail(_("“%s” is damaged: it lacks one of its disks."), owner, error);
	}
	g_array_append_val(im->disks, disk);
	return done;
}

static gboolean find_disks(Import *im, GError **error)
{
	const guint count = im->foreign->disks->len;
	struct tsr_progress *progress = im->progress;

	for (guint i = 0; i < MIN(count, TSR_LIBRARY_DISKS); i++)
		if (!find_disk(im, im->foreign->disks->pdata[i], error))
			return FALSE;
	if (count > TSR_LIBRARY_DISKS)
		note(im, g_strdup_printf(_("It has %u disks, and a machine of Tessera has room for "
					   "%u: the others were left out."),
					 count, TSR_LIBRARY_DISKS));
	for (guint i = 0; progress && i < im->disks->len; i++)
		progress->total += (goffset)g_array_index(im->disks, Disk, i).file.stored;
	return TRUE;
}

static gboolean make_disks(Import *im, GError **error)
{
	for (guint i = 0; i < im->disks->len; i++) {
		const Disk *disk = &g_array_index(im->disks, Disk, i);
		g_autofree char *name = tsr_machine_file_disk(i),
				*to = g_build_filename(im->unfinished, name, NULL);

		if (!(disk->path ? tsr_disk_convert(disk->path, &disk->file, to, im->progress,
						    im->cancellable, error)
				 : tsr_folder_make_disk(to, disk->bytes, error)))
			return FALSE;
	}
	return TRUE;
}

/* -- The machine */

static guint choose_memory(Import *im)
{
	const guint wanted = im->foreign->memory_mib;
	const guint memory = CLAMP(wanted, MEMORY_MIN_MIB, MEMORY_MAX_MIB);

	if (!wanted)
		return tsr_system_unknown()->memory_mib;
	if (memory != wanted)
		note(im, g_strdup_printf(_("It has %u MiB of memory, and a machine of Tessera has "
					   "%u to %u: it got %u MiB."),
					 wanted, MEMORY_MIN_MIB, MEMORY_MAX_MIB, memory));
	return memory;
}

static void note_differences(Import *im)
{
	if (im->foreign->is_64_bit)
		note(im, g_strdup(_("Its system is for 64-bit computers, and does not start on "
				    "Tessera's, which have 32 bits.")));
	if (im->foreign->has_efi)
		note(im, g_strdup(_("It starts by UEFI, and Tessera's machines have a BIOS: its "
				    "system may not start.")));
	if (!im->disks->len)
		note(im, g_strdup(_("It has no disk.")));
}

static gboolean write_machine(Import *im, const char *name, const char *title, GError **error)
{
	g_autofree char *manifest = tsr_folder_manifest(im->unfinished, name),
			*from = g_filename_display_basename(im->import->path),
			*details = g_strdup_printf(_("Imported from %s"), from);
	const struct tsr_machine_choices choices = {
		.title = title,
		.details = details,
		.memory_mib = choose_memory(im),
		.has_disk = im->disks->len > 0,
		.more_disks = im->disks->len > 0 ? im->disks->len - 1 : 0,
		.has_network = im->foreign->has_network,
	};

	note_differences(im);
	return tsr_machine_file_write(manifest, im->place->preset, &choices, error);
}

static char *finish(Import *im, GError **error)
{
	g_autofree char *own = im->foreign->title ? tsr_library_clean_title(im->foreign->title)
						  : g_strdup(""),
			*unpacked = g_build_filename(im->unfinished, UNPACKED, NULL);
	const char *title = *own ? own : im->import->title;
	g_autofree char *name = tsr_library_free_name(im->place->parent, title);

	tsr_folder_remove(unpacked);
	if (!write_machine(im, name, title, error))
		return NULL;
	return tsr_folder_finish(im->unfinished, im->place->parent, name, error);
}

char *tsr_import_foreign(const struct tsr_import *import, const struct tsr_import_place *place,
			 GPtrArray *notes, struct tsr_progress *progress, GCancellable *cancellable,
			 GError **error)
{
	struct stat info;
	Import im = { .import = import,
		      .place = place,
		      .notes = notes,
		      .progress = progress,
		      .cancellable = cancellable,
		      .unfinished = tsr_folder_begin(place->parent, error),
		      .disks = g_array_new(FALSE, FALSE, sizeof(Disk)) };
	char *folder = NULL;

	g_array_set_clear_func(im.disks, disk_clear);
	/* Disks in an archive are about as long as it: until they are known. */
	if (progress && stat(import->path, &info) == 0 &&
	    tsr_import_has_suffix(import->path, TSR_IMPORT_OVA))
		progress->total = info.st_size;
	if (im.unfinished &&
	    (import->kind == TSR_IMPORT_FOREIGN ? read_foreign(&im, error) : take_disk(&im)) &&
	    find_disks(&im, error) && make_disks(&im, error))
		folder = finish(&im, error);
	if (im.unfinished && !folder)
		tsr_folder_remove(im.unfinished);
	tsr_foreign_free(im.foreign);
	g_array_unref(im.disks);
	g_free(im.unfinished);
	g_free(im.source);
	return folder;
}
