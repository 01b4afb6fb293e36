/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What of a machine's instances the user can see and change while it runs. */
#ifndef UI_DEVICES_H
#define UI_DEVICES_H

#include <tessera-glib/machine.h>

enum ui_device_kind {
	UI_DEVICE_DISK,    /* a back end whose medium stays */
	UI_DEVICE_DISC,    /* one whose drive takes another medium */
	UI_DEVICE_NETWORK, /* a back end with a cable */
	UI_DEVICE_SERIAL,  /* a line whose bytes are signals of the machine */
};

struct ui_device {
	enum ui_device_kind kind;
	char *instance;
	char *file;         /* the medium; "": none */
	gboolean is_inside; /* the medium; for a network, whether the cable is plugged in */
};

/* A UiCall: data is a GPtrArray, to which each struct ui_device is added. */
gboolean ui_devices_list(TsrMachine *machine, gpointer devices, GError **error);
void ui_device_free(gpointer device);

#endif
