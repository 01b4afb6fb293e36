/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A file of a bundle, and where it comes from. */
#ifndef TSR_PRODUCT_COMPONENT_H
#define TSR_PRODUCT_COMPONENT_H

#include <glib.h>

typedef struct {
	char *name, *version; /* version: NULL if unknown */
	char *licence;        /* an SPDX expression; NULL: unknown */
	char *supplier;       /* NULL: unknown */
	char *path;           /* in the bundle's folder */
	char *sha256;
	/* Of a file of the host: the Debian package that it belongs to; NULL: none is known. */
	char *package, *architecture;
} TsrComponent;

/* Of the file at `path` within `folder`; NULL with error if it cannot be read. */
TsrComponent *tsr_component_new(const char *folder, const char *path, const char *name,
				const char *version, GError **error);
void tsr_component_free(TsrComponent *component);

/* Asks the host's package database for the package of `original`, a file of the host, and its
 * version. Without one, nothing is known. */
void tsr_component_find_package(TsrComponent *component, const char *original);

#endif
