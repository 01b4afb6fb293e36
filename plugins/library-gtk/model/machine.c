/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A machine's properties: see machine.h. */
#include "model/machine-private.h"
#include "model/text.h"

#define SOCKET_FOLDER "tessera"
#define SOCKET_SUFFIX ".control"

enum { PROP_TITLE = 1, PROP_STATE, PROP_PROBLEM, PROP_PICTURE, PROP_INSTALLING, N_PROPS };

G_DEFINE_FINAL_TYPE(TsrLibraryMachine, tsr_library_machine, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint failed_signal, refused_signal;

/* -- What it is */

const char *tsr_library_machine_get_folder(TsrLibraryMachine *self)
{
	return self->record->folder;
}

const char *tsr_library_machine_get_title(TsrLibraryMachine *self)
{
	return self->record->title;
}

const char *tsr_library_machine_get_details(TsrLibraryMachine *self)
{
	return self->record->details;
}

const char *tsr_library_machine_get_memory(TsrLibraryMachine *self)
{
	return self->record->memory;
}

gint64 tsr_library_machine_get_used(TsrLibraryMachine *self)
{
	return self->record->used;
}

const char *tsr_library_machine_get_socket(TsrLibraryMachine *self)
{
	return self->socket;
}

const char *tsr_library_machine_get_program(TsrLibraryMachine *self)
{
	return self->program;
}

guint tsr_library_machine_get_permissions(TsrLibraryMachine *self)
{
	return self->permissions;
}

GBytes *tsr_library_machine_get_picture(TsrLibraryMachine *self)
{
	return self->picture;
}

gboolean tsr_library_machine_is_alive(TsrLibraryMachine *self)
{
	return self->connection || self->process || self->operation != TSR_LIBRARY_OFF;
}

TsrLibraryState tsr_library_machine_get_state(TsrLibraryMachine *self)
{
	if (self->operation != TSR_LIBRARY_OFF)
		return self->operation;
	if (self->connection)
		return self->guest;
	if (self->record->damage)
		return TSR_LIBRARY_DAMAGED;
	return self->record->is_suspended ? TSR_LIBRARY_SUSPENDED : TSR_LIBRARY_OFF;
}

const char *tsr_library_machine_get_problem(TsrLibraryMachine *self)
{
	if (self->failure)
		return self->failure;
	return tsr_library_machine_is_alive(self) ? NULL : self->record->damage;
}

gboolean tsr_library_machine_is_installing(TsrLibraryMachine *self)
{
	return self->record->is_installing;
}

char *tsr_library_machine_get_group(TsrLibraryMachine *self)
{
	return tsr_library_settings_get_group(self->settings, self->record->folder);
}

void tsr_library_machine_set_group(TsrLibraryMachine *self, const char *group)
{
	tsr_library_settings_set_group(self->settings, self->record->folder, group);
}

/* -- Changes */

void tsr_library_machine_changed(TsrLibraryMachine *self)
{
	TsrLibraryState state = tsr_library_machine_get_state(self);

	if (state != self->shown) {
		self->shown = state;
		g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_STATE]);
	}
}

void tsr_library_machine_set_operation(TsrLibraryMachine *self, TsrLibraryState operation)
{
	self->operation = operation;
	tsr_library_machine_changed(self);
}

void tsr_library_machine_set_failure(TsrLibraryMachine *self, char *sentence)
{
	if (!sentence && !self->failure)
		return;
	g_free(self->failure);
	self->failure = sentence;
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_PROBLEM]);
}

void tsr_library_machine_fail(TsrLibraryMachine *self, const char *sentence)
{
	g_signal_emit(self, failed_signal, 0, sentence);
}

void tsr_library_machine_refuse(TsrLibraryMachine *self, TsrLibraryPermission permission,
				const char *sentence)
{
	g_signal_emit(self, refused_signal, 0, permission, sentence);
}

void tsr_library_machine_set_picture(TsrLibraryMachine *self, GBytes *picture)
{
	if (picture == self->picture ||
	    (picture && self->picture && g_bytes_equal(picture, self->picture)))
		return;
	g_clear_pointer(&self->picture, g_bytes_unref);
	self->picture = picture ? g_bytes_ref(picture) : NULL;
	g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_PICTURE]);
}

void tsr_library_machine_update(TsrLibraryMachine *self, struct tsr_machine_record *record)
{
	struct tsr_machine_record *old = self->record;

	self->record = record;
	if (!g_str_equal(old->title, record->title))
		g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_TITLE]);
	if (g_strcmp0(old->damage, record->damage) != 0)
		g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_PROBLEM]);
	if (old->is_installing != record->is_installing)
		g_object_notify_by_pspec(G_OBJECT(self), properties[PROP_INSTALLING]);
	/* The file of a machine that has run here may be older: it is written meanwhile. */
	if (!self->picture_saved)
		tsr_library_machine_set_picture(self, record->picture);
	tsr_library_machine_changed(self);
	tsr_machine_record_free(old);
}

/* -- The object */

TsrLibraryMachine *tsr_library_machine_new(TsrLibrarySettings *settings, const char *program,
					   struct tsr_machine_record *record)
{
	TsrLibraryMachine *self = g_object_new(TSR_TYPE_LIBRARY_MACHINE, NULL);
	g_autofree char *key = tsr_library_key_of_folder(record->folder),
			*name = g_strconcat(key, SOCKET_SUFFIX, NULL);

	self->settings = g_object_ref(settings);
	self->program = g_strdup(program);
	self->record = record;
	self->socket = g_build_filename(g_get_user_runtime_dir(), SOCKET_FOLDER, name, NULL);
	self->picture = record->picture ? g_bytes_ref(record->picture) : NULL;
	self->shown = tsr_library_machine_get_state(self);
	tsr_library_machine_look(self);
	return self;
}

static void tsr_library_machine_get_property(GObject *object, guint id, GValue *value,
					     GParamSpec *spec)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(object);

	switch (id) {
	case PROP_TITLE:
		g_value_set_string(value, self->record->title);
		break;
	case PROP_STATE:
		g_value_set_uint(value, tsr_library_machine_get_state(self));
		break;
	case PROP_PROBLEM:
		g_value_set_string(value, tsr_library_machine_get_problem(self));
		break;
	case PROP_PICTURE:
		g_value_set_boxed(value, self->picture);
		break;
	case PROP_INSTALLING:
		g_value_set_boolean(value, self->record->is_installing);
		break;
	default:
		G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
	}
}

static void tsr_library_machine_dispose(GObject *object)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(object);

	g_clear_handle_id(&self->retry, g_source_remove);
	tsr_library_machine_disconnect(self);
	g_clear_object(&self->process);
	g_clear_object(&self->window);
	G_OBJECT_CLASS(tsr_library_machine_parent_class)->dispose(object);
}

static void tsr_library_machine_finalize(GObject *object)
{
	TsrLibraryMachine *self = TSR_LIBRARY_MACHINE(object);

	g_clear_object(&self->settings);
	g_clear_pointer(&self->picture, g_bytes_unref);
	tsr_machine_record_free(self->record);
	g_free(self->program);
	g_free(self->failure);
	g_free(self->socket);
	G_OBJECT_CLASS(tsr_library_machine_parent_class)->finalize(object);
}

static void tsr_library_machine_class_init(TsrLibraryMachineClass *class)
{
	GObjectClass *object = G_OBJECT_CLASS(class);
	const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

	object->get_property = tsr_library_machine_get_property;
	object->dispose = tsr_library_machine_dispose;
	object->finalize = tsr_library_machine_finalize;
	properties[PROP_TITLE] = g_param_spec_string("title", NULL, NULL, "", flags);
	properties[PROP_STATE] = g_param_spec_uint("state", NULL, NULL, 0, TSR_LIBRARY_DAMAGED,
						   TSR_LIBRARY_OFF, flags);
	properties[PROP_PROBLEM] = g_param_spec_string("problem", NULL, NULL, NULL, flags);
	properties[PROP_PICTURE] = g_param_spec_boxed("picture", NULL, NULL, G_TYPE_BYTES, flags);
	properties[PROP_INSTALLING] = g_param_spec_boolean("installing", NULL, NULL, FALSE, flags);
	g_object_class_install_properties(object, N_PROPS, properties);
	failed_signal = g_signal_new("failed", TSR_TYPE_LIBRARY_MACHINE, G_SIGNAL_RUN_LAST, 0, NULL,
				     NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
	refused_signal = g_signal_new("refused", TSR_TYPE_LIBRARY_MACHINE, G_SIGNAL_RUN_LAST, 0,
				      NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_STRING);
}

static void tsr_library_machine_init(TsrLibraryMachine *self)
{
	self->guest = TSR_LIBRARY_STARTING;
}
