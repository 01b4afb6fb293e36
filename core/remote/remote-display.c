/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See remote-display.h. fcntl(2) "File Sealing". */
#define _GNU_SOURCE /* seals */
#include "remote/remote-display.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_MAX 16384u /* pixels, tessera/display.h */
/* Waiting a little longer for an answer shows it in this frame of the window, not in the next. A
 * machine that is that late again is not waited for, so that the window stays responsive. */
#define IMPATIENT_US (30 * 1000)
#define LATE_US (100 * 1000)
#define STUCK_US (1000 * 1000)

/* Lives as long as pixels of it are in use. */
struct mapping {
	void *bytes;
	gsize size;
};

struct display {
	int file;                /* -1: not opened yet */
	struct mapping *mapping; /* of the file as far as it went; NULL: none yet */
};

struct tsr_remote_displays {
	struct tsr_remote_link *link;
	guint count;
	struct display *all;
	/* The call that is asked. */
	guint asked_display;
	guint64 asked_serial;
	gint64 asked_at;
};

/* -- Memory */

static void mapping_clear(gpointer data)
{
	struct mapping *mapping = data;

	munmap(mapping->bytes, mapping->size);
}

static void mapping_unref(gpointer mapping)
{
	g_atomic_rc_box_release_full(mapping, mapping_clear);
}

/* Only memory that cannot shrink can be read without fear of SIGBUS. */
static gboolean open_file(struct tsr_remote_displays *displays, guint index)
{
	struct display *d = &displays->all[index];
	int file = tsr_remote_link_call_for_file(displays->link, "OpenDisplay",
						 g_variant_new("(u)", index), NULL);
	int seals = file >= 0 ? fcntl(file, F_GET_SEALS) : -1;

	if (seals >= 0 && seals & F_SEAL_SHRINK) {
		d->file = file;
		return TRUE;
	}
	if (file >= 0)
		close(file);
	return FALSE;
}

/* Maps what the file has by now, if that is enough. */
static gboolean map_again(struct display *d, gsize bytes)
{
	struct mapping *mapping;
	struct stat info;
	void *start;

	if (fstat(d->file, &info) != 0 || info.st_size < 0 || (guint64)info.st_size < bytes)
		return FALSE;
	start = mmap(NULL, (gsize)info.st_size, PROT_READ, MAP_SHARED, d->file, 0);
	if (start == MAP_FAILED)
		return FALSE;
	mapping = g_atomic_rc_box_new(struct mapping);
	*mapping = (struct mapping){ start, (gsize)info.st_size };
	g_clear_pointer(&d->mapping, mapping_unref);
	d->mapping = mapping;
	return TRUE;
}

GBytes *tsr_remote_display_pixels(struct tsr_remote_displays *displays, guint index, gsize bytes)
{
	struct display *d = index < displays->count ? &displays->all[index] : NULL;

	if (!d || !bytes || (d->file < 0 && !open_file(displays, index)))
		return NULL;
	if ((!d->mapping || d->mapping->size < bytes) && !map_again(d, bytes))
		return NULL;
	return g_bytes_new_with_free_func(d->mapping->bytes, bytes, mapping_unref,
					  g_atomic_rc_box_acquire(d->mapping));
}

/* -- Frames */

static gboolean ask(struct tsr_remote_displays *displays, guint index, guint64 serial)
{
	displays->asked_display = index;
	displays->asked_serial = serial;
	displays->asked_at = g_get_monotonic_time();
	return tsr_remote_link_ask(displays->link, "RefreshDisplay",
				   g_variant_new("(ut)", index, serial));
}

static gboolean is_asking_since(struct tsr_remote_displays *displays, gint64 microseconds)
{
	return tsr_remote_link_is_asking(displays->link) &&
	       g_get_monotonic_time() - displays->asked_at > microseconds;
}

static gboolean is_sound(const TsrFrame *f)
{
	return f->serial && f->width && f->height && f->width <= SIDE_MAX &&
	       f->height <= SIDE_MAX && f->damage_x <= f->width && f->damage_y <= f->height &&
	       f->damage_width <= f->width - f->damage_x &&
	       f->damage_height <= f->height - f->damage_y;
}

static gboolean take(GVariant *answer, TsrFrame *frame)
{
	TsrFrame f = { 0 };
	gboolean newer;

	if (!g_variant_is_of_type(answer, G_VARIANT_TYPE("(bt(uu)(uuuu))")))
		return FALSE;
	g_variant_get(answer, "(bt(uu)(uuuu))", &newer, &f.serial, &f.width, &f.height, &f.damage_x,
		      &f.damage_y, &f.damage_width, &f.damage_height);
	if (!newer) {
		frame->width = f.width;
		frame->height = f.height;
		return FALSE;
	}
	if (!is_sound(&f))
		return FALSE;
	*frame = f;
	return TRUE;
}

static gint64 longest_wait(struct tsr_remote_displays *displays, gboolean patient)
{
	if (patient)
		return TSR_REMOTE_SECONDS * G_USEC_PER_SEC;
	return is_asking_since(displays, LATE_US) ? 0 : IMPATIENT_US;
}

gboolean tsr_remote_display_refresh(struct tsr_remote_displays *displays, guint index,
				    TsrFrame *frame, gboolean patient)
{
	g_autoptr(GVariant) answer = NULL;
	gboolean same;
	gint64 until;

	if (index >= displays->count)
		return FALSE;
	until = g_get_monotonic_time() + longest_wait(displays, patient);
	if (tsr_remote_link_is_asking(displays->link)) {
		same = displays->asked_display == index && displays->asked_serial == frame->serial;
		answer = tsr_remote_link_answer(displays->link, until);
		if (answer && same)
			return take(answer, frame);
		g_clear_pointer(&answer, g_variant_unref);
		if (tsr_remote_link_is_asking(displays->link))
			return FALSE;
	}
	if (!ask(displays, index, frame->serial))
		return FALSE;
	answer = tsr_remote_link_answer(displays->link, until);
	return answer && take(answer, frame);
}

gboolean tsr_remote_displays_are_stuck(struct tsr_remote_displays *displays)
{
	return is_asking_since(displays, STUCK_US);
}

/* -- Their life */

guint tsr_remote_displays_count(const struct tsr_remote_displays *displays)
{
	return displays->count;
}

struct tsr_remote_displays *tsr_remote_displays_new(struct tsr_remote_link *link, guint count)
{
	struct tsr_remote_displays *displays = g_new0(struct tsr_remote_displays, 1);

	displays->link = link;
	displays->count = count;
	displays->all = g_new0(struct display, count);
	for (guint i = 0; i < count; i++)
		displays->all[i].file = -1;
	return displays;
}

void tsr_remote_displays_free(struct tsr_remote_displays *displays)
{
	for (guint i = 0; i < displays->count; i++) {
		g_clear_pointer(&displays->all[i].mapping, mapping_unref);
		if (displays->all[i].file >= 0)
			close(displays->all[i].file);
	}
	g_free(displays->all);
	g_free(displays);
}
