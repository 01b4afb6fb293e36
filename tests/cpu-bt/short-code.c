/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* See short-code.h. */
#include "short-code.h"

#include <CUnit/Basic.h>

struct rig *rig;
struct tsr_x86_state state;

void start(const char *options)
{
	rig = rig_new(true, options);
	CU_ASSERT_PTR_NOT_NULL_FATAL(rig);
	rig_flat(rig, &state);
	state.eip = CODE;
}

enum tsr_cpu_exit run_code(const void *code, size_t length)
{
	rig_write(rig, state.eip, code, length);
	rig->cpu->set_state(rig->cpu_self, &state, NULL);
	return rig_run(rig);
}

void finish(void)
{
	rig_free(rig);
	rig = NULL;
}

const struct tsr_x86_state *after(void)
{
	state.size = sizeof(state);
	rig->cpu->get_state(rig->cpu_self, &state);
	return &state;
}
