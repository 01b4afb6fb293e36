/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The keys that give the mouse to the guest and take it back, of which the user prefers one of a
 * few combinations: of keys that do nothing by themselves, because the guest sees them, too.
 */
#include <linux/input-event-codes.h>

#include "ui.h"

static const struct keys {
	const char *name;
	guint groups[2][2]; /* evdev codes; a key of each is held */
	const char *label, *hint, *accelerator;
} all[] = {
	{ "ctrl-alt",
	  { { KEY_LEFTCTRL, KEY_RIGHTCTRL }, { KEY_LEFTALT, KEY_RIGHTALT } },
	  N_("Ctrl+Alt"),
	  N_("Ctrl+Alt releases the mouse"),
	  "<Control>Alt_L" },
	{ "ctrl-shift",
	  { { KEY_LEFTCTRL, KEY_RIGHTCTRL }, { KEY_LEFTSHIFT, KEY_RIGHTSHIFT } },
	  N_("Ctrl+Shift"),
	  N_("Ctrl+Shift releases the mouse"),
	  "<Control>Shift_L" },
	{ "right-ctrl",
	  { { KEY_RIGHTCTRL, KEY_RIGHTCTRL }, { KEY_RIGHTCTRL, KEY_RIGHTCTRL } },
	  N_("Right Ctrl"),
	  N_("The right Ctrl key releases the mouse"),
	  "Control_R" },
	{ "both-shifts",
	  { { KEY_LEFTSHIFT, KEY_LEFTSHIFT }, { KEY_RIGHTSHIFT, KEY_RIGHTSHIFT } },
	  N_("Both Shift keys"),
	  N_("Both Shift keys release the mouse"),
	  "Shift_L&Shift_R" },
};

static const struct keys *find(const struct ui *ui)
{
	const char *name = ui_settings_get(ui->settings, UI_SETTING_RELEASE);

	for (guint i = 0; i < G_N_ELEMENTS(all); i++)
		if (g_str_equal(all[i].name, name))
			return &all[i];
	return &all[0];
}

gboolean ui_release_is_pressed(const struct ui *ui, guint code)
{
	const struct keys *keys = find(ui);
	gboolean is_one = FALSE, are_held = TRUE;

	for (guint i = 0; i < G_N_ELEMENTS(keys->groups); i++) {
		const guint *group = keys->groups[i];

		is_one |= code == group[0] || code == group[1];
		are_held &= ui->down[group[0]] || ui->down[group[1]];
	}
	return is_one && are_held;
}

const char *ui_release_hint(const struct ui *ui)
{
	return _(find(ui)->hint);
}

const char *ui_release_accelerator(const struct ui *ui)
{
	return find(ui)->accelerator;
}

gboolean ui_release_get(guint index, const char **name, const char **label)
{
	if (index >= G_N_ELEMENTS(all))
		return FALSE;
	*name = all[index].name;
	*label = all[index].label;
	return TRUE;
}
