/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tap-signals.h. They are emitted on the main loop, a moment after what they tell of. */
#include "monitor/tap-signals.h"

#include <string.h>

#include "instance/lock.h"
#include "monitor/parts.h"

static void tell(TsrMachine *m, const char *device, const char *name, const char *text)
{
	tsr_machine_lock(m);
	tsr_hub_tell(m->taps->hub, &(struct tsr_monitor_event){
					   .kind = TSR_MONITOR_SIGNAL,
					   .op = TSR_MONITOR_CHANGED,
					   .device = device,
					   .what = name,
					   .data = text,
					   .data_length = text ? strlen(text) : 0,
				   });
	tsr_machine_unlock(m);
}

static void on_event(TsrMachine *m, const char *instance, const char *event, const char *detail)
{
	tell(m, instance, event, detail);
}

static void on_state_changed(TsrMachine *m, TsrMachineState state)
{
	g_autoptr(GEnumClass) class = g_type_class_ref(TSR_TYPE_MACHINE_STATE);
	const GEnumValue *value = g_enum_get_value(class, (int)state);

	tell(m, "machine", "state", value ? value->value_nick : "");
}

static void on_stopped(TsrMachine *m, int status, const char *why)
{
	g_autofree char *text = g_strdup_printf("%d %s", status, why ? why : "");

	tell(m, "machine", "stopped", text);
}

static void on_display_changed(TsrMachine *m, guint display, guint width, guint height)
{
	g_autofree char *text = g_strdup_printf("%u: %ux%u", display, width, height);

	tell(m, "machine", "display", text);
}

static void on_guest_panicked(TsrMachine *m, const char *why)
{
	tell(m, "machine", "panic", why);
}

static void on_provided(TsrBus *bus, const char *provider, const char *interface, TsrMachine *m)
{
	tell(m, provider, "provided", interface);
}

static void on_withdrawn(TsrBus *bus, const char *provider, const char *interface, TsrMachine *m)
{
	tell(m, provider, "withdrawn", interface);
}

static void on_connected(TsrBus *bus, const char *user, const char *need, const char *provider,
			 const char *interface, TsrMachine *m)
{
	g_autofree char *text = g_strdup_printf("%s -> %s %s", need, provider, interface);

	tell(m, user, "connected", text);
}

static const struct {
	const char *name;
	GCallback callback;
	gboolean is_bus;
} signals[] = {
	{ "event", G_CALLBACK(on_event), FALSE },
	{ "state-changed", G_CALLBACK(on_state_changed), FALSE },
	{ "stopped", G_CALLBACK(on_stopped), FALSE },
	{ "display-changed", G_CALLBACK(on_display_changed), FALSE },
	{ "guest-panicked", G_CALLBACK(on_guest_panicked), FALSE },
	{ "provided", G_CALLBACK(on_provided), TRUE },
	{ "withdrawn", G_CALLBACK(on_withdrawn), TRUE },
	{ "connected", G_CALLBACK(on_connected), TRUE },
};

void tsr_tap_signals_update(struct tsr_hub *hub, TsrMachine *m)
{
	bool wanted = tsr_hub_wants(hub, TSR_MONITOR_SIGNAL, NULL, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(signals); i++) {
		gpointer from = signals[i].is_bus ? (gpointer)m->bus : (gpointer)m;

		g_signal_handlers_disconnect_by_func(from, signals[i].callback, m);
		if (wanted)
			g_signal_connect(from, signals[i].name, signals[i].callback, m);
	}
}
