/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Saved states as named fields: the SDK's writer and reader on a GVariant dictionary. */
#ifndef TSR_STATE_STATE_FIELDS_H
#define TSR_STATE_STATE_FIELDS_H

#include <glib.h>

#include <tessera/state.h>

#include "instance/mistakes.h"

/* A writer that collects into an a{sv}. Calls that tessera/state.h forbids are mistakes; NULL: of
 * the core itself. */
struct tsr_state_writer *tsr_variant_writer_new(struct tsr_mistakes *mistakes);
/* Frees the writer; a floating reference. *failure, which may be NULL, is set to what
 * tsr_state_fail said first, if it was called; to be freed. */
GVariant *tsr_variant_writer_end(struct tsr_state_writer *w, char **failure);

/* Reads from an a{sv}; keeps a reference. */
struct tsr_state_reader *tsr_variant_reader_new(GVariant *dictionary, uint32_t version,
						struct tsr_mistakes *mistakes);
void tsr_variant_reader_free(struct tsr_state_reader *r);

#endif
