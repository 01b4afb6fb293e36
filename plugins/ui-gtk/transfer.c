/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See transfer.h. Its owner hands over a long clipboard in pieces, each in a property of ours,
 * which it writes after we have deleted the one before; an empty one is the end (ICCCM 2.0, section
 * 2.7.2, INCR). GDK 4.8 deletes and keeps every piece, whether it is read or not, and does not
 * return to the main loop while the owner is quick. So the event of a piece too many is seen here
 * before GDK has it, and the piece made empty: for GDK the transfer has ended. The owner's next
 * piece stays in the X server, and no other is asked for.
 */
#include "transfer.h"

#ifdef HAVE_X11
#include <X11/Xatom.h>
#include <gdk/x11/gdkx.h>

#define KEY "tessera-transfers"

struct transfer {
	Window window;
	Atom property;
	gsize left;       /* bytes that may still come */
	gint64 end_us;    /* of the monotonic clock */
	gboolean is_over; /* what comes nevertheless, was on its way */
};

struct transfers {
	guint expected; /* answers */
	gsize limit;
	guint seconds;
	GArray *all; /* struct transfer: until their property is used anew */
};

static Atom atom(GdkDisplay *display, const char *name)
{
	return gdk_x11_get_xatom_by_name_for_display(display, name);
}

/* Bytes, and None if there is no such property. */
static gsize look(GdkDisplay *display, Window window, Atom property, Atom *type)
{
	unsigned long count, bytes = 0;
	unsigned char *data = NULL;
	int format;

	XGetWindowProperty(gdk_x11_display_get_xdisplay(display), window, property, 0, 0, False,
			   AnyPropertyType, type, &format, &count, &bytes, &data);
	if (data)
		XFree(data);
	return bytes;
}

static void make_empty(GdkDisplay *display, const struct transfer *transfer)
{
	XChangeProperty(gdk_x11_display_get_xdisplay(display), transfer->window, transfer->property,
			XA_STRING, 8, PropModeReplace, (const unsigned char *)"", 0);
}

static struct transfer *find(struct transfers *transfers, Window window, Atom property)
{
	for (guint i = 0; i < transfers->all->len; i++) {
		struct transfer *transfer = &g_array_index(transfers->all, struct transfer, i);

		if (transfer->window == window && transfer->property == property)
			return transfer;
	}
	return NULL;
}

static gboolean is_expected(GdkDisplay *display, const struct transfers *transfers,
			    const XSelectionEvent *event)
{
	Atom type = None;

	if (!transfers->expected || event->selection != atom(display, "CLIPBOARD") ||
	    event->target == atom(display, "TARGETS"))
		return FALSE;
	look(display, event->requestor, event->property, &type);
	return type == atom(display, "INCR");
}

static void on_answer(GdkDisplay *display, struct transfers *transfers,
		      const XSelectionEvent *event)
{
	const struct transfer made = {
		.window = event->requestor,
		.property = event->property,
		.left = transfers->limit,
		.end_us = g_get_monotonic_time() + (gint64)transfers->seconds * G_USEC_PER_SEC,
	};
	struct transfer *old = find(transfers, event->requestor, event->property);

	if (old)
		g_array_remove_index(transfers->all,
				     (guint)(old - (struct transfer *)transfers->all->data));
	if (event->property != None && is_expected(display, transfers, event))
		g_array_append_val(transfers->all, made);
}

static void on_piece(GdkDisplay *display, struct transfer *transfer)
{
	Atom type = None;
	const gsize size = look(display, transfer->window, transfer->property, &type);

	if (size && !transfer->is_over && transfer->left &&
	    g_get_monotonic_time() < transfer->end_us) {
		transfer->left -= MIN(size, transfer->left);
		return;
	}
	transfer->is_over = TRUE;
	if (size)
		make_empty(display, transfer);
}

static void on_property(GdkDisplay *display, struct transfers *transfers,
			const XPropertyEvent *event)
{
	struct transfer *transfer = find(transfers, event->window, event->atom);

	if (transfer && event->state == PropertyNewValue)
		on_piece(display, transfer);
}

/* Before those of GDK's streams, which are connected later. */
static gboolean on_event(GdkDisplay *display, const XEvent *event, gpointer data)
{
	if (event->type == SelectionNotify)
		on_answer(display, data, &event->xselection);
	else if (event->type == PropertyNotify)
		on_property(display, data, &event->xproperty);
	return FALSE;
}

static void transfers_free(gpointer data)
{
	g_array_unref(((struct transfers *)data)->all);
	g_free(data);
}

/* NULL: not on X11. */
static struct transfers *transfers_of(GdkDisplay *display)
{
	struct transfers *transfers = g_object_get_data(G_OBJECT(display), KEY);

	if (transfers || !GDK_IS_X11_DISPLAY(display))
		return transfers;
	transfers = g_new0(struct transfers, 1);
	transfers->all = g_array_new(FALSE, FALSE, sizeof(struct transfer));
	g_object_set_data_full(G_OBJECT(display), KEY, transfers, transfers_free);
	g_signal_connect(display, "xevent", G_CALLBACK(on_event), transfers);
	return transfers;
}

void ui_transfer_expect(GdkDisplay *display, gsize limit, guint seconds)
{
	struct transfers *transfers = transfers_of(display);

	if (!transfers)
		return;
	transfers->expected++;
	transfers->limit = limit;
	transfers->seconds = seconds;
}

void ui_transfer_opened(GdkDisplay *display)
{
	struct transfers *transfers = transfers_of(display);

	if (transfers)
		transfers->expected--;
}

/* In place of an owner that does not: GDK would take its next answer for that to this question, and
 * wait for ever for the answer to the next one. */
static void answer(GdkDisplay *display)
{
	static const char *const targets[] = { "text/plain;charset=utf-8", "UTF8_STRING",
					       "COMPOUND_TEXT", "TEXT", "STRING" };
	const struct transfer nothing = {
		.window = gdk_x11_surface_get_xid(gdk_x11_display_get_default_group(display)),
		.property = atom(display, "TESSERA_NOTHING"),
	};

	make_empty(display, &nothing);
	for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
		XEvent event = { .xselection = { .type = SelectionNotify,
						 .requestor = nothing.window,
						 .selection = atom(display, "CLIPBOARD"),
						 .target = atom(display, targets[i]),
						 .property = nothing.property } };

		XSendEvent(gdk_x11_display_get_xdisplay(display), nothing.window, False, 0, &event);
	}
}

void ui_transfer_end(GdkDisplay *display)
{
	struct transfers *transfers = transfers_of(display);

	if (transfers && transfers->expected)
		answer(display);
	for (guint i = 0; transfers && i < transfers->all->len; i++) {
		struct transfer *transfer = &g_array_index(transfers->all, struct transfer, i);

		if (!transfer->is_over)
			make_empty(display, transfer);
		transfer->is_over = TRUE;
	}
}
#else
void ui_transfer_expect(GdkDisplay *display, gsize limit, guint seconds)
{
}

void ui_transfer_opened(GdkDisplay *display)
{
}

void ui_transfer_end(GdkDisplay *display)
{
}
#endif
