/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See hints.h. An image is copied into bytes that never change, so that viewers keep them. */
#include "board/hints.h"

void tsr_hints_finish(struct tsr_hints *hints)
{
	g_clear_pointer(&hints->pixels, g_bytes_unref);
}

void tsr_hints_bequeath(struct tsr_hints *hints, bool takes_over)
{
	if (takes_over)
		hints->listener = hints->heir;
	hints->heir = (struct tsr_hints_listener){ NULL, NULL };
}

bool tsr_hints_set_cursor(struct tsr_hints *hints, const struct tsr_cursor_image *image)
{
	if (!image->width || image->width > TSR_CURSOR_SIDE_MAX || !image->height ||
	    image->height > TSR_CURSOR_SIDE_MAX || image->hot_x >= image->width ||
	    image->hot_y >= image->height || !image->pixels)
		return false;
	g_clear_pointer(&hints->pixels, g_bytes_unref);
	hints->pixels = g_bytes_new(image->pixels, (gsize)image->width * image->height * 4);
	hints->width = image->width;
	hints->height = image->height;
	hints->hot_x = image->hot_x;
	hints->hot_y = image->hot_y;
	hints->serial++;
	return true;
}
