/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What GTK draws with. It prefers OpenGL, which a host without a graphics device, or one that the
 * user may not open, computes on its processor: that takes twenty times as long as drawing with
 * cairo, and loading it doubles what it takes until the window is there. Gaps: a device whose
 * driver Mesa lacks.
 */
#include <glob.h>
#include <unistd.h>

#include "ui.h"

static gboolean can_open_any(const char *pattern)
{
	glob_t found;
	gboolean can = FALSE;

	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return FALSE;
	for (gsize i = 0; i < found.gl_pathc; i++)
		can |= access(found.gl_pathv[i], R_OK | W_OK) == 0;
	globfree(&found);
	return can;
}

void ui_renderer_choose(void)
{
	static const char *const devices[] = {
		"/dev/dri/renderD*", /* Linux's DRM */
		"/dev/nvidiactl",    /* NVIDIA's own driver */
		"/dev/dxg",          /* a Linux under Windows */
	};

	for (guint i = 0; i < G_N_ELEMENTS(devices); i++)
		if (can_open_any(devices[i]))
			return;
	g_setenv("GSK_RENDERER", "cairo", FALSE);
}
