/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tessera-import PROGRAM FILE [FOLDER]: what a drop onto the library does, without a display.
 * `tessera import` starts it; PROGRAM is that `tessera`. A thread does the work, so that SIGINT and
 * SIGTERM can cancel it, which removes what was made until then.
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "model/import.h"
#include "model/preset.h"
#include "model/settings.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define STATUS_SIGNAL 128

typedef struct {
	struct tsr_import *import;
	struct tsr_import_place place;
	GPtrArray *notes;
	GCancellable *cancellable;
	GMainLoop *loop;
	int percent; /* printed last */
	int number;  /* of the signal that cancelled it; 0: none */
	char *made;
	GError *why;
} Program;

/* Names in it may be a stranger's, and this may be a terminal. */
static int fail(int status, const char *sentence)
{
	g_autofree char *shown = g_strdup(sentence);

	for (char *c = shown; *c; c++)
		if (g_ascii_iscntrl(*c))
			*c = '?';
	g_printerr("tessera: %s\n", shown);
	return status;
}

/* -- The thread */

static void report(gpointer user, double done)
{
	Program *p = user;
	const int percent = (int)(done * 100);

	if (percent == p->percent || !isatty(STDERR_FILENO))
		return;
	p->percent = percent;
	g_printerr("\rtessera: importing, %d %%", percent);
}

static gpointer work(gpointer data)
{
	Program *p = data;
	struct tsr_progress progress = { .report = report, .user = p };

	p->made =
		tsr_import_make(p->import, &p->place, p->notes, &progress, p->cancellable, &p->why);
	if (p->percent >= 0)
		g_printerr("\r\033[K");
	g_main_loop_quit(p->loop);
	return NULL;
}

/* -- The main loop */

static gboolean cancel(Program *p, int number)
{
	p->number = number;
	g_cancellable_cancel(p->cancellable);
	return G_SOURCE_CONTINUE;
}

static gboolean on_interrupt(gpointer data)
{
	return cancel(data, SIGINT);
}

static gboolean on_terminate(gpointer data)
{
	return cancel(data, SIGTERM);
}

static int print_result(Program *p)
{
	if (p->number && !p->made)
		return STATUS_SIGNAL + p->number;
	if (!p->made)
		return fail(STATUS_FAILED, p->why->message);
	for (guint i = 0; i < p->notes->len; i++)
		fail(0, p->notes->pdata[i]);
	g_print("%s\n", p->made);
	return 0;
}

static int run(Program *p)
{
	GThread *thread;

	p->loop = g_main_loop_new(NULL, FALSE);
	p->cancellable = g_cancellable_new();
	p->notes = g_ptr_array_new_with_free_func(g_free);
	g_unix_signal_add(SIGINT, on_interrupt, p);
	g_unix_signal_add(SIGTERM, on_terminate, p);
	thread = g_thread_new("import", work, p);
	g_main_loop_run(p->loop);
	g_thread_join(thread);
	return print_result(p);
}

/* -- The command line */

static int import(Program *p, const char *file)
{
	p->import = tsr_import_look(file, &p->why);
	if (!p->import)
		return fail(STATUS_USAGE, p->why->message);
	if (p->import->kind == TSR_IMPORT_DISC)
		return fail(STATUS_USAGE, "this is a disc, which belongs into the drive of a "
					  "machine: `tessera run --cdrom FILE`");
	if (!p->place.preset)
		return fail(STATUS_FAILED, "the preset \"pc\" is not installed; install Tessera "
					   "again, or name its folder in TESSERA_MACHINE_PATH");
	return run(p);
}

static void clear(Program *p)
{
	tsr_import_free(p->import);
	g_clear_pointer(&p->notes, g_ptr_array_unref);
	g_clear_pointer(&p->loop, g_main_loop_unref);
	g_clear_object(&p->cancellable);
	g_clear_error(&p->why);
	g_free(p->made);
}

int main(int argc, char **argv)
{
	g_autoptr(TsrLibrarySettings) settings = NULL;
	g_autofree char *folder = NULL, *preset = NULL;
	Program p = { .percent = -1 };
	int status;

	setlocale(LC_CTYPE, ""); /* the command line is English */
	if (argc < 3 || argc > 4) {
		g_printerr("tessera-import: `tessera import` starts it\n");
		return STATUS_USAGE;
	}
	settings = tsr_library_settings_new(NULL);
	folder = argc > 3 ? g_canonicalize_filename(argv[3], NULL)
			  : g_strdup(tsr_library_settings_get_folder(settings));
	preset = tsr_library_find_preset(argv[1]);
	p.place = (struct tsr_import_place){ folder, preset, argv[1] };
	status = import(&p, argv[2]);
	clear(&p);
	return status;
}
