/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * See renderer.h. GTK prefers OpenGL, which a host without a graphics device, or one that the user
 * may not open, computes on its processor: that takes twenty times as long as drawing with cairo.
 * Also when it draws with cairo, GDK loads OpenGL to choose a visual, with Mesa and LLVM: a quarter
 * of the processor time until a window is there, and half of its memory. Gaps: a device whose
 * driver Mesa lacks.
 */
#include "renderer.h"

#include <glob.h>
#include <gtk/gtk.h>
#include <unistd.h>

#define HAS_GDK_DISABLE 16 /* since 4.16 it is GDK_DISABLE that says what is not used */

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

static void leave_out_opengl(void)
{
	if (gtk_get_major_version() == 4 && gtk_get_minor_version() < HAS_GDK_DISABLE)
		g_setenv("GDK_DEBUG", "gl-disable", FALSE);
	else
		g_setenv("GDK_DISABLE", "gl", FALSE);
}

void tsr_renderer_choose(void)
{
	static const char *const devices[] = {
		"/dev/dri/renderD*", /* Linux's DRM */
		"/dev/nvidiactl",    /* NVIDIA's own driver */
		"/dev/dxg",          /* a Linux under Windows */
	};

	for (guint i = 0; i < G_N_ELEMENTS(devices); i++)
		if (can_open_any(devices[i]))
			return;
	if (g_getenv("GSK_RENDERER"))
		return;
	g_setenv("GSK_RENDERER", "cairo", FALSE);
	leave_out_opengl();
}
