/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * TESSERA_CHECK=1, and debug builds without TESSERA_CHECK=0: each call of a plugin into the core is
 * checked against its thread tag ([locked], [main & !running], [any] in tessera/abi.h) and against
 * the life of its instance. The first that is wrong ends the process by SIGABRT, with the names of
 * instance, plugin, function and thread. Without it such calls are races that nobody sees. Off,
 * it costs a load and a branch that is predicted.
 */
#ifndef TSR_INSTANCE_CHECK_H
#define TSR_INSTANCE_CHECK_H

#include "instance/instance.h"

enum tsr_tag {
	TSR_TAG_ANY,
	TSR_TAG_LOCKED,
	TSR_TAG_BUILDING, /* [main & !running] */
};

/* Constant from the first instance on. */
extern bool tsr_check_is_on;

/* Reads the environment. [main] */
void tsr_check_init(void);
/* Keeps what a machine that is gone had, so that who calls after detach has a name. [main] */
void tsr_check_keep(GPtrArray *instances, TsrConfig *config);
void tsr_check_slowly(const TsrInstance *instance, enum tsr_tag tag, const char *function);

/* `function` of a host table is called for `instance`; NULL: of the core itself. */
static inline void tsr_check(const TsrInstance *instance, enum tsr_tag tag, const char *function)
{
	if (__builtin_expect(tsr_check_is_on, false))
		tsr_check_slowly(instance, tag, function);
}

/* The same for a host that a plugin has passed. Returns its instance. */
static inline TsrInstance *tsr_check_host(const struct tsr_host *host, enum tsr_tag tag,
					  const char *function)
{
	TsrInstance *instance = tsr_instance_of(host);

	tsr_check(instance, tag, function);
	return instance;
}

/* Whether an instance may take back what it has added, `what`: while the machine is built, or it
 * takes another one's place. Otherwise it has made a mistake, and what it added stays. */
bool tsr_check_removal(TsrInstance *instance, const char *what);

#endif
