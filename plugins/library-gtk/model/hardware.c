/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See hardware.h; hardware-save.c saves it, hardware-file.c writes files. The draft is judged as a
 * hidden file beside the manifest, because paths in a manifest start at its folder. Edits that come
 * while a judgement is under way are judged together after it.
 */
#include "model/hardware-private.h"

#include <string.h>

#include "model/machine-file.h"
#include "model/machine-private.h"
#include "model/program-call.h"
#include "model/text.h"

G_DEFINE_FINAL_TYPE(TsrHardware, tsr_hardware, G_TYPE_OBJECT)

static guint changed_signal;

gboolean tsr_hardware_is_closed(TsrHardware *self)
{
	return g_cancellable_is_cancelled(self->cancellable);
}

void tsr_hardware_tell(TsrHardware *self)
{
	if (!tsr_hardware_is_closed(self))
		g_signal_emit(self, changed_signal, 0);
}

/* -- What is wrong with it */

/* As if it were told of the manifest. */
static char *name_manifest(TsrHardware *self, const char *message)
{
	g_autoptr(GString) text = g_string_new(message);
	g_autofree char *name = g_path_get_basename(self->path),
			*place = g_strconcat(self->draft_path, ":", NULL),
			*shown = g_strconcat(name, ":", NULL);

	g_string_replace(text, place, shown, 0);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void set_problem(TsrHardware *self, const char *message, const struct tsr_part *part)
{
	g_clear_pointer(&self->problem, g_free);
	g_clear_pointer(&self->blamed, g_free);
	if (message && *message)
		self->problem = name_manifest(self, message);
	self->blamed = part ? g_strdup(part->name) : NULL;
}

/* Takes the parts. Those of a draft say as their place the draft. */
static void take_parts(TsrHardware *self, struct tsr_parts *parts)
{
	tsr_parts_free(self->parts);
	self->parts = parts;
	set_problem(self, parts->problem,
		    *parts->problem ? tsr_parts_blame(parts, self->draft_path, self->text) : NULL);
}

/* -- Judging the draft */

static void judge(TsrHardware *self);

static void end_judgement(TsrHardware *self)
{
	self->is_judging = FALSE;
	if (self->is_stale && !tsr_hardware_is_closed(self))
		judge(self);
	tsr_hardware_tell(self);
}

static void on_judged(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrHardware) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why);
	struct tsr_parts *parts = tsr_parts_parse(printed);

	if (parts) {
		take_parts(self, parts);
		g_free(self->printed);
		self->printed = g_strdup(printed);
	} else
		set_problem(self, why ? why->message : _("The parts cannot be read."), NULL);
	if (parts && !self->saved)
		self->saved = tsr_parts_parse(printed);
	if (!self->parts && !tsr_hardware_is_closed(self)) {
		g_free(self->damage);
		self->damage = g_strdup(self->problem);
	}
	end_judgement(self);
}

static void on_draft_written(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrHardware *self = TSR_HARDWARE(source);
	const char *words[] = { self->machine->program,
				"parts",
				self->draft_path,
				"--try",
				"--gvariant",
				self->lock ? "--lock" : NULL,
				self->lock,
				NULL };
	g_autoptr(GError) why = NULL;

	if (g_task_propagate_boolean(G_TASK(result), &why)) {
		tsr_program_call(words, self->cancellable, on_judged, g_object_ref(self));
		return;
	}
	set_problem(self, why->message, NULL);
	if (!self->parts)
		self->damage = g_strdup(self->problem);
	end_judgement(self);
}

static void judge(TsrHardware *self)
{
	self->is_judging = TRUE;
	self->is_stale = FALSE;
	g_free(self->text);
	self->text = g_key_file_to_data(self->file, NULL, NULL);
	tsr_hardware_write(self, self->draft_path, self->text, on_draft_written, NULL);
}

void tsr_hardware_edit(TsrHardware *self, struct tsr_edit *edit)
{
	edit->file = self->file;
	edit->path = self->draft_path;
	edit->parts = self->parts;
	edit->catalogue = self->catalogue;
}

void tsr_hardware_edited(TsrHardware *self)
{
	self->is_changed = TRUE;
	self->is_stale = TRUE;
	if (!self->is_judging)
		judge(self);
	tsr_hardware_tell(self);
}

/* -- Reading */

static void set_damage(TsrHardware *self, const char *sentence)
{
	g_free(self->damage);
	self->damage = g_strdup(sentence);
	tsr_hardware_tell(self);
}

/* Beside the manifest. */
static char *find_lock(const char *manifest)
{
	g_autofree char *stem = g_strndup(manifest, strlen(manifest) - strlen(TSR_LIBRARY_SUFFIX)),
			*path = g_strconcat(stem, ".lock", NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

static void read_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	TsrHardware *self = source; /* which waits for this */
	GKeyFile *file = g_key_file_new();
	GError *error = NULL;

	self->lock = find_lock(data);

	if (g_key_file_load_from_file(file, data, G_KEY_FILE_KEEP_COMMENTS, &error)) {
		g_task_return_pointer(task, file, (GDestroyNotify)g_key_file_unref);
		return;
	}
	g_key_file_unref(file);
	g_prefix_error(&error, "%s", _("The machine file cannot be read: "));
	g_task_return_error(task, error);
}

static void on_read(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrHardware *self = TSR_HARDWARE(source);
	g_autoptr(GError) why = NULL;

	self->file = g_task_propagate_pointer(G_TASK(result), &why);
	if (self->file)
		judge(self);
	else
		set_damage(self, why->message);
	tsr_hardware_tell(self);
}

static void on_catalogue(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrHardware) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why);
	g_autoptr(GTask) task = NULL;

	self->catalogue = tsr_catalogue_parse(printed);
	if (tsr_hardware_is_closed(self))
		return;
	if (!self->catalogue) {
		set_damage(self, why ? why->message : _("The installed plugins cannot be read."));
		return;
	}
	task = g_task_new(self, NULL, on_read, NULL);
	g_task_set_task_data(task, g_strdup(self->path), g_free);
	g_task_run_in_thread(task, read_on_thread);
}

TsrHardware *tsr_hardware_new(TsrLibraryMachine *machine)
{
	TsrHardware *self = g_object_new(TSR_TYPE_HARDWARE, NULL);
	const char *words[] = { machine->program, "plugins", "list", "--gvariant", NULL };
	g_autofree char *folder = NULL;

	self->machine = g_object_ref(machine);
	self->path = g_strdup(machine->record->manifest);
	if (!self->path) {
		self->damage = g_strdup(machine->record->damage);
		return self;
	}
	folder = g_path_get_dirname(self->path);
	self->draft_path = g_build_filename(folder, TSR_HARDWARE_DRAFT, NULL);
	tsr_program_call(words, self->cancellable, on_catalogue, g_object_ref(self));
	return self;
}

/* -- What it is */

const char *tsr_hardware_get_damage(TsrHardware *self)
{
	return self->damage;
}

const struct tsr_parts *tsr_hardware_get_parts(TsrHardware *self)
{
	return self->damage ? NULL : self->parts;
}

const struct tsr_catalogue *tsr_hardware_get_catalogue(TsrHardware *self)
{
	return self->catalogue;
}

const char *tsr_hardware_get_problem(TsrHardware *self)
{
	return self->problem;
}

const char *tsr_hardware_get_blamed(TsrHardware *self)
{
	return self->blamed;
}

gboolean tsr_hardware_is_busy(TsrHardware *self)
{
	return self->is_judging || self->is_saving || (!self->parts && !self->damage);
}

gboolean tsr_hardware_is_changed(TsrHardware *self)
{
	return self->is_changed;
}

gboolean tsr_hardware_can_change(TsrHardware *self)
{
	return self->parts && !self->damage &&
	       (tsr_library_machine_is_alive(self->machine) ||
		!self->machine->record->is_suspended);
}

/* -- Life cycle */

void tsr_hardware_close(TsrHardware *self)
{
	if (tsr_hardware_is_closed(self))
		return;
	g_cancellable_cancel(self->cancellable);
	if (self->draft_path)
		g_ptr_array_add(self->made, g_strdup(self->draft_path));
	tsr_hardware_remove_files(g_steal_pointer(&self->made));
	self->made = g_ptr_array_new_with_free_func(g_free);
}

static void tsr_hardware_dispose(GObject *object)
{
	TsrHardware *self = TSR_HARDWARE(object);

	tsr_hardware_close(self);
	g_clear_object(&self->machine);
	G_OBJECT_CLASS(tsr_hardware_parent_class)->dispose(object);
}

static void tsr_hardware_finalize(GObject *object)
{
	TsrHardware *self = TSR_HARDWARE(object);

	g_object_unref(self->cancellable);
	g_free(self->path);
	g_free(self->draft_path);
	g_clear_pointer(&self->file, g_key_file_unref);
	g_free(self->lock);
	g_free(self->text);
	g_free(self->printed);
	tsr_catalogue_free(self->catalogue);
	tsr_parts_free(self->parts);
	tsr_parts_free(self->saved);
	g_free(self->damage);
	g_free(self->problem);
	g_free(self->blamed);
	g_ptr_array_unref(self->made);
	G_OBJECT_CLASS(tsr_hardware_parent_class)->finalize(object);
}

static void tsr_hardware_class_init(TsrHardwareClass *class)
{
	G_OBJECT_CLASS(class)->dispose = tsr_hardware_dispose;
	G_OBJECT_CLASS(class)->finalize = tsr_hardware_finalize;
	changed_signal = g_signal_new("changed", TSR_TYPE_HARDWARE, G_SIGNAL_RUN_LAST, 0, NULL,
				      NULL, NULL, G_TYPE_NONE, 0);
}

static void tsr_hardware_init(TsrHardware *self)
{
	self->cancellable = g_cancellable_new();
	self->made = g_ptr_array_new_with_free_func(g_free);
}
