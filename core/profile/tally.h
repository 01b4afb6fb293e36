/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples, added up by all that tells them apart. */
#ifndef TSR_PROFILE_TALLY_H
#define TSR_PROFILE_TALLY_H

#include "profile/sampler.h"

/* A sample's key; strings and structures are compared by their addresses. */
struct tsr_tally_key {
	const char *tier, *cause, *doing, *function;
	const struct tsr_callee *callee;
	const struct tsr_code *code;
	guint32 block; /* linear address */
	guint8 ring, bits, kind;
	guint8 reserved;
};

struct tsr_tally_row {
	struct tsr_tally_key key;
	guint64 ns;
	guint samples;
};

struct tsr_tally;

struct tsr_tally *tsr_tally_new(void);
void tsr_tally_free(struct tsr_tally *tally);
/* [any] */
void tsr_tally_add(struct tsr_tally *tally, const struct tsr_sample *sample);
/* A copy of all rows, struct tsr_tally_row, the longest first. [any] */
GArray *tsr_tally_get_rows(struct tsr_tally *tally);

#endif
