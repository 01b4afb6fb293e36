/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See installation.h. */
#include "model/installation.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/folder.h"
#include "model/installer.h"

#define KERNEL "install.kernel"
#define INITRD "install.initrd" /* with the answers */
#define REPORT "install.report"
#define REPORT_BYTES (1 << 20) /* a longer one is none */

/* The answers are in the initial RAM disk. What is not answered takes its default (Installation
 * Guide, 5.3.2, "priority"). */
#define APPEND "priority=critical"

typedef enum { ABSENT, FILE_OF_OURS, FOREIGN } Kind;

/* A folder may come from a stranger: a symbolic link in it leads to what the guest may not have. */
static Kind kind_of(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	struct stat info;

	if (lstat(path, &info) != 0)
		return errno == ENOENT ? ABSENT : FOREIGN;
	return S_ISREG(info.st_mode) ? FILE_OF_OURS : FOREIGN;
}

static void drop(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	unlink(path);
}

gboolean tsr_installation_prepare(const char *folder, const char *disc, const char *answers,
				  GCancellable *cancellable, GError **error)
{
	g_autofree char *kernel = g_build_filename(folder, KERNEL, NULL),
			*initrd = g_build_filename(folder, INITRD, NULL);

	return tsr_installer_unpack(disc, answers, kernel, initrd, cancellable, error);
}

/* A comma in a value of a slot is written twice (docs/MANIFESTS.md, "Slots"). */
static char *double_commas(const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, ",", -1);

	return g_strjoinv(",,", parts);
}

gboolean tsr_installation_is_prepared(const char *folder)
{
	return kind_of(folder, KERNEL) == FILE_OF_OURS && kind_of(folder, INITRD) == FILE_OF_OURS &&
	       kind_of(folder, REPORT) != FOREIGN;
}

/* A reset ends the run: the installer's last one, after which the disk is to start; and any other
 * one, so that a guest cannot install itself again over what it has installed. */
void tsr_installation_add_options(const char *folder, GStrvBuilder *options)
{
	g_autofree char *kernel = g_build_filename(folder, KERNEL, NULL),
			*initrd = g_build_filename(folder, INITRD, NULL),
			*report = g_build_filename(folder, REPORT, NULL),
			*escaped = double_commas(report),
			*serial = g_strconcat("file:", escaped, NULL);

	if (!tsr_installation_is_prepared(folder))
		return;
	g_strv_builder_add_many(options, "--kernel", kernel, "--initrd", initrd, "--append", APPEND,
				"--serial", serial, "--exit-on-reset", NULL);
}

static gboolean is_reported(const char *folder)
{
	g_autofree char *path = g_build_filename(folder, REPORT, NULL), *text = NULL;
	struct stat info;

	return stat(path, &info) == 0 && info.st_size <= REPORT_BYTES &&
	       g_file_get_contents(path, &text, NULL, NULL) && strstr(text, TSR_INSTALLATION_DONE);
}

gboolean tsr_installation_settle(const char *folder)
{
	if (kind_of(folder, REPORT) != FILE_OF_OURS ||
	    kind_of(folder, TSR_LIBRARY_STATE) != ABSENT || !is_reported(folder))
		return FALSE;
	drop(folder, INITRD);
	drop(folder, KERNEL);
	drop(folder, REPORT);
	return TRUE;
}
