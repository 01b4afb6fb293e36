/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From what viewers call keys to keys of a US keyboard: keysyms (X Window System Protocol,
 * appendix A) and scan codes of set 1 (IBM PS/2 Technical Reference, "Keyboards"), which have the
 * numbers of linux/input-event-codes.h as far as they have no prefix.
 */
#include <linux/input-event-codes.h>
#include <tessera-glib/keys.h>

#include <rfb/keysym.h>

#include "vnc.h"

struct row {
	uint32_t from;
	unsigned code;
};

static const struct row keysyms[] = {
	{ XK_BackSpace, KEY_BACKSPACE },
	{ XK_Tab, KEY_TAB },
	{ XK_ISO_Left_Tab, KEY_TAB },
	{ XK_Return, KEY_ENTER },
	{ XK_Pause, KEY_PAUSE },
	{ XK_Break, KEY_PAUSE },
	{ XK_Scroll_Lock, KEY_SCROLLLOCK },
	{ XK_Sys_Req, KEY_SYSRQ },
	{ XK_Print, KEY_SYSRQ },
	{ XK_Escape, KEY_ESC },
	{ XK_Delete, KEY_DELETE },
	{ XK_Home, KEY_HOME },
	{ XK_Left, KEY_LEFT },
	{ XK_Up, KEY_UP },
	{ XK_Right, KEY_RIGHT },
	{ XK_Down, KEY_DOWN },
	{ XK_Page_Up, KEY_PAGEUP },
	{ XK_Page_Down, KEY_PAGEDOWN },
	{ XK_End, KEY_END },
	{ XK_Insert, KEY_INSERT },
	{ XK_Menu, KEY_COMPOSE },
	{ XK_Num_Lock, KEY_NUMLOCK },
	{ XK_Caps_Lock, KEY_CAPSLOCK },
	{ XK_Shift_L, KEY_LEFTSHIFT },
	{ XK_Shift_R, KEY_RIGHTSHIFT },
	{ XK_Control_L, KEY_LEFTCTRL },
	{ XK_Control_R, KEY_RIGHTCTRL },
	{ XK_Alt_L, KEY_LEFTALT },
	{ XK_Alt_R, KEY_RIGHTALT },
	{ XK_Meta_L, KEY_LEFTALT },
	{ XK_Meta_R, KEY_RIGHTALT },
	{ XK_ISO_Level3_Shift, KEY_RIGHTALT },
	{ XK_Super_L, KEY_LEFTMETA },
	{ XK_Super_R, KEY_RIGHTMETA },
	{ XK_F1, KEY_F1 },
	{ XK_F2, KEY_F2 },
	{ XK_F3, KEY_F3 },
	{ XK_F4, KEY_F4 },
	{ XK_F5, KEY_F5 },
	{ XK_F6, KEY_F6 },
	{ XK_F7, KEY_F7 },
	{ XK_F8, KEY_F8 },
	{ XK_F9, KEY_F9 },
	{ XK_F10, KEY_F10 },
	{ XK_F11, KEY_F11 },
	{ XK_F12, KEY_F12 },
	{ XK_KP_Enter, KEY_KPENTER },
	{ XK_KP_Multiply, KEY_KPASTERISK },
	{ XK_KP_Add, KEY_KPPLUS },
	{ XK_KP_Subtract, KEY_KPMINUS },
	{ XK_KP_Divide, KEY_KPSLASH },
	{ XK_KP_Decimal, KEY_KPDOT },
	{ XK_KP_Delete, KEY_KPDOT },
	{ XK_KP_0, KEY_KP0 },
	{ XK_KP_1, KEY_KP1 },
	{ XK_KP_2, KEY_KP2 },
	{ XK_KP_3, KEY_KP3 },
	{ XK_KP_4, KEY_KP4 },
	{ XK_KP_5, KEY_KP5 },
	{ XK_KP_6, KEY_KP6 },
	{ XK_KP_7, KEY_KP7 },
	{ XK_KP_8, KEY_KP8 },
	{ XK_KP_9, KEY_KP9 },
	{ XK_KP_Insert, KEY_KP0 },
	{ XK_KP_End, KEY_KP1 },
	{ XK_KP_Down, KEY_KP2 },
	{ XK_KP_Page_Down, KEY_KP3 },
	{ XK_KP_Left, KEY_KP4 },
	{ XK_KP_Begin, KEY_KP5 },
	{ XK_KP_Right, KEY_KP6 },
	{ XK_KP_Home, KEY_KP7 },
	{ XK_KP_Up, KEY_KP8 },
	{ XK_KP_Page_Up, KEY_KP9 },
};

/* With the prefix 0xe0 as bit 7. */
static const struct row prefixed[] = {
	{ 0x9c, KEY_KPENTER }, { 0x9d, KEY_RIGHTCTRL }, { 0xb5, KEY_KPSLASH },
	{ 0xb7, KEY_SYSRQ },   { 0xb8, KEY_RIGHTALT },  { 0xc6, KEY_PAUSE },
	{ 0xc7, KEY_HOME },    { 0xc8, KEY_UP },        { 0xc9, KEY_PAGEUP },
	{ 0xcb, KEY_LEFT },    { 0xcd, KEY_RIGHT },     { 0xcf, KEY_END },
	{ 0xd0, KEY_DOWN },    { 0xd1, KEY_PAGEDOWN },  { 0xd2, KEY_INSERT },
	{ 0xd3, KEY_DELETE },  { 0xdb, KEY_LEFTMETA },  { 0xdc, KEY_RIGHTMETA },
	{ 0xdd, KEY_COMPOSE },
};

static unsigned find(const struct row *rows, size_t count, uint32_t from)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].from == from)
			return rows[i].code;
	return 0;
}

bool vnc_keys_find_keysym(uint32_t keysym, unsigned *code, int *shift)
{
	gboolean shifted = FALSE;
	guint key = 0;

	if (keysym > 0 && keysym < 0x80 && tsr_key_find_character((char)keysym, &key, &shifted)) {
		*code = key;
		/* Caps Lock makes letters of another case, too. */
		*shift = g_ascii_isalpha((char)keysym) ? -1 : shifted;
		return true;
	}
	*shift = -1;
	*code = find(keysyms, G_N_ELEMENTS(keysyms), keysym);
	return *code != 0;
}

unsigned vnc_keys_find_scan_code(unsigned scan_code)
{
	if (scan_code == 0x54)
		return KEY_SYSRQ; /* with Alt */
	if (scan_code >= KEY_ESC && scan_code <= KEY_KPDOT)
		return scan_code;
	if (scan_code >= KEY_102ND && scan_code <= KEY_F12)
		return scan_code;
	return find(prefixed, G_N_ELEMENTS(prefixed), scan_code);
}
