/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks of a profile as a tree: mode, function, block, tier, cause, device, call. */
#ifndef TSR_PROFILE_STACKS_H
#define TSR_PROFILE_STACKS_H

#include "profile/frames.h"

struct tsr_stack_node {
	char *name;
	enum tsr_frame frame;
	guint64 ns;          /* with its children */
	guint64 own_ns;      /* of stacks that end here */
	GPtrArray *children; /* the longest first */
};

/* The root, whose name is the machine's and whose frame means nothing. */
struct tsr_stack_node *tsr_stacks_new(const struct tsr_profile_data *data);
void tsr_stacks_free(struct tsr_stack_node *root);

#endif
