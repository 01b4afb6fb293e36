/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A user interface as a plugin: an instance without guest-visible state that attaches to its
 * machine's control plane.
 */
#include <tessera/tessera.h>

#include "ui.h"

struct instance {
	struct ui ui;
	gboolean smooth;
};

static bool attach(void *self, const struct tsr_host *host, struct tsr_error *error)
{
	struct instance *i = self;
	const struct tsr_properties *properties = host->get(host, TSR_PROPERTIES);
	const char *title = properties->get_string(host, "title");

#ifdef HAVE_X11
	gdk_set_allowed_backends(
		"x11,*"); /* grab.c can hold the pointer there, and through Xwayland */
#endif
	if (!gtk_init_check())
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "there is no display to open a window on; use --ui none");
	i->ui.machine = (TsrMachine *)host->get(host, TSR_GMACHINE);
	if (!i->ui.machine)
		return tsr_error_set(error, TSR_ERROR_UNSUPPORTED,
				     "this host has no " TSR_GMACHINE);
	i->ui.host = host;
	i->ui.bus = host->get(host, TSR_BUS);
	i->ui.leaves = g_str_equal(properties->get_string(host, "closing"), "leave");
	i->ui.title = g_strdup(*title ? title : tsr_machine_get_name(i->ui.machine));
	i->smooth = g_str_equal(properties->get_string(host, "scale"), "smooth");
	return true;
}

static bool realize(void *self, struct tsr_error *error)
{
	struct instance *i = self;

	ui_window_create(&i->ui, i->smooth);
	return true;
}

static void detach(void *self)
{
	struct instance *i = self;

	ui_window_destroy(&i->ui);
	g_free(i->ui.title);
}

static const struct tsr_device_class device_class = {
	.size = sizeof(device_class),
	.instance_size = sizeof(struct instance),
	.attach = attach,
	.realize = realize,
	.detach = detach,
};

TSR_DEVICE_PLUGIN(device_class);
