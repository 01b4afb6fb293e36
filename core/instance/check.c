/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See check.h. */
#define _GNU_SOURCE /* pthread_getname_np */
#include "instance/check.h"

#include <stdlib.h>

#include "instance/lock.h"
#include "instance/machine-parts.h"

#ifdef NDEBUG
#define DEFAULT "0"
#else
#define DEFAULT "1"
#endif

bool tsr_check_is_on;

void tsr_check_init(void)
{
	const char *text = g_getenv("TESSERA_CHECK");

	tsr_check_is_on = !g_str_equal(text && *text ? text : DEFAULT, "0");
}

/* Reachable, so that it is not taken for a leak. */
void tsr_check_keep(GPtrArray *instances, TsrConfig *config)
{
	static GSList *kept;

	kept = g_slist_prepend(g_slist_prepend(kept, instances), config);
}

static G_NORETURN void fail(const TsrInstance *instance, const char *function, const char *why)
{
	char thread[16] = "";

	pthread_getname_np(pthread_self(), thread, sizeof(thread));
	g_printerr("tessera: %s (%s) called %s on thread '%s' %s\n", instance->callee.name,
		   instance->callee.plugin, function, thread, why);
	abort();
}

void tsr_check_slowly(const TsrInstance *instance, enum tsr_tag tag, const char *function)
{
	TsrMachine *m;

	if (!instance)
		return;
	if (instance->is_detached)
		fail(instance, function, "after it was detached");
	m = instance->machine;
	if (tag != TSR_TAG_ANY && !tsr_machine_has_lock(m))
		fail(instance, function,
		     "without the machine lock; leave it to `done`, a timer or a handler");
	if (tag == TSR_TAG_BUILDING && m->powered_on && !instance->replaces)
		fail(instance, function,
		     "when the machine has started; do it in attach or realize");
}

bool tsr_check_removal(TsrInstance *instance, const char *what)
{
	tsr_check(instance, TSR_TAG_BUILDING, what);
	if (!instance->machine->powered_on || instance->replaces)
		return true;
	tsr_mistake(&instance->mistakes, "it calls %s when the machine has started", what);
	return false;
}
