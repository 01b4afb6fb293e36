/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See control.h: the machine's signals become those of the D-Bus interface. */
#include "control/control.h"

#include "control/control-interface.h"
#include "control/methods.h"
#include "control/server.h"
#include "remote/address.h"

struct _TsrControl {
	GObject parent;
	TsrControlled controlled;
	TsrControlServer *server;
};

G_DEFINE_FINAL_TYPE(TsrControl, tsr_control, G_TYPE_OBJECT)

static void emit(TsrControl *self, const char *interface, const char *name, GVariant *arguments)
{
	tsr_control_server_emit(self->server, interface, name, arguments);
}

static void on_state_changed(TsrMachine *machine, TsrMachineState state, TsrControl *self)
{
	GVariantBuilder changed;

	g_variant_builder_init(&changed, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&changed, "{sv}", "State",
			      g_variant_new_string(tsr_control_state_name(state)));
	g_variant_builder_add(&changed, "{sv}", "ExitStatus",
			      g_variant_new_int32(tsr_machine_get_exit_status(machine)));
	emit(self, "org.freedesktop.DBus.Properties", "PropertiesChanged",
	     g_variant_new("(sa{sv}as)", TSR_CONTROL_INTERFACE, &changed, NULL));
	emit(self, TSR_CONTROL_INTERFACE, "StateChanged",
	     g_variant_new("(s)", tsr_control_state_name(state)));
}

static void on_stopped(TsrMachine *machine, int exit_status, const char *why, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "Stopped",
	     g_variant_new("(is)", exit_status, why ? why : ""));
}

/* What a guest prints need not be UTF-8; D-Bus strings are. */
static void on_event(TsrMachine *machine, const char *instance, const char *event,
		     const char *detail, TsrControl *self)
{
	g_autofree char *text = g_utf8_make_valid(detail ? detail : "", -1);

	emit(self, TSR_CONTROL_INTERFACE, "Event", g_variant_new("(sss)", instance, event, text));
}

static void on_display_changed(TsrMachine *machine, guint display, guint width, guint height,
			       TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "DisplayChanged",
	     g_variant_new("(uuu)", display, width, height));
}

static void on_line_changed(TsrMachine *machine, const char *line, int level, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "LineChanged", g_variant_new("(si)", line, level));
}

static void on_device_fault(TsrMachine *machine, const char *instance, const char *what,
			    TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "DeviceFault", g_variant_new("(ss)", instance, what));
}

static void on_guest_panicked(TsrMachine *machine, const char *why, TsrControl *self)
{
	emit(self, TSR_CONTROL_INTERFACE, "GuestPanicked", g_variant_new("(s)", why));
}

static const struct {
	const char *name;
	GCallback callback;
} signals[] = {
	{ "state-changed", G_CALLBACK(on_state_changed) },
	{ "stopped", G_CALLBACK(on_stopped) },
	{ "event", G_CALLBACK(on_event) },
	{ "display-changed", G_CALLBACK(on_display_changed) },
	{ "line-changed", G_CALLBACK(on_line_changed) },
	{ "device-fault", G_CALLBACK(on_device_fault) },
	{ "guest-panicked", G_CALLBACK(on_guest_panicked) },
};

static void tsr_control_init(TsrControl *self)
{
}

static void tsr_control_dispose(GObject *object)
{
	TsrControl *self = TSR_CONTROL(object);

	if (self->server)
		tsr_control_server_close(self->server);
	g_clear_pointer(&self->controlled.typist, tsr_typist_free);
	if (self->controlled.machine)
		g_signal_handlers_disconnect_by_data(self->controlled.machine, self);
	g_clear_object(&self->controlled.machine);
	g_clear_object(&self->server);
	G_OBJECT_CLASS(tsr_control_parent_class)->dispose(object);
}

static void tsr_control_class_init(TsrControlClass *class)
{
	tsr_remote_register_errors();
	G_OBJECT_CLASS(class)->dispose = tsr_control_dispose;
}

TsrControl *tsr_control_new(TsrMachine *machine, const char *where, GError **error)
{
	g_autoptr(TsrControl) self = g_object_new(TSR_TYPE_CONTROL, NULL);

	self->controlled.machine = g_object_ref(machine);
	self->controlled.typist = tsr_typist_new(machine);
	self->server =
		tsr_control_server_new(where, &tsr_control_methods, &self->controlled, error);
	if (!self->server)
		return NULL;
	for (guint i = 0; i < G_N_ELEMENTS(signals); i++)
		g_signal_connect(machine, signals[i].name, signals[i].callback, self);
	return g_steal_pointer(&self);
}

gboolean tsr_control_has_clients(TsrControl *self)
{
	return tsr_control_server_has_clients(self->server);
}
