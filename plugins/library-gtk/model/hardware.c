/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See hardware.h. The draft is judged as a hidden file beside the manifest, because paths in a
 * manifest start at its folder. Edits that come while a judgement is under way are judged together
 * after it.
 */
#include "model/hardware.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "model/machine-file.h"
#include "model/machine-private.h"
#include "model/program-call.h"
#include "model/text.h"

#define DRAFT ".draft.machine"
#define DISKS 1000 /* names that are tried for a new image */

struct _TsrHardware {
	GObject parent;
	TsrLibraryMachine *machine;
	GCancellable *cancellable; /* of all that is under way; cancelled: closed */
	char *path, *draft_path;   /* of the manifest, of the draft */
	GKeyFile *file;            /* the draft; NULL: not read */
	char *lock;                /* the machine's; NULL: it has none */
	char *text;                /* of the draft that is judged, or was judged last */
	char *printed;             /* what the parts were parsed from */
	struct tsr_catalogue *catalogue;
	struct tsr_parts *parts;
	struct tsr_parts *saved; /* those of the manifest as it was read or saved last */
	char *damage, *problem, *blamed;
	GPtrArray *made; /* char *: paths of images that no saved manifest names */
	gboolean is_judging, is_stale, is_changed, is_saving;
};

G_DEFINE_FINAL_TYPE(TsrHardware, tsr_hardware, G_TYPE_OBJECT)

static guint changed_signal;

static gboolean is_closed(TsrHardware *self)
{
	return g_cancellable_is_cancelled(self->cancellable);
}

static void changed(TsrHardware *self)
{
	if (!is_closed(self))
		g_signal_emit(self, changed_signal, 0);
}

/* -- The file, on other threads */

typedef struct {
	char *path, *text;
} Writing;

static void writing_free(gpointer data)
{
	Writing *writing = data;

	g_free(writing->path);
	g_free(writing->text);
	g_free(writing);
}

static void write_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const Writing *w = data;
	GError *error = NULL;
	int flags = G_FILE_SET_CONTENTS_CONSISTENT;

	if (!g_str_has_suffix(w->path, DRAFT))
		flags |= G_FILE_SET_CONTENTS_DURABLE;
	if (g_file_set_contents_full(w->path, w->text, -1, (GFileSetContentsFlags)flags, 0644,
				     &error))
		g_task_return_boolean(task, TRUE);
	else
		g_task_return_error(task, error);
}

static void write_text(TsrHardware *self, const char *path, const char *text,
		       GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);
	Writing *writing = g_new0(Writing, 1);

	writing->path = g_strdup(path);
	writing->text = g_strdup(text);
	g_task_set_task_data(task, writing, writing_free);
	g_task_run_in_thread(task, write_on_thread);
}

static void remove_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	GPtrArray *paths = data;

	for (guint i = 0; i < paths->len; i++)
		g_unlink(g_ptr_array_index(paths, i));
}

/* Takes the paths. Nobody waits for it. */
static void remove_files(GPtrArray *paths)
{
	g_autoptr(GTask) task = g_task_new(NULL, NULL, NULL, NULL);

	g_task_set_task_data(task, paths, (GDestroyNotify)g_ptr_array_unref);
	g_task_run_in_thread(task, remove_on_thread);
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
	if (self->is_stale && !is_closed(self))
		judge(self);
	changed(self);
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
	if (!self->parts && !is_closed(self)) {
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
	write_text(self, self->draft_path, self->text, on_draft_written, NULL);
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
	changed(self);
}

/* -- Reading */

static void set_damage(TsrHardware *self, const char *sentence)
{
	g_free(self->damage);
	self->damage = g_strdup(sentence);
	changed(self);
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
	changed(self);
}

static void on_catalogue(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(TsrHardware) self = data;
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why);
	g_autoptr(GTask) task = NULL;

	self->catalogue = tsr_catalogue_parse(printed);
	if (is_closed(self))
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
	self->draft_path = g_build_filename(folder, DRAFT, NULL);
	tsr_program_call(words, self->cancellable, on_catalogue, g_object_ref(self));
	return self;
}

/* -- New images */

typedef struct {
	char *folder;
	guint64 mib;
} NewDisk;

static void new_disk_free(gpointer data)
{
	g_free(((NewDisk *)data)->folder);
	g_free(data);
}

static int open_new(const char *folder, char **path)
{
	int fd = -1;

	for (guint number = 2; number < DISKS && fd < 0; number++) {
		g_autofree char *name = g_strdup_printf("disk%u.img", number);

		g_free(*path);
		*path = g_build_filename(folder, name, NULL);
		fd = g_open(*path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd;
}

static void make_on_thread(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
	const NewDisk *new_disk = data;
	g_autofree char *path = NULL;
	int fd = open_new(new_disk->folder, &path), wrong = errno;

	if (fd >= 0 && ftruncate(fd, (off_t)(new_disk->mib << 20)) == 0 && fsync(fd) == 0) {
		close(fd);
		g_task_return_pointer(task, g_steal_pointer(&path), g_free);
		return;
	}
	if (fd >= 0) {
		wrong = errno;
		close(fd);
		g_unlink(path);
	}
	g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_FAILED,
				_("No disk image could be made in the machine's folder: %s"),
				g_strerror(wrong));
}

void tsr_hardware_make_disk(TsrHardware *self, guint64 mib, GAsyncReadyCallback callback,
			    gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);
	NewDisk *new_disk = g_new0(NewDisk, 1);

	new_disk->folder = g_path_get_dirname(self->path);
	new_disk->mib = mib;
	g_task_set_task_data(task, new_disk, new_disk_free);
	g_task_run_in_thread(task, make_on_thread);
}

char *tsr_hardware_make_disk_finish(GAsyncResult *result, GError **error)
{
	TsrHardware *self = g_task_get_source_object(G_TASK(result));
	g_autofree char *path = g_task_propagate_pointer(G_TASK(result), error);

	if (!path)
		return NULL;
	g_ptr_array_add(self->made, g_strdup(path));
	if (is_closed(self)) {
		remove_files(g_steal_pointer(&self->made));
		self->made = g_ptr_array_new_with_free_func(g_free);
	}
	return g_path_get_basename(path);
}

/* -- Saving */

typedef struct {
	GPtrArray *orders; /* char **: `tessera ctl …`, one after another */
	guint next;
	GString *now, *later, *refused; /* what changed, for the user */
	struct tsr_parts *parts;        /* that are saved */
} Saving;

static void saving_free(gpointer data)
{
	Saving *saving = data;

	g_ptr_array_unref(saving->orders);
	g_string_free(saving->now, TRUE);
	g_string_free(saving->later, TRUE);
	g_string_free(saving->refused, TRUE);
	tsr_parts_free(saving->parts);
	g_free(saving);
}

static void list(GString *names, const char *part, const char *what)
{
	g_string_append_printf(names, "%s%s%s%s", names->len ? ", " : "", part, what ? "." : "",
			       what ? what : "");
}

/* How the command line sets a property of a running machine. */
static char **order_of(TsrHardware *self, const struct tsr_part *part,
		       const struct tsr_plugin_property *property, const char *value)
{
	g_autoptr(GStrvBuilder) words = g_strv_builder_new();
	g_autofree char *folder = g_path_get_dirname(self->path),
			*path = g_canonicalize_filename(value, folder),
			*setting = g_strdup_printf("%s.%s=%s", part->name, property->name, value);

	g_strv_builder_add_many(words, self->machine->program, "ctl", self->machine->socket, NULL);
	if (!g_str_equal(property->type, "file"))
		g_strv_builder_add_many(words, "set", setting, NULL);
	else if (*value)
		g_strv_builder_add_many(words, "insert", part->name, path, NULL);
	else
		g_strv_builder_add_many(words, "eject", part->name, NULL);
	return g_strv_builder_end(words);
}

static gboolean can_set_now(const struct tsr_plugin_property *property)
{
	return property->is_mutable && property->writable &&
	       (!g_str_equal(property->type, "file") || g_str_equal(property->name, "file"));
}

static void compare_property(TsrHardware *self, Saving *s, const struct tsr_part *before,
			     const struct tsr_part *after,
			     const struct tsr_plugin_property *property)
{
	const char *value = tsr_part_value(after, property);

	if (g_str_equal(tsr_part_value(before, property), value))
		return;
	if (tsr_library_machine_is_alive(self->machine) && can_set_now(property))
		g_ptr_array_add(s->orders, order_of(self, after, property, value));
	else
		list(s->later, after->name, property->name);
}

static gboolean same(GHashTable *a, GHashTable *b, const char *key)
{
	return g_strcmp0(g_hash_table_lookup(a, key), g_hash_table_lookup(b, key)) == 0;
}

/* Keys that are no properties: where and how it is connected. */
static void compare_wiring(Saving *s, const struct tsr_part *before, const struct tsr_part *after,
			   const struct tsr_plugin *plugin)
{
	GHashTable *tables[] = { before->settings, after->settings };
	g_autoptr(GHashTable) told = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		GHashTableIter iter;
		gpointer key;

		g_hash_table_iter_init(&iter, tables[i]);
		while (g_hash_table_iter_next(&iter, &key, NULL))
			if (!same(before->settings, after->settings, key) &&
			    !tsr_plugin_property_of(plugin, key) && g_hash_table_add(told, key))
				list(s->later, after->name, key);
	}
}

static void compare_part(TsrHardware *self, Saving *s, const struct tsr_part *after)
{
	const struct tsr_part *before = tsr_parts_find(self->saved, after->name);
	const struct tsr_plugin *plugin = tsr_catalogue_find(
		self->catalogue, after->id, *after->version ? after->version : NULL);

	if (!before || !before->exists) {
		list(s->later, after->name, NULL);
		return;
	}
	for (guint i = 0; plugin && i < plugin->properties->len; i++)
		compare_property(self, s, before, after, g_ptr_array_index(plugin->properties, i));
	if (plugin)
		compare_wiring(s, before, after, plugin);
}

/* What of the change can be done now, and what has to wait for the machine's next start. */
static Saving *compare(TsrHardware *self)
{
	Saving *s = g_new0(Saving, 1);

	s->parts = tsr_parts_parse(self->printed);
	s->orders = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	s->now = g_string_new(NULL);
	s->later = g_string_new(NULL);
	s->refused = g_string_new(NULL);
	if (!g_str_equal(self->saved->memory, self->parts->memory))
		list(s->later, _("memory"), NULL);
	for (guint i = 0; i < self->parts->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(self->parts->parts, i);

		if (part->exists)
			compare_part(self, s, part);
	}
	for (guint i = 0; i < self->saved->parts->len; i++) {
		const struct tsr_part *part = g_ptr_array_index(self->saved->parts, i),
				      *after = tsr_parts_find(self->parts, part->name);

		if (part->exists && (!after || !after->exists))
			list(s->later, part->name, NULL);
	}
	return s;
}

static char *tell(TsrHardware *self, const Saving *s)
{
	g_autoptr(GString) text = g_string_new(_("The machine file is saved."));

	if (s->now->len)
		g_string_append_printf(text, _(" Changed at once: %s."), s->now->str);
	if (s->refused->len)
		g_string_append_printf(text, _(" The running machine did not take %s."),
				       s->refused->str);
	if (s->later->len && tsr_library_machine_is_alive(self->machine))
		g_string_append_printf(text, _(" Needs a restart of the machine: %s."),
				       s->later->str);
	return g_string_free(g_steal_pointer(&text), FALSE);
}

static void next_order(GTask *task);

static void on_order_done(GObject *source, GAsyncResult *result, gpointer data)
{
	g_autoptr(GTask) task = data;
	Saving *s = g_task_get_task_data(task);
	char **order = g_ptr_array_index(s->orders, s->next++);
	g_autofree char *what = g_strndup(order[4], strcspn(order[4], "="));
	g_autoptr(GError) why = NULL;
	g_autofree char *printed = tsr_program_call_finish(result, &why),
			*refusal = why ? g_strdup_printf("%s (%s)", what, why->message) : NULL;

	list(printed ? s->now : s->refused, printed ? what : refusal, NULL);
	next_order(task);
}

static void next_order(GTask *task)
{
	TsrHardware *self = g_task_get_source_object(task);
	Saving *s = g_task_get_task_data(task);

	if (s->next < s->orders->len) {
		tsr_program_call(g_ptr_array_index(s->orders, s->next), self->cancellable,
				 on_order_done, g_object_ref(task));
		return;
	}
	self->is_saving = FALSE;
	g_task_return_pointer(task, tell(self, s), g_free);
	changed(self);
}

static void on_saved(GObject *source, GAsyncResult *result, gpointer data)
{
	TsrHardware *self = TSR_HARDWARE(source);
	g_autoptr(GTask) task = data;
	Saving *s = g_task_get_task_data(task);
	GError *error = NULL;

	if (!g_task_propagate_boolean(G_TASK(result), &error)) {
		self->is_saving = FALSE;
		g_task_return_error(task, error);
		changed(self);
		return;
	}
	self->is_changed = self->is_judging; /* there was an edit meanwhile */
	g_ptr_array_set_size(self->made, 0);
	tsr_parts_free(self->saved);
	self->saved = g_steal_pointer(&s->parts);
	next_order(task);
}

void tsr_hardware_save(TsrHardware *self, GAsyncReadyCallback callback, gpointer user)
{
	g_autoptr(GTask) task = g_task_new(self, NULL, callback, user);

	if (self->problem || self->is_judging || self->is_saving || !self->saved) {
		g_task_return_new_error(task, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID, "%s",
					self->problem ? self->problem
						      : _("The change is not judged yet."));
		return;
	}
	self->is_saving = TRUE;
	g_task_set_task_data(task, compare(self), saving_free);
	write_text(self, self->path, self->text, on_saved, g_steal_pointer(&task));
	changed(self);
}

char *tsr_hardware_save_finish(GAsyncResult *result, GError **error)
{
	return g_task_propagate_pointer(G_TASK(result), error);
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
	if (is_closed(self))
		return;
	g_cancellable_cancel(self->cancellable);
	if (self->draft_path)
		g_ptr_array_add(self->made, g_strdup(self->draft_path));
	remove_files(g_steal_pointer(&self->made));
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
