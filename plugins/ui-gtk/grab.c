/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Gives the pointer to the guest: the host's pointer is hidden and, on X11, grabbed and moved back
 * to the centre of the window, so that its movement has no limits. GTK has no function for that,
 * and Wayland would need the pointer-constraints protocol. Gaps: on Wayland without Xwayland the
 * pointer stops at the window's edges.
 */
#include "ui.h"

#ifdef HAVE_X11
#include <X11/extensions/XInput2.h>
#include <gdk/x11/gdkx.h>
#endif

static GdkSurface *window_surface(struct ui *ui)
{
	return gtk_native_get_surface(GTK_NATIVE(ui->window));
}

#ifdef HAVE_X11
G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static int pointer_id(GdkDisplay *display)
{
	return gdk_x11_device_get_id(gdk_seat_get_pointer(gdk_display_get_default_seat(display)));
}

static void hold_pointer(struct ui *ui)
{
	GdkSurface *surface = window_surface(ui);
	GdkDisplay *display = gdk_surface_get_display(surface);
	unsigned char bits[XIMaskLen(XI_LASTEVENT)] = { 0 };
	XIEventMask mask = { .mask_len = sizeof(bits), .mask = bits };

	if (!GDK_IS_X11_DISPLAY(display))
		return;
	mask.deviceid = pointer_id(display);
	XISetMask(bits, XI_Motion);
	XISetMask(bits, XI_ButtonPress);
	XISetMask(bits, XI_ButtonRelease);
	XIGrabDevice(gdk_x11_display_get_xdisplay(display), mask.deviceid,
		     gdk_x11_surface_get_xid(surface), CurrentTime, None, XIGrabModeAsync,
		     XIGrabModeAsync, True, &mask);
}

static void let_pointer_go(struct ui *ui)
{
	GdkDisplay *display = gdk_surface_get_display(window_surface(ui));

	if (!GDK_IS_X11_DISPLAY(display))
		return;
	XIUngrabDevice(gdk_x11_display_get_xdisplay(display), pointer_id(display), CurrentTime);
	XFlush(gdk_x11_display_get_xdisplay(display));
}

/* To a position in logical pixels of the surface; false: not possible on this display. */
static gboolean warp_pointer(struct ui *ui, double x, double y)
{
	GdkSurface *surface = window_surface(ui);
	GdkDisplay *display = gdk_surface_get_display(surface);
	int scale = gdk_surface_get_scale_factor(surface);

	if (!GDK_IS_X11_DISPLAY(display))
		return FALSE;
	XIWarpPointer(gdk_x11_display_get_xdisplay(display), pointer_id(display), None,
		      gdk_x11_surface_get_xid(surface), 0, 0, 0, 0, x * scale, y * scale);
	return TRUE;
}

G_GNUC_END_IGNORE_DEPRECATIONS
#else
static void hold_pointer(struct ui *ui)
{
}

static void let_pointer_go(struct ui *ui)
{
}

static gboolean warp_pointer(struct ui *ui, double x, double y)
{
	return FALSE;
}
#endif

void ui_grab_moved(struct ui *ui)
{
	GdkSurface *surface = window_surface(ui);
	int middle_x = gdk_surface_get_width(surface) / 2,
	    middle_y = gdk_surface_get_height(surface) / 2;
	double x = middle_x, y = middle_y;
	double far_x = ABS(ui->last_x - x), far_y = ABS(ui->last_y - y);

	if (ui->warped) { /* the event that the warp causes has not come yet */
		ui->warped = far_x > 8 || far_y > 8;
		return;
	}
	if (far_x > x / 2 || far_y > y / 2)
		ui->warped = warp_pointer(ui, x, y);
}

void ui_grab_take(struct ui *ui, GdkEvent *event)
{
	if (ui->grabbed || !gtk_widget_get_mapped(GTK_WIDGET(ui->window)))
		return;
	ui->grabbed = TRUE;
	ui->warped = FALSE;
	ui->last_known = FALSE;
	gtk_widget_set_cursor_from_name(GTK_WIDGET(ui->screen), "none");
	gdk_toplevel_inhibit_system_shortcuts(GDK_TOPLEVEL(window_surface(ui)), event);
	hold_pointer(ui);
	ui_window_update_title(ui);
}

void ui_grab_release(struct ui *ui)
{
	if (!ui->grabbed)
		return;
	ui->grabbed = FALSE;
	ui_pointer_release_all(ui);
	gtk_widget_set_cursor(GTK_WIDGET(ui->screen), NULL);
	if (window_surface(ui)) {
		let_pointer_go(ui);
		gdk_toplevel_restore_system_shortcuts(GDK_TOPLEVEL(window_surface(ui)));
	}
	ui_window_update_title(ui);
}
