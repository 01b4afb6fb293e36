/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See tessera-glib/keys.h. */
#include <linux/input-event-codes.h>
#include <string.h>

#include <tessera-glib/keys.h>

struct key_name {
	const char *name;
	guint code;
};

static const struct key_name names[] = {
	{ "ctrl", KEY_LEFTCTRL },
	{ "rctrl", KEY_RIGHTCTRL },
	{ "shift", KEY_LEFTSHIFT },
	{ "rshift", KEY_RIGHTSHIFT },
	{ "alt", KEY_LEFTALT },
	{ "altgr", KEY_RIGHTALT },
	{ "ralt", KEY_RIGHTALT },
	{ "super", KEY_LEFTMETA },
	{ "menu", KEY_COMPOSE },
	{ "enter", KEY_ENTER },
	{ "return", KEY_ENTER },
	{ "esc", KEY_ESC },
	{ "escape", KEY_ESC },
	{ "tab", KEY_TAB },
	{ "space", KEY_SPACE },
	{ "backspace", KEY_BACKSPACE },
	{ "delete", KEY_DELETE },
	{ "del", KEY_DELETE },
	{ "insert", KEY_INSERT },
	{ "home", KEY_HOME },
	{ "end", KEY_END },
	{ "pageup", KEY_PAGEUP },
	{ "pagedown", KEY_PAGEDOWN },
	{ "up", KEY_UP },
	{ "down", KEY_DOWN },
	{ "left", KEY_LEFT },
	{ "right", KEY_RIGHT },
	{ "capslock", KEY_CAPSLOCK },
	{ "numlock", KEY_NUMLOCK },
	{ "scrolllock", KEY_SCROLLLOCK },
	{ "sysrq", KEY_SYSRQ },
	{ "print", KEY_SYSRQ },
	{ "pause", KEY_PAUSE },
	{ "minus", KEY_MINUS },
	{ "f1", KEY_F1 },
	{ "f2", KEY_F2 },
	{ "f3", KEY_F3 },
	{ "f4", KEY_F4 },
	{ "f5", KEY_F5 },
	{ "f6", KEY_F6 },
	{ "f7", KEY_F7 },
	{ "f8", KEY_F8 },
	{ "f9", KEY_F9 },
	{ "f10", KEY_F10 },
	{ "f11", KEY_F11 },
	{ "f12", KEY_F12 },
	{ "kp0", KEY_KP0 },
	{ "kp1", KEY_KP1 },
	{ "kp2", KEY_KP2 },
	{ "kp3", KEY_KP3 },
	{ "kp4", KEY_KP4 },
	{ "kp5", KEY_KP5 },
	{ "kp6", KEY_KP6 },
	{ "kp7", KEY_KP7 },
	{ "kp8", KEY_KP8 },
	{ "kp9", KEY_KP9 },
	{ "kpenter", KEY_KPENTER },
	{ "kpplus", KEY_KPPLUS },
	{ "kpminus", KEY_KPMINUS },
	{ "kpdot", KEY_KPDOT },
};

/* A row of the keyboard: consecutive codes, plain and with Shift. */
static const struct {
	guint first;
	const char *plain, *shifted;
} rows[] = {
	{ KEY_1, "1234567890-=", "!@#$%^&*()_+" },
	{ KEY_Q, "qwertyuiop[]", "QWERTYUIOP{}" },
	{ KEY_A, "asdfghjkl;'`", "ASDFGHJKL:\"~" },
	{ KEY_BACKSLASH, "\\zxcvbnm,./", "|ZXCVBNM<>?" },
	{ KEY_SPACE, " ", "" },
	{ KEY_ENTER, "\n", "" },
	{ KEY_TAB, "\t", "" },
	{ KEY_BACKSPACE, "\b", "" },
	{ KEY_ESC, "\033", "" },
};

gboolean tsr_key_find_character(char character, guint *code, gboolean *shift)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const char *plain = strchr(rows[i].plain, character),
			   *shifted = strchr(rows[i].shifted, character);

		if (!character || (!plain && !shifted))
			continue;
		*shift = !plain;
		*code = rows[i].first +
			(guint)(plain ? plain - rows[i].plain : shifted - rows[i].shifted);
		return TRUE;
	}
	return FALSE;
}

gboolean tsr_key_find_name(const char *name, guint *code)
{
	gboolean shift;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		if (g_ascii_strcasecmp(names[i].name, name) == 0) {
			*code = names[i].code;
			return TRUE;
		}
	}
	return name[0] && !name[1] &&
	       tsr_key_find_character(g_ascii_tolower(name[0]), code, &shift) && !shift;
}
