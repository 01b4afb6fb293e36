/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See display-hints.h. Known gaps: viewers of a machine in another process get no cursor, so the
 * adapter draws it for them, and their wishes do not reach it; a screenshot has the cursor only
 * while the adapter draws it; and while one viewer draws it, another one that does not has none.
 */
#include "board/display-hints.h"

#include "board/display.h"
#include "board/hints.h"
#include "instance/check.h"
#include "instance/lock.h"
#include "instance/machine-parts.h"

/* -- Adapters */

static void hints_listen(const struct tsr_host *host, struct tsr_display *d,
			 const struct tsr_display_hints_ops *ops, void *self)
{
	TsrInstance *instance = tsr_check_host(host, TSR_TAG_BUILDING, "display_hints.listen");
	struct tsr_hints *hints = tsr_display_get_hints(d);

	*(instance->replaces ? &hints->heir : &hints->listener) =
		(struct tsr_hints_listener){ ops, self };
}

static bool hints_set_cursor(struct tsr_display *d, const struct tsr_cursor_image *image)
{
	tsr_check(tsr_display_get_owner(d), TSR_TAG_LOCKED, "display_hints.set_cursor");
	return tsr_hints_set_cursor(tsr_display_get_hints(d), image);
}

static void hints_move_cursor(struct tsr_display *d, int x, int y, bool visible)
{
	struct tsr_hints *hints = tsr_display_get_hints(d);

	tsr_check(tsr_display_get_owner(d), TSR_TAG_LOCKED, "display_hints.move_cursor");
	hints->x = x;
	hints->y = y;
	hints->visible = visible;
}

static bool hints_is_drawn(struct tsr_display *d)
{
	tsr_check(tsr_display_get_owner(d), TSR_TAG_LOCKED, "display_hints.is_drawn");
	return tsr_display_get_hints(d)->drawers > 0;
}

const struct tsr_display_hints tsr_display_hints_table = {
	.size = sizeof(struct tsr_display_hints),
	.listen = hints_listen,
	.set_cursor = hints_set_cursor,
	.move_cursor = hints_move_cursor,
	.is_drawn = hints_is_drawn,
};

/* -- Viewers */

/* NULL: no such display, or none that is in this process. */
static struct tsr_display *find_display(TsrMachine *m, guint index)
{
	return m->form ? NULL : tsr_displays_get(m->displays, index);
}

GBytes *tsr_machine_get_cursor(TsrMachine *self, guint display, TsrCursor *cursor)
{
	struct tsr_display *d = find_display(self, display);
	struct tsr_hints *hints;
	GBytes *image = NULL;

	if (!d)
		return NULL;
	tsr_machine_lock(self);
	hints = tsr_display_get_hints(d);
	cursor->x = hints->x;
	cursor->y = hints->y;
	cursor->visible = hints->visible && hints->pixels;
	if (hints->pixels && cursor->serial != hints->serial) {
		cursor->serial = hints->serial;
		cursor->width = hints->width;
		cursor->height = hints->height;
		cursor->hot_x = hints->hot_x;
		cursor->hot_y = hints->hot_y;
		image = g_bytes_ref(hints->pixels);
	}
	tsr_machine_unlock(self);
	return image;
}

gboolean tsr_machine_draw_cursor(TsrMachine *self, guint display, gboolean draws)
{
	struct tsr_display *d = find_display(self, display);
	struct tsr_hints *hints;
	bool was_drawn;

	if (!d)
		return FALSE;
	tsr_machine_lock(self);
	hints = tsr_display_get_hints(d);
	was_drawn = hints->drawers > 0;
	if (draws)
		hints->drawers++;
	else if (hints->drawers)
		hints->drawers--;
	if (was_drawn != (hints->drawers > 0))
		tsr_display_spoil(d);
	tsr_machine_unlock(self);
	return TRUE;
}

void tsr_machine_hint_mode(TsrMachine *self, guint display, guint width, guint height)
{
	struct tsr_display *d = find_display(self, display);
	const struct tsr_hints_listener *listener;

	if (!d || !width || !height || width > TSR_DISPLAY_SIDE_MAX ||
	    height > TSR_DISPLAY_SIDE_MAX)
		return;
	tsr_machine_lock(self);
	listener = &tsr_display_get_hints(d)->listener;
	if (listener->ops && TSR_HAS(listener->ops, mode))
		TSR_CALLING(&tsr_display_get_owner(d)->callee, "mode",
			    listener->ops->mode(listener->self, width, height));
	tsr_machine_unlock(self);
}
