/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window of one machine and what belongs to it. All of it runs on the main loop. */
#ifndef UI_H
#define UI_H

#include <gtk/gtk.h>
#include <tessera-glib/machine.h>
#include <tessera/host.h>

/* -- screen.c: a widget that shows a picture of XRGB pixels and keeps its aspect ratio */
#define UI_TYPE_SCREEN (ui_screen_get_type())
G_DECLARE_FINAL_TYPE(UiScreen, ui_screen, UI, SCREEN, GtkWidget)

GtkWidget *ui_screen_new(void);
void ui_screen_set_frame(UiScreen *self, GBytes *frame, guint width, guint height);
void ui_screen_set_smooth(UiScreen *self, gboolean smooth);
/* The area of the widget that the picture covers, in logical pixels. */
void ui_screen_get_area(UiScreen *self, graphene_rect_t *area);

struct ui {
	TsrMachine *machine; /* not owned; NULL after detach */
	const struct tsr_host *host;
	const struct tsr_bus *bus;
	gboolean leaves; /* closing the window leaves the machine as it is */
	char *title;
	GtkWindow *window;
	UiScreen *screen;
	GtkWidget *pause_button;
	GSimpleActionGroup *actions;
	GtkWidget *banner, *banner_label; /* what is wrong with the machine */
	GtkWidget *dialog;                /* the question before closing; NULL: it is not shown */

	/* frames */
	TsrFrame frame;   /* the one that is shown */
	guint tick;       /* tick callback, while the screen changes */
	guint slow;       /* timeout, while it does not */
	int awake;        /* ticks left before polling becomes slow */
	unsigned changes; /* successive slow polls that found a change */

	/* input */
	gboolean down[256]; /* keys that the guest has seen pressed and not yet released, by evdev
			       code */
	gboolean chord;     /* Ctrl and Alt were pressed, and no other key since */
	guint buttons;      /* enum tsr_input_button */
	gboolean grabbed;
	double last_x, last_y; /* the last position of the pointer in the window's surface */
	gboolean last_known;
	gboolean warped; /* the next event at the centre of the surface comes from the warp */
	double rest_x, rest_y, rest_wheel; /* fractions not yet sent */
};

/* -- window.c */
void ui_window_create(struct ui *ui, gboolean smooth);
void ui_window_destroy(struct ui *ui);
void ui_window_wake(struct ui *ui); /* after input by the user: the screen may change soon */
void ui_window_update_title(struct ui *ui);
void ui_window_ask_close(struct ui *ui);

/* -- banner.c */
GtkWidget *ui_banner_new(struct ui *ui);
/* Shows what went wrong before there was a window. */
void ui_banner_look_back(struct ui *ui);

/* -- actions.c */
void ui_actions_add(struct ui *ui, gboolean smooth);
GMenuModel *ui_actions_menu(void);
void ui_actions_toggle_fullscreen(struct ui *ui);
void ui_show_error(struct ui *ui, const char *what, GError *error);

/* -- keyboard.c, pointer.c */
void ui_keyboard_add(struct ui *ui);
void ui_keyboard_release_all(struct ui *ui);
void ui_keyboard_send_ctrl_alt_delete(struct ui *ui);
void ui_pointer_add(struct ui *ui);
void ui_pointer_release_all(struct ui *ui);

/* -- grab.c: the guest has the pointer until Ctrl+Alt is pressed */
void ui_grab_take(struct ui *ui, GdkEvent *event);
void ui_grab_release(struct ui *ui);
void ui_grab_moved(struct ui *ui); /* after last_x and last_y changed: keeps the pointer inside */

#endif
