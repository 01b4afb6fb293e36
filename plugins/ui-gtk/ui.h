/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window of one machine and what belongs to it. All of it runs on the main loop, but for what
 * calls.h says. */
#ifndef UI_H
#define UI_H

#include <adwaita.h>
#include <glib/gi18n-lib.h>
#include <tessera-glib/machine.h>
#include <tessera/host.h>

#include "calls.h"
#include "keys.h"
#include "settings.h"

/* -- screen.c: a widget that shows a picture of XRGB pixels and keeps its aspect ratio */
#define UI_TYPE_SCREEN (ui_screen_get_type())
G_DECLARE_FINAL_TYPE(UiScreen, ui_screen, UI, SCREEN, GtkWidget)

typedef enum {
	UI_SCALE_WHOLE,  /* by whole multiples of the guest's pixels */
	UI_SCALE_SMOOTH, /* to all of the widget, interpolated */
	UI_SCALE_FIT,    /* to all of the widget, pixels stay sharp */
} UiScale;

GtkWidget *ui_screen_new(void);
/* pixels: as tsr_machine_borrow_frame() gives them out. */
void ui_screen_set_frame(UiScreen *self, GBytes *pixels, const TsrFrame *frame);
void ui_screen_set_scale(UiScreen *self, UiScale scale);
/* The area of the widget that the picture covers, in logical pixels. */
void ui_screen_get_area(UiScreen *self, graphene_rect_t *area);
/* (transfer full): a copy of the picture as it is; NULL: there is none yet. */
GdkTexture *ui_screen_get_picture(UiScreen *self);
/* (transfer none): the pixels of the newest frame, and its size; NULL: there is none yet. */
GBytes *ui_screen_peek_frame(UiScreen *self, guint *width, guint *height);

struct ui {
	TsrMachine *machine; /* not owned; NULL after detach */
	const struct tsr_host *host;
	const struct tsr_bus *bus;
	struct ui_calls *calls;        /* calls that wait for the machine */
	struct ui_settings *settings;  /* what the user prefers */
	char *title, *scale, *closing; /* properties */
	char *suspend_to;              /* a file; "": the user names one */
	char *again;                   /* a command that starts the machine; "": none */
	char *control;                 /* the machine's socket; "": it is in this process */
	GDBusConnection *session;      /* NULL: the window is not on the session bus */
	guint object;                  /* its, there */

	GtkWindow *window;
	UiScreen *screen;
	GtkWidget *header, *top, *overlay; /* top: where the header is, but for full screen */
	GtkWidget *edge;                   /* a revealer at the top of a full screen */
	GtkWidget *menu_button, *send_button, *pause_button;
	GtkWidget *typing, *typing_bar;                         /* while the clipboard is typed */
	GtkWidget *recording, *recording_time, *recording_mark; /* while the screen is recorded */
	AdwWindowTitle *title_widget;
	AdwToastOverlay *toasts;
	GSimpleActionGroup *actions;
	GtkWidget *banner, *banner_label; /* what is wrong with the machine */
	GtkWidget *dialog;                /* the question before closing; NULL: it is not shown */

	/* undoable disks */
	gboolean is_undoable; /* it has some */
	gint64 saved_us;      /* when suspend_to was written, as the window found it; 0: never */

	/* devices */
	GtkWidget *bottom, *row, *pages, *switcher; /* pages: the screen, and consoles */
	GHashTable *icons;                          /* instance: GtkImage, which the row owns */
	GPtrArray *devices;                         /* struct ui_device; NULL: not read yet */

	struct ui_monitor *monitor;         /* which its page owns; NULL: it was not opened yet */
	struct ui_performance *performance; /* the same */

	struct ui_record *record; /* NULL: the screen is not recorded */

	/* frames */
	TsrFrame frame;    /* the one that is shown */
	gint64 fetched_us; /* when it was asked for */
	guint tick;        /* tick callback, while the screen changes */
	guint slow;        /* timeout, while it does not */
	int awake;         /* ticks left before polling becomes slow */
	unsigned changes;  /* successive slow polls that found a change */

	/* input */
	struct ui_keys *keys; /* that the window presses itself */
	char *button;         /* the instance with a power button; NULL: none */
	gboolean down[256];   /* keys that the guest has seen pressed and not yet released, by evdev
				 code */
	gboolean chord;       /* the keys of release.c were pressed, and no other since */
	guint buttons;        /* enum tsr_input_button */
	gboolean grabbed;
	gboolean is_absolute;  /* the machine has a pointer that needs no grab */
	double last_x, last_y; /* the last position of the pointer in the window's surface */
	gboolean last_known;
	gboolean warped; /* the next event at the centre of the surface comes from the warp */
	double rest_x, rest_y, rest_wheel; /* fractions not yet sent */
};

/* -- window.c */
void ui_window_create(struct ui *ui, const char *scale);
void ui_window_destroy(struct ui *ui);
/* NULL: it was destroyed. For the ends of what takes time. */
struct ui *ui_of_window(gpointer window);
void ui_window_update_title(struct ui *ui);
/* A sentence that goes by itself. */
void ui_window_toast(struct ui *ui, const char *sentence);
/* A sentence that the user closes; error NULL: none. */
void ui_window_tell(struct ui *ui, const char *what, const GError *error);
/* The end of a call: tells the error, if there is one. */
void ui_window_tell_failure(struct ui *ui, gpointer what, const GError *error);

/* -- frames.c */
void ui_frames_add(struct ui *ui);
void ui_frames_stop(struct ui *ui);
void ui_frames_wake(struct ui *ui); /* after input by the user: the screen may change soon */
/* For what needs frames of a screen that is not shown, too. */
void ui_frames_fetch_hidden(struct ui *ui);

/* -- fullscreen.c */
void ui_fullscreen_add(struct ui *ui);
void ui_fullscreen_toggle(struct ui *ui);

/* -- name.c: by which the library finds the window */
void ui_name_take(struct ui *ui); /* before the window is shown */
void ui_name_release(struct ui *ui);

/* -- closing.c */
void ui_closing_add(struct ui *ui);
void ui_closing_ask_power_off(struct ui *ui);

/* The machine goes on without the window. */
void ui_closing_leave(struct ui *ui);

/* -- ended.c: what the window says when the machine's process is gone */
void ui_ended_add(struct ui *ui);

/* -- undo.c: what becomes of changes of undoable disks, when the machine is off */
void ui_undo_add(struct ui *ui);

/* -- banner.c */
GtkWidget *ui_banner_new(struct ui *ui);
/* Shows what went wrong before there was a window. */
void ui_banner_look_back(struct ui *ui);

/* -- actions.c */
void ui_actions_add(struct ui *ui, const char *scale);
GMenuModel *ui_actions_menu(void);
void ui_actions_enable(struct ui *ui, const char *name, gboolean enabled);

/* -- send.c, power.c, preferences.c, hardware.c: after actions.c */
void ui_send_add(struct ui *ui);
void ui_power_add(struct ui *ui);
void ui_power_suspend(struct ui *ui);
void ui_preferences_add(struct ui *ui);
void ui_hardware_add(struct ui *ui);

/* -- row.c, console.c */
void ui_row_add(struct ui *ui);
void ui_row_remove(struct ui *ui);
/* Does nothing if it is there. */
void ui_console_add(struct ui *ui, const char *instance);

/* -- monitor.c: the bus monitor, a page that its action opens; after actions.c */
void ui_monitor_add(struct ui *ui);

/* -- performance.c: a page that its action opens; after actions.c */
void ui_performance_add(struct ui *ui);

/* -- shot.c */
void ui_shot_save(struct ui *ui);
void ui_shot_copy(struct ui *ui);

/* -- record.c: its actions are there only with GStreamer; after actions.c */
void ui_record_add(struct ui *ui);
void ui_record_picture(struct ui *ui); /* the screen has a new one */
/* Completes the file; waits for that. */
void ui_record_end(struct ui *ui);

/* -- keyboard.c, pointer.c */
void ui_keyboard_add(struct ui *ui);
void ui_keyboard_release_all(struct ui *ui);
void ui_pointer_add(struct ui *ui);
void ui_pointer_release_all(struct ui *ui);

/* -- release.c: the keys that give the pointer to the guest and take it back */
/* The key is one of them, and all of them are held. code: of evdev */
gboolean ui_release_is_pressed(const struct ui *ui, guint code);
const char *ui_release_hint(const struct ui *ui); /* a sentence for the title */
const char *ui_release_accelerator(const struct ui *ui);
/* Of those that the user can choose; label: to be translated; FALSE: there are no more. */
gboolean ui_release_get(guint index, const char **name, const char **label);

/* -- grab.c: the guest has the pointer until these keys are pressed */
void ui_grab_take(struct ui *ui, GdkEvent *event);
void ui_grab_release(struct ui *ui);
void ui_grab_moved(struct ui *ui); /* after last_x and last_y changed: keeps the pointer inside */

#endif
