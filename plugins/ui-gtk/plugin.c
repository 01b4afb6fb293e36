/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user interface as a plugin: an instance without guest-visible state that attaches to its
 * machine's control plane.
 */
#include <tessera/tessera.h>

#include "renderer.h"
#include "translations.h"
#include "ui.h"

/* What the desktop knows the window's program by: its entry there, and its name for assistive
 * technologies, which GTK 4.8 does not register without one. */
#define PROGRAM "org.tessera.Tessera"

struct instance {
	struct ui ui;
};

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct instance *i = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const char *title = properties->get_string(host, "title");

	tsr_translations_bind(NULL);
	if (!g_get_prgname())
		g_set_prgname(PROGRAM);
#ifdef HAVE_X11
	gdk_set_allowed_backends(
		"x11,*"); /* grab.c can hold the pointer there, and through Xwayland */
#endif
	tsr_renderer_choose();
	if (!gtk_init_check())
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "there is no display to open a window on; use --ui none");
	i->ui.machine = (TsrMachine *)host->get(host, TSR_GMACHINE);
	if (!i->ui.machine)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host has no " TSR_GMACHINE);
	i->ui.host = host;
	i->ui.bus = host->get(host, TSR_BUS);
	i->ui.closing = g_strdup(properties->get_string(host, "closing"));
	i->ui.control = g_strdup(properties->get_string(host, "control"));
	i->ui.again = g_strdup(properties->get_string(host, "again"));
	i->ui.suspend_to = g_strdup(properties->get_string(host, "suspend-to"));
	i->ui.scale = g_strdup(properties->get_string(host, "scale"));
	adw_init();
	i->ui.title = g_strdup(*title ? title : tsr_machine_get_name(i->ui.machine));
	return true;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct ui *ui = &((struct instance *)self)->ui;

	ui->calls = ui_calls_new(ui, ui->control);
	ui->settings = ui_settings_new();
	ui_name_take(ui);
	ui_window_create(ui, g_str_equal(ui->scale, "user")
				     ? ui_settings_get(ui->settings, UI_SETTING_SCALE)
				     : ui->scale);
	return true;
}

static void detach(void *self)
{
	struct ui *ui = &((struct instance *)self)->ui;

	ui_window_destroy(ui); /* may take a while; who asks for the window waits for that */
	ui_name_release(ui);
	g_clear_pointer(&ui->calls, ui_calls_end);
	g_clear_pointer(&ui->settings, ui_settings_free);
	g_free(ui->title);
	g_free(ui->closing);
	g_free(ui->control);
	g_free(ui->scale);
	g_free(ui->suspend_to);
	g_free(ui->again);
	g_free(ui->button);
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct instance),
	.attach = attach,
	.realize = realize,
	.detach = detach,
};

TSR_DEVICE_PLUGIN(device_class);
