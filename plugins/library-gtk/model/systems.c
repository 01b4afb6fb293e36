/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which systems are known by the label of their disc, and what they want. The labels and sizes are
 * those commonly seen; they have not been compared with osinfo-db, which is to take this table's
 * place. The first row whose pattern matches counts; patterns are upper case, labels are compared
 * so.
 */
#include <string.h>

#include "model/medium.h"

#define GIB 1024 /* MiB */

static const struct tsr_system systems[] = {
	{ "DEBIAN*", "Debian", 1024, 16 * GIB, FALSE },
	{ "*UBUNTU*", "Ubuntu", 1536, 20 * GIB, FALSE },
	{ "FEDORA*", "Fedora", 2048, 20 * GIB, FALSE },
	{ "*KNOPPIX*", "Knoppix", 1024, 8 * GIB, FALSE },
	{ "ALPINE*", "Alpine Linux", 512, 4 * GIB, FALSE },
	{ "ARCH_*|ARCH32*", "Arch Linux 32", 1024, 16 * GIB, FALSE },
	{ "GENTOO*", "Gentoo", 1024, 20 * GIB, FALSE },
	{ "SLACK*", "Slackware", 1024, 16 * GIB, FALSE },
	{ "TINYCORE*|COREPLUS*|CORE", "Tiny Core Linux", 256, 2 * GIB, FALSE },
	{ "PUPPY*", "Puppy Linux", 512, 8 * GIB, FALSE },
	{ "CENTOS*", "CentOS", 1024, 16 * GIB, FALSE },
	{ "FREEBSD*|*_RELEASE_I386_*", "FreeBSD", 1024, 16 * GIB, FALSE },
	{ "OPENBSD*", "OpenBSD", 512, 8 * GIB, FALSE },
	{ "NETBSD*", "NetBSD", 512, 8 * GIB, FALSE },
	{ "HAIKU*", "Haiku", 768, 8 * GIB, FALSE },
	{ "REACTOS*", "ReactOS", 512, 8 * GIB, FALSE },
	{ "KOLIBRI*", "KolibriOS", 128, 1 * GIB, FALSE },
	{ "WIN95*|WIN_95*", "Windows 95", 64, 2 * GIB, TRUE },
	{ "WIN98*|WIN_98*", "Windows 98", 128, 4 * GIB, FALSE },
	{ "WINME*|WIN_ME*", "Windows Me", 256, 8 * GIB, FALSE },
	{ "NTWKS*|NTSRV*", "Windows NT 4.0", 128, 2 * GIB, FALSE },
	{ "W2P*|W2S*|W2A*", "Windows 2000", 256, 8 * GIB, FALSE },
	{ "WXP*|WXH*|GRTMP*|VRMP*|VX2P*|XRMP*", "Windows XP", 512, 16 * GIB, FALSE },
	{ "FREEDOS*|FD1?-*|FD1?CD*", "FreeDOS", 32, 1 * GIB, TRUE },
	{ "*MEMTEST*|MT86PLUS*", "Memtest86+", 256, 0, TRUE },
};

static const struct tsr_system unknown = { "", "", 512, 8 * GIB, FALSE };

const struct tsr_system *tsr_system_unknown(void)
{
	return &unknown;
}

static gboolean matches(const struct tsr_system *system, const char *label)
{
	g_auto(GStrv) patterns = g_strsplit(system->labels, "|", -1);
	gboolean found = FALSE;

	for (char **pattern = patterns; *pattern && !found; pattern++)
		found = g_pattern_match_simple(*pattern, label);
	return found;
}

const struct tsr_system *tsr_system_of_label(const char *label)
{
	g_autofree char *upper = g_ascii_strup(label, -1);

	for (guint i = 0; i < G_N_ELEMENTS(systems); i++)
		if (matches(&systems[i], upper))
			return &systems[i];
	return NULL;
}
