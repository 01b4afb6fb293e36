/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* In place of installer.c where libarchive or libxcrypt is missing: no disc has an installer. */
#include "model/installer.h"

#include "model/text.h"

static gboolean fail(GError **error)
{
	g_set_error(error, TSR_LIBRARY_ERROR, TSR_LIBRARY_ERROR_INVALID,
		    _("This build of Tessera has no express installation."));
	return FALSE;
}

gboolean tsr_installer_find(const char *disc, GError **error)
{
	return fail(error);
}

gboolean tsr_installer_unpack(const char *disc, const char *answers, const char *kernel,
			      const char *initrd, GCancellable *cancellable, GError **error)
{
	return fail(error);
}

char *tsr_installer_hash(const char *password, GError **error)
{
	fail(error);
	return NULL;
}
