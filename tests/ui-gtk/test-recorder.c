/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A recording by itself: its file, and what is left of it on other threads when a process ends. */
#include <glib/gstdio.h>

#include "recorder.h"
#include "unit.h"

#define WIDTH 640u
#define HEIGHT 480u
#define SKIPPED 77

static char *folder;

static void on_ended(gpointer data, const GError *error)
{
	*(gboolean *)data = TRUE;
	CU_ASSERT_PTR_NULL(error);
}

static void show(struct recorder *r, guint8 grey)
{
	gsize size = (gsize)WIDTH * HEIGHT * 4;
	guint8 *bytes = g_malloc(size);
	g_autoptr(GBytes) pixels = NULL;

	memset(bytes, grey, size);
	pixels = g_bytes_new_take(bytes, size);
	recorder_show(r, pixels, WIDTH, HEIGHT);
}

static struct recorder *begin(const char *path, gboolean *has_ended)
{
	g_autoptr(GError) error = NULL;
	struct recorder *r = recorder_new(path, WIDTH, HEIGHT, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	recorder_begin(r, on_ended, has_ended);
	show(r, 0x40);
	return r;
}

/* By any thread of this process. */
static gboolean is_open(const char *path)
{
	g_autoptr(GDir) files = g_dir_open("/proc/self/fd", 0, NULL);
	gboolean found = FALSE;
	const char *name;

	while ((name = g_dir_read_name(files))) {
		g_autofree char *link = g_build_filename("/proc/self/fd", name, NULL);
		g_autofree char *target = g_file_read_link(link, NULL);

		found |= g_strcmp0(target, path) == 0;
	}
	return found;
}

/* WebM begins with an EBML header (RFC 8794, section 11.2.1). */
static gboolean is_webm(const char *path)
{
	g_autofree char *bytes = NULL;
	gsize size = 0;

	return g_file_get_contents(path, &bytes, &size, NULL) && size > 4 &&
	       memcmp(bytes, "\x1a\x45\xdf\xa3", 4) == 0;
}

static void nothing_goes_on_after_the_wait(void)
{
	g_autofree char *path = g_build_filename(folder, "freed.webm", NULL);
	gboolean has_ended = FALSE;

	for (guint i = 0; i < 10; i++) {
		struct recorder *r = begin(path, &has_ended);

		CU_ASSERT(is_open(path));
		recorder_free(r);
		recorder_wait();
		CU_ASSERT_FALSE(is_open(path));
		CU_ASSERT(is_webm(path));
		CU_ASSERT_FALSE(has_ended);
	}
}

static void the_end_is_told_once(void)
{
	g_autofree char *path = g_build_filename(folder, "stopped.webm", NULL);
	gboolean has_ended = FALSE;
	struct recorder *r = begin(path, &has_ended);

	recorder_stop(r);
	recorder_stop(r);
	while (!has_ended)
		g_main_context_iteration(NULL, TRUE);
	has_ended = FALSE;
	recorder_free(r);
	recorder_wait();
	while (g_main_context_iteration(NULL, FALSE))
		continue;
	CU_ASSERT_FALSE(has_ended);
	CU_ASSERT(is_webm(path));
	CU_ASSERT_FALSE(is_open(path));
}

static void one_that_never_began_is_freed(void)
{
	g_autofree char *path = g_build_filename(folder, "unbegun.webm", NULL);
	g_autoptr(GError) error = NULL;
	struct recorder *r = recorder_new(path, WIDTH, HEIGHT, &error);

	CU_ASSERT_PTR_NOT_NULL_FATAL(r);
	recorder_free(r);
	recorder_wait();
	CU_ASSERT_FALSE(is_open(path));
}

static gpointer release_later(gpointer done)
{
	g_usleep(20000);
	g_atomic_int_set((int *)done, 1);
	recorder_release();
	return NULL;
}

static void who_holds_it_is_waited_for(void)
{
	int done = 0;
	GThread *thread;

	recorder_hold();
	thread = g_thread_new("later", release_later, &done);
	recorder_wait();
	CU_ASSERT_EQUAL(g_atomic_int_get(&done), 1);
	g_thread_join(thread);
}

static void remove_folder(void)
{
	static const char *const names[] = { "freed.webm", "stopped.webm", "unbegun.webm" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);

		g_unlink(path);
	}
	g_rmdir(folder);
	g_free(folder);
}

int main(void)
{
	static const CU_TestInfo tests[] = {
		UNIT_ROW(nothing_goes_on_after_the_wait),
		UNIT_ROW(the_end_is_told_once),
		UNIT_ROW(one_that_never_began_is_freed),
		UNIT_ROW(who_holds_it_is_waited_for),
		CU_TEST_INFO_NULL,
	};
	g_autoptr(GError) error = NULL;
	int status;

	if (!recorder_prepare(&error)) {
		g_print("skipped: %s\n", error->message);
		return SKIPPED;
	}
	folder = g_dir_make_tmp("tessera-recorder-XXXXXX", NULL);
	status = unit_run("recorder", tests);
	remove_folder();
	return status;
}
