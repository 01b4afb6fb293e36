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
	guint8 is_elsewhere; /* the block is not kept: there are too many */
};

struct tsr_tally_row {
	struct tsr_tally_key key;
	guint64 ns;
	guint samples;
};

#define TSR_TALLY_BLOCKS 100000u /* from then on, samples in other blocks are counted together */

struct tsr_tally;

struct tsr_tally *tsr_tally_new(void);
void tsr_tally_free(struct tsr_tally *tally);
/* [any] */
void tsr_tally_add(struct tsr_tally *tally, const struct tsr_sample *sample);
/* A copy of all rows, struct tsr_tally_row, the longest first. There are at most some
 * TSR_TALLY_BLOCKS. [any] */
GArray *tsr_tally_get_rows(struct tsr_tally *tally);
/* The same without blocks, which is_elsewhere says: some hundred rows, however long the profile is.
 * [any] */
GArray *tsr_tally_get_sums(struct tsr_tally *tally);

#endif
