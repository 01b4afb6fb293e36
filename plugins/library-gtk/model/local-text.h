/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of plugins' manifests, which bring their own translations (docs/MANIFESTS.md). [any] */
#ifndef TSR_LIBRARY_LOCAL_TEXT_H
#define TSR_LIBRARY_LOCAL_TEXT_H

#include <glib.h>

/* The text NAME of a dictionary that `tessera plugins list` prints: of those in NAME-local the one
 * that suits the user best, else NAME itself, which is English; empty if there is none. To be
 * freed. */
char *tsr_local_text(GVariant *fields, const char *name);

#endif
