/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the program tells on a terminal while it waits. */
#include <CUnit/Basic.h>
#include <pty.h>
#include <string.h>
#include <unistd.h>

#include "program/program.h"
#include "unit.h"

typedef struct {
	int reader, saved;
	GString *text;
} Screen;

/* Standard error becomes a terminal or a pipe. */
static void screen_open(Screen *screen, gboolean terminal)
{
	int ends[2];

	CU_ASSERT_EQUAL_FATAL(terminal ? openpty(&ends[0], &ends[1], NULL, NULL, NULL) : pipe(ends),
			      0);
	screen->reader = ends[0];
	screen->saved = dup(STDERR_FILENO);
	screen->text = g_string_new(NULL);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
}

/* Reads until so much is there, without end if it never comes: CTest has a time limit. False at the
 * end of the text. */
static gboolean screen_read(Screen *screen, const char *until)
{
	char piece[256];
	ssize_t n;

	while (!until || !strstr(screen->text->str, until)) {
		n = read(screen->reader, piece, sizeof piece);
		if (n <= 0)
			return FALSE; /* a terminal whose other end is closed: EIO */
		g_string_append_len(screen->text, piece, n);
	}
	return TRUE;
}

/* All that was written. Caller frees. */
static char *screen_close(Screen *screen)
{
	dup2(screen->saved, STDERR_FILENO);
	close(screen->saved);
	screen_read(screen, NULL);
	close(screen->reader);
	return g_string_free(screen->text, FALSE);
}

static void a_long_wait_is_told_and_wiped(void)
{
	g_autofree char *text = NULL;
	Screen screen;

	screen_open(&screen, TRUE);
	program_progress_begin("loading %s", "it");
	CU_ASSERT_TRUE(screen_read(&screen, "\rtessera: loading it, 1 s"));
	program_progress_end();
	text = screen_close(&screen);
	CU_ASSERT_TRUE(g_str_has_suffix(text, "\r\033[K"));
}

/* What a wait of so long writes. Caller frees. */
static char *told(gboolean terminal, guint milliseconds)
{
	Screen screen;

	screen_open(&screen, terminal);
	program_progress_begin("loading %s", "it");
	g_usleep(milliseconds * 1000);
	program_progress_end();
	return screen_close(&screen);
}

static void a_short_wait_is_not(void)
{
	g_autofree char *text = told(TRUE, 10);

	CU_ASSERT_STRING_EQUAL(text, "");
}

static void a_log_has_none_of_it(void)
{
	g_autofree char *text = told(FALSE, 1200);

	CU_ASSERT_STRING_EQUAL(text, "");
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		{ "a long wait is told and wiped", a_long_wait_is_told_and_wiped },
		{ "a short wait is not", a_short_wait_is_not },
		{ "a log has none of it", a_log_has_none_of_it },
		CU_TEST_INFO_NULL,
	};

	return unit_run("progress", tests);
}
