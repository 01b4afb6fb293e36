/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two extensions of RFB that libvncserver does not know: scan codes of keys, and movements of the
 * pointer instead of places. Source: "The RFB Protocol" of the community (rfbproto.rst), "QEMU
 * Extended Key Event" and "QEMU Pointer Motion Change Pseudo-encoding". The functions run on the
 * thread of the viewer. libvncserver has one list of extensions for the process, with the clients
 * of whoever else uses it.
 */
#include <rfb/rfb.h>
#include <string.h>

#include "vnc.h"

#define ENCODING_POINTER_MOTION (-257)
#define ENCODING_EXTENDED_KEY (-258)
#define EXTENDED_KEY 0 /* the submessage */

static rfbBool new_client(rfbClientPtr client, void **data);

/* An update of one pseudo-rectangle tells the client that the server can do it, too. */
static rfbBool confirm(rfbClientPtr client, int encoding, unsigned x)
{
	struct {
		rfbFramebufferUpdateMsg update;
		rfbFramebufferUpdateRectHeader rect;
	} message;

	memset(&message, 0, sizeof(message));
	message.update.type = rfbFramebufferUpdate;
	message.update.nRects = Swap16IfLE(1);
	message.rect.r.x = Swap16IfLE(x);
	message.rect.r.w = Swap16IfLE(client->screen->width);
	message.rect.r.h = Swap16IfLE(client->screen->height);
	message.rect.encoding = Swap32IfLE((uint32_t)encoding);
	if (rfbWriteExact(client, (char *)&message.update, sz_rfbFramebufferUpdateMsg) < 0 ||
	    rfbWriteExact(client, (char *)&message.rect, sz_rfbFramebufferUpdateRectHeader) < 0)
		rfbCloseClient(client);
	return TRUE;
}

static rfbBool enable(rfbClientPtr client, void **data, int encoding)
{
	struct vnc_viewer *viewer = client->screen->screenData;
	const bool absolute = vnc_viewer_is_absolute(viewer);

	if (encoding == ENCODING_EXTENDED_KEY)
		return confirm(client, encoding, 0);
	if (encoding != ENCODING_POINTER_MOTION)
		return FALSE;
	if (!absolute)
		vnc_input_set_relative(vnc_viewer_input(viewer));
	return confirm(client, encoding, absolute);
}

static rfbBool handle(rfbClientPtr client, void *data, const rfbClientToServerMsg *message)
{
	struct vnc_viewer *viewer = client->screen->screenData;
	rfbQemuExtendedKeyEventMsg key;

	if (message->type != rfbQemuEvent)
		return FALSE;
	if (rfbReadExact(client, (char *)&key + 1, sz_rfbQemuExtendedKeyEventMsg - 1) <= 0 ||
	    key.subtype != EXTENDED_KEY) {
		rfbCloseClient(client);
		return TRUE;
	}
	vnc_input_code(vnc_viewer_input(viewer), vnc_keys_find_scan_code(Swap32IfLE(key.keycode)),
		       key.down != 0);
	return TRUE;
}

static rfbProtocolExtension extension = {
	.newClient = new_client,
	.enablePseudoEncoding = enable,
	.handleMessage = handle,
};

/* Ours have the extension from the start. */
static rfbBool new_client(rfbClientPtr client, void **data)
{
	return vnc_viewer_owns(client->screen);
}

void vnc_extension_register(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		rfbRegisterProtocolExtension(&extension);
		g_once_init_leave(&once, 1);
	}
}
