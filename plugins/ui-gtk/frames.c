/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often the guest's picture is polled. While it changes a lot, or after input, it is fetched
 * with each frame of the window; otherwise twelve times a second, so that the host can sleep while
 * an idle guest blinks its cursor. A window that is not visible fetches nothing,
 * unless it is recorded.
 */
#include "ui.h"

#define AWAKE_TICKS 40 /* ticks without a change before polling becomes slow */
#define CHANGE_WORTH 4 /* ticks that a change adds; a cursor blinks every eight ticks */
#define SLOW_BEAT_MS 80u
#define CHANGES_TO_WAKE 3u /* successive slow polls with a change */

static gboolean fetch_frame(struct ui *ui)
{
	g_autoptr(GBytes) pixels = tsr_machine_borrow_frame(ui->machine, 0, &ui->frame);

	ui->fetched_us = g_get_monotonic_time();
	if (!pixels)
		return FALSE;
	ui_screen_set_frame(ui->screen, pixels, &ui->frame);
	ui_record_picture(ui);
	return TRUE;
}

/* A screen that is shown is polled already, but for one that the desktop does not draw. */
void ui_frames_fetch_hidden(struct ui *ui)
{
	gint64 since_us = g_get_monotonic_time() - ui->fetched_us;

	if (!gtk_widget_get_mapped(GTK_WIDGET(ui->screen)) || since_us > 2 * SLOW_BEAT_MS * 1000)
		fetch_frame(ui);
}

static gboolean on_slow_beat(gpointer data);

static gboolean on_tick(GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
	struct ui *ui = data;

	ui->awake += fetch_frame(ui) ? CHANGE_WORTH - 1 : -1;
	ui->awake = MIN(ui->awake, AWAKE_TICKS);
	if (ui->awake > 0)
		return G_SOURCE_CONTINUE;
	ui->tick = 0;
	ui->changes = 0;
	ui->slow = g_timeout_add(SLOW_BEAT_MS, on_slow_beat, ui);
	return G_SOURCE_REMOVE;
}

void ui_frames_wake(struct ui *ui)
{
	ui->awake = AWAKE_TICKS;
	if (!gtk_widget_get_mapped(GTK_WIDGET(ui->screen)))
		return;
	if (!ui->tick)
		ui->tick = gtk_widget_add_tick_callback(GTK_WIDGET(ui->screen), on_tick, ui, NULL);
	g_clear_handle_id(&ui->slow, g_source_remove);
}

void ui_frames_stop(struct ui *ui)
{
	if (ui->tick)
		gtk_widget_remove_tick_callback(GTK_WIDGET(ui->screen), ui->tick);
	ui->tick = 0;
	g_clear_handle_id(&ui->slow, g_source_remove);
}

static gboolean on_slow_beat(gpointer data)
{
	struct ui *ui = data;

	ui->changes = fetch_frame(ui) ? ui->changes + 1 : 0;
	if (ui->changes < CHANGES_TO_WAKE)
		return G_SOURCE_CONTINUE;
	ui->slow = 0;
	ui_frames_wake(ui);
	return G_SOURCE_REMOVE;
}

static void on_map(GtkWidget *widget, gpointer data)
{
	ui_frames_wake(data);
}

static void on_unmap(GtkWidget *widget, gpointer data)
{
	ui_frames_stop(data);
}

void ui_frames_add(struct ui *ui)
{
	g_signal_connect(ui->screen, "map", G_CALLBACK(on_map), ui);
	g_signal_connect(ui->screen, "unmap", G_CALLBACK(on_unmap), ui);
	if (gtk_widget_get_mapped(GTK_WIDGET(ui->screen)))
		ui_frames_wake(ui);
}
