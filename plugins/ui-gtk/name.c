/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The window's name on the session bus, which the library calls to raise it instead of opening
 * another one (window-name.h). The bus lets windows of one machine queue for the name. It is taken
 * before the machine starts, so who sees the machine run finds its window; and given back when the
 * machine has ended, because the window may stay, and another machine may get its socket.
 */
#include <gio/gio.h>

#include "ui.h"
#include "window-name.h"

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define BUS_INTERFACE BUS_NAME
#define CALL_MS 5000 /* a bus that does not answer shall not keep the window from opening */

/* -- Being raised */

static void present(struct ui *ui, const char *token)
{
	if (*token)
		gtk_window_set_startup_id(ui->window, token);
	gtk_window_present(ui->window);
	if (*token)
		gdk_display_notify_startup_complete(gtk_widget_get_display(GTK_WIDGET(ui->window)),
						    token);
}

/* A window that is closing is no window any more for who asks. */
static void on_method(GDBusConnection *connection, const char *sender, const char *path,
		      const char *interface, const char *method, GVariant *arguments,
		      GDBusMethodInvocation *invocation, gpointer data)
{
	struct ui *ui = data;
	const char *token;

	g_variant_get(arguments, "(&s)", &token);
	if (!ui->window || !gtk_widget_get_visible(GTK_WIDGET(ui->window))) {
		g_dbus_method_invocation_return_error_literal(
			invocation, G_DBUS_ERROR, G_DBUS_ERROR_FAILED, "the window is closing");
		return;
	}
	present(ui, token);
	g_dbus_method_invocation_return_value(invocation, NULL);
}

static guint add_object(struct ui *ui, GError **error)
{
	static const char text[] =
		"<node><interface name='" TSR_WINDOW_INTERFACE "'><method name='" TSR_WINDOW_PRESENT
		"'><arg name='token' type='s'/></method></interface></node>";
	static const GDBusInterfaceVTable calls = { .method_call = on_method };
	g_autoptr(GDBusNodeInfo) node = g_dbus_node_info_new_for_xml(text, NULL);

	return g_dbus_connection_register_object(ui->session, TSR_WINDOW_PATH, node->interfaces[0],
						 &calls, ui, NULL, error);
}

/* -- Having the name */

static void request(struct ui *ui, GError **error)
{
	g_autofree char *name = tsr_window_name(ui->control);
	GVariant *answer =
		g_dbus_connection_call_sync(ui->session, BUS_NAME, BUS_PATH, BUS_INTERFACE,
					    "RequestName", g_variant_new("(su)", name, 0u), NULL,
					    G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, error);

	g_clear_pointer(&answer, g_variant_unref);
}

static void on_stopped(TsrMachine *machine, int status, const char *why, gpointer data)
{
	ui_name_release(data);
}

/* Without a session bus the window is as good, but is not found. */
void ui_name_take(struct ui *ui)
{
	g_autoptr(GError) why = NULL;

	if (*ui->control)
		ui->session = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
	if (!ui->session)
		return;
	g_dbus_connection_set_exit_on_close(ui->session, FALSE);
	ui->object = add_object(ui, &why);
	if (ui->object)
		request(ui, &why);
	if (why)
		g_debug("the window has no name on the session bus: %s", why->message);
	g_signal_connect(ui->machine, "stopped", G_CALLBACK(on_stopped), ui);
}

void ui_name_release(struct ui *ui)
{
	g_autofree char *name = NULL;

	if (!ui->session)
		return;
	if (ui->object)
		g_dbus_connection_unregister_object(ui->session, ui->object);
	ui->object = 0;
	name = tsr_window_name(ui->control);
	g_dbus_connection_call(ui->session, BUS_NAME, BUS_PATH, BUS_INTERFACE, "ReleaseName",
			       g_variant_new("(s)", name), NULL, G_DBUS_CALL_FLAGS_NONE, CALL_MS,
			       NULL, NULL, NULL);
	g_clear_object(&ui->session);
}
