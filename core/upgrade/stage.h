/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two instances in one place: the old one's resources are set aside, so that the newcomer can claim
 * the same; its lines and pins keep their levels, and what the newcomer asks of its peers is kept
 * back. Until it is committed all of it can be undone, and then nothing has happened.
 */
#ifndef TSR_UPGRADE_STAGE_H
#define TSR_UPGRADE_STAGE_H

#include "instance/instance.h"

/* What the old instance leaves. */
struct tsr_legacy {
	GVariant *fields; /* its state */
	GVariant *medium; /* what its medium is known by (block.h, seal); NULL: it has none */
};

struct tsr_stage {
	TsrMachine *machine;
	TsrInstance *old, *new;
	GPtrArray *ports, *memory, *functions; /* the old one's */
};

/* Sets aside. The guest stands, and old has quiesced. [main, locked] */
void tsr_stage_begin(struct tsr_stage *stage, TsrMachine *m, TsrInstance *old);
/* Makes the newcomer of `config`, which it takes, and gives it what the old one leaves. *step is
 * what of it runs. FALSE and error: it cannot take the place; to be rolled back. */
gboolean tsr_stage_build(struct tsr_stage *stage, TsrInstanceConfig *config,
			 const struct tsr_legacy *legacy, const char *volatile *step,
			 GError **error);
void tsr_stage_roll_back(struct tsr_stage *stage);
void tsr_stage_commit(struct tsr_stage *stage);

#endif
